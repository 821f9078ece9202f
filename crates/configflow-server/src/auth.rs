//! Who may use the API.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use configflow_oauth::Secret;
use subtle::ConstantTimeEq;

use crate::app::App;
use crate::places::Place;
use crate::refusal::Refusal;

/// Tells who sends a request by the token that came with it.
pub trait Authenticate: Send + Sync + 'static {
    /// The principal, or none for a token that is not good or whose owner may not set up anything.
    fn principal(&self, token: &str) -> Option<String>;
}

/// One token for one operator.
pub struct OneToken {
    token: Secret,
    principal: String,
}

impl OneToken {
    /// Whoever has this token is this principal.
    #[must_use]
    pub fn new(token: &str, principal: &str) -> Self {
        Self { token: Secret::new(token), principal: principal.to_owned() }
    }
}

impl Authenticate for OneToken {
    fn principal(&self, token: &str) -> Option<String> {
        // An empty token would let everybody in.
        let known = self.token.expose();
        let same = !known.is_empty() && bool::from(known.as_bytes().ct_eq(token.as_bytes()));
        same.then(|| self.principal.clone())
    }
}

/// The principal of a request; without one the request is refused before anything of it is read.
pub(crate) struct Principal(pub(crate) String);

impl FromRequestParts<App> for Principal {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(bearer);
        let known = bearer.and_then(|token| app.options.authenticate.principal(token)).map(Self).ok_or(Refusal::Unauthorized)?;
        if let Some(place) = parts.extensions.get::<Arc<Place>>() {
            place.keep();
        }
        Ok(known)
    }
}

/// The token of a header `Bearer TOKEN` (RFC 6750 §2.1; the scheme's case does not matter, RFC 9110 §11.1).
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_opens() {
        let auth = OneToken::new("secret", "admin");
        assert_eq!(auth.principal("secret").as_deref(), Some("admin"));
        assert!(auth.principal("secre").is_none() && auth.principal("").is_none());
        assert!(OneToken::new("", "admin").principal("").is_none());
        assert_eq!(bearer("bearer  x "), Some("x"));
        assert_eq!(bearer("Basic x"), None);
    }
}
