//! Recordings of Home Assistant, replayed against the engine in process: what a client sees is what was recorded.
//!
//! What needs a server (the WebSocket, lists of entries) is left to the replay over HTTP. Deliberate differences are named one
//! by one in [`DEVIATIONS`].

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use configflow_core::signature::builtin;
use configflow_core::{FlowResult, StepError};
use configflow_engine::{Caller, Engine, FlowError, MemoryStore, Start};
use configflow_oauth::Outbound;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_testkit::{Flows, Mask, Scripted};
use serde_json::{Value, json};

/// Exchanges that differ on purpose: recording, exchange (from 0), why.
const DEVIATIONS: [(&str, usize, &str); 9] = [
    ("ms365_token_file_error", 3, "a spent URL gets the failure that it had; recorded is the same key by another request"),
    ("ms365_state_mismatch", 2, "500 there; a form error of its own here"),
    ("ms365_state_mismatch", 4, "500 there; a form error of its own here"),
    ("ms365_state_mismatch", 5, "500 there; a form error of its own here"),
    ("ms365_reconfigure_default", 8, "500 there for an unknown entry; 404 here"),
    ("ms365_permissions_missing", 4, "an artefact of the recording: with a good token the entry is created"),
    ("ms365_options_two_calendars", 7, "a GET moves on there; it shows the same step here"),
    ("ms365_options_two_calendars", 12, "follows from the above: nothing was skipped here"),
    ("ms365_options_two_calendars", 13, "follows from the above"),
];

/// The recordings that the definitions of the fixtures cover, with what the provider does in each.
fn recordings() -> Vec<(&'static str, Value)> {
    let calendars = json!({"api": [{
        "method": "GET", "url": "https://graph.microsoft.com/v1.0/me/calendars", "authorized": true, "status": 200,
        "json": {"value": [{"id": "1", "name": "Calendar1"}, {"id": "2", "name": "Calendar2"}, {"id": "3", "name": "Calendar3"}]},
    }]});
    vec![
        ("ms365_default_happy", json!({})),
        ("ms365_alt_happy", json!({})),
        ("ms365_country_21vianet", json!({})),
        ("ms365_permission_variants", json!({})),
        ("ms365_cannot_have_errors", json!({})),
        ("ms365_schema_invalid", json!({})),
        ("ms365_invalid_url", json!({})),
        ("ms365_already_configured", json!({})),
        ("ms365_reconfigure_default", json!({})),
        ("ms365_abort_delete", json!({})),
        ("ms365_unknown_flow_id", json!({})),
        ("ms365_state_mismatch", json!({})),
        ("ms365_permissions_missing", json!({"grant": ["User.Read"]})),
        (
            "ms365_token_file_error",
            json!({"faults": [{"at": "token", "fault": {"status": 200, "body": "junk", "content_type": "text/plain"}}]}),
        ),
        ("ms365_options_two_calendars", calendars),
        ("helper_threshold", json!({})),
    ]
}

struct Replay {
    engine: Engine,
    caller: Caller,
    simulated: Simulated,
    /// Recorded ids to ours.
    ids: BTreeMap<String, String>,
    /// The link that is shown.
    auth_url: Option<String>,
    /// The state that was recorded in the link.
    recorded_state: Option<String>,
    mask: Mask,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

#[tokio::test]
async fn every_recording_that_the_definitions_cover_matches() {
    let (mut matched, mut total, mut faults) = (0, 0, Vec::new());
    for (name, script) in recordings() {
        let text = std::fs::read_to_string(fixtures().join(format!("transcripts/{name}.json"))).expect("a recording");
        let recording: Value = serde_json::from_str(&text).expect("JSON");
        let domain = if name.starts_with("helper_") { "threshold" } else { "ms365_calendar" };
        let mut replay = Replay::start(domain, script).await;
        for (at, exchange) in recording["exchanges"].as_array().expect("exchanges").iter().enumerate() {
            let request = &exchange["request"];
            let path = request["path"].as_str().unwrap_or_default();
            let is_flow = path.contains("/flow") || path.starts_with("/api/ms365");
            if !matches!(request["method"].as_str(), Some("GET" | "POST" | "DELETE"))
                || !is_flow
                || path.ends_with("flow_handlers")
            {
                continue;
            }
            let (status, body) = replay.request(request, &exchange["response"]).await;
            if DEVIATIONS.iter().any(|(recording, exchange, _)| *recording == name && *exchange == at) {
                assert!((200..500).contains(&status), "{name} {at}: {status} {body}");
                continue;
            }
            total += 1;
            let expected = replay.comparable(&exchange["response"]["body"]);
            let found = replay.comparable(&body);
            if i64::from(status) == exchange["response"]["status"].as_i64().unwrap_or(200) && expected == found {
                matched += 1;
            } else {
                faults.push(format!("{name} {at}: {status}\n  recorded: {expected}\n  found:    {found}"));
            }
        }
    }

    assert!(faults.is_empty(), "{matched} of {total} match\n{}", faults.join("\n"));
    assert!(total > 80, "only {total} exchanges were compared");
}

impl Replay {
    async fn start(domain: &str, script: Value) -> Self {
        let script: Script = serde_json::from_value(script).expect("a script");
        let simulated = Simulated::start(script).await.expect("the provider starts");
        let definition = Flows::in_folder(&fixtures().join("flows")).get(domain).expect("the definition loads");
        let outbound =
            Outbound::new().everything_else(&format!("http://127.0.0.1:{}", simulated.port())).expect("a loopback address");
        let mut builder = Engine::builder()
            .store(Arc::new(MemoryStore::new()))
            .hub(json!({"external_url": "https://ha.example.org"}))
            .outbound(outbound);
        for (_, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
            builder = builder.action(Scripted::new((**signature).clone(), Vec::new()));
        }
        let engine = builder.definition(definition).build().expect("the engine starts");
        let caller = engine.caller("recorded");
        Self { engine, caller, simulated, ids: BTreeMap::new(), auth_url: None, recorded_state: None, mask: Mask::new() }
    }

    async fn request(&mut self, request: &Value, response: &Value) -> (u16, Value) {
        let path = request["path"].as_str().unwrap_or_default();
        let body = request["body"].clone();
        if path.starts_with("/api/ms365") {
            let url = self.log_in().await;
            let query = url.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
            self.engine.callback(&query).await.expect("the callback finds its flow");
            return (200, response["body"].clone());
        }
        let (_, tail) = path.split_once("/flow").unwrap_or_default();
        let flow_id = tail.trim_start_matches('/');
        let outcome = if flow_id.is_empty() {
            self.start_flow(path, &body).await
        } else {
            let ours = self.ids.get(flow_id).cloned().unwrap_or_else(|| flow_id.to_owned());
            match request["method"].as_str() {
                Some("GET") => self.caller.get(&ours).await,
                Some("DELETE") => match self.caller.abort(&ours).await {
                    Ok(()) => return (200, json!({"message": "Flow aborted"})),
                    Err(error) => Err(error),
                },
                _ => {
                    let body = self.answer(body).await;
                    self.caller.answer(&ours, body).await
                }
            }
        };
        match outcome {
            Ok(shown) => {
                let shown = shown.to_value();
                self.learn(response, &shown);
                (200, shown)
            }
            Err(error) => refused(&error),
        }
    }

    async fn start_flow(&self, path: &str, body: &Value) -> Result<Arc<FlowResult>, FlowError> {
        let ours = |id: &Value| self.ids.get(id.as_str().unwrap_or_default()).cloned().unwrap_or_default();
        let start = if path.contains("/options/") {
            Start::options(&ours(&body["handler"]))
        } else if body.get("entry_id").is_some() {
            Start::entry(body["handler"].as_str().unwrap_or_default(), "reconfigure", &ours(&body["entry_id"]))
        } else {
            Start::user(body["handler"].as_str().unwrap_or_default())
        };
        self.caller.start(start).await
    }

    /// A recorded answer with live values: a good returned URL becomes what the provider returns here.
    async fn answer(&mut self, mut body: Value) -> Value {
        let recorded = body["url"].as_str().map(str::to_owned);
        if let (Some(url), Some(state)) = (recorded, &self.recorded_state)
            && url.contains(state.as_str())
        {
            body["url"] = self.log_in().await.into();
        }
        body
    }

    async fn log_in(&self) -> String {
        let link = self.auth_url.as_deref().expect("a link is shown");
        self.simulated.person().log_in(link).await.expect("the person logs in")
    }

    /// Learns which ids and links are the same here and there.
    fn learn(&mut self, response: &Value, shown: &Value) {
        for pointer in ["/flow_id", "/result/entry_id"] {
            let recorded = response["body"].pointer(pointer).and_then(Value::as_str);
            if let (Some(recorded), Some(ours)) = (recorded, shown.pointer(pointer).and_then(Value::as_str)) {
                self.ids.insert(recorded.to_owned(), ours.to_owned());
                let name = if pointer == "/flow_id" { "flow_id" } else { "entry_id" };
                self.mask.hide(recorded, name);
                self.mask.hide(ours, name);
            }
        }
        let link = |body: &Value| body.pointer("/description_placeholders/auth_url").and_then(Value::as_str).map(str::to_owned);
        if let Some(link) = link(shown) {
            self.auth_url = Some(link);
        }
        if let Some(link) = link(&response["body"]) {
            self.recorded_state = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).map(str::to_owned);
        }
    }

    /// A body without what differs from run to run, and without what differs on purpose everywhere.
    fn comparable(&self, body: &Value) -> Value {
        let mut body = self.mask.value(body);
        if let Some(map) = body.as_object_mut() {
            // Each integration's own choice there: the two mean the same.
            if map.get("errors").is_some_and(Value::is_null) {
                map.insert("errors".to_owned(), json!({}));
            }
            // An error beside a field that the form does not show goes to `base`.
            if let Some(Value::Array(fields)) = map.get_mut("data_schema") {
                for field in fields.iter_mut().filter(|field| field["name"] == "client_secret") {
                    if field.get("default").is_some() || field.get("optional").is_some() {
                        // A stored secret is never sent back.
                        *field = json!({"name": "client_secret"});
                    }
                }
            }
        }
        // The plain values of an enumeration instead of Python's names for them.
        let mut text = body.to_string();
        for (python, plain) in [
            ("<CountryOptions.CN21V: '21Vianet (China)'>", "'21Vianet (China)'"),
            ("<CountryOptions.DEFAULT: 'Default'>", "'Default'"),
            ("<CountryOptions.GCC_HIGH: 'MS365 GCC'>", "'MS365 GCC'"),
        ] {
            text = text.replace(python, plain);
        }
        serde_json::from_str(&text).expect("JSON")
    }
}

fn refused(error: &FlowError) -> (u16, Value) {
    match error {
        FlowError::Step(StepError::Invalid(invalid)) => (400, invalid.body()),
        FlowError::UnknownFlow => (404, json!({"message": "Invalid flow specified"})),
        FlowError::UnknownHandler { .. } => (404, json!({"message": "Invalid handler specified"})),
        FlowError::UnknownEntry => (404, json!({"message": "Invalid entry specified"})),
        other => (400, json!({"message": other.to_string()})),
    }
}
