//! Every recording of Home Assistant, replayed over HTTP.

use std::sync::Arc;

use configflow_server::{Listen, OneToken, Options, router, serve};
use configflow_testkit::recorded::{hub, providers};
use configflow_testkit::replay::{HttpTransport, Outcome, Person, Recording, deviations, replay, script_of};
use configflow_testkit::simulated::Simulated;
use tokio::net::TcpListener;

use crate::support::{TOKEN, definitions, fixtures};

/// How many exchanges are as recorded, how many differ on purpose (known.json says why of each), and how many there are.
const FIGURES: (usize, usize, usize) = (815, 48, 863);

#[tokio::test]
async fn what_a_client_sees_is_what_was_recorded() {
    let (mut faults, mut lines, mut figures) = (Vec::new(), Vec::new(), (0, 0, 0));
    let definitions = definitions();
    let catalogue = providers(&fixtures().join("providers")).expect("sound providers");
    let files = std::fs::read_dir(fixtures().join("transcripts")).expect("the recordings");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    for file in files {
        let recording = Recording::read(&file).expect("a recording");
        let name = recording.name.as_str();
        let provider = Simulated::start(script_of(name)).await.expect("the provider starts");
        let engine = hub(name, definitions.clone(), catalogue.clone(), &provider).build().expect("the engine starts");
        let options = Options::new(Arc::new(OneToken::new(TOKEN, "recorded")));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let listen = Listen::new(listener, &options);
        let serving = tokio::spawn(serve(listen, router(engine.clone(), options), std::future::pending()));
        let mut transport = HttpTransport::new(&base, TOKEN, Person::Simulated(provider.person())).expect("a client");
        let report = replay(&recording, &mut transport).await.expect("the server is there");
        serving.abort();
        lines.push(report.to_string());
        figures = (figures.0 + report.matched(), figures.1 + report.deliberate(), figures.2 + report.total());
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
        assert_eq!(report.deliberate(), deviations(name).len(), "{name}: a deviation is of an exchange that is not there");
        assert_eq!(engine.flows_in_progress(), 0, "{name} leaves flows");
    }
    assert!(faults.is_empty(), "{}\n\n{}", lines.join("\n"), faults.join("\n"));
    assert_eq!(figures, FIGURES, "matched, on purpose, in all");
}
