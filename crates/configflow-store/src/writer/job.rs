//! A write, and whoever waits for it.

use configflow_engine::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::failure;

/// What a write outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Durability {
    /// The end of the process, `kill -9` too.
    Process,
    /// A power cut too: the disk has confirmed it.
    Power,
}

/// A write that waits for its turn.
pub(super) struct Job {
    pub(super) durability: Durability,
    pub(super) work: Box<dyn Work>,
}

/// A write with whoever waits for it.
pub(super) trait Work: Send {
    /// Writes; false where it is refused, and then what it wrote is taken back.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Answers; with an error where the transaction failed.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

/// What a write answers, some day.
pub(super) type Waiting<T, E> = oneshot::Receiver<Result<T, E>>;

impl Job {
    /// A write, and what it will answer.
    pub(super) fn new<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        durability: Durability,
        write: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> (Self, Waiting<T, E>) {
        let (answer, waiting) = oneshot::channel();
        let work = Box::new(Typed { write: Some(write), answer: None, waiting: answer });
        (Self { durability, work }, waiting)
    }
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
