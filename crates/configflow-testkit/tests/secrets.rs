//! Secrets never leak: every fixture is driven at trace level with canaries for secrets, and none of them, nor any code or token
//! of the provider, is found in a log, a transition or a difference.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use configflow_testkit::{Canaries, Fixture, Flows, Provider, drive};
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

/// What the simulated provider's codes and tokens begin with.
const PROVIDERS: [&str; 3] = ["sim-code-", "sim-access-", "sim-refresh-"];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics while writing").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_is_found_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the only subscriber of this test");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let flows = Flows::in_folder(&folder.join("flows"));
    let mut canaries = Canaries::new();
    PROVIDERS.iter().for_each(|mark| canaries.add(mark));
    let mut driven = 0;
    for path in std::fs::read_dir(folder.join("steps")).expect("the folder is there").map(|entry| entry.expect("a file").path()) {
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut text: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("readable")).expect("JSON");
        let domain = text["flow"].as_str().expect("a domain").to_owned();
        canaries.plant(&mut text, &flows.get(&domain).expect("a definition"));
        let Ok(fixture) = Fixture::parse(text.to_string().as_bytes(), &path) else { panic!("{} is a fixture", path.display()) };
        // What the fixture expects may no longer hold, since its secrets changed; what leaks would leak all the same.
        let Ok(outcome) = drive(&fixture, &flows, Provider::Simulated).await else { continue };
        driven += 1;
        let mut seen = outcome.transitions.iter().map(Value::to_string).collect::<String>();
        seen.extend(outcome.entries.iter().map(Value::to_string));
        assert_eq!(canaries.find(seen.as_bytes()), None, "{} shows a secret", path.display());
    }
    assert!(driven > 0, "no fixture was driven");
    let log = String::from_utf8_lossy(&log.0.lock().expect("nobody panicked").clone()).into_owned();
    assert!(log.contains("effect"), "the log is empty, so nothing was looked at");
    assert_eq!(canaries.find(log.as_bytes()), None, "a secret is logged");
}
