//! Seals everything anew with another key.
//!
//! The new key is on the disk before anything is sealed with it; all values change in one transaction; then the key takes the place of
//! the old one. After a crash anywhere in between, either nothing has changed, or opening the store finds the key that was prepared.

use std::path::Path;

use configflow_engine::StoreError;
use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior, params_from_iter};

use crate::failure;
use crate::folder::{self, OpenError, Opened};
use crate::key::{self, Key, KeyError, VARIABLE};
use crate::seal::{Place, Sealer};

/// Every table with sealed values, and the columns that say in which row one stands.
const TABLES: [(&str, &[&str]); 7] = [
    ("meta", &["name"]),
    ("flows", &["flow_id"]),
    ("links", &["flow_id"]),
    ("once", &["flow_id", "effect"]),
    ("entries", &["entry_id"]),
    ("tokens", &["domain", "key"]),
    ("implementations", &["id"]),
];

/// Why nothing was sealed anew.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RekeyError {
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new key cannot be made or kept.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key comes from the environment, and no new one does.
    #[error("the key is that of {VARIABLE}, so the new one has to be given as well")]
    NoNewKey,
    /// Another process runs the flows, a value cannot be read, or the database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RekeyError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Open(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::NoNewKey => "rekey.no_new_key",
            Self::Store(error) => error.code(),
        }
    }
}

/// Seals everything in a folder anew, and says how many values there were. The key is that of the environment, else that of the file;
/// the new one is `new`, else a fresh one, which takes the place of the file's. No other process may have the store open.
///
/// # Errors
/// Where the store is in use or cannot be read, or the new key cannot be kept; nothing was changed then.
pub fn rekey(path: &Path, new: Option<Key>) -> Result<usize, RekeyError> {
    let Opened { folder, mut writing, reading, sealer } = folder::open(path, None)?;
    drop(reading);
    folder.own_flows()?;
    let key = match (new, folder.key()) {
        (Some(key), _) => key,
        (None, Some(_)) => Key::generate()?,
        (None, None) => return Err(RekeyError::NoNewKey),
    };
    if let Some(file) = folder.key() {
        key::prepare(file, &key)?;
    }
    let count = reseal(&mut writing, &sealer, &Sealer::new(&key))?;
    if let Some(file) = folder.key() {
        key::replace(file)?;
    }
    // What the old key sealed is not left in free pages, nor in the log.
    let emptied = writing.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)");
    emptied.map_err(|error| failure::of(&error))?;
    Ok(count)
}

fn reseal(connection: &mut Connection, old: &Sealer, new: &Sealer) -> Result<usize, StoreError> {
    let failed = |error: rusqlite::Error| failure::of(&error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let mut count = 0;
    for (table, columns) in TABLES {
        for (row, sealed) in rows(&transaction, table, columns).map_err(failed)? {
            let named: Vec<String> = row.iter().map(text).collect();
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let sealed = old.reseal(new, Place { table, row: &named }, &sealed)?;
            let places: Vec<String> = columns.iter().enumerate().map(|(at, column)| format!("{column} = ?{}", at + 2)).collect();
            let sql = format!("UPDATE {table} SET sealed = ?1 WHERE {}", places.join(" AND "));
            let values = std::iter::once(Value::Blob(sealed)).chain(row);
            transaction.execute(&sql, params_from_iter(values)).map_err(failed)?;
            count += 1;
        }
    }
    transaction.commit().map_err(failed)?;
    Ok(count)
}

/// The rows of a table that have something sealed.
fn rows(connection: &Connection, table: &str, columns: &[&str]) -> rusqlite::Result<Vec<(Vec<Value>, Vec<u8>)>> {
    let sql = format!("SELECT {}, sealed FROM {table} WHERE sealed IS NOT NULL", columns.join(", "));
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([], |row| {
        let place = (0..columns.len()).map(|at| row.get(at)).collect::<rusqlite::Result<Vec<Value>>>()?;
        Ok((place, row.get(columns.len())?))
    })?;
    rows.collect()
}

/// A column as the place of a value names it.
fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        _ => String::new(),
    }
}
