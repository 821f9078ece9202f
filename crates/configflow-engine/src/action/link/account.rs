//! From the account of a definition to one that can be linked: its provider found, its credentials filled in.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::{Account as Linkable, Secret};
use serde_json::{Map, Value, json};

use super::failure;
use super::record::{Description, Linking};
use crate::builder::Inner;
use crate::flows::Flow;

/// Client ids and secrets that the operator stored, by integration (`application_credentials`).
#[derive(Default)]
pub(crate) struct Credentials {
    /// Each with its integration, in the order in which they were added.
    all: RwLock<Vec<(String, Implementation)>>,
}

/// One client of a provider's. `Debug` shows no secret.
#[derive(Clone, Debug)]
pub struct Implementation {
    /// Its id: `DOMAIN_CLIENTID`.
    pub id: String,
    /// What the operator calls it; empty where it has no name: see [`Implementation::called`].
    pub name: String,
    /// The client id.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
}

impl Implementation {
    /// What it is called where people choose: its name, else the client id.
    #[must_use]
    pub fn called(&self) -> &str {
        if self.name.is_empty() { &self.client_id } else { &self.name }
    }
}

impl Credentials {
    pub(crate) fn add(&self, domain: &str, implementation: Implementation) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).push((domain.to_owned(), implementation));
    }

    /// Adds credentials under the first id that is free: the wanted one, else the same with a number.
    pub(crate) fn add_as(&self, domain: &str, wanted: &str, make: impl FnOnce(String) -> Implementation) -> Implementation {
        let mut all = self.all.write().unwrap_or_else(PoisonError::into_inner);
        let taken = |id: &str| all.iter().any(|(_, one)| one.id == id);
        let mut id = wanted.to_owned();
        let mut number = 2_usize;
        while taken(&id) {
            id = format!("{wanted}_{number}");
            number += 1;
        }
        let made = make(id);
        all.push((domain.to_owned(), made.clone()));
        made
    }

    pub(crate) fn remove(&self, id: &str) {
        self.all.write().unwrap_or_else(PoisonError::into_inner).retain(|(_, one)| one.id != id);
    }

    /// Integrations and their credentials, in the order in which they were added.
    pub(crate) fn all(&self) -> Vec<(String, Implementation)> {
        self.all.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn of(&self, domain: &str) -> Vec<Implementation> {
        let all = self.all.read().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter(|(of, _)| of == domain).map(|(_, one)| one.clone()).collect()
    }
}

impl Inner {
    /// The implementations that a person may choose from.
    pub(super) fn link_implementations(&self, flow: &Flow) -> EffectOutcome {
        let all = self.link.credentials.of(&flow.definition.domain);
        let Some(first) = all.first() else {
            return EffectOutcome::Abort { reason: "missing_credentials".to_owned(), placeholders: None };
        };
        let available: Map<String, Value> =
            all.iter().map(|one| (one.id.clone(), Value::String(one.called().to_owned()))).collect();
        EffectOutcome::done(json!({"available": available, "count": all.len(), "first": first.id}))
    }

    /// The key under which the token is kept: the definition's, else the one that the flow's entry has, else the flow's own,
    /// so that two accounts never share a token.
    pub(super) async fn account_key(&self, flow: &Flow, account: &Account) -> String {
        if let Some(key) = &account.key {
            return key.clone();
        }
        let entry_id = flow.state().context().entry_id.clone();
        let entry = match entry_id {
            Some(entry_id) => self.entry(&entry_id).await.ok(),
            None => None,
        };
        entry.and_then(|entry| entry.account_key).unwrap_or_else(|| flow.id.clone())
    }

    /// The account of an attempt: after a restart only its description is known.
    pub(super) async fn resolve(&self, linking: Linking) -> Result<Linkable, Failure> {
        let description = match linking {
            Linking::Resolved(account) => return Ok(*account),
            Linking::Described(description) => description,
        };
        let Description { provider, parameters, client_id, client_secret, scopes } = *description;
        let resolved = self.link.client.resolve(&self.link.catalogue, &provider, &parameters).await;
        let resolved = resolved.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))?;
        let linkable = Linkable::new(resolved, &client_id, client_secret, scopes);
        linkable.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))
    }

    /// The account as it can be linked, with the implementation that it uses.
    pub(super) async fn linkable(
        &self,
        flow: &Flow,
        account: &Account,
        implementation: Option<&str>,
    ) -> Result<(Linkable, Option<Implementation>), Failure> {
        let parameters: BTreeMap<String, String> = account
            .parameters
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Null => None,
                Value::String(text) => Some((name.clone(), text.clone())),
                other => Some((name.clone(), other.to_string())),
            })
            .collect();
        let resolved = self.link.client.resolve(&self.link.catalogue, &account.provider, &parameters).await;
        let resolved = resolved.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))?;
        let implementation = match &account.credentials {
            None => None,
            Some(_) => {
                let all = self.link.credentials.of(&flow.definition.domain);
                let chosen = all.iter().find(|one| Some(one.id.as_str()) == implementation).or(all.first());
                Some(chosen.cloned().ok_or_else(|| Failure::code("missing_credentials"))?)
            }
        };
        let (client_id, secret) = match &implementation {
            Some(one) => (one.client_id.clone(), Some(one.client_secret.clone())),
            None => (account.client_id.clone().unwrap_or_default(), account.client_secret.as_deref().map(Secret::new)),
        };
        let linkable = Linkable::new(resolved, &client_id, secret, account.scopes.clone());
        let linkable = linkable.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))?;
        Ok((linkable, implementation))
    }
}
