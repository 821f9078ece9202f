//! The thread that reads, so that no task of a runtime waits for a long list. It sees all that was answered as written.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::thread::JoinHandle;

use configflow_engine::StoreError;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The connection that reads, the thread, and the way to it.
pub(crate) struct Reader {
    connection: Arc<Mutex<Connection>>,
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let connection = Arc::new(Mutex::new(connection));
        let own = Arc::clone(&connection);
        let read = move || waiting.into_iter().for_each(|job| job(&own.lock().unwrap_or_else(PoisonError::into_inner)));
        let thread = std::thread::Builder::new().name("store reader".to_owned()).spawn(read)?;
        Ok(Self { connection, jobs: Some(jobs), thread: Some(thread) })
    }

    /// Reads one row that is found by its key: there and then where nobody else is reading, since waking a thread takes longer.
    pub(crate) fn read_one<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let free = match self.connection.try_lock() {
            Ok(free) => free,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return self.read(read),
        };
        Box::pin(std::future::ready(read(&free)))
    }

    /// Reads.
    pub(crate) fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> BoxFuture<'static, Result<T, StoreError>> {
        let (answer, waiting) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever asked may have gone.
            let _ = answer.send(read(connection));
        });
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        Box::pin(async move {
            if !sent {
                return Err(failure::closed());
            }
            waiting.await.unwrap_or_else(|_| Err(failure::closed()))
        })
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say.
            let _ = thread.join();
        }
    }
}
