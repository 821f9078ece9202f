//! `link.redeem`: what came back becomes tokens.

use configflow_core::{EffectOutcome, Failure};
use configflow_oauth::{Account, Attempt, Linked, Returned};
use serde_json::{Map, Value, json};

use super::attempts::Live;
use super::failure;
use super::record::{self, Linking};
use crate::action::text;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::Token;

impl Inner {
    pub(super) async fn link_redeem(&self, flow: &Flow, parameters: &Map<String, Value>) -> EffectOutcome {
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
            Ok(linked) if linked.scopes.is_complete() => return self.linked(flow, &account, linked, key),
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
        let link = json!({"url": attempt.url(), "redirect_uri": attempt.redirect_uri()});
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

    /// Keeps the tokens for the end of the flow, and tells the flow what is public about the account.
    pub(super) fn linked(&self, flow: &Flow, account: &Account, linked: Linked, key: String) -> EffectOutcome {
        let provider = account.provider();
        let identity = linked.identity.as_ref();
        let public = json!({
            "provider": provider.name(),
            "api": provider.api(),
            "key": key,
            "username": identity.and_then(|identity| identity.username()),
            "name": identity.and_then(|identity| identity.display_name()),
            "unique_id": identity.map(|identity| identity.unique_id()),
            "scopes": linked.tokens.scopes(),
        });
        let result = Value::Object(linked.tokens.extra().clone());
        let token = Token {
            domain: flow.definition.domain.clone(),
            key,
            provider: provider.name().to_owned(),
            parameters: provider.parameters().clone(),
            client_id: account.client_id().to_owned(),
            client_secret: account.client_secret().cloned(),
            scopes: account.scopes().to_vec(),
            tokens: linked.tokens,
            account: public.clone(),
        };
        self.link.attempts.set_linked(&flow.id, token);
        EffectOutcome::Done { result, link: None, account: Some(public) }
    }
}
