//! The ID token: checked by signature and claims (OpenID Connect Core §3.1.3.7), turned into an identity, and dropped.
//!
//! Not kept: what remains is [`Identity`], which holds nothing secret.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::catalogue::IdentityFile;
use crate::client::Client;
use crate::errors::Fields;
use crate::http::HttpError;
use crate::jwks::{FoundKey, KeysError};
use crate::secret::Secret;

/// How far the clocks may differ.
const LEEWAY_SECONDS: f64 = 300.0;
const MOST_BYTES: usize = 64 * 1024;
const MOST_NAME: usize = 256;

/// Who linked the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    key: Vec<(String, String)>,
    display_name: Option<String>,
    username: Option<String>,
}

impl Identity {
    /// An identity that was told in another way than by an ID token.
    pub(crate) fn new(key: Vec<(String, String)>, display_name: Option<String>, username: Option<String>) -> Self {
        Self { key, display_name, username }
    }

    /// A name as it is shown: without control characters, and not for ever.
    pub(crate) fn shown(name: &str) -> String {
        name.chars().filter(|character| !character.is_control()).take(MOST_NAME).collect()
    }

    /// The claims that make the account unique at its provider (Entra: `oid` and `tid`), in the order of the provider's file.
    #[must_use]
    pub fn key(&self) -> &[(String, String)] {
        &self.key
    }

    /// The key as one text, for an entry's unique id.
    #[must_use]
    pub fn unique_id(&self) -> String {
        self.key.iter().map(|(_, value)| value.as_str()).collect::<Vec<_>>().join("|")
    }

    /// Whether this is the same account, whatever it is called by now.
    #[must_use]
    pub fn is_same_account(&self, other: &Self) -> bool {
        self.key == other.key
    }

    /// The name for people.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.display_name.as_deref()
    }

    /// The name with which the person logs in.
    #[must_use]
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("unique_id".into(), json!(self.unique_id()));
        fields.insert("display_name".into(), json!(self.display_name));
        fields.insert("username".into(), json!(self.username));
        fields
    }
}

/// An ID token that proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdTokenError {
    /// None came.
    #[error("the provider did not say who logged in, although it was asked to; start the link again")]
    Missing,
    /// Not a signed token.
    #[error("the provider's proof of who logged in cannot be read")]
    Malformed,
    /// Signed in a way that is not accepted.
    #[error("the provider's proof of who logged in is signed in a way that is not accepted; RS256 and ES256 are")]
    Algorithm,
    /// Signed with an unknown key.
    #[error("the provider's proof of who logged in is signed with a key that the provider does not publish")]
    KeyUnknown,
    /// The signature is wrong.
    #[error("the signature on the provider's proof of who logged in is wrong")]
    Signature,
    /// Of another issuer.
    #[error("the proof of who logged in comes from another provider or tenant than was asked")]
    Issuer,
    /// For another client.
    #[error("the proof of who logged in was made for another application")]
    Audience,
    /// Too old.
    #[error("the proof of who logged in has expired; check the clock of this machine and start the link again")]
    Expired,
    /// Not valid yet.
    #[error("the proof of who logged in is not valid yet; check the clock of this machine and start the link again")]
    NotYetValid,
    /// Of another login.
    #[error("the proof of who logged in belongs to another login; start the link again")]
    Nonce,
    /// A claim that the identity is made of is missing.
    #[error("the proof of who logged in lacks the claim {claim}")]
    Claim {
        /// Which one.
        claim: String,
    },
    /// The keys could not be had.
    #[error("the provider's keys could not be had: {0}")]
    Keys(HttpError),
    /// The keys are not a key set.
    #[error("the provider's keys cannot be read{}", status.map(|status| format!(" (status {status})")).unwrap_or_default())]
    KeysMalformed {
        /// The status, if it was not a success.
        status: Option<u16>,
    },
}

impl IdTokenError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "id_token.missing",
            Self::Malformed => "id_token.malformed",
            Self::Algorithm => "id_token.algorithm",
            Self::KeyUnknown => "id_token.key_unknown",
            Self::Signature => "id_token.signature",
            Self::Issuer => "id_token.issuer",
            Self::Audience => "id_token.audience",
            Self::Expired => "id_token.expired",
            Self::NotYetValid => "id_token.not_yet_valid",
            Self::Nonce => "id_token.nonce",
            Self::Claim { .. } => "id_token.claim",
            Self::Keys(_) => "id_token.keys",
            Self::KeysMalformed { .. } => "id_token.keys_malformed",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::Claim { claim } => {
                fields.insert("claim".into(), json!(claim));
            }
            Self::Keys(error) => {
                fields.insert("transport".into(), json!(error.code()));
            }
            Self::KeysMalformed { status } => {
                fields.insert("status".into(), json!(status));
            }
            _ => {}
        }
        fields
    }
}

impl From<KeysError> for IdTokenError {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Http(error) => Self::Keys(error),
            KeysError::Status(status) => Self::KeysMalformed { status: Some(status) },
            KeysError::Malformed => Self::KeysMalformed { status: None },
        }
    }
}

impl Client {
    /// Checks an ID token. The keys are asked for again, once, if the token names one that is not known.
    pub(crate) async fn verify(
        &self,
        account: &Account,
        wanted: &IdentityFile,
        token: &Secret,
        nonce: Option<&Secret>,
    ) -> Result<Identity, IdTokenError> {
        let token = token.expose();
        if token.len() > MOST_BYTES {
            return Err(IdTokenError::Malformed);
        }
        let header = decode_header(token).map_err(|_| IdTokenError::Malformed)?;
        if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
            return Err(IdTokenError::Algorithm);
        }
        let url = account.provider().endpoints.jwks.as_ref().ok_or(IdTokenError::KeysMalformed { status: None })?;
        let known = self.known_keys(url);
        let mut keys = match &known {
            Some(keys) => keys.clone(),
            None => self.fetch_keys(url).await?,
        };
        if known.is_some() && keys.find(header.kid.as_deref(), header.alg).is_none() {
            keys = self.fetch_keys(url).await?;
        }
        let key = keys.find(header.kid.as_deref(), header.alg).ok_or(IdTokenError::KeyUnknown)?;
        let claims = signed_claims(token, header.alg, &key)?;
        self.check(account, &claims, &key, nonce)?;
        identity(wanted, &claims)
    }

    fn check(
        &self,
        account: &Account,
        claims: &Map<String, Value>,
        key: &FoundKey<'_>,
        nonce: Option<&Secret>,
    ) -> Result<(), IdTokenError> {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        let issuer = text("iss").ok_or(IdTokenError::Issuer)?;
        let expected = account.provider().issuer().ok_or(IdTokenError::Issuer)?;
        if !expected.accepts_token(issuer, claims) {
            return Err(IdTokenError::Issuer);
        }
        // A key that is for one tenant's tokens must not vouch for another's.
        if let Some(of_key) = key.issuer
            && of_key.replace("{tenantid}", text("tid").unwrap_or_default()) != issuer
        {
            return Err(IdTokenError::Issuer);
        }
        check_audience(account.client_id(), claims)?;
        let now = self.now().unix_timestamp() as f64;
        let moment = |claim: &str| claims.get(claim).and_then(Value::as_f64);
        if moment("exp").is_none_or(|expires| now >= expires + LEEWAY_SECONDS) {
            return Err(IdTokenError::Expired);
        }
        if moment("nbf").is_some_and(|begins| now < begins - LEEWAY_SECONDS) {
            return Err(IdTokenError::NotYetValid);
        }
        match (nonce, text("nonce")) {
            (None, _) => Ok(()),
            (Some(nonce), Some(claimed)) if nonce.matches(claimed) => Ok(()),
            (Some(_), _) => Err(IdTokenError::Nonce),
        }
    }
}

/// The signature only; the claims are checked against our own clock.
fn signed_claims(token: &str, algorithm: Algorithm, key: &FoundKey<'_>) -> Result<Map<String, Value>, IdTokenError> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    validation.validate_exp = false;
    validation.validate_aud = false;
    match decode::<Map<String, Value>>(token, key.key, &validation) {
        Ok(data) => Ok(data.claims),
        Err(error) => Err(match error.kind() {
            jsonwebtoken::errors::ErrorKind::InvalidSignature => IdTokenError::Signature,
            _ => IdTokenError::Malformed,
        }),
    }
}

/// OpenID Connect Core §3.1.3.7, points 3 to 5.
fn check_audience(client_id: &str, claims: &Map<String, Value>) -> Result<(), IdTokenError> {
    let (ours, several) = match claims.get("aud") {
        Some(Value::String(audience)) => (audience == client_id, false),
        Some(Value::Array(audiences)) => {
            (audiences.iter().any(|audience| audience.as_str() == Some(client_id)), audiences.len() > 1)
        }
        _ => (false, false),
    };
    let party = claims.get("azp").and_then(Value::as_str);
    let authorized = if several { party == Some(client_id) } else { party.is_none_or(|party| party == client_id) };
    if ours && authorized { Ok(()) } else { Err(IdTokenError::Audience) }
}

fn identity(wanted: &IdentityFile, claims: &Map<String, Value>) -> Result<Identity, IdTokenError> {
    let text = |claim: &String| {
        let value = claims.get(claim).and_then(Value::as_str).filter(|value| !value.is_empty())?;
        Some(Identity::shown(value))
    };
    let key = wanted.key.iter().map(|claim| match claims.get(claim).and_then(Value::as_str) {
        Some(value) if !value.is_empty() => Ok((claim.clone(), value.to_owned())),
        _ => Err(IdTokenError::Claim { claim: claim.clone() }),
    });
    Ok(Identity {
        key: key.collect::<Result<_, _>>()?,
        display_name: wanted.display_name.iter().find_map(text),
        username: wanted.username.iter().find_map(text),
    })
}
