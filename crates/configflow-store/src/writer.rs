//! The one thread that writes: what waits is written in one transaction, so that many writers share one wait for the disk.
//!
//! Each write stands in a savepoint of its own, so one that is refused takes nothing else back. Nobody gets an answer before
//! the transaction is committed.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use configflow_engine::StoreError;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure;

/// The most writes of one transaction.
const BATCH: usize = 256;

/// What a write outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Durability {
    /// The end of the process, `kill -9` too.
    Process,
    /// A power cut too: the disk has confirmed it.
    Power,
}

/// The thread, and the way to it.
pub(crate) struct Writer {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

struct Job {
    durability: Durability,
    work: Box<dyn Work>,
}

/// A write with whoever waits for it.
trait Work: Send {
    /// Writes; false where it is refused, and then what it wrote is taken back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers; with an error where the transaction failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Typed<T, E, F> {
    write: Option<F>,
    answer: Option<Result<T, E>>,
    waiting: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Work for Typed<T, E, F>
where
    T: Send,
    E: From<StoreError> + Send,
    F: FnOnce(&Connection) -> Result<T, E> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let answer = self.write.take().map_or_else(|| Err(failure::closed().into()), |write| write(connection));
        let well = answer.is_ok();
        self.answer = Some(answer);
        well
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match (committed, self.answer) {
            // A refusal stands whatever became of the transaction.
            (_, Some(Err(refused))) => Err(refused),
            (Err(failed), _) => Err(failed.into()),
            (Ok(()), Some(Ok(value))) => Ok(value),
            (Ok(()), None) => Err(failure::closed().into()),
        };
        // Whoever waited may have gone; what is written stays.
        let _ = self.waiting.send(answer);
    }
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, waiting) = channel();
        let thread = std::thread::Builder::new().name("store writer".to_owned()).spawn(move || write(&connection, &waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Writes, and answers once it is durable. What a refused write wrote is taken back.
    pub(crate) fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        durability: Durability,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, E>> {
        let (answer, waiting) = oneshot::channel();
        let work = Box::new(Typed { write: Some(write), answer: None, waiting: answer });
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job { durability, work }).is_ok());
        Box::pin(async move {
            if !sent {
                return Err(failure::closed().into());
            }
            waiting.await.unwrap_or_else(|_| Err(failure::closed().into()))
        })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

fn write(connection: &Connection, jobs: &Receiver<Job>) {
    let mut now = None;
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH - 1));
        let wanted = batch.iter().map(|job| job.durability).max().unwrap_or(Durability::Power);
        let committed = transaction(connection, &mut batch, wanted, &mut now);
        if committed.is_err() && !connection.is_autocommit() {
            // What cannot be rolled back now is rolled back with the next transaction's refusal; nothing of it is ever committed.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for job in batch {
            job.work.answer(committed.clone());
        }
    }
}

fn transaction(
    connection: &Connection,
    batch: &mut [Job],
    wanted: Durability,
    now: &mut Option<Durability>,
) -> Result<(), StoreError> {
    let run = |sql: &str| connection.execute_batch(sql).map_err(|error| failure::of(&error));
    if *now != Some(wanted) {
        run(match wanted {
            Durability::Process => "PRAGMA synchronous = NORMAL",
            Durability::Power => "PRAGMA synchronous = FULL",
        })?;
        *now = Some(wanted);
    }
    run("BEGIN IMMEDIATE")?;
    for job in batch.iter_mut() {
        run("SAVEPOINT job")?;
        let well = job.work.run(connection);
        if connection.is_autocommit() {
            // SQLite itself took the whole transaction back, as it does on a full disk.
            return Err(StoreError::Failed { reason: "the disk is full or cannot be written".to_owned() });
        }
        run(if well { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" })?;
    }
    run("COMMIT")
}
