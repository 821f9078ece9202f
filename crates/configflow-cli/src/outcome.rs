//! What a command came to, and how it says so.

use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// All is as expected.
    Fine,
    /// Something is not as expected.
    Differs,
    /// A file or the command line is broken.
    Broken,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

impl Outcome {
    /// The worse of two.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Interrupted, _) | (_, Self::Interrupted) => Self::Interrupted,
            (Self::Broken, _) | (_, Self::Broken) => Self::Broken,
            (Self::Differs, _) | (_, Self::Differs) => Self::Differs,
            _ => Self::Fine,
        }
    }
}

/// Whether something that was said did not get to standard output.
static UNSAID: AtomicBool = AtomicBool::new(false);

/// Prints a line to standard output.
pub(crate) fn say(line: impl Display) {
    noted(writeln!(anstream::stdout(), "{line}"));
}

/// Whether all that was said got to standard output.
pub(crate) fn all_said() -> bool {
    noted(std::io::stdout().flush());
    !UNSAID.load(Ordering::Relaxed)
}

/// A reader that went away is no fault of ours; a full disk is one, and said once.
fn noted(written: std::io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
        && !UNSAID.swap(true, Ordering::Relaxed)
    {
        complain(format_args!("error[output]: {error}"));
    }
}

/// Prints a line to standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}
