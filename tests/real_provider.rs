//! Accounts linked at a certified OpenID provider (`oidc-provider`, npm), with a real login and a real consent: by the pasted
//! URL, by the callback, by a device code and with pushed parameters, with PKCE and `iss`; then a token that has run out is
//! renewed, once, and rotated, and one whose entry goes is revoked.
//!
//! The provider calls itself `https://login.example` and listens on loopback; what the engine sends is rewritten. The tests need
//! `npm`, and fail with a clear message without it.

#[path = "real_provider/device.rs"]
mod device;
#[path = "real_provider/person.rs"]
mod person;
#[path = "real_provider/pushed.rs"]
mod pushed;
#[path = "real_provider/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;

use configflow::{Engine, FlowError, FlowResult, MemoryStore, Outbound, Start, Store};
use configflow_testkit::Flows;
use person::Person;
use serde_json::{Value, json};
use server::{ISSUER, Server};

const REDIRECT_URI: &str = "https://hub.example/auth/external/callback";

fn engine(server: &Server, store: Arc<MemoryStore>) -> Engine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/flows");
    let definition = Flows::in_folder(&folder).get("generic_account").expect("the definition loads");
    let outbound = Outbound::new().with(ISSUER, &server.address()).expect("a loopback address");
    let builder = Engine::builder().store(store).outbound(outbound).hub(json!({"external_url": "https://hub.example"}));
    builder.definition(definition).build().expect("the engine starts")
}

fn first_form(paste: bool) -> Value {
    json!({"issuer": ISSUER, "client_id": "hub", "client_secret": server::CLIENT_SECRET, "paste": paste})
}

fn id_of(shown: &FlowResult) -> String {
    shown.to_value()["flow_id"].as_str().unwrap_or_default().to_owned()
}

fn link_of(shown: &FlowResult) -> String {
    shown.to_value()["description_placeholders"]["auth_url"].as_str().unwrap_or_default().to_owned()
}

/// The error with which the provider answers whoever has a refresh token and the client's secret; null where it gives tokens.
async fn asked_to_renew(server: &Server, refresh_token: &str) -> Value {
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let request = client.post(format!("{}/token", server.address())).basic_auth("hub", Some(server::CLIENT_SECRET)).form(&form);
    let answer = request.send().await.expect("the provider answers");
    answer.json::<Value>().await.expect("JSON")["error"].clone()
}

#[tokio::test]
async fn an_account_is_linked_by_the_pasted_url() -> Result<(), FlowError> {
    let server = Server::start(REDIRECT_URI, 3600);
    let store = Arc::new(MemoryStore::new());
    let engine = engine(&server, Arc::clone(&store));
    let hub = engine.caller("admin");

    let flow_id = id_of(&*hub.start(Start::user("generic_account")).await?);
    let shown = hub.answer(&flow_id, first_form(true)).await?;
    let link = link_of(&shown);
    for part in ["code_challenge_method=S256", "code_challenge=", "state=", "nonce=", "openid", "response_type=code"] {
        assert!(link.contains(part), "no {part} in the link");
    }
    let returned = Person::new(&server.address()).log_in("ada", &link, REDIRECT_URI).await;
    assert!(returned.contains("iss="), "the provider names itself in its answer (RFC 9207)");

    let wrong = returned.replace("https://hub.example", "https://evil.example");
    let refused = hub.answer(&flow_id, json!({"url": wrong})).await?.to_value();
    assert_eq!(refused["errors"], json!({"url": "wrong_host"}));
    let mixed_up = returned.replace("iss=https%3A%2F%2Flogin.example", "iss=https%3A%2F%2Fevil.example");
    let refused = hub.answer(&flow_id, json!({"url": mixed_up})).await?.to_value();
    assert_eq!(refused["errors"], json!({"url": "issuer_mismatch"}));

    // A wrong URL spends nothing: the right one still works.
    let created = hub.answer(&flow_id, json!({"url": returned})).await?.to_value();
    assert_eq!(created["type"], "create_entry", "{created}");
    assert_eq!(created["title"], "Person ada");
    assert_eq!(server.counts(), (1, 0));
    let entries = store.entries(None).await?;
    assert_eq!(entries.len(), 1);
    assert!(entries[0].unique_id.as_ref().is_some_and(|id| id.contains("ada")), "{:?}", entries[0].unique_id);
    Ok(())
}

#[tokio::test]
async fn an_account_is_linked_by_the_callback_and_its_token_renewed() -> Result<(), FlowError> {
    // Tokens of half a minute have run out for the engine as soon as they are there.
    let server = Server::start(REDIRECT_URI, 30);
    let store = Arc::new(MemoryStore::new());
    let engine = engine(&server, Arc::clone(&store));
    let hub = engine.caller("admin");

    let flow_id = id_of(&*hub.start(Start::user("generic_account")).await?);
    let shown = hub.answer(&flow_id, first_form(false)).await?;
    let early = hub.answer(&flow_id, json!({})).await?.to_value();
    assert_eq!(early["errors"], json!({"base": "not_returned"}));

    let returned = Person::new(&server.address()).log_in("grace", &link_of(&shown), REDIRECT_URI).await;
    let query = returned.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let foreign = query.replace("state=", "state=x");
    assert_eq!(engine.callback(&foreign).await, Err(FlowError::UnknownFlow));
    assert_eq!(engine.callback(query).await?.flow_id, flow_id);
    assert_eq!(server.counts(), (0, 0), "a callback redeems nothing");
    let stranger = engine.caller("stranger").answer(&flow_id, json!({})).await;
    assert_eq!(stranger.map(|_| ()), Err(FlowError::OtherPrincipal));

    let created = hub.answer(&flow_id, json!({})).await?.to_value();
    assert_eq!(created["type"], "create_entry", "{created}");
    assert_eq!(server.counts(), (1, 0));

    let entry = store.entries(None).await?.remove(0);
    let key = entry.account_key.clone().unwrap_or_default();
    let before = store.token("generic_account", &key).await?.expect("a token is stored");
    let options = hub.start(Start::options(&entry.entry_id)).await?.to_value();
    assert_eq!(options["data_schema"][0]["default"], "Person grace", "{options}");
    assert_eq!(server.counts(), (1, 1), "the token was renewed once");
    let after = store.token("generic_account", &key).await?.expect("a token is stored");
    let same = |one: Option<&configflow::Secret>, two: Option<&configflow::Secret>| {
        one.zip(two).is_some_and(|(one, two)| one.matches(two.expose()))
    };
    assert!(!same(before.tokens.refresh(), after.tokens.refresh()), "the rotated refresh token is stored");

    // The entry goes, and its token with it, here and there (RFC 7009 §2.1).
    let refresh = after.tokens.refresh().expect("a refresh token").expose().to_owned();
    engine.remove_entry(&entry.entry_id).await?;
    assert!(store.token("generic_account", &key).await?.is_none());
    assert_eq!(asked_to_renew(&server, &refresh).await, json!("invalid_grant"), "the provider knows it no more");
    assert_eq!(server.counts(), (1, 1));
    Ok(())
}
