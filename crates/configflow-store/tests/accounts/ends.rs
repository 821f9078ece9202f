//! How accounts end, and what ends with time: tokens are revoked, and client secrets are warned of.

use std::time::Duration;

use configflow_engine::{FlowError, Notice, Start};
use serde_json::json;

use crate::support::{ACME, Bench, CANARY, api, told};

#[tokio::test]
async fn sec_15_the_refresh_token_is_revoked_when_an_entry_goes() {
    let bench = Bench::new(api(json!({}))).await;
    let entry = bench.links("acme").await;
    bench.engine.remove_entry(&entry).await.expect("removed");
    let requests = bench.provider.requests();
    let revoked: Vec<_> = requests.iter().filter(|request| request.url.ends_with("/oauth2/revoke")).collect();
    assert_eq!(revoked.len(), 1);
    assert_eq!(revoked[0].form["token_type_hint"], "refresh_token");
    assert_eq!(bench.engine.account(&entry).access_token().await.expect_err("gone").code(), "account.unknown_entry");
    assert_eq!(bench.engine.remove_entry(&entry).await.err(), Some(FlowError::UnknownEntry));
}

#[tokio::test]
async fn a_revocation_that_fails_keeps_no_entry_and_is_tried_again() {
    let script = api(json!({"faults": [{"at": "revoke", "times": 2, "fault": {"status": 503}}]}));
    let bench = Bench::new(script).await;
    let entry = bench.links("acme").await;
    bench.engine.remove_entry(&entry).await.expect("removed all the same");
    assert!(bench.engine.store().entry(&entry).await.expect("read").is_none());
    let third = async {
        while bench.revoked() < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), third).await.expect("tried until it succeeded");
}

#[tokio::test]
async fn a_revocation_that_fails_for_good_is_told() {
    let script = api(json!({"faults": [{"at": "revoke", "times": 9, "fault": {"error": "unauthorized_client"}}]}));
    let bench = Bench::new(script).await;
    let entry = bench.links("acme").await;
    let mut notices = bench.engine.notices();
    bench.engine.remove_entry(&entry).await.expect("removed all the same");
    let told = told(&mut notices, |notice| match notice {
        Notice::NotRevoked { domain, code } => Some((domain.clone(), code.clone())),
        _ => None,
    });
    assert_eq!(told.await, ("acme".to_owned(), "token.provider_error".to_owned()));
}

#[tokio::test]
async fn the_end_of_a_client_secret_is_recorded_and_warned_of() {
    let bench = Bench::new(api(json!({}))).await;
    let entry = bench.links("acme").await;
    let account = bench.engine.account(&entry);
    assert_eq!(account.client_secret_expires().await, Ok(None));
    let end = configflow_oauth::Clock::now(&*bench.clock).replace_nanosecond(0).expect("a moment") + time::Duration::days(31);
    account.set_client_secret_expires(Some(end)).await.expect("recorded");
    let mut notices = bench.engine.notices();
    assert_eq!(bench.engine.tend_accounts().await.expect("tended").secrets, 0, "31 days are no reason to warn");

    bench.clock.goes_on(2 * 86_400);
    assert_eq!(bench.engine.tend_accounts().await.expect("tended").secrets, 1);
    let told = told(&mut notices, |notice| match notice {
        Notice::SecretExpires { entry, at } => Some((entry.entry_id.clone(), *at)),
        _ => None,
    });
    assert_eq!(told.await, (entry.clone(), end));
    // It is said once a day, and shown as long as it is so; a new token changes nothing.
    assert_eq!(bench.engine.tend_accounts().await.expect("tended").secrets, 1);
    assert!(!std::iter::from_fn(|| notices.try_recv().ok()).any(|notice| matches!(notice, Notice::SecretExpires { .. })));
    let kept = bench.engine.store().entry(&entry).await.expect("read").expect("the entry");
    let view = bench.engine.account_view(&kept).await.expect("a view");
    assert_eq!((&view["state"], &view["client_secret_expires_soon"]), (&json!("linked"), &json!(true)), "{view}");
    assert_eq!(account.client_secret_expires().await, Ok(Some(end)));
}

#[tokio::test]
async fn a_new_login_with_the_same_secret_keeps_its_end_and_with_another_one_does_not() {
    let other: &'static str = Box::leak(ACME.replace(CANARY, "another-canary-Qw7Zt1Lm").into_boxed_str());
    for (definition, kept) in [(ACME, true), (other, false)] {
        let mut bench = Bench::new(api(json!({}))).await;
        let entry = bench.links("acme").await;
        let end = time::macros::datetime!(2031-02-03 0:00 UTC);
        bench.engine.account(&entry).set_client_secret_expires(Some(end)).await.expect("recorded");
        bench.define(definition).await;
        for source in ["reconfigure", "reauth"] {
            let wait = bench.begins(Start::entry("acme", source, &entry)).await;
            assert_eq!(bench.logs_in(&wait).await["type"], "abort");
            let now = bench.engine.account(&entry).client_secret_expires().await.expect("read");
            assert_eq!(now, kept.then_some(end));
        }
    }
}

#[tokio::test]
async fn the_definition_can_say_when_the_client_secret_ends() {
    for (text, unix) in [("2031-02-03", 1_927_843_200), ("2031-02-03T04:05:06Z", 1_927_857_906)] {
        let definition = ACME.replace("  scopes: [read]", &format!("  client_secret_expires: \"{text}\""));
        let bench = Bench::with(vec![Box::leak(definition.into_boxed_str())], api(json!({})), 0).await;
        let entry = bench.links("acme").await;
        let end = bench.engine.account(&entry).client_secret_expires().await.expect("read");
        assert_eq!(end.map(time::OffsetDateTime::unix_timestamp), Some(unix), "{text}");
    }
}
