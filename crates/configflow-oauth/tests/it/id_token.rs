//! Who logged in: signatures, claims and keys of ID tokens.

use configflow_oauth::{Account, Client, Identity, Outbound};
use serde_json::{Value, json};
use time::Duration;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{
    ANNA, CALLBACK, KEYS_PATH, SetClock, SigningKey, TENANT, TOKEN_PATH, account_of, answer, begin, claims, client_at, client_of,
    code, entra, ok, resolved, serve, towards,
};

/// Links with a token made of the attempt's good claims, changed as the test wants.
async fn link(
    client: &Client,
    server: &MockServer,
    account: &Account,
    at: &str,
    key: &SigningKey,
    change: impl FnOnce(&mut Value),
) -> Result<Identity, &'static str> {
    let attempt = begin(client, account, CALLBACK);
    let mut claims = claims(&attempt);
    change(&mut claims);
    let code = code(client, account, &attempt);
    let body = json!({ "access_token": "a", "id_token": key.sign(&claims), "scope": "User.Read" });
    Mock::given(method("POST")).and(path(at)).respond_with(ok(body)).up_to_n_times(1).mount(server).await;
    let linked = client.redeem(account, attempt, code, ANNA).await;
    linked.map(|linked| linked.identity.unwrap()).map_err(|error| error.code())
}

async fn entra_with(key: &SigningKey) -> (MockServer, Client, Account) {
    let server = MockServer::start().await;
    serve(&server, KEYS_PATH, json!({ "keys": [key.public()] })).await;
    let client = client_of(&server);
    (server, client, entra(&["User.Read"]))
}

#[tokio::test]
async fn sec_18_entra_is_oid_and_tid() {
    for key in [SigningKey::rs256("k1"), SigningKey::es256("k1")] {
        let (server, client, account) = entra_with(&key).await;
        let identity = link(&client, &server, &account, TOKEN_PATH, &key, |_| ()).await.unwrap();
        assert_eq!(identity.unique_id(), format!("11111111-2222-3333-4444-555555555555|{TENANT}"));
        assert_eq!((identity.display_name(), identity.username()), (Some("Anna Example"), Some("anna@contoso.example")));
        let renamed =
            link(&client, &server, &account, TOKEN_PATH, &key, |claims| claims["name"] = json!("Anna Other")).await.unwrap();
        assert!(identity.is_same_account(&renamed));
        let other = link(&client, &server, &account, TOKEN_PATH, &key, |claims| claims["oid"] = json!("other")).await.unwrap();
        assert!(!identity.is_same_account(&other));
    }
}

#[tokio::test]
async fn sec_18_each_claim_is_checked() {
    let key = SigningKey::es256("k1");
    let (server, client, account) = entra_with(&key).await;
    let now = crate::support::noon().unix_timestamp();
    let cases = [
        (json!({ "iss": "https://login.microsoftonline.com/other/v2.0" }), "id_token.issuer"),
        (json!({ "iss": format!("https://evil.example/{TENANT}/v2.0") }), "id_token.issuer"),
        (json!({ "iss": null }), "id_token.issuer"),
        (json!({ "tid": "other" }), "id_token.issuer"),
        (json!({ "aud": "9999" }), "id_token.audience"),
        (json!({ "aud": null }), "id_token.audience"),
        (json!({ "aud": ["1234", "9999"] }), "id_token.audience"),
        (json!({ "aud": ["1234", "9999"], "azp": "9999" }), "id_token.audience"),
        (json!({ "azp": "9999" }), "id_token.audience"),
        (json!({ "exp": now - 301 }), "id_token.expired"),
        (json!({ "exp": null }), "id_token.expired"),
        (json!({ "nbf": now + 301 }), "id_token.not_yet_valid"),
        (json!({ "nonce": "0".repeat(64) }), "id_token.nonce"),
        (json!({ "nonce": null }), "id_token.nonce"),
        (json!({ "oid": null }), "id_token.claim"),
    ];
    for (patch, expected) in cases {
        let change = |claims: &mut Value| {
            for (name, value) in patch.as_object().unwrap() {
                claims[name] = value.clone();
            }
        };
        assert_eq!(link(&client, &server, &account, TOKEN_PATH, &key, change).await, Err(expected), "{patch}");
    }
    for patch in [json!({ "exp": now - 299 }), json!({ "aud": ["1234"] }), json!({ "aud": ["1234", "x"], "azp": "1234" })] {
        let change = |claims: &mut Value| {
            for (name, value) in patch.as_object().unwrap() {
                claims[name] = value.clone();
            }
        };
        assert!(link(&client, &server, &account, TOKEN_PATH, &key, change).await.is_ok(), "{patch}");
    }
}

#[tokio::test]
async fn sec_18_a_given_tenant_is_the_only_one() {
    let key = SigningKey::es256("k1");
    let server = MockServer::start().await;
    serve(&server, &format!("/{TENANT}/discovery/v2.0/keys"), json!({ "keys": [key.public()] })).await;
    let client = client_of(&server);
    let account = account_of(resolved("microsoft_entra", &[("tenant", TENANT)]), &["User.Read"]);
    let at = format!("/{TENANT}/oauth2/v2.0/token");
    assert!(link(&client, &server, &account, &at, &key, |_| ()).await.is_ok());
    let elsewhere = "00000000-0000-0000-0000-000000000000";
    let change = |claims: &mut Value| {
        claims["tid"] = json!(elsewhere);
        claims["iss"] = json!(format!("https://login.microsoftonline.com/{elsewhere}/v2.0"));
    };
    assert_eq!(link(&client, &server, &account, &at, &key, change).await, Err("id_token.issuer"));
}

#[tokio::test]
async fn sec_18_a_key_vouches_for_its_own_tenant_only() {
    let key = SigningKey::es256("k1");
    for (issuer, accepted) in [
        ("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(), true),
        (format!("https://login.microsoftonline.com/{TENANT}/v2.0"), true),
        ("https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0".to_owned(), false),
    ] {
        let server = MockServer::start().await;
        let mut public = key.public();
        public["issuer"] = json!(issuer);
        serve(&server, KEYS_PATH, json!({ "keys": [public] })).await;
        let (client, account) = (client_of(&server), entra(&["User.Read"]));
        assert_eq!(link(&client, &server, &account, TOKEN_PATH, &key, |_| ()).await.is_ok(), accepted, "{issuer}");
    }
}

#[tokio::test]
async fn sec_18_signatures_are_verified() {
    let key = SigningKey::es256("k1");
    let (server, client, account) = entra_with(&key).await;
    let forged = SigningKey::es256("k1");
    assert_eq!(link(&client, &server, &account, TOKEN_PATH, &forged, |_| ()).await, Err("id_token.signature"));

    // `none` and HMAC with a public value as its key are the oldest tricks.
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"HS256","kid":"k1"}"#] {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        let attempt = begin(&client, &account, CALLBACK);
        let token = format!("{}.{}.{}", encode(header), encode(&claims(&attempt).to_string()), encode("x"));
        let code = code(&client, &account, &attempt);
        let body = json!({ "access_token": "a", "id_token": token });
        Mock::given(method("POST")).and(path(TOKEN_PATH)).respond_with(ok(body)).up_to_n_times(1).mount(&server).await;
        let error = client.redeem(&account, attempt, code, ANNA).await.unwrap_err();
        assert!(["id_token.algorithm", "id_token.malformed"].contains(&error.code()), "{header}: {}", error.code());
    }
}

#[tokio::test]
async fn sec_18_no_id_token_is_an_error_where_it_was_asked_for() {
    let server = MockServer::start().await;
    answer(&server, TOKEN_PATH, ok(json!({ "access_token": "a" }))).await;
    let (client, account) = (client_of(&server), entra(&["User.Read"]));
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    assert_eq!(client.redeem(&account, attempt, code, ANNA).await.unwrap_err().code(), "id_token.missing");
}

async fn key_requests(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().iter().filter(|request| request.method.as_str() == "GET").count()
}

#[tokio::test]
async fn keys_are_kept_and_asked_for_once_more_when_one_is_unknown() {
    let (old, new) = (SigningKey::es256("old"), SigningKey::es256("new"));
    let server = MockServer::start().await;
    let clock = SetClock::new();
    let (client, account) = (client_at(&clock, towards(&server)), entra(&["User.Read"]));
    let first = ResponseTemplate::new(200).set_body_json(json!({ "keys": [old.public()] }));
    Mock::given(method("GET")).and(path(KEYS_PATH)).respond_with(first).up_to_n_times(1).mount(&server).await;
    serve(&server, KEYS_PATH, json!({ "keys": [old.public(), new.public()] })).await;
    for key in [&old, &old] {
        assert!(link(&client, &server, &account, TOKEN_PATH, key, |_| ()).await.is_ok());
    }
    assert_eq!(key_requests(&server).await, 1);
    assert!(link(&client, &server, &account, TOKEN_PATH, &new, |_| ()).await.is_ok());
    assert_eq!(key_requests(&server).await, 2);
    let stranger = SigningKey::es256("stranger");
    assert_eq!(link(&client, &server, &account, TOKEN_PATH, &stranger, |_| ()).await, Err("id_token.key_unknown"));
    assert_eq!(key_requests(&server).await, 3);
    clock.advance(Duration::hours(25));
    let later = |claims: &mut Value| claims["exp"] = json!(crate::support::noon().unix_timestamp() + 200_000);
    assert!(link(&client, &server, &account, TOKEN_PATH, &old, later).await.is_ok());
    assert_eq!(key_requests(&server).await, 4);
}

#[tokio::test]
async fn keys_that_cannot_be_had() {
    let key = SigningKey::es256("k1");
    for (template, expected) in [
        (ResponseTemplate::new(500), "id_token.keys_malformed"),
        (ResponseTemplate::new(200).set_body_string("<html>"), "id_token.keys_malformed"),
        (ResponseTemplate::new(200).set_body_json(json!({ "keys": [{ "kty": "oct", "k": "AAAA" }] })), "id_token.key_unknown"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET")).and(path(KEYS_PATH)).respond_with(template).mount(&server).await;
        let (client, account) = (client_of(&server), entra(&["User.Read"]));
        assert_eq!(link(&client, &server, &account, TOKEN_PATH, &key, |_| ()).await, Err(expected));
    }
    // The keys' host is not reachable, though the token endpoint is.
    let server = MockServer::start().await;
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let outbound = Outbound::new()
        .with("https://login.microsoftonline.com", &server.uri())
        .and_then(|outbound| outbound.with("https://login.microsoftonline.com/common/discovery", &format!("http://{nobody}")))
        .unwrap();
    let (client, account) = (client_at(&SetClock::new(), outbound), entra(&["User.Read"]));
    assert_eq!(link(&client, &server, &account, TOKEN_PATH, &key, |_| ()).await, Err("id_token.keys"));
}
