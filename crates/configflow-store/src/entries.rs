//! The table of entries, and what a flow ends with.

use configflow_engine::store::{Commit, Committed, Tables};
use configflow_engine::{Entry, StoreError, Token};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::failure;
use crate::flows::{self, execute};
use crate::seal::{Place, Sealer};
use crate::tokens;

const COLUMNS: &str = "entry_id, domain, unique_id, sealed";

/// An entry as its row has it.
struct Sealed {
    entry_id: String,
    domain: String,
    unique_id: Option<String>,
    sealed: Vec<u8>,
}

impl Sealed {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { entry_id: row.get(0)?, domain: row.get(1)?, unique_id: row.get(2)?, sealed: row.get(3)? })
    }

    fn open(self, sealer: &Sealer) -> Result<Entry, StoreError> {
        let entry: Result<Entry, _> = sealer.open(Place { table: "entries", row: &[&self.entry_id] }, &self.sealed);
        let fits =
            |entry: &Entry| entry.entry_id == self.entry_id && entry.domain == self.domain && entry.unique_id == self.unique_id;
        match entry {
            Ok(entry) if fits(&entry) => Ok(entry),
            _ => {
                tracing::error!(entry_id = self.entry_id, "an entry cannot be read");
                Err(StoreError::Unreadable)
            }
        }
    }
}

fn one(
    connection: &Connection,
    sealer: &Sealer,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Option<Entry>, StoreError> {
    let found = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM entries WHERE {condition}"))
        .and_then(|mut statement| statement.query_row(values, Sealed::of).optional());
    found.map_err(|error| failure::of(&error))?.map(|sealed| sealed.open(sealer)).transpose()
}

pub(crate) fn find(connection: &Connection, sealer: &Sealer, entry_id: &str) -> Result<Option<Entry>, StoreError> {
    one(connection, sealer, "entry_id = ?1", params![entry_id])
}

pub(crate) fn by_unique_id(
    connection: &Connection,
    sealer: &Sealer,
    domain: &str,
    unique_id: &str,
) -> Result<Option<Entry>, StoreError> {
    one(connection, sealer, "domain = ?1 AND unique_id = ?2", params![domain, unique_id])
}

/// The entries of an integration, or all, in the order of their making.
pub(crate) fn all(connection: &Connection, sealer: &Sealer, domain: Option<&str>) -> Result<Vec<Entry>, StoreError> {
    let condition = if domain.is_some() { "WHERE domain = ?1" } else { "" };
    let sealed = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM entries {condition} ORDER BY seq"))
        .and_then(|mut statement| {
            statement.query_map(rusqlite::params_from_iter(domain), Sealed::of)?.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(|error| failure::of(&error))?;
    sealed.into_iter().map(|sealed| sealed.open(sealer)).collect()
}

/// Puts an entry there: a new one at the end, one that is known in its place.
pub(crate) fn put(connection: &Connection, sealer: &Sealer, entry: &Entry) -> Result<(), StoreError> {
    let sealed = sealer.seal(Place { table: "entries", row: &[&entry.entry_id] }, entry)?;
    let sql = "INSERT INTO entries (entry_id, domain, unique_id, sealed) VALUES (?1, ?2, ?3, ?4) \
               ON CONFLICT (entry_id) DO UPDATE \
               SET domain = excluded.domain, unique_id = excluded.unique_id, sealed = excluded.sealed";
    execute(connection, sql, params![entry.entry_id, entry.domain, entry.unique_id, sealed]).map(|_| ())
}

/// Removes an entry, and the token that belongs to it. The token may be one that cannot be read: it goes all the same.
pub(crate) fn remove(
    connection: &Connection,
    sealer: &Sealer,
    entry_id: &str,
) -> Result<Option<(Entry, Option<Token>)>, StoreError> {
    let Some(entry) = find(connection, sealer, entry_id)? else { return Ok(None) };
    execute(connection, "DELETE FROM entries WHERE entry_id = ?1", params![entry_id])?;
    let token = match &entry.account_key {
        None => None,
        Some(key) => {
            let token = tokens::find(connection, sealer, &entry.domain, key);
            tokens::remove(connection, &entry.domain, key)?;
            match token {
                Ok(token) => token,
                Err(StoreError::Unreadable) => None,
                Err(error) => return Err(error),
            }
        }
    };
    Ok(Some((entry, token)))
}

/// Writes what a flow ends with.
pub(crate) fn commit(connection: &Connection, sealer: &Sealer, commit: Commit) -> Result<Committed, StoreError> {
    commit.write_to(&mut Transaction { connection, sealer })
}

/// The tables, within the transaction of the writer.
struct Transaction<'a> {
    connection: &'a Connection,
    sealer: &'a Sealer,
}

impl Tables for Transaction<'_> {
    fn entry(&self, entry_id: &str) -> Result<Option<Entry>, StoreError> {
        find(self.connection, self.sealer, entry_id)
    }

    fn entry_by_unique_id(&self, domain: &str, unique_id: &str) -> Result<Option<Entry>, StoreError> {
        by_unique_id(self.connection, self.sealer, domain, unique_id)
    }

    fn has_token(&self, domain: &str, key: &str) -> Result<bool, StoreError> {
        tokens::exists(self.connection, domain, key)
    }

    fn put_entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        put(self.connection, self.sealer, entry)
    }

    fn drop_entry(&mut self, entry_id: &str) -> Result<(), StoreError> {
        execute(self.connection, "DELETE FROM entries WHERE entry_id = ?1", params![entry_id]).map(|_| ())
    }

    fn put_token(&mut self, token: Token) -> Result<(), StoreError> {
        tokens::save(self.connection, self.sealer, token)
    }

    fn drop_token(&mut self, domain: &str, key: &str) -> Result<(), StoreError> {
        tokens::remove(self.connection, domain, key)
    }

    fn drop_flow(&mut self, flow_id: &str) -> Result<(), StoreError> {
        flows::remove(self.connection, flow_id)
    }
}

/// Another entry that has the unique id of this one.
pub(crate) fn owner(connection: &Connection, sealer: &Sealer, entry: &Entry) -> Result<Option<Entry>, StoreError> {
    match &entry.unique_id {
        None => Ok(None),
        Some(unique_id) => {
            let owner = by_unique_id(connection, sealer, &entry.domain, unique_id)?;
            Ok(owner.filter(|owner| owner.entry_id != entry.entry_id))
        }
    }
}
