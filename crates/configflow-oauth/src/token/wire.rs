//! A token endpoint's successful answer as it is written, read leniently where providers differ. Not what callers get.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::de::{Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, ser};
use serde_json::Value;
use time::OffsetDateTime;

use crate::secret::Secret;

/// How long the access token lives, as far as the answer can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    Unsaid,
    Known(Duration),
    Junk,
}

/// The answer. It can be read, and that is all: `Serialize` is what `oauth2` asks for, and fails.
pub(crate) struct WireToken {
    access: AccessToken,
    refresh: Option<RefreshToken>,
    token_type: BasicTokenType,
    pub(crate) type_name: Option<String>,
    pub(crate) lifetime: Lifetime,
    pub(crate) scope: Option<ScopeText>,
    pub(crate) id_token: Option<Secret>,
    /// When the provider says that it answered, by its own clock.
    pub(crate) told_at: Option<OffsetDateTime>,
    /// Every other field; which of them are public is said by the provider's file.
    pub(crate) others: Vec<(String, Value)>,
}

/// `scope` as the standard has it, or as a list.
#[derive(Clone)]
pub(crate) enum ScopeText {
    Text(String),
    List(Vec<String>),
}

impl fmt::Debug for WireToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("WireToken([redacted])")
    }
}

impl WireToken {
    /// The fields as they are kept.
    pub(crate) fn secrets(&self) -> (Secret, Option<Secret>) {
        let refresh = self.refresh.as_ref().map(|token| Secret::new(token.secret().as_str()));
        (Secret::new(self.access.secret().as_str()), refresh.filter(|token| !token.is_empty()))
    }
}

impl TokenResponse for WireToken {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        match self.lifetime {
            Lifetime::Known(lifetime) => Some(lifetime),
            Lifetime::Unsaid | Lifetime::Junk => None,
        }
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

impl Serialize for WireToken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom("tokens are not serialised"))
    }
}

impl<'de> Deserialize<'de> for WireToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(WireTokenVisitor)
    }
}

struct WireTokenVisitor;

impl<'de> Visitor<'de> for WireTokenVisitor {
    type Value = WireToken;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with an access_token")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<WireToken, A::Error> {
        let mut access = None;
        let mut refresh = None;
        let mut type_name = None;
        let mut lifetime = Lifetime::Unsaid;
        let mut scope = None;
        let mut id_token = None;
        let mut others = Vec::new();
        while let Some(name) = map.next_key::<Cow<'de, str>>()? {
            match name.as_ref() {
                "access_token" => access = text(map.next_value()?),
                "refresh_token" => refresh = text(map.next_value()?),
                "token_type" => type_name = text(map.next_value()?),
                "id_token" => id_token = text(map.next_value()?).map(Secret::new),
                "expires_in" => lifetime = read_lifetime(&map.next_value()?),
                "scope" => scope = read_scope(map.next_value()?),
                "error" | "client_info" => drop(map.next_value::<IgnoredAny>()?),
                _ => others.push((name.into_owned(), map.next_value()?)),
            }
        }
        let access = access.filter(|token: &String| !token.is_empty());
        Ok(WireToken {
            access: AccessToken::new(access.ok_or_else(|| A::Error::custom("no access_token"))?),
            refresh: refresh.map(RefreshToken::new),
            token_type: BasicTokenType::Bearer,
            type_name,
            lifetime,
            scope,
            id_token,
            told_at: None,
            others,
        })
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn read_lifetime(value: &Value) -> Lifetime {
    let seconds = match value {
        Value::Null => return Lifetime::Unsaid,
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).map_or(Lifetime::Junk, Lifetime::Known)
}

fn read_scope(value: Value) -> Option<ScopeText> {
    match value {
        Value::String(text) => Some(ScopeText::Text(text)),
        Value::Array(list) => Some(ScopeText::List(list.into_iter().filter_map(text).collect())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<WireToken> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn lifetimes() {
        let lifetime = |text: &str| read(&format!(r#"{{"access_token":"a","expires_in":{text}}}"#)).unwrap().lifetime;
        assert_eq!(lifetime("3600"), Lifetime::Known(Duration::from_secs(3600)));
        assert_eq!(lifetime("\"3600\""), Lifetime::Known(Duration::from_secs(3600)));
        assert_eq!(lifetime("3600.0"), Lifetime::Known(Duration::from_secs(3600)));
        assert_eq!(lifetime("null"), Lifetime::Unsaid);
        for junk in ["\"soon\"", "-1", "[]", "true", "\"NaN\"", "1e300"] {
            assert_eq!(lifetime(junk), Lifetime::Junk, "{junk}");
        }
        assert_eq!(read(r#"{"access_token":"a"}"#).unwrap().lifetime, Lifetime::Unsaid);
    }

    #[test]
    fn no_token_no_answer() {
        assert!(read("{}").is_none());
        assert!(read(r#"{"access_token":""}"#).is_none());
        assert!(read(r#"{"access_token":7}"#).is_none());
        assert!(read(r#"{"error":"bad_verification_code"}"#).is_none());
    }

    #[test]
    fn it_does_not_serialise() {
        assert!(serde_json::to_string(&read(r#"{"access_token":"a"}"#).unwrap()).is_err());
    }
}
