//! The provider gave a new token and the store cannot keep it. The old one is worth nothing then: the new one waits in memory with
//! its lease, is given to nobody, and is written as soon as the store can.

use std::sync::Arc;

use configflow_engine::{Engine, Start, Store, Token};
use configflow_oauth::Outbound;
use configflow_testkit::simulated::{Script, Simulated};
use configflow_yaml::{Options, Source, load};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::failing::FailingStore;
use crate::support::{ACME, SetClock, api};

/// A linked account over a store that can fail, at a provider that ends a login whose old token comes again.
struct Case {
    provider: Simulated,
    store: Arc<FailingStore>,
    clock: Arc<SetClock>,
    engine: Engine,
    /// Where revocations come, and nobody answers yet.
    revocations: TcpListener,
    entry_id: String,
}

impl Case {
    async fn new() -> Self {
        let script: Script = serde_json::from_value(api(json!({"old_refresh_token": "revokes_all"}))).expect("a script");
        let provider = Simulated::start(script).await.expect("started");
        let (store, clock) = (Arc::new(FailingStore::default()), SetClock::now_and(0));
        let revocations = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = revocations.local_addr().expect("bound").port();
        let outbound = Outbound::new()
            .everything_else(&format!("http://127.0.0.1:{}", provider.port()))
            .and_then(|outbound| outbound.with("https://acme.example/oauth2/revoke", &format!("http://127.0.0.1:{port}/revoke")))
            .expect("addresses");
        let definition = load(&Source::new("account.yaml", ACME), &Options::default()).expect("it loads").definition;
        let engine = Engine::builder()
            .store(Arc::clone(&store) as Arc<dyn Store>)
            .outbound(outbound)
            .clock(Arc::<SetClock>::clone(&clock))
            .hub(json!({"external_url": "https://hub.example"}))
            .definition(definition)
            .build()
            .expect("an engine");

        let anna = engine.caller("anna");
        let shown = json!(*anna.start(Start::user("acme")).await.expect("it begins"));
        let link = shown["description_placeholders"]["url"].as_str().expect("a link");
        let back = provider.person().log_in(link).await.expect("back");
        engine.callback(back.split_once('?').expect("a query").1).await.expect("its flow");
        let made = json!(*anna.answer(shown["flow_id"].as_str().expect("an id"), json!({})).await.expect("linked"));
        let entry_id = made["result"]["entry_id"].as_str().expect("an entry").to_owned();
        Self { provider, store, clock, engine, revocations, entry_id }
    }

    async fn token(&self) -> Token {
        let entry = self.store.entry(&self.entry_id).await.expect("read").expect("the entry");
        let token = self.store.token("acme", entry.account_key.as_deref().expect("an account")).await.expect("read");
        token.expect("the token")
    }

    /// How many times a refresh was asked for.
    fn refreshes(&self) -> usize {
        let requests = self.provider.requests();
        requests.iter().filter(|request| request.form.get("grant_type").is_some_and(|grant| grant == "refresh_token")).count()
    }
}

#[tokio::test]
async fn sec_14_a_new_token_that_cannot_be_stored_waits_and_is_written_later() {
    let case = Case::new().await;
    let account = case.engine.account(&case.entry_id);
    let before = case.token().await;
    case.clock.goes_on(7_200);
    case.store.is_full(true);

    // Nobody gets a token that a crash would lose, and the provider is not asked again for one.
    for _ in 0..3 {
        let error = account.access_token().await.expect_err("it is not stored");
        assert_eq!(error.code(), "store.failed");
        assert_eq!(case.refreshes(), 1);
    }
    assert!(case.token().await.tokens.access().matches(before.tokens.access().expose()), "the store is as it was");
    assert_eq!(case.store.refreshes().await.expect("read"), [("acme".to_owned(), before.key.clone())], "the refresh is noted");
    assert!(case.store.lease("acme", &before.key).await.expect("asked").is_none(), "no other process refreshes meanwhile");

    case.store.is_full(false);
    let given = account.access_token().await.expect("the token that waited");
    assert_eq!(case.refreshes(), 1, "it is the one that the provider gave then");
    let stored = case.token().await;
    assert!(stored.tokens.access().matches(given.expose()) && !given.matches(before.tokens.access().expose()));
    assert!(stored.refused.is_none() && case.store.refreshes().await.expect("read").is_empty());
    assert!(case.store.lease("acme", &before.key).await.expect("asked").is_some(), "the lease ended");

    // With the rotated refresh token it goes on: the old one, sent again, would have ended the login.
    case.clock.goes_on(7_200);
    let next = account.access_token().await.expect("another token");
    assert!(!next.matches(given.expose()));
    assert_eq!(case.refreshes(), 2);
}

#[tokio::test]
async fn whoever_tends_the_accounts_writes_it_as_well() {
    let case = Case::new().await;
    case.clock.goes_on(7_200);
    case.store.is_full(true);
    case.engine.account(&case.entry_id).access_token().await.expect_err("it is not stored");
    let before = case.token().await;
    case.store.is_full(false);
    case.engine.tend_accounts().await.expect("tended");
    assert!(!case.token().await.tokens.access().matches(before.tokens.access().expose()), "the new one is stored");
    assert_eq!(case.refreshes(), 1);
}

#[tokio::test]
async fn sec_15_of_an_account_that_goes_the_token_that_waits_is_revoked() {
    let case = Case::new().await;
    case.clock.goes_on(7_200);
    case.store.is_full(true);
    case.engine.account(&case.entry_id).access_token().await.expect_err("it is not stored");
    let waits = case.store.refused().expect("the new token");

    let revoked = tokio::spawn(one_request(case.revocations));
    case.engine.remove_entry(&case.entry_id).await.expect("removed");
    let revoked = revoked.await.expect("read");
    let sent = url::form_urlencoded::parse(revoked.as_bytes()).find(|(name, _)| name == "token").map(|(_, token)| token);
    // The provider may have forgotten the stored one when it gave this one.
    assert!(waits.tokens.refresh().zip(sent).is_some_and(|(token, sent)| token.matches(&sent)));
}

/// Takes one request and says that all is well; gives its body.
async fn one_request(listener: TcpListener) -> String {
    let (mut stream, _) = listener.accept().await.expect("a request");
    let mut seen = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut seen).await.expect("read"), 0, "the whole request comes");
        let text = String::from_utf8_lossy(&seen).to_lowercase();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.split_once("content-length: ").and_then(|(_, rest)| rest.lines().next()?.parse().ok());
        if length.is_some_and(|length: usize| body.len() >= length) {
            break;
        }
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").await.expect("answered");
    String::from_utf8_lossy(&seen).split_once("\r\n\r\n").expect("a body").1.to_owned()
}
