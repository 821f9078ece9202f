//! A reauth that begins by itself.

use std::sync::Arc;
use std::time::Duration;

use configflow_core::StepError;
use tracing::Instrument;

use super::Accounts;
use crate::builder::Inner;
use crate::caller::Start;
use crate::error::FlowError;
use crate::notice::Notice;
use crate::operate::reauth_claim;
use crate::store::Entry;

/// How long after one the next reauth of an entry begins by itself at the earliest: whoever gave it up is not asked at once.
const AGAIN: Duration = Duration::from_secs(60);

impl Inner {
    /// Begins a reauth of an entry, unless it has one or is disabled. It does not wait for it: whoever asks for a token may be an
    /// effect of that very flow.
    pub(crate) fn begin_reauth(self: &Arc<Self>, entry: &Entry, code: &str) {
        let has_one = !self.flows.of_unique_id(&entry.domain, &reauth_claim(&entry.entry_id)).is_empty();
        if has_one || entry.disabled_by.is_some() || !Accounts::is_time(&self.accounts.reauths, &entry.entry_id, AGAIN) {
            return;
        }
        self.notify(Notice::ReauthNeeded { entry: Arc::new(entry.clone()), code: code.to_owned() });
        let (inner, request) = (Arc::clone(self), Start::entry(&entry.domain, "reauth", &entry.entry_id));
        let entry_id = entry.entry_id.clone();
        let begin = async move {
            match inner.start(request, None).await {
                Ok(_) => tracing::info!(entry_id, "a reauth began by itself"),
                Err(FlowError::UnknownHandler { .. } | FlowError::Step(StepError::UnknownStep { .. })) => {
                    tracing::warn!(entry_id, "the definition has no reauth: nobody is asked to link the account again");
                }
                Err(error) => tracing::warn!(entry_id, code = error.code(), "no reauth could begin"),
            }
        };
        tokio::spawn(begin.in_current_span());
    }
}
