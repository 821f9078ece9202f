//! A person who sets accounts up, one after the other, and remembers what was acknowledged and what was on its way.

use std::collections::BTreeSet;
use std::sync::Arc;

use configflow_testkit::simulated;
use serde_json::{Value, json};

use super::strike::Strike;
use crate::support::{Came, FLOW, send};

const OPTIONS: &str = "/api/config/config_entries/options/flow";
const ENTRY: &str = "/api/config/config_entries/entry";

/// The server is gone; what was on its way was not acknowledged.
pub(crate) struct Gone;

/// The way to a server while it lives.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) client: reqwest::Client,
    pub(crate) base: String,
    pub(crate) strike: Arc<Strike>,
    pub(crate) provider: simulated::Person,
    /// Which of the two definitions the server has.
    pub(crate) version: usize,
}

impl Way {
    async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Came, Gone> {
        self.strike.event();
        let came = send(&self.client, &self.base, method, path, body).await.map_err(|_| Gone)?;
        self.strike.event();
        assert!(came.status < 500, "{method} {path}: {} {}", came.status, came.whole);
        Ok(came)
    }
}

/// What was sent and not acknowledged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Pending {
    Nothing,
    Start,
    Answer,
    GiveUp,
    CallBack,
    Remove,
}

/// A flow as its person knows it.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    /// The path of the flow.
    pub(crate) path: String,
    /// What was last shown, without the errors of the answer before.
    pub(crate) shown: Value,
    /// The versions of the definition under which its state may be stored.
    pub(crate) versions: BTreeSet<usize>,
    /// It may still be busy with an answer from before the kill.
    pub(crate) unsettled: bool,
}

/// An entry as its person knows it.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) id: String,
    /// Its options, as acknowledged.
    pub(crate) options: Value,
    /// Options on their way.
    pub(crate) wanted: Option<Value>,
}

/// A person with the account that is being set up.
pub(crate) struct Person {
    pub(crate) number: u64,
    pub(crate) open: Option<Open>,
    pub(crate) entry: Option<Stored>,
    pub(crate) pending: Pending,
    pub(crate) called_back: bool,
    pub(crate) history: Vec<String>,
    step: u64,
    /// Accounts that are done: their numbers, and their entries where they were not removed.
    pub(crate) done: Vec<(u64, Option<Stored>)>,
    pub(crate) acknowledged: u64,
}

impl Person {
    /// The numbers of a person's accounts are `step` apart.
    pub(crate) fn new(number: u64, step: u64) -> Self {
        let (open, entry, pending) = (None, None, Pending::Nothing);
        let (history, done) = (Vec::new(), Vec::new());
        Self { number, open, entry, pending, called_back: false, history, step, done, acknowledged: 0 }
    }

    pub(crate) fn told(&self) -> String {
        format!("account {}:\n{}", self.number, self.history.join("\n"))
    }

    /// Goes on until the server is gone.
    pub(crate) async fn live(&mut self, way: &Way) {
        while self.go_on(way).await.is_ok() {}
    }

    /// Goes on until the account is done.
    pub(crate) async fn come_to_an_end(&mut self, way: &Way) {
        let number = self.number;
        while self.number == number {
            assert!(self.go_on(way).await.is_ok(), "nobody kills this server");
        }
    }

    async fn go_on(&mut self, way: &Way) -> Result<(), Gone> {
        match (self.open.clone(), self.entry.clone()) {
            (Some(open), _) => self.drive(way, open).await,
            (None, None) => self.start(way, FLOW, &json!({"handler": "account"})).await,
            (None, Some(entry)) if self.wants_options() && entry.options == json!({}) => {
                self.start(way, OPTIONS, &json!({"handler": entry.id})).await
            }
            (None, Some(entry)) if self.number.is_multiple_of(4) => {
                self.pending = Pending::Remove;
                let came = way.send("DELETE", &format!("{ENTRY}/{}", entry.id), None).await?;
                assert_eq!(came.status, 200, "{}\n{}", came.whole, self.told());
                self.acknowledged += 1;
                self.entry = None;
                self.next();
                Ok(())
            }
            (None, Some(_)) => {
                self.next();
                Ok(())
            }
        }
    }

    fn wants_options(&self) -> bool {
        self.number.is_multiple_of(3)
    }

    fn gives_up(&self) -> bool {
        self.number % 5 == 1
    }

    /// The account is done; begins with the next one.
    pub(crate) fn next(&mut self) {
        self.done.push((self.number, self.entry.take()));
        self.number += self.step;
        self.begin_anew();
    }

    /// Nothing is known of a flow any more.
    pub(crate) fn begin_anew(&mut self) {
        self.open = None;
        self.pending = Pending::Nothing;
        self.called_back = false;
        self.history.clear();
    }

    async fn start(&mut self, way: &Way, path: &str, body: &Value) -> Result<(), Gone> {
        self.pending = Pending::Start;
        self.history.push(format!("starts {path}"));
        let came = way.send("POST", path, Some(body)).await?;
        assert_eq!(came.status, 200, "{}\n{}", came.whole, self.told());
        self.take(way, path, came.body);
        Ok(())
    }

    async fn drive(&mut self, way: &Way, open: Open) -> Result<(), Gone> {
        if open.shown["type"] == json!("progress") {
            let came = way.send("GET", &open.path, None).await?;
            assert_eq!(came.status, 200, "{}\n{}", came.whole, self.told());
            self.take_in_place(way, came.body);
            return Ok(());
        }
        let step = open.shown["step_id"].as_str().unwrap_or_default().to_owned();
        if matches!(step.as_str(), "second" | "other") && self.gives_up() {
            self.pending = Pending::GiveUp;
            let came = way.send("DELETE", &open.path, None).await?;
            // It may still be busy with what it did before the kill; then it is over all the same.
            assert_eq!(came.status, 200, "{}\n{}", came.whole, self.told());
            self.acknowledged += 1;
            self.next();
            return Ok(());
        }
        let number = self.number;
        let answer = match step.as_str() {
            "user" => json!({"name": name(number), "paste": number.is_multiple_of(2)}),
            "second" | "other" => json!({"password": password(number)}),
            "last" => json!({"note": format!("note-{number}")}),
            "init" => json!({ "level": number }),
            "pasted" => json!({"url": self.log_in(way, &open).await}),
            "called_back" if self.called_back => json!({}),
            "called_back" => {
                let returned = self.log_in(way, &open).await;
                let (_, query) = returned.split_once('?').expect("a query");
                self.pending = Pending::CallBack;
                let came = way.send("GET", &format!("/auth/external/callback?{query}"), None).await?;
                // After a kill the form may still show an attempt that was spent.
                self.history.push(format!("called back: {}", came.status));
                self.pending = Pending::Nothing;
                if came.status != 200 {
                    return self.answer(way, &open, &json!({})).await;
                }
                self.acknowledged += 1;
                self.called_back = true;
                return Ok(());
            }
            other => panic!("no step is called {other}: {}\n{}", open.shown, self.told()),
        };
        self.answer(way, &open, &answer).await
    }

    async fn log_in(&self, way: &Way, open: &Open) -> String {
        let url = open.shown["description_placeholders"]["url"].as_str().expect("an address");
        way.provider.log_in(url).await.expect("the person comes back")
    }

    async fn answer(&mut self, way: &Way, open: &Open, answer: &Value) -> Result<(), Gone> {
        self.pending = Pending::Answer;
        if let Some(open) = &mut self.open {
            open.versions.insert(way.version);
        }
        if let (Some(entry), Some(_)) = (&mut self.entry, answer.get("level")) {
            entry.wanted = Some(answer.clone());
        }
        let step = &open.shown["step_id"];
        self.history.push(format!("answers {step}"));
        let came = way.send("POST", &open.path, Some(answer)).await?;
        let code = came.body["code"].as_str().unwrap_or_default();
        if open.unsettled && (code == "flow.busy" || came.status == 400) {
            // The answer was meant for a form that is gone by now, or will be once what ran before the kill has run again.
            let now = way.send("GET", &open.path, None).await?;
            assert_eq!(now.status, 200, "{}\n{}", now.whole, self.told());
            self.pending = Pending::Nothing;
            self.history.push(format!("was busy, now shows {}", now.body["step_id"]));
            self.take_in_place(way, now.body);
            return Ok(());
        }
        assert_eq!(came.status, 200, "{}\n{}", came.whole, self.told());
        let lost = self.called_back && came.body["errors"]["base"] == json!("returned_url");
        assert!(!lost, "the callback was acknowledged and is lost\n{}", self.told());
        self.called_back = false;
        let family = if open.path.starts_with(OPTIONS) { OPTIONS } else { FLOW };
        self.take(way, family, came.body);
        Ok(())
    }

    /// Takes what came of a start or an answer.
    fn take(&mut self, way: &Way, family: &str, shown: Value) {
        self.acknowledged += 1;
        self.pending = Pending::Nothing;
        self.history.push(format!("was shown {} {}", shown["type"], shown["step_id"]));
        match shown["type"].as_str().unwrap_or_default() {
            "form" | "progress" => {
                let path = format!("{family}/{}", shown["flow_id"].as_str().expect("an id"));
                let versions = BTreeSet::from([way.version]);
                self.open = Some(Open { path, shown: quiet(&shown), versions, unsettled: false });
            }
            "create_entry" => {
                self.open = None;
                match &mut self.entry {
                    Some(entry) => entry.options = entry.wanted.take().expect("options"),
                    None => {
                        let id = shown["result"]["entry_id"].as_str().expect("an id").to_owned();
                        self.entry = Some(Stored { id, options: json!({}), wanted: None });
                    }
                }
            }
            other => panic!("{other}: {shown}\n{}", self.told()),
        }
    }

    /// Takes what is shown to whoever asks again.
    pub(crate) fn take_in_place(&mut self, way: &Way, shown: Value) {
        let Some(open) = &mut self.open else { return };
        let moved = shown["step_id"] != open.shown["step_id"];
        if moved {
            open.versions.insert(way.version);
            open.unsettled = false;
            self.called_back = false;
        }
        open.shown = quiet(&shown);
        assert!(matches!(shown["type"].as_str(), Some("form" | "progress")), "{shown}\n{}", self.told());
    }
}

pub(crate) fn name(number: u64) -> String {
    format!("name-{number}")
}

pub(crate) fn password(number: u64) -> String {
    format!("canary-password-{number:06}")
}

/// A result as somebody sees it who asks again: without the errors of the answer before.
pub(crate) fn quiet(shown: &Value) -> Value {
    let mut shown = shown.clone();
    if shown.get("errors").is_some() {
        shown["errors"] = json!({});
    }
    shown
}
