//! Export and import of all accounts, each in one transaction.

use configflow_engine::{Entry, StoreError};
use rusqlite::Connection;
use time::OffsetDateTime;

use crate::failure;
use crate::home_assistant::{self, Account, ReadError};
use crate::seal::Sealer;
use crate::store::SqliteStore;
use crate::writer::Durability;
use crate::{entries, tokens};

/// What an import does with an entry that is there already and differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Refuses the whole file.
    Refuse,
    /// Takes the file's.
    Replace,
}

/// What an import wrote.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Entries that are new.
    pub added: usize,
    /// Entries that were replaced.
    pub replaced: usize,
    /// Entries that were there as they are in the file.
    pub unchanged: usize,
}

/// Why nothing was imported.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file is not understood.
    #[error(transparent)]
    File(#[from] ReadError),
    /// An entry is there already, and differs.
    #[error("entry {entry_id} is there already and differs; nothing was imported")]
    Known {
        /// Its id.
        entry_id: String,
    },
    /// Another entry has the unique id.
    #[error("entry {entry_id} has the unique id of another entry of the integration; nothing was imported")]
    UniqueId {
        /// Its id.
        entry_id: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ImportError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::File(error) => error.code(),
            Self::Known { .. } => "import.known",
            Self::UniqueId { .. } => "import.unique_id",
            Self::Store(error) => error.code(),
        }
    }
}

impl SqliteStore {
    /// All entries with their tokens, in the order of their making, as they stood at one moment.
    ///
    /// # Errors
    /// Where one cannot be read.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        self.read(|connection, sealer| {
            let transaction = connection.unchecked_transaction().map_err(|error| failure::of(&error))?;
            let entries = entries::all(&transaction, sealer, None)?;
            entries.into_iter().map(|entry| with_token(&transaction, sealer, entry)).collect()
        })
        .await
    }

    /// Home Assistant's `core.config_entries` with every account, secrets in plain text.
    ///
    /// # Errors
    /// Where an account cannot be read.
    pub async fn export(&self, now: OffsetDateTime) -> Result<String, StoreError> {
        Ok(home_assistant::write(self.accounts().await?, now))
    }

    /// Takes over the accounts of a `core.config_entries`: all of them, or none.
    ///
    /// # Errors
    /// Where the file is not understood, an account would be lost, or the store fails.
    pub async fn import(&self, file: &str, known: Known) -> Result<Imported, ImportError> {
        let accounts = home_assistant::read(file)?;
        self.write(Durability::Power, move |connection, sealer| take(connection, sealer, accounts, known)).await
    }
}

fn take(connection: &Connection, sealer: &Sealer, accounts: Vec<Account>, known: Known) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    for account in accounts {
        let entry_id = account.entry.entry_id.clone();
        if let Some(before) = entries::find(connection, sealer, &entry_id)? {
            let before = with_token(connection, sealer, before)?;
            // Both as the file would have them, at one moment, so that only what the file says is compared.
            let same = |account: &Account| home_assistant::write(vec![account.clone()], OffsetDateTime::UNIX_EPOCH);
            if same(&before) == same(&account) {
                imported.unchanged += 1;
                continue;
            }
            if known == Known::Refuse {
                return Err(ImportError::Known { entry_id });
            }
            if let Some(key) = &before.entry.account_key {
                tokens::remove(connection, &before.entry.domain, key)?;
            }
            imported.replaced += 1;
        } else {
            imported.added += 1;
        }
        if entries::owner(connection, sealer, &account.entry)?.is_some() {
            return Err(ImportError::UniqueId { entry_id });
        }
        if let Some(token) = account.token {
            tokens::save(connection, sealer, token)?;
        }
        entries::put(connection, sealer, &account.entry)?;
    }
    Ok(imported)
}

fn with_token(connection: &Connection, sealer: &Sealer, entry: Entry) -> Result<Account, StoreError> {
    let token = match &entry.account_key {
        Some(key) => tokens::find(connection, sealer, &entry.domain, key)?,
        None => None,
    };
    Ok(Account { entry, token })
}
