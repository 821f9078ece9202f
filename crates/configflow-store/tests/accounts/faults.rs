//! The fault table of the token endpoint: each fault has a code of its own, costs no account, and shows no secret; when a code is
//! redeemed, and when a token is renewed. That a process is killed between the provider's answer and the disk is tested in `refresh`.

use configflow_engine::{AccountError, Start};
use serde_json::json;

use crate::support::{Bench, Log, api};
use crate::way::Fate;

fn answered(head: &str, body: &[u8]) -> Fate {
    let mut answer = format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()).into_bytes();
    answer.extend_from_slice(body);
    Fate::Answered(answer)
}

/// Every fault with its code.
fn table() -> Vec<(&'static str, Fate, &'static str)> {
    let cut_off = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4096\r\n\r\n{\"access_token\":".to_vec();
    let large = format!("{{\"access_token\": \"{}\"}}", "x".repeat(10_000_000));
    let form = b"access_token=sim-access-0&token_type=bearer";
    vec![
        ("refused", Fate::Refused, "token.connect"),
        ("reset mid-body", Fate::Answered(cut_off), "token.reset"),
        ("silence", Fate::Silence, "token.timeout"),
        ("200 with HTML", answered("200 OK\r\nContent-Type: text/html", b"<html>Welcome</html>"), "token.not_json"),
        ("429", answered("429 Too Many Requests\r\nRetry-After: 7", b""), "token.rate_limited"),
        ("503", answered("503 Service Unavailable", b"later"), "token.server_error"),
        ("redirect", answered("302 Found\r\nLocation: https://acme.example/oauth2/token", b""), "token.redirect"),
        ("10 MB", answered("200 OK\r\nContent-Type: application/json", large.as_bytes()), "token.too_large"),
        ("wrong type", answered("200 OK\r\nContent-Type: application/x-www-form-urlencoded", form), "token.content_type"),
    ]
}

#[tokio::test]
async fn no_fault_while_a_code_is_redeemed_costs_the_link() {
    for (name, fate, code) in table() {
        let log = Log::begin();
        let bench = Bench::new(api(json!({}))).await;
        let wait = bench.begins(Start::user("acme")).await;
        bench.way.is(fate).await;
        let refused = bench.logs_in(&wait).await;
        assert_eq!((&refused["step_id"], &refused["errors"]["base"]), (&json!("wait"), &json!(code)), "{name}: {refused}");
        let sent = bench.sent("authorization_code");
        assert!(sent <= 1, "{name}: a code is sent once, and no redirect is followed; {sent} were");
        // The form has a fresh link, which leads to an entry.
        bench.way.is(Fate::Passes).await;
        let made = bench.logs_in(&refused).await;
        assert_eq!(made["type"], "create_entry", "{name}: {made}");
        bench.nothing_secret_in(&log);
    }
}

#[tokio::test]
async fn no_fault_while_a_token_is_renewed_costs_the_account() {
    for (name, fate, code) in table() {
        let log = Log::begin();
        let bench = Bench::new(api(json!({}))).await;
        let entry = bench.links("acme").await;
        let account = bench.engine.account(&entry);
        let first = account.access_token().await.expect("a token");

        bench.clock.goes_on(3_590);
        bench.way.is(fate.clone()).await;
        let meanwhile = account.access_token().await.expect("the old token is good for ten more seconds");
        assert!(meanwhile.matches(first.expose()), "{name}");

        // The time that passed is that of the clock alone: for a process that begins now the token has ended.
        bench.clock.goes_on(3_600);
        let engine = bench.another();
        let account = engine.account(&entry);
        let error = account.access_token().await.expect_err("no token");
        assert_eq!((error.code(), error.detail()), ("account.unreachable", Some(code)), "{name}");
        let AccountError::Unreachable { retry_after: Some(wait), .. } = error else { panic!("{name}: {error:?}") };
        if name == "429" {
            assert_eq!(wait.as_secs(), 7, "what the provider asks for");
        }
        // Until then nothing is sent.
        let sent = bench.sent("refresh_token");
        assert_eq!(account.access_token().await.expect_err("no token").detail(), Some(code), "{name}");
        assert_eq!(bench.sent("refresh_token"), sent, "{name}: nothing is sent while it waits");
        assert!(bench.token(&entry).await.expect("the token").refused.is_none(), "{name}: the account is not lost");

        bench.way.is(Fate::Passes).await;
        let renewed = bench.another().account(&entry).access_token().await.expect("a new token");
        assert!(!renewed.matches(first.expose()), "{name}");
        bench.nothing_secret_in(&log);
    }
}

#[tokio::test]
async fn a_provider_that_fails_for_a_moment_is_asked_again() {
    let bench = Bench::new(api(json!({"faults": [{"at": "refresh", "times": 2, "fault": {"status": 503}}]}))).await;
    let entry = bench.links("acme").await;
    bench.clock.goes_on(7_200);
    let (engine, account) = (bench.patient(), |engine: &configflow_engine::Engine| engine.account(&entry));
    account(&engine).access_token().await.expect("the third try succeeds");
    assert_eq!(bench.sent("refresh_token"), 3);
}

#[tokio::test]
async fn a_lost_answer_costs_the_account_only_where_the_old_token_has_ended() {
    for (old, ends) in [("accepted", false), ("refused", true), ("revokes_all", true)] {
        let bench = Bench::new(api(json!({"old_refresh_token": old}))).await;
        let entry = bench.links("acme").await;
        bench.clock.goes_on(7_200);
        bench.way.is(Fate::AnswerLost).await;
        let engine = bench.another();
        let lost = engine.account(&entry).access_token().await.expect_err("no token");
        assert_eq!(lost.detail(), Some("token.reset"), "{old}");
        bench.way.is(Fate::Passes).await;
        let again = bench.another().account(&entry).access_token().await;
        let code = again.err().map(|error| (error.code(), error.detail().map(str::to_owned)));
        let refused = ("account.reauth_required", Some("token.provider_error".to_owned()));
        assert_eq!(code, ends.then_some(refused), "{old}");
    }
}
