//! An account linked by a device code (RFC 8628): the person opens the address on another device, logs in, and agrees; meanwhile
//! the hub asks.

use std::sync::Arc;

use configflow::{Engine, FlowError, MemoryStore, Notice, Outbound, Start, Store};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};

use crate::person::Person;
use crate::server::{self, ISSUER, Server};
use crate::{REDIRECT_URI, id_of};

const DEFINITION: &str = r#"
domain: device_account
version: 1
fields:
  client_id:     { type: string, required: true }
  client_secret: { type: string, required: true, secret: true }
account:
  provider: generic_oidc
  parameters: { issuer: "https://login.example" }
  client_id: "{{ client_id }}"
  client_secret: "{{ client_secret }}"
config:
  user:
    form: [client_id, client_secret]
    do:
      - link.device_start: {}
        as: device
        on_error: { any: { abort: "{{ failure.code }}" } }
    then: wait
  wait:
    progress: wait_for_device
    placeholders: { url: "{{ device.verification_uri_complete }}", code: "{{ device.user_code }}" }
    do:
      - link.device_poll: {}
        on_error: { any: { abort: "{{ failure.code }}" } }
      - entry.unique: { id: "{{ account.unique_id }}" }
    then: { create_entry: { title: "{{ account.name or account.unique_id }}", data: {} } }
"#;

#[tokio::test]
async fn an_account_is_linked_by_a_device_code() -> Result<(), FlowError> {
    let server = Server::start(REDIRECT_URI, 3600);
    let store = Arc::new(MemoryStore::new());
    let definition = load(&Source::new("device_account.yaml", DEFINITION), &Options::default()).expect("it loads").definition;
    let outbound = Outbound::new().with(ISSUER, &server.address()).expect("a loopback address");
    let builder = Engine::builder().store(Arc::clone(&store) as Arc<dyn Store>).outbound(outbound);
    let engine = builder.definition(definition).build().expect("the engine starts");
    let hub = engine.caller("admin");
    let mut notices = engine.notices();

    let flow_id = id_of(&*hub.start(Start::user("device_account")).await?);
    let credentials = json!({"client_id": "hub", "client_secret": server::CLIENT_SECRET});
    let shown = hub.answer(&flow_id, credentials).await?.to_value();
    assert_eq!((&shown["type"], &shown["progress_action"]), (&json!("progress"), &json!("wait_for_device")), "{shown}");
    let placeholders = &shown["description_placeholders"];
    let (url, code) = (text(&placeholders["url"]), text(&placeholders["code"]));
    assert!(url.starts_with(ISSUER) && url.contains(code), "{url}");

    let page = Person::new(&server.address()).allow_device("lovelace", url).await;
    assert!(page.contains("Sign-in Success"), "{page}");
    // The engine tells whoever listens once the provider told it, which is at its next question.
    let created = loop {
        let shown = hub.get(&flow_id).await?.to_value();
        if shown["type"] != "progress" {
            break shown;
        }
        let told = |notice: Notice| matches!(notice, Notice::FlowProgressed { flow_id: of, .. } if of == flow_id);
        while !told(notices.recv().await.expect("a notice")) {}
    };
    assert_eq!(created["type"], "create_entry", "{created}");
    assert!(text(&created["title"]).contains("lovelace"), "{created}");
    assert_eq!(server.counts(), (1, 0));
    let entry = store.entries(None).await?.remove(0);
    let token = store.token("device_account", entry.account_key.as_deref().unwrap_or_default()).await?.expect("a token");
    assert!(!token.tokens.access().expose().is_empty());
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
