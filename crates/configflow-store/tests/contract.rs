//! The contract of stores, on the store on disk.

use configflow_store::SqliteStore;

fn fresh() -> (tempfile::TempDir, SqliteStore) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = SqliteStore::open(folder.path()).expect("a store");
    (folder, store)
}

configflow_testkit::store_contract!(fresh());
