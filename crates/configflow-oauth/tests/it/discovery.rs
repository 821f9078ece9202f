//! An issuer's own metadata, and what is refused of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use configflow_oauth::{Catalogue, ResolveError, Resolved, Returned};
use serde_json::{Value, json};
use time::Duration;
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{CALLBACK, SetClock, account_of, begin, client_at, client_of, parameter, serve, towards};

const ISSUER: &str = "https://id.example/realms/home";
const OIDC: &str = "/realms/home/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/realms/home";
const OIDC_INSERTED: &str = "/.well-known/openid-configuration/realms/home";
const OAUTH_APPENDED: &str = "/realms/home/.well-known/oauth-authorization-server";

fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example/a",
        "token_endpoint": "https://id.example/t",
        "jwks_uri": "https://id.example/k",
        "revocation_endpoint": "https://id.example/r",
        "device_authorization_endpoint": "https://id.example/d",
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256", "plain"],
        "authorization_response_iss_parameter_supported": true,
    })
}

async fn resolve_at(at: &str, json: Value) -> Result<Arc<Resolved>, ResolveError> {
    let server = MockServer::start().await;
    serve(&server, at, json).await;
    let parameters = BTreeMap::from([("issuer".to_owned(), ISSUER.to_owned())]);
    client_of(&server).resolve(&Catalogue::builtin(), "generic_oidc", &parameters).await
}

async fn refused(patch: Value) -> &'static str {
    let mut json = metadata();
    for (name, value) in patch.as_object().unwrap() {
        json[name] = value.clone();
    }
    resolve_at(OIDC, json).await.unwrap_err().code()
}

#[tokio::test]
async fn everything_comes_from_the_metadata() {
    for at in [OIDC, OAUTH, OIDC_INSERTED, OAUTH_APPENDED] {
        let provider = resolve_at(at, metadata()).await.unwrap();
        assert_eq!(provider.endpoints().token.as_str(), "https://id.example/t");
        assert!(provider.endpoints().device_authorization.is_some() && provider.endpoints().revocation.is_some());
        assert!(provider.issuer().unwrap().is_promised_in_response());
    }
}

#[tokio::test]
async fn base_scopes_that_are_not_offered_are_not_asked_for() {
    let mut json = metadata();
    json["scopes_supported"] = json!(["openid", "profile", "email"]);
    let provider = resolve_at(OIDC, json).await.unwrap();
    let attempt = begin(&crate::support::offline(), &account_of(provider, &["email"]), CALLBACK);
    assert_eq!(parameter(attempt.url(), "scope").as_deref(), Some("email openid profile"));
}

#[tokio::test]
async fn sec_13_the_issuer_is_the_one_that_was_asked_for() {
    for issuer in [
        "https://id.example/realms/home/",
        "https://id.example",
        "https://evil.example/realms/home",
        "HTTPS://id.example/realms/home",
    ] {
        assert_eq!(refused(json!({ "issuer": issuer })).await, "discovery.issuer", "{issuer}");
    }
}

#[tokio::test]
async fn sec_13_cve_2025_6514_endpoints_are_https() {
    for endpoint in [
        "authorization_endpoint",
        "token_endpoint",
        "jwks_uri",
        "revocation_endpoint",
        "device_authorization_endpoint",
        "pushed_authorization_request_endpoint",
    ] {
        for url in ["http://id.example/x", "http://127.0.0.1/x", "file:///etc/passwd", "javascript:alert(1)", "$(touch x)"] {
            assert_eq!(refused(json!({ endpoint: url })).await, "discovery.not_https", "{endpoint} {url}");
        }
    }
}

#[tokio::test]
async fn what_is_ruled_out_or_missing() {
    assert_eq!(refused(json!({ "code_challenge_methods_supported": ["plain"] })).await, "discovery.no_pkce");
    assert_eq!(refused(json!({ "response_types_supported": ["id_token"] })).await, "discovery.no_code_grant");
    assert_eq!(refused(json!({ "token_endpoint": null })).await, "discovery.missing");
    assert_eq!(refused(json!({ "jwks_uri": null })).await, "discovery.missing");
    assert_eq!(refused(json!({ "issuer": 7 })).await, "discovery.malformed");
    assert_eq!(resolve_at("/nowhere", metadata()).await.unwrap_err().code(), "discovery.not_found");
}

/// CVE-2025-6514: an authorization endpoint that became a command where the browser was opened.
#[tokio::test]
async fn cve_2025_6514_a_strange_authorization_endpoint_is_refused() {
    for url in [
        "a:$(calc.exe)?response_type=code",
        "https://id.example/$(touch x)\n",
        "https://id.example/a\u{7}b",
        "https://id.example/a b",
        "https://user:secret@id.example/a",
        "https://id.example/a#fragment",
        "https:///a",
        " https://id.example/a",
        "\\\\id.example\\share",
        "",
    ] {
        assert_eq!(refused(json!({ "authorization_endpoint": url })).await, "discovery.not_https", "{url:?}");
    }
}

#[tokio::test]
async fn metadata_that_is_not_there_is_told_from_a_failing_issuer() {
    let resolve = async |status: u16| {
        let server = MockServer::start().await;
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(status)).mount(&server).await;
        let parameters = BTreeMap::from([("issuer".to_owned(), ISSUER.to_owned())]);
        let error = client_of(&server).resolve(&Catalogue::builtin(), "generic_oidc", &parameters).await.unwrap_err();
        (error.code(), error.public_fields()["status"].as_u64())
    };
    assert_eq!(resolve(404).await, ("discovery.not_found", Some(404)));
    assert_eq!(resolve(503).await, ("discovery.unavailable", Some(503)));
    assert_eq!(resolve(429).await, ("discovery.unavailable", Some(429)));
}

#[tokio::test]
async fn a_front_page_in_the_place_of_metadata_is_passed_over() {
    let server = MockServer::start().await;
    serve(&server, OAUTH, metadata()).await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_string("<html>")).mount(&server).await;
    let parameters = BTreeMap::from([("issuer".to_owned(), ISSUER.to_owned())]);
    assert!(client_of(&server).resolve(&Catalogue::builtin(), "generic_oidc", &parameters).await.is_ok());
}

#[tokio::test]
async fn metadata_is_kept_for_an_hour() {
    let server = MockServer::start().await;
    serve(&server, OIDC, metadata()).await;
    let clock = SetClock::new();
    let client = client_at(&clock, towards(&server));
    let (catalogue, parameters) = (Catalogue::builtin(), BTreeMap::from([("issuer".to_owned(), ISSUER.to_owned())]));
    let asked = async || {
        client.resolve(&catalogue, "generic_oidc", &parameters).await.unwrap();
        server.received_requests().await.unwrap().len()
    };
    assert_eq!(asked().await, 1);
    clock.advance(Duration::minutes(59));
    assert_eq!(asked().await, 1);
    clock.advance(Duration::minutes(2));
    assert_eq!(asked().await, 2);
    // A clock that went back says nothing of the age.
    clock.advance(Duration::minutes(-30));
    assert_eq!(asked().await, 3);
}

#[tokio::test]
async fn an_issuer_without_metadata_is_used_as_its_entry_says() {
    let server = MockServer::start().await;
    let parameters = BTreeMap::from([("issuer".to_owned(), "https://id.example".to_owned())]);
    let mcp = client_of(&server).resolve(&Catalogue::builtin(), "mcp", &parameters).await.unwrap();
    assert_eq!(mcp.endpoints().token.as_str(), "https://id.example/token");
    assert_eq!(mcp.endpoints().authorization.as_ref().unwrap().as_str(), "https://id.example/authorize");

    // With metadata it is used as that says, without keys too, and all scopes that it lists are asked for.
    let server = MockServer::start().await;
    let described = json!({
        "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a", "token_endpoint": "https://id.example/t",
        "scopes_supported": ["tools", "files"],
    });
    serve(&server, "/.well-known/oauth-authorization-server", described).await;
    let mcp = client_of(&server).resolve(&Catalogue::builtin(), "mcp", &parameters).await.unwrap();
    let attempt = begin(&crate::support::offline(), &account_of(mcp, &[]), CALLBACK);
    assert!(attempt.url().starts_with("https://id.example/a?"));
    assert_eq!(parameter(attempt.url(), "scope").as_deref(), Some("tools files"));
}

#[tokio::test]
async fn how_the_client_shows_its_secret_is_chosen_from_what_is_offered() {
    for (offered, expected) in [
        (json!(null), Ok(())),
        (json!(["client_secret_post"]), Ok(())),
        (json!(["private_key_jwt", "client_secret_basic"]), Ok(())),
        (json!(["none"]), Ok(())),
        (json!(["private_key_jwt"]), Err("discovery.no_client_auth")),
    ] {
        let mut json = metadata();
        json["token_endpoint_auth_methods_supported"] = offered.clone();
        let found = resolve_at(OIDC, json).await.map(|_| ()).map_err(|error| error.code());
        assert_eq!(found, expected, "{offered}");
    }
}

/// RFC 9207 §2.4: a plain comparison of texts.
#[tokio::test]
async fn sec_04_the_issuer_in_the_answer_is_compared_as_a_plain_text() {
    let provider = resolve_at(OIDC, metadata()).await.unwrap();
    let (client, account) = (crate::support::offline(), account_of(provider, &[]));
    let attempt = begin(&client, &account, CALLBACK);
    let read = |issuer: Option<&str>| {
        let mut query = format!("code=c0de&state={}", crate::support::state(&attempt));
        if let Some(issuer) = issuer {
            query.push_str("&iss=");
            query.extend(url::form_urlencoded::byte_serialize(issuer.as_bytes()));
        }
        client.read(&account, &attempt, &Returned::from_query(&query)).map(|_| ()).map_err(|error| error.code())
    };
    assert_eq!(read(Some(ISSUER)), Ok(()));
    for other in [
        "https://id.example/realms/home/",
        "HTTPS://id.example/realms/home",
        "https://ID.example/realms/home",
        "https://id.example:443/realms/home",
        "",
    ] {
        assert_eq!(read(Some(other)), Err("link.url_issuer_mismatch"), "{other}");
    }
    assert_eq!(read(None), Err("link.url_issuer_missing"));
}
