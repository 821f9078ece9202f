//! What is on the disk is sealed, and what cannot be opened is an error and never lost.

use std::path::Path;

use configflow_core::{EffectId, EffectOutcome};
use configflow_engine::store::{Commit, Write};
use configflow_engine::{Store, StoreError};
use configflow_oauth::Secret;
use configflow_store::{Key, SqliteStore};
use configflow_testkit::contract::{entry, flow, implementation, token};
use rusqlite::Connection;
use serde_json::json;
use time::OffsetDateTime;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder).expect("a store")
}

/// A store with one of everything, each with a canary in it.
async fn filled(folder: &Path) {
    let store = open(folder);
    let mut kept = flow("one");
    kept.claims.push("canary-claim".to_owned());
    kept.principal = Some("canary-principal".to_owned());
    store.save_flow(&kept).await.expect("saved");
    store.save_link("one", Secret::new("canary-verifier")).await.expect("saved");
    let outcome = EffectOutcome::done(json!({"x": "canary-outcome"}));
    store.end_once("one", EffectId(1), &outcome, None).await.expect("saved");
    let mut entry = entry("entry", "contract", Some("unique"));
    entry.title = "canary-title".to_owned();
    entry.options.insert("o".to_owned(), json!("canary-option"));
    let write = Write::Create(Box::new(entry));
    let token = Some(token("contract", "key", "canary-access"));
    let commit = Commit { flow_id: "two".to_owned(), now: OffsetDateTime::UNIX_EPOCH, write, token };
    store.commit(commit).await.expect("committed");
    store.save_implementation("contract", &implementation("contract_1", "canary-client-secret")).await.expect("kept");
}

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("configflow.db")).expect("the database")
}

#[tokio::test]
async fn sec_20_nothing_on_the_disk_can_be_read() {
    let folder = folder();
    filled(folder.path()).await;
    let mut read = 0;
    for file in std::fs::read_dir(folder.path()).expect("the folder") {
        let file = file.expect("a file").path();
        let bytes = std::fs::read(&file).expect("its bytes");
        read += bytes.len();
        for word in ["canary", "refresh\"", "User.Read", "access"] {
            let found = bytes.windows(word.len()).any(|window| window == word.as_bytes());
            assert!(!found, "{word} in {}", file.display());
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&file).expect("its mode").permissions().mode() & 0o777;
            assert!(mode == 0o600, "{} has mode {mode:o}", file.display());
        }
    }
    assert!(read > 4096, "there was something to read");
}

#[tokio::test]
async fn sec_20_another_key_opens_nothing_and_changes_nothing() {
    let folder = folder();
    filled(folder.path()).await;
    let before = std::fs::read(folder.path().join("configflow.db")).expect("the database");
    let error = SqliteStore::open_with(folder.path(), Key::generate().expect("a key")).expect_err("the wrong key");
    assert_eq!(error.code(), "store.wrong_key");
    assert_eq!(std::fs::read(folder.path().join("configflow.db")).expect("the database"), before);

    let key = folder.path().join("configflow.key");
    let kept = std::fs::read(&key).expect("the key");
    std::fs::remove_file(&key).expect("removed");
    assert_eq!(SqliteStore::open(folder.path()).expect_err("no key").code(), "store.key_missing");
    assert!(!key.exists(), "no new key is made for what another one sealed");

    let text = String::from_utf8(kept).expect("a text");
    let store = SqliteStore::open_with(folder.path(), Key::parse(&text, "here").expect("a key")).expect("the right key");
    assert!(store.entry("entry").await.expect("read").is_some());
}

#[tokio::test]
async fn sec_20_a_changed_row_is_an_error_and_stays() {
    let folder = folder();
    filled(folder.path()).await;
    open(folder.path()).save_flow(&flow("two")).await.expect("saved");
    let raw = database(folder.path());
    for table in ["flows", "entries", "tokens", "implementations"] {
        let sql = format!(
            "UPDATE {table} SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || \
             CASE substr(sealed, -1) WHEN x'00' THEN x'01' ELSE x'00' END AS BLOB) {}",
            if table == "flows" { "WHERE flow_id = 'one'" } else { "" }
        );
        assert_eq!(raw.execute(&sql, []).expect("changed"), 1, "{table}");
    }
    let store = open(folder.path());
    let kept = store.flows().await.expect("flows");
    assert_eq!(kept.unreadable, ["one"]);
    assert_eq!(kept.flows.len(), 1, "the others can be read");
    raw.execute("UPDATE flows SET sealed = 'canary' WHERE flow_id = 'one'", []).expect("changed");
    assert_eq!(store.flows().await.expect("flows").unreadable, ["one"], "plain text is never taken");
    assert_eq!(store.entry("entry").await.err(), Some(StoreError::Unreadable));
    assert_eq!(store.entries(None).await.err(), Some(StoreError::Unreadable));
    assert_eq!(store.entry_by_unique_id("contract", "unique").await.err(), Some(StoreError::Unreadable));
    assert_eq!(store.token("contract", "key").await.err(), Some(StoreError::Unreadable));
    assert_eq!(store.remove_entry("entry").await.err(), Some(StoreError::Unreadable));
    assert_eq!(store.implementations().await.err(), Some(StoreError::Unreadable));
    for table in ["flows", "entries", "tokens", "implementations"] {
        let count: i64 = raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("counted");
        assert_eq!(count, if table == "flows" { 2 } else { 1 }, "{table}: nothing was thrown away");
    }
}

#[tokio::test]
async fn sec_20_a_row_in_another_ones_place_is_an_error() {
    let folder = folder();
    filled(folder.path()).await;
    let store = open(folder.path());
    store.save_token(token("contract", "other", "others")).await.expect("kept");
    let raw = database(folder.path());
    raw.execute("UPDATE tokens SET sealed = (SELECT sealed FROM tokens WHERE key = 'other') WHERE key = 'key'", [])
        .expect("swapped");
    assert_eq!(store.token("contract", "key").await.err(), Some(StoreError::Unreadable));
    raw.execute("UPDATE implementations SET id = 'contract_2'", []).expect("changed");
    assert_eq!(store.implementations().await.err(), Some(StoreError::Unreadable));
    raw.execute("UPDATE entries SET unique_id = 'another'", []).expect("changed");
    assert_eq!(store.entry_by_unique_id("contract", "another").await.err(), Some(StoreError::Unreadable));
    raw.execute("UPDATE once SET effect = 2", []).expect("changed");
    assert_eq!(store.flows().await.expect("flows").unreadable, ["one"]);
}

#[tokio::test]
async fn a_full_disk_writes_nothing_and_breaks_nothing() {
    let folder = folder();
    filled(folder.path()).await;
    let store = open(folder.path());
    let raw = database(folder.path());
    let pages = |raw: &Connection| raw.pragma_query_value(None, "page_count", |row| row.get::<_, i64>(0)).expect("pages");
    let full = pages(&raw);
    // The limit of a database belongs to its connection; the size of a file does to the process. A huge entry does not fit.
    store.limit_pages(full).await.expect("limited");
    let mut large = entry("large", "contract", None);
    large.data.insert("blob".to_owned(), json!("x".repeat(1 << 20)));
    let write = Write::Create(Box::new(large));
    let commit = Commit {
        flow_id: "one".to_owned(),
        now: OffsetDateTime::UNIX_EPOCH,
        write,
        token: Some(token("contract", "fresh", "t")),
    };
    let again = flow("one");
    let (refused, small) = tokio::join!(store.commit(commit), store.save_flow(&again));
    assert_eq!(refused.err().map(|error| error.code()), Some("store.failed"));
    assert!(matches!(small, Ok(()) | Err(StoreError::Failed { .. })), "{small:?}");
    assert!(store.token("contract", "fresh").await.expect("read").is_none(), "nothing is half written");
    assert_eq!(store.flows().await.expect("flows").flows.len(), 1, "the flow is still there");

    store.limit_pages(full + 10_000).await.expect("there is room again");
    store.save_flow(&flow("three")).await.expect("saved");
    assert_eq!(store.entries(None).await.expect("entries").len(), 1);
}

#[test]
fn what_is_no_store_is_left_alone() {
    let folder = folder();
    let file = folder.path().join("configflow.db");
    std::fs::write(folder.path().join("configflow.key"), "00".repeat(32)).expect("a key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("configflow.key"), mode).expect("a mode");
    }
    std::fs::write(&file, "no database, but longer than the header of one would be ".repeat(40)).expect("a file");
    assert_eq!(SqliteStore::open(folder.path()).expect_err("no database").code(), "store.not_a_store");
    assert!(std::fs::read_to_string(&file).expect("the file").starts_with("no database"));

    std::fs::remove_file(&file).expect("removed");
    let other = Connection::open(&file).expect("a database");
    other.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").expect("a table");
    drop(other);
    assert_eq!(SqliteStore::open(folder.path()).expect_err("somebody else's").code(), "store.not_a_store");
}

#[test]
fn a_later_version_is_refused() {
    let folder = folder();
    drop(open(folder.path()));
    database(folder.path()).pragma_update(None, "user_version", 99).expect("changed");
    assert_eq!(SqliteStore::open(folder.path()).expect_err("newer").code(), "store.newer");
}

#[tokio::test]
async fn an_older_version_gets_what_it_lacks_and_keeps_what_it_has() {
    let folder = folder();
    filled(folder.path()).await;
    let raw = database(folder.path());
    raw.execute_batch("DROP TABLE implementations; PRAGMA user_version = 1").expect("as it was before");
    drop(raw);
    let store = open(folder.path());
    assert!(store.implementations().await.expect("read").is_empty());
    store.save_implementation("contract", &implementation("contract_1", "s")).await.expect("kept");
    assert_eq!(store.implementations().await.expect("read").len(), 1);
    assert!(store.entry("entry").await.expect("read").is_some());
}

#[tokio::test]
async fn one_store_runs_the_flows_and_all_share_the_entries() {
    let folder = folder();
    filled(folder.path()).await;
    let (one, two) = (open(folder.path()), open(folder.path()));
    one.flows().await.expect("the first has the flows");
    assert_eq!(two.flows().await.err().map(|error| error.code()), Some("store.in_use"));
    assert_eq!(two.save_flow(&flow("three")).await.err().map(|error| error.code()), Some("store.in_use"));
    one.save_flow(&flow("three")).await.expect("saved");

    let both = (0..100).map(|at| {
        let store = if at % 2 == 0 { &one } else { &two };
        let write = Write::Create(Box::new(entry(&format!("e{at}"), "contract", Some(&format!("u{}", at / 2)))));
        store.commit(Commit { flow_id: format!("f{at}"), now: OffsetDateTime::UNIX_EPOCH, write, token: None })
    });
    let made = futures_util::future::join_all(both).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 50, "each unique id has one entry");
    let refused = made.iter().filter_map(|made| made.as_ref().err());
    assert!(refused.into_iter().all(|error| *error == StoreError::AlreadyConfigured));
    assert_eq!(one.entries(None).await.expect("entries").len(), 51);

    drop(one);
    two.flows().await.expect("the flows are free again");
}
