//! What the simulated provider plays: the account, the person, the grants, the faults and the answers of the API.
//!
//! Data only; written by hand in JSON inside a fixture, or as a struct in a test. An unknown key is an error that names it.
//!
//! ```
//! use configflow_testkit::simulated::Script;
//! let script: Script = serde_json::from_str(
//!     r#"{ "person": "declines", "faults": [ { "at": "token", "fault": { "status": 502, "body": "<html>" } } ] }"#,
//! )?;
//! assert_eq!(script.faults.len(), 1);
//! # Ok::<(), serde_json::Error>(())
//! ```

mod api;
mod fault;

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use url::Url;

pub use api::{ApiAnswer, ApiBody};
pub use fault::{Effect, Fault};

use super::place::Place;

/// What the simulated provider plays. The default is a provider at which everything works.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// The account of the person.
    pub account: Account,
    /// The account that a person takes who logs in as another.
    #[serde(deserialize_with = "another_account")]
    #[schemars(with = "Account")]
    pub other_account: Account,
    /// The only client id that is known; any, if absent.
    pub client_id: Option<String>,
    /// The client's secret; if absent, the token endpoint asks for none and compares none.
    pub client_secret: Option<ClientSecret>,
    /// The redirect URIs that are registered; any, if absent.
    pub redirect_uris: Option<Vec<String>>,
    /// Which scopes are granted.
    pub grant: Grant,
    /// Whether granted scopes are named with the prefix of the requested ones (`https://graph.microsoft.com/User.Read`).
    pub scope_prefix: bool,
    /// What the person does at the login page, or with the user code of a device.
    pub person: Behaviour,
    /// Whether the authorization response has `iss`, and the metadata promises it (RFC 9207).
    pub iss: bool,
    /// Whether the authorization response has `session_state`.
    pub session_state: bool,
    /// The issuer, where it is not the one that follows from the URLs.
    pub issuer: Option<String>,
    /// How ID tokens are signed.
    pub signing: Signing,
    /// Seconds until a code expires; 0 gives codes that have expired already.
    pub code_lifetime: u32,
    /// Seconds until an access token expires.
    pub token_lifetime: u32,
    /// What becomes of a refresh token that has been used.
    pub old_refresh_token: OldRefreshToken,
    /// How a device code goes on.
    pub device: Device,
    /// Further fields of every token answer, such as `user_id`.
    pub token_fields: Map<String, Value>,
    /// URLs of endpoints whose path does not say what they are.
    pub paths: Paths,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// The answers of the API.
    pub api: Vec<ApiAnswer>,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            account: Account::default(),
            other_account: Account::another(),
            client_id: None,
            client_secret: None,
            redirect_uris: None,
            grant: Grant::default(),
            scope_prefix: true,
            person: Behaviour::default(),
            iss: false,
            session_state: false,
            issuer: None,
            signing: Signing::default(),
            code_lifetime: 600,
            token_lifetime: 3_600,
            old_refresh_token: OldRefreshToken::default(),
            device: Device::default(),
            token_fields: Map::new(),
            paths: Paths::default(),
            faults: Vec::new(),
            api: Vec::new(),
        }
    }
}

/// An account at the provider.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Account {
    /// The name to log in with: `preferred_username` and `email`.
    pub username: String,
    /// The name to show.
    pub name: String,
    /// Entra's object id.
    pub oid: String,
    /// Entra's tenant id. If absent, the account is of the tenant whose id the URL names, else of one made up here.
    pub tid: Option<String>,
    /// The subject; made of `oid` if absent.
    pub sub: Option<String>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            username: "ada@example.org".to_owned(),
            name: "Ada".to_owned(),
            oid: "0a0a0a0a-0000-4000-8000-00000000000a".to_owned(),
            tid: None,
            sub: None,
        }
    }
}

impl Account {
    /// The account that another person would have.
    fn another() -> Self {
        Self {
            username: "grace@example.org".to_owned(),
            name: "Grace".to_owned(),
            oid: "0b0b0b0b-0000-4000-8000-00000000000b".to_owned(),
            tid: None,
            sub: None,
        }
    }

    pub(crate) fn subject(&self) -> String {
        self.sub.clone().unwrap_or_else(|| format!("sim-sub-{}", self.oid))
    }
}

/// Fills what a script leaves out of the other account from the other account, not from the first.
fn another_account<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Account, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wire {
        username: Option<String>,
        name: Option<String>,
        oid: Option<String>,
        tid: Option<String>,
        sub: Option<String>,
    }
    let wire = Wire::deserialize(deserializer)?;
    let other = Account::another();
    Ok(Account {
        username: wire.username.unwrap_or(other.username),
        name: wire.name.unwrap_or(other.name),
        oid: wire.oid.unwrap_or(other.oid),
        tid: wire.tid,
        sub: wire.sub,
    })
}

/// A client secret; it is never printed.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Takes the text of a secret.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn is(&self, given: &str) -> bool {
        self.0 == given
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Which scopes are granted: `"requested"`, or a list of short or full names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// All that were asked for.
    #[default]
    Requested,
    /// These, beside those of OpenID Connect that were asked for (`openid`, `profile`, `email`, `offline_access`).
    Only(Vec<String>),
}

impl JsonSchema for Grant {
    fn schema_name() -> Cow<'static, str> {
        "Grant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Which scopes are granted: all that were asked for, or these.",
            "oneOf": [{"const": "requested"}, {"type": "array", "items": {"type": "string", "pattern": r"^\S+$"}}],
        })
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct GrantVisitor;
        impl<'de> Visitor<'de> for GrantVisitor {
            type Value = Grant;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`\"requested\"` or a list of scopes such as `[\"User.Read\"]`")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Grant, E> {
                match text {
                    "requested" => Ok(Grant::Requested),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Grant, A::Error> {
                let mut scopes = Vec::new();
                while let Some(scope) = sequence.next_element::<String>()? {
                    if scope.is_empty() || scope.contains(char::is_whitespace) {
                        return Err(A::Error::custom("a scope is a name without white space"));
                    }
                    scopes.push(scope);
                }
                Ok(Grant::Only(scopes))
            }
        }
        deserializer.deserialize_any(GrantVisitor)
    }
}

/// What the person does: `"logs_in"`, …, or `{"meets_error": 50011}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Logs in and accepts.
    #[default]
    LogsIn,
    /// Logs in with the other account and accepts.
    LogsInAsAnother,
    /// Declines: `error=access_denied`.
    Declines,
    /// Meets an error page of the provider with this AADSTS number, and is not sent back.
    MeetsError(u32),
    /// Logs in, but the native-client page has moved on to `/common/wrongplace` before the URL was copied.
    EndsAtWrongplace,
}

/// The algorithm of ID tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Signing {
    /// RSA with SHA-256.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
}

/// What becomes of a refresh token that has been used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OldRefreshToken {
    /// A second use is refused.
    #[default]
    Refused,
    /// It stays valid.
    Accepted,
    /// A second use is refused, and all tokens of the same login with it.
    RevokesAll,
}

/// How a device code goes on.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Device {
    /// How many polls are answered by `authorization_pending`.
    pub pending: u32,
    /// How many polls after these are answered by `slow_down`.
    pub slow_down: u32,
    /// Seconds between polls that the client is asked to keep.
    pub interval: u32,
    /// Seconds until the code expires, as told to the client. Whether it has expired is said by `ends` alone.
    pub expires_in: u32,
    /// What the next poll is answered.
    pub ends: DeviceEnd,
}

impl Default for Device {
    fn default() -> Self {
        Self { pending: 0, slow_down: 0, interval: 5, expires_in: 900, ends: DeviceEnd::default() }
    }
}

/// How a device code ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeviceEnd {
    /// Tokens, unless the person declines.
    #[default]
    Linked,
    /// The person declined.
    Denied,
    /// The code expired.
    Expired,
}

/// URLs of endpoints whose path does not say what they are; compared without their query.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Paths {
    /// Authorization endpoints.
    #[schemars(with = "Vec<String>")]
    pub authorize: Vec<Url>,
    /// Token endpoints.
    #[schemars(with = "Vec<String>")]
    pub token: Vec<Url>,
    /// Sets of keys.
    #[schemars(with = "Vec<String>")]
    pub keys: Vec<Url>,
    /// Device authorization endpoints.
    #[schemars(with = "Vec<String>")]
    pub device: Vec<Url>,
    /// Revocation endpoints.
    #[schemars(with = "Vec<String>")]
    pub revoke: Vec<Url>,
    /// Userinfo endpoints.
    #[schemars(with = "Vec<String>")]
    pub userinfo: Vec<Url>,
}

impl Paths {
    pub(crate) fn place(&self, url: &Url) -> Option<Place> {
        let lists = [
            (&self.authorize, Place::Authorize),
            (&self.token, Place::Token),
            (&self.keys, Place::Keys),
            (&self.device, Place::Device),
            (&self.revoke, Place::Revoke),
            (&self.userinfo, Place::Userinfo),
        ];
        let same = |known: &Url| known.origin() == url.origin() && known.path() == url.path();
        lists.into_iter().find_map(|(urls, place)| urls.iter().any(same).then_some(place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        serde_json::from_str::<Script>(json).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_script_is_the_default() {
        let script: Script = serde_json::from_str("{}").unwrap();
        assert_eq!(script.grant, Grant::Requested);
        assert_eq!(script.person, Behaviour::LogsIn);
        assert!(script.scope_prefix && script.faults.is_empty() && script.api.is_empty());
    }

    #[test]
    fn unknown_keys_are_named() {
        assert!(error(r#"{"persson": "declines"}"#).contains("`persson`"));
        assert!(error(r#"{"account": {"mail": "x"}}"#).contains("`mail`"));
        assert!(error(r#"{"other_account": {"mail": "x"}}"#).contains("`mail`"));
        assert!(error(r#"{"device": {"pendings": 1}}"#).contains("`pendings`"));
        assert!(error(r#"{"paths": {"tokens": []}}"#).contains("`tokens`"));
        assert!(error(r#"{"person": "sleeps"}"#).contains("`sleeps`"));
    }

    #[test]
    fn a_person_and_a_grant_are_short() {
        let script: Script = serde_json::from_str(r#"{"person": {"meets_error": 50011}, "grant": ["User.Read"]}"#).unwrap();
        assert_eq!(script.person, Behaviour::MeetsError(50_011));
        assert_eq!(script.grant, Grant::Only(vec!["User.Read".to_owned()]));
        assert!(error(r#"{"grant": "everything"}"#).contains("everything"));
        assert!(error(r#"{"grant": ["a b"]}"#).contains("white space"));
    }

    #[test]
    fn the_other_account_keeps_its_own_defaults() {
        let script: Script = serde_json::from_str(r#"{"other_account": {"name": "G."}}"#).unwrap();
        assert_eq!(script.other_account.name, "G.");
        assert_eq!(script.other_account.username, "grace@example.org");
    }

    #[test]
    fn a_secret_is_not_printed() {
        let script: Script = serde_json::from_str(r#"{"client_secret": "canary-5678"}"#).unwrap();
        assert!(!format!("{script:?}").contains("canary"));
    }
}
