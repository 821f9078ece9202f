//! Home Assistant's storage file `core.config_entries`, version 1.5: entries as it keeps them, tokens inside their data.
//!
//! Reading keeps what nothing here knows, so a round trip loses nothing. What is written holds secrets in plain text, as Home
//! Assistant's own file does.

mod account;
mod entry;
mod moment;

use configflow_engine::{Entry, Token};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

const KEY: &str = "core.config_entries";
const VERSION: u64 = 1;
const MINOR_VERSION: u64 = 5;

/// An entry with its token.
#[derive(Debug, Clone)]
pub struct Account {
    /// The entry.
    pub entry: Entry,
    /// Its token, where an account is linked to it.
    pub token: Option<Token>,
}

/// Why a file is not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is no JSON.
    #[error("the file is no JSON: line {line}, column {column}")]
    Json {
        /// Where, from 1.
        line: usize,
        /// Where, from 1.
        column: usize,
    },
    /// It is another file.
    #[error("the file is no `core.config_entries`; expected the keys version, minor_version, key and data.entries")]
    OtherFile,
    /// Its version is unknown.
    #[error("the file has version {found}; expected {VERSION}")]
    Version {
        /// The version.
        found: String,
    },
    /// An entry cannot be used.
    #[error("entry {at}: `{field}` is missing or not what was expected")]
    Entry {
        /// Which, from 0.
        at: usize,
        /// The field.
        field: &'static str,
    },
    /// Two entries have the same id.
    #[error("entry {at} has the same id as another one of the file")]
    Twice {
        /// Which, from 0.
        at: usize,
    },
}

impl ReadError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Json { .. } => "import.json",
            Self::OtherFile => "import.other_file",
            Self::Version { .. } => "import.version",
            Self::Entry { .. } => "import.entry",
            Self::Twice { .. } => "import.twice",
        }
    }
}

/// The accounts in a file. A file without a key of a later minor version is completed as Home Assistant completes it.
///
/// # Errors
/// Where the file is not understood; nothing of its content is in the error.
pub fn read(text: &str) -> Result<Vec<Account>, ReadError> {
    let file: Value =
        serde_json::from_str(text).map_err(|error| ReadError::Json { line: error.line(), column: error.column() })?;
    if file.get("key").and_then(Value::as_str) != Some(KEY) {
        return Err(ReadError::OtherFile);
    }
    match file.get("version") {
        Some(version) if version.as_u64() == Some(VERSION) => {}
        other => return Err(ReadError::Version { found: other.map_or_else(|| "none".to_owned(), Value::to_string) }),
    }
    let entries = file.pointer("/data/entries").and_then(Value::as_array).ok_or(ReadError::OtherFile)?;
    let mut seen = std::collections::HashSet::with_capacity(entries.len());
    let mut accounts = Vec::with_capacity(entries.len());
    for (at, found) in entries.iter().enumerate() {
        let found = found.as_object().cloned().ok_or(ReadError::Entry { at, field: "entry" })?;
        let mut entry = entry::read(found).map_err(|field| ReadError::Entry { at, field })?;
        let token = account::take(&mut entry).map_err(|field| ReadError::Entry { at, field })?;
        if !seen.insert(entry.entry_id.clone()) {
            return Err(ReadError::Twice { at });
        }
        accounts.push(Account { entry, token });
    }
    Ok(accounts)
}

/// The file that holds these accounts, secrets in plain text. `now` tells how long tokens still live.
#[must_use]
pub fn write(accounts: Vec<Account>, now: OffsetDateTime) -> String {
    let entries: Vec<Value> = accounts
        .into_iter()
        .map(|Account { mut entry, token }| {
            if let Some(token) = token {
                account::put(&mut entry, token, now);
            }
            Value::Object(entry::write(entry))
        })
        .collect();
    let data = Map::from_iter([("entries".to_owned(), Value::Array(entries))]);
    let file = json!({"version": VERSION, "minor_version": MINOR_VERSION, "key": KEY, "data": data});
    format!("{file:#}\n")
}
