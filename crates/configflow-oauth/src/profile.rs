//! Who an account belongs to, by a profile that a definition names instead of the provider's file (which is `identity.rs`).

use serde_json::Value;
use url::Url;

use crate::client::Client;
use crate::http::HttpError;
use crate::id_token::Identity;
use crate::identity::{ProfileError, find};
use crate::token::TokenSet;

/// Where the profile is, and which of its fields are wanted. `a.b` is a field within a field, `a.0` the first of a list; `$.` may stand
/// before it.
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

impl Client {
    /// Asks for a profile with the access token of an account.
    ///
    /// # Errors
    /// When there is no profile, or it does not say who it is.
    pub async fn profile_at(&self, tokens: &TokenSet, request: ProfileRequest<'_>) -> Result<Identity, ProfileError> {
        let url = Url::parse(request.url).map_err(|_| HttpError::NotHttps)?;
        let answer = self.http().get_authorized(&url, tokens.access()).await?;
        match answer.status.as_u16() {
            401 | 403 => return Err(ProfileError::Unauthorized),
            status if !answer.status.is_success() => return Err(ProfileError::Status { status }),
            _ => {}
        }
        let profile: Value = serde_json::from_slice(&answer.body).map_err(|_| ProfileError::Malformed)?;
        let field = request.field;
        let key = text_at(&profile, field).ok_or_else(|| ProfileError::Field { field: field.to_owned() })?;
        let named = |field: Option<&str>| field.and_then(|field| text_at(&profile, field)).map(|text| Identity::shown(&text));
        let key = vec![(field.to_owned(), key)];
        Ok(Identity::new(key, named(request.display_name), named(request.username)))
    }
}

/// A text or a number in a profile.
fn text_at(profile: &Value, path: &str) -> Option<String> {
    match find(profile, path.strip_prefix("$.").unwrap_or(path))? {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
