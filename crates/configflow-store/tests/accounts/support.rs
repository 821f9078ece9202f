//! An engine with a store on disk, a provider, and the way between them.

use std::cell::RefCell;
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::Duration;

use configflow_core::FlowResult;
use configflow_engine::{Engine, Limits, Notice, Start, Token};
use configflow_oauth::{Clock, Outbound};
use configflow_store::SqliteStore;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};
use time::OffsetDateTime;
use tokio::sync::broadcast::Receiver;

use crate::way::Way;

/// A secret that must be found nowhere in the clear.
pub(crate) const CANARY: &str = "canary-Qw7Zt1Lm";
/// What tokens and codes of the provider begin with.
pub(crate) const SECRETS: [&str; 4] = [CANARY, "sim-code-", "sim-access-", "sim-refresh-"];

/// An account at the example's provider, whose profile says whose it is.
pub(crate) const ACME: &str = "
domain: acme
version: 1
account:
  provider: acme_cloud
  client_id: acme-hub
  client_secret: canary-Qw7Zt1Lm
  scopes: [read]
  identity: { url: 'https://api.acme.example/me', field: id, username: name }
config:
  user:
    do:
      - link.authorize: { redirect: callback }
    then: wait
  reauth:      { form: [], then: user }
  reconfigure: { form: [], then: user }
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.detail or failure.reason or failure.code }}\" } } }
    then:
      - { when: context.entry_id, update_entry: { data_updates: {} } }
      - { create_entry: { title: \"{{ account.username or 'Acme' }}\", data: {} } }
options:
  init:
    before:
      - http.request: { url: 'https://api.acme.example/thing', authorized: true, extract: { thing: $.thing } }
        as: it
        on_error: { any: { abort: \"{{ failure.detail or failure.code }}\" } }
    form: []
    placeholders: { thing: \"{{ it.thing }}\" }
    then: { create_entry: { data: {} } }
";

/// Another integration with an account at the same provider.
pub(crate) const ACME_OTHER: &str = "
domain: other
version: 1
account: { provider: acme_cloud, client_id: acme-hub, client_secret: canary-Qw7Zt1Lm }
config:
  user:
    do: [link.authorize: { redirect: callback }]
    then: wait
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.code }}\" } } }
    then: { create_entry: { title: Other, data: {} } }
";

/// A clock that is set by hand.
#[derive(Debug)]
pub(crate) struct SetClock(Mutex<OffsetDateTime>);

impl SetClock {
    pub(crate) fn now_and(seconds: i64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(OffsetDateTime::now_utc() + time::Duration::seconds(seconds))))
    }

    pub(crate) fn goes_on(&self, seconds: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += time::Duration::seconds(seconds);
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything that is written to the log of a test's thread, at every level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

thread_local! {
    /// The log of the test that runs on this thread.
    static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
}

/// Writes to the log of the thread, if it has one.
struct ToThread;

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow(|log| {
            if let Some(Log(text)) = log {
                text.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
            }
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Begins to write what this thread logs. One subscriber serves all tests: those of single threads would disturb each other.
    pub(crate) fn begin() -> Self {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| ToThread).finish();
            tracing::subscriber::set_global_default(subscriber).expect("the only subscriber");
        });
        let log = Self::default();
        LOG.set(Some(log.clone()));
        log
    }

    /// What was written; nothing is added from now on.
    pub(crate) fn end(&self) -> String {
        LOG.set(None);
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// What a test works with.
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) provider: Simulated,
    pub(crate) way: Way,
    pub(crate) clock: Arc<SetClock>,
    pub(crate) engine: Engine,
    definitions: Vec<&'static str>,
}

impl Bench {
    pub(crate) async fn new(script: Value) -> Self {
        Self::with(vec![ACME], script, 0).await
    }

    /// The same with other definitions, and a clock that is so many seconds fast.
    pub(crate) async fn with(definitions: Vec<&'static str>, script: Value, fast: i64) -> Self {
        let script: Script = serde_json::from_value(script).expect("a script");
        let (folder, provider) = (tempfile::tempdir().expect("a folder"), Simulated::start(script).await.expect("started"));
        let (way, clock) = (Way::to(provider.port()).await, SetClock::now_and(fast));
        let engine = engine(folder.path(), &provider, &way, &clock, &definitions, Duration::ZERO);
        engine.resume().await.expect("resumed");
        Self { folder, provider, way, clock, engine, definitions }
    }

    /// Another process that shares the store.
    pub(crate) fn another(&self) -> Engine {
        engine(self.folder.path(), &self.provider, &self.way, &self.clock, &self.definitions, Duration::ZERO)
    }

    /// The same, which asks a provider again that fails.
    pub(crate) fn patient(&self) -> Engine {
        engine(self.folder.path(), &self.provider, &self.way, &self.clock, &self.definitions, Duration::from_secs(60))
    }

    /// The process ends, and another one begins in its place, which has not resumed yet.
    pub(crate) async fn restarted(&mut self) -> Engine {
        // Its place is taken by an engine without a folder of its own, so that it is gone.
        self.engine = Engine::builder().build().expect("an engine");
        loop {
            let engine = self.another();
            match engine.store().flows().await {
                Ok(_) => return engine,
                // The last task of the engine before is about to end.
                Err(error) if error.code() == "store.in_use" => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    }

    /// The process begins anew with another definition.
    pub(crate) async fn define(&mut self, definition: &'static str) {
        self.definitions = vec![definition];
        self.engine = self.restarted().await;
    }

    /// Begins a flow, and goes on to where the person is sent to the provider.
    pub(crate) async fn begins(&self, request: Start) -> Value {
        let mut shown = self.shown(self.engine.caller("anna").start(request).await);
        while shown["step_id"] != "wait" {
            assert_eq!(shown["type"], "form", "{shown}");
            shown = self.answers(&shown).await;
        }
        shown
    }

    pub(crate) fn shown(&self, result: Result<Arc<FlowResult>, configflow_engine::FlowError>) -> Value {
        json!(*result.expect("a result"))
    }

    pub(crate) async fn answers(&self, shown: &Value) -> Value {
        let flow = shown["flow_id"].as_str().expect("an id");
        self.shown(self.engine.caller("anna").answer(flow, json!({})).await)
    }

    /// The person logs in, the provider calls back, and the flow goes on.
    pub(crate) async fn logs_in(&self, shown: &Value) -> Value {
        let url = shown["description_placeholders"]["url"].as_str().expect("a link");
        let back = self.provider.person().log_in(url).await.expect("back");
        let query = back.split_once('?').expect("a query").1.to_owned();
        self.engine.callback(&query).await.expect("its flow");
        self.answers(shown).await
    }

    /// Links an account, and gives the id of its entry.
    pub(crate) async fn links(&self, domain: &str) -> String {
        let wait = self.begins(Start::user(domain)).await;
        let made = self.logs_in(&wait).await;
        assert_eq!(made["type"], "create_entry", "{made}");
        made["result"]["entry_id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn token(&self, entry_id: &str) -> Option<Token> {
        let store = self.engine.store();
        let entry = store.entry(entry_id).await.expect("read")?;
        store.token(&entry.domain, entry.account_key.as_deref()?).await.expect("read")
    }

    /// How many requests of a grant reached the token endpoint.
    pub(crate) fn sent(&self, grant: &str) -> usize {
        self.way.sent(grant)
    }

    /// How many tokens were revoked.
    pub(crate) fn revoked(&self) -> usize {
        self.provider.requests().iter().filter(|request| request.url.ends_with("/oauth2/revoke")).count()
    }

    /// Nothing secret is in the log, nor in any file of the store but the key.
    pub(crate) fn nothing_secret_in(&self, log: &Log) {
        let text = log.end();
        assert!(text.contains("configflow"), "the log is there");
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret} is in the log");
        }
        for file in std::fs::read_dir(self.folder.path()).expect("the folder") {
            let path = file.expect("a file").path();
            if path.is_dir() || path.ends_with("configflow.key") {
                continue;
            }
            let bytes = std::fs::read(&path).expect("a file");
            for secret in SECRETS {
                let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
                assert!(!found, "{secret} is in {}", path.display());
            }
        }
    }
}

fn engine(
    folder: &Path,
    provider: &Simulated,
    way: &Way,
    clock: &Arc<SetClock>,
    definitions: &[&'static str],
    refresh: Duration,
) -> Engine {
    let store = Arc::new(SqliteStore::open(folder).expect("a store"));
    let local = |port: u16| format!("http://127.0.0.1:{port}");
    let outbound = Outbound::new().everything_else(&local(provider.port()));
    // The token endpoint alone is reached by the way.
    let through = |outbound: Outbound, origin: &str, path: &str| {
        outbound.with(&format!("https://{origin}{path}"), &format!("{}/https/{origin}{path}", local(way.port())))
    };
    let outbound = outbound
        .and_then(|outbound| through(outbound, "acme.example", "/oauth2/token"))
        .and_then(|outbound| through(outbound, "login.microsoftonline.com", "/common/oauth2/v2.0/token"))
        .expect("addresses");
    // One request may take a second.
    let limits = Limits { action: Duration::from_secs(2), refresh, ..Limits::default() };
    let mut builder = Engine::builder()
        .store(store)
        .outbound(outbound)
        .clock(Arc::<SetClock>::clone(clock))
        .limits(limits)
        .hub(json!({"external_url": "https://hub.example"}));
    for text in definitions {
        let loaded = load(&Source::new("account.yaml", text), &Options::default());
        builder = builder.definition(loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition);
    }
    builder.build().expect("an engine")
}

/// What the provider's API says.
pub(crate) fn api(more: Value) -> Value {
    let mut script = json!({"api": [
        {"method": "GET", "url": "https://api.acme.example/me", "authorized": true, "json": {"id": 7, "name": "ada"}},
        {"method": "GET", "url": "https://api.acme.example/thing", "authorized": true, "json": {"thing": "lamp"}},
    ]});
    if let (Some(script), Value::Object(more)) = (script.as_object_mut(), more) {
        script.extend(more);
    }
    script
}

/// The next notice that is wanted.
pub(crate) async fn told<T>(notices: &mut Receiver<Notice>, mut wanted: impl FnMut(&Notice) -> Option<T>) -> T {
    let told = async {
        loop {
            let notice = notices.recv().await.expect("the engine is there");
            if let Some(found) = wanted(&notice) {
                return found;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), told).await.expect("the notice came")
}

/// The flow that shows itself next, of those that no person began.
pub(crate) async fn next_flow(notices: &mut Receiver<Notice>) -> String {
    told(notices, |notice| match notice {
        Notice::FlowAdded { flow_id, listed: true } => Some(flow_id.clone()),
        _ => None,
    })
    .await
}
