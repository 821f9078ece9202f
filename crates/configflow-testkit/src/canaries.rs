//! Canaries: made-up secrets, planted where secrets go and looked for wherever none may be.
//!
//! They are looked for in every form in which a program writes a text: as it is, escaped as in JSON or in Rust's `Debug`, percent-encoded,
//! in hexadecimal digits, and in base64 at each of its three alignments.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use configflow_core::Definition;
use serde_json::Value;

use crate::secrets::Secrets;

/// Secrets to look for.
#[derive(Debug, Default)]
pub struct Canaries {
    /// What was planted, by what stood there before: what was equal stays equal.
    planted: BTreeMap<String, String>,
    /// Every form of every secret, with the name of the form.
    forms: Vec<(&'static str, Vec<u8>)>,
    /// What looks for all of them at once, made when it is first needed.
    search: OnceLock<Option<AhoCorasick>>,
}

/// A secret that was found where none may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In which form.
    pub form: &'static str,
    /// What stands around it.
    pub around: String,
}

impl Canaries {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a canary in the place of every secret text of a fixture that is not parsed yet: answers of secret fields, what is stored
    /// of them, secret results of actions, the operator's client secrets.
    pub fn plant(&mut self, fixture: &mut Value, definition: &Definition) {
        let secrets = Secrets::of(definition);
        let Value::Object(parts) = fixture else { return };
        for (part, value) in parts {
            // What the provider does names fields of its own.
            let is_providers = part == "provider";
            self.plant_below(value, &|name| name == "client_secret" || (!is_providers && secrets.names(name)));
        }
    }

    fn plant_below(&mut self, value: &mut Value, is_secret: &dyn Fn(&str) -> bool) {
        match value {
            Value::Object(map) => {
                for (name, value) in map.iter_mut() {
                    match value {
                        Value::String(text) if is_secret(name) && is_made_up(text) => *text = self.in_place_of(text),
                        other => self.plant_below(other, is_secret),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.plant_below(item, is_secret)),
            _ => {}
        }
    }

    fn in_place_of(&mut self, text: &str) -> String {
        if let Some(canary) = self.planted.get(text) {
            return canary.clone();
        }
        // With signs that each form writes in another way.
        let canary = format!("canary-{:02}-Hk3\"v9/Qp+Z", self.planted.len());
        self.planted.insert(text.to_owned(), canary.clone());
        self.add(&canary);
        canary
    }

    /// How many were planted.
    #[must_use]
    pub fn planted(&self) -> usize {
        self.planted.len()
    }

    /// Looks for one more secret. A text of fewer than eight characters could be anywhere by chance, and is not looked for.
    pub fn add(&mut self, secret: &str) {
        self.search = OnceLock::new();
        for (form, bytes) in forms(secret) {
            if bytes.len() >= 8 && !self.forms.iter().any(|(_, known)| *known == bytes) {
                self.forms.push((form, bytes));
            }
        }
    }

    /// The first secret that is found, in whatever form.
    #[must_use]
    pub fn find(&self, bytes: &[u8]) -> Option<Found> {
        let search = || AhoCorasick::new(self.forms.iter().map(|(_, bytes)| bytes)).ok();
        let found = self.search.get_or_init(search).as_ref()?.find(bytes)?;
        let (from, to) = (found.start().saturating_sub(160), bytes.len().min(found.end() + 40));
        let (form, _) = self.forms.get(found.pattern().as_usize())?;
        Some(Found { form, around: String::from_utf8_lossy(bytes.get(from..to).unwrap_or_default()).into_owned() })
    }
}

/// Whether a text could as well be another: it names no live value, and is no address, whose parts mean something.
fn is_made_up(text: &str) -> bool {
    !text.is_empty() && !text.contains("{{") && !text.contains("://")
}

/// The forms in which a program may write a text.
fn forms(secret: &str) -> Vec<(&'static str, Vec<u8>)> {
    let json = inner(&Value::from(secret).to_string());
    let mut forms = vec![
        ("as it is", secret.as_bytes().to_vec()),
        ("escaped twice", inner(&Value::from(json.as_str()).to_string()).into_bytes()),
        ("as JSON", json.into_bytes()),
        ("as Debug", inner(&format!("{secret:?}")).into_bytes()),
    ];
    let percent = percent(secret, |byte| format!("%{byte:02X}"));
    forms.push(("form-encoded", percent.replace("%20", "+").into_bytes()));
    forms.push(("percent-encoded", percent.into_bytes()));
    forms.push(("percent-encoded", self::percent(secret, |byte| format!("%{byte:02x}")).into_bytes()));
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    forms.push(("in hexadecimal", hex.to_ascii_uppercase().into_bytes()));
    forms.push(("in hexadecimal", hex.into_bytes()));
    for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
        forms.extend((0..3).map(|shift| ("in base64", aligned(&engine, secret, shift))));
    }
    forms
}

/// Everything encoded but what never has to be (RFC 3986 §2.3).
fn percent(text: &str, encoded: impl Fn(u8) -> String) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { encoded(byte) }).collect()
}

/// What stands between the quotes.
fn inner(quoted: &str) -> String {
    quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(quoted).to_owned()
}

/// What of the base64 of a longer text depends on this part only, which begins `shift` bytes after a multiple of three.
fn aligned(engine: &impl base64::Engine, secret: &str, shift: usize) -> Vec<u8> {
    let mut bytes = vec![0; shift];
    bytes.extend(secret.as_bytes());
    let whole = engine.encode(&bytes).into_bytes();
    let from = (shift * 4).div_ceil(3);
    let to = bytes.len() * 4 / 3;
    whole.get(from..to).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let mut canaries = Canaries::new();
        let secret = canaries.in_place_of("the old one");
        assert_eq!(canaries.in_place_of("the old one"), secret, "what was equal stays equal");
        assert_eq!(canaries.planted(), 1);
        let quoted = serde_json::json!({ "a": secret }).to_string();
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        let mut written = vec![
            format!("x{secret}x"),
            quoted.clone(),
            serde_json::json!({ "log": quoted }).to_string(),
            format!("{secret:?}"),
            url::form_urlencoded::Serializer::new(String::new()).append_pair("p", &secret).finish(),
            hex,
        ];
        written.extend(["", "a", "ab", "abc"].map(|before| STANDARD.encode(format!("{before}{secret}:and more"))));
        written.extend(["", "a", "ab", "abc"].map(|before| URL_SAFE_NO_PAD.encode(format!("{before}{secret}"))));
        for text in written {
            assert!(canaries.find(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(canaries.find(b"canary-00 and nothing of it"), None);
    }
}
