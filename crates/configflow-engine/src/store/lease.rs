//! The right to refresh a token.

use std::fmt;

/// The right to refresh one token, which of all processes that share a store one at a time has. It ends when this is dropped, and
/// with the process, however that ends; so whoever has it knows that nobody living is refreshing.
pub struct Lease {
    _held: Box<dyn Send + Sync>,
}

impl Lease {
    /// A lease that ends when `held` is dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").finish_non_exhaustive()
    }
}
