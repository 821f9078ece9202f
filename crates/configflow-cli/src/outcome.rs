//! What a command came to, and how it says so.

use std::fmt::Display;
use std::io::Write;

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

/// Prints a line to standard output. A reader that went away is no fault of ours.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(anstream::stdout(), "{line}");
}

/// Prints a line to standard error.
pub(crate) fn complain(line: impl Display) {
    let _ = writeln!(anstream::stderr(), "{line}");
}
