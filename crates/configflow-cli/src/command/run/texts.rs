//! What things are called: `translations/DOMAIN/en.json` beside the definition, or the names themselves.

use std::path::Path;

use serde_json::Value;

/// Texts in the ecosystem's shape.
pub(super) struct Texts {
    all: Value,
}

impl Texts {
    /// The texts that belong to a definition's file.
    pub(super) fn beside(file: &Path, domain: &str) -> Self {
        let folder = file.parent().unwrap_or(Path::new("")).join("translations");
        let candidates = [folder.join(domain).join("en.json"), folder.join("en.json")];
        let text = candidates.iter().find_map(|path| std::fs::read_to_string(path).ok());
        Self { all: text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default() }
    }

    fn find(&self, pointer: &str, placeholders: &Value) -> Option<String> {
        let mut text = self.all.pointer(pointer)?.as_str()?.to_owned();
        for (name, value) in placeholders.as_object().into_iter().flatten() {
            let value =
                value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, str::to_owned);
            if value.starts_with("data:") {
                text = without_picture(&text, name);
            }
            text = text.replace(&format!("{{{name}}}"), &value);
        }
        // What is empty leaves no empty lines behind.
        while text.contains("\n\n\n") {
            text = text.replace("\n\n\n", "\n\n");
        }
        Some(text.trim().to_owned())
    }

    pub(super) fn title(&self, step: &str, placeholders: &Value) -> String {
        self.find(&format!("/config/step/{step}/title"), placeholders).unwrap_or_else(|| step.to_owned())
    }

    pub(super) fn description(&self, step: &str, placeholders: &Value) -> Option<String> {
        self.find(&format!("/config/step/{step}/description"), placeholders)
    }

    /// The label of a field, also of one inside a section.
    pub(super) fn field(&self, step: &str, section: Option<&str>, field: &str) -> String {
        let place = match section {
            Some(section) => format!("/config/step/{step}/sections/{section}/data/{field}"),
            None => format!("/config/step/{step}/data/{field}"),
        };
        self.find(&place, &Value::Null).unwrap_or_else(|| field.to_owned())
    }

    /// What is said beside a field.
    pub(super) fn field_description(
        &self,
        step: &str,
        section: Option<&str>,
        field: &str,
        placeholders: &Value,
    ) -> Option<String> {
        let place = match section {
            Some(section) => format!("/config/step/{step}/sections/{section}/data_description/{field}"),
            None => format!("/config/step/{step}/data_description/{field}"),
        };
        self.find(&place, placeholders)
    }

    pub(super) fn section(&self, step: &str, section: &str) -> String {
        self.find(&format!("/config/step/{step}/sections/{section}/name"), &Value::Null).unwrap_or_else(|| section.to_owned())
    }

    pub(super) fn menu(&self, step: &str, option: &str) -> String {
        self.find(&format!("/config/step/{step}/menu_options/{option}"), &Value::Null).unwrap_or_else(|| option.to_owned())
    }

    pub(super) fn error(&self, key: &str, placeholders: &Value) -> String {
        self.find(&format!("/config/error/{key}"), placeholders).unwrap_or_else(|| key.to_owned())
    }

    pub(super) fn abort(&self, reason: &str, placeholders: &Value) -> Option<String> {
        self.find(&format!("/config/abort/{reason}"), placeholders)
    }

    pub(super) fn progress(&self, action: &str, placeholders: &Value) -> String {
        self.find(&format!("/config/progress/{action}"), placeholders).unwrap_or_else(|| action.to_owned())
    }
}

/// The text without the picture of that name: a terminal shows none.
fn without_picture(text: &str, name: &str) -> String {
    let end = format!("]({{{name}}})");
    let Some((before, after)) = text.split_once(&end) else { return text.to_owned() };
    let before = before.rsplit_once("![").map_or(before, |(before, _)| before);
    format!("{before}{after}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_picture_and_what_is_empty_leave_nothing_behind() {
        let all = json!({"config": {"progress": {"wait": "{problem}\n\nEnter {code}.\n\n![{page}]({picture})\n\nThen wait."}}});
        let texts = Texts { all };
        let placeholders =
            json!({"problem": "", "code": "C-1", "page": "https://a.example", "picture": "data:image/svg+xml;base64,AA"});
        assert_eq!(texts.progress("wait", &placeholders), "Enter C-1.\n\nThen wait.");
        assert_eq!(texts.progress("other", &placeholders), "other");
    }
}
