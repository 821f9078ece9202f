//! Codes and refresh tokens at the token endpoint.

use std::time::Duration;

use configflow_testkit::simulated::{Place, Script};
use serde_json::json;

use crate::client::{Bench, ENTRA, NONCE, STATE, VERIFIER, authorize, authorize_at, parameter};

#[tokio::test]
async fn a_code_becomes_tokens() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    let reply = bench.redeem(&code, &[]).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.text("access_token").starts_with("sim-access-") && reply.text("access_token").len() >= 30);
    assert!(reply.text("refresh_token").starts_with("sim-refresh-"));
    assert_eq!(reply.text("scope"), "https://graph.microsoft.com/User.Read openid profile");
    assert_eq!(reply.body["expires_in"], 3_600);
    assert!(reply.body["client_info"].is_string());

    let issuer = "https://login.microsoftonline.com/0c0c0c0c-0000-4000-8000-00000000000c/v2.0";
    let claims = bench.claims(reply.text("id_token"), issuer).await.unwrap();
    assert_eq!(claims["nonce"], NONCE);
    assert_eq!(claims["preferred_username"], "ada@example.org");
    assert_eq!(claims["name"], "Ada");
    assert_eq!(claims["oid"], "0a0a0a0a-0000-4000-8000-00000000000a");
    assert_eq!(claims["tid"], "0c0c0c0c-0000-4000-8000-00000000000c");
    assert!(claims["sub"].is_string());
}

#[tokio::test]
async fn every_cloud_is_its_own_issuer() {
    for authority in ["https://login.partner.microsoftonline.cn", "https://login.microsoftonline.us"] {
        let tid = "11111111-2222-4333-8444-555555555555";
        let bench = Bench::new(r#"{"signing": "ES256"}"#).await;
        let url = authorize_at(&format!("{authority}/{tid}/oauth2/v2.0/authorize"), &[]);
        let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
        let form = crate::client::redemption(&code, &[]);
        let reply = bench.post(&format!("{authority}/{tid}/oauth2/v2.0/token"), &form).await;
        let keys = format!("{authority}/{tid}/discovery/v2.0/keys");
        let claims = bench.claims_by(&keys, reply.text("id_token"), &format!("{authority}/{tid}/v2.0")).await.unwrap();
        assert_eq!(claims["tid"], tid);
    }
}

#[tokio::test]
async fn the_wrong_verifier_is_refused() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    let wrong = "another-verifier-0123456789-0123456789-0123456789";
    let reply = bench.redeem(&code, &[("code_verifier", wrong)]).await;
    assert_eq!((reply.status, reply.error()), (400, ("invalid_grant", 501_481)));
    assert!(reply.text("error_description").starts_with("AADSTS501481: "));
    assert!(reply.body["trace_id"].is_string());
    assert_eq!(bench.redeem(&code, &[("code_verifier", "")]).await.error(), ("invalid_request", 900_144));
}

#[tokio::test]
async fn a_code_is_redeemed_once() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    let first = bench.redeem(&code, &[]).await;
    assert_eq!(bench.redeem(&code, &[]).await.error(), ("invalid_grant", 54_005));
    // Entra leaves the first tokens alone.
    assert_eq!(bench.refresh(first.text("refresh_token")).await.status, 200);
}

#[tokio::test]
async fn a_plain_provider_revokes_the_tokens_of_a_code_that_comes_twice() {
    let bench = Bench::new("{}").await;
    let url = authorize_at("https://id.example/authorize", &[]);
    let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
    let form = crate::client::redemption(&code, &[]);
    let first = bench.post("https://id.example/token", &form).await;
    let again = bench.post("https://id.example/token", &form).await;
    assert_eq!((again.status, again.text("error")), (400, "invalid_grant"));
    assert_eq!(again.body.get("error_codes"), None);
    let refresh = [("client_id", "1234"), ("grant_type", "refresh_token"), ("refresh_token", first.text("refresh_token"))];
    assert_eq!(bench.post("https://id.example/token", &refresh).await.text("error"), "invalid_grant");
}

#[tokio::test]
async fn the_redirect_uri_has_to_be_the_same() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    for other in ["https://login.microsoftonline.com/common/oauth2/nativeclient/", "https://hub.example/", ""] {
        assert_eq!(bench.redeem(&code, &[("redirect_uri", other)]).await.error(), ("invalid_grant", 500_112), "{other}");
    }
    assert_eq!(bench.redeem(&code, &[]).await.status, 200);
}

#[tokio::test]
async fn unknown_foreign_and_expired_codes_are_refused() {
    let bench = Bench::new(r#"{"code_lifetime": 0}"#).await;
    let code = bench.code().await;
    assert_eq!(bench.redeem(&code, &[]).await.error(), ("invalid_grant", 70_008));
    assert_eq!(bench.redeem(&code, &[("client_id", "another")]).await.error(), ("invalid_grant", 70_000));
    assert_eq!(bench.redeem("sim-code-9999", &[]).await.error(), ("invalid_grant", 70_000));
    assert_eq!(bench.redeem(&code, &[("grant_type", "password")]).await.error(), ("unsupported_grant_type", 70_003));
    assert_eq!(bench.redeem(&code, &[("grant_type", "")]).await.error(), ("invalid_request", 900_144));
}

#[tokio::test]
async fn a_client_secret_is_compared_where_there_is_one() {
    let bench = Bench::new(r#"{"client_secret": "canary-5678"}"#).await;
    let code = bench.code().await;
    let missing = bench.redeem(&code, &[]).await;
    assert_eq!((missing.status, missing.error()), (401, ("invalid_client", 7_000_218)));
    let wrong = bench.redeem(&code, &[("client_secret", "5678")]).await;
    assert_eq!((wrong.status, wrong.error()), (401, ("invalid_client", 7_000_215)));
    assert_eq!(bench.redeem(&code, &[("client_secret", "canary-5678")]).await.status, 200);

    let code = bench.code().await;
    let url = bench.at(&format!("{ENTRA}/oauth2/v2.0/token"));
    let form = crate::client::redemption(&code, &[("client_id", "")]);
    let basic = bench.http.post(url).basic_auth("1234", Some("canary-5678")).form(&form).send().await.unwrap();
    assert_eq!(basic.status().as_u16(), 200);
}

#[tokio::test]
async fn parameters_are_posted_once() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    let mut twice = crate::client::redemption(&code, &[]);
    twice.push(("code", "another"));
    assert_eq!(bench.post(&format!("{ENTRA}/oauth2/v2.0/token"), &twice).await.error(), ("invalid_request", 900_144));
    assert_eq!(bench.get(&format!("{ENTRA}/oauth2/v2.0/token?code={code}")).await.error(), ("invalid_request", 900_144));
}

#[tokio::test]
async fn refresh_tokens_rotate() {
    for (script, second, third) in [
        (r#"{}"#, Err(()), Ok(())),
        (r#"{"old_refresh_token": "accepted"}"#, Ok(()), Ok(())),
        (r#"{"old_refresh_token": "revokes_all"}"#, Err(()), Err(())),
    ] {
        let bench = Bench::new(script).await;
        let code = bench.code().await;
        let first = bench.redeem(&code, &[]).await;
        let rotated = bench.refresh(first.text("refresh_token")).await;
        assert_ne!(rotated.text("refresh_token"), first.text("refresh_token"));
        assert_ne!(rotated.text("access_token"), first.text("access_token"));
        let outcome = |status| if status == 200 { Ok(()) } else { Err(()) };
        assert_eq!(outcome(bench.refresh(first.text("refresh_token")).await.status), second, "{script}");
        assert_eq!(outcome(bench.refresh(rotated.text("refresh_token")).await.status), third, "{script}");
    }
}

#[tokio::test]
async fn without_offline_access_entra_gives_no_refresh_token() {
    let bench = Bench::new("{}").await;
    let url = authorize(&[("scope", "https://graph.microsoft.com/User.Read")]);
    let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
    let reply = bench.redeem(&code, &[]).await;
    assert_eq!((reply.body.get("refresh_token"), reply.body.get("id_token")), (None, None));
}

#[tokio::test]
async fn grants_accounts_and_fields_follow_the_script() {
    let bench = Bench::new(
        r#"{"grant": ["Mail.Read"], "scope_prefix": false, "person": "logs_in_as_another", "token_fields": {"user_id": "42"}}"#,
    )
    .await;
    let code = bench.code().await;
    let reply = bench.redeem(&code, &[]).await;
    assert_eq!(reply.text("scope"), "Mail.Read openid profile");
    assert_eq!(reply.text("user_id"), "42");
    let issuer = "https://login.microsoftonline.com/0c0c0c0c-0000-4000-8000-00000000000c/v2.0";
    assert_eq!(bench.claims(reply.text("id_token"), issuer).await.unwrap()["name"], "Grace");
}

#[tokio::test]
async fn github_answers_errors_with_status_200() {
    let bench = Bench::new("{}").await;
    let url = authorize_at("https://github.com/login/oauth/authorize", &[("scope", "repo read:user")]);
    let code = parameter(&bench.provider.person().log_in(&url).await.unwrap(), "code").unwrap();
    let wrong = bench.post("https://github.com/login/oauth/access_token", &crate::client::redemption("x", &[])).await;
    assert_eq!((wrong.status, wrong.text("error")), (200, "bad_verification_code"));
    let reply = bench.post("https://github.com/login/oauth/access_token", &crate::client::redemption(&code, &[])).await;
    assert_eq!((reply.text("scope"), reply.text("token_type")), ("repo,read:user", "bearer"));
    assert_eq!((reply.body.get("expires_in"), reply.body.get("refresh_token")), (None, None));
}

#[tokio::test]
async fn revocation_takes_tokens_back() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    let tokens = bench.redeem(&code, &[]).await;
    let revoke = |token: String| {
        let bench = &bench;
        async move { bench.post("https://id.example/revoke", &[("client_id", "1234"), ("token", &token)]).await.status }
    };
    assert_eq!(revoke("unknown".to_owned()).await, 200);
    assert_eq!(revoke(tokens.text("refresh_token").to_owned()).await, 200);
    assert_eq!(bench.refresh(tokens.text("refresh_token")).await.error(), ("invalid_grant", 70_000));
}

#[tokio::test]
async fn requests_are_recorded_without_secrets() {
    let bench = Bench::new(r#"{"client_secret": "canary-5678"}"#).await;
    let code = bench.code().await;
    bench.redeem(&code, &[("client_secret", "canary-5678")]).await;
    let requests = bench.provider.requests();
    let text = serde_json::to_string(&requests).unwrap();
    for secret in ["canary", "sim-", STATE, NONCE, VERIFIER] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(requests.iter().map(|request| request.at).collect::<Vec<_>>(), [Place::Authorize, Place::Token]);
    assert_eq!(requests[1].url, format!("{ENTRA}/oauth2/v2.0/token"));
    assert_eq!((requests[1].status, requests[1].method.as_str()), (Some(200), "POST"));
    let form = json!(requests[1].form);
    assert_eq!((form["grant_type"].as_str(), form["code"].as_str()), (Some("authorization_code"), Some("[redacted]")));
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let bench = Bench::new("{}").await;
    let code = bench.code().await;
    bench.provider.reset(Script::default()).await.unwrap();
    assert_eq!(bench.redeem(&code, &[]).await.error(), ("invalid_grant", 70_000));
    assert_eq!(bench.provider.requests().len(), 1);
}

#[tokio::test]
async fn a_dropped_provider_stops() {
    let bench = Bench::new("{}").await;
    let url = bench.at(&format!("{ENTRA}/discovery/v2.0/keys"));
    let kept = bench.http.get(&url).send().await.unwrap();
    assert_eq!(kept.status().as_u16(), 200);
    drop(kept);
    drop(bench.provider);
    // The server ends in its own task; only a running one would answer for good.
    let gone = async {
        while bench.http.get(&url).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.unwrap();
}
