//! The keys with which a provider signs ID tokens (RFC 7517). Not the verification: see `id_token.rs`.

use std::sync::Arc;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::client::Client;
use crate::http::HttpError;

/// How long keys are kept before they are asked for again.
const KEPT: Duration = Duration::hours(24);
const MOST_KEYS: usize = 100;

/// The keys of one endpoint.
#[derive(Debug)]
pub(crate) struct KeySet {
    fetched_at: OffsetDateTime,
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    /// Entra says for each key whose tokens it signs, as a template with `{tenantid}`.
    issuer: Option<String>,
    key: DecodingKey,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Key").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct About {
    kid: Option<String>,
    kty: String,
    crv: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    issuer: Option<String>,
}

/// The keys cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeysError {
    Http(HttpError),
    Status(u16),
    Malformed,
}

impl KeySet {
    fn parse(body: &[u8], fetched_at: OffsetDateTime) -> Result<Self, KeysError> {
        let document: Document = serde_json::from_slice(body).map_err(|_| KeysError::Malformed)?;
        let keys = document.keys.into_iter().take(MOST_KEYS).filter_map(Key::read).collect();
        Ok(Self { fetched_at, keys })
    }

    /// The key of this name and algorithm; without a name only if there is no choice.
    pub(crate) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<FoundKey<'_>> {
        let mut fitting = self.keys.iter().filter(|key| key.algorithm == algorithm);
        let key = match id {
            Some(id) => fitting.find(|key| key.id.as_deref() == Some(id))?,
            None => {
                let only = fitting.next()?;
                if fitting.next().is_some() {
                    return None;
                }
                only
            }
        };
        Some(FoundKey { key: &key.key, issuer: key.issuer.as_deref() })
    }
}

/// A key, and whose tokens it signs.
pub(crate) struct FoundKey<'a> {
    pub(crate) key: &'a DecodingKey,
    pub(crate) issuer: Option<&'a str>,
}

impl Key {
    /// Keys of other kinds and purposes are passed over.
    fn read(value: Value) -> Option<Self> {
        let about: About = serde_json::from_value(value.clone()).ok()?;
        if about.purpose.as_deref().is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let (name, algorithm) = match (about.kty.as_str(), about.crv.as_deref()) {
            ("RSA", _) => ("RS256", Algorithm::RS256),
            ("EC", Some("P-256")) => ("ES256", Algorithm::ES256),
            _ => return None,
        };
        if about.alg.as_deref().is_some_and(|alg| alg != name) {
            return None;
        }
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id: about.kid, algorithm, issuer: about.issuer, key })
    }
}

impl Client {
    /// The keys at hand, if they are not too old.
    pub(crate) fn known_keys(&self, url: &Url) -> Option<Arc<KeySet>> {
        self.kept_keys(url).filter(|keys| {
            let age = self.now() - keys.fetched_at;
            age >= Duration::ZERO && age < KEPT
        })
    }

    /// The keys as they are now.
    pub(crate) async fn fetch_keys(&self, url: &Url) -> Result<Arc<KeySet>, KeysError> {
        let answer = self.http().get(url).await.map_err(KeysError::Http)?;
        if !answer.status.is_success() {
            return Err(KeysError::Status(answer.status.as_u16()));
        }
        let keys = Arc::new(KeySet::parse(&answer.body, self.now())?);
        self.keep_keys(url, Arc::clone(&keys));
        Ok(keys)
    }
}
