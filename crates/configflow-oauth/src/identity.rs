//! Who linked an account, where no ID token says it: the fields of the token answer, the claims of the access token, or a profile
//! that is asked for. Not the check of ID tokens: see `id_token.rs`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderName, HeaderValue, Request, StatusCode};
use serde_json::{Map, Value, json};

use crate::account::Account;
use crate::catalogue::IdentityFile;
use crate::client::Client;
use crate::errors::Fields;
use crate::http::HttpError;
use crate::id_token::{IdTokenError, Identity};
use crate::secret::Secret;
use crate::token::TokenSet;

/// A key's value may be this long: identifiers are short, and what is longer is something else.
const MOST_KEY: usize = 512;

/// A profile that does not tell whose account it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The provider has none.
    #[error("the provider has no profile that tells whose account it is")]
    Unsupported,
    /// No answer.
    #[error("the provider was asked whose account it is and gave no answer: {0}")]
    Http(#[from] HttpError),
    /// The access token is not accepted.
    #[error("the provider was asked whose account it is and does not accept the account's token; link the account again")]
    Unauthorized,
    /// Another status than a success.
    #[error("the provider was asked whose account it is and failed with status {status}; try again later")]
    Status {
        /// The status.
        status: u16,
    },
    /// Not JSON.
    #[error("the provider was asked whose account it is and its answer cannot be read")]
    Malformed,
    /// A field is missing.
    #[error("the provider was asked whose account it is and its answer lacks {field}")]
    Field {
        /// Which one.
        field: String,
    },
}

impl ProfileError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported => "profile.unsupported",
            Self::Http(_) => "profile.http",
            Self::Unauthorized => "profile.unauthorized",
            Self::Status { .. } => "profile.status",
            Self::Malformed => "profile.malformed",
            Self::Field { .. } => "profile.field",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::Http(error) => {
                fields.insert("transport".into(), json!(error.code()));
            }
            Self::Status { status } => {
                fields.insert("status".into(), json!(status));
            }
            Self::Field { field } => {
                fields.insert("field".into(), json!(field));
            }
            _ => {}
        }
        fields
    }
}

impl Client {
    /// Asks the provider whose account it is, where the provider's file names a profile (`identity: { from: profile }`). For an
    /// account whose link gave no identity: a link asks by itself only what needs no further request.
    ///
    /// # Errors
    /// When the provider has no profile, does not answer, or its answer lacks a field of the key.
    pub async fn profile(&self, account: &Account, tokens: &TokenSet) -> Result<Identity, ProfileError> {
        let provider = account.provider();
        let (Some(profile), Some(wanted)) = (provider.profile(), provider.identity()) else {
            return Err(ProfileError::Unsupported);
        };
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = profile.url.as_str().parse().map_err(|_| HttpError::NotHttps)?;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, bearer(tokens.access())?);
        if let Some(name) = &profile.client_id_header {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ProfileError::Unsupported)?;
            headers.insert(name, HeaderValue::from_str(account.client_id()).map_err(|_| ProfileError::Unsupported)?);
        }
        let answer = self.http().send(request).await?;
        match answer.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => return Err(ProfileError::Unauthorized),
            status if !status.is_success() => return Err(ProfileError::Status { status: status.as_u16() }),
            _ => {}
        }
        let json: Value = serde_json::from_slice(&answer.body).map_err(|_| ProfileError::Malformed)?;
        identity_in(wanted, |path| find(&json, path)).map_err(|field| ProfileError::Field { field })
    }
}

/// A bearer token in a header, which must not be logged (RFC 6750 §2.1).
pub(crate) fn bearer(token: &Secret) -> Result<HeaderValue, HttpError> {
    let text = zeroize::Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| HttpError::Connect)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The identity in the fields of a token answer.
pub(crate) fn identity_of_answer(wanted: &IdentityFile, fields: &[(String, Value)]) -> Result<Identity, IdTokenError> {
    let look = |path: &str| {
        let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
        let (_, value) = fields.iter().find(|(name, _)| name == first)?;
        rest.map_or(Some(value), |rest| find(value, rest))
    };
    identity_in(wanted, look).map_err(|claim| IdTokenError::Claim { claim })
}

/// The identity in the claims of an access token that is a JWT (RFC 9068). It came from the token endpoint over TLS a moment ago,
/// so it is as trustworthy as the answer around it.
pub(crate) fn identity_of_access_token(wanted: &IdentityFile, token: &Secret) -> Result<Identity, IdTokenError> {
    let mut parts = token.expose().split('.');
    let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(IdTokenError::Malformed);
    };
    let claims = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).map_err(|_| IdTokenError::Malformed)?;
    let claims: Map<String, Value> = serde_json::from_slice(&claims).map_err(|_| IdTokenError::Malformed)?;
    let claims = Value::Object(claims);
    identity_in(wanted, |path| find(&claims, path)).map_err(|claim| IdTokenError::Claim { claim })
}

/// The value at `a.b.0`. A name with dots in it is found first, as claims may be called by a URL.
fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    if let Some(found) = value.get(path) {
        return Some(found);
    }
    path.split('.').try_fold(value, |value, step| match value {
        Value::Array(items) => items.get(step.parse::<usize>().ok()?),
        _ => value.get(step),
    })
}

/// The identity by these fields, or the field of the key that is missing.
fn identity_in<'v>(wanted: &IdentityFile, look: impl Fn(&str) -> Option<&'v Value>) -> Result<Identity, String> {
    let text = |path: &String| match look(path)? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let key = wanted.key.iter().map(|path| match text(path) {
        Some(value) if value.len() <= MOST_KEY => Ok((path.clone(), value)),
        _ => Err(path.clone()),
    });
    let name = |paths: &[String]| paths.iter().find_map(text).map(|name| Identity::shown(&name));
    Ok(Identity::new(key.collect::<Result<_, _>>()?, name(&wanted.display_name), name(&wanted.username)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_into_objects_and_lists() {
        let value = json!({ "data": [{ "id": 7 }], "https://id.example/user": "u" });
        assert_eq!(find(&value, "data.0.id"), Some(&json!(7)));
        assert_eq!(find(&value, "https://id.example/user"), Some(&json!("u")));
        for nothing in ["data.1.id", "data.id", "id", ""] {
            assert_eq!(find(&value, nothing), None, "{nothing}");
        }
    }
}
