//! A step with `link` outlives a crash: a code that is waited for, and a listener on this machine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::FlowResult;
use configflow_engine::{Caller, Engine, FlowError, Start};
use configflow_oauth::Outbound;
use configflow_store::SqliteStore;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A definition that links in one way.
fn definition(way: &str) -> String {
    format!(
        "
domain: lamp
account: {{ provider: acme_cloud, scopes: [read] }}
config:
  user: {{ then: account }}
  account:
    link: {{ methods: [{way}] }}
    then: {{ create_entry: {{ title: Linked, data: {{ by: \"{{{{ link.method }}}}\" }} }} }}
"
    )
}

/// An engine that has nothing but the store; what runs in it ends with its runtime, as in a crash.
async fn engine(folder: &Path, port: u16, way: &str) -> Engine {
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{port}")).expect("an address");
    let loaded = load(&Source::new("lamp.yaml", &definition(way)), &Options::default());
    let definition = loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition;
    loop {
        let store = Arc::new(SqliteStore::open(folder).expect("a store"));
        let builder = Engine::builder().store(store).outbound(outbound.clone()).hub(json!({"local_browser": true}));
        let engine = builder.definition(definition.clone()).build().expect("an engine");
        match engine.resume().await {
            Ok(resumed) => {
                assert_eq!((resumed.changed, resumed.unreadable.len()), (0, 0));
                return engine;
            }
            // The writer of the process before is about to end.
            Err(error) if error.code() == "store.in_use" => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

fn shown(result: Result<Arc<FlowResult>, FlowError>) -> Value {
    json!(*result.expect("a result"))
}

fn id(shown: &Value) -> String {
    shown["flow_id"].as_str().expect("an id").to_owned()
}

/// What is shown once a progress is over.
async fn awaited(engine: &Engine, caller: &Caller, flow_id: &str) -> Value {
    let mut notices = engine.notices();
    loop {
        let now = shown(caller.get(flow_id).await);
        match now["type"].as_str() {
            Some("progress") => _ = notices.recv().await.expect("a notice"),
            Some("progress_done") => {}
            _ => return now,
        }
    }
}

struct Crash {
    folder: tempfile::TempDir,
    provider: Simulated,
    here: Runtime,
}

impl Crash {
    fn new() -> Self {
        let here = Runtime::new().expect("a runtime");
        let script: Script = serde_json::from_value(json!({"device": {"interval": 1}})).expect("a script");
        let provider = here.block_on(Simulated::start(script)).expect("started");
        Self { folder: tempfile::tempdir().expect("a folder"), provider, here }
    }

    /// Begins a flow in a process that ends before anything comes of it.
    fn begun(&self, way: &str) -> Value {
        let gone = Runtime::new().expect("a runtime");
        let (folder, port) = (self.folder.path().to_owned(), self.provider.port());
        let shown = gone.block_on(async {
            let engine = engine(&folder, port, way).await;
            shown(engine.caller("anna").start(Start::user("lamp")).await)
        });
        // Whatever ran in it is dropped where it stood.
        gone.shutdown_timeout(Duration::from_secs(20));
        shown
    }
}

#[test]
fn a_code_that_is_waited_for_is_asked_about_after_a_crash() {
    let crash = Crash::new();
    let progress = crash.begun("device");
    assert_eq!(progress["type"], "progress", "{progress}");
    crash.here.block_on(async {
        let engine = engine(crash.folder.path(), crash.provider.port(), "device").await;
        let caller = engine.caller("anna");
        assert_eq!(shown(caller.get(&id(&progress)).await), progress, "the same code");
        let made = awaited(&engine, &caller, &id(&progress)).await;
        assert_eq!(made["type"], "create_entry", "{made}");
    });
}

#[test]
fn sec_11_a_listener_listens_at_the_same_port_after_a_crash_and_takes_one_answer() {
    let crash = Crash::new();
    let form = crash.begun("loopback");
    crash.here.block_on(async {
        let engine = engine(crash.folder.path(), crash.provider.port(), "loopback").await;
        let caller = engine.caller("anna");
        let again = shown(caller.get(&id(&form)).await);
        assert_eq!(again["description_placeholders"], form["description_placeholders"], "the same link");
        let link = again["description_placeholders"]["auth_url"].as_str().expect("a link");
        let back = crash.provider.person().log_in(link).await.expect("back");
        assert_eq!(crash.provider.person().follow(&back).await.expect("somebody listens").status, 200);
        assert!(crash.provider.person().follow(&back).await.is_err(), "one answer, and it is closed");
        let made = shown(caller.answer(&id(&form), json!({})).await);
        assert_eq!(made["type"], "create_entry", "{made}");
    });
}

#[test]
fn where_nobody_can_listen_again_a_fresh_link_is_given_and_the_old_address_can_be_pasted() {
    for pasted in [false, true] {
        let crash = Crash::new();
        let form = crash.begun("loopback");
        let link = form["description_placeholders"]["auth_url"].as_str().expect("a link").to_owned();
        let redirect = form["description_placeholders"]["redirect_uri"].as_str().expect("an address").to_owned();
        let authority = redirect.trim_start_matches("http://").trim_end_matches('/').to_owned();
        // Somebody else has the port now.
        let taken = std::net::TcpListener::bind(&authority).expect("it is free after the crash");
        crash.here.block_on(async {
            let engine = engine(crash.folder.path(), crash.provider.port(), "loopback").await;
            let caller = engine.caller("anna");
            let person = crash.provider.person();
            let made = if pasted {
                let back = person.log_in(&link).await.expect("back");
                shown(caller.answer(&id(&form), json!({"url": back})).await)
            } else {
                let fresh = shown(caller.answer(&id(&form), json!({})).await);
                assert_eq!(fresh["errors"], json!({"base": "not_returned"}), "{fresh}");
                assert_ne!(fresh["description_placeholders"]["redirect_uri"], redirect.as_str());
                let link = fresh["description_placeholders"]["auth_url"].as_str().expect("a link");
                let back = person.log_in(link).await.expect("back");
                assert_eq!(person.follow(&back).await.expect("somebody listens").status, 200);
                shown(caller.answer(&id(&form), json!({})).await)
            };
            assert_eq!(made["type"], "create_entry", "{made}");
        });
        drop(taken);
    }
}
