//! Ctrl-C, wherever the dialog stands.
//!
//! A prompt reads the keyboard in raw mode, where Ctrl-C is a key like another. Everywhere else it is a signal: while the
//! engine works, and while a line is awaited from another program.

use std::future::Future;
use std::task::{Context, Poll, Waker};

use tokio::sync::watch;

use super::ask::Gone;

/// Knows whether somebody pressed Ctrl-C.
#[derive(Clone)]
pub(super) struct Interrupt {
    pressed: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on; the signal no longer ends the process by itself. `told` is called when it comes.
    pub(super) fn listen(told: impl FnOnce() + Send + 'static) -> Self {
        let (sender, pressed) = watch::channel(false);
        let mut signal = Box::pin(tokio::signal::ctrl_c());
        // The handler is installed by the first poll. It has to be there before anything is shown, not when the task's turn
        // comes: until then the signal would end the process.
        let first = signal.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        tokio::spawn(async move {
            let came = match first {
                Poll::Ready(came) => came,
                Poll::Pending => signal.await,
            };
            if came.is_ok() {
                let _ = sender.send(true);
                told();
            }
            // The channel stays open while somebody may ask.
            sender.closed().await;
        });
        Self { pressed }
    }

    /// Whether it was pressed.
    pub(super) fn pressed(&self) -> bool {
        *self.pressed.borrow()
    }

    /// What the future gives, unless Ctrl-C comes first.
    pub(super) async fn or<F: Future>(&self, future: F) -> Result<F::Output, Gone> {
        let mut pressed = self.pressed.clone();
        tokio::select! {
            biased;
            Ok(_) = pressed.wait_for(|pressed| *pressed) => Err(Gone::Interrupted),
            output = future => Ok(output),
        }
    }
}
