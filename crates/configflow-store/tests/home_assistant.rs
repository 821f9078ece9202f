//! Accounts move to Home Assistant's storage file and back, and lose nothing on the way.

use configflow_engine::Store;
use configflow_engine::store::{Commit, Write};
use configflow_store::{Known, SqliteStore, home_assistant};
use configflow_testkit::contract::{entry, token};
use serde_json::{Value, json};
use time::OffsetDateTime;

const FILE: &str = include_str!("core.config_entries.json");

fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a store");
    (folder, store)
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[tokio::test]
async fn a_file_of_home_assistants_survives_a_round_trip() {
    let (_folder, store) = fresh();
    let imported = store.import(FILE, Known::Refuse).await.expect("imported");
    assert_eq!((imported.added, imported.replaced, imported.unchanged), (4, 0, 0));
    let written = store.export(OffsetDateTime::UNIX_EPOCH).await.expect("exported");
    assert_eq!(parsed(&written), parsed(FILE), "every key, unknown ones too");
    let keys = |text: &str| -> Vec<String> {
        let text = parsed(text);
        text["data"]["entries"][0].as_object().expect("an entry").keys().cloned().collect()
    };
    assert_eq!(keys(&written), keys(FILE), "in the order of the file");

    let again = store.import(FILE, Known::Refuse).await.expect("the same is no fault");
    assert_eq!((again.added, again.replaced, again.unchanged), (0, 0, 4));
    let lamp = store.entry_by_unique_id("acme_lamp", "aa:bb:cc:00:11:22").await.expect("read").expect("the lamp");
    assert_eq!(lamp.subentries[0].subentry_type, "scene");
    assert_eq!(lamp.disabled_by.as_deref(), Some("user"));
    assert_eq!(lamp.created_at, OffsetDateTime::from_unix_timestamp_nanos(1_740_819_907_123_456_000).expect("a moment"));
}

#[tokio::test]
async fn a_linked_account_moves_there_and_back_with_its_token() {
    let (_folder, store) = fresh();
    let entry = entry("01M84VNDTBXVVY06QCSDCR6WQ5", "contract", Some("anna"));
    let commit = Commit {
        flow_id: String::new(),
        now: OffsetDateTime::UNIX_EPOCH,
        write: Write::Create(Box::new(entry)),
        token: Some(token("contract", "key", "canary-access")),
    };
    store.commit(commit).await.expect("made");
    let now = OffsetDateTime::from_unix_timestamp(3_999_999_000).expect("a moment");
    let written = store.export(now).await.expect("exported");
    let data = parsed(&written)["data"]["entries"][0]["data"].clone();
    let expected = json!({
        "access_token": "canary-access", "refresh_token": "refresh", "token_type": "Bearer", "scope": "User.Read",
        "expires_at": 4_000_000_000_i64, "expires_in": 1000,
    });
    assert_eq!(data["token"], expected, "as Home Assistant's own integrations read it");
    assert_eq!(data["auth_implementation"], "contract_client");

    // Home Assistant refreshed the token meanwhile, and writes its expiry as a fraction.
    let refreshed = written.replace("canary-access", "canary-later").replace("4000000000", "4000003600.25");
    let (_other, other) = fresh();
    other.import(&refreshed, Known::Refuse).await.expect("imported");
    let moved = other.entry("01M84VNDTBXVVY06QCSDCR6WQ5").await.expect("read").expect("the entry");
    assert_eq!(moved.account_key.as_deref(), Some("key"));
    assert_eq!(json!(moved.data), json!({"secret": "canary"}), "nothing of the token stays in the data");
    let token = other.token("contract", "key").await.expect("read").expect("the token");
    assert_eq!(token.tokens.access().expose(), "canary-later");
    assert_eq!(token.tokens.expires_at().map(OffsetDateTime::unix_timestamp), Some(4_000_003_600));
    assert_eq!(token.client_secret.as_ref().map(|secret| secret.expose()), Some("canary"));
    assert_eq!(token.account, json!({"username": "anna"}));

    // What comes back differs from what is there: taken only where somebody says so.
    let refused = store.import(&refreshed, Known::Refuse).await.expect_err("it would be lost");
    assert_eq!(refused.code(), "import.known");
    let replaced = store.import(&refreshed, Known::Replace).await.expect("replaced");
    assert_eq!(replaced.replaced, 1);
    let token = store.token("contract", "key").await.expect("read").expect("the token");
    assert_eq!(token.tokens.access().expose(), "canary-later");
}

#[tokio::test]
async fn a_file_that_cannot_be_taken_whole_is_not_taken_at_all() {
    let (_folder, store) = fresh();
    let mut file = parsed(FILE);
    file["data"]["entries"][3]["unique_id"] = json!("aa:bb:cc:00:11:22");
    file["data"]["entries"][3]["domain"] = json!("acme_lamp");
    let refused = store.import(&file.to_string(), Known::Replace).await.expect_err("two entries with one unique id");
    assert_eq!(refused.code(), "import.unique_id");
    assert!(store.entries(None).await.expect("entries").is_empty(), "not even those before it");
}

#[test]
fn what_is_no_such_file_is_said_without_its_secrets() {
    let change = |at: &str, value: Value| {
        let mut file = parsed(FILE);
        *file.pointer_mut(at).expect("a place") = value;
        home_assistant::read(&file.to_string()).err().map(|error| error.code())
    };
    assert_eq!(change("/key", json!("core.device_registry")), Some("import.other_file"));
    assert_eq!(change("/version", json!(2)), Some("import.version"));
    assert_eq!(change("/minor_version", json!(1)), None, "an older minor version is completed");
    assert_eq!(change("/data", json!([])), Some("import.other_file"));
    assert_eq!(change("/data/entries/0", json!("canary")), Some("import.entry"));
    for field in ["entry_id", "domain", "title", "source", "data", "options", "version", "subentries", "created_at"] {
        assert_eq!(change(&format!("/data/entries/0/{field}"), json!(true)), Some("import.entry"), "{field}");
    }
    let second = parsed(FILE)["data"]["entries"][1]["entry_id"].clone();
    assert_eq!(change("/data/entries/0/entry_id", second), Some("import.twice"));
    let error = home_assistant::read("{\"canary\": ").expect_err("no JSON");
    assert!(error.code() == "import.json" && !error.to_string().contains("canary"), "{error}");
}

#[test]
fn a_file_of_an_earlier_minor_version_is_completed() {
    let file = json!({"version": 1, "minor_version": 1, "key": "core.config_entries", "data": {"entries": [{
        "entry_id": "0123456789abcdef0123456789abcdef", "version": 1, "domain": "met", "title": "Home",
        "data": {"track_home": true}, "options": {}, "source": "onboarding", "unique_id": 42, "disabled_by": null,
    }]}});
    let accounts = home_assistant::read(&file.to_string()).expect("read");
    let entry = &accounts[0].entry;
    assert_eq!((entry.minor_version, entry.unique_id.as_deref()), (1, Some("42")));
    let written = parsed(&home_assistant::write(accounts, OffsetDateTime::UNIX_EPOCH));
    assert_eq!(written["minor_version"], 5);
    let entry = &written["data"]["entries"][0];
    assert_eq!((&entry["discovery_keys"], &entry["subentries"]), (&json!({}), &json!([])));
    assert_eq!((&entry["pref_disable_polling"], &entry["created_at"]), (&json!(false), &json!("1970-01-01T00:00:00+00:00")));
}
