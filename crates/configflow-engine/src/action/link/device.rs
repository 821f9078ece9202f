//! `link.device_start` and `link.device_poll`: the device authorization grant (RFC 8628).

use std::sync::Arc;

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::Poll;
use serde_json::Value;

use super::attempts::Device;
use super::failure;
use super::record::Linking;
use crate::builder::Inner;
use crate::flows::Flow;

impl Inner {
    pub(super) async fn link_device_start(&self, flow: &Flow, account: &Account) -> EffectOutcome {
        let linkable = match self.linkable(flow, account, None).await {
            Ok((linkable, _)) => linkable,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        match self.link.client.device_start(&linkable, &flow.principal()).await {
            Ok(attempt) => {
                let result = Value::Object(attempt.public_fields());
                let key = self.account_key(flow, account).await;
                let account = Linking::Resolved(Box::new(linkable));
                self.link.attempts.begin_device(&flow.id, Device { account, attempt, key });
                EffectOutcome::done(result)
            }
            Err(error) => EffectOutcome::failed(failure::device(failure::device_start_code(&error), &error)),
        }
    }

    /// What a poll that a crash interrupted came to: nobody knows whether the code was redeemed, so it is not sent again.
    pub(crate) fn poll_interrupted(&self, flow: &Flow) -> EffectOutcome {
        self.link.attempts.take_device(&flow.id);
        EffectOutcome::failed(Failure::interrupted())
    }

    /// Polls at the interval that the provider asks for, until the person decided or the code expired.
    pub(super) async fn link_device_poll(self: &Arc<Self>, flow: &Flow, asked: &Account) -> EffectOutcome {
        let Some(Device { account, mut attempt, key }) = self.link.attempts.take_device(&flow.id) else {
            return EffectOutcome::failed(Failure::code("expired"));
        };
        let account = match self.resolve(account).await {
            Ok(account) => account,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        let principal = flow.principal();
        loop {
            tokio::time::sleep(attempt.interval()).await;
            match self.link.client.device_poll(&account, &mut attempt, &principal).await {
                Ok(Poll::Pending | Poll::SlowDown) => {}
                Ok(Poll::Denied) => return EffectOutcome::failed(Failure::code("denied")),
                Ok(Poll::Expired) => return EffectOutcome::failed(Failure::code("expired")),
                Ok(Poll::Linked(linked)) if linked.scopes.is_complete() => {
                    let linked = self.linked(flow, asked, &account, *linked, key).await;
                    return linked.unwrap_or_else(EffectOutcome::failed);
                }
                Ok(Poll::Linked(linked)) => {
                    let fields = linked.scopes.public_fields();
                    return EffectOutcome::failed(Failure { code: "scopes_missing".to_owned(), fields });
                }
                Err(error) if error.is_final() => return EffectOutcome::failed(failure::device("token", &error)),
                Err(error) => tracing::debug!(code = error.code(), "a poll failed and is tried again"),
            }
        }
    }
}
