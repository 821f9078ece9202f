//! An entry that Home Assistant linked, with its token in its data.

use configflow_engine::Implementation;
use configflow_oauth::Secret;
use configflow_store::{Known, SqliteStore};
use serde_json::{Value, json};

use crate::support::Bench;

const IOTTY: &str = "
domain: acme
version: 1
include: { oauth2: { then: linked } }
account: { provider: acme_cloud, credentials: application_credentials, scopes: [read] }
config:
  user: { then: pick_implementation }
  linked:
    then:
      - { when: context.source == 'reauth', update_entry: { data_updates: \"{{ oauth2_data }}\" } }
      - create_entry: { title: \"{{ implementation.name }}\", data: \"{{ oauth2_data }}\" }
";

/// Home Assistant's file with one entry.
fn file(token: Value) -> String {
    json!({"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [{
        "created_at": "2026-01-01T00:00:00.000000+00:00", "modified_at": "2026-01-01T00:00:00.000000+00:00",
        "data": {"auth_implementation": "acme_hub", "token": token, "user_id": "7"},
        "disabled_by": null, "discovery_keys": {}, "domain": "acme", "entry_id": "01JIMPORTED000000000000000", "minor_version": 1,
        "options": {}, "pref_disable_new_entities": false, "pref_disable_polling": false, "source": "user", "subentries": [],
        "title": "Acme", "unique_id": "7", "version": 1,
    }]}})
    .to_string()
}

const ENTRY: &str = "01JIMPORTED000000000000000";

/// The provider knows this refresh token, as it gave it to a client before.
async fn bench() -> (Bench, String) {
    let bench = Bench::with(vec![IOTTY, crate::support::ACME_OTHER], json!({}), 0).await;
    let entry = bench.links("other").await;
    let refresh = bench.token(&entry).await.and_then(|token| token.tokens.refresh().map(|token| token.expose().to_owned()));
    (bench, refresh.expect("a refresh token"))
}

async fn import(bench: &Bench, token: Value) {
    let store = SqliteStore::open(bench.folder.path()).expect("a store");
    store.import(&file(token), Known::Refuse).await.expect("imported");
}

fn credentials() -> Implementation {
    let (id, name) = ("acme_hub".to_owned(), "Acme".to_owned());
    Implementation { id, name, client_id: "acme-hub".to_owned(), client_secret: Secret::new("canary-Qw7Zt1Lm") }
}

#[tokio::test]
async fn its_token_is_taken_over_where_its_credentials_are_stored() {
    let (bench, refresh) = bench().await;
    let token = json!({
        "access_token": "old", "refresh_token": refresh, "expires_at": 1_700_000_000.5, "expires_in": 3600, "scope": "read",
        "token_type": "Bearer", "user_id": 77,
    });
    import(&bench, token).await;
    let account = bench.engine.account(ENTRY);
    let before = account.access_token().await.expect_err("no credentials are stored");
    assert_eq!(before.code(), "account.not_linked");

    bench.engine.add_credentials("acme", credentials());
    let first = account.access_token().await.expect("a token, renewed as it had ended");
    assert_eq!(bench.sent("refresh_token"), 1);
    let kept = bench.engine.store().entry(ENTRY).await.expect("read").expect("the entry");
    assert!(kept.account_key.is_some());
    let left = json!({"auth_implementation": "acme_hub", "token": {"user_id": 77}, "user_id": "7"});
    assert_eq!(Value::Object(kept.data), left, "the token has one keeper");
    assert!(bench.another().account(ENTRY).access_token().await.expect("a token").matches(first.expose()));

    // Back in Home Assistant it is where it was, as it is now.
    let store = SqliteStore::open(bench.folder.path()).expect("a store");
    let exported: Value =
        serde_json::from_str(&store.export(time::OffsetDateTime::UNIX_EPOCH).await.expect("exported")).expect("JSON");
    let entries = exported["data"]["entries"].as_array().expect("entries");
    let data = &entries.iter().find(|entry| entry["entry_id"] == ENTRY).expect("the entry")["data"];
    assert_eq!((&data["auth_implementation"], &data["token"]["access_token"]), (&json!("acme_hub"), &json!(first.expose())));
}

#[tokio::test]
async fn a_token_that_is_still_good_is_used_as_it_is() {
    let (bench, refresh) = bench().await;
    bench.engine.add_credentials("acme", credentials());
    import(&bench, json!({"access_token": "good", "refresh_token": refresh, "expires_at": 4_000_000_000_i64})).await;
    assert!(bench.engine.account(ENTRY).access_token().await.expect("a token").matches("good"));
    assert_eq!(bench.sent("refresh_token"), 0);
}

#[tokio::test]
async fn what_is_no_token_is_not_taken() {
    for token in [json!({}), json!({"user_id": 77}), json!({"access_token": ""}), json!("text"), json!(null)] {
        let (bench, _) = bench().await;
        bench.engine.add_credentials("acme", credentials());
        import(&bench, token.clone()).await;
        let error = bench.engine.account(ENTRY).access_token().await.expect_err("no token");
        assert_eq!(error.code(), "account.not_linked", "{token}");
    }
}
