//! Goes through one recording: puts our ids and links where the recording has its own, and compares what comes back.

use std::collections::{BTreeMap, VecDeque};

use configflow_engine::Start;
use configflow_testkit::Mask;
use serde_json::{Value, json};
use url::Url;

use crate::compare;
use crate::deviations;
use crate::exchange::{Exchange, Request, Transcript};
use crate::hub::Hub;
use crate::recordings::{Meanwhile, Recording};

/// A recording on its way.
pub(crate) struct Replay<'r> {
    recording: &'r Recording,
    transcript: Transcript,
    hub: Hub,
    /// Recorded ids to ours.
    ids: BTreeMap<String, String>,
    /// Flows that were started in process, whose recorded ids are not known yet.
    unnamed: VecDeque<String>,
    /// The `state` of recorded links to our links.
    links: BTreeMap<String, String>,
    mask: Mask,
    outcome: Outcome,
}

/// What a replay came to.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) matched: usize,
    pub(crate) total: usize,
    pub(crate) faults: Vec<String>,
}

impl<'r> Replay<'r> {
    pub(crate) async fn of(recording: &'r Recording) -> Self {
        Self {
            recording,
            transcript: Transcript::read(recording.name),
            hub: Hub::start(recording).await,
            ids: BTreeMap::new(),
            unnamed: VecDeque::new(),
            links: BTreeMap::new(),
            mask: Mask::new(),
            outcome: Outcome::default(),
        }
    }

    pub(crate) async fn run(mut self) -> Outcome {
        for (at, exchange) in self.transcript.exchanges.clone().into_iter().enumerate() {
            for (_, what) in self.recording.meanwhile.iter().filter(|(before, _)| *before == at) {
                self.meanwhile(what, &exchange).await;
            }
            match exchange.request.method.as_str() {
                "GET" | "POST" | "DELETE" => self.request(at, &exchange).await,
                "INTERNAL" => self.started_in_process(at, &exchange).await,
                "WS" => self.command(&exchange).await,
                "WS-EVENT" => self.event(at, &exchange).await,
                // What the hub sent out: the tests of the provider look at it.
                _ => {}
            }
        }
        if !deviations::stores_otherwise(self.recording.name) {
            let entries = self.hub.entries().await;
            let found = entries.iter().map(|entry| compare::entry(&self.mask, entry)).collect();
            let recorded = self.transcript.entries_after.iter().map(|entry| compare::entry(&self.mask, entry)).collect();
            self.take("the entries", &Value::Array(recorded), &Value::Array(found));
        }
        self.outcome
    }

    /// What happened between two exchanges without being one.
    async fn meanwhile(&mut self, what: &Meanwhile, next: &Exchange) {
        match what {
            Meanwhile::Reauth => {
                let entries = self.hub.entries().await;
                let entry = entries.last().expect("an entry to link again");
                let text = |key: &str| entry[key].as_str().unwrap_or_default();
                let shown = self.hub.start_flow(Start::entry(text("domain"), "reauth", text("entry_id"))).await;
                let flow_id = shown["flow_id"].as_str().unwrap_or_default().to_owned();
                // A second one, while the first goes on, is the first.
                if !self.unnamed.contains(&flow_id) {
                    self.unnamed.push_back(flow_id);
                }
            }
            Meanwhile::Led { handler, to } => {
                let known = next.request.flow_id().and_then(|recorded| self.ids.get(recorded)).cloned();
                let flow_id = match &known {
                    Some(flow_id) => flow_id.clone(),
                    None => self.hub.start_flow(Start::user(handler)).await["flow_id"].as_str().unwrap_or_default().to_owned(),
                };
                let led = self.hub.caller.answer(&flow_id, json!({"next_step_id": to})).await;
                led.expect("the menu leads there");
                if known.is_none() {
                    self.unnamed.push_back(flow_id);
                }
            }
            Meanwhile::Learned { recorded, title } => {
                let entries = self.hub.entries().await;
                let mut subentries = entries.iter().filter_map(|entry| entry["subentries"].as_array()).flatten();
                let found = subentries.find(|subentry| subentry["title"] == *title).expect("the sub-entry is there");
                self.same(recorded, found["subentry_id"].as_str().unwrap_or_default(), "subentry_id");
            }
        }
    }

    async fn request(&mut self, at: usize, exchange: &Exchange) {
        let request = &exchange.request;
        if let ("DELETE", Some(entry_id)) =
            (request.method.as_str(), request.path.strip_prefix("/api/config/config_entries/entry/"))
        {
            // What is said of it is a server's; that it is gone matters here.
            let removed = self.hub.engine.remove_entry(&self.ours(entry_id)).await;
            assert_eq!(removed.is_ok(), exchange.status == 200, "{} {at}", self.recording.name);
            return;
        }
        if !request.starts_flow() && request.flow_id().is_none() && !request.is_callback() {
            return;
        }
        if let Some(flow_id) = request.flow_id()
            && !self.ids.contains_key(flow_id)
            && let Some(ours) = self.unnamed.pop_front()
        {
            self.same(flow_id, &ours, "flow_id");
        }
        let live = self.live(request).await;
        let Some((status, body)) = self.hub.request(&live).await else { return };
        if deviations::is_deliberate(self.recording.name, at) {
            assert!((200..500).contains(&status), "{} {at}: {status} {body}", self.recording.name);
            return;
        }
        if request.is_callback() {
            // The page that the browser shows is a server's; here it matters whether the flow was told.
            let told = exchange.body.as_str().is_some_and(|page| page.contains("window.close"));
            self.take(&format!("{at}: callback"), &told.into(), &(status == 200).into());
            return;
        }
        self.learn(&exchange.body, &body);
        let (recorded, found) = compare::comparable(&self.mask, &exchange.body, &body);
        self.take(&format!("{at}: {status}"), &json!([exchange.status, recorded]), &json!([status, found]));
    }

    async fn started_in_process(&mut self, at: usize, exchange: &Exchange) {
        let body = &exchange.request.body;
        let found = self.recording.started_with.iter().find(|(exchange, _)| *exchange == at);
        let (_, init) = found.unwrap_or_else(|| panic!("{} {at} is started with something", self.recording.name));
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let start = Start::source(&text(&body["handler"]), &text(&body["context"]["source"]), init.clone());
        let shown = self.hub.start_flow(start).await;
        self.learn(&exchange.body, &shown);
        // What was recorded inside the hub does not say which entry was made.
        let made = self.transcript.entries_after.iter().find(|entry| entry["title"] == shown["title"]).cloned();
        if let (Some(made), Some(ours)) = (made, shown.pointer("/result/entry_id").and_then(Value::as_str)) {
            self.same(made["entry_id"].as_str().unwrap_or_default(), ours, "entry_id");
        }
        let (recorded, found) = compare::comparable_part(&self.mask, &exchange.body, &shown);
        self.take(&format!("{at}: in process"), &recorded, &found);
    }

    /// Of the commands over the WebSocket, those without which the rest makes no sense.
    async fn command(&mut self, exchange: &Exchange) {
        let (asked, body) = (&exchange.request.body, &exchange.body);
        let results = body.as_array().cloned().unwrap_or_else(|| vec![body.clone()]);
        if !results.iter().any(|result| result["success"] == true) {
            return;
        }
        match asked["type"].as_str() {
            Some("application_credentials/create") => self.hub.add_credentials(&body["result"]),
            Some("config_entries/ignore_flow") => {
                let flow_id = self.ours(asked["flow_id"].as_str().unwrap_or_default());
                let title = asked["title"].as_str().unwrap_or_default().to_owned();
                let ignored = self.hub.engine.ignore_flow(&flow_id, title).await;
                ignored.expect("the flow is ignored");
            }
            _ => {}
        }
    }

    async fn event(&mut self, at: usize, exchange: &Exchange) {
        let event = &exchange.body["event"];
        let Some(kind @ ("data_entry_flow_progressed" | "data_entry_flow_progress_update")) = event["event_type"].as_str() else {
            return;
        };
        let data = self.hub.event(kind).await;
        let (recorded, found) = compare::comparable(&self.mask, &event["data"], &data);
        self.take(&format!("{at}: {kind}"), &recorded, &found);
    }

    fn take(&mut self, what: &str, recorded: &Value, found: &Value) {
        self.outcome.total += 1;
        if recorded == found {
            self.outcome.matched += 1;
        } else {
            self.outcome.faults.push(format!("{what}\n  recorded: {recorded}\n  found:    {found}"));
        }
    }

    /// A recorded request with our ids, and with what our provider returns in place of what was returned then.
    async fn live(&self, request: &Request) -> Request {
        let mut live = Request { path: self.ours(&request.path), body: self.ours_in(&request.body), ..request.clone() };
        if request.is_callback()
            && let Some((state, link)) = self.link_of(&request.path)
        {
            if request.path.contains("code=") {
                live.path = self.hub.log_in(link).await;
                live.path = Url::parse(&live.path)
                    .map(|url| format!("{}?{}", url.path(), url.query().unwrap_or_default()))
                    .expect("a URL");
            } else {
                let ours = Url::parse(link).expect("a link is a URL");
                let ours = ours.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned());
                live.path = request.path.replace(state, &ours.unwrap_or_default());
            }
        }
        if let Some(url) = request.body["url"].as_str()
            && let Some((_, link)) = self.link_of(url)
        {
            live.body["url"] = self.hub.log_in(link).await.into();
        }
        live
    }

    /// The link whose `state` a recorded text holds.
    fn link_of(&self, text: &str) -> Option<(&str, &str)> {
        self.links.iter().find(|(state, _)| text.contains(state.as_str())).map(|(state, link)| (state.as_str(), link.as_str()))
    }

    fn ours(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (recorded, ours)| text.replace(recorded, ours))
    }

    fn ours_in(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.ours(text)),
            Value::Array(items) => items.iter().map(|item| self.ours_in(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.ours_in(value))).collect(),
            plain => plain.clone(),
        }
    }

    /// Learns which ids and links are the same here and there.
    fn learn(&mut self, recorded: &Value, found: &Value) {
        for (pointer, name) in [("/flow_id", "flow_id"), ("/result/entry_id", "entry_id")] {
            let theirs = recorded.pointer(pointer).and_then(Value::as_str);
            if let (Some(theirs), Some(ours)) = (theirs, found.pointer(pointer).and_then(Value::as_str)) {
                self.same(theirs, ours, name);
            }
        }
        for pointer in ["/url", "/description_placeholders/auth_url"] {
            let link = |body: &Value| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
            if let (Some(theirs), Some(ours)) = (link(recorded), link(found))
                && let Some(state) = theirs.split(['?', '&']).find_map(|pair| pair.strip_prefix("state="))
            {
                self.links.insert(state.to_owned(), ours);
            }
        }
    }

    fn same(&mut self, recorded: &str, ours: &str, name: &str) {
        self.ids.insert(recorded.to_owned(), ours.to_owned());
        self.mask.hide(recorded, name);
        self.mask.hide(ours, name);
    }
}
