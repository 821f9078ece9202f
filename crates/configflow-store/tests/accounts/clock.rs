//! A hub whose clock is wrong.

use configflow_engine::Start;
use serde_json::json;

use crate::support::{Bench, api};

/// An account whose provider says in an ID token who it is.
pub(crate) const ENTRA: &str = "
domain: entra
version: 1
account: { provider: microsoft_entra, client_id: hub, client_secret: canary-Qw7Zt1Lm, scopes: [User.Read] }
config:
  user:
    do:
      - link.authorize: { redirect: callback }
    then: wait
  reauth: { form: [], then: user }
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.detail or failure.reason or failure.code }}\" } } }
    then:
      - { when: context.entry_id, update_entry: { data_updates: {} } }
      - { create_entry: { title: \"{{ account.username }}\", data: {} } }
";

#[tokio::test]
async fn ten_minutes_too_slow_an_account_is_not_linked_and_the_clock_is_blamed() {
    let bench = Bench::with(vec![ENTRA], json!({}), -600).await;
    let wait = bench.begins(Start::user("entra")).await;
    let refused = bench.logs_in(&wait).await;
    assert_eq!(refused["errors"]["base"], "id_token.clock", "{refused}");
    bench.clock.goes_on(600);
    bench.links("entra").await;
}

#[tokio::test]
async fn ten_minutes_too_fast_or_four_too_slow_an_account_is_linked() {
    for fast in [600, -240] {
        let bench = Bench::with(vec![ENTRA], json!({}), fast).await;
        bench.links("entra").await;
    }
}

#[tokio::test]
async fn a_clock_that_jumps_costs_no_account() {
    for jump in [600, -600, 86_400, -86_400] {
        let bench = Bench::new(api(json!({}))).await;
        let entry = bench.links("acme").await;
        let account = bench.engine.account(&entry);
        account.access_token().await.expect("a token");
        bench.clock.goes_on(jump);
        account.access_token().await.expect("a token after the jump");
        assert!(bench.sent("refresh_token") <= 1, "{jump}: at most one renewal");
        account.access_token().await.expect("a token");
        assert!(bench.sent("refresh_token") <= 1, "{jump}: the new one is judged by the new time");
        assert!(bench.token(&entry).await.expect("the token").refused.is_none());
    }
}

#[tokio::test]
async fn a_401_with_a_token_that_looks_good_forces_one_renewal() {
    let refused = json!({"method": "GET", "url": "https://api.acme.example/thing", "status": 401});
    let given = json!({"method": "GET", "url": "https://api.acme.example/thing", "authorized": true, "json": {"thing": "lamp"}});
    let bench = Bench::new(json!({"api": [refused, given]})).await;
    let entry = bench.links("acme").await;
    let caller = bench.engine.caller("anna");
    let init = bench.shown(caller.start(Start::options(&entry)).await);
    assert_eq!(init["description_placeholders"]["thing"], "lamp", "{init}");
    assert_eq!(bench.sent("refresh_token"), 1);

    // Where the API refuses every token, that is no reason to renew one after the other.
    let bench = Bench::new(json!({"api": [refused]})).await;
    let entry = bench.links("acme").await;
    let caller = bench.engine.caller("anna");
    for _ in 0..3 {
        let init = bench.shown(caller.start(Start::options(&entry)).await);
        assert_eq!(init["reason"], "unauthorized", "{init}");
    }
    assert_eq!(bench.sent("refresh_token"), 1);
}
