//! A raw client: it rewrites what it sends, and nothing more.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use configflow_testkit::simulated::{Script, Simulated};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use reqwest::redirect::Policy;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use url::Url;

pub(crate) const ENTRA: &str = "https://login.microsoftonline.com/common";
pub(crate) const NATIVE: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";
pub(crate) const VERIFIER: &str = "canary-verifier-0123456789-0123456789-0123456789";
pub(crate) const STATE: &str = "canary-state-0123456789";
pub(crate) const NONCE: &str = "canary-nonce-0123456789";

/// A provider and a client of it.
pub(crate) struct Bench {
    pub(crate) provider: Simulated,
    pub(crate) http: reqwest::Client,
}

/// A JSON answer and its status.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_else(|| panic!("no `{name}` in {}", self.body))
    }

    /// The error and the AADSTS number.
    pub(crate) fn error(&self) -> (&str, u64) {
        (self.text("error"), self.body["error_codes"][0].as_u64().unwrap_or_default())
    }
}

impl Bench {
    pub(crate) async fn new(script: &str) -> Self {
        let script: Script = serde_json::from_str(script).unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { provider: Simulated::start(script).await.unwrap(), http }
    }

    /// Where a URL is served.
    pub(crate) fn at(&self, url: &str) -> String {
        let rewrites = self.provider.rewrites();
        let rewritten = rewrites.iter().find_map(|(from, to)| url.strip_prefix(from.as_str()).map(|rest| format!("{to}{rest}")));
        rewritten.unwrap_or_else(|| panic!("{url} is not rewritten"))
    }

    pub(crate) async fn get(&self, url: &str) -> Reply {
        reply(self.http.get(self.at(url)).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Reply {
        reply(self.try_post(url, form).await.unwrap()).await
    }

    pub(crate) async fn try_post(&self, url: &str, form: &[(&str, &str)]) -> Result<reqwest::Response, reqwest::Error> {
        self.http.post(self.at(url)).form(form).send().await
    }

    /// Logs in at Entra and gives the code.
    pub(crate) async fn code(&self) -> String {
        parameter(&self.provider.person().log_in(&authorize(&[])).await.unwrap(), "code").unwrap()
    }

    /// Redeems a code at Entra, with some parameters changed.
    pub(crate) async fn redeem(&self, code: &str, changed: &[(&str, &str)]) -> Reply {
        self.post(&format!("{ENTRA}/oauth2/v2.0/token"), &redemption(code, changed)).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Reply {
        let form = [("client_id", "1234"), ("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post(&format!("{ENTRA}/oauth2/v2.0/token"), &form).await
    }

    /// Verifies an ID token as a client of Entra has to.
    pub(crate) async fn claims(&self, id_token: &str, issuer: &str) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
        self.claims_by(&format!("{ENTRA}/discovery/v2.0/keys"), id_token, issuer).await
    }

    pub(crate) async fn claims_by(
        &self,
        keys: &str,
        id_token: &str,
        issuer: &str,
    ) -> Result<Map<String, Value>, jsonwebtoken::errors::Error> {
        let set: JwkSet = serde_json::from_value(self.get(keys).await.body).unwrap();
        let header = decode_header(id_token)?;
        let key = set.find(header.kid.as_deref().unwrap()).ok_or(jsonwebtoken::errors::ErrorKind::InvalidKeyFormat)?;
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[issuer]);
        validation.set_audience(&["1234"]);
        decode(id_token, &DecodingKey::from_jwk(key)?, &validation).map(|data| data.claims)
    }
}

async fn reply(response: reqwest::Response) -> Reply {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    Reply { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
}

pub(crate) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

/// The authorize URL of the recordings, with some parameters changed; an empty value leaves one out.
pub(crate) fn authorize(changed: &[(&str, &str)]) -> String {
    authorize_at(&format!("{ENTRA}/oauth2/v2.0/authorize"), changed)
}

pub(crate) fn authorize_at(endpoint: &str, changed: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let usual = [
        ("client_id", "1234"),
        ("response_type", "code"),
        ("redirect_uri", NATIVE),
        ("scope", "https://graph.microsoft.com/User.Read offline_access openid profile"),
        ("state", STATE),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
        ("nonce", NONCE),
        ("client_info", "1"),
    ];
    Url::parse_with_params(endpoint, changed_by(&usual, changed)).unwrap().into()
}

pub(crate) fn redemption<'a>(code: &'a str, changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [
        ("client_id", "1234"),
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", NATIVE),
        ("code_verifier", VERIFIER),
    ];
    changed_by(&usual, changed)
}

fn changed_by<'a>(usual: &[(&'a str, &'a str)], changed: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let value = |name: &str| changed.iter().find(|(other, _)| *other == name).map(|(_, value)| *value);
    let mut all: Vec<_> = usual.iter().map(|&(name, old)| (name, value(name).unwrap_or(old))).collect();
    all.extend(changed.iter().filter(|(name, _)| usual.iter().all(|(other, _)| other != name)));
    all.retain(|(_, value)| !value.is_empty());
    all
}

/// A parameter of a URL.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    Url::parse(url).unwrap().query_pairs().find(|(other, _)| other == name).map(|(_, value)| value.into_owned())
}
