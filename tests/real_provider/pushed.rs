//! An account linked with parameters that were pushed to the provider beforehand (RFC 9126), because its metadata advertise that:
//! for a client that may do so, and for one that has to.

use std::sync::Arc;

use configflow::{FlowError, MemoryStore, Start, Store};
use reqwest::Url;
use serde_json::json;

use crate::person::{End, Person};
use crate::server::{self, ISSUER, Server};
use crate::{REDIRECT_URI, engine, id_of, link_of};

/// Links an account with a client of the provider; gives the link that the person opened.
async fn links(server: &Server, client_id: &str) -> Result<Url, FlowError> {
    let store = Arc::new(MemoryStore::new());
    let engine = engine(server, Arc::clone(&store));
    let hub = engine.caller("admin");
    let flow_id = id_of(&*hub.start(Start::user("generic_account")).await?);
    let first = json!({"issuer": ISSUER, "client_id": client_id, "client_secret": server::CLIENT_SECRET, "paste": true});
    let shown = hub.answer(&flow_id, first).await?;
    // The redirect URI is shown though the link does not carry it.
    let seen = shown.to_value();
    assert_eq!(seen["description_placeholders"]["redirect_uri"], json!(REDIRECT_URI), "{seen}");
    let link = link_of(&shown);

    let returned = Person::new(&server.address()).log_in("mary", &link, REDIRECT_URI).await;
    let created = hub.answer(&flow_id, json!({"url": returned})).await?.to_value();
    assert_eq!((&created["type"], &created["title"]), (&json!("create_entry"), &json!("Person mary")), "{created}");
    let entry = store.entries(None).await?.remove(0);
    let token = store.token("generic_account", entry.account_key.as_deref().unwrap_or_default()).await?.expect("a token");
    assert!(token.tokens.refresh().is_some(), "the pushed scopes had `offline_access`");
    Ok(Url::parse(&link).expect("a link"))
}

#[tokio::test]
async fn where_it_is_advertised_the_parameters_are_pushed() -> Result<(), FlowError> {
    let server = Server::start_pushed(REDIRECT_URI);
    let link = links(&server, "hub").await?;
    assert_eq!((server.pushed(), server.counts()), (1, (1, 0)));

    // RFC 9126 §4: what the browser carries is the client's id and the reference, and nothing of what was asked for.
    let names: Vec<_> = link.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["client_id", "request_uri"]);
    let reference = link.query_pairs().find(|(name, _)| name == "request_uri").map(|(_, value)| value.into_owned());
    assert!(reference.is_some_and(|uri| uri.starts_with("urn:ietf:params:oauth:request_uri:")), "{link}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_has_to_push_is_linked() -> Result<(), FlowError> {
    let server = Server::start_pushed(REDIRECT_URI);
    // It may log in in no other way: the provider refuses parameters that come with the browser.
    let mut plain = Url::parse(&format!("{ISSUER}/auth")).expect("a URL");
    plain.query_pairs_mut().extend_pairs([
        ("client_id", "pushing-hub"),
        ("response_type", "code"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    match Person::new(&server.address()).go("mary", plain.as_str(), REDIRECT_URI).await {
        End::At(url) => assert!(url.contains("error=invalid_request"), "{url}"),
        End::Page(text) => panic!("the provider asks for a login:\n{text}"),
    }

    links(&server, "pushing-hub").await?;
    assert_eq!((server.pushed(), server.counts()), (1, (1, 0)));
    Ok(())
}

impl Server {
    /// Starts it for one redirect URI, with an endpoint for pushed authorization requests, which it advertises.
    fn start_pushed(redirect_uri: &str) -> Self {
        Self::spawn(redirect_uri, 3600, "yes")
    }

    /// How many logins had their parameters sent beforehand.
    fn pushed(&self) -> u64 {
        self.asked()["pushed"].as_u64().unwrap_or(u64::MAX)
    }
}
