//! Watches transitions: for journals, snapshots and coverage.

use configflow_core::{Event, FlowResult, State};

/// One transition as it happened.
pub struct Observed<'a> {
    /// The integration.
    pub domain: &'a str,
    /// The flow as it was; none for its first transition.
    pub before: Option<&'a State>,
    /// What happened; none where the flow started.
    pub event: Option<&'a Event>,
    /// The action whose effect ended, where one did.
    pub action: Option<&'a str>,
    /// The flow as it is.
    pub after: &'a State,
    /// What is shown.
    pub show: Option<&'a FlowResult>,
}

/// Is told every transition, in order within one flow, before anybody sees its result.
pub trait Observer: Send + Sync + 'static {
    /// A transition happened.
    fn transition(&self, observed: &Observed<'_>);
}
