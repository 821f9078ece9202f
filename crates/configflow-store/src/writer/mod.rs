//! Writes: what waits is written in one transaction, so that many writers share one wait for the disk.
//!
//! A write that need not outlive a power cut only goes to the system's memory. Where nobody else is writing, whoever asks for it
//! writes it there and then, with all that waits: that takes microseconds, and waking a thread takes as many. What waits for
//! the disk, or for another process, is written by a thread, so that no task of a runtime waits with it.
//!
//! Each write stands in a savepoint of its own, so one that is refused takes nothing else back. Nobody gets an answer before
//! the transaction is committed.

mod job;
mod transaction;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::JoinHandle;

use configflow_engine::StoreError;
use futures_util::future::BoxFuture;
use rusqlite::Connection;

use crate::failure;
pub(crate) use job::Durability;
use job::Job;
use transaction::{Busy, Open, Patience};

/// The most writes of one transaction.
const BATCH: usize = 256;

/// Where writes are handed in.
pub(crate) struct Writer {
    inside: Arc<Inside>,
    thread: Option<JoinHandle<()>>,
}

struct Inside {
    waiting: Mutex<Waiting>,
    /// Tells the thread that there is work for it.
    work: Condvar,
    open: Mutex<Open>,
}

/// What waits to be written.
#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// The thread is to write, whatever waits.
    wanted: bool,
    /// No more comes.
    closed: bool,
}

impl Waiting {
    fn batch(&mut self) -> Vec<Job> {
        let count = self.jobs.len().min(BATCH);
        self.jobs.drain(..count).collect()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let inside =
            Arc::new(Inside { waiting: Mutex::default(), work: Condvar::new(), open: Mutex::new(Open::new(connection)) });
        let own = Arc::clone(&inside);
        let thread = std::thread::Builder::new().name("store writer".to_owned()).spawn(move || own.write_what_waits())?;
        Ok(Self { inside, thread: Some(thread) })
    }

    /// Writes, and answers once it is durable. What a refused write wrote is taken back.
    pub(crate) fn write<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        durability: Durability,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, E>> {
        let (job, answer) = Job::new(durability, write);
        locked(&self.inside.waiting).jobs.push_back(job);
        if durability == Durability::Power || !self.inside.write_here() {
            self.inside.wake_thread();
        }
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(failure::closed().into())) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        locked(&self.inside.waiting).closed = true;
        self.inside.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}

impl Inside {
    /// Writes what waits, on the thread of whoever asks; false where the thread of the writer has to.
    fn write_here(&self) -> bool {
        let mut open = match self.open.try_lock() {
            Ok(open) => open,
            // Whoever writes looks again at what waits when that is done.
            Err(TryLockError::WouldBlock) => return true,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        };
        let batch = {
            let mut waiting = locked(&self.waiting);
            if waiting.jobs.iter().any(|job| job.durability == Durability::Power) {
                return false;
            }
            waiting.batch()
        };
        if batch.is_empty() {
            // Whoever wrote before has written this too.
            return true;
        }
        let written = open.write(batch, Patience::None);
        let checkpoint = open.wants_checkpoint();
        drop(open);
        if let Err(Busy(batch)) = written {
            let mut waiting = locked(&self.waiting);
            batch.into_iter().rev().for_each(|job| waiting.jobs.push_front(job));
            return false;
        }
        // What came meanwhile found the connection taken.
        !checkpoint && locked(&self.waiting).jobs.is_empty()
    }

    fn wake_thread(&self) {
        locked(&self.waiting).wanted = true;
        self.work.notify_one();
    }

    /// The thread of the writer.
    fn write_what_waits(&self) {
        loop {
            {
                let mut waiting = locked(&self.waiting);
                while !waiting.wanted && !waiting.closed {
                    waiting = self.work.wait(waiting).unwrap_or_else(PoisonError::into_inner);
                }
                if waiting.closed && waiting.jobs.is_empty() {
                    return;
                }
                waiting.wanted = false;
            }
            let mut open = locked(&self.open);
            loop {
                let batch = locked(&self.waiting).batch();
                if !batch.is_empty() {
                    // With patience it is never too busy.
                    let _ = open.write(batch, Patience::Waits);
                }
                if open.wants_checkpoint() {
                    open.checkpoint();
                }
                if locked(&self.waiting).jobs.is_empty() {
                    break;
                }
            }
            drop(open);
            // What came after the last look found the connection taken.
            let mut waiting = locked(&self.waiting);
            waiting.wanted |= !waiting.jobs.is_empty();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tempfile::TempDir;

    use super::*;

    fn opened(folder: &TempDir) -> Connection {
        let connection = Connection::open(folder.path().join("test.db")).expect("a database");
        connection.pragma_update(None, "journal_mode", "WAL").expect("a log");
        connection.execute_batch("CREATE TABLE IF NOT EXISTS words (word TEXT PRIMARY KEY)").expect("a table");
        connection
    }

    fn say(writer: &Writer, durability: Durability, word: &'static str) -> BoxFuture<'static, Result<(), StoreError>> {
        writer.write(durability, move |connection| {
            let said = connection.execute("INSERT INTO words (word) VALUES (?1)", [word]);
            said.map(|_| ()).map_err(|error| failure::of(&error))
        })
    }

    fn words(connection: &Connection) -> Vec<String> {
        let mut statement = connection.prepare("SELECT word FROM words ORDER BY word").expect("a query");
        let rows = statement.query_map([], |row| row.get(0)).expect("rows");
        rows.collect::<Result<_, _>>().expect("words")
    }

    #[tokio::test]
    async fn what_needs_no_disk_is_written_at_once_and_the_rest_by_the_thread() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writer, reading) = (Writer::start(opened(&folder)).expect("a writer"), opened(&folder));
        assert_eq!(say(&writer, Durability::Process, "one").now_or_never(), Some(Ok(())));
        assert_eq!(words(&reading), ["one"]);
        assert_eq!(say(&writer, Durability::Power, "two").await, Ok(()));
        assert_eq!(words(&reading), ["one", "two"]);
    }

    #[tokio::test]
    async fn another_process_is_waited_for_by_the_thread_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writer, other) = (Writer::start(opened(&folder)).expect("a writer"), opened(&folder));
        other.execute_batch("BEGIN IMMEDIATE").expect("it is free");
        let mut waiting = [say(&writer, Durability::Process, "one"), say(&writer, Durability::Process, "two")];
        assert!(waiting.iter_mut().all(|one| one.now_or_never().is_none()));
        other.execute_batch("COMMIT").expect("it is given back");
        for one in waiting {
            assert_eq!(one.await, Ok(()));
        }
        assert_eq!(words(&other), ["one", "two"]);
    }

    #[tokio::test]
    async fn a_refused_write_takes_nothing_else_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let (writer, other) = (Writer::start(opened(&folder)).expect("a writer"), opened(&folder));
        assert_eq!(say(&writer, Durability::Process, "one").await, Ok(()));
        assert!(say(&writer, Durability::Process, "one").await.is_err(), "alone in its transaction");
        // While somebody else has the database, what comes is gathered into one transaction.
        other.execute_batch("BEGIN IMMEDIATE").expect("it is free");
        let gathered = ["two", "one", "three"].map(|word| say(&writer, Durability::Process, word));
        other.execute_batch("COMMIT").expect("it is given back");
        let [two, one, three] = gathered;
        assert_eq!((two.await, three.await), (Ok(()), Ok(())));
        assert!(one.await.is_err());
        assert_eq!(words(&other), ["one", "three", "two"]);
    }

    #[tokio::test]
    async fn many_at_once_are_all_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let writer = Arc::new(Writer::start(opened(&folder)).expect("a writer"));
        let threads: Vec<_> = (0..4)
            .map(|thread| {
                let writer = Arc::clone(&writer);
                std::thread::spawn(move || {
                    let durability = |at| if at % 50 == 0 { Durability::Power } else { Durability::Process };
                    (0..600)
                        .map(|at| {
                            writer.write(durability(at), move |connection| {
                                let said = connection.execute("INSERT INTO words (word) VALUES (?1)", [format!("{thread}-{at}")]);
                                said.map(|_| ()).map_err(|error| failure::of(&error))
                            })
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        for thread in threads {
            for written in thread.join().expect("no panic") {
                assert_eq!(written.await, Ok::<(), StoreError>(()));
            }
        }
        assert_eq!(words(&opened(&folder)).len(), 2_400);
    }
}
