//! A step fixture driven by a client over HTTP. What it expects is not looked at; what the server tells is kept.

use configflow_core::expr::{Expressions, Scope, Template};
use configflow_testkit::Fixture;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_testkit::{FixtureStep, StartStep};
use serde_json::{Map, Value, json};

use crate::support::{FLOW, Served, Socket};

const CONFIG: &str = "/api/config/config_entries";

/// A client that drives a fixture.
pub(crate) struct Dialog<'s> {
    pub(crate) server: &'s Served,
    pub(crate) socket: Socket,
    pub(crate) provider: &'s Simulated,
    pub(crate) fixture: &'s Fixture,
    /// The path of the flow's kind of dialog.
    family: String,
    flow_id: String,
    shown: Value,
    returned: String,
    /// Everything that the server told.
    pub(crate) told: String,
    /// How many answers came.
    pub(crate) answers: usize,
}

impl<'s> Dialog<'s> {
    pub(crate) async fn new(server: &'s Served, provider: &'s Simulated, fixture: &'s Fixture) -> Self {
        let mut socket = server.socket().await;
        for command in ["config_entries/flow/subscribe", "config_entries/subscribe", "subscribe_events"] {
            socket.ask(json!({ "type": command })).await;
        }
        let (family, told) = (FLOW.to_owned(), String::new());
        let (flow_id, shown, returned) = (String::new(), Value::Null, String::new());
        Self { server, socket, provider, fixture, family, flow_id, shown, returned, told, answers: 0 }
    }

    pub(crate) async fn run(&mut self) {
        for credential in &self.fixture.credentials {
            let command = json!({
                "type": "application_credentials/create", "domain": self.fixture.flow, "name": credential.name,
                "client_id": credential.client_id, "client_secret": credential.client_secret,
            });
            self.command(command).await;
        }
        if self.fixture.steps.first().is_none_or(|step| step.start.is_none()) {
            let first =
                StartStep { source: Some(self.fixture.source.clone()), init: self.fixture.init.clone(), ..StartStep::default() };
            self.start(&first).await;
        }
        for step in &self.fixture.steps {
            self.step(step).await;
        }
        self.command(json!({"type": "application_credentials/list"})).await;
        self.command(json!({"type": "config_entries/flow/progress"})).await;
        self.command(json!({"type": "config_entries/get"})).await;
        for path in ["/api/config/config_entries/entry", "/metrics", "/api/configflow/openapi.json", "/api/configflow/health"] {
            self.ask("GET", path, None).await;
        }
    }

    async fn step(&mut self, step: &FixtureStep) {
        if let Some(person) = step.person {
            let script = Script { person, ..self.fixture.provider.clone() };
            self.provider.reset(script).await.expect("the provider starts again");
        }
        if let Some(start) = &step.start {
            self.start(start).await;
        }
        if step.call_back
            && let Some(returned) = self.log_in().await
        {
            let (path, query) = returned.split_once('?').unwrap_or((&returned, ""));
            let path = url::Url::parse(path).map(|url| url.path().to_owned()).unwrap_or_default();
            self.ask("GET", &format!("{path}?{query}"), None).await;
        }
        if let Some(answer) = &step.answer {
            let answer = self.live(answer).await;
            self.tell(Some(&answer)).await;
            self.look().await;
        }
        if step.again {
            self.ask_again().await;
        }
        if step.back {
            let path = format!("/api/configflow/flows/{}/back", self.flow_id);
            self.ask("POST", &path, None).await;
        }
        if step.give_up {
            let path = format!("{}/{}", self.family, self.flow_id);
            self.ask("DELETE", &path, None).await;
        }
    }

    async fn start(&mut self, start: &StartStep) {
        let live = |text: &Option<String>| text.clone().map(Value::String);
        let entry_id = match live(&start.entry_id) {
            Some(text) => self.live(&text).await,
            None => Value::Null,
        };
        let subentry_id = match live(&start.subentry_id) {
            Some(text) => self.live(&text).await,
            None => Value::Null,
        };
        let (source, advanced) = (start.source.as_deref().unwrap_or("user"), self.fixture.show_advanced_options);
        let handler = &self.fixture.flow;
        let (family, body) = match start.dialog.as_deref() {
            None | Some("config") => {
                self.family = FLOW.to_owned();
                let context = if entry_id.is_null() { json!({}) } else { json!({ "entry_id": entry_id }) };
                let body = json!({
                    "handler": handler, "source": source, "context": context, "data": start.init, "show_advanced_options": advanced,
                });
                ("/api/configflow/flows".to_owned(), body)
            }
            Some("options") => {
                self.family = format!("{CONFIG}/options/flow");
                (self.family.clone(), json!({"handler": entry_id, "show_advanced_options": advanced}))
            }
            Some(kind) => {
                self.family = format!("{CONFIG}/subentries/flow");
                let mut body = json!({"handler": [entry_id, kind], "show_advanced_options": advanced});
                if !subentry_id.is_null() {
                    body["subentry_id"] = subentry_id;
                }
                (self.family.clone(), body)
            }
        };
        self.ask("POST", &family, Some(&body)).await;
        self.look().await;
    }

    /// What else can be seen of the flow and of the entries.
    async fn look(&mut self) {
        let flow_id = self.flow_id.clone();
        for path in [
            format!("{}/{flow_id}", self.family),
            format!("/api/configflow/flows/{flow_id}/schema"),
            "/api/configflow/entries?include=data".to_owned(),
        ] {
            let came = self.server.send("GET", &path, None).await.expect("an answer");
            self.told.push_str(&came.whole);
        }
    }

    async fn tell(&mut self, answer: Option<&Value>) {
        let path = format!("{}/{}", self.family, self.flow_id);
        self.ask("POST", &path, answer).await;
    }

    /// Asks again until no progress is shown. Each tick of it is an event, so nothing is asked without need.
    async fn ask_again(&mut self) {
        loop {
            let path = format!("{}/{}", self.family, self.flow_id);
            self.ask("GET", &path, None).await;
            if self.shown["type"] != json!("progress") {
                return;
            }
            let event = self.socket.next().await;
            assert!(!event.is_null(), "the socket was closed while a progress was shown");
            self.told.push_str(&event.to_string());
        }
    }

    async fn ask(&mut self, method: &str, path: &str, body: Option<&Value>) {
        let came = self.server.send(method, path, body).await.expect("an answer");
        assert!(came.status < 500, "{method} {path} {}: {}", came.status, came.whole);
        self.answers += 1;
        self.told.push_str(&came.whole);
        if came.status == 200 && came.body["flow_id"].is_string() {
            self.flow_id = came.body["flow_id"].as_str().unwrap_or_default().to_owned();
            self.shown = came.body;
        }
    }

    async fn command(&mut self, command: Value) {
        let (answer, before) = self.socket.ask(command).await;
        self.answers += 1;
        self.told.extend(before.iter().map(Value::to_string));
        self.told.push_str(&answer.to_string());
    }

    fn auth_url(&self) -> Option<String> {
        let placeholder = self.shown["description_placeholders"]["auth_url"].as_str();
        placeholder.or_else(|| self.shown["url"].as_str()).map(str::to_owned)
    }

    async fn log_in(&mut self) -> Option<String> {
        let link = self.auth_url()?;
        // Where the provider shows an error page, nobody comes back.
        let returned = self.provider.person().log_in(&link).await.ok()?;
        self.returned.clone_from(&returned);
        Some(returned)
    }

    /// Puts live values where a fixture names them; what there is none of is an empty text.
    async fn live(&mut self, value: &Value) -> Value {
        if !value.to_string().contains("{{") {
            return value.clone();
        }
        let template = Template::value(value, &mut Expressions::default()).expect("a fixture's text");
        let mut live = Map::new();
        live.insert("last_returned_url".to_owned(), self.returned.clone().into());
        if value.to_string().replace("last_returned_url", "").contains("returned_url") {
            live.insert("returned_url".to_owned(), self.log_in().await.unwrap_or_default().into());
        }
        let entries = self.server.send("GET", "/api/configflow/entries?include=data", None).await.expect("an answer").body;
        let entry = entries.as_array().and_then(|entries| entries.last()).cloned().unwrap_or_default();
        let subentry = entry["subentries"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
        live.insert("flow_id".to_owned(), self.flow_id.clone().into());
        live.insert("auth_url".to_owned(), self.auth_url().into());
        live.insert("entry_id".to_owned(), entry["entry_id"].clone());
        live.insert("subentry_id".to_owned(), subentry["subentry_id"].clone());
        live.insert("result".to_owned(), self.shown.clone());
        template.eval(&Scope::of_map(live)).unwrap_or_default()
    }

    /// The values of `state` in the addresses that were shown: they are shown on purpose, and nowhere else to be found.
    pub(crate) fn states(&self) -> Vec<String> {
        let parts = self.told.split(['?', '&', '"']);
        parts.filter_map(|part| part.strip_prefix("state=")).map(|state| state.trim_end_matches('\\').to_owned()).collect()
    }
}
