//! An embedder's handle.

use configflow_engine::AccountError;
use serde_json::json;

use crate::support::{Bench, api};

#[tokio::test]
async fn a_handle_gives_a_valid_token_and_renews_it_once() {
    let bench = Bench::new(api(json!({}))).await;
    let entry = bench.links("acme").await;
    let account = bench.engine.account(&entry);
    assert_eq!(account.entry_id(), entry);
    let first = account.access_token().await.expect("a token");
    assert!(account.access_token().await.expect("a token").matches(first.expose()), "it is good, and stays");
    assert_eq!(bench.sent("refresh_token"), 0);

    bench.clock.goes_on(7_200);
    let all = futures_util::future::join_all((0..64).map(|_| account.access_token())).await;
    let second = all[0].clone().expect("a token");
    assert!(all.iter().all(|token| token.as_ref().is_ok_and(|token| token.matches(second.expose()))));
    assert!(!second.matches(first.expose()));
    assert_eq!(bench.sent("refresh_token"), 1);

    // A token that the API refused is renewed; one that is no longer the account's is simply replaced.
    let third = account.renewed(&second).await.expect("a token");
    assert!(!third.matches(second.expose()));
    assert!(account.renewed(&first).await.expect("a token").matches(third.expose()));
    assert_eq!(bench.sent("refresh_token"), 2);
}

#[tokio::test]
async fn what_is_missing_has_a_code() {
    let bench = Bench::new(api(json!({}))).await;
    assert_eq!(bench.engine.account("nothing").access_token().await.err(), Some(AccountError::UnknownEntry));
    let entry = configflow_testkit::contract::entry("plain", "acme", None);
    let commit = configflow_engine::store::Commit {
        flow_id: String::new(),
        now: time::OffsetDateTime::UNIX_EPOCH,
        write: configflow_engine::store::Write::Create(Box::new(entry)),
        token: None,
    };
    bench.engine.store().commit(commit).await.expect("made");
    assert_eq!(bench.engine.account("plain").access_token().await.err(), Some(AccountError::NotLinked));
}

#[tokio::test]
async fn codes_are_pinned() {
    let detail = || "x".to_owned();
    let all = [
        (AccountError::UnknownEntry, "account.unknown_entry"),
        (AccountError::NotLinked, "account.not_linked"),
        (AccountError::ReauthRequired { detail: detail() }, "account.reauth_required"),
        (AccountError::Unreachable { detail: detail(), retry_after: None }, "account.unreachable"),
        (AccountError::Busy, "account.busy"),
        (AccountError::Provider { detail: detail() }, "account.provider"),
        (AccountError::Store(configflow_engine::StoreError::Unreadable), "store.unreadable"),
        (AccountError::Closed, "account.closed"),
    ];
    for (error, code) in all {
        assert_eq!(error.code(), code);
    }
}

#[tokio::test]
async fn an_account_that_is_removed_while_its_token_is_renewed_does_not_come_back() {
    let bench = Bench::new(api(json!({}))).await;
    let entry = bench.links("acme").await;
    let before = bench.token(&entry).await.expect("the token");
    bench.clock.goes_on(7_200);
    // The provider has the request when the entry goes.
    bench.way.is(crate::way::Fate::Silence).await;
    let account = bench.another().account(&entry);
    let asked = tokio::spawn(async move { account.access_token().await });
    while bench.sent("refresh_token") == 0 {
        tokio::task::yield_now().await;
    }
    bench.engine.remove_entry(&entry).await.expect("removed");
    assert!(asked.await.expect("asked").is_err());
    assert!(bench.engine.store().token("acme", &before.key).await.expect("read").is_none(), "no token without an entry");
}
