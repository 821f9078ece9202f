//! Faults: what goes wrong at which request.
//!
//! Not what a person does wrong (that is `Behaviour`), nor what the provider refuses by itself.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::super::place::Place;

/// The largest body that can be asked for.
const LARGEST_BODY: usize = 256 << 20;

/// The names of the faults that are one word.
const WORDS: &[&str] = &[
    "hang",
    "reset",
    "answer_lost",
    "refuse",
    "wrong_nonce",
    "wrong_audience",
    "wrong_issuer",
    "bad_signature",
    "unknown_key",
    "expired_id_token",
];

/// Something that goes wrong at the nth request to a place, and at so many after it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "Wire")]
pub struct Fault {
    /// Where.
    pub at: Place,
    /// At which request there, counted from 1.
    pub nth: u32,
    /// At how many requests from there on.
    pub times: u32,
    /// What.
    pub effect: Effect,
}

impl Fault {
    /// A fault at the first request to a place.
    #[must_use]
    pub fn new(at: Place, effect: Effect) -> Self {
        Self { at, nth: 1, times: 1, effect }
    }

    pub(crate) fn hits(&self, at: Place, count: u32) -> bool {
        self.at == at && count >= self.nth && count - self.nth < self.times
    }
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// `"hang"`: the request is held open until the client goes away or the server stops.
    Hang,
    /// `"reset"`: the connection is reset; nothing has been done.
    Reset,
    /// `"answer_lost"`: the request is carried out, but the connection is reset instead of an answer.
    AnswerLost,
    /// `"refuse"`: connections are refused. As a server cannot know what a client is about to ask, it goes down as soon as the
    /// request meant is the next that makes sense there (`token`: after a code has been given out; `refresh`, `keys`, `revoke`,
    /// `userinfo`, `api`: after a token; else at once), and it stays down until `reset`.
    Refuse,
    /// `{"status": 502, "body": "<html>…", "content_type": "text/html", "headers": {"retry-after": "7"}}`
    Status {
        /// The status.
        status: u16,
        /// The body.
        body: String,
        /// Its type.
        content_type: String,
        /// Further headers.
        headers: BTreeMap<String, String>,
    },
    /// `{"error": "invalid_client", "aadsts": 7000215}`: an error in the provider's own form. At `authorize` it is sent to the
    /// redirect URI.
    Error {
        /// The error of RFC 6749.
        error: String,
        /// Entra's number.
        aadsts: Option<u32>,
        /// The text, where it is not the usual one.
        description: Option<String>,
        /// The status, where it is not the usual one.
        status: Option<u16>,
    },
    /// `{"body_size": 10000000}`: a JSON body of that many bytes.
    BodySize(usize),
    /// `{"redirect": "https://…"}`: status 307, which asks for the same request elsewhere.
    Redirect(String),
    /// `{"set": {…}}`: these fields of the answer (or parameters of the redirect) have these values. `{"expires_in": "junk"}` is
    /// short for one of them.
    Set(Map<String, Value>),
    /// `{"omit": ["id_token"]}`: these fields of the answer (or parameters of the redirect) are missing.
    Omit(Vec<String>),
    /// `{"claims": {…}}`: these claims of the ID token have these values; null leaves one out.
    Claims(Map<String, Value>),
    /// `"wrong_nonce"`: the ID token answers another request.
    WrongNonce,
    /// `"wrong_audience"`: the ID token is for another client.
    WrongAudience,
    /// `"wrong_issuer"`: the ID token is of another issuer.
    WrongIssuer,
    /// `"bad_signature"`: the signature of the ID token is of something else.
    BadSignature,
    /// `"unknown_key"`: the ID token names a key that is not in the set.
    UnknownKey,
    /// `"expired_id_token"`: the ID token expired an hour ago.
    ExpiredIdToken,
}

impl Effect {
    /// Whether the effect is one on ID tokens.
    fn is_of_id_token(&self) -> bool {
        matches!(
            self,
            Self::Claims(_)
                | Self::WrongNonce
                | Self::WrongAudience
                | Self::WrongIssuer
                | Self::BadSignature
                | Self::UnknownKey
                | Self::ExpiredIdToken
        )
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Wire {
    at: Place,
    #[serde(default = "one")]
    nth: u32,
    #[serde(default = "one")]
    times: u32,
    fault: Effect,
}

fn one() -> u32 {
    1
}

impl TryFrom<Wire> for Fault {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        if wire.nth == 0 || wire.times == 0 {
            return Err("`nth` and `times` of a fault count from 1".to_owned());
        }
        let tokens = matches!(wire.at, Place::Token | Place::Refresh);
        if wire.fault.is_of_id_token() && !tokens {
            return Err(format!("this fault is one of ID tokens, so `at` is `token` or `refresh`, not `{}`", wire.at.name()));
        }
        if matches!(wire.fault, Effect::Error { .. }) && matches!(wire.at, Place::Api | Place::Keys | Place::Metadata) {
            return Err(format!("an OAuth error cannot be the answer at `{}`: use `status`", wire.at.name()));
        }
        Ok(Self { at: wire.at, nth: wire.nth, times: wire.times, effect: wire.fault })
    }
}

impl JsonSchema for Effect {
    fn schema_name() -> Cow<'static, str> {
        "Effect".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let fields = generator.subschema_for::<Fields>();
        json_schema!({
            "description": "What goes wrong: a word, or an object with exactly one kind of fault.",
            "oneOf": [{"enum": WORDS}, {"allOf": [fields, {"minProperties": 1}]}],
        })
    }
}

impl<'de> Deserialize<'de> for Effect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EffectVisitor)
    }
}

struct EffectVisitor;

impl<'de> Visitor<'de> for EffectVisitor {
    type Value = Effect;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a fault such as `\"hang\"`, `{\"status\": 502}` or `{\"error\": \"invalid_client\", \"aadsts\": 7000215}`")
    }

    fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Effect, E> {
        Ok(match word {
            "hang" => Effect::Hang,
            "reset" => Effect::Reset,
            "answer_lost" => Effect::AnswerLost,
            "refuse" => Effect::Refuse,
            "wrong_nonce" => Effect::WrongNonce,
            "wrong_audience" => Effect::WrongAudience,
            "wrong_issuer" => Effect::WrongIssuer,
            "bad_signature" => Effect::BadSignature,
            "unknown_key" => Effect::UnknownKey,
            "expired_id_token" => Effect::ExpiredIdToken,
            _ => return Err(E::unknown_variant(word, WORDS)),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Effect, A::Error> {
        Fields::deserialize(MapAccessDeserializer::new(map))?.effect().map_err(A::Error::custom)
    }
}

/// The keys of a fault that is an object.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fields {
    status: Option<u16>,
    body: Option<String>,
    content_type: Option<String>,
    headers: Option<BTreeMap<String, String>>,
    error: Option<String>,
    aadsts: Option<u32>,
    description: Option<String>,
    body_size: Option<usize>,
    redirect: Option<String>,
    expires_in: Option<Value>,
    omit: Option<Vec<String>>,
    set: Option<Map<String, Value>>,
    claims: Option<Map<String, Value>>,
}

impl Fields {
    fn effect(self) -> Result<Effect, String> {
        let kinds = [
            self.error.is_some() || self.status.is_some(),
            self.body_size.is_some(),
            self.redirect.is_some(),
            self.expires_in.is_some(),
            self.omit.is_some(),
            self.set.is_some(),
            self.claims.is_some(),
        ];
        if kinds.iter().filter(|kind| **kind).count() != 1 {
            return Err(
                "a fault has exactly one of `status`, `error`, `body_size`, `redirect`, `expires_in`, `omit`, `set`, `claims`"
                    .to_owned(),
            );
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return Err("`status` is from 200 to 599".to_owned());
        }
        let of_status = self.body.is_some() || self.content_type.is_some() || self.headers.is_some();
        let of_error = self.aadsts.is_some() || self.description.is_some();
        if of_status && (self.status.is_none() || self.error.is_some()) {
            return Err("`body`, `content_type` and `headers` belong to a fault `status`".to_owned());
        }
        if of_error && self.error.is_none() {
            return Err("`aadsts` and `description` belong to a fault `error`".to_owned());
        }
        if let Some(error) = self.error {
            return Ok(Effect::Error { error, aadsts: self.aadsts, description: self.description, status: self.status });
        }
        if let Some(status) = self.status {
            return Ok(Effect::Status {
                status,
                body: self.body.unwrap_or_default(),
                content_type: self.content_type.unwrap_or_else(|| "text/html; charset=utf-8".to_owned()),
                headers: self.headers.unwrap_or_default(),
            });
        }
        if let Some(size) = self.body_size {
            if size > LARGEST_BODY {
                return Err(format!("`body_size` is at most {LARGEST_BODY}"));
            }
            return Ok(Effect::BodySize(size));
        }
        if let Some(to) = self.redirect {
            return Ok(Effect::Redirect(to));
        }
        if let Some(value) = self.expires_in {
            return Ok(Effect::Set(Map::from_iter([("expires_in".to_owned(), value)])));
        }
        if let Some(names) = self.omit {
            return Ok(Effect::Omit(names));
        }
        if let Some(claims) = self.claims {
            return Ok(Effect::Claims(claims));
        }
        Ok(Effect::Set(self.set.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Result<Fault, String> {
        serde_json::from_str(json).map_err(|error: serde_json::Error| error.to_string())
    }

    #[test]
    fn every_word_is_a_fault() {
        for word in WORDS {
            let fault = fault(&format!(r#"{{"at": "token", "fault": "{word}"}}"#)).unwrap();
            assert_eq!((fault.nth, fault.times), (1, 1));
        }
        assert!(fault(r#"{"at": "token", "fault": "explode"}"#).unwrap_err().contains("`explode`"));
    }

    #[test]
    fn objects_are_faults() {
        let status =
            fault(r#"{"at": "api", "nth": 2, "times": 3, "fault": {"status": 503, "headers": {"retry-after": "7"}}}"#).unwrap();
        assert!(matches!(status.effect, Effect::Status { status: 503, .. }));
        assert!(
            !status.hits(Place::Api, 1)
                && status.hits(Place::Api, 2)
                && status.hits(Place::Api, 4)
                && !status.hits(Place::Api, 5)
        );
        let error = fault(r#"{"at": "token", "fault": {"error": "invalid_client", "aadsts": 7000215, "status": 400}}"#).unwrap();
        assert!(matches!(error.effect, Effect::Error { aadsts: Some(7_000_215), status: Some(400), .. }));
        let junk = fault(r#"{"at": "token", "fault": {"expires_in": "junk"}}"#).unwrap();
        assert!(matches!(junk.effect, Effect::Set(map) if map["expires_in"] == "junk"));
    }

    #[test]
    fn a_fault_that_could_not_happen_is_refused() {
        for (json, part) in [
            (r#"{"at": "keys", "fault": "wrong_nonce"}"#, "not `keys`"),
            (r#"{"at": "api", "fault": {"error": "x"}}"#, "`api`"),
            (r#"{"at": "token", "nth": 0, "fault": "hang"}"#, "count from 1"),
            (r#"{"at": "token", "fault": {}}"#, "exactly one of"),
            (r#"{"at": "token", "fault": {"status": 500, "redirect": "x"}}"#, "exactly one of"),
            (r#"{"at": "token", "fault": {"status": 100}}"#, "200 to 599"),
            (r#"{"at": "token", "fault": {"status": 500, "aadsts": 1}}"#, "belong to a fault `error`"),
            (r#"{"at": "token", "fault": {"error": "x", "body": "y"}}"#, "belong to a fault `status`"),
            (r#"{"at": "token", "fault": {"body_size": 999999999999}}"#, "at most"),
            (r#"{"at": "token", "fault": {"colour": "red"}}"#, "`colour`"),
            (r#"{"at": "token", "when": 1, "fault": "hang"}"#, "`when`"),
            (r#"{"at": "nowhere", "fault": "hang"}"#, "`nowhere`"),
        ] {
            let error = fault(json).unwrap_err();
            assert!(error.contains(part), "{json}: {error}");
        }
    }
}
