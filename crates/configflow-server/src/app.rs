//! What every request has at hand.

use std::sync::Arc;

use configflow_engine::{Caller, Engine};

use crate::auth::Principal;
use crate::options::Options;

/// What every request has at hand. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) engine: Engine,
    pub(crate) options: Arc<Options>,
}

impl App {
    /// Drives flows for the principal of a request.
    pub(crate) fn caller(&self, principal: &Principal) -> Caller {
        self.engine.caller(&principal.0)
    }
}
