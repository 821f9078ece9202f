//! Who links an entry's account anew must be who it was.

use configflow_engine::Start;
use serde_json::{Value, json};

use crate::support::{ACME, Bench};

/// A definition that names the end itself.
const NAMED: &str = "
domain: named
version: 1
account:
  provider: acme_cloud
  client_id: acme-hub
  identity: { url: 'https://api.acme.example/me', field: id, username: name }
  other: { abort: wrong_account, placeholders: { name: \"{{ entry.title }}\" } }
config:
  user:
    do: [link.authorize: { redirect: callback }]
    then: wait
  reauth:      { form: [], then: user }
  reconfigure: { form: [], then: user }
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { error: { base: \"{{ failure.detail or failure.code }}\" } } }
    then:
      - { when: context.entry_id, update_entry: { data_updates: {} } }
      - { create_entry: { title: Named, data: {} } }
";

/// The profile says these ids, one after the other.
fn profiles(ids: &[Value]) -> Value {
    let profile = |id: &Value| {
        let plain = json!({"method": "GET", "url": "https://api.acme.example/me", "authorized": true});
        let mut answer = plain;
        match id {
            Value::Null => answer["status"] = json!(500),
            id => answer["json"] = json!({"id": id, "name": "ada"}),
        }
        answer
    };
    json!({"api": ids.iter().map(profile).collect::<Vec<_>>()})
}

async fn again(bench: &Bench, domain: &str, source: &str, entry: &str) -> Value {
    let wait = bench.begins(Start::entry(domain, source, entry)).await;
    bench.logs_in(&wait).await
}

#[tokio::test]
async fn sec_15_another_account_ends_the_flow_and_is_revoked_and_the_old_token_stays() {
    for (definition, domain, reason) in [(ACME, "acme", "unique_id_mismatch"), (NAMED, "named", "wrong_account")] {
        for source in ["reauth", "reconfigure"] {
            let bench = Bench::with(vec![definition], profiles(&[json!(7), json!(8)]), 0).await;
            let entry = bench.links(domain).await;
            let before = bench.token(&entry).await.expect("the token");
            let ended = again(&bench, domain, source, &entry).await;
            assert_eq!((&ended["type"], &ended["reason"]), (&json!("abort"), &json!(reason)), "{source}: {ended}");
            if reason == "wrong_account" {
                assert_eq!(ended["description_placeholders"], json!({"name": "Named"}));
            }
            assert_eq!(bench.revoked(), 1, "{source}: the other account's token ends");
            let after = bench.token(&entry).await.expect("the token");
            assert!(after.tokens.access().matches(before.tokens.access().expose()), "{source}: the old token is as it was");
            bench.engine.account(&entry).access_token().await.expect("and works");
        }
    }
}

#[tokio::test]
async fn the_same_account_is_taken_whatever_it_is_called() {
    let bench = Bench::with(vec![ACME], profiles(&[json!(7), json!("7")]), 0).await;
    let entry = bench.links("acme").await;
    let before = bench.token(&entry).await.expect("the token");
    assert_eq!(again(&bench, "acme", "reauth", &entry).await["reason"], "reauth_successful");
    let after = bench.token(&entry).await.expect("the token");
    assert!(!after.tokens.access().matches(before.tokens.access().expose()));
    assert_eq!(bench.revoked(), 0);
}

#[tokio::test]
async fn the_token_of_an_account_that_another_entry_has_is_not_revoked() {
    let bench = Bench::with(vec![ACME], profiles(&[json!(7), json!(8), json!(8)]), 0).await;
    let (first, second) = (bench.links("acme").await, bench.links("acme").await);
    assert_eq!(again(&bench, "acme", "reauth", &first).await["reason"], "unique_id_mismatch");
    assert_eq!(bench.revoked(), 0, "some providers would end the other entry's link with it");
    bench.engine.account(&second).access_token().await.expect("the other entry's token works");
}

#[tokio::test]
async fn an_account_that_was_never_known_may_be_any() {
    // No profile when it was linked, and one now.
    let bench = Bench::with(vec![ACME], profiles(&[Value::Null, json!(8)]), 0).await;
    let entry = bench.links("acme").await;
    assert_eq!(again(&bench, "acme", "reauth", &entry).await["reason"], "reauth_successful");
}

#[tokio::test]
async fn who_cannot_be_asked_is_not_believed_to_be_the_same() {
    let bench = Bench::with(vec![ACME], profiles(&[json!(7), Value::Null, json!(7)]), 0).await;
    let entry = bench.links("acme").await;
    let refused = again(&bench, "acme", "reauth", &entry).await;
    assert_eq!(refused["errors"]["base"], "profile.status", "{refused}");
    assert_eq!(bench.logs_in(&refused).await["reason"], "reauth_successful", "with a fresh link");
}

#[tokio::test]
async fn an_id_token_says_who_it_is() {
    let script = json!({"person": "logs_in"});
    let bench = Bench::with(vec![crate::clock::ENTRA], script, 0).await;
    let entry = bench.links("entra").await;
    let another = json!({"person": "logs_in_as_another"});
    bench.provider.reset(serde_json::from_value(another).expect("a script")).await.expect("reset");
    assert_eq!(again(&bench, "entra", "reauth", &entry).await["reason"], "unique_id_mismatch");
    bench.provider.reset(serde_json::from_value(json!({})).expect("a script")).await.expect("reset");
    assert_eq!(again(&bench, "entra", "reauth", &entry).await["reason"], "reauth_successful");
}
