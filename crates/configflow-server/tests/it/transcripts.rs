//! Every recording of Home Assistant, replayed over HTTP. What is stored in the end is compared as the store has it, with its secrets.

use std::sync::Arc;
use std::time::Duration;

use configflow_core::Definition;
use configflow_engine::{BoxFuture, Engine, entry_storage};
use configflow_oauth::Catalogue;
use configflow_server::{Listen, OneToken, Options, router, serve};
use configflow_testkit::recorded::{hub, providers};
use configflow_testkit::replay::{
    HttpTransport, Outcome, Person, Recording, Report, Request, Response, Transport, TransportError, deviations, replay,
    script_of,
};
use configflow_testkit::simulated::Simulated;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::support::{TOKEN, definitions, fixtures};

/// How many exchanges are as recorded, how many differ on purpose (by a rule, or by known.json), and how many there are.
const FIGURES: (usize, usize, usize) = (815, 48, 863);

/// The parts of a token that are kept apart from the entry here.
const TOKEN_PARTS: [&str; 5] = ["access_token", "refresh_token", "token_type", "expires_in", "expires_at"];

/// The way over HTTP, with a look into the store.
struct Beside {
    http: HttpTransport,
    engine: Engine,
}

impl Transport for Beside {
    fn send(&mut self, request: Request) -> BoxFuture<'_, Result<Response, TransportError>> {
        self.http.send(request)
    }

    fn command(&mut self, command: Value) -> BoxFuture<'_, Result<(), TransportError>> {
        self.http.command(command)
    }

    fn message(&mut self, patience: Duration) -> BoxFuture<'_, Result<Option<Value>, TransportError>> {
        self.http.message(patience)
    }

    fn stored(&mut self) -> BoxFuture<'_, Result<Option<Value>, TransportError>> {
        Box::pin(async {
            let entries = self.engine.store().entries(None).await.expect("the store answers");
            let shown = |entry| {
                let mut shown = entry_storage(entry, |_| false);
                if let Some(token) = shown.pointer_mut("/data/token").and_then(Value::as_object_mut) {
                    TOKEN_PARTS.iter().for_each(|part| drop(token.insert((*part).to_owned(), "**secret**".into())));
                }
                shown
            };
            Ok(Some(entries.iter().map(shown).collect()))
        })
    }

    fn hang_up(&mut self) -> BoxFuture<'_, ()> {
        self.http.hang_up()
    }

    fn log_in<'a>(&'a mut self, link: &'a str) -> BoxFuture<'a, Result<Option<String>, TransportError>> {
        self.http.log_in(link)
    }
}

/// What recordings are replayed against.
struct Against {
    definitions: Vec<Definition>,
    catalogue: Catalogue,
}

impl Against {
    fn fixtures() -> Self {
        Self { definitions: definitions(), catalogue: providers(&fixtures().join("providers")).expect("sound providers") }
    }

    async fn replay(&self, recording: &Recording) -> Report {
        let provider = Simulated::start(script_of(recording)).await.expect("the provider starts");
        let hub = hub(recording, self.definitions.clone(), self.catalogue.clone(), &provider);
        let engine = hub.build().expect("the engine starts");
        let options = Options::new(Arc::new(OneToken::new(TOKEN, "recorded")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let listen = Listen::new(listener, &options);
        let serving = tokio::spawn(serve(listen, router(engine.clone(), options), std::future::pending()));
        let http = HttpTransport::new(&base, TOKEN, Person::Simulated(provider.person())).expect("a client");
        let report = replay(recording, &mut Beside { http, engine: engine.clone() }).await.expect("the server is there");
        serving.abort();
        assert_eq!(engine.flows_in_progress(), 0, "{} leaves flows", recording.name);
        report
    }
}

/// What of a report nobody meant.
fn faults(report: &Report) -> Vec<String> {
    let (mut faults, name) = (Vec::new(), &report.name);
    for step in &report.steps {
        if step.status.is_some_and(|status| status >= 500) {
            faults.push(format!("{name} {:?}: {:?}", step.exchange, step.status));
        }
        match &step.outcome {
            Outcome::Matched | Outcome::Deliberate { .. } => {}
            Outcome::Unexpected { reason } => faults.push(format!("{name} {:?} is as recorded: {reason}", step.exchange)),
            Outcome::Differs(difference) => faults.push(format!("{name} {:?}: {difference}", step.exchange)),
        }
    }
    faults
}

#[tokio::test]
async fn what_a_client_sees_is_what_was_recorded() {
    let (mut found, mut lines, mut figures) = (Vec::new(), Vec::new(), (0, 0, 0));
    let against = Against::fixtures();
    let files = std::fs::read_dir(fixtures().join("transcripts")).expect("the recordings");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    for file in files {
        let recording = Recording::read(&file).expect("a recording");
        let report = against.replay(&recording).await;
        found.extend(faults(&report));
        figures = (figures.0 + report.matched(), figures.1 + report.deliberate(), figures.2 + report.total());
        let known = deviations(&recording.name);
        let met = |step: &&configflow_testkit::replay::Step| {
            let at = step.exchange.map_or_else(|| "entries_after".to_owned(), |at| at.to_string());
            known.contains_key(&at) && matches!(step.outcome, Outcome::Deliberate { .. })
        };
        let met = report.steps.iter().filter(met).count();
        assert_eq!(met, known.len(), "{}: a deviation is of an exchange that is not there", recording.name);
        lines.push(report.to_string());
    }
    assert!(found.is_empty(), "{}\n\n{}", lines.join("\n"), found.join("\n"));
    assert_eq!(figures, FIGURES, "matched, on purpose, in all");
}

/// Nothing is known of these under their new name; what happened beside their exchanges is told by the exchanges themselves.
#[tokio::test]
async fn recordings_that_nobody_knows_are_replayed_as_well() {
    let against = Against::fixtures();
    for name in [
        "helper_kitchen_sink",
        "helper_previews",
        "lab_options",
        "lab_reauth_reconfigure",
        "lab_subentries",
        "ms365_entry_lifecycle",
        "ms365_reconfigure_default",
        "ms365_state_mismatch",
        "oauth_token_400",
        "oauth_token_timeout",
        "oauth_user_rejected_authorize",
    ] {
        let file = fixtures().join(format!("transcripts/{name}.json"));
        let mut recording = Recording::read(&file).expect("a recording");
        recording.name = format!("unseen_{name}");
        let report = against.replay(&recording).await;
        let found = faults(&report);
        assert!(found.is_empty(), "{report}\n{}", found.join("\n"));
    }
}

#[tokio::test]
async fn an_integration_that_nobody_defines_is_named() {
    let exchanges = serde_json::json!([{
        "request": {"method": "POST", "path": "/api/config/config_entries/flow", "body": {"handler": "a_new_one"}},
        "response": {"status": 200, "body": {"type": "form", "flow_id": "01M83R59BR7EWKYZJ6D60RHFHW", "handler": "a_new_one"}},
    }]);
    let recording = serde_json::from_value(serde_json::json!({"name": "new", "exchanges": exchanges})).expect("a recording");
    let report = Against::fixtures().replay(&recording).await;
    assert!(!report.is_fine());
    let said = report.to_string();
    assert!(said.starts_with("new: 0/1 matched") && said.contains("no definition handles `a_new_one`"), "{said}");
}
