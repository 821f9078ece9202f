//! Metadata and keys, of the origin that was meant.

use crate::client::{Bench, authorize_at, parameter, redemption};

#[tokio::test]
async fn entra_has_metadata_under_every_tenant() {
    let bench = Bench::new("{}").await;
    let base = "https://login.microsoftonline.com";
    for (tenant, issuer) in [
        ("common", "https://login.microsoftonline.com/{tenantid}/v2.0"),
        ("11111111-2222-4333-8444-555555555555", "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0"),
        ("contoso.example", "https://login.microsoftonline.com/0c0c0c0c-0000-4000-8000-00000000000c/v2.0"),
    ] {
        let reply = bench.get(&format!("{base}/{tenant}/v2.0/.well-known/openid-configuration")).await;
        assert_eq!(reply.text("issuer"), issuer);
        assert_eq!(reply.text("token_endpoint"), format!("{base}/{tenant}/oauth2/v2.0/token"));
        let keys = bench.get(reply.text("jwks_uri")).await;
        assert_eq!(keys.body["keys"].as_array().map(Vec::len), Some(2));
        assert!(keys.body["keys"].as_array().unwrap().iter().all(|key| key.get("d").is_none() && key.get("alg").is_none()));
    }
}

#[tokio::test]
async fn a_plain_provider_is_discovered_and_used() {
    for (well_known, issuer) in [
        ("https://id.example/.well-known/openid-configuration", "https://id.example"),
        ("https://id.example/realms/home/.well-known/openid-configuration", "https://id.example/realms/home"),
        ("https://id.example:8443/.well-known/oauth-authorization-server/home", "https://id.example:8443/home"),
    ] {
        let bench = Bench::new("{}").await;
        let metadata = bench.get(well_known).await;
        assert_eq!(metadata.text("issuer"), issuer);
        let url = authorize_at(metadata.text("authorization_endpoint"), &[("scope", "openid email")]);
        let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
        let reply = bench.post(metadata.text("token_endpoint"), &redemption(&code, &[])).await;
        let claims = bench.claims_by(metadata.text("jwks_uri"), reply.text("id_token"), issuer).await.unwrap();
        assert_eq!(claims["email"], "ada@example.org");
        assert_eq!(claims.get("tid"), None);
        let url = bench.at(metadata.text("userinfo_endpoint"));
        let userinfo = bench.http.get(url).bearer_auth(reply.text("access_token")).send().await.unwrap();
        assert_eq!(userinfo.json::<serde_json::Value>().await.unwrap()["sub"], claims["sub"]);
    }
}

#[tokio::test]
async fn the_issuer_can_be_scripted() {
    let bench = Bench::new(r#"{"issuer": "https://other.example"}"#).await;
    assert_eq!(bench.get("https://id.example/.well-known/openid-configuration").await.text("issuer"), "https://other.example");
}

#[tokio::test]
async fn google_keeps_its_endpoints_on_several_hosts() {
    let bench = Bench::new("{}").await;
    let metadata = bench.get("https://accounts.google.com/.well-known/openid-configuration").await;
    let url = authorize_at(metadata.text("authorization_endpoint"), &[("scope", "openid")]);
    let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
    let reply = bench.post(metadata.text("token_endpoint"), &redemption(&code, &[])).await;
    let claims = bench.claims_by(metadata.text("jwks_uri"), reply.text("id_token"), "https://accounts.google.com").await.unwrap();
    assert_eq!(claims["email"], "ada@example.org");
    // A refresh token of Google stays, and no new one comes.
    for _ in 0..2 {
        let form = [("client_id", "1234"), ("grant_type", "refresh_token"), ("refresh_token", reply.text("refresh_token"))];
        let refreshed = bench.post(metadata.text("token_endpoint"), &form).await;
        assert_eq!((refreshed.status, refreshed.body.get("refresh_token")), (200, None));
    }
}
