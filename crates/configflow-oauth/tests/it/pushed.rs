//! Authorization requests whose parameters are sent beforehand (RFC 9126).

use std::collections::BTreeMap;
use std::sync::Arc;

use configflow_oauth::{Account, Attempt, Begin, Catalogue, Client, Outbound, Returned, Secret, StartError};
use serde_json::{Value, json};
use time::Duration;
use url::Url;
use wiremock::matchers::{header_exists, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{ANNA, CALLBACK, SetClock, account_of, answer, client_at, client_of, forms, resolved_in, towards};

const URN: &str = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c";

fn provider(auth: &str, more: &str) -> Catalogue {
    let text = format!(
        "
name: pusher
title: Pusher
endpoints:
  authorization: https://acme.example/authorize?brand=x
  token: https://acme.example/token
  pushed_authorization: https://acme.example/par
methods: [callback]
pkce: {{ support: confirmed }}
authorize: {{ {more} }}
token: {{ auth: {auth} }}
scopes: {{ order: given }}
"
    );
    Catalogue::builtin().with(&text).unwrap()
}

fn account(auth: &str) -> Account {
    account_of(resolved_in(&provider(auth, "extra: [{ name: prompt, value: consent }]"), "pusher", &[]), &["read", "write"])
}

fn begin() -> Begin<'static> {
    Begin { redirect_uri: CALLBACK, flow: "flow-1", principal: ANNA }
}

fn created(json: Value) -> ResponseTemplate {
    ResponseTemplate::new(201).set_body_json(json)
}

async fn refused(template: ResponseTemplate) -> (&'static str, Value) {
    let server = MockServer::start().await;
    answer(&server, "/par", template).await;
    let error = client_of(&server).start(&account("post"), begin()).await.unwrap_err();
    (error.code(), Value::Object(error.public_fields()))
}

#[tokio::test]
async fn the_browser_carries_only_what_stands_for_the_parameters() {
    for (auth, in_header) in [("post", false), ("basic", true)] {
        let server = MockServer::start().await;
        answer(&server, "/par", created(json!({ "request_uri": URN, "expires_in": 60 }))).await;
        let (client, account) = (client_of(&server), account(auth));
        let attempt = client.start(&account, begin()).await.unwrap();
        let url = Url::parse(attempt.url()).unwrap();
        let query: Vec<_> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(query, ["brand=x".to_owned(), "client_id=1234".to_owned(), format!("request_uri={URN}")]);

        let form = forms(&server).await.remove(0);
        let sent: Vec<_> = form.keys().map(String::as_str).collect();
        let mut expected = vec![
            "client_id",
            "code_challenge",
            "code_challenge_method",
            "prompt",
            "redirect_uri",
            "response_type",
            "scope",
            "state",
        ];
        if !in_header {
            expected.insert(1, "client_secret");
        }
        assert_eq!(sent, expected, "{auth}");
        assert_eq!((form["response_type"].as_str(), form["scope"].as_str()), ("code", "read write"));
        assert_eq!((form["client_id"].as_str(), form["redirect_uri"].as_str()), ("1234", CALLBACK));
        let authorized = server.received_requests().await.unwrap()[0].headers.contains_key("authorization");
        assert_eq!(authorized, in_header);

        // The answer is read as ever.
        let query = format!("code=c0de&state={}", form["state"]);
        assert!(client.read(&account, &attempt, &Returned::from_query(&query)).is_ok());
    }
}

#[tokio::test]
async fn the_client_is_authenticated_once() {
    let server = MockServer::start().await;
    let template = created(json!({ "request_uri": URN, "expires_in": 60 }));
    let mock = Mock::given(method("POST")).and(path("/par")).and(header_exists("authorization"));
    mock.respond_with(template).expect(1).mount(&server).await;
    client_of(&server).start(&account("basic"), begin()).await.unwrap();
    assert!(!forms(&server).await[0].contains_key("client_secret"));
}

#[tokio::test]
async fn an_ended_url_is_renewed_and_a_living_one_is_not() {
    let server = MockServer::start().await;
    answer(&server, "/par", created(json!({ "request_uri": URN, "expires_in": 60 }))).await;
    let clock = SetClock::new();
    let (client, account) = (client_at(&clock, towards(&server)), account("post"));
    let mut attempt = client.start(&account, begin()).await.unwrap();
    assert_eq!(attempt.url_expires_at(), crate::support::noon() + Duration::MINUTE);
    assert!(attempt.expires_at() > attempt.url_expires_at());

    clock.advance(Duration::seconds(30));
    assert!(!client.renew_url(&account, &mut attempt).await.unwrap());
    clock.advance(Duration::seconds(40));
    // The lifetime is kept with the attempt.
    let text = serde_json::to_string(&attempt.into_sealable()).unwrap();
    let mut attempt = Attempt::from_sealable(serde_json::from_str(&text).unwrap()).unwrap();
    assert!(client.renew_url(&account, &mut attempt).await.unwrap());
    let forms = forms(&server).await;
    assert_eq!(forms.len(), 2);
    assert_eq!(forms[0], forms[1], "the same attempt with the same state and challenge");
}

#[tokio::test]
async fn a_lifetime_ends_with_the_attempt() {
    let server = MockServer::start().await;
    answer(&server, "/par", created(json!({ "request_uri": URN, "expires_in": 86_400 }))).await;
    let attempt = client_of(&server).start(&account("post"), begin()).await.unwrap();
    assert_eq!(attempt.url_expires_at(), attempt.expires_at());
}

#[tokio::test]
async fn each_failure_has_its_code() {
    let error = |status, error: &str| ResponseTemplate::new(status).set_body_json(json!({ "error": error }));
    let code = |told: (&'static str, Value)| told.0;
    assert_eq!(code(refused(error(400, "invalid_redirect_uri")).await), "par.rejected");
    assert_eq!(code(refused(error(401, "invalid_client")).await), "par.unauthorized");
    assert_eq!(refused(ResponseTemplate::new(503)).await, ("par.status", json!({ "status": 503 })));
    assert_eq!(refused(ResponseTemplate::new(404)).await, ("par.status", json!({ "status": 404 })));
    let redirect = ResponseTemplate::new(307).insert_header("location", "https://evil.example/");
    assert_eq!(refused(redirect).await, ("par.status", json!({ "status": 307 })));
    let slowly = ResponseTemplate::new(429).insert_header("retry-after", "7");
    assert_eq!(refused(slowly).await, ("par.rate_limited", json!({ "retry_after": 7 })));
    for malformed in [
        created(json!({ "expires_in": 60 })),
        created(json!({ "request_uri": URN })),
        created(json!({ "request_uri": URN, "expires_in": 0 })),
        created(json!({ "request_uri": URN, "expires_in": "soon" })),
        created(json!({ "request_uri": "", "expires_in": 60 })),
        created(json!({ "request_uri": "urn:x\u{7}", "expires_in": 60 })),
        created(json!({ "request_uri": 7, "expires_in": 60 })),
        ResponseTemplate::new(201).set_body_string("<html>"),
    ] {
        assert_eq!(code(refused(malformed).await), "par.malformed");
    }
    let nowhere = Outbound::new().with("https://acme.example", "http://127.0.0.1:9").unwrap();
    let error = client_at(&SetClock::new(), nowhere).start(&account("post"), begin()).await.unwrap_err();
    assert_eq!((error.code(), error.public_fields()["transport"].as_str()), ("par.http", Some("http.refused")));
}

#[tokio::test]
async fn parameters_that_must_go_beforehand_never_go_into_the_browser() {
    let catalogue = provider("post", "pushed: true");
    let account = account_of(resolved_in(&catalogue, "pusher", &[]), &[]);
    assert!(account.provider().requires_push());
    let error = crate::support::offline().begin(&account, begin()).unwrap_err();
    assert_eq!(error.code(), "link.must_push");
    let server = MockServer::start().await;
    answer(&server, "/par", ResponseTemplate::new(500)).await;
    let error = client_of(&server).start(&account, begin()).await.unwrap_err();
    assert!(matches!(error, StartError::Push(_)), "{error}");
}

#[tokio::test]
async fn an_issuer_that_advertises_it_gets_it() {
    let issuer = "https://id.example";
    let describe = |more: Value| {
        let mut metadata = json!({
            "issuer": issuer, "authorization_endpoint": "https://id.example/a", "token_endpoint": "https://id.example/t",
            "jwks_uri": "https://id.example/k", "response_types_supported": ["code"],
        });
        metadata.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        metadata
    };
    let resolve = |server: &MockServer| -> Client { client_of(server) };
    let parameters = BTreeMap::from([("issuer".to_owned(), issuer.to_owned())]);
    let place = "/.well-known/openid-configuration";

    let server = MockServer::start().await;
    let advertised = json!({
        "pushed_authorization_request_endpoint": "https://id.example/par", "require_pushed_authorization_requests": true,
    });
    crate::support::serve(&server, place, describe(advertised)).await;
    answer(&server, "/par", created(json!({ "request_uri": URN, "expires_in": 60 }))).await;
    let client = resolve(&server);
    let found = client.resolve(&Catalogue::builtin(), "generic_oidc", &parameters).await.unwrap();
    assert!(found.requires_push());
    let account = Account::new(Arc::clone(&found), "1234", Some(Secret::new("5678")), Vec::new()).unwrap();
    let attempt = client.start(&account, begin()).await.unwrap();
    assert!(attempt.url().starts_with("https://id.example/a?client_id=1234&request_uri=urn%3A"), "{}", attempt.url());

    let server = MockServer::start().await;
    crate::support::serve(&server, place, describe(json!({ "require_pushed_authorization_requests": true }))).await;
    let error = resolve(&server).resolve(&Catalogue::builtin(), "generic_oidc", &parameters).await.unwrap_err();
    assert_eq!((error.code(), error.public_fields()["endpoint"].as_str()), ("discovery.missing", Some("pushed authorization")));
}
