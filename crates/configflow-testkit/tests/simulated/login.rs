//! The authorization endpoint, and what a person does there.

use axum::Router;
use axum::extract::RawQuery;
use axum::routing::get;
use configflow_testkit::simulated::LogInError;

use crate::client::{Bench, ENTRA, NATIVE, STATE, authorize, authorize_at, parameter};

#[tokio::test]
async fn a_person_comes_back_with_code_and_state() {
    let bench = Bench::new(r#"{"session_state": true}"#).await;
    let back = bench.provider.person().log_in(&authorize(&[])).await.unwrap();
    assert!(back.starts_with(&format!("{NATIVE}?code=sim-code-")), "{back}");
    assert!(parameter(&back, "code").unwrap().len() >= 30);
    assert_eq!(parameter(&back, "state").as_deref(), Some(STATE));
    assert!(parameter(&back, "session_state").is_some());
    assert_eq!(parameter(&back, "iss"), None);
}

#[tokio::test]
async fn iss_is_given_where_the_script_says() {
    let bench = Bench::new(r#"{"iss": true}"#).await;
    let url = authorize_at("https://id.example/realm/authorize", &[]);
    let back = bench.provider.person().log_in(&url).await.unwrap();
    assert_eq!(parameter(&back, "iss").as_deref(), Some("https://id.example/realm"));
    let metadata = bench.get("https://id.example/realm/.well-known/openid-configuration").await;
    assert_eq!(metadata.body["authorization_response_iss_parameter_supported"], true);
}

#[tokio::test]
async fn a_person_declines() {
    let bench = Bench::new(r#"{"person": "declines"}"#).await;
    let back = bench.provider.person().log_in(&authorize(&[])).await.unwrap();
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    assert!(parameter(&back, "error_description").unwrap().starts_with("AADSTS65004"));
    assert_eq!(parameter(&back, "state").as_deref(), Some(STATE));
    assert_eq!(parameter(&back, "code"), None);
}

#[tokio::test]
async fn a_person_meets_an_error_page() {
    let bench = Bench::new(r#"{"person": {"meets_error": 90094}}"#).await;
    let error = bench.provider.person().log_in(&authorize(&[])).await.unwrap_err();
    assert_eq!(error.code(), "simulated.error_page");
    assert!(matches!(error, LogInError::ErrorPage { aadsts: Some(90_094), .. }));
}

#[tokio::test]
async fn the_native_client_page_moves_on() {
    let bench = Bench::new(r#"{"person": "ends_at_wrongplace"}"#).await;
    let person = bench.provider.person();
    assert_eq!(person.log_in(&authorize(&[])).await.unwrap(), "https://login.microsoftonline.com/common/wrongplace");
    let hosted = person.log_in(&authorize(&[("redirect_uri", "https://hub.example/api/ms365")])).await.unwrap();
    assert!(hosted.starts_with("https://hub.example/api/ms365?code="), "{hosted}");
}

#[tokio::test]
async fn a_callback_is_performed_at_the_hub() {
    let hub = Router::new().route("/api/ms365", get(|RawQuery(query): RawQuery| async { query.unwrap_or_default() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, hub).await });
    let bench = Bench::new("{}").await;
    let url = authorize(&[("redirect_uri", "https://hub.example/api/ms365")]);
    let called = bench.provider.person().call_back(&url, &base).await.unwrap();
    assert_eq!(called.status, 200);
    assert!(called.body.contains("code=sim-code-") && called.body.contains(STATE), "{}", called.body);
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_registered_is_never_used() {
    let script = format!(r#"{{"redirect_uris": ["{NATIVE}"]}}"#);
    let bench = Bench::new(&script).await;
    let person = bench.provider.person();
    person.log_in(&authorize(&[])).await.unwrap();
    let error = person.log_in(&authorize(&[("redirect_uri", "https://evil.example/?a=1&b=<x>")])).await.unwrap_err();
    let LogInError::ErrorPage { aadsts: Some(50_011), text } = error else { panic!("{error}") };
    assert!(text.contains("https://evil.example/?a=1&b=<x>"), "{text}");
}

#[tokio::test]
async fn requests_in_doubt_are_shown_to_the_person_only() {
    let bench = Bench::new(r#"{"client_id": "1234"}"#).await;
    let person = bench.provider.person();
    for (changed, number) in [
        (("client_id", ""), 900_144),
        (("client_id", "another"), 700_016),
        (("redirect_uri", ""), 900_971),
        (("redirect_uri", "not a url"), 900_971),
        (("redirect_uri", "https://hub.example/#fragment"), 900_971),
    ] {
        let error = person.log_in(&authorize(&[changed])).await.unwrap_err();
        assert!(matches!(&error, LogInError::ErrorPage { aadsts: Some(met), .. } if *met == number), "{changed:?}: {error}");
    }
    let twice = format!("{}&state=again", authorize(&[]));
    assert!(matches!(person.log_in(&twice).await.unwrap_err(), LogInError::ErrorPage { aadsts: Some(900_144), .. }));
}

#[tokio::test]
async fn bad_requests_are_sent_back() {
    let bench = Bench::new("{}").await;
    let long = "a".repeat(129);
    for (changed, error, number) in [
        (("response_type", "token"), "unsupported_response_type", 700_054),
        (("scope", ""), "invalid_request", 900_144),
        (("state", ""), "invalid_request", 900_144),
        (("code_challenge", ""), "invalid_request", 900_144),
        (("code_challenge", "tooshort"), "invalid_request", 501_491),
        (("code_challenge", long.as_str()), "invalid_request", 501_491),
        (("code_challenge_method", "plain"), "invalid_request", 501_491),
        (("code_challenge_method", ""), "invalid_request", 501_491),
    ] {
        let back = bench.provider.person().log_in(&authorize(&[changed])).await.unwrap();
        assert!(back.starts_with(NATIVE), "{changed:?}: {back}");
        assert_eq!(parameter(&back, "error").as_deref(), Some(error), "{changed:?}");
        assert!(parameter(&back, "error_description").unwrap().starts_with(&format!("AADSTS{number}:")), "{changed:?}: {back}");
        assert_eq!(parameter(&back, "code"), None);
    }
}

#[tokio::test]
async fn an_account_of_another_tenant_is_refused() {
    let tid = "11111111-2222-4333-8444-555555555555";
    let bench = Bench::new(&format!(r#"{{"account": {{"tid": "{tid}"}}}}"#)).await;
    let person = bench.provider.person();
    let at = |tenant: &str| authorize_at(&format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize"), &[]);
    person.log_in(&at(tid)).await.unwrap();
    let error = person.log_in(&at("99999999-2222-4333-8444-555555555555")).await.unwrap_err();
    assert!(matches!(error, LogInError::ErrorPage { aadsts: Some(50_020), .. }), "{error}");
}

#[tokio::test]
async fn what_is_no_address_is_not_opened() {
    let bench = Bench::new("{}").await;
    let person = bench.provider.person();
    assert_eq!(person.log_in("nonsense").await.unwrap_err().code(), "simulated.not_a_url");
    assert_eq!(person.log_in("mailto:a@b").await.unwrap_err().code(), "simulated.not_a_url");
    assert_eq!(person.log_in(&format!("{ENTRA}/nothing")).await.unwrap_err().code(), "simulated.no_redirect");
}
