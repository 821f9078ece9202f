//! Work that outlives whoever asked for it: run at once where it can be, in a task of its own where it has to wait.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use futures_util::future::CatchUnwind;
use tokio::runtime::Handle;
use tracing::instrument::Instrumented;
use tracing::{Instrument, Span};

use crate::error::FlowError;

type Guarded<F> = CatchUnwind<AssertUnwindSafe<Instrumented<F>>>;

/// Runs work to its end: here while whoever waits for it is there, in a task of its own once they have gone.
///
/// A task from the beginning would do too, and cost every request two more turns of the scheduler.
pub(crate) async fn detached<T, F>(span: Span, work: F) -> Result<T, FlowError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, FlowError>> + Send + 'static,
{
    let work = AssertUnwindSafe(work.instrument(span)).catch_unwind();
    let ended: Result<Result<T, FlowError>, Box<dyn Any + Send>> = Uninterrupted { work: Some(Box::pin(work)) }.await;
    ended.unwrap_or(Err(FlowError::Closed))
}

/// A future that goes on in a task of its own where it is dropped before its end.
struct Uninterrupted<F>
where
    Guarded<F>: Future<Output: Send> + Send + 'static,
{
    work: Option<Pin<Box<Guarded<F>>>>,
}

impl<F> Future for Uninterrupted<F>
where
    Guarded<F>: Future<Output: Send> + Send + 'static,
{
    type Output = <Guarded<F> as Future>::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Nobody polls a future again that has ended.
        let Some(work) = &mut self.work else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.work = None;
        }
        polled
    }
}

impl<F> Drop for Uninterrupted<F>
where
    Guarded<F>: Future<Output: Send> + Send + 'static,
{
    fn drop(&mut self) {
        // Without a runtime the process is ending, and what was acknowledged is stored.
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

/// Runs work as far as it comes without waiting, and says whether that was its end. Whoever polls it next has to be a task, which is
/// then woken.
///
/// Work that is run at once and runs more such work is not at its end: a flow that leads to a flow that leads to a flow would fill
/// the stack.
pub(crate) fn at_once<F: Future<Output = ()>>(work: Pin<&mut F>) -> bool {
    thread_local! {
        static RUNS: Cell<bool> = const { Cell::new(false) };
    }
    struct Over;
    impl Drop for Over {
        fn drop(&mut self) {
            RUNS.set(false);
        }
    }
    if RUNS.replace(true) {
        return false;
    }
    let _over = Over;
    work.now_or_never().is_some()
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn whoever_waits_gets_the_answer_and_a_panic_is_none() {
        assert_eq!(detached(Span::none(), async { Ok(7) }).await, Ok(7));
        let panics = detached::<(), _>(Span::none(), async { panic!("a fault of ours") });
        assert_eq!(panics.await, Err(FlowError::Closed));
    }

    #[tokio::test]
    async fn work_goes_on_when_whoever_waited_has_gone() {
        let (go_on, waiting) = oneshot::channel::<()>();
        let (done, ended) = oneshot::channel();
        let mut work = Box::pin(detached(Span::none(), async move {
            waiting.await.map_err(|_| FlowError::Closed)?;
            let _ = done.send("done");
            Ok(())
        }));
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        go_on.send(()).expect("the work waits");
        assert_eq!(ended.await, Ok("done"));
    }

    #[test]
    fn what_needs_no_waiting_is_done_at_once_but_not_within_itself() {
        assert!(at_once(std::pin::pin!(async {})));
        assert!(!at_once(std::pin::pin!(std::future::pending())));
        let mut inside = None;
        assert!(at_once(std::pin::pin!(async { inside = Some(at_once(std::pin::pin!(async {}))) })));
        assert_eq!(inside, Some(false));
        assert!(at_once(std::pin::pin!(async {})), "and afterwards again");
    }
}
