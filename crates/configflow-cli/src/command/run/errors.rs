//! Where each error of a form belongs: beside its field, also of one inside a section, or to the form as a whole.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

/// ` @ data['section']['field']`, with what goes before it in the texts.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the pattern is a constant, compiled by the test below")]
    Regex::new(r"^(?P<text>.*?)(?: for dictionary value)? @ data\['(?P<section>[^']*)'\]\['(?P<field>[^']*)'\]$")
        .expect("a pattern")
});

/// Errors as a person is told them: by field, by section and field, and those of the form as a whole.
#[derive(Default)]
pub(super) struct Errors {
    by_field: Map<String, Value>,
    by_section: Map<String, Value>,
    whole: Vec<String>,
}

impl Errors {
    /// Sorts what a form's answer was refused with, or what its rules say.
    pub(super) fn of(errors: &Map<String, Value>) -> Self {
        let mut sorted = Self::default();
        for (field, error) in errors {
            let texts: Vec<&str> = match error {
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                Value::String(text) => vec![text],
                _ => Vec::new(),
            };
            for text in texts {
                if let Some(found) = PLACE.captures(text) {
                    let section = sorted.by_section.entry(&found["section"]).or_insert_with(|| Value::Object(Map::new()));
                    section[&found["field"]] = found["text"].into();
                } else if field == "base" {
                    sorted.whole.push(text.to_owned());
                } else {
                    sorted.by_field.insert(field.clone(), text.into());
                }
            }
        }
        sorted
    }

    /// What a field was refused with.
    pub(super) fn field(&self, section: Option<&str>, field: &str) -> Option<&str> {
        match section {
            Some(section) => self.by_section.get(section)?.get(field)?.as_str(),
            None => self.by_field.get(field)?.as_str(),
        }
    }

    /// What belongs to none of these fields: with the name of the field that it is about, where it is about one.
    pub(super) fn elsewhere<'e>(&'e self, shown: &'e [&str]) -> impl Iterator<Item = (Option<&'e str>, &'e str)> {
        let whole = self.whole.iter().map(|text| (None, text.as_str()));
        let fields = self.by_field.iter().filter(|(field, _)| !shown.contains(&field.as_str()));
        whole.chain(fields.filter_map(|(field, text)| Some((Some(field.as_str()), text.as_str()?))))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_error_finds_its_place() {
        let errors = json!({
            "base": ["expected int for dictionary value @ data['api']['port']", "extra keys not allowed @ data['x']", "failed"],
            "host": "required key not provided",
            "hidden": "bad",
        });
        let errors = Errors::of(errors.as_object().expect("a map"));
        assert_eq!(errors.field(Some("api"), "port"), Some("expected int"));
        assert_eq!(errors.field(None, "host"), Some("required key not provided"));
        assert_eq!(errors.field(None, "port"), None);
        let elsewhere: Vec<_> = errors.elsewhere(&["host", "api"]).collect();
        assert_eq!(elsewhere, [(None, "extra keys not allowed @ data['x']"), (None, "failed"), (Some("hidden"), "bad")]);
    }
}
