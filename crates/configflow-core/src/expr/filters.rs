//! The filters of the language beyond Jinja's own, all on this page.

use std::net::IpAddr;

use base64::Engine;
use indexmap::IndexMap;
use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::json::MOST_VALUES;
use super::slug::slugify;

pub(super) fn add_to(env: &mut Environment<'_>) {
    env.add_filter("merge", merge);
    env.add_filter("without", without);
    env.add_filter("pick", pick);
    env.add_filter("url", url);
    env.add_filter("url_join", url_join);
    env.add_filter("mac", mac);
    env.add_filter("slugify", slugify);
    env.add_filter("sha1", |text: &str| hex(&Sha1::digest(text.as_bytes())));
    env.add_filter("sha256", |text: &str| hex(&Sha256::digest(text.as_bytes())));
    env.add_filter("base64", |text: &str| base64::engine::general_purpose::STANDARD.encode(text));
    env.add_filter("is_ip", |text: &str| text.parse::<IpAddr>().is_ok());
    env.add_filter("is_link_local", is_link_local);
    env.add_test("is_ip", |text: &str| text.parse::<IpAddr>().is_ok());
    env.add_test("is_link_local", is_link_local);
}

/// A map of expressions: keys in their order.
type ValueMap = IndexMap<Value, Value>;

fn entries(map: &Value) -> Result<Vec<(Value, Value)>, Error> {
    if map.is_none() || map.is_undefined() {
        return Ok(Vec::new());
    }
    if map.kind() != ValueKind::Map {
        return Err(Error::new(ErrorKind::InvalidOperation, "expected a map"));
    }
    map.try_iter()?.map(|key| Ok((key.clone(), map.get_item(&key)?))).collect()
}

/// `a | merge(b)`: the keys of both, `b`'s value where both have one. None is an empty map.
fn merge(a: &Value, b: &Value) -> Result<Value, Error> {
    let mut merged: ValueMap = entries(a)?.into_iter().collect();
    merged.extend(entries(b)?);
    Ok(Value::from_object(merged))
}

/// `map | without(keys)`.
fn without(map: &Value, keys: &Value) -> Result<Value, Error> {
    let keys = names(keys)?;
    Ok(Value::from_object(entries(map)?.into_iter().filter(|(key, _)| !keys.contains(key)).collect::<ValueMap>()))
}

/// `map | pick(keys)`: only these, in their order; a key that is not there is left out.
fn pick(map: &Value, keys: &Value) -> Result<Value, Error> {
    let all = entries(map)?;
    let picked = names(keys)?.into_iter().filter_map(|name| all.iter().find(|(key, _)| *key == name).cloned());
    Ok(Value::from_object(picked.collect::<ValueMap>()))
}

/// One name, or a list of names.
fn names(keys: &Value) -> Result<Vec<Value>, Error> {
    if keys.as_str().is_some() {
        return Ok(vec![keys.clone()]);
    }
    let names: Vec<Value> = keys.try_iter()?.take(MOST_VALUES + 1).collect();
    if names.len() > MOST_VALUES {
        return Err(Error::new(ErrorKind::InvalidOperation, "too many names"));
    }
    Ok(names)
}

/// Percent-encodes a text for one segment of a URL's path, or one value of its query.
fn url(text: &Value) -> String {
    let text = text.as_str().map_or_else(|| text.to_string(), str::to_owned);
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// `base | url_join('path')` by the rules of RFC 3986 §5.
fn url_join(base: &str, reference: &str) -> Result<String, Error> {
    let base = url::Url::parse(base).map_err(|_| Error::new(ErrorKind::InvalidOperation, "the base is no URL"))?;
    let joined = base.join(reference).map_err(|_| Error::new(ErrorKind::InvalidOperation, "the reference is no URL"))?;
    Ok(joined.to_string())
}

/// A MAC address as the ecosystem writes it: lower case, colons. What is no MAC address stays as it is.
fn mac(text: &str) -> String {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | '-' | '.')).collect();
    if digits.len() != 12 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return text.to_owned();
    }
    let digits = digits.to_ascii_lowercase();
    let pairs: Vec<&str> = (0..12).step_by(2).map(|at| &digits[at..at + 2]).collect();
    pairs.join(":")
}

fn is_link_local(text: &str) -> bool {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => ip.is_link_local(),
        Ok(IpAddr::V6(ip)) => ip.is_unicast_link_local(),
        Err(_) => false,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::expr::{Expr, ExprError, Scope, to_json};

    fn eval(expression: &str) -> Value {
        let names = json!({"a": {"x": 1, "y": 2.0}, "b": {"y": null, "z": 3}, "nothing": null});
        let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
        let value = Expr::compile(expression).expect("compiles").eval(&scope).expect("evaluates");
        to_json(&value).expect("has a JSON form")
    }

    #[test]
    fn maps() {
        assert_eq!(eval("a | merge(b)"), json!({"x": 1, "y": null, "z": 3}));
        assert_eq!(eval("nothing | merge(a)"), json!({"x": 1, "y": 2.0}));
        assert_eq!(eval("a | without(['x', 'q'])"), json!({"y": 2.0}));
        assert_eq!(eval("a | pick('y')"), json!({"y": 2.0}));
    }

    #[test]
    fn texts() {
        assert_eq!(eval("'a b/ü' | url"), json!("a%20b%2F%C3%BC"));
        assert_eq!(eval("'https://h/v1/' | url_join('me?x=1')"), json!("https://h/v1/me?x=1"));
        assert_eq!(eval("'AA-bb-CC-00-11-22' | mac"), json!("aa:bb:cc:00:11:22"));
        assert_eq!(eval("'no mac' | mac"), json!("no mac"));
        assert_eq!(eval("'Küche – Links!' | slugify"), json!("kuche_links"));
        assert_eq!(eval("'!!' | slugify"), json!("unknown"));
        assert_eq!(eval("'' | slugify"), json!(""));
    }

    #[test]
    fn digests_and_addresses() {
        assert_eq!(eval("'abc' | sha1"), json!("a9993e364706816aba3e25717850c26c9cd0d89d"));
        assert_eq!(eval("'abc' | sha256 | length"), json!(64));
        assert_eq!(eval("'abc' | base64"), json!("YWJj"));
        assert_eq!(eval("'fe80::1' | is_link_local"), json!(true));
        assert_eq!(eval("'10.0.0.1' | is_ip and not ('host' | is_ip)"), json!(true));
    }

    #[test]
    fn every_filter_of_the_list_exists() {
        for filter in crate::expr::FILTERS {
            let result = Expr::compile(&format!("x | {filter}"));
            assert!(!matches!(result, Err(ExprError::Unknown { .. })), "{filter}");
        }
        assert!(matches!(Expr::compile("x | no_such_filter"), Err(ExprError::Unknown { .. })));
    }
}
