//! The contract of stores, on the store in memory.

use configflow_engine::MemoryStore;

configflow_testkit::store_contract!(((), MemoryStore::new()));
