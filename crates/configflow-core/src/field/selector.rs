//! Selectors: what clients show a person to choose with, and what comes of it.

use serde_json::json;

use super::fault::{Faults, Path, Step};
use super::{Options, automation, dictionary, jinja, moment, nested, python};
use crate::{Map, Value};

/// The selectors that the language has, in the order of the documentation.
pub const SELECTORS: [&str; 40] = [
    "action",
    "addon",
    "app",
    "area",
    "assist_pipeline",
    "attribute",
    "backup_location",
    "boolean",
    "choose",
    "color_rgb",
    "color_temp",
    "condition",
    "config_entry",
    "constant",
    "conversation_agent",
    "country",
    "date",
    "datetime",
    "device",
    "duration",
    "entity",
    "file",
    "floor",
    "icon",
    "label",
    "language",
    "location",
    "media",
    "number",
    "object",
    "select",
    "state",
    "statistic",
    "target",
    "template",
    "text",
    "theme",
    "time",
    "trigger",
    "qr_code",
];

/// A selector with its settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    kind: String,
    settings: Map,
    options: Option<Options>,
    /// The selectors inside it: the choices of `choose`, the fields of `object`.
    pub(super) parts: Vec<(String, Selector)>,
}

impl Selector {
    /// A selector; its settings get the defaults that clients expect.
    #[must_use]
    pub fn new(kind: &str, mut settings: Map) -> Self {
        for list in ["domain", "device_class"] {
            as_list(&mut settings, list);
        }
        for filter in ["entity", "device", "filter"] {
            as_list(&mut settings, filter);
            if let Some(Value::Array(filters)) = settings.get_mut(filter) {
                for filter in filters.iter_mut().filter_map(Value::as_object_mut) {
                    as_list(filter, "domain");
                    as_list(filter, "device_class");
                }
            }
        }
        let options = (kind == "select").then(|| Options::from_value(settings.get("options").unwrap_or(&Value::Null)));
        let defaults: &[(&str, Value)] = match kind {
            "text" => &[("multiline", Value::Bool(false)), ("multiple", Value::Bool(false))],
            "entity" => &[("multiple", Value::Bool(false)), ("reorder", Value::Bool(false))],
            "area" | "floor" | "label" | "device" | "state" | "statistic" | "media" | "object" => {
                &[("multiple", Value::Bool(false))]
            }
            "select" => &[("sort", Value::Bool(false)), ("multiple", Value::Bool(false)), ("custom_value", Value::Bool(false))],
            "country" | "language" => &[("no_sort", Value::Bool(false))],
            "theme" => &[("include_default", Value::Bool(false))],
            _ => &[],
        };
        for (key, value) in defaults {
            settings.entry(*key).or_insert_with(|| value.clone());
        }
        match kind {
            "language" => _ = settings.entry("native_name").or_insert(Value::Bool(false)),
            "color_temp" => _ = settings.entry("unit").or_insert("mired".into()),
            "number" => number_settings(&mut settings),
            _ => {}
        }
        let parts = nested::parts(kind, &mut settings);
        Self { kind: kind.to_owned(), settings, options, parts }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its settings, defaults among them.
    #[must_use]
    pub fn settings(&self) -> &Map {
        &self.settings
    }

    pub(super) fn options(&self) -> Option<&Options> {
        self.options.as_ref()
    }

    fn is(&self, setting: &str) -> bool {
        self.settings.get(setting) == Some(&Value::Bool(true))
    }

    fn words(&self, setting: &str) -> Option<Vec<&str>> {
        Some(self.settings.get(setting)?.as_array()?.iter().filter_map(Value::as_str).collect())
    }

    pub(super) fn describe(&self, options: Option<&Options>) -> Value {
        let mut settings = self.settings.clone();
        if let Some(options) = options.filter(|_| self.kind == "select") {
            settings.insert("options".to_owned(), options.for_selector());
        }
        json!({ self.kind.as_str(): settings })
    }

    pub(super) fn convert(
        &self,
        value: &Value,
        options: Option<&Options>,
        path: &Path<'_>,
        faults: &mut Faults,
    ) -> Option<Value> {
        let multiple = self.is("multiple");
        let mut fail = |text: String| {
            faults.value(path, &text);
            None
        };
        match self.kind.as_str() {
            "boolean" => Some(Value::Bool(python::truth(value))),
            "number" => self.number(value).map_err(&mut fail).ok().or(None),
            "color_temp" => self.color_temp(value).map_err(&mut fail).ok(),
            "select" if multiple => {
                let Value::Array(items) = value else { return fail("Value should be a list".to_owned()) };
                let mut chosen = Vec::with_capacity(items.len());
                for item in items {
                    match self.choice(item, options) {
                        Ok(value) => chosen.push(value),
                        Err(text) => return fail(text),
                    }
                }
                Some(Value::Array(chosen))
            }
            "select" => self.choice(value, options).map_err(&mut fail).ok(),
            "entity" if multiple => {
                let Value::Array(items) = value else { return fail("Value should be a list".to_owned()) };
                let mut chosen = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    match self.entity(item) {
                        Ok(value) => chosen.push(value),
                        Err(text) => {
                            let path = path.join(Step::Index(at));
                            faults.value(&path, &text);
                        }
                    }
                }
                (chosen.len() == items.len()).then_some(Value::Array(chosen))
            }
            "entity" => self.entity(value).map_err(&mut fail).ok(),
            "choose" => nested::chosen(self, value, path, faults),
            "object" => nested::object(self, value).map(|()| value.clone()).map_err(&mut fail).ok(),
            "action" => Some(value.clone()),
            "condition" => automation::conditions(value, path, faults),
            "trigger" => automation::triggers(value, path, faults),
            "constant" => match self.settings.get("value").filter(|constant| python::equal(constant, value)) {
                Some(constant) => Some(constant.clone()),
                None => fail("not a valid value".to_owned()),
            },
            "template" => match value {
                Value::Array(_) | Value::Object(_) => fail("template value should be a string".to_owned()),
                Value::Null => fail("template value is None".to_owned()),
                scalar => {
                    let text = python::text(scalar);
                    match jinja::fault(&text) {
                        Some(reason) => fail(format!("invalid template (TemplateSyntaxError: {reason})")),
                        None => Some(Value::String(text)),
                    }
                }
            },
            "duration" => {
                let may_be_negative = self.settings.get("allow_negative") != Some(&Value::Bool(false));
                dictionary::duration(value, may_be_negative, path, faults).map(Value::Object)
            }
            "location" | "target" => {
                let Value::Object(map) = value else { return fail("expected a dictionary".to_owned()) };
                let keys = if self.kind == "location" { dictionary::LOCATION } else { dictionary::TARGET };
                dictionary::checked(map, keys, path, faults).map(Value::Object)
            }
            "media" => self.media(value, path, faults),
            "color_rgb" => match value {
                Value::Array(parts) if parts.len() == 3 && parts.iter().all(is_channel) => Some(value.clone()),
                Value::Array(_) => {
                    // Recorded: the wrong length has no text at all.
                    faults.null(path);
                    None
                }
                _ => fail("expected list".to_owned()),
            },
            "date" => match value {
                Value::String(text) if moment::is_date(text) => Some(value.clone()),
                Value::String(_) => fail("Could not parse date".to_owned()),
                _ => fail("Not a parseable type".to_owned()),
            },
            "time" => match value {
                Value::String(text) if moment::is_time(text, false) => Some(value.clone()),
                other => fail(format!("Invalid time specified: {}", python::text(other))),
            },
            "datetime" => match value {
                Value::String(text) if moment::is_datetime(text) => Some(value.clone()),
                other => fail(format!("Invalid datetime specified: {}", python::text(other))),
            },
            "file" => match value {
                // The id of an upload; whether there is such an upload, the core knows that took it.
                Value::String(text) if is_uuid(text) => Some(value.clone()),
                Value::String(_) => fail("not a valid value".to_owned()),
                _ => fail("Value should be a string".to_owned()),
            },
            "backup_location" => match value {
                Value::String(text) if is_backup_location(text) => Some(value.clone()),
                Value::String(_) => fail("does not match regular expression ^(?:\\/backup|\\w+)$".to_owned()),
                _ => fail("expected string or buffer".to_owned()),
            },
            "qr_code" if value.is_string() || value.is_null() => self.settings.get("data").cloned(),
            "country" | "language" if value.is_string() => {
                let known = self.words(if self.kind == "country" { "countries" } else { "languages" });
                let code = value.as_str().unwrap_or_default();
                if known.is_some_and(|known| !known.contains(&code)) {
                    return fail(format!("Value {code} is not a valid option"));
                }
                Some(value.clone())
            }
            _ if multiple => {
                let Value::Array(items) = value else { return fail("Value should be a list".to_owned()) };
                if items.iter().all(Value::is_string) { Some(value.clone()) } else { fail("expected str".to_owned()) }
            }
            _ if value.is_string() => Some(value.clone()),
            _ => fail("expected str".to_owned()),
        }
    }

    fn media(&self, value: &Value, path: &Path<'_>, faults: &mut Faults) -> Option<Value> {
        let keys = if self.settings.contains_key("accept") { dictionary::ACCEPTED_MEDIA } else { dictionary::MEDIA };
        let one = std::slice::from_ref(value);
        let multiple = self.is("multiple");
        let items = match value {
            Value::Array(items) if multiple => items.as_slice(),
            _ => one,
        };
        let mut checked = Vec::with_capacity(items.len());
        for item in items {
            let Value::Object(map) = item else {
                faults.value(path, "expected a dictionary");
                return None;
            };
            checked.push(Value::Object(dictionary::checked(map, keys, path, faults)?));
        }
        if multiple { Some(Value::Array(checked)) } else { checked.pop() }
    }

    fn number(&self, value: &Value) -> Result<Value, String> {
        let number = python::to_float(value).ok_or_else(|| "expected float".to_owned())?;
        let edge = |name: &str| self.settings.get(name).and_then(Value::as_f64);
        let shown = python::text(&Value::from(number));
        if edge("min").is_some_and(|least| number < least) {
            return Err(format!("Value {shown} is too small"));
        }
        if edge("max").is_some_and(|most| number > most) {
            return Err(format!("Value {shown} is too large"));
        }
        Ok(Value::from(number))
    }

    fn color_temp(&self, value: &Value) -> Result<Value, String> {
        let number = python::to_float(value).ok_or_else(|| "expected float".to_owned())?;
        let edge = |name: &str| self.settings.get(name).and_then(|edge| Some((edge, edge.as_f64()?)));
        if let Some((least, _)) = edge("min").filter(|(_, least)| number < *least) {
            return Err(format!("value must be at least {least}"));
        }
        if let Some((most, _)) = edge("max").filter(|(_, most)| number > *most) {
            return Err(format!("value must be at most {most}"));
        }
        Ok(Value::from(number))
    }

    fn choice(&self, value: &Value, options: Option<&Options>) -> Result<Value, String> {
        let options = options.or(self.options.as_ref());
        if !value.is_string() {
            return Err("expected str".to_owned());
        }
        match options {
            Some(options) if !self.is("custom_value") && !options.contains(value) => Err(options.expected()),
            _ => Ok(value.clone()),
        }
    }

    fn entity(&self, value: &Value) -> Result<Value, String> {
        let id = python::text(value);
        let uuid = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        let shape = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        };
        let parts = id.split_once('.').filter(|(domain, object)| shape(domain) && shape(object));
        let Some((domain, _)) = parts else {
            return if uuid && value.is_string() {
                Ok(value.clone())
            } else {
                Err(format!("Entity {id} is neither a valid entity ID nor a valid UUID"))
            };
        };
        if let Some(domains) = self.words("domain").filter(|domains| !domains.contains(&domain)) {
            let domains: Value = domains.into_iter().map(Value::from).collect();
            return Err(format!("Entity {id} belongs to domain {domain}, expected {}", python::repr(&domains)));
        }
        let known = self.words("include_entities").filter(|known| !known.contains(&id.as_str()));
        if let Some(mut known) = known {
            known.sort_unstable();
            let known: Value = known.into_iter().map(Value::from).collect();
            return Err(format!("value must be one of {}", python::repr(&known)));
        }
        Ok(Value::String(id))
    }
}

/// A part of a colour: 0 to 255.
fn is_channel(value: &Value) -> bool {
    value.as_u64().is_some_and(|part| part <= 255)
}

fn is_uuid(text: &str) -> bool {
    let digits: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = digits.iter().map(|part| part.len()).collect();
    let shape = lengths == [8, 4, 4, 4, 12] || lengths == [32];
    shape && digits.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_backup_location(text: &str) -> bool {
    text == "/backup" || (!text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

fn as_list(settings: &mut Map, key: &str) {
    if let Some(value) = settings.get_mut(key)
        && !value.is_array()
    {
        *value = Value::Array(vec![value.take()]);
    }
}

fn number_settings(settings: &mut Map) {
    for edge in ["min", "max", "step"] {
        if let Some(number) = settings.get(edge).and_then(Value::as_f64) {
            settings.insert(edge.to_owned(), number.into());
        }
    }
    settings.entry("step").or_insert(Value::from(1.0));
    let mode = if settings.contains_key("min") && settings.contains_key("max") { "slider" } else { "box" };
    settings.entry("mode").or_insert(mode.into());
}
