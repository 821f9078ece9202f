//! Tokens end (RFC 7009 §2.1). A POST of our own, as `oauth2` insists on https before the rewrite for loopback tests.

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use http::{HeaderValue, Method, Request};
use serde_json::{Map, Value};
use url::Url;

use super::exchange::{judge, post_with};
use super::{TokenError, TokenSet, quirks};
use crate::account::Account;
use crate::catalogue::RevocationWay;
use crate::client::Client;
use crate::errors::Fields;
use crate::http::{Answer, HttpError};
use crate::identity::bearer;

/// Tokens were not revoked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RevokeError {
    /// The provider has no revocation endpoint.
    #[error("the provider offers no revocation; remove the application in the settings of the account")]
    Unsupported,
    /// The endpoint failed.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl RevokeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unsupported => "token.revoke_unsupported",
            Self::Token(error) => error.code(),
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        match self {
            Self::Unsupported => Fields::new(),
            Self::Token(error) => error.public_fields(),
        }
    }
}

impl Client {
    /// Revokes the refresh token, which ends the access token too, or the access token where there is no other or the provider
    /// takes no other.
    ///
    /// # Errors
    /// When the provider has no revocation endpoint, or it fails.
    pub async fn revoke(&self, account: &Account, tokens: &TokenSet) -> Result<(), RevokeError> {
        let provider = account.provider();
        let endpoint = provider.endpoints.revocation.as_ref().ok_or(RevokeError::Unsupported)?;
        let endpoint = for_client(endpoint, account.client_id());
        let rules = provider.provider().revocation();
        let auth = rules.auth.unwrap_or(provider.auth);
        let access = (tokens.access(), "access_token");
        let answer = match rules.way {
            RevocationWay::Standard => {
                let (token, hint) = tokens.refresh().map_or(access, |token| (token, "refresh_token"));
                post_with(self, account, auth, &endpoint, &[("token", token.expose()), ("token_type_hint", hint)]).await
            }
            RevocationWay::AccessToken => {
                let (token, hint) = access;
                post_with(self, account, auth, &endpoint, &[("token", token.expose()), ("token_type_hint", hint)]).await
            }
            RevocationWay::Bearer => {
                let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer(tokens.access()).map_err(TokenError::Http)?)]);
                self.http().send(bare(Method::POST, &endpoint, headers, Vec::new())?).await
            }
            RevocationWay::DeleteJson => {
                let secret = account.client_secret().ok_or(RevokeError::Unsupported)?;
                let basic = quirks::basic(account.client_id(), secret).map_err(TokenError::Http)?;
                let json = HeaderValue::from_static("application/json");
                let headers = HeaderMap::from_iter([(AUTHORIZATION, basic), (CONTENT_TYPE, json)]);
                let body = Value::Object(Map::from_iter([("access_token".to_owned(), tokens.access().expose().into())]));
                self.http().send(bare(Method::DELETE, &endpoint, headers, body.to_string().into_bytes())?).await
            }
        };
        let answer = answer.map_err(TokenError::Http)?;
        if answer.status.is_success() && !says_no(&answer) {
            // RFC 7009 §2.2: 200 also for a token that the provider does not know.
            return Ok(());
        }
        Err(judge(self, provider.errors(), &answer).into())
    }
}

/// Some providers answer 200 and say within that it failed.
fn says_no(answer: &Answer) -> bool {
    let json = serde_json::from_slice::<Map<String, Value>>(&answer.body).unwrap_or_default();
    json.get("ok") == Some(&Value::Bool(false)) || json.get("error").is_some_and(Value::is_string)
}

/// The endpoint with the client's id in its place.
fn for_client(endpoint: &Url, client_id: &str) -> Url {
    let segments = endpoint.path_segments().into_iter().flatten();
    let filled = segments.map(|segment| if segment == "%7Bclient_id%7D" { client_id } else { segment }.to_owned());
    let filled: Vec<_> = filled.collect();
    let mut url = endpoint.clone();
    if endpoint.path().contains("%7Bclient_id%7D")
        && let Ok(mut path) = url.path_segments_mut()
    {
        path.clear().extend(filled);
    }
    url
}

fn bare(method: Method, url: &Url, headers: HeaderMap, body: Vec<u8>) -> Result<Request<Vec<u8>>, TokenError> {
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = url.as_str().parse().map_err(|_| HttpError::NotHttps)?;
    *request.headers_mut() = headers;
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
    Ok(request)
}
