//! Who an account belongs to, where no ID token says it: a request for the profile, with the access token.
//!
//! Which request, and which field of its answer makes the account unique, is said by the provider's file or by a definition.

use serde_json::Value;
use url::Url;

use crate::client::Client;
use crate::errors::Fields;
use crate::http::HttpError;
use crate::id_token::Identity;
use crate::token::TokenSet;

/// Where the profile is, and which of its fields are wanted. A field inside others is written with dots: `data.id`.
#[derive(Clone, Copy, Debug)]
pub struct ProfileRequest<'a> {
    /// The address, which answers a GET with JSON.
    pub url: &'a str,
    /// The field that makes the account unique: a text or a number.
    pub field: &'a str,
    /// The field with the name for people.
    pub display_name: Option<&'a str>,
    /// The field with the name to log in with.
    pub username: Option<&'a str>,
}

/// The profile does not say who it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The address is none.
    #[error("the address of the profile is not one")]
    Address,
    /// The request failed.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The status is no success.
    #[error("the request for the profile was answered with status {status}")]
    Status {
        /// The status.
        status: u16,
    },
    /// The answer is not JSON, or lacks the field.
    #[error("the profile lacks the field {field}")]
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
            Self::Address => "profile.address",
            Self::Http(_) => "profile.connect",
            Self::Status { .. } => "profile.status",
            Self::Field { .. } => "profile.field",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::Address => {}
            Self::Http(error) => _ = fields.insert("transport".into(), error.code().into()),
            Self::Status { status } => _ = fields.insert("status".into(), (*status).into()),
            Self::Field { field } => _ = fields.insert("field".into(), field.as_str().into()),
        }
        fields
    }
}

impl Client {
    /// Asks for the profile of the account that tokens belong to.
    ///
    /// # Errors
    /// When there is no profile, or it does not say who it is.
    pub async fn profile(&self, tokens: &TokenSet, request: ProfileRequest<'_>) -> Result<Identity, ProfileError> {
        let url = Url::parse(request.url).map_err(|_| ProfileError::Address)?;
        let answer = self.http().get_authorized(&url, tokens.access()).await?;
        if !answer.status.is_success() {
            return Err(ProfileError::Status { status: answer.status.as_u16() });
        }
        let missing = || ProfileError::Field { field: request.field.to_owned() };
        let profile: Value = serde_json::from_slice(&answer.body).map_err(|_| missing())?;
        let key = text_at(&profile, request.field).ok_or_else(missing)?;
        let named = |field: Option<&str>| field.and_then(|field| text_at(&profile, field));
        let (display_name, username) = (named(request.display_name), named(request.username));
        Ok(Identity::of_profile(request.field, &key, display_name.as_deref(), username.as_deref()))
    }
}

/// A text or a number at a path of names with dots, or with `$.` before it.
fn text_at(profile: &Value, path: &str) -> Option<String> {
    let path = path.strip_prefix("$.").unwrap_or(path);
    let found = path.split('.').try_fold(profile, |value, name| match value {
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        value => value.get(name),
    })?;
    match found {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_found_by_their_path() {
        let profile = json!({"id": 7, "data": {"user": [{"id": "ada"}]}, "none": null, "empty": ""});
        assert_eq!(text_at(&profile, "id").as_deref(), Some("7"));
        assert_eq!(text_at(&profile, "$.id").as_deref(), Some("7"));
        assert_eq!(text_at(&profile, "data.user.0.id").as_deref(), Some("ada"));
        for path in ["none", "empty", "data", "missing", "id.more"] {
            assert_eq!(text_at(&profile, path), None, "{path}");
        }
    }
}
