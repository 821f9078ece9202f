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
            text = text.replace(&format!("{{{name}}}"), &value);
        }
        Some(text)
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

    pub(super) fn abort(&self, reason: &str, placeholders: &Value) -> String {
        self.find(&format!("/config/abort/{reason}"), placeholders).unwrap_or_else(|| reason.to_owned())
    }

    pub(super) fn progress(&self, action: &str, placeholders: &Value) -> String {
        self.find(&format!("/config/progress/{action}"), placeholders).unwrap_or_else(|| action.to_owned())
    }
}
