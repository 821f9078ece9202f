//! `link.device_start` and `link.device_poll`: the device authorization grant (RFC 8628).

use std::sync::Arc;

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::Poll;
use serde_json::{Map, Value, json};

use super::attempts::Device;
use super::record::Linking;
use super::way::Way;
use super::{failure, qr};
use crate::action::text;
use crate::builder::Inner;
use crate::flows::Flow;

impl Inner {
    pub(super) async fn link_device_start(
        &self,
        flow: &Flow,
        parameters: &Map<String, Value>,
        account: &Account,
    ) -> EffectOutcome {
        let linkable = match self.linkable(flow, account, text(parameters, "implementation")).await {
            Ok((linkable, _)) => linkable,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        match self.link.client.device_start(&linkable, &flow.principal()).await {
            Ok(attempt) => {
                let mut result = attempt.public_fields();
                let page = attempt.verification_uri_complete().unwrap_or(attempt.verification_uri());
                result.insert("qr_code".to_owned(), qr::data_uri(page).into());
                let left = (attempt.expires_at() - self.clock.now()).whole_seconds();
                result.insert("expires_in".to_owned(), left.into());
                let key = self.account_key(flow, account).await;
                let account = Linking::Resolved(Box::new(linkable));
                self.link.attempts.try_by(&flow.id, Way::Device);
                self.link.attempts.begin_device(&flow.id, Device { account, attempt, key });
                let link = json!({"method": Way::Device.as_str()});
                EffectOutcome::Done { result: Value::Object(result), link: Some(link), account: None }
            }
            Err(error) => EffectOutcome::failed(failure::device(failure::device_start_code(&error), &error)),
        }
    }

    /// Polls at the interval that the provider asks for, until the person decided or the code expired.
    pub(super) async fn link_device_poll(self: &Arc<Self>, flow: &Flow, asked: &Account) -> EffectOutcome {
        let Some(Device { account, mut attempt, key }) = self.link.attempts.take_device(&flow.id) else {
            // A crash came after the account was linked and before the flow went on.
            return match self.link.linked(&flow.id) {
                Some(token) => EffectOutcome::Done {
                    result: Value::Object(token.tokens.extra().clone()),
                    link: None,
                    account: Some(token.account),
                },
                None => EffectOutcome::failed(expired()),
            };
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
                Ok(Poll::Denied) => return EffectOutcome::failed(denied()),
                Ok(Poll::Expired) => return EffectOutcome::failed(expired()),
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

fn expired() -> Failure {
    Failure::code("expired").with("text", "the code was not entered in time; start again, or choose another way of linking")
}

fn denied() -> Failure {
    Failure::code("denied").with("text", "the login was declined at the provider; start again, or choose another way of linking")
}
