//! `link.*`: links the account of a definition.
//!
//! Attempts are kept here, by flow and by a hash of their `state`, so that a callback finds its flow at once. Verifier,
//! nonce, codes and tokens never leave; a flow sees the public part only. Once a code was sent its attempt is spent: a
//! fresh one takes its place, and the spent address pasted again sends nothing and gets the failure that it had.

mod account;
mod attempts;
mod authorize;
mod device;
mod failure;
mod loopback;
mod methods;
mod qr;
mod record;
mod redeem;
mod way;

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::{Catalogue, Client, ClientError, Clock, Entropy, HttpOptions, Outbound, Secret};
use serde_json::{Map, Value};
use std::sync::Arc;
use time::OffsetDateTime;

pub(crate) use account::Credentials;
pub use account::Implementation;
use attempts::Attempts;

use crate::builder::Inner;
use crate::flows::Flow;
use crate::limits::Limits;
use crate::store::Token;

/// What links accounts.
pub(crate) struct Link {
    pub(crate) catalogue: Catalogue,
    pub(crate) client: Client,
    attempts: Attempts,
    pub(crate) credentials: Credentials,
}

impl Link {
    pub(crate) fn new(
        catalogue: Catalogue,
        outbound: Outbound,
        limits: &Limits,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ClientError> {
        // The request gives up before the action does, so that its failure has a name.
        let total = (limits.action / 2).min(HttpOptions::default().total);
        let options =
            HttpOptions { total, connect: total.min(HttpOptions::default().connect), outbound, ..HttpOptions::default() };
        let client = Client::with(options, clock, entropy)?;
        Ok(Self { catalogue, client, attempts: Attempts::default(), credentials: Credentials::default() })
    }

    /// Whether a callback belongs to an attempt under way.
    pub(crate) fn awaits(&self, query: &str, now: OffsetDateTime, is_here: impl Fn(&url::Url) -> bool) -> bool {
        self.attempts.awaits(query, now, is_here)
    }

    /// Keeps what a callback brought, and says for which flow it came. `is_here` tells the attempt's redirect URI from
    /// any other.
    pub(crate) fn returned(&self, query: &str, now: OffsetDateTime, is_here: impl Fn(&url::Url) -> bool) -> Option<String> {
        self.attempts.returned(query, now, is_here)
    }

    /// The token that a flow linked, to be written with its entry.
    pub(crate) fn linked(&self, flow_id: &str) -> Option<Token> {
        self.attempts.linked(flow_id)
    }

    /// Forgets the token that a flow linked.
    pub(crate) fn unlink(&self, flow_id: &str) {
        self.attempts.unlink(flow_id);
    }

    /// What a flow did towards linking, to be sealed and kept.
    pub(crate) fn record(&self, flow_id: &str) -> Option<Secret> {
        self.attempts.record(flow_id)
    }

    /// Takes up what a flow did towards linking before a restart; false where it cannot be read.
    pub(crate) fn restore(&self, flow_id: &str, record: &Secret) -> bool {
        self.attempts.restore(flow_id, record)
    }

    /// Forgets the attempts of a flow.
    pub(crate) fn forget(&self, flow_id: &str) {
        self.attempts.forget(flow_id);
    }
}

impl Inner {
    /// Runs an action of `link`.
    pub(super) async fn link_action(
        self: &Arc<Self>,
        flow: &Flow,
        action: &str,
        parameters: &Map<String, Value>,
        account: Option<Account>,
    ) -> EffectOutcome {
        let Some(account) = account else { return EffectOutcome::failed(Failure::code("no_account")) };
        match action {
            "link.require_new" => self.link_require_new(flow, &account).await,
            "link.implementations" => self.link_implementations(flow),
            "link.methods" => self.link_methods(flow, parameters, &account).await,
            "link.authorize" => self.link_authorize(flow, parameters, &account).await,
            "link.redeem" => self.link_redeem(flow, parameters, &account).await,
            "link.device_start" => self.link_device_start(flow, parameters, &account).await,
            "link.device_poll" => self.link_device_poll(flow, &account).await,
            unknown => EffectOutcome::failed(Failure::code("unknown_action").with("action", unknown)),
        }
    }

    /// Fails where the account's key has a token already.
    async fn link_require_new(&self, flow: &Flow, account: &Account) -> EffectOutcome {
        let key = account.key.as_deref().unwrap_or_default();
        match self.store.token(&flow.definition.domain, key).await {
            Ok(None) => EffectOutcome::done(Value::Object(Map::new())),
            Ok(Some(_)) => EffectOutcome::failed(Failure::code("exists")),
            Err(crate::store::StoreError::Unreadable) => EffectOutcome::failed(Failure::code("unreadable")),
            Err(error) => error.into(),
        }
    }
}
