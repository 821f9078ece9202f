//! The beginning of an attempt: its secrets, and the URL to which the person is sent (RFC 6749 §4.1.1).
//!
//! Not the keeping of attempts: an engine stores them by [`Attempt::state_hash`], encrypted, and takes each out once.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use url::Url;

use crate::account::Account;
use crate::client::Client;
use crate::entropy::{self, EntropyError};
use crate::errors::Fields;
use crate::http::is_loopback;
use crate::secret::{Exposed, Secret};

/// How long an attempt may take.
pub const ATTEMPT_LIFETIME: Duration = Duration::minutes(10);

/// Bytes of `state`: 128 bits, 22 characters of base64url.
const STATE_BYTES: usize = 16;
/// Characters of `state`.
pub(crate) const STATE_CHARACTERS: usize = 22;
/// Bytes of the verifier: 43 characters, the least that RFC 7636 §4.1 allows, with 256 bits in them.
const VERIFIER_BYTES: usize = 32;
const NONCE_BYTES: usize = 32;

const SEALABLE_VERSION: u8 = 1;

/// Who begins an attempt, and where the answer will come.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// The redirect URI: https, or http on a loopback address; without query and fragment.
    pub redirect_uri: &'a str,
    /// The flow to which the attempt belongs.
    pub flow: &'a str,
    /// The user who began it, and who alone may redeem its code.
    pub principal: &'a str,
}

/// An attempt cannot be begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BeginError {
    /// The provider has no page to log in at.
    #[error("the provider has no authorization endpoint; choose another way of linking")]
    NoAuthorizationEndpoint,
    /// The redirect URI cannot be used.
    #[error("the redirect URI must begin with https:// (or http:// and a loopback address) and have neither query nor fragment")]
    RedirectUri,
    /// No random bytes.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

impl BeginError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAuthorizationEndpoint => "link.no_authorization_endpoint",
            Self::RedirectUri => "link.redirect_uri",
            Self::Entropy(_) => "link.entropy",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        Fields::new()
    }
}

/// The hash under which an attempt is kept, so that a callback finds it at once and no store holds `state` in the clear.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateHash([u8; 32]);

impl StateHash {
    pub(crate) fn of(state: &str) -> Self {
        Self(Sha256::digest(state.as_bytes()).into())
    }

    /// The hash of these bytes, as they were kept.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for StateHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for StateHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StateHash({self})")
    }
}

/// A link that has begun. It cannot be cloned, and redeeming takes it: its verifier is used once.
pub struct Attempt {
    pub(crate) provider: String,
    pub(crate) client_id: String,
    pub(crate) token_endpoint: Url,
    pub(crate) url: Secret,
    pub(crate) redirect_uri: String,
    pub(crate) state: Secret,
    pub(crate) verifier: Secret,
    pub(crate) nonce: Secret,
    pub(crate) flow: String,
    pub(crate) principal: String,
    pub(crate) expires_at: OffsetDateTime,
}

impl Attempt {
    /// The URL to which the person goes. It is for that person only: `state` is in it.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// The redirect URI as it is sent, to be shown before the person leaves.
    #[must_use]
    pub fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// When it is too late.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// The flow to which it belongs.
    #[must_use]
    pub fn flow(&self) -> &str {
        &self.flow
    }

    /// The user who began it.
    #[must_use]
    pub fn principal(&self) -> &str {
        &self.principal
    }

    /// The hash under which to keep it.
    #[must_use]
    pub fn state_hash(&self) -> StateHash {
        StateHash::of(self.state.expose())
    }

    /// The form to be encrypted at rest: every secret of the attempt is in it.
    #[must_use]
    pub fn into_sealable(self) -> SealableAttempt {
        self.to_sealable()
    }

    /// The form to be encrypted at rest, of an attempt that goes on.
    #[must_use]
    pub fn to_sealable(&self) -> SealableAttempt {
        SealableAttempt {
            version: SEALABLE_VERSION,
            provider: self.provider.clone(),
            client_id: self.client_id.clone(),
            token_endpoint: self.token_endpoint.clone(),
            url: Exposed(self.url.clone()),
            redirect_uri: self.redirect_uri.clone(),
            state: Exposed(self.state.clone()),
            verifier: Exposed(self.verifier.clone()),
            nonce: Exposed(self.nonce.clone()),
            flow: self.flow.clone(),
            principal: self.principal.clone(),
            expires_at: self.expires_at.unix_timestamp(),
        }
    }

    /// The attempt again, after decryption.
    ///
    /// # Errors
    /// When the form is of another version or impossible.
    pub fn from_sealable(form: SealableAttempt) -> Result<Self, SealableError> {
        if form.version != SEALABLE_VERSION {
            return Err(SealableError::Version);
        }
        let verifier = form.verifier.0;
        if !(43..=128).contains(&verifier.expose().len()) || form.state.0.expose().len() != STATE_CHARACTERS {
            return Err(SealableError::Malformed);
        }
        Ok(Self {
            provider: form.provider,
            client_id: form.client_id,
            token_endpoint: form.token_endpoint,
            url: form.url.0,
            redirect_uri: form.redirect_uri,
            state: form.state.0,
            verifier,
            nonce: form.nonce.0,
            flow: form.flow,
            principal: form.principal,
            expires_at: OffsetDateTime::from_unix_timestamp(form.expires_at).map_err(|_| SealableError::Malformed)?,
        })
    }
}

impl fmt::Debug for Attempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Attempt")
            .field("provider", &self.provider)
            .field("redirect_uri", &self.redirect_uri)
            .field("flow", &self.flow)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// An attempt in the clear, to be encrypted at once. Only an explicit call makes one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealableAttempt {
    version: u8,
    provider: String,
    client_id: String,
    token_endpoint: Url,
    url: Exposed,
    redirect_uri: String,
    state: Exposed,
    verifier: Exposed,
    nonce: Exposed,
    flow: String,
    principal: String,
    expires_at: i64,
}

/// A decrypted form that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealableError {
    /// Written by another version of this crate.
    #[error("the stored link is of a version that this program does not know")]
    Version,
    /// Not what was written.
    #[error("the stored link is damaged")]
    Malformed,
}

impl SealableError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version => "sealed.version",
            Self::Malformed => "sealed.malformed",
        }
    }
}

impl Client {
    /// Begins an attempt.
    ///
    /// # Errors
    /// When the provider has no authorization endpoint, the redirect URI cannot be used, or there are no random bytes.
    pub fn begin(&self, account: &Account, begin: Begin<'_>) -> Result<Attempt, BeginError> {
        let provider = account.provider();
        let endpoint = provider.endpoints.authorization.as_ref().ok_or(BeginError::NoAuthorizationEndpoint)?;
        if !is_redirect_uri(begin.redirect_uri) {
            return Err(BeginError::RedirectUri);
        }
        let entropy = self.entropy();
        let state = entropy::base64url::<STATE_BYTES>(entropy)?;
        let verifier = entropy::base64url::<VERIFIER_BYTES>(entropy)?;
        let nonce = entropy::hexadecimal::<NONCE_BYTES>(entropy)?;
        let url = authorize_url(account, endpoint, begin.redirect_uri, &state, &verifier, &nonce);
        Ok(Attempt {
            provider: provider.name().to_owned(),
            client_id: account.client_id().to_owned(),
            token_endpoint: provider.endpoints.token.clone(),
            url,
            redirect_uri: begin.redirect_uri.to_owned(),
            state,
            verifier,
            nonce,
            flow: begin.flow.to_owned(),
            principal: begin.principal.to_owned(),
            expires_at: self.now() + ATTEMPT_LIFETIME,
        })
    }
}

/// The parameters in the order in which Home Assistant's MS365 integrations were recorded to send them.
fn authorize_url(
    account: &Account,
    endpoint: &Url,
    redirect_uri: &str,
    state: &Secret,
    verifier: &Secret,
    nonce: &Secret,
) -> Secret {
    let provider = account.provider();
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.expose().to_owned()));
    let mut url = endpoint.clone();
    {
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("client_id", account.client_id());
        pairs.append_pair("response_type", "code");
        pairs.append_pair("redirect_uri", redirect_uri);
        if let Some((name, scope)) = provider.scopes.parameter(account.scopes()) {
            pairs.append_pair(name, &scope);
        }
        pairs.append_pair("state", state.expose());
        pairs.append_pair("code_challenge", challenge.as_str());
        pairs.append_pair("code_challenge_method", challenge.method());
        if provider.scopes.asks_openid() {
            pairs.append_pair("nonce", nonce.expose());
        }
        for (name, value) in &provider.authorize_extra {
            pairs.append_pair(name, value);
        }
    }
    Secret::new(String::from(url))
}

fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let plain = url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains(|character: char| character.is_whitespace() || character.is_control());
    plain && (url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)))
}
