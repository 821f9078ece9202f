//! `{name}` in a provider's file, and the formats of the values that may stand there. Not Jinja.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

/// What a free parameter may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// One segment of a path: letters, digits, `.`, `_` and `-`.
    Segment,
    /// An https URL without query, fragment and credentials.
    HttpsUrl,
    /// A name for people, which must not stand in addresses.
    Label,
}

impl Format {
    pub(crate) fn accepts(self, value: &str) -> bool {
        match self {
            Self::Segment => {
                !value.is_empty()
                    && value.len() <= 255
                    && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
                    && !value.bytes().all(|byte| byte == b'.')
            }
            Self::Label => !value.trim().is_empty() && value.chars().count() <= 100 && !value.chars().any(char::is_control),
            Self::HttpsUrl => value.len() <= 2048 && https_url(value).is_some_and(|url| url.query().is_none()),
        }
    }

    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Segment => "letters, digits, dots, dashes and underscores",
            Self::Label => "a name of at most 100 characters",
            Self::HttpsUrl => "an address that begins with https:// and has neither query nor credentials",
        }
    }
}

/// An https URL with a host and without fragment and credentials.
pub(crate) fn https_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.scheme() == "https"
        && url.has_host()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains(|character: char| character.is_whitespace() || character.is_control());
    plain.then_some(url)
}

/// The names in a template.
pub(crate) fn names(template: &str) -> Result<Vec<&str>, String> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or_else(|| format!("`{template}` has a brace that is not closed"))?;
        found.push(name);
        rest = after;
    }
    Ok(found)
}

/// Puts the values in; a name without a value is left standing, which the loader has ruled out but for claims.
pub(crate) fn expand(template: &str, values: &BTreeMap<String, String>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            text.push('{');
            rest = after;
            continue;
        };
        match values.get(name) {
            Some(value) => text.push_str(value),
            None => text.extend(["{", name, "}"]),
        }
        rest = after;
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_keep_paths_and_hosts_whole() {
        for good in ["common", "contoso.onmicrosoft.com", "9188040d-6c67-4c5b-b112-36a304b66dad"] {
            assert!(Format::Segment.accepts(good), "{good}");
        }
        for bad in ["", "..", ".", "a/b", "a?b", "a%2fb", "a b", "ä"] {
            assert!(!Format::Segment.accepts(bad), "{bad}");
        }
        assert!(Format::HttpsUrl.accepts("https://id.example/realms/home"));
        for bad in ["http://id.example", "https://u:p@id.example", "https://id.example/?a", "https://id.example/#a", "id.example"]
        {
            assert!(!Format::HttpsUrl.accepts(bad), "{bad}");
        }
    }

    #[test]
    fn expansion() {
        let values = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        assert_eq!(expand("x{a}y{claim:tid}z", &values), "x1y{claim:tid}z");
        assert_eq!(names("x{a}y{b}").unwrap(), ["a", "b"]);
        assert!(names("x{a").is_err());
    }
}
