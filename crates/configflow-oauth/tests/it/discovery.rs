//! An issuer's own metadata, and what is refused of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use configflow_oauth::{Catalogue, ResolveError, Resolved};
use serde_json::{Value, json};
use wiremock::MockServer;

use crate::support::{CALLBACK, account_of, begin, client_of, parameter, serve};

const ISSUER: &str = "https://id.example/realms/home";
const OIDC: &str = "/realms/home/.well-known/openid-configuration";
const OAUTH: &str = "/.well-known/oauth-authorization-server/realms/home";

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
    for at in [OIDC, OAUTH] {
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
    for endpoint in
        ["authorization_endpoint", "token_endpoint", "jwks_uri", "revocation_endpoint", "device_authorization_endpoint"]
    {
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
