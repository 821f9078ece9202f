//! Linking an account outlives restarts at every stage: device codes, callbacks, tokens without an entry, and refreshes.

use std::path::Path;
use std::sync::Arc;

use configflow_core::FlowResult;
use configflow_engine::{Engine, FlowError, Start, Token};
use configflow_oauth::Outbound;
use configflow_store::SqliteStore;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};

const DEVICE: &str = "
domain: device
version: 1
fields: { name: { type: string, required: true } }
account: { provider: acme_cloud, scopes: [read], key: the key }
config:
  user:
    do:
      - link.device_start: {}
        as: device
        on_error: { any: { abort: cannot_connect } }
    then: wait
  wait:
    form: []
    placeholders: { code: \"{{ device.user_code }}\" }
    do:
      - link.device_poll: {}
        on_error: { any: { abort: \"{{ failure.code }}\" } }
    then: name
  name:
    form: [name]
    then: { create_entry: { title: \"{{ name }}\", data: {} } }
options:
  init:
    before:
      - http.request: { url: 'https://api.acme.example/me', authorized: true, extract: { user: $.user } }
        as: me
        on_error: { interrupted: { abort: link_again }, any: { abort: \"{{ failure.code }}\" } }
    form: []
    placeholders: { user: \"{{ me.user }}\" }
    then: { create_entry: { data: {} } }
";

const CALLBACK: &str = "
domain: callback
version: 1
account: { provider: acme_cloud, scopes: [read] }
config:
  user:
    do:
      - link.authorize: { redirect: callback }
    then: wait
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.reason or failure.code }}\" } } }
    then: { create_entry: { title: Linked, data: {} } }
";

/// An engine that has nothing but the store.
async fn engine(folder: &Path, provider: &Simulated) -> Engine {
    let store = Arc::new(SqliteStore::open(folder).expect("a store"));
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{}", provider.port())).expect("an address");
    let mut builder = Engine::builder().store(store).outbound(outbound).hub(json!({"external_url": "https://hub.example"}));
    for (name, text) in [("device.yaml", DEVICE), ("callback.yaml", CALLBACK)] {
        let loaded = load(&Source::new(name, text), &Options::default());
        builder = builder.definition(loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition);
    }
    let engine = builder.build().expect("an engine");
    loop {
        match engine.resume().await {
            Ok(resumed) => {
                assert_eq!((resumed.changed, resumed.unreadable.len()), (0, 0));
                return engine;
            }
            // The last task of the engine before is about to end.
            Err(error) if error.code() == "store.in_use" => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Another engine over the same store, which the one before gives back.
async fn restarted(before: Engine, folder: &Path, provider: &Simulated) -> Engine {
    drop(before);
    engine(folder, provider).await
}

fn shown(result: Result<Arc<FlowResult>, FlowError>) -> Value {
    json!(*result.expect("a result"))
}

fn id(shown: &Value) -> String {
    shown["flow_id"].as_str().expect("an id").to_owned()
}

fn script(more: Value) -> Script {
    let mut script = json!({"device": {"interval": 1}, "api": [
        {"method": "GET", "url": "https://api.acme.example/me", "authorized": true, "json": {"user": "ada"}}
    ]});
    if let (Some(script), Value::Object(more)) = (script.as_object_mut(), more) {
        script.extend(more);
    }
    serde_json::from_value(script).expect("a script")
}

fn sent(provider: &Simulated, grant: &str) -> usize {
    let requests = provider.requests();
    requests.iter().filter(|request| request.form.get("grant_type").is_some_and(|found| found == grant)).count()
}

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Links an account by its device code, with a restart wherever somebody is waited for.
async fn linked(folder: &Path, provider: &Simulated) -> (Engine, String) {
    let first = engine(folder, provider).await;
    let wait = shown(first.caller("anna").start(Start::user("device")).await);
    let second = restarted(first, folder, provider).await;
    assert_eq!(shown(second.caller("anna").get(&id(&wait)).await), wait, "the same code");
    let name = shown(second.caller("anna").answer(&id(&wait), json!({})).await);
    assert_eq!(name["step_id"], "name", "{name}");
    let third = restarted(second, folder, provider).await;
    let made = shown(third.caller("anna").answer(&id(&wait), json!({"name": "Acme"})).await);
    assert_eq!(made["type"], "create_entry", "{made}");
    let entry = made["result"]["entry_id"].as_str().expect("an id").to_owned();
    let kept = third.store().entry(&entry).await.expect("read").expect("the entry");
    let token = third.store().token("device", kept.account_key.as_deref().unwrap_or_default()).await.expect("read");
    assert!(token.is_some(), "the token that was linked before the restart belongs to the entry");
    (third, entry)
}

#[tokio::test]
async fn a_device_code_and_its_tokens_outlive_restarts() {
    let (folder, provider) =
        (tempfile::tempdir().expect("a folder"), Simulated::start(script(json!({}))).await.expect("started"));
    linked(folder.path(), &provider).await;
    assert_eq!(sent(&provider, DEVICE_GRANT), 1);
}

#[tokio::test]
async fn what_a_callback_brought_outlives_a_restart_and_is_redeemed_once() {
    let (folder, provider) =
        (tempfile::tempdir().expect("a folder"), Simulated::start(script(json!({}))).await.expect("started"));
    let first = engine(folder.path(), &provider).await;
    let wait = shown(first.caller("anna").start(Start::user("callback")).await);
    let url = wait["description_placeholders"]["url"].as_str().expect("an address");
    let back = provider.person().log_in(url).await.expect("back");
    let query = back.split_once('?').expect("a query").1.to_owned();

    // The callback comes to a process that did not begin the attempt.
    let second = restarted(first, folder.path(), &provider).await;
    assert_eq!(second.callback(&query).await.expect("its flow").flow_id, id(&wait));
    let third = restarted(second, folder.path(), &provider).await;
    assert_eq!(sent(&provider, "authorization_code"), 0, "nobody asked for it yet");
    let made = shown(third.caller("anna").answer(&id(&wait), json!({})).await);
    assert_eq!(made["type"], "create_entry", "{made}");
    assert_eq!(sent(&provider, "authorization_code"), 1);
    let gone = third.callback(&query).await.expect_err("the flow is over");
    assert_eq!(gone.code(), "flow.unknown");
}

#[tokio::test]
async fn sec_14_a_refresh_that_a_crash_interrupted_is_not_run_again() {
    // The tokens are always about to end.
    let script = script(json!({"token_lifetime": 30}));
    let (folder, provider) = (tempfile::tempdir().expect("a folder"), Simulated::start(script).await.expect("started"));
    let (engine, entry) = linked(folder.path(), &provider).await;
    let caller = engine.caller("anna");
    let init = shown(caller.start(Start::options(&entry)).await);
    assert_eq!(init["description_placeholders"]["user"], "ada", "{init}");
    assert_eq!(sent(&provider, "refresh_token"), 1);

    // A process that is killed now leaves what this leaves.
    assert!(engine.store().begin_refresh("device", "the key").await.expect("begun"));
    drop(caller);
    let engine = restarted(engine, folder.path(), &provider).await;
    let caller = engine.caller("anna");
    let refused = shown(caller.start(Start::options(&entry)).await);
    assert_eq!(refused["reason"], "link_again", "{refused}");
    assert_eq!(sent(&provider, "refresh_token"), 1, "nothing was sent");

    let token = engine.store().token("device", "the key").await.expect("read").expect("the token");
    assert_eq!(token.refused.as_deref(), Some("token.refresh_interrupted"));
    engine.store().save_token(Token { refused: None, ..token }).await.expect("linked anew");
    assert_eq!(shown(caller.start(Start::options(&entry)).await)["step_id"], "init");
    assert_eq!(sent(&provider, "refresh_token"), 2);
}

#[tokio::test]
async fn sec_14_of_many_who_need_a_token_one_refreshes_it() {
    let (folder, provider) =
        (tempfile::tempdir().expect("a folder"), Simulated::start(script(json!({}))).await.expect("started"));
    let (engine, entry) = linked(folder.path(), &provider).await;
    // It has ended, as Home Assistant's export would say it.
    let mut file: Value = serde_json::from_str(&engine_export(folder.path()).await).expect("JSON");
    file["data"]["entries"][0]["data"]["token"]["expires_at"] = json!(1);
    let store = SqliteStore::open(folder.path()).expect("a store");
    store.import(&file.to_string(), configflow_store::Known::Replace).await.expect("replaced");
    let all = (0..16).map(|_| {
        let (caller, entry) = (engine.caller("anna"), entry.clone());
        async move { shown(caller.start(Start::options(&entry)).await) }
    });
    for init in futures_util::future::join_all(all).await {
        assert_eq!(init["step_id"], "init", "{init}");
    }
    assert_eq!(sent(&provider, "refresh_token"), 1);
}

async fn engine_export(folder: &Path) -> String {
    let store = SqliteStore::open(folder).expect("a store");
    store.export(time::OffsetDateTime::UNIX_EPOCH).await.expect("exported")
}
