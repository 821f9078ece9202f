//! A refusal that is final: nothing more is sent, and a reauth begins by itself.

use configflow_engine::{Notice, Start};
use serde_json::json;

use crate::support::{Bench, api, next_flow, told};

/// Refreshes are refused for good.
fn refusing() -> serde_json::Value {
    api(json!({"faults": [{"at": "refresh", "times": 1, "fault": {"error": "invalid_grant"}}]}))
}

#[tokio::test]
async fn sec_14_invalid_grant_is_final_and_a_reauth_begins_by_itself() {
    let bench = Bench::new(refusing()).await;
    let entry = bench.links("acme").await;
    let mut notices = bench.engine.notices();
    bench.clock.goes_on(7_200);
    let account = bench.engine.account(&entry);
    let error = account.access_token().await.expect_err("refused");
    assert_eq!((error.code(), error.detail()), ("account.reauth_required", Some("token.provider_error")));
    let flow = next_flow(&mut notices).await;

    // Nothing is sent again, and there is one reauth, whoever asks and however often.
    for _ in 0..5 {
        assert_eq!(account.access_token().await.expect_err("refused").code(), "account.reauth_required");
    }
    assert_eq!(bench.another().account(&entry).access_token().await.expect_err("refused").code(), "account.reauth_required");
    assert_eq!(bench.sent("refresh_token"), 1);
    assert_eq!(bench.engine.flows_in_progress(), 1);
    assert!(bench.engine.store().entry(&entry).await.expect("read").is_some(), "the entry stays");

    // Linked again, it works again.
    let confirm = bench.shown(bench.engine.caller("anna").get(&flow).await);
    assert_eq!(confirm["step_id"], "reauth", "{confirm}");
    let wait = bench.answers(&confirm).await;
    let ended = bench.logs_in(&wait).await;
    assert_eq!(ended["reason"], "reauth_successful", "{ended}");
    account.access_token().await.expect("a token");
    assert_eq!(bench.engine.flows_in_progress(), 0);
}

#[tokio::test]
async fn after_a_restart_the_reauth_is_there_again() {
    let mut bench = Bench::new(refusing()).await;
    let entry = bench.links("acme").await;
    bench.clock.goes_on(7_200);
    // A process that does not run the flows finds it: it cannot begin one.
    let other = bench.another();
    assert_eq!(other.account(&entry).access_token().await.expect_err("refused").code(), "account.reauth_required");
    assert_eq!(bench.engine.flows_in_progress(), 0);
    drop(other);
    // The one that does finds out when it looks after its accounts,
    let mut notices = bench.engine.notices();
    let tended = bench.engine.tend_accounts().await.expect("tended");
    assert_eq!((tended.good, tended.refused), (0, 1));
    let flow = next_flow(&mut notices).await;
    bench.engine.caller("anna").abort(&flow).await.expect("given up");
    // or when it is started anew.
    let engine = bench.restarted().await;
    let mut notices = engine.notices();
    engine.resume().await.expect("resumed");
    next_flow(&mut notices).await;
    assert_eq!(bench.sent("refresh_token"), 1);
}

#[tokio::test]
async fn sec_14_a_refresh_in_which_a_process_died_starts_a_reauth_at_the_start() {
    let mut bench = Bench::new(api(json!({}))).await;
    let entry = bench.links("acme").await;
    let key = bench.token(&entry).await.expect("the token").key;
    assert!(bench.engine.store().begin_refresh("acme", &key).await.expect("begun"), "what a process leaves that is killed now");
    let engine = bench.restarted().await;
    let mut notices = engine.notices();
    engine.resume().await.expect("resumed");
    let code = told(&mut notices, |notice| match notice {
        Notice::ReauthNeeded { code, .. } => Some(code.clone()),
        _ => None,
    })
    .await;
    assert_eq!(code, "token.refresh_interrupted");
    next_flow(&mut notices).await;
    assert_eq!(bench.sent("refresh_token"), 0, "nothing is sent");
}

#[tokio::test]
async fn sec_14_where_the_old_token_stays_valid_an_interrupted_refresh_is_run_again() {
    let entra = crate::clock::ENTRA;
    let mut bench = Bench::with(vec![entra], json!({"old_refresh_token": "accepted"}), 0).await;
    let entry = bench.links("entra").await;
    let before = bench.token(&entry).await.expect("the token");
    assert!(bench.engine.store().begin_refresh("entra", &before.key).await.expect("begun"));
    let engine = bench.restarted().await;
    engine.resume().await.expect("resumed");
    let token = engine.account(&entry).renewed(before.tokens.access()).await.expect("a new token");
    assert!(!token.matches(before.tokens.access().expose()));
    assert_eq!((bench.sent("refresh_token"), engine.flows_in_progress()), (1, 0));
}

#[tokio::test]
async fn without_a_reauth_in_the_definition_it_is_told_and_nothing_breaks() {
    const BARE: &str = "
domain: bare
version: 1
account: { provider: acme_cloud, client_id: acme-hub }
config:
  user:
    do: [link.authorize: { redirect: callback }]
    then: wait
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.code }}\" } } }
    then: { create_entry: { title: Bare, data: {} } }
";
    let bench = Bench::with(vec![BARE], refusing(), 0).await;
    let entry = bench.links("bare").await;
    let mut notices = bench.engine.notices();
    bench.clock.goes_on(7_200);
    let error = bench.engine.account(&entry).access_token().await.expect_err("refused");
    assert_eq!(error.code(), "account.reauth_required");
    let told = told(&mut notices, |notice| match notice {
        Notice::ReauthNeeded { entry, .. } => Some(entry.entry_id.clone()),
        _ => None,
    });
    assert_eq!(told.await, entry);
    // The engine goes on.
    let shown = bench.shown(bench.engine.caller("anna").start(Start::user("bare")).await);
    assert_eq!(shown["step_id"], "wait");
}
