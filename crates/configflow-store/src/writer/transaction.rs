//! One transaction for many writes.

use std::time::Duration;

use configflow_engine::StoreError;
use rusqlite::{Connection, ErrorCode};

use super::job::{Durability, Job};
use crate::failure;
use crate::folder::PATIENCE;

/// How many writes there are between two checkpoints, which take the log of SQLite over into the database. A write is a few pages of
/// 4 KiB each.
const CHECKPOINT: usize = 1_000;

/// The connection that writes.
pub(super) struct Open {
    connection: Connection,
    /// What its transactions outlive at present.
    durability: Option<Durability>,
    /// Whether it waits for another process.
    patient: Option<Patience>,
    since_checkpoint: usize,
}

/// Whether a transaction waits where another process has the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It waits.
    Waits,
    /// It gives up at once, and may be tried again.
    None,
}

/// The transaction could not begin: another process has the database. Nothing was written, and the writes wait as before.
pub(super) struct Busy(pub(super) Vec<Job>);

impl Open {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, durability: None, patient: None, since_checkpoint: 0 }
    }

    /// Writes all of a batch, and answers everybody.
    pub(super) fn write(&mut self, mut batch: Vec<Job>, patience: Patience) -> Result<(), Busy> {
        let wanted = batch.iter().map(|job| job.durability).max().unwrap_or(Durability::Power);
        match self.begin(wanted, patience) {
            Ok(()) => {}
            Err(error) if patience == Patience::None && is_busy(&error) => return Err(Busy(batch)),
            Err(error) => {
                let error = failure::of(&error);
                batch.into_iter().for_each(|job| job.work.answer(Err(error.clone())));
                return Ok(());
            }
        }
        let committed = self.run(&mut batch);
        if committed.is_err() && !self.connection.is_autocommit() {
            // What cannot be rolled back now is rolled back with the next transaction's refusal; nothing of it is ever committed.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.since_checkpoint += batch.len();
        batch.into_iter().for_each(|job| job.work.answer(committed.clone()));
        Ok(())
    }

    /// Whether the log has grown so that it should be taken over.
    pub(super) fn wants_checkpoint(&self) -> bool {
        self.since_checkpoint >= CHECKPOINT
    }

    /// Takes the log over into the database, which waits for the disk.
    pub(super) fn checkpoint(&mut self) {
        self.since_checkpoint = 0;
        let taken = self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = taken {
            // The log stays as it is, and nothing is lost: the next one takes over more.
            tracing::debug!(code = failure::of(&error).code(), "the log of the store was not taken over");
        }
    }

    fn begin(&mut self, wanted: Durability, patience: Patience) -> rusqlite::Result<()> {
        if self.patient != Some(patience) {
            self.connection.busy_timeout(match patience {
                Patience::Waits => PATIENCE,
                Patience::None => Duration::ZERO,
            })?;
            self.patient = Some(patience);
        }
        if self.durability != Some(wanted) {
            self.connection.execute_batch(match wanted {
                Durability::Process => "PRAGMA synchronous = NORMAL",
                Durability::Power => "PRAGMA synchronous = FULL",
            })?;
            self.durability = Some(wanted);
        }
        if !self.connection.is_autocommit() {
            // A write that panicked left its transaction behind.
            self.connection.execute_batch("ROLLBACK")?;
        }
        self.execute("BEGIN IMMEDIATE")
    }

    fn run(&self, batch: &mut [Job]) -> Result<(), StoreError> {
        let run = |sql: &str| self.execute(sql).map_err(|error| failure::of(&error));
        // A single write needs no savepoint: where it is refused, the whole transaction is.
        if let [job] = batch {
            let well = job.work.run(&self.connection);
            self.still_open()?;
            return run(if well { "COMMIT" } else { "ROLLBACK" });
        }
        for job in batch.iter_mut() {
            run("SAVEPOINT job")?;
            let well = job.work.run(&self.connection);
            self.still_open()?;
            if !well {
                run("ROLLBACK TO job")?;
            }
            run("RELEASE job")?;
        }
        run("COMMIT")
    }

    /// SQLite itself takes the whole transaction back on a full disk.
    fn still_open(&self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            return Err(StoreError::Failed { reason: "the disk is full or cannot be written".to_owned() });
        }
        Ok(())
    }

    fn execute(&self, sql: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(sql)?.execute([]).map(|_| ())
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
