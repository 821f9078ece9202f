//! The table of client ids and secrets that the operator stored.

use configflow_engine::store::SealableImplementation;
use configflow_engine::{Implementation, StoreError};
use rusqlite::{Connection, params};

use crate::failure;
use crate::flows::execute;
use crate::seal::{Place, Sealer};

/// All of them with their integrations, in the order of their making.
pub(crate) fn all(connection: &Connection, sealer: &Sealer) -> Result<Vec<(String, Implementation)>, StoreError> {
    let rows = connection
        .prepare_cached("SELECT id, sealed FROM implementations ORDER BY seq")
        .and_then(|mut statement| {
            let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        })
        .map_err(|error| failure::of(&error))?;
    rows.into_iter().map(|(id, sealed)| open(sealer, &id, &sealed)).collect()
}

fn open(sealer: &Sealer, id: &str, sealed: &[u8]) -> Result<(String, Implementation), StoreError> {
    let form: Result<SealableImplementation, _> = sealer.open(place(&[id]), sealed);
    match form.map(SealableImplementation::into_parts) {
        Ok((domain, implementation)) if implementation.id == id => Ok((domain, implementation)),
        _ => {
            tracing::error!(id, "credentials cannot be read");
            Err(StoreError::Unreadable)
        }
    }
}

/// Keeps a client id and secret under their id.
pub(crate) fn save(
    connection: &Connection,
    sealer: &Sealer,
    domain: &str,
    implementation: &Implementation,
) -> Result<(), StoreError> {
    let sealed = sealer.seal(place(&[&implementation.id]), &SealableImplementation::new(domain, implementation))?;
    let sql = "INSERT INTO implementations (id, sealed) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET sealed = excluded.sealed";
    execute(connection, sql, params![implementation.id, sealed]).map(|_| ())
}

pub(crate) fn remove(connection: &Connection, id: &str) -> Result<(), StoreError> {
    execute(connection, "DELETE FROM implementations WHERE id = ?1", params![id]).map(|_| ())
}

fn place<'a>(row: &'a [&'a str]) -> Place<'a> {
    Place { table: "implementations", row }
}
