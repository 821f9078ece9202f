//! Client ids and secrets that the operator stores for integrations (`application_credentials`).

use configflow_oauth::Secret;

use crate::action::Implementation;
use crate::builder::Engine;
use crate::store::{Entry, StoreError};

/// What credentials are called that the operator gave no name.
pub const UNNAMED: &str = "Local application credentials";

/// Why credentials could not be stored or removed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The integration has no account whose credentials the operator stores.
    #[error("`{domain}` takes no application credentials")]
    NotTaken {
        /// The integration.
        domain: String,
    },
    /// No credentials have this id.
    #[error("no credentials have the id `{id}`")]
    Unknown {
        /// The id.
        id: String,
    },
    /// An entry uses them.
    #[error("an entry of `{domain}` uses the credentials")]
    InUse {
        /// The integration.
        domain: String,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CredentialError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotTaken { .. } => "credentials.not_taken",
            Self::Unknown { .. } => "credentials.unknown",
            Self::InUse { .. } => "credentials.in_use",
            Self::Store(error) => error.code(),
        }
    }
}

impl Engine {
    /// The integrations that take credentials of the operator's, in order.
    pub async fn credential_domains(&self) -> Vec<String> {
        let outlines = self.outlines().await;
        outlines.iter().filter(|outline| outline.takes_credentials).map(|outline| outline.domain.clone()).collect()
    }

    /// What is stored: integrations and their credentials.
    #[must_use]
    pub fn credentials(&self) -> Vec<(String, Implementation)> {
        self.inner.link.credentials.all()
    }

    /// Adds credentials for this process; a core that stores them itself does so at its start.
    pub fn add_credentials(&self, domain: &str, implementation: Implementation) {
        self.inner.link.credentials.add(domain, implementation);
    }

    /// Stores credentials for an integration. Their id is `DOMAIN_CLIENTID`, with a number where that is taken.
    ///
    /// # Errors
    /// [`CredentialError::NotTaken`], or what the store says.
    pub async fn create_credentials(
        &self,
        domain: &str,
        client_id: &str,
        client_secret: Secret,
        name: Option<&str>,
    ) -> Result<Implementation, CredentialError> {
        if !self.outline(domain).await.is_some_and(|outline| outline.takes_credentials) {
            return Err(CredentialError::NotTaken { domain: domain.to_owned() });
        }
        let credentials = &self.inner.link.credentials;
        let client_id = client_id.to_owned();
        let made = credentials.add_as(domain, &id_of(domain, &client_id), |id| Implementation {
            name: name.unwrap_or(UNNAMED).to_owned(),
            id,
            client_id,
            client_secret,
        });
        if let Err(error) = self.inner.store.save_implementation(domain, &made).await {
            credentials.remove(&made.id);
            return Err(error.into());
        }
        Ok(made)
    }

    /// Removes credentials that no entry uses.
    ///
    /// # Errors
    /// [`CredentialError::Unknown`], [`CredentialError::InUse`], or what the store says.
    pub async fn delete_credentials(&self, id: &str) -> Result<(), CredentialError> {
        let found = self.credentials().into_iter().find(|(_, one)| one.id == id);
        let (domain, _) = found.ok_or_else(|| CredentialError::Unknown { id: id.to_owned() })?;
        if self.inner.store.entries(Some(&domain)).await?.iter().any(|entry| implementation_of(entry) == Some(id)) {
            return Err(CredentialError::InUse { domain });
        }
        self.inner.store.remove_implementation(id).await?;
        self.inner.link.credentials.remove(id);
        Ok(())
    }

    /// The id of the credentials that an entry was linked with.
    ///
    /// # Errors
    /// What the store says.
    pub async fn credentials_of(&self, entry_id: &str) -> Result<Option<String>, StoreError> {
        let entry = self.inner.store.entry(entry_id).await?;
        let used = entry.as_ref().and_then(implementation_of);
        Ok(used.filter(|id| self.credentials().iter().any(|(_, one)| one.id == *id)).map(str::to_owned))
    }

    /// Takes over the credentials that the store kept.
    pub(crate) async fn restore_credentials(&self) -> Result<(), StoreError> {
        for (domain, implementation) in self.inner.store.implementations().await? {
            if !self.credentials().iter().any(|(_, one)| one.id == implementation.id) {
                self.add_credentials(&domain, implementation);
            }
        }
        Ok(())
    }
}

fn implementation_of(entry: &Entry) -> Option<&str> {
    entry.data.get("auth_implementation").and_then(serde_json::Value::as_str)
}

/// `DOMAIN_CLIENTID` in lower case, with `_` for whatever is neither letter nor digit.
fn id_of(domain: &str, client_id: &str) -> String {
    let mut id = String::with_capacity(domain.len() + client_id.len() + 1);
    for c in format!("{domain}_{client_id}").to_lowercase().chars() {
        let plain = if c.is_ascii_alphanumeric() { c } else { '_' };
        if plain != '_' || !id.ends_with('_') {
            id.push(plain);
        }
    }
    id.trim_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_words() {
        assert_eq!(id_of("spotify", "Client-0.x"), "spotify_client_0_x");
        assert_eq!(id_of("flow_lab_oauth", "client0"), "flow_lab_oauth_client0");
    }
}
