//! The same account again: whoever links the account of an entry anew must be who it was.
//!
//! Known by what the provider says in its ID token (OpenID Connect Core §5.7), or in a profile that the provider's file or the definition names. An
//! entry whose account was never known, such as an imported one, takes any.

use std::sync::Arc;

use configflow_core::definition::{Call, Op};
use configflow_core::{Account, Definition, EffectOutcome, Failure, Kind};
use configflow_oauth::{Account as Linkable, Identity, Linked, ProfileError, ProfileRequest, TokenSet};
use serde_json::Value;
use time::OffsetDateTime;

use crate::builder::Inner;
use crate::flows::Flow;
use crate::store::{StoreError, Token};

/// With what a flow ends by default whose person logged in with another account.
const MISMATCH: &str = "unique_id_mismatch";

impl Inner {
    /// Who was linked: what the link said, else what the profile says that the definition, or the provider's file, names. A
    /// profile that does not answer keeps nobody from linking an account that nobody knows yet.
    pub(crate) async fn identity_of(
        &self,
        flow: &Flow,
        linkable: &Linkable,
        account: &Account,
        linked: &Linked,
    ) -> Result<Option<Identity>, Failure> {
        if let Some(identity) = &linked.identity {
            return Ok(Some(identity.clone()));
        }
        let profile = if account.identity.is_empty() {
            // Where the definition finds out by itself whose account it is, nobody is asked twice.
            if uniques(&flow.definition).next().is_some() {
                return Ok(None);
            }
            self.link.client.profile(linkable, &linked.tokens).await
        } else {
            self.named_profile(account, &linked.tokens).await
        };
        match profile {
            Ok(identity) => Ok(Some(identity)),
            Err(ProfileError::Unsupported) => Ok(None),
            Err(error) if !self.is_known(flow).await => {
                tracing::warn!(flow_id = %flow.id, code = error.code(), "whose account it is was not said");
                Ok(None)
            }
            Err(error) => {
                let failure = Failure { code: "token".to_owned(), fields: error.public_fields() };
                Err(failure.with("reason", "identity").with("text", error.to_string()).with("detail", error.code()))
            }
        }
    }

    /// The profile that the definition names.
    async fn named_profile(&self, account: &Account, tokens: &TokenSet) -> Result<Identity, ProfileError> {
        let text = |name: &str| account.identity.get(name).and_then(Value::as_str);
        let request = ProfileRequest {
            url: text("url").unwrap_or_default(),
            field: text("field").unwrap_or_default(),
            display_name: text("display_name"),
            username: text("username"),
        };
        self.link.client.profile_at(tokens, request).await
    }

    /// What a flow ends with whose person has linked another account than its entry's; none where it is the same, or nobody can say.
    /// Another account's tokens are revoked.
    pub(crate) async fn mismatch(
        self: &Arc<Self>,
        flow: &Flow,
        account: &Account,
        linked: &Token,
    ) -> Result<Option<EffectOutcome>, StoreError> {
        let known = self.known_account(flow).await?;
        if !known.is_some_and(|known| is_other(&known, linked)) {
            return Ok(None);
        }
        self.reject(flow, linked.clone()).await;
        let named = account.other.get("abort").and_then(Value::as_str).filter(|reason| !reason.is_empty());
        let reason = named.or_else(|| named_by_unique(&flow.definition)).unwrap_or(MISMATCH).to_owned();
        let placeholders = account.other.get("placeholders").and_then(Value::as_object).cloned();
        Ok(Some(EffectOutcome::Abort { reason, placeholders }))
    }

    /// Whether it is known whose account a flow has to link; where that cannot be said, it is.
    async fn is_known(&self, flow: &Flow) -> bool {
        match self.known_account(flow).await {
            Ok(known) => known.is_some_and(|known| known.identity.is_some() || unique_id(&known).is_some()),
            Err(_) => true,
        }
    }

    /// When the client secret ends by what was recorded of the entry: a new login with the same secret changes nothing about it.
    pub(crate) async fn recorded_secret_end(&self, flow: &Flow, linked: &Token) -> Option<OffsetDateTime> {
        let known = self.known_account(flow).await.ok()??;
        let secrets = known.client_secret.as_ref().zip(linked.client_secret.as_ref());
        let same = known.client_id == linked.client_id && secrets.is_some_and(|(one, two)| one.matches(two.expose()));
        known.client_secret_expires.filter(|_| same)
    }

    /// The token of the entry that a reauth or a reconfigure links anew.
    async fn known_account(&self, flow: &Flow) -> Result<Option<Token>, StoreError> {
        let state = flow.state();
        let context = state.context();
        if *state.kind() != Kind::Config || !matches!(context.source.as_str(), "reauth" | "reconfigure") {
            return Ok(None);
        }
        let Some(entry_id) = &context.entry_id else { return Ok(None) };
        let entry = self.store.entry(entry_id).await?;
        let Some((domain, key)) = entry.and_then(|entry| Some((entry.domain, entry.account_key?))) else { return Ok(None) };
        match self.store.token(&domain, &key).await {
            // A token that cannot be read must not keep anybody from linking again.
            Err(StoreError::Unreadable) => Ok(None),
            found => found,
        }
    }

    /// Another account than the entry's was linked: its tokens end, and the flow forgets them. The token of the entry stays as it was.
    pub(crate) async fn reject(self: &Arc<Self>, flow: &Flow, token: Token) {
        self.link.unlink(&flow.id);
        match self.has_account(&token).await {
            Ok(false) => self.revoke(token).await,
            // At some providers a revocation ends every link of the account with the client.
            Ok(true) => tracing::info!(flow_id = %flow.id, "another entry has the account, so its token is not revoked"),
            Err(error) => tracing::warn!(flow_id = %flow.id, code = error.code(), "a wrong account's token is not revoked"),
        }
    }

    /// Whether an entry of the integration is linked to this account.
    async fn has_account(&self, token: &Token) -> Result<bool, StoreError> {
        for entry in self.store.entries(Some(&token.domain)).await? {
            let Some(key) = &entry.account_key else { continue };
            if let Ok(Some(other)) = self.store.token(&entry.domain, key).await
                && is_known(&other, token)
                && !is_other(&other, token)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The end that a definition gives, under `other` of an `entry.unique`, to a flow that found another account.
fn named_by_unique(definition: &Definition) -> Option<&str> {
    uniques(definition).find_map(|call| call.parameters.literal_at("other")?.get("abort")?.as_str())
}

/// Every `entry.unique` of a definition's setup.
fn uniques(definition: &Definition) -> impl Iterator<Item = &Call> {
    let ops = definition.config.iter().flat_map(|dialog| dialog.steps()).flat_map(|step| step.ops());
    ops.filter_map(|op| match op {
        Op::Call(call) if &*call.action == "entry.unique" => Some(&**call),
        _ => None,
    })
}

/// Whether two tokens are certainly of two accounts.
fn is_other(known: &Token, token: &Token) -> bool {
    match (&known.identity, &token.identity) {
        (Some(known), Some(identity)) => !known.is_same_account(identity),
        _ => is_known(known, token) && unique_id(known) != unique_id(token),
    }
}

/// Whether both tokens say whose they are.
fn is_known(known: &Token, token: &Token) -> bool {
    unique_id(known).is_some() && unique_id(token).is_some()
}

fn unique_id(token: &Token) -> Option<&str> {
    token.account.get("unique_id").and_then(Value::as_str)
}
