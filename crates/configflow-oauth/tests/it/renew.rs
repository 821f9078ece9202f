//! Refreshing and revoking.

use configflow_oauth::{Account, Client, TokenSet};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{acme, answer, client_of, entra, forms, ok};

fn tokens(refresh: Option<&str>) -> TokenSet {
    let form = json!({
        "version": 1, "access": "old", "refresh": refresh, "expires_at": 1_795_435_200, "scopes": ["read"],
        "token_type": "Bearer", "extra": { "user_id": 77 },
    });
    TokenSet::from_sealable(serde_json::from_value(form).unwrap()).unwrap()
}

async fn server_with(template: ResponseTemplate) -> (MockServer, Client, Account) {
    let server = MockServer::start().await;
    Mock::given(method("POST")).and(path("/oauth2/token")).respond_with(template).expect(1).mount(&server).await;
    let client = client_of(&server);
    (server, client, acme())
}

#[tokio::test]
async fn what_the_answer_leaves_out_stays() {
    let (server, client, account) = server_with(ok(json!({ "access_token": "new", "expires_in": 60 }))).await;
    let refreshed = client.refresh(&account, &tokens(Some("r1"))).await.unwrap();
    assert!(!refreshed.rotated);
    assert_eq!(refreshed.tokens.access().expose(), "new");
    assert_eq!(refreshed.tokens.refresh().unwrap().expose(), "r1");
    assert_eq!(refreshed.tokens.scopes(), ["read"]);
    assert_eq!(refreshed.tokens.extra()["user_id"], json!(77));
    let form = &forms(&server).await[0];
    assert_eq!((form["grant_type"].as_str(), form["refresh_token"].as_str()), ("refresh_token", "r1"));
}

#[tokio::test]
async fn a_rotated_token_is_announced() {
    let (_server, client, account) =
        server_with(ok(json!({ "access_token": "new", "refresh_token": "r2", "scope": "read write" }))).await;
    let refreshed = client.refresh(&account, &tokens(Some("r1"))).await.unwrap();
    assert!(refreshed.rotated);
    assert_eq!(refreshed.tokens.refresh().unwrap().expose(), "r2");
    assert_eq!(refreshed.tokens.scopes(), ["read", "write"]);
}

#[tokio::test]
async fn sec_14_invalid_grant_is_final_and_a_failing_provider_is_not() {
    let error = |status, error: &str| ResponseTemplate::new(status).set_body_json(json!({ "error": error }));
    for (template, code, is_final) in [
        (error(400, "invalid_grant"), "token.provider_error", true),
        (error(401, "invalid_client"), "token.unauthorized", true),
        (error(400, "temporarily_unavailable"), "token.provider_error", false),
        (error(500, "invalid_grant"), "token.server_error", false),
        (error(429, "slow_down"), "token.rate_limited", false),
        (ResponseTemplate::new(200).set_body_string("<html>"), "token.not_json", false),
    ] {
        let (_server, client, account) = server_with(template).await;
        let error = client.refresh(&account, &tokens(Some("r1"))).await.unwrap_err();
        assert_eq!((error.code(), error.is_final()), (code, is_final));
    }
}

#[tokio::test]
async fn without_a_refresh_token_nothing_is_sent() {
    let server = MockServer::start().await;
    let error = client_of(&server).refresh(&acme(), &tokens(None)).await.unwrap_err();
    assert_eq!((error.code(), error.is_final()), ("token.no_refresh_token", true));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn sec_15_the_token_that_ends_the_link_is_revoked() {
    let server = MockServer::start().await;
    answer(&server, "/oauth2/revoke", ResponseTemplate::new(200)).await;
    let (client, account) = (client_of(&server), acme());
    client.revoke(&account, &tokens(Some("r1"))).await.unwrap();
    client.revoke(&account, &tokens(None)).await.unwrap();
    let forms = forms(&server).await;
    assert_eq!((forms[0]["token"].as_str(), forms[0]["token_type_hint"].as_str()), ("r1", "refresh_token"));
    assert_eq!((forms[1]["token"].as_str(), forms[1]["token_type_hint"].as_str()), ("old", "access_token"));

    let error = client.revoke(&entra(&[]), &tokens(None)).await.unwrap_err();
    assert_eq!(error.code(), "token.revoke_unsupported");
}

#[tokio::test]
async fn a_failing_revocation_is_told() {
    let server = MockServer::start().await;
    answer(&server, "/oauth2/revoke", ResponseTemplate::new(503)).await;
    let error = client_of(&server).revoke(&acme(), &tokens(None)).await.unwrap_err();
    assert_eq!(error.code(), "token.server_error");
    assert_eq!(Value::Object(error.public_fields()), json!({ "status": 503 }));
}
