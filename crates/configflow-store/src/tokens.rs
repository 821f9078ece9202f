//! The table of tokens.

use configflow_engine::StoreError;
use configflow_engine::store::{SealableToken, Token};
use rusqlite::{Connection, OptionalExtension, params};

use crate::failure;
use crate::flows::execute;
use crate::seal::{Place, Sealer};

/// Keeps a token; a refresh of it that had begun has ended.
pub(crate) fn save(connection: &Connection, sealer: &Sealer, token: Token) -> Result<(), StoreError> {
    let (domain, key) = (token.domain.clone(), token.key.clone());
    let sealed = sealer.seal(Place { table: "tokens", row: &[&domain, &key] }, &token.into_sealable())?;
    let sql = "INSERT INTO tokens (domain, key, sealed) VALUES (?1, ?2, ?3) \
               ON CONFLICT (domain, key) DO UPDATE SET refreshing = 0, sealed = excluded.sealed";
    execute(connection, sql, params![domain, key, sealed]).map(|_| ())
}

pub(crate) fn find(connection: &Connection, sealer: &Sealer, domain: &str, key: &str) -> Result<Option<Token>, StoreError> {
    let sealed = connection
        .prepare_cached("SELECT sealed FROM tokens WHERE domain = ?1 AND key = ?2")
        .and_then(|mut statement| statement.query_row(params![domain, key], |row| row.get::<_, Vec<u8>>(0)).optional())
        .map_err(|error| failure::of(&error))?;
    let Some(sealed) = sealed else { return Ok(None) };
    let form: SealableToken = sealer.open(Place { table: "tokens", row: &[domain, key] }, &sealed)?;
    Token::from_sealable(form).map(Some).map_err(|_| StoreError::Unreadable)
}

pub(crate) fn exists(connection: &Connection, domain: &str, key: &str) -> Result<bool, StoreError> {
    connection
        .prepare_cached("SELECT 1 FROM tokens WHERE domain = ?1 AND key = ?2")
        .and_then(|mut statement| statement.exists(params![domain, key]))
        .map_err(|error| failure::of(&error))
}

pub(crate) fn remove(connection: &Connection, domain: &str, key: &str) -> Result<(), StoreError> {
    execute(connection, "DELETE FROM tokens WHERE domain = ?1 AND key = ?2", params![domain, key]).map(|_| ())
}

/// Keeps what a refresh that began came to; false where it no longer is under way.
pub(crate) fn finish_refresh(connection: &Connection, sealer: &Sealer, token: Token) -> Result<bool, StoreError> {
    let (domain, key) = (token.domain.clone(), token.key.clone());
    let sealed = sealer.seal(Place { table: "tokens", row: &[&domain, &key] }, &token.into_sealable())?;
    let sql = "UPDATE tokens SET refreshing = 0, sealed = ?3 WHERE domain = ?1 AND key = ?2 AND refreshing = 1";
    Ok(execute(connection, sql, params![domain, key, sealed])? == 1)
}

/// The tokens of which a refresh began and has not ended.
pub(crate) fn refreshes(connection: &Connection) -> Result<Vec<(String, String)>, StoreError> {
    let found = connection.prepare_cached("SELECT domain, key FROM tokens WHERE refreshing = 1").and_then(|mut statement| {
        statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<Vec<_>>>()
    });
    found.map_err(|error| failure::of(&error))
}

pub(crate) fn begin_refresh(connection: &Connection, domain: &str, key: &str) -> Result<bool, StoreError> {
    let sql = "UPDATE tokens SET refreshing = 1 WHERE domain = ?1 AND key = ?2 AND refreshing = 0";
    Ok(execute(connection, sql, params![domain, key])? == 1)
}

pub(crate) fn end_refresh(connection: &Connection, domain: &str, key: &str) -> Result<(), StoreError> {
    execute(connection, "UPDATE tokens SET refreshing = 0 WHERE domain = ?1 AND key = ?2", params![domain, key]).map(|_| ())
}
