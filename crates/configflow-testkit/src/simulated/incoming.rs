//! A request as it came in, read back into what the client meant: the original URL, its parameters, its body.

use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::{Url, form_urlencoded};

/// A request.
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The URL before the rewrite.
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// A client that named itself, by the body or by HTTP Basic (RFC 6749 §2.3.1).
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<String>,
}

/// Why parameters cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterError {
    /// The body is no form.
    NotAForm,
    /// A parameter is there twice (RFC 6749 §3.1 forbids it).
    Repeated,
}

/// The parameters of a request.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter; an empty one counts as missing (RFC 6749 §3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    fn new(pairs: Vec<(String, String)>) -> Result<Self, ParameterError> {
        let mut names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.windows(2).any(|two| two[0] == two[1]) {
            return Err(ParameterError::Repeated);
        }
        Ok(Self(pairs))
    }
}

impl Incoming {
    /// The URL that was rewritten to this one: `/https/host/path?query` stands for `https://host/path?query`.
    pub(crate) fn original(uri: &Uri) -> Option<Url> {
        let rest = uri.path().strip_prefix('/')?;
        let (scheme, rest) = rest.split_once('/')?;
        if !matches!(scheme, "https" | "http") {
            return None;
        }
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        Url::parse(&format!("{scheme}://{rest}{query}")).ok().filter(Url::has_host)
    }

    /// The parameters of the query.
    pub(crate) fn query(&self) -> Result<Parameters, ParameterError> {
        Parameters::new(self.url.query_pairs().into_owned().collect())
    }

    /// The parameters of the body.
    pub(crate) fn form(&self) -> Result<Parameters, ParameterError> {
        if self.method != "POST" || !self.has_type("application/x-www-form-urlencoded") {
            return Err(ParameterError::NotAForm);
        }
        Parameters::new(form_urlencoded::parse(&self.body).into_owned().collect())
    }

    pub(crate) fn has_type(&self, media_type: &str) -> bool {
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(media_type)
    }

    fn authorization(&self) -> Option<(&str, &str)> {
        let (scheme, rest) = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
        Some((scheme, rest.trim()))
    }

    /// The scheme of the `authorization` header.
    pub(crate) fn authorization_scheme(&self) -> Option<&str> {
        self.authorization().map(|(scheme, _)| scheme)
    }

    /// The bearer token (RFC 6750 §2.1).
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.authorization().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token)
    }

    /// The client of a token request; none if it names itself twice or not at all.
    pub(crate) fn client(&self, form: &Parameters) -> Option<Client> {
        let posted = form.get("client_secret").map(str::to_owned);
        let Some((_, encoded)) = self.authorization().filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")) else {
            return Some(Client { id: form.get("client_id")?.to_owned(), secret: posted });
        };
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let (id, secret) = (decoded(id), decoded(secret));
        let same = form.get("client_id").is_none_or(|other| other == id);
        (same && posted.is_none()).then_some(Client { id, secret: Some(secret).filter(|secret| !secret.is_empty()) })
    }
}

/// One text out of the form encoding.
fn decoded(text: &str) -> String {
    form_urlencoded::parse(format!("x={}", text.replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_url_comes_back() {
        let original = |text: &str| Incoming::original(&text.parse().unwrap()).map(String::from);
        assert_eq!(original("/https/a.example/b/c?d=e%20f").as_deref(), Some("https://a.example/b/c?d=e%20f"));
        assert_eq!(original("/https/a.example:8443/").as_deref(), Some("https://a.example:8443/"));
        assert_eq!(original("/https/a.example").as_deref(), Some("https://a.example/"));
        assert_eq!(original("/ftp/a.example/b"), None);
        assert_eq!(original("/favicon.ico"), None);
    }

    #[test]
    fn basic_is_form_encoded() {
        assert_eq!(decoded("a%3Ab+c%26d"), "a:b c&d");
        assert_eq!(decoded("a=b"), "a=b");
    }
}
