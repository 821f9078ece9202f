//! JSON as it is taken from a peer: no key twice, no deeper than may be, UTF-8 only.

use std::cell::Cell;
use std::fmt;

use axum::http::StatusCode;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::refusal::Refusal;

/// Why a text is no JSON that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JsonFault {
    /// It is no JSON at all.
    Malformed,
    /// It is not UTF-8.
    NotUtf8,
    /// An object has a key twice, so that two readers may read two things.
    DuplicateKey,
    /// It is nested too deep.
    TooDeep(usize),
}

impl JsonFault {
    /// The refusal, where the text is not merely no JSON.
    pub(crate) fn refusal(self) -> Option<Refusal> {
        let bad = |code, message: String| Some(Refusal::coded(StatusCode::BAD_REQUEST, code, message));
        match self {
            Self::Malformed => None,
            Self::NotUtf8 => bad("request.not_utf8", "the body is not UTF-8".to_owned()),
            Self::DuplicateKey => bad("request.duplicate_key", "an object has a key twice".to_owned()),
            Self::TooDeep(limit) => bad("request.too_deep", format!("the body is nested deeper than {limit} levels")),
        }
    }
}

/// Reads one JSON value.
pub(crate) fn parse(bytes: &[u8], depth: usize) -> Result<Value, JsonFault> {
    let text = std::str::from_utf8(bytes).map_err(|_| JsonFault::NotUtf8)?;
    let fault = Cell::new(JsonFault::Malformed);
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict { depth, limit: depth, fault: &fault }.deserialize(&mut deserializer).map_err(|_| fault.get())?;
    deserializer.end().map_err(|_| JsonFault::Malformed)?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    depth: usize,
    limit: usize,
    fault: &'f Cell<JsonFault>,
}

impl Strict<'_> {
    fn inside<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => {
                self.fault.set(JsonFault::TooDeep(self.limit));
                Err(E::custom("too deep"))
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inside)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let inside = self.inside()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(inside)?;
            if map.insert(key, value).is_some() {
                self.fault.set(JsonFault::DuplicateKey);
                return Err(A::Error::custom("a key twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        assert_eq!(parse(br#" {"a": [1, 2.5, "x", null, true]} "#, 64), Ok(json!({"a": [1, 2.5, "x", null, true]})));
        assert_eq!(parse(br#"{"a": 1, "a": 2}"#, 64), Err(JsonFault::DuplicateKey));
        assert_eq!(parse(br#"{"x": {"a": 1, "b": 1, "a": 2}}"#, 64), Err(JsonFault::DuplicateKey));
        assert_eq!(parse(b"{\"a\": \"\xff\"}", 64), Err(JsonFault::NotUtf8));
        assert_eq!(parse(b"[[[]]]", 2), Err(JsonFault::TooDeep(2)));
        assert_eq!(parse(b"[[[]]]", 3), Ok(json!([[[]]])));
        assert_eq!(parse(&b"[".repeat(100_000), 64), Err(JsonFault::TooDeep(64)));
        for malformed in [&b"{bad"[..], b"", b"{} {}", b"nul", b"NaN", b"{\"a\":1,}", b"1e999"] {
            assert_eq!(parse(malformed, 64), Err(JsonFault::Malformed));
        }
    }
}
