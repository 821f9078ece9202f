//! The identifier of an authorization server, which at some providers has a claim in it. Not discovery.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

const CLAIM: &str = "{claim:";

/// What the issuer must be.
#[derive(Clone, Debug)]
pub struct Issuer {
    value: String,
    aliases: Vec<String>,
    promised_in_response: bool,
    bound: Option<Bound>,
}

/// A claim that must have one value.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) claim: String,
    pub(crate) value: String,
}

impl Issuer {
    pub(crate) fn new(value: String, aliases: Vec<String>, promised_in_response: bool, bound: Option<Bound>) -> Self {
        Self { value, aliases, promised_in_response, bound }
    }

    /// The identifier, with `{claim:…}` where a claim stands.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Whether the provider promises `iss` in the authorization response (RFC 9207 §3).
    #[must_use]
    pub fn is_promised_in_response(&self) -> bool {
        self.promised_in_response
    }

    /// Whether an identifier without its claims at hand may be this one (RFC 9207 §2.4: plain comparison).
    pub(crate) fn accepts(&self, other: &str) -> bool {
        if self.aliases.iter().any(|alias| alias == other) {
            return true;
        }
        match self.hole() {
            None => self.value == other,
            Some((before, claim, after)) => {
                let within = other.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                let bound = self.bound.as_ref().filter(|bound| bound.claim == claim);
                within.is_some_and(|value| match bound {
                    Some(bound) => bound.value.eq_ignore_ascii_case(value),
                    None => is_segment(value),
                })
            }
        }
    }

    /// Whether the issuer that a token names is this one, given the token's claims.
    pub(crate) fn accepts_token(&self, issuer: &str, claims: &Map<String, Value>) -> bool {
        let text = |claim: &str| claims.get(claim).and_then(Value::as_str);
        if let Some(bound) = &self.bound
            && !text(&bound.claim).is_some_and(|value| value.eq_ignore_ascii_case(&bound.value))
        {
            return false;
        }
        if self.aliases.iter().any(|alias| alias == issuer) {
            return true;
        }
        match self.hole() {
            None => self.value == issuer,
            Some((before, claim, after)) => {
                text(claim).is_some_and(|value| is_segment(value) && issuer == format!("{before}{value}{after}"))
            }
        }
    }

    /// The one name of the issuer of these claims, whichever of its aliases a token had.
    pub(crate) fn name_with(&self, claims: &Map<String, Value>) -> String {
        match self.hole() {
            None => self.value.clone(),
            Some((before, claim, after)) => {
                let value = claims.get(claim).and_then(Value::as_str).unwrap_or_default();
                format!("{before}{value}{after}")
            }
        }
    }

    fn hole(&self) -> Option<(&str, &str, &str)> {
        let (before, rest) = self.value.split_once(CLAIM)?;
        let (claim, after) = rest.split_once('}')?;
        Some((before, claim, after))
    }
}

fn is_segment(value: &str) -> bool {
    !value.is_empty() && value.len() <= 64 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The value that a bound claim must have, if the parameter names one tenant exactly.
pub(crate) fn bound_value(parameter: &str, values: &BTreeMap<String, String>) -> Option<String> {
    values.get(parameter).cloned().or_else(|| is_guid(parameter).then(|| parameter.to_owned()))
}

fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

    fn claims(tid: &str) -> Map<String, Value> {
        json!({ "tid": tid }).as_object().cloned().unwrap()
    }

    fn templated(bound: Option<&str>) -> Issuer {
        let bound = bound.map(|value| Bound { claim: "tid".into(), value: value.into() });
        Issuer::new("https://l.example/{claim:tid}/v2.0".into(), Vec::new(), false, bound)
    }

    #[test]
    fn a_templated_issuer_takes_its_claim() {
        let any = templated(None);
        assert!(any.accepts_token("https://l.example/t-1/v2.0", &claims("t-1")));
        assert!(!any.accepts_token("https://l.example/t-1/v2.0", &claims("t-2")));
        assert!(!any.accepts_token("https://evil.example/t-1/v2.0", &claims("t-1")));
        assert!(!any.accepts_token("https://l.example/a/b/v2.0", &claims("a/b")));
        assert!(any.accepts("https://l.example/t-1/v2.0"));
        assert!(!any.accepts("https://l.example//v2.0"));
    }

    #[test]
    fn a_bound_tenant_is_the_only_one() {
        let bound = templated(Some(TENANT));
        assert!(bound.accepts_token(&format!("https://l.example/{TENANT}/v2.0"), &claims(TENANT)));
        assert!(!bound.accepts_token("https://l.example/t-1/v2.0", &claims("t-1")));
        assert!(!bound.accepts("https://l.example/t-1/v2.0"));
    }

    #[test]
    fn tenants_by_name_bind_nothing() {
        let consumers = BTreeMap::from([("consumers".to_owned(), TENANT.to_owned())]);
        assert_eq!(bound_value("common", &consumers), None);
        assert_eq!(bound_value("contoso.example", &consumers), None);
        assert_eq!(bound_value("consumers", &consumers).as_deref(), Some(TENANT));
        assert_eq!(bound_value(TENANT, &consumers).as_deref(), Some(TENANT));
    }
}
