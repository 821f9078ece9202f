//! The device grant (RFC 8628): its start, and one poll. Not the waiting: the engine waits [`DeviceAttempt::interval`] between polls.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::Url;

use crate::account::Account;
use crate::authorize::SealableError;
use crate::catalogue::Purpose;
use crate::catalogue::template::https_url;
use crate::client::Client;
use crate::errors::Fields;
use crate::http::HttpError;
use crate::id_token::IdTokenError;
use crate::secret::{Exposed, Secret};
use crate::token::exchange::{judge, post, post_for_tokens, provider_error};
use crate::token::{Linked, TokenError, WireToken, identify, linked};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// RFC 8628 §3.2: where the provider names no interval.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// RFC 8628 §3.5: what `slow_down` adds, for good.
const SLOWER: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
const SEALABLE_VERSION: u8 = 1;

/// A device grant under way.
pub struct DeviceAttempt {
    provider: String,
    client_id: String,
    token_endpoint: Url,
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_at: OffsetDateTime,
    interval: Duration,
    principal: String,
}

/// What one poll found.
#[derive(Debug)]
pub enum Poll {
    /// Not yet.
    Pending,
    /// Not yet, and asked too often: the interval has grown for good.
    SlowDown,
    /// Linked.
    Linked(Box<Linked>),
    /// The person said no.
    Denied,
    /// Too late.
    Expired,
}

/// A device grant fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The provider has no device endpoint.
    #[error("the provider does not offer to link by a code; choose another way of linking")]
    Unsupported,
    /// The address to show is not https.
    #[error("the provider's address for entering the code is not https, so it is not shown")]
    VerificationUri,
    /// The attempt is of another account or user. Nothing was sent.
    #[error("the link was begun by another user or for another account; start it again")]
    ForeignAttempt,
    /// The endpoint failed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The ID token proves nothing.
    #[error(transparent)]
    IdToken(#[from] IdTokenError),
}

impl DeviceError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported => "device.unsupported",
            Self::VerificationUri => "device.verification_uri",
            Self::ForeignAttempt => "device.foreign_attempt",
            Self::Token(error) => error.code(),
            Self::IdToken(error) => error.code(),
        }
    }

    /// Whether polling must stop (RFC 8628 §3.5: at any error that the provider names; not at a time-out).
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            Self::Unsupported | Self::VerificationUri | Self::ForeignAttempt | Self::IdToken(_) => true,
            Self::Token(TokenError::Http(error)) => {
                matches!(error, HttpError::NotHttps | HttpError::TooLarge { .. })
            }
            Self::Token(TokenError::Server { .. } | TokenError::RateLimited { .. }) => false,
            Self::Token(_) => true,
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::Unsupported | Self::VerificationUri | Self::ForeignAttempt => Fields::new(),
            Self::Token(error) => error.public_fields(),
            Self::IdToken(error) => error.public_fields(),
        }
    }
}

impl DeviceAttempt {
    /// The code that the person types. It is for that person only.
    #[must_use]
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where it is typed.
    #[must_use]
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The same with the code in it, for a QR code.
    #[must_use]
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// When it is too late.
    #[must_use]
    pub fn expires_at(&self) -> OffsetDateTime {
        self.expires_at
    }

    /// How long to wait before the next poll; it may have grown since the last.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// What a form or a progress may show.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("user_code".into(), json!(self.user_code));
        fields.insert("verification_uri".into(), json!(self.verification_uri));
        fields.insert("verification_uri_complete".into(), json!(self.verification_uri_complete));
        fields.insert("expires_at".into(), json!(self.expires_at.unix_timestamp()));
        fields.insert("interval".into(), json!(self.interval.as_secs()));
        fields
    }

    /// The form to be encrypted at rest.
    #[must_use]
    pub fn into_sealable(self) -> SealableDeviceAttempt {
        self.to_sealable()
    }

    /// The form to be encrypted at rest, of an attempt that goes on.
    #[must_use]
    pub fn to_sealable(&self) -> SealableDeviceAttempt {
        SealableDeviceAttempt {
            version: SEALABLE_VERSION,
            provider: self.provider.clone(),
            client_id: self.client_id.clone(),
            token_endpoint: self.token_endpoint.clone(),
            device_code: Exposed(self.device_code.clone()),
            user_code: Exposed(Secret::new(self.user_code.as_str())),
            verification_uri: self.verification_uri.clone(),
            verification_uri_complete: self.verification_uri_complete.as_deref().map(|uri| Exposed(Secret::new(uri))),
            expires_at: self.expires_at.unix_timestamp(),
            interval: self.interval.as_secs(),
            principal: self.principal.clone(),
        }
    }

    /// The attempt again, after decryption.
    ///
    /// # Errors
    /// When the form is of another version or impossible.
    pub fn from_sealable(form: SealableDeviceAttempt) -> Result<Self, SealableError> {
        if form.version != SEALABLE_VERSION {
            return Err(SealableError::Version);
        }
        Ok(Self {
            provider: form.provider,
            client_id: form.client_id,
            token_endpoint: form.token_endpoint,
            device_code: form.device_code.0,
            user_code: form.user_code.0.expose().to_owned(),
            verification_uri: form.verification_uri,
            verification_uri_complete: form.verification_uri_complete.map(|uri| uri.0.expose().to_owned()),
            expires_at: OffsetDateTime::from_unix_timestamp(form.expires_at).map_err(|_| SealableError::Malformed)?,
            interval: Duration::from_secs(form.interval).min(LONGEST_INTERVAL),
            principal: form.principal,
        })
    }

    /// RFC 8628 §3.5: back off exponentially when the connection times out.
    fn back_off(&mut self) {
        self.interval = (self.interval * 2).min(LONGEST_INTERVAL);
    }
}

impl fmt::Debug for DeviceAttempt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DeviceAttempt")
            .field("provider", &self.provider)
            .field("verification_uri", &self.verification_uri)
            .field("expires_at", &self.expires_at)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

/// A device grant in the clear, to be encrypted at once. Only an explicit call makes one.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealableDeviceAttempt {
    version: u8,
    provider: String,
    client_id: String,
    token_endpoint: Url,
    device_code: Exposed,
    user_code: Exposed,
    verification_uri: String,
    verification_uri_complete: Option<Exposed>,
    expires_at: i64,
    interval: u64,
    principal: String,
}

impl Client {
    /// Starts a device grant.
    ///
    /// # Errors
    /// When the provider has no device endpoint, or its answer cannot be used.
    pub async fn device_start(&self, account: &Account, principal: &str) -> Result<DeviceAttempt, DeviceError> {
        let provider = account.provider();
        let endpoint = provider.endpoints.device_authorization.as_ref().ok_or(DeviceError::Unsupported)?;
        let scope = provider.scopes.parameter(account.scopes());
        let form = scope.as_ref().map(|(name, scope)| (*name, scope.as_str()));
        let answer = post(self, account, endpoint, form.as_slice()).await.map_err(TokenError::Http)?;
        let json = serde_json::from_slice::<Map<String, Value>>(&answer.body).ok();
        let json = json.filter(|json| answer.status.is_success() && json.contains_key("device_code"));
        let Some(json) = json else {
            // A 200 with an error in it is judged like any refusal.
            return Err(match judge(self, provider.errors(), &answer) {
                TokenError::Malformed { .. } => TokenError::Malformed { lacks: "a device code" },
                other => other,
            }
            .into());
        };
        let text = |name: &str| json.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let lacking = |lacks| DeviceError::Token(TokenError::Malformed { lacks });
        // Google writes `verification_url`.
        let uri =
            text("verification_uri").or_else(|| text("verification_url")).ok_or_else(|| lacking("a verification address"))?;
        let complete = text("verification_uri_complete").or_else(|| text("verification_url_complete"));
        https_url(uri).ok_or(DeviceError::VerificationUri)?;
        let lifetime = seconds(&json, "expires_in").ok_or_else(|| lacking("the lifetime of the code"))?.min(LONGEST_LIFETIME);
        let interval = seconds(&json, "interval").unwrap_or(DEFAULT_INTERVAL).clamp(Duration::from_secs(1), LONGEST_INTERVAL);
        let user_code = text("user_code").ok_or_else(|| lacking("a code to type"))?;
        Ok(DeviceAttempt {
            provider: provider.name().to_owned(),
            client_id: account.client_id().to_owned(),
            token_endpoint: provider.endpoints.token.clone(),
            device_code: text("device_code").ok_or_else(|| lacking("a device code"))?.into(),
            user_code: user_code.chars().filter(|character| !character.is_control()).take(64).collect(),
            verification_uri: uri.to_owned(),
            verification_uri_complete: complete.filter(|uri| https_url(uri).is_some()).map(str::to_owned),
            expires_at: self.now() + lifetime,
            interval,
            principal: principal.to_owned(),
        })
    }

    /// Polls once. The attempt's interval grows where the provider, or a time-out, asks for it.
    ///
    /// # Errors
    /// When the attempt does not belong to account and principal, or the provider fails; see [`DeviceError::is_final`].
    pub async fn device_poll(
        &self,
        account: &Account,
        attempt: &mut DeviceAttempt,
        principal: &str,
    ) -> Result<Poll, DeviceError> {
        let provider = account.provider();
        let fits = attempt.principal == principal
            && attempt.provider == provider.name()
            && attempt.client_id == account.client_id()
            && attempt.token_endpoint == provider.endpoints.token;
        if !fits {
            return Err(DeviceError::ForeignAttempt);
        }
        if self.now() >= attempt.expires_at {
            return Ok(Poll::Expired);
        }
        let form = [("grant_type", GRANT), ("device_code", attempt.device_code.expose())];
        let answer = match post_for_tokens(self, account, Purpose::Device, &form).await {
            Ok(answer) => answer,
            Err(error) => {
                attempt.back_off();
                return Err(TokenError::Http(error).into());
            }
        };
        let json = serde_json::from_slice::<Map<String, Value>>(&answer.body).ok();
        if answer.status.is_success()
            && let Ok(wire) = serde_json::from_slice::<WireToken>(&answer.body)
        {
            let identity = identify(self, account, &wire, None).await?;
            return Ok(Poll::Linked(Box::new(linked(self, account, &wire, identity)?)));
        }
        let told = json.as_ref().and_then(|json| provider_error(provider.errors(), json));
        match told.as_ref().map(|error| error.error()) {
            Some("authorization_pending") => Ok(Poll::Pending),
            Some("slow_down") => {
                attempt.interval = (attempt.interval + SLOWER).min(LONGEST_INTERVAL);
                Ok(Poll::SlowDown)
            }
            // Entra says `authorization_declined` and `code_expired`.
            Some("access_denied" | "authorization_declined") => Ok(Poll::Denied),
            Some("expired_token" | "code_expired") => Ok(Poll::Expired),
            _ => {
                let error = judge(self, provider.errors(), &answer);
                if !error.is_final() {
                    attempt.back_off();
                }
                Err(error.into())
            }
        }
    }
}

/// A number of seconds, also where it is written as a text.
fn seconds(json: &Map<String, Value>, name: &str) -> Option<Duration> {
    let seconds = match json.get(name)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    Duration::try_from_secs_f64(seconds).ok()
}
