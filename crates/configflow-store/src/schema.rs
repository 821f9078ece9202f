//! The tables, and how older ones become them.

use rusqlite::{Connection, TransactionBehavior};

/// What says that a database is ours: `cfgF` in SQLite's header.
const APPLICATION: i32 = 0x6366_6746;

/// Each brings the schema from its index to the next version.
const MIGRATIONS: [&str; 2] = [include_str!("schema/1.sql"), include_str!("schema/2.sql")];

/// The version that this program writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

/// Why the tables cannot be used.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// The database is somebody else's.
    Foreign,
    /// A later program wrote it.
    Newer(i64),
    Sqlite(rusqlite::Error),
}

impl From<rusqlite::Error> for Unfit {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// Makes the tables, or brings them up to date, in one transaction.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), Unfit> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let pragma = |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (application, version) = (pragma("application_id")?, pragma("user_version")?);
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != i64::from(APPLICATION) && (application != 0 || version != 0 || tables != 0) {
        return Err(Unfit::Foreign);
    }
    let done = usize::try_from(version).unwrap_or(usize::MAX);
    let Some(missing) = MIGRATIONS.get(done..) else { return Err(Unfit::Newer(version)) };
    for step in missing {
        transaction.execute_batch(step)?;
    }
    if !missing.is_empty() {
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    }
    Ok(transaction.commit()?)
}
