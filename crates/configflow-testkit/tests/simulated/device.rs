//! The device grant (RFC 8628).

use crate::client::{Bench, ENTRA, Reply};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn begin(bench: &Bench, base: &str) -> Reply {
    let path = if base == ENTRA { "oauth2/v2.0/devicecode" } else { "device/code" };
    let scope = "https://graph.microsoft.com/User.Read offline_access openid";
    bench.post(&format!("{base}/{path}"), &[("client_id", "1234"), ("scope", scope)]).await
}

async fn poll(bench: &Bench, base: &str, code: &str) -> Reply {
    let path = if base == ENTRA { "oauth2/v2.0/token" } else { "token" };
    bench.post(&format!("{base}/{path}"), &[("client_id", "1234"), ("grant_type", GRANT), ("device_code", code)]).await
}

#[tokio::test]
async fn a_device_is_linked_after_some_polls() {
    let bench = Bench::new(r#"{"device": {"pending": 2, "slow_down": 1, "interval": 1}}"#).await;
    let begun = begin(&bench, ENTRA).await;
    assert_eq!((begun.body["interval"].as_u64(), begun.body["expires_in"].as_u64()), (Some(1), Some(900)));
    assert!(begun.text("device_code").len() >= 30 && begun.text("user_code").starts_with("SIM-"));
    let code = begun.text("device_code");
    assert_eq!(poll(&bench, ENTRA, code).await.error(), ("authorization_pending", 70_016));
    assert_eq!(poll(&bench, ENTRA, code).await.text("error"), "authorization_pending");
    assert_eq!(poll(&bench, ENTRA, code).await.text("error"), "slow_down");
    let linked = poll(&bench, ENTRA, code).await;
    assert_eq!(linked.status, 200);
    let issuer = "https://login.microsoftonline.com/0c0c0c0c-0000-4000-8000-00000000000c/v2.0";
    let claims = bench.claims(linked.text("id_token"), issuer).await.unwrap();
    assert_eq!(claims.get("nonce"), None);
    assert_eq!(poll(&bench, ENTRA, code).await.text("error"), "invalid_grant");
}

#[tokio::test]
async fn a_device_is_denied_or_expires() {
    for (script, entra, plain) in [
        (r#"{"device": {"ends": "denied"}}"#, "authorization_declined", "access_denied"),
        (r#"{"person": "declines"}"#, "authorization_declined", "access_denied"),
        (r#"{"device": {"ends": "expired"}}"#, "expired_token", "expired_token"),
    ] {
        let bench = Bench::new(script).await;
        for (base, error) in [(ENTRA, entra), ("https://id.example", plain)] {
            let begun = begin(&bench, base).await;
            assert_eq!(poll(&bench, base, begun.text("device_code")).await.text("error"), error, "{script} {base}");
        }
    }
}

#[tokio::test]
async fn unknown_and_foreign_codes_are_refused() {
    let bench = Bench::new("{}").await;
    assert_eq!(poll(&bench, ENTRA, "sim-device-9999").await.error(), ("invalid_grant", 70_000));
    let begun = begin(&bench, ENTRA).await;
    let form = [("client_id", "another"), ("grant_type", GRANT), ("device_code", begun.text("device_code"))];
    assert_eq!(bench.post(&format!("{ENTRA}/oauth2/v2.0/token"), &form).await.error(), ("invalid_grant", 70_000));
    let missing = bench.post(&format!("{ENTRA}/oauth2/v2.0/devicecode"), &[("client_id", "1234")]).await;
    assert_eq!(missing.error(), ("invalid_request", 900_144));
}

#[tokio::test]
async fn the_page_to_open_is_named_as_the_provider_names_it() {
    let bench = Bench::new("{}").await;
    let google = bench.post("https://oauth2.googleapis.com/device/code", &[("client_id", "1234"), ("scope", "openid")]).await;
    assert_eq!(google.text("verification_url"), "https://www.google.com/device");
    let plain = begin(&bench, "https://id.example").await;
    assert_eq!(plain.text("verification_uri"), "https://id.example/device");
    assert!(plain.text("verification_uri_complete").contains(plain.text("user_code")));
}
