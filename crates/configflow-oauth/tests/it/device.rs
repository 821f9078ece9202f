//! The device grant: start, polls, and the interval between them.

use std::time::Duration as Wait;

use configflow_oauth::{DeviceAttempt, Poll};
use serde_json::{Value, json};
use time::Duration;
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{
    ANNA, SetClock, account_of, acme, answer, client_at, client_of, entra, forms, noon, offline, ok, resolved, towards,
};

const START: &str = "/oauth2/device";
const TOKEN: &str = "/oauth2/token";

fn started() -> Value {
    json!({
        "device_code": "d3vice", "user_code": "WDJB-MJHT", "verification_uri": "https://acme.example/device",
        "verification_uri_complete": "https://acme.example/device?user_code=WDJB-MJHT", "expires_in": 900,
    })
}

async fn begun(server: &MockServer) -> DeviceAttempt {
    answer(server, START, ok(started())).await;
    client_of(server).device_start(&acme(), ANNA).await.unwrap()
}

fn error(error: &str) -> ResponseTemplate {
    ResponseTemplate::new(400).set_body_json(json!({ "error": error }))
}

#[tokio::test]
async fn a_start_shows_what_the_person_needs() {
    let server = MockServer::start().await;
    let attempt = begun(&server).await;
    assert_eq!((attempt.user_code(), attempt.verification_uri()), ("WDJB-MJHT", "https://acme.example/device"));
    assert_eq!(attempt.interval(), Wait::from_secs(5));
    assert_eq!(attempt.expires_at(), noon() + Duration::minutes(15));
    assert!(!format!("{attempt:?}{:?}", attempt.public_fields()).contains("d3vice"));
    assert_eq!(forms(&server).await[0]["scope"], "read");

    let text = serde_json::to_string(&attempt.into_sealable()).unwrap();
    let attempt = DeviceAttempt::from_sealable(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(attempt.interval(), Wait::from_secs(5));
}

#[tokio::test]
async fn sec_12_slow_down_adds_five_seconds_for_good() {
    let server = MockServer::start().await;
    let mut attempt = begun(&server).await;
    let (client, account) = (client_of(&server), acme());
    for (answered, expected, interval) in [
        ("authorization_pending", "Pending", 5),
        ("slow_down", "SlowDown", 10),
        ("authorization_pending", "Pending", 10),
        ("slow_down", "SlowDown", 15),
    ] {
        server.reset().await;
        answer(&server, TOKEN, error(answered)).await;
        let poll = client.device_poll(&account, &mut attempt, ANNA).await.unwrap();
        assert_eq!((format!("{poll:?}").as_str(), attempt.interval()), (expected, Wait::from_secs(interval)));
    }
    let form = &forms(&server).await[0];
    assert_eq!(form["grant_type"], "urn:ietf:params:oauth:grant-type:device_code");
    assert_eq!(form["device_code"], "d3vice");
}

#[tokio::test]
async fn sec_12_it_ends_at_any_other_error() {
    let server = MockServer::start().await;
    let mut attempt = begun(&server).await;
    let (client, account) = (client_of(&server), acme());
    for (answered, expected) in [("access_denied", "Denied"), ("expired_token", "Expired")] {
        server.reset().await;
        answer(&server, TOKEN, error(answered)).await;
        assert_eq!(format!("{:?}", client.device_poll(&account, &mut attempt, ANNA).await.unwrap()), expected);
    }
    server.reset().await;
    answer(&server, TOKEN, error("invalid_grant")).await;
    let failure = client.device_poll(&account, &mut attempt, ANNA).await.unwrap_err();
    assert_eq!((failure.code(), failure.is_final()), ("token.provider_error", true));
}

#[tokio::test]
async fn sec_12_it_backs_off_where_the_provider_fails() {
    let server = MockServer::start().await;
    let mut attempt = begun(&server).await;
    let (client, account) = (client_of(&server), acme());
    server.reset().await;
    answer(&server, TOKEN, ResponseTemplate::new(503)).await;
    for seconds in [10, 20, 40] {
        let failure = client.device_poll(&account, &mut attempt, ANNA).await.unwrap_err();
        assert_eq!(
            (failure.code(), failure.is_final(), attempt.interval()),
            ("token.server_error", false, Wait::from_secs(seconds))
        );
    }
}

#[tokio::test]
async fn it_links() {
    let server = MockServer::start().await;
    let mut attempt = begun(&server).await;
    answer(&server, TOKEN, ok(json!({ "access_token": "a", "scope": "read" }))).await;
    let Poll::Linked(linked) = client_of(&server).device_poll(&acme(), &mut attempt, ANNA).await.unwrap() else { panic!() };
    assert!(linked.scopes.is_complete());
}

#[tokio::test]
async fn after_its_end_or_for_others_nothing_is_sent() {
    let server = MockServer::start().await;
    let clock = SetClock::new();
    let client = client_at(&clock, towards(&server));
    let mut attempt = begun(&server).await;
    server.reset().await;
    let foreign = client.device_poll(&acme(), &mut attempt, "mallory").await.unwrap_err();
    assert_eq!(foreign.code(), "device.foreign_attempt");
    let foreign = client.device_poll(&entra(&[]), &mut attempt, ANNA).await.unwrap_err();
    assert_eq!(foreign.code(), "device.foreign_attempt");
    clock.advance(Duration::minutes(15));
    assert!(matches!(client.device_poll(&acme(), &mut attempt, ANNA).await.unwrap(), Poll::Expired));
    assert!(server.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_start_that_cannot_be_shown_is_refused() {
    let refuse = async |patch: Value, code: &'static str| {
        let server = MockServer::start().await;
        let mut body = started();
        for (name, value) in patch.as_object().unwrap() {
            body[name] = value.clone();
        }
        answer(&server, START, ok(body)).await;
        let error = client_of(&server).device_start(&acme(), ANNA).await.unwrap_err();
        assert_eq!(error.code(), code, "{patch}");
    };
    refuse(json!({ "verification_uri": "javascript:alert(1)" }), "device.verification_uri").await;
    refuse(json!({ "verification_uri": "http://acme.example/device" }), "device.verification_uri").await;
    refuse(json!({ "verification_uri": null }), "token.malformed").await;
    refuse(json!({ "user_code": "" }), "token.malformed").await;
    refuse(json!({ "expires_in": "soon" }), "token.malformed").await;

    let error = offline().device_start(&account_of(resolved("spotify", &[]), &[]), ANNA).await.unwrap_err();
    assert_eq!(error.code(), "device.unsupported");
}

#[tokio::test]
async fn an_error_at_the_start_is_mapped() {
    let server = MockServer::start().await;
    // GitHub answers 200 to some of these.
    answer(&server, "/login/device/code", ok(json!({ "error": "device_flow_disabled" }))).await;
    let error = client_of(&server).device_start(&account_of(resolved("github", &[]), &[]), ANNA).await.unwrap_err();
    assert_eq!(error.code(), "token.provider_error");
    assert_eq!(error.public_fields()["blame"], json!(["client_id"]));
}
