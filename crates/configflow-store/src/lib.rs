//! Keeps flows in progress, entries and tokens in an embedded database, secrets sealed.
//!
//! [`SqliteStore`] is a [`Store`](configflow_engine::Store) in one folder: the database, and beside it the key that seals what
//! is in it, unless the environment gives one. What is acknowledged outlives `kill -9`; entries, tokens and the intents of
//! actions that may run only once outlive a power cut too. docs/store.md says what is kept where.
//!
//! What it is not: a vault against whoever may read the key.
//!
//! ```
//! use configflow_engine::{Engine, Store};
//! use configflow_store::SqliteStore;
//! use std::sync::Arc;
//!
//! # let folder = tempfile::tempdir()?;
//! # let folder = folder.path();
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let store = Arc::new(SqliteStore::open(folder)?);
//! let engine = Engine::builder().store(store).build()?;
//! let resumed = engine.resume().await?;
//! assert_eq!(resumed.flows, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod entries;
mod failure;
mod flows;
mod folder;
pub mod home_assistant;
mod implementations;
mod import;
mod key;
mod reader;
mod schema;
mod seal;
mod store;
mod tokens;
mod writer;

pub use folder::OpenError;
pub use import::{ImportError, Imported, Known};
pub use key::{Key, KeyError, VARIABLE};
pub use store::SqliteStore;
