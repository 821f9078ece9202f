//! The thread that reads, so that no task of a runtime waits for the disk. It sees all that was answered as written.

use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;

use configflow_engine::StoreError;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The thread, and the way to it.
pub(crate) struct Reader {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    pub(crate) fn start(connection: Connection) -> std::io::Result<Self> {
        let (jobs, waiting) = channel::<Job>();
        let read = move || waiting.into_iter().for_each(|job| job(&connection));
        let thread = std::thread::Builder::new().name("store reader".to_owned()).spawn(read)?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
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
