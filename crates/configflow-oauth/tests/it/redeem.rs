//! Codes become tokens: what is sent, and each fault of a token endpoint.

use configflow_oauth::{Catalogue, RedeemError, TokenError};
use serde_json::{Value, json};
use time::Duration;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{
    ANNA, CALLBACK, SetClock, TOKEN_PATH, account_of, acme, answer, begin, client_at, client_of, code, entra, forms, noon, ok,
    resolved, resolved_in, serve, towards,
};

const ACME_TOKEN: &str = "/oauth2/token";

/// Redeems at Acme, which answers so.
async fn redeem(template: ResponseTemplate) -> Result<configflow_oauth::Linked, RedeemError> {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path(ACME_TOKEN)).respond_with(template).expect(1).mount(&server).await;
    let (client, account) = (client_of(&server), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    client.redeem(&account, attempt, code, ANNA).await
}

async fn fault(template: ResponseTemplate) -> (&'static str, String, Value) {
    let error = redeem(template).await.unwrap_err();
    (error.code(), error.to_string(), Value::Object(error.public_fields()))
}

#[tokio::test]
async fn tokens_and_their_public_part() {
    let json = json!({
        "access_token": "acc3ss", "refresh_token": "r3fresh", "token_type": "bearer", "expires_in": "3600", "scope": "read extra",
        "user_id": 77, "session_key": "pr1vate",
    });
    let linked = redeem(ok(json)).await.unwrap();
    assert_eq!(linked.tokens.access().expose(), "acc3ss");
    assert_eq!(linked.tokens.refresh().unwrap().expose(), "r3fresh");
    assert_eq!(linked.tokens.expires_at(), Some(noon() + Duration::HOUR));
    assert_eq!(linked.tokens.scopes(), ["read", "extra"]);
    assert_eq!(Value::Object(linked.tokens.extra().clone()), json!({ "user_id": 77 }));
    assert!(linked.scopes.is_complete() && linked.identity.is_none());
    let public = serde_json::to_string(&linked.tokens.public_fields()).unwrap();
    assert!(!public.contains("acc3ss") && !public.contains("r3fresh") && !public.contains("pr1vate"), "{public}");

    let text = serde_json::to_string(&linked.tokens.into_sealable()).unwrap();
    let tokens = configflow_oauth::TokenSet::from_sealable(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(tokens.access().expose(), "acc3ss");
    assert_eq!(tokens.expires_at(), Some(noon() + Duration::HOUR));
}

#[tokio::test]
async fn silence_about_scope_and_lifetime_is_tolerated() {
    let linked = redeem(ok(json!({ "access_token": "a" }))).await.unwrap();
    assert_eq!((linked.tokens.scopes(), linked.tokens.expires_at()), (["read".to_owned()].as_slice(), None));
    assert!(linked.scopes.is_complete());
    let linked = redeem(ok(json!({ "access_token": "a", "scope": "write" }))).await.unwrap();
    assert_eq!(linked.scopes.missing, ["read"]);
    let linked =
        redeem(ResponseTemplate::new(201).set_body_raw(r#"{"access_token":"a","scope":["read"]}"#, "text/javascript")).await;
    assert!(linked.unwrap().scopes.is_complete());
}

#[tokio::test]
async fn each_fault_has_its_code() {
    let html = |status| ResponseTemplate::new(status).set_body_raw("<html>s3cret</html>", "text/html");
    let oauth = |status, error: &str| {
        ResponseTemplate::new(status).set_body_json(json!({ "error": error, "error_description": "s3cret" }))
    };
    let cases = [
        (oauth(401, "invalid_client"), "token.unauthorized"),
        (html(401), "token.unauthorized"),
        (oauth(400, "invalid_grant"), "token.provider_error"),
        (oauth(200, "bad_verification_code"), "token.provider_error"),
        (ResponseTemplate::new(400).set_body_json(json!({ "message": "s3cret" })), "token.rejected"),
        (oauth(429, "slow_down").insert_header("retry-after", "7"), "token.rate_limited"),
        (oauth(500, "server_error"), "token.server_error"),
        (html(503).insert_header("retry-after", "30"), "token.server_error"),
        (html(502), "token.server_error"),
        (html(200), "token.not_json"),
        (html(404), "token.not_json"),
        (ResponseTemplate::new(200), "token.not_json"),
        (ResponseTemplate::new(204), "token.not_json"),
        (ok(json!([1, 2])), "token.not_json"),
        (ok(json!({ "hello": "s3cret" })), "token.malformed"),
        (ok(json!({ "access_token": "s3cret", "expires_in": "soon" })), "token.expires_in"),
        (ok(json!({ "access_token": "s3cret", "token_type": "mac" })), "token.token_type"),
        (ResponseTemplate::new(200).set_body_bytes(vec![b' '; 1024 * 1024 + 1]), "token.too_large"),
        (ResponseTemplate::new(302).insert_header("location", "https://evil.example/"), "token.redirect"),
    ];
    let mut lines = String::new();
    for (template, expected) in cases {
        let (code, text, fields) = fault(template).await;
        assert_eq!(code, expected, "{text}");
        assert!(!format!("{text}{fields}").contains("s3cret"), "{text}");
        lines.push_str(&format!("{code}\n  {text}\n  {fields}\n"));
    }
    insta::assert_snapshot!(lines);
}

#[tokio::test]
async fn a_slow_provider_is_a_time_out() {
    let server = MockServer::start().await;
    answer(&server, ACME_TOKEN, ok(json!({})).set_delay(std::time::Duration::from_secs(60))).await;
    let options = configflow_oauth::HttpOptions {
        total: std::time::Duration::from_millis(200),
        outbound: towards(&server),
        ..configflow_oauth::HttpOptions::default()
    };
    let client = configflow_oauth::Client::new(options).unwrap();
    let account = acme();
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    let error = client.redeem(&account, attempt, code, ANNA).await.unwrap_err();
    assert_eq!(error.code(), "token.timeout");
}

#[tokio::test]
async fn expires_in_by_the_rules_of_the_file() {
    const RULED: &str = "
title: Ruled
endpoints: { authorization: https://acme.example/a, token: https://acme.example/oauth2/token }
methods: [callback]
pkce: { support: confirmed }
scopes: { order: given }
";
    let catalogue = ["required", "ignored"].iter().try_fold(Catalogue::builtin(), |catalogue, rule| {
        catalogue.with(&format!("name: {rule}\n{RULED}token: {{ auth: post, expires_in: {rule} }}\n"))
    });
    let catalogue = catalogue.unwrap();
    for (rule, answered, expected) in [
        ("required", json!({ "access_token": "a" }), Err("token.expires_in")),
        ("required", json!({ "access_token": "a", "expires_in": 60 }), Ok(Some(noon() + Duration::MINUTE))),
        ("ignored", json!({ "access_token": "a", "expires_in": "never" }), Ok(None)),
    ] {
        let server = MockServer::start().await;
        answer(&server, ACME_TOKEN, ok(answered)).await;
        let client = client_of(&server);
        let account = account_of(resolved_in(&catalogue, rule, &[]), &[]);
        let attempt = begin(&client, &account, CALLBACK);
        let code = code(&client, &account, &attempt);
        let outcome = client.redeem(&account, attempt, code, ANNA).await;
        assert_eq!(outcome.map(|linked| linked.tokens.expires_at()).map_err(|error| error.code()), expected, "{rule}");
    }
}

#[tokio::test]
async fn entra_names_its_numbers() {
    let server = MockServer::start().await;
    let body = json!({ "error": "invalid_client", "error_description": "AADSTS1: x", "error_codes": [7_000_215] });
    answer(&server, TOKEN_PATH, ResponseTemplate::new(401).set_body_json(body)).await;
    let (client, account) = (client_of(&server), entra(&["User.Read"]));
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    let error = client.redeem(&account, attempt, code, ANNA).await.unwrap_err();
    let RedeemError::Token(TokenError::Unauthorized { provider: Some(provider) }) = &error else { panic!("{error}") };
    assert_eq!(provider.provider_code(), Some("AADSTS7000215"));
    assert_eq!(error.public_fields()["blame"], json!(["client_secret"]));
}

#[tokio::test]
async fn the_client_shows_its_secret_as_the_file_says() {
    let server = MockServer::start().await;
    // `1234:5678`, as RFC 6749 §2.3.1 has it.
    Mock::given(header("authorization", "Basic MTIzNDo1Njc4"))
        .respond_with(ok(json!({ "access_token": "a" })))
        .expect(1)
        .mount(&server)
        .await;
    let (client, account) = (client_of(&server), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let code_of_acme = code(&client, &account, &attempt);
    client.redeem(&account, attempt, code_of_acme, ANNA).await.unwrap();

    answer(&server, "/login/oauth/access_token", ok(json!({ "access_token": "a", "scope": "" }))).await;
    let account = account_of(resolved("github", &[]), &["repo"]);
    let attempt = begin(&client, &account, CALLBACK);
    let code_of_github = code(&client, &account, &attempt);
    let linked = client.redeem(&account, attempt, code_of_github, ANNA).await.unwrap();
    assert_eq!(linked.scopes.missing, ["repo"]);
    let form = &forms(&server).await[1];
    assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("1234", "5678"));
}

#[tokio::test]
async fn sec_01_an_expired_attempt_sends_nothing() {
    let server = MockServer::start().await;
    let clock = SetClock::new();
    let (client, account) = (client_at(&clock, towards(&server)), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    clock.advance(Duration::minutes(10));
    assert_eq!(client.redeem(&account, attempt, code, ANNA).await.unwrap_err().code(), "link.expired");
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn sec_02_another_principal_sends_nothing() {
    let server = MockServer::start().await;
    let (client, account) = (client_of(&server), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    assert_eq!(client.redeem(&account, attempt, code, "mallory").await.unwrap_err(), RedeemError::ForeignPrincipal);
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn sec_03_a_code_goes_to_no_other_provider_client_or_attempt() {
    let server = MockServer::start().await;
    let (client, account) = (client_of(&server), acme());
    let others =
        [entra(&["User.Read"]), configflow_oauth::Account::new(resolved("acme_cloud", &[]), "other", None, Vec::new()).unwrap()];
    for other in &others {
        let attempt = begin(&client, &account, CALLBACK);
        let code = code(&client, &account, &attempt);
        assert_eq!(client.redeem(other, attempt, code, ANNA).await.unwrap_err(), RedeemError::ForeignAttempt);
    }
    let (one, two) = (begin(&client, &account, CALLBACK), begin(&client, &account, CALLBACK));
    let code_of_one = code(&client, &account, &one);
    assert_eq!(client.redeem(&account, two, code_of_one, ANNA).await.unwrap_err(), RedeemError::ForeignAttempt);
    // The same provider with another tenant has another token endpoint.
    let attempt = begin(&client, &others[0], CALLBACK);
    let code = code(&client, &others[0], &attempt);
    let tenant = account_of(resolved("microsoft_entra", &[("tenant", "contoso.example")]), &["User.Read"]);
    assert_eq!(client.redeem(&tenant, attempt, code, ANNA).await.unwrap_err(), RedeemError::ForeignAttempt);
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn sec_05_sec_06_verifier_and_the_same_redirect_uri_are_sent() {
    let server = MockServer::start().await;
    answer(&server, ACME_TOKEN, ok(json!({ "access_token": "a" }))).await;
    let (client, account) = (client_of(&server), acme());
    // Neither the port nor the case of the path may change on the way.
    let redirect_uri = "https://hub.example:443/API/Acme%2f";
    let attempt = begin(&client, &account, redirect_uri);
    let sent = crate::support::parameter(attempt.url(), "redirect_uri");
    let code = code(&client, &account, &attempt);
    let form = serde_json::to_value(attempt.into_sealable()).unwrap();
    let attempt = configflow_oauth::Attempt::from_sealable(serde_json::from_value(form.clone()).unwrap()).unwrap();
    client.redeem(&account, attempt, code, ANNA).await.unwrap();
    let request = &forms(&server).await[0];
    assert_eq!((sent.as_deref(), request["redirect_uri"].as_str()), (Some(redirect_uri), redirect_uri));
    assert_eq!(request["code_verifier"], form["verifier"]);
    assert_eq!((request["grant_type"].as_str(), request["code"].as_str()), ("authorization_code", "c0de"));
}

#[tokio::test]
async fn sec_09_a_code_is_sent_once_whatever_comes_of_it() {
    // `redeem` expects exactly one request; the server says so when it is dropped.
    for status in [200, 400, 401, 429, 500, 503] {
        let _ = redeem(ResponseTemplate::new(status)).await;
    }
}

#[tokio::test]
async fn sec_17_a_redirect_is_not_followed() {
    let server = MockServer::start().await;
    serve(&server, "/elsewhere", json!({ "access_token": "stolen" })).await;
    answer(&server, "/elsewhere", ok(json!({ "access_token": "stolen" }))).await;
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = format!("{}/elsewhere", server.uri());
        let (code, ..) = fault(ResponseTemplate::new(status).insert_header("location", elsewhere.as_str())).await;
        assert_eq!(code, "token.redirect", "{status}");
    }
    assert!(server.received_requests().await.unwrap().is_empty());
}

/// An engine runs these in tasks of its own.
#[tokio::test]
async fn the_operations_can_be_spawned() {
    fn sendable<T: Send>(_: &T) {}
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let server = MockServer::start().await;
    let (client, account) = (client_of(&server), acme());
    shared(&client);
    shared(&account);
    let catalogue = Catalogue::builtin();
    let parameters = std::collections::BTreeMap::new();
    sendable(&client.resolve(&catalogue, "google", &parameters));
    sendable(&client.device_start(&account, ANNA));
    let attempt = begin(&client, &account, CALLBACK);
    let code = code(&client, &account, &attempt);
    let redeem = client.redeem(&account, attempt, code, ANNA);
    sendable(&redeem);
    assert_eq!(redeem.await.unwrap_err().code(), "token.not_json");
}
