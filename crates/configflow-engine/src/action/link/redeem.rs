//! `link.redeem`: what came back becomes tokens.

use std::sync::Arc;

use configflow_core::{EffectOutcome, Failure};
use configflow_oauth::{Account, Attempt, Identity, Linked, Returned};
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use super::attempts::Live;
use super::failure;
use super::record::{self, Linking};
use crate::action::text;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::Token;

impl Inner {
    pub(super) async fn link_redeem(
        self: &Arc<Self>,
        flow: &Flow,
        parameters: &Map<String, Value>,
        asked: &configflow_core::Account,
    ) -> EffectOutcome {
        let pasted = text(parameters, "returned").map(Returned::pasted);
        let attempts = &self.link.attempts;
        if let Some(state) = pasted.as_ref().and_then(Returned::state_hash)
            && let Some(failure) = attempts.failure_of(&flow.id, state)
        {
            // Sent once already: nothing is sent again.
            return EffectOutcome::failed(failure);
        }
        if let Err(failure) = self.ready(flow).await {
            return EffectOutcome::failed(failure);
        }
        let read = attempts.look(&flow.id, |live| {
            let called_back = live.returned.as_ref().map(record::returned);
            let returned = pasted.as_ref().or(called_back.as_ref());
            let account = live.account.account()?;
            Some(returned.map(|returned| self.link.client.read(account, &live.attempt, returned)))
        });
        let code = match read.flatten() {
            None => return EffectOutcome::failed(Failure::code("returned_url").with("reason", "not_begun")),
            Some(None) => {
                let failure = Failure::code("returned_url").with("reason", "not_returned");
                let link = if self.is_unheard(flow) { self.afresh(flow).await } else { None };
                return EffectOutcome::Failed { failure, link };
            }
            Some(Some(Ok(code))) => code,
            Some(Some(Err(error))) => {
                let failure = failure::returned_url(&error);
                let expired = error.code() == "link.url_expired";
                let link = if expired || pasted.is_none() { self.afresh(flow).await } else { self.renewed(flow).await };
                return EffectOutcome::Failed { failure, link };
            }
        };
        let Some(live) = attempts.take(&flow.id) else {
            return EffectOutcome::failed(Failure::code("returned_url").with("reason", "not_begun"));
        };
        let Live { account, attempt, key, .. } = live;
        let Linking::Resolved(account) = account else {
            return EffectOutcome::failed(Failure::code("returned_url").with("reason", "not_begun"));
        };
        let (state, redirect_uri) = (attempt.state_hash(), attempt.redirect_uri().to_owned());
        // From here on the attempt is spent, whatever comes of it; also where the time limit ends this.
        attempts.spend(&flow.id, state, Failure::code("token").with("reason", "timeout"));
        let outcome = self.link.client.redeem(&account, attempt, code, &flow.principal()).await;
        let failure = match outcome {
            Ok(linked) if linked.scopes.is_complete() => match self.linked(flow, asked, &account, linked, key.clone()).await {
                Ok(outcome) => return outcome,
                Err(failure) => failure,
            },
            Ok(linked) => Failure { code: "scopes_missing".to_owned(), fields: linked.scopes.public_fields() },
            Err(error) => failure::token(&error),
        };
        attempts.spend(&flow.id, state, failure.clone());
        let link = self.begin(flow, *account, &redirect_uri, key).await.ok();
        EffectOutcome::Failed { failure, link }
    }

    /// A fresh attempt in place of one that can no longer be used.
    async fn afresh(&self, flow: &Flow) -> Option<Value> {
        let live = self.link.attempts.take(&flow.id)?;
        let redirect_uri = live.attempt.redirect_uri().to_owned();
        let Linking::Resolved(account) = live.account else { return None };
        self.begin(flow, *account, &redirect_uri, live.key).await.ok()
    }

    /// The live attempt with another URL, where the one that was shown has ended before it (RFC 9126 §2.2).
    async fn renewed(&self, flow: &Flow) -> Option<Value> {
        let now = self.clock.now();
        let found = self.link.attempts.look(&flow.id, |live| {
            let ended = live.attempt.url_expires_at() <= now && now < live.attempt.expires_at();
            let account = live.account.account().filter(|_| ended)?;
            Some((account.clone(), live.attempt.to_sealable()))
        });
        let (account, form) = found.flatten()?;
        let mut attempt = Attempt::from_sealable(form).ok()?;
        self.link.client.renew_url(&account, &mut attempt).await.ok().filter(|renewed| *renewed)?;
        let link = self.name_of(flow, &attempt);
        self.link.attempts.replace(&flow.id, attempt).then_some(link)
    }

    /// Resolves the account of the live attempt, of which only a description is known after a restart.
    async fn ready(&self, flow: &Flow) -> Result<(), Failure> {
        if let Some(description) = self.link.attempts.described(&flow.id) {
            let account = self.resolve(Linking::Described(Box::new(description))).await?;
            self.link.attempts.resolved(&flow.id, account);
        }
        Ok(())
    }

    /// What a redemption that a crash interrupted came to: nobody knows whether the code was sent, so it is spent, and a fresh
    /// attempt takes its place.
    pub(crate) async fn redeem_interrupted(&self, flow: &Flow) -> EffectOutcome {
        let failure = Failure::interrupted();
        let state = self.link.attempts.look(&flow.id, |live| live.attempt.state_hash());
        if let Some(state) = state {
            self.link.attempts.spend(&flow.id, state, failure.clone());
        }
        let link = match self.ready(flow).await {
            Ok(()) => self.afresh(flow).await,
            Err(_) => {
                self.link.attempts.take(&flow.id);
                None
            }
        };
        EffectOutcome::Failed { failure, link }
    }

    /// Keeps the tokens for the end of the flow, and tells the flow what is public about the account. Who links an entry's account
    /// anew with another one ends the flow.
    pub(super) async fn linked(
        self: &Arc<Self>,
        flow: &Flow,
        asked: &configflow_core::Account,
        account: &Account,
        linked: Linked,
        key: String,
    ) -> Result<EffectOutcome, Failure> {
        let identity = self.identity_of(flow, account, asked, &linked).await?;
        let provider = account.provider();
        let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let public = json!({
            "provider": provider.name(),
            "api": provider.api(),
            "key": key,
            "username": text(identity.as_ref().and_then(Identity::username)),
            "name": text(identity.as_ref().and_then(Identity::display_name)),
            "unique_id": identity.as_ref().map(Identity::unique_id),
            "scopes": linked.tokens.scopes(),
        });
        let result = Value::Object(linked.tokens.extra().clone());
        let mut token = Token {
            domain: flow.definition.domain.clone(),
            key,
            provider: provider.name().to_owned(),
            parameters: provider.parameters().clone(),
            client_id: account.client_id().to_owned(),
            client_secret: account.client_secret().cloned(),
            scopes: account.scopes().to_vec(),
            tokens: linked.tokens,
            account: public.clone(),
            identity,
            refused: None,
            client_secret_expires: self.client_secret_expires(flow, asked),
        };
        if token.client_secret_expires.is_none() {
            token.client_secret_expires = self.recorded_secret_end(flow, &token).await;
        }
        match self.mismatch(flow, asked, &token).await {
            Ok(None) => {}
            Ok(Some(ended)) => return Ok(ended),
            Err(error) => return Ok(error.into()),
        }
        self.link.attempts.set_linked(&flow.id, token);
        Ok(EffectOutcome::Done { result, link: None, account: Some(public) })
    }

    /// When the definition says that the client secret ends; a text that is no date says nothing.
    fn client_secret_expires(&self, flow: &Flow, asked: &configflow_core::Account) -> Option<OffsetDateTime> {
        let text = asked.client_secret_expires.as_deref()?;
        let day = || Date::parse(text, format_description!("[year]-[month]-[day]")).map(|day| day.midnight().assume_utc());
        match OffsetDateTime::parse(text, &Rfc3339).or_else(|_| day()) {
            Ok(at) => Some(at),
            Err(_) => {
                tracing::warn!(flow_id = %flow.id, "`client_secret_expires` is no date");
                None
            }
        }
    }
}
