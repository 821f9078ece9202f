//! Does in process what a recorded request asks of the hub.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use configflow_core::signature::builtin;
use configflow_core::{Definition, StepError};
use configflow_engine::{Caller, Engine, FlowError, Implementation, Limits, MemoryStore, Notice, Start};
use configflow_oauth::{Catalogue, Outbound, Secret};
use configflow_testkit::recorded::{AtOnce, Work};
use configflow_testkit::simulated::{Script, Simulated};
use configflow_testkit::{Flows, Scripted};
use serde_json::{Value, json};
use tokio::sync::{Semaphore, broadcast};

use crate::exchange::{Request, fixtures};
use crate::recordings::Recording;

/// The definitions of the fixtures, read once.
static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let folder = fixtures().join("flows");
    let files = std::fs::read_dir(&folder).expect("the definitions are there");
    let domains = files.filter_map(|file| {
        let path = file.expect("the folder can be read").path();
        (path.extension()? == "yaml").then(|| path.file_stem()?.to_str().map(str::to_owned)).flatten()
    });
    let flows = Flows::in_folder(&folder);
    domains.map(|domain| flows.get(&domain).unwrap_or_else(|error| panic!("{domain}: {error}"))).collect()
});

/// The longest that anything here may take; nothing waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A hub with every definition of the fixtures, its provider simulated.
pub(crate) struct Hub {
    pub(crate) engine: Engine,
    pub(crate) caller: Caller,
    simulated: Simulated,
    notices: broadcast::Receiver<Notice>,
    /// What work in the background waits for.
    go_on: Arc<Semaphore>,
}

impl Hub {
    pub(crate) async fn start(recording: &Recording) -> Self {
        let script: Script = serde_json::from_value(recording.provider.clone()).expect("a script");
        let simulated = Simulated::start(script).await.expect("the provider starts");
        let outbound =
            Outbound::new().everything_else(&format!("http://127.0.0.1:{}", simulated.port())).expect("a loopback address");
        let provider = std::fs::read_to_string(fixtures().join("providers/flow_lab_oauth.yaml")).expect("a provider");
        let go_on = Arc::new(Semaphore::new(0));
        let mut builder = Engine::builder()
            .store(Arc::new(MemoryStore::new()))
            .hub(json!({"external_url": "https://ha.example.org", "country": "NL", "language": "en", "time_zone": "Europe/Amsterdam"}))
            .catalogue(Catalogue::builtin().with(&provider).expect("a sound provider"))
            .limits(Limits { action: recording.time_limit.unwrap_or(Limits::default().action), ..Limits::default() })
            .outbound(outbound);
        for definition in &*DEFINITIONS {
            for (name, signature) in definition.actions.iter().filter(|(name, _)| builtin(name).is_none()) {
                let signature = (**signature).clone();
                builder = match AtOnce::of(signature.clone()) {
                    Some(action) => builder.action(action),
                    None if name == "lab.work" => builder.action(Work::new(signature, Arc::clone(&go_on))),
                    None => builder.action(Scripted::new(signature, Vec::new())),
                };
            }
            builder = builder.definition(definition.clone());
        }
        let engine = builder.build().expect("the engine starts");
        let (caller, notices) = (engine.caller("recorded"), engine.notices());
        Self { engine, caller, simulated, notices, go_on }
    }

    /// Answers a request about flows; its ids are ours. None where no flow can be meant: a server has to say so.
    pub(crate) async fn request(&self, request: &Request) -> Option<(u16, Value)> {
        if request.is_callback() {
            let query = request.path.split_once('?').map(|(_, query)| query).unwrap_or_default();
            return Some(match self.engine.callback(query).await {
                Ok(_) => (200, Value::Null),
                Err(error) => refused(&error),
            });
        }
        let outcome = match (request.method.as_str(), request.flow_id()) {
            ("POST", None) => self.caller.start(start_of(request)?).await,
            ("GET", Some(flow_id)) => self.caller.get(flow_id).await,
            ("DELETE", Some(flow_id)) => match self.caller.abort(flow_id).await {
                Ok(()) => return Some((200, json!({"message": "Flow aborted"}))),
                Err(error) => Err(error),
            },
            (_, Some(flow_id)) => self.caller.answer(flow_id, request.body.clone()).await,
            (method, None) => panic!("{method} {} is not about a flow", request.path),
        };
        Some(match outcome {
            Ok(shown) => (200, shown.to_value()),
            Err(error) => refused(&error),
        })
    }

    /// Starts a flow that nobody asked for by a request, and gives what it shows.
    pub(crate) async fn start_flow(&self, start: Start) -> Value {
        match self.caller.start(start).await {
            Ok(shown) => shown.to_value(),
            Err(error) => refused(&error).1,
        }
    }

    /// What the person's browser shows after a login by a link.
    pub(crate) async fn log_in(&self, link: &str) -> String {
        self.simulated.person().log_in(link).await.expect("the person logs in")
    }

    /// Stores a client id and secret of the operator's. Recorded are implementations that are all called the same.
    pub(crate) fn add_credentials(&self, created: &Value) {
        let text = |key: &str| created[key].as_str().unwrap_or_default();
        let name = if text("domain") == "flow_lab_oauth" { "Local application credentials" } else { text("domain") };
        let implementation = Implementation {
            id: text("id").to_owned(),
            name: name.to_owned(),
            client_id: text("client_id").to_owned(),
            client_secret: Secret::new(text("client_secret")),
        };
        self.engine.add_credentials(text("domain"), implementation);
    }

    /// Has work in the background go on, and gives the event that tells clients of it.
    pub(crate) async fn event(&mut self, kind: &str) -> Value {
        self.go_on.add_permits(1);
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                let notice = self.notices.recv().await.expect("the engine is there");
                let (flow_id, handler, mut data) = match notice {
                    Notice::FlowProgressed { flow_id, handler } if kind == "data_entry_flow_progressed" => {
                        (flow_id, handler, json!({"refresh": true}))
                    }
                    Notice::FlowProgress { flow_id, handler, thousandths } if kind == "data_entry_flow_progress_update" => {
                        (flow_id, handler, json!({"progress": f64::from(thousandths) / 1000.0}))
                    }
                    _ => continue,
                };
                data["flow_id"] = flow_id.into();
                data["handler"] = serde_json::from_str(&handler).unwrap_or(Value::Null);
                return data;
            }
        });
        found.await.unwrap_or_else(|_| panic!("no {kind} came"))
    }

    /// What is stored.
    pub(crate) async fn entries(&self) -> Vec<Value> {
        let entries = self.engine.store().entries(None).await.expect("the store answers");
        entries.iter().map(|entry| json!(entry)).collect()
    }
}

/// What a request to start a flow asks for; none where no flow can be meant.
fn start_of(request: &Request) -> Option<Start> {
    let body = &request.body;
    let mut start = if request.path.contains("/options/") {
        Start::options(body["handler"].as_str()?)
    } else if request.path.contains("/subentries/") {
        Start::subentry(body["handler"][0].as_str()?, body["handler"][1].as_str()?, body["subentry_id"].as_str())
    } else {
        let handler = body["handler"].as_str()?;
        match body["entry_id"].as_str().filter(|id| !id.is_empty()) {
            Some(entry_id) => Start::entry(handler, "reconfigure", entry_id),
            None => Start::user(handler),
        }
    };
    start.show_advanced_options = body["show_advanced_options"] == true;
    Some(start)
}

fn refused(error: &FlowError) -> (u16, Value) {
    match error {
        FlowError::Step(StepError::Invalid(invalid)) => (400, invalid.body()),
        FlowError::Step(StepError::UnknownStep { step }) => {
            (400, json!({"message": format!("Handler _ doesn't support step {step}")}))
        }
        FlowError::UnknownFlow => (404, json!({"message": "Invalid flow specified"})),
        FlowError::UnknownHandler { .. } => (404, json!({"message": "Invalid handler specified"})),
        FlowError::UnknownEntry => (404, json!({"message": "Invalid entry specified"})),
        FlowError::UnknownSubentry => (404, json!({"message": "Invalid subentry specified"})),
        other => (400, json!({"message": other.to_string()})),
    }
}
