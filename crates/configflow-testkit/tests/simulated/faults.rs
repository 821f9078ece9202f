//! Every fault can be seen from outside.

use std::error::Error;
use std::time::Duration;

use configflow_testkit::simulated::Script;
use jsonwebtoken::errors::ErrorKind;

use crate::client::{Bench, ENTRA, NATIVE, NONCE, STATE, authorize, parameter, redemption};

const ISSUER: &str = "https://login.microsoftonline.com/0c0c0c0c-0000-4000-8000-00000000000c/v2.0";

/// A provider with one fault at the token endpoint.
async fn with(fault: &str) -> Bench {
    Bench::new(&format!(r#"{{"faults": [{{"at": "token", "fault": {fault}}}]}}"#)).await
}

fn token() -> String {
    format!("{ENTRA}/oauth2/v2.0/token")
}

/// The kind of the I/O error at the bottom of a failed request.
fn io_kind(error: &reqwest::Error) -> Option<std::io::ErrorKind> {
    let mut source: Option<&dyn Error> = error.source();
    while let Some(error) = source {
        if let Some(io) = error.downcast_ref::<std::io::Error>()
            && io.kind() != std::io::ErrorKind::Other
        {
            return Some(io.kind());
        }
        source = error.source();
    }
    None
}

#[tokio::test]
async fn hang_lasts_until_the_client_goes() {
    let bench = with(r#""hang""#).await;
    let code = bench.code().await;
    let request = bench.http.post(bench.at(&token())).form(&redemption(&code, &[])).timeout(Duration::from_millis(50));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(bench.provider.requests()[1].status, None);
    // It was held before anything was done.
    assert_eq!(bench.redeem(&code, &[]).await.status, 200);
}

#[tokio::test]
async fn hang_lasts_until_the_server_stops() {
    let bench = with(r#""hang""#).await;
    let code = bench.code().await;
    let request = bench.http.post(bench.at(&token())).form(&redemption(&code, &[])).send();
    let provider = bench.provider;
    let stop = async {
        while provider.requests().len() < 2 {
            tokio::task::yield_now().await;
        }
        drop(provider);
    };
    let both = async { tokio::join!(request, stop) };
    let (answer, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.unwrap();
    assert!(!answer.unwrap_err().is_timeout());
}

#[tokio::test]
async fn reset_does_nothing_and_answers_nothing() {
    let bench = with(r#""reset""#).await;
    let code = bench.code().await;
    let error = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap_err();
    assert_eq!(io_kind(&error), Some(std::io::ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(bench.redeem(&code, &[]).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_was_given() {
    let bench = with(r#""answer_lost""#).await;
    let code = bench.code().await;
    let error = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap_err();
    assert_eq!(io_kind(&error), Some(std::io::ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(bench.redeem(&code, &[]).await.error(), ("invalid_grant", 54_005));
}

#[tokio::test]
async fn refuse_shuts_the_port_until_the_reset() {
    let bench = with(r#""refuse""#).await;
    // A connection of before must not get around it.
    assert_eq!(bench.get(&format!("{ENTRA}/discovery/v2.0/keys")).await.status, 200);
    let code = bench.code().await;
    for _ in 0..2 {
        let error = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap_err();
        assert!(error.is_connect(), "{error:?}");
        assert_eq!(io_kind(&error), Some(std::io::ErrorKind::ConnectionRefused), "{error:?}");
    }
    let port = bench.provider.port();
    bench.provider.reset(Script::default()).await.unwrap();
    assert_eq!(bench.provider.port(), port);
    assert_eq!(bench.get(&format!("{ENTRA}/discovery/v2.0/keys")).await.status, 200);
}

#[tokio::test]
async fn refuse_waits_for_its_turn() {
    let refuse = |at: &str, nth: u32| format!(r#"{{"faults": [{{"at": "{at}", "nth": {nth}, "fault": "refuse"}}]}}"#);
    let keys = format!("{ENTRA}/discovery/v2.0/keys");
    let bench = Bench::new(&refuse("metadata", 1)).await;
    assert!(bench.http.get(bench.at(&keys)).send().await.unwrap_err().is_connect());

    let refreshing: Script = serde_json::from_str(&refuse("refresh", 2)).unwrap();
    bench.provider.reset(refreshing).await.unwrap();
    let code = bench.code().await;
    let first = bench.redeem(&code, &[]).await;
    let second = bench.refresh(first.text("refresh_token")).await;
    assert_eq!(second.status, 200);
    let form = [("client_id", "1234"), ("grant_type", "refresh_token"), ("refresh_token", second.text("refresh_token"))];
    assert!(bench.try_post(&token(), &form).await.unwrap_err().is_connect());
    let again: Script = serde_json::from_str(&refuse("device", 1)).unwrap();
    bench.provider.reset(again).await.unwrap();
    assert!(bench.http.get(bench.at(&keys)).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn a_status_comes_with_its_body_and_headers() {
    let bench =
        with(r#"{"status": 502, "body": "<html>bad", "content_type": "text/html", "headers": {"retry-after": "7"}}"#).await;
    let code = bench.code().await;
    let answer = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap();
    assert_eq!(answer.status().as_u16(), 502);
    assert_eq!(
        (answer.headers()["content-type"].to_str().unwrap(), answer.headers()["retry-after"].to_str().unwrap()),
        ("text/html", "7")
    );
    assert_eq!(answer.text().await.unwrap(), "<html>bad");
}

#[tokio::test]
async fn an_error_is_in_the_form_of_the_provider() {
    let bench = with(r#"{"error": "invalid_client", "aadsts": 7000222}"#).await;
    let code = bench.code().await;
    let reply = bench.redeem(&code, &[]).await;
    assert_eq!((reply.status, reply.error()), (401, ("invalid_client", 7_000_222)));
    assert!(reply.text("error_description").starts_with("AADSTS7000222: The client secret has expired."));

    let bench = with(r#"{"error": "server_error", "description": "sorry", "status": 500}"#).await;
    let reply = bench.post("https://id.example/token", &redemption("x", &[])).await;
    assert_eq!((reply.status, reply.text("error"), reply.text("error_description")), (500, "server_error", "sorry"));
}

#[tokio::test]
async fn a_body_has_the_size_that_was_asked_for() {
    let bench = with(r#"{"body_size": 10000000}"#).await;
    let code = bench.code().await;
    let answer = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    let body = answer.bytes().await.unwrap();
    assert_eq!(body.len(), 10_000_000);
    assert!(serde_json::from_slice::<serde_json::Value>(&body).is_ok());
}

#[tokio::test]
async fn a_redirect_asks_for_the_same_elsewhere() {
    let bench = with(r#"{"redirect": "https://evil.example/token"}"#).await;
    let code = bench.code().await;
    let answer = bench.try_post(&token(), &redemption(&code, &[])).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()), (307, "https://evil.example/token"));
}

#[tokio::test]
async fn fields_are_set_and_left_out() {
    let bench = with(r#"{"expires_in": "junk"}"#).await;
    let code = bench.code().await;
    assert_eq!(bench.redeem(&code, &[]).await.body["expires_in"], "junk");

    let bench = with(r#"{"omit": ["id_token", "expires_in"]}"#).await;
    let code = bench.code().await;
    let reply = bench.redeem(&code, &[]).await;
    assert_eq!((reply.status, reply.body.get("id_token"), reply.body.get("expires_in")), (200, None, None));
    assert!(reply.body.get("access_token").is_some());

    let bench = with(r#"{"set": {"scope": "nothing"}}"#).await;
    let code = bench.code().await;
    assert_eq!(bench.redeem(&code, &[]).await.text("scope"), "nothing");
}

#[tokio::test]
async fn id_tokens_are_wrong_in_one_way_each() {
    async fn kind(fault: &str) -> Option<ErrorKind> {
        let bench = with(fault).await;
        let code = bench.code().await;
        let reply = bench.redeem(&code, &[]).await;
        bench.claims(reply.text("id_token"), ISSUER).await.err().map(|error| error.kind().clone())
    }
    assert_eq!(kind(r#""bad_signature""#).await, Some(ErrorKind::InvalidSignature));
    assert_eq!(kind(r#""wrong_audience""#).await, Some(ErrorKind::InvalidAudience));
    assert_eq!(kind(r#""wrong_issuer""#).await, Some(ErrorKind::InvalidIssuer));
    assert_eq!(kind(r#""expired_id_token""#).await, Some(ErrorKind::ExpiredSignature));
    assert_eq!(kind(r#""unknown_key""#).await, Some(ErrorKind::InvalidKeyFormat));

    for (fault, nonce, tid) in
        [(r#""wrong_nonce""#, "sim-nonce-of-another-request", true), (r#"{"claims": {"tid": null, "nonce": "n"}}"#, "n", false)]
    {
        let bench = with(fault).await;
        let code = bench.code().await;
        let reply = bench.redeem(&code, &[]).await;
        let claims = bench.claims(reply.text("id_token"), ISSUER).await.unwrap();
        assert_eq!((claims["nonce"].as_str(), claims.contains_key("tid")), (Some(nonce), tid), "{fault}");
    }
}

#[tokio::test]
async fn a_fault_has_its_turn_and_its_end() {
    let bench = Bench::new(r#"{"faults": [{"at": "keys", "nth": 2, "times": 2, "fault": {"status": 503}}]}"#).await;
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(bench.get(&format!("{ENTRA}/discovery/v2.0/keys")).await.status);
    }
    assert_eq!(seen, [200, 503, 503, 200]);
}

#[tokio::test]
async fn every_place_can_fail() {
    let token_form = [("client_id", "1234"), ("grant_type", "refresh_token"), ("refresh_token", "x")];
    for (at, method, url) in [
        ("refresh", "POST", "https://id.example/token"),
        ("keys", "GET", "https://id.example/jwks"),
        ("metadata", "GET", "https://id.example/.well-known/openid-configuration"),
        ("device", "POST", "https://id.example/device/code"),
        ("revoke", "POST", "https://id.example/revoke"),
        ("userinfo", "GET", "https://id.example/userinfo"),
        ("api", "GET", "https://api.example/v1/things"),
    ] {
        let bench = Bench::new(&format!(r#"{{"faults": [{{"at": "{at}", "fault": {{"status": 599}}}}]}}"#)).await;
        let reply = if method == "GET" { bench.get(url).await } else { bench.post(url, &token_form).await };
        assert_eq!(reply.status, 599, "{at}");
        let again = if method == "GET" { bench.get(url).await } else { bench.post(url, &token_form).await };
        assert_ne!(again.status, 599, "{at}");
    }
}

#[tokio::test]
async fn the_way_back_can_be_wrong_too() {
    let at_authorize = |fault: &str| format!(r#"{{"faults": [{{"at": "authorize", "fault": {fault}}}]}}"#);
    let bench = Bench::new(&at_authorize(r#"{"error": "server_error", "aadsts": 65001}"#)).await;
    let back = bench.provider.person().log_in(&authorize(&[])).await.unwrap();
    assert!(back.starts_with(NATIVE));
    assert_eq!(parameter(&back, "error").as_deref(), Some("server_error"));
    assert_eq!(parameter(&back, "state").as_deref(), Some(STATE));

    let bench = Bench::new(&at_authorize(r#"{"omit": ["state"]}"#)).await;
    let back = bench.provider.person().log_in(&authorize(&[])).await.unwrap();
    assert_eq!((parameter(&back, "state"), parameter(&back, "code").is_some()), (None, true));

    let bench = Bench::new(&at_authorize(r#"{"set": {"state": "stale", "iss": "https://evil.example"}}"#)).await;
    let back = bench.provider.person().log_in(&authorize(&[])).await.unwrap();
    assert_eq!(parameter(&back, "state").as_deref(), Some("stale"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some("https://evil.example"));

    let bench = Bench::new(&at_authorize(r#"{"redirect": "https://elsewhere.example/"}"#)).await;
    let back = bench.provider.person().log_in(&authorize(&[("nonce", NONCE)])).await.unwrap();
    assert_eq!(back, "https://elsewhere.example/");

    let bench = Bench::new(&at_authorize(r#"{"status": 500, "body": "sorry"}"#)).await;
    let error = bench.provider.person().log_in(&authorize(&[])).await.unwrap_err();
    assert_eq!(error.code(), "simulated.no_redirect");
}

#[test]
fn a_script_with_an_unknown_key_is_refused() {
    for (json, key) in [
        (r#"{"acount": {}}"#, "`acount`"),
        (r#"{"faults": [{"at": "token", "fault": {"stauts": 500}}]}"#, "`stauts`"),
        (r#"{"faults": [{"at": "token", "fault": "hangs"}]}"#, "`hangs`"),
        (r#"{"api": [{"url": "https://a.example/", "body": ""}]}"#, "`body`"),
    ] {
        let error = serde_json::from_str::<Script>(json).unwrap_err().to_string();
        assert!(error.contains(key), "{json}: {error}");
    }
}
