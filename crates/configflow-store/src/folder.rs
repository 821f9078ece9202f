//! The folder of a store: the database, its key, and the lock of whoever runs the flows.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use configflow_engine::StoreError;
use configflow_engine::store::Lease;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};

use crate::key::{self, Key, KeyError};
use crate::schema::{self, Unfit};
use crate::seal::{Place, Sealer};

const DATABASE: &str = "configflow.db";
const KEY: &str = "configflow.key";
const LOCK: &str = "configflow.lock";
const LEASES: &str = "configflow.leases";

/// How long a process waits for another one's transaction.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What the row `check` holds, sealed.
const CHECK: &str = "configflow";
const CHECK_PLACE: Place<'_> = Place { table: "meta", row: &["check"] };

/// Why a store cannot be opened. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another key sealed what is there.
    #[error("the key is not the one that sealed {}", database.display())]
    WrongKey {
        /// The database.
        database: PathBuf,
    },
    /// The file is no database, or somebody else's.
    #[error("{} is no store of configflow", database.display())]
    NotAStore {
        /// The database.
        database: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error("{} has schema version {found}; this program knows versions up to {known}", database.display())]
    Newer {
        /// The database.
        database: PathBuf,
        /// Its version.
        found: i64,
        /// The latest known one.
        known: usize,
    },
    /// The folder cannot be used.
    #[error("{}: {source}", folder.display())]
    Io {
        /// The folder.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database cannot be used.
    #[error("{}: {source}", database.display())]
    Database {
        /// The database.
        database: PathBuf,
        /// Why.
        source: StoreError,
    },
}

impl OpenError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Key(error) => error.code(),
            Self::WrongKey { .. } => "store.wrong_key",
            Self::NotAStore { .. } => "store.not_a_store",
            Self::Newer { .. } => "store.newer",
            Self::Io { .. } => "store.io",
            Self::Database { source, .. } => source.code(),
        }
    }
}

/// The folder.
pub(crate) struct Folder {
    database: PathBuf,
    lock: PathBuf,
    /// The file of the key, where it is in one.
    key: Option<PathBuf>,
    leases: PathBuf,
    /// Held while this store runs the flows; the system takes it back when the process ends, however it ends.
    held: Mutex<Option<std::fs::File>>,
}

/// A folder with its connections, ready for use.
pub(crate) struct Opened {
    pub(crate) folder: Folder,
    pub(crate) writing: Connection,
    pub(crate) reading: Connection,
    pub(crate) sealer: Sealer,
}

/// Opens the folder; makes what is missing. Without a given key, the environment's counts, else the file's.
pub(crate) fn open(path: &Path, key: Option<Key>) -> Result<Opened, OpenError> {
    let io = |source| OpenError::Io { folder: path.to_owned(), source };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(io)?;

    let database = path.join(DATABASE);
    // An empty file is what a crash leaves between the making of the file and of its tables.
    let is_new = std::fs::metadata(&database).map_or(true, |metadata| metadata.len() == 0);
    let given = match key {
        Some(key) => Some(key),
        None => Key::from_environment()?,
    };
    let file = given.is_none().then(|| path.join(KEY));
    let key = match (given, &file) {
        (Some(key), _) => key,
        (None, Some(file)) => Key::in_file(file, is_new)?,
        (None, None) => return Err(KeyError::Missing { file: path.join(KEY) }.into()),
    };
    let mut sealer = Sealer::new(&key);
    // SQLite gives its companions the same mode.
    private().open(&database).map_err(io)?;

    let faulty = |source: &rusqlite::Error| match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenError::NotAStore { database: database.clone() },
        _ => OpenError::Database { database: database.clone(), source: crate::failure::of(source) },
    };
    let mut writing = connect(&database).map_err(|error| faulty(&error))?;
    schema::migrate(&mut writing).map_err(|unfit| match unfit {
        Unfit::Foreign => OpenError::NotAStore { database: database.clone() },
        Unfit::Newer(found) => OpenError::Newer { database: database.clone(), found, known: schema::VERSION },
        Unfit::Sqlite(error) => faulty(&error),
    })?;
    let wrong = |error| match error {
        Checked::Wrong => OpenError::WrongKey { database: database.clone() },
        Checked::Sqlite(error) => faulty(&error),
        Checked::Store(source) => OpenError::Database { database: database.clone(), source },
    };
    match (check(&writing, &sealer, &database), &file) {
        (Err(Checked::Wrong), Some(file)) => {
            // A crash between the new seals and the new key: the one that was prepared is the right one.
            let prepared = key::prepared(file).ok_or_else(|| wrong(Checked::Wrong))?;
            sealer = Sealer::new(&prepared);
            check(&writing, &sealer, &database).map_err(wrong)?;
            key::replace(file)?;
            tracing::warn!(file = %file.display(), "the key that was prepared took its place");
        }
        (checked, _) => checked.map_err(wrong)?,
    }
    let reading = connect(&database).map_err(|error| faulty(&error))?;
    reading.pragma_update(None, "query_only", true).map_err(|error| faulty(&error))?;
    let folder = Folder { lock: path.join(LOCK), leases: path.join(LEASES), database, key: file, held: Mutex::default() };
    Ok(Opened { folder, writing, reading, sealer })
}

impl Folder {
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    pub(crate) fn key(&self) -> Option<&Path> {
        self.key.as_deref()
    }

    /// The right to refresh a token: the lock of a file, which the system takes back when the process ends, however it ends.
    pub(crate) fn lease(&self, domain: &str, key: &str) -> Result<Option<Lease>, StoreError> {
        let failed = |error: std::io::Error| StoreError::Failed { reason: format!("the lock of a token: {}", error.kind()) };
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.leases).map_err(failed)?;
        let file = private().open(self.leases.join(lease_name(domain, key))).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lease::new(file))),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Makes this store the one that runs the flows.
    pub(crate) fn own_flows(&self) -> Result<(), StoreError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() {
            return Ok(());
        }
        let failed = |error: std::io::Error| StoreError::Failed { reason: format!("the lock of the flows: {}", error.kind()) };
        let file = private().open(&self.lock).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {
                *held = Some(file);
                Ok(())
            }
            Err(std::fs::TryLockError::WouldBlock) => Err(StoreError::InUse),
            Err(std::fs::TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}

/// The name of a token's file, whatever its key is made of. It stays when the token goes: a lock on a file that another process has
/// removed would hold nobody off.
fn lease_name(domain: &str, key: &str) -> String {
    let mut hash = Sha256::new();
    hash.update((domain.len() as u64).to_be_bytes());
    hash.update(domain);
    hash.update(key);
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Opens a file, and makes it for its owner alone where it is missing.
fn private() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn connect(database: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer does it in its own time: see `writer`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

enum Checked {
    Wrong,
    Sqlite(rusqlite::Error),
    Store(StoreError),
}

/// Whether the key is the database's own; a database without one gets this one.
fn check(connection: &Connection, sealer: &Sealer, database: &Path) -> Result<(), Checked> {
    let sealed = sealer.seal(CHECK_PLACE, &CHECK).map_err(Checked::Store)?;
    let insert = "INSERT INTO meta (name, sealed) VALUES ('check', ?1) ON CONFLICT (name) DO NOTHING";
    let found = |connection: &Connection| {
        connection.query_row("SELECT sealed FROM meta WHERE name = 'check'", [], |row| row.get::<_, Vec<u8>>(0)).optional()
    };
    let kept = match found(connection).map_err(Checked::Sqlite)? {
        Some(kept) => kept,
        None => {
            tracing::info!(database = %database.display(), "a new store");
            connection.execute(insert, [sealed]).map_err(Checked::Sqlite)?;
            found(connection).map_err(Checked::Sqlite)?.unwrap_or_default()
        }
    };
    match sealer.open::<String>(CHECK_PLACE, &kept) {
        Ok(text) if text == CHECK => Ok(()),
        _ => Err(Checked::Wrong),
    }
}
