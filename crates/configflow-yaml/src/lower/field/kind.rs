//! `type:` and `selector:` — what a field takes.

use configflow_core::field::{Base, Kind, Options, Plain, SELECTORS, Selector, Shape, Text};
use serde_json::Number;

use super::keys::TYPES;
use super::{KEY_NOT_HERE, NO_TYPE, UNKNOWN_SELECTOR, UNKNOWN_TYPE};
use crate::diagnostic::suggest;
use crate::lower::keys::Keys;
use crate::lower::{Lowering, listed};
use crate::node::{Node, NodeValue};

impl Lowering<'_> {
    pub(super) fn kind(&mut self, keys: &mut Keys<'_>, node: &Node, name: &str, options: Options) -> Option<Kind> {
        let selector = match keys.take("selector") {
            Some(node) => Some(self.selector(node)?),
            None => None,
        };
        let plain = match keys.take("type") {
            Some(node) => Some(self.plain(keys, node, options)?),
            None => None,
        };
        match (selector, plain) {
            (Some(selector), plain) => Some(Kind::Selector { selector, convert: plain.map(converting) }),
            (None, Some(plain)) => Some(Kind::Plain(plain)),
            (None, None) => {
                self.report(NO_TYPE, node.span, &format!("field `{name}` needs `type`, `selector`, or `section` with `fields`"));
                None
            }
        }
    }

    fn plain(&mut self, keys: &mut Keys<'_>, node: &Node, options: Options) -> Option<Plain> {
        let name = node.as_str().unwrap_or_default();
        let least = |least: i64| Some((Number::from(least), true));
        let mut plain = Plain::new(match name {
            "string" | "text" => Base::String,
            "strict_string" => Base::StrictString,
            "integer" => Base::Integer,
            "float" | "number" => Base::Float,
            "coerced_integer" | "positive_integer" | "port" | "byte" => Base::CoerceInteger,
            "coerced_float" | "positive_float" | "small_float" => Base::CoerceFloat,
            "boolean" => Base::Boolean,
            "strict_boolean" => Base::StrictBoolean,
            "coerced_string" => Base::CoerceString,
            "date" => Base::Date,
            "datetime" => Base::Datetime,
            "constant" => match keys.take("value") {
                Some(value) => Base::Constant(value.to_json()),
                None => {
                    self.expected(node, "`value` beside `type: constant`");
                    return None;
                }
            },
            "select" if keys.has("enum") => {
                let name = keys.take("enum").and_then(|node| node.as_str().map(str::to_owned)).unwrap_or_default();
                Base::Enumeration(name, options)
            }
            "select" => Base::Select(options),
            "multi_select" => Base::MultiSelect(options),
            "time_period" => Base::TimePeriod,
            _ => {
                let similar = suggest(name, TYPES).map(|name| format!("did you mean `{name}`?"));
                self.report(UNKNOWN_TYPE, node.span, &format!("there is no type `{name}`; expected {}", listed(&TYPES)))
                    .maybe_hint(similar);
                return None;
            }
        });
        match name {
            "positive_integer" | "positive_float" => plain.min = least(0),
            "small_float" => (plain.min, plain.max) = (least(0), least(1)),
            "port" => (plain.min, plain.max) = (least(1), least(65535)),
            "byte" => (plain.min, plain.max) = (least(0), least(255)),
            _ => {}
        }
        for (key, text) in [
            ("strip", Text::Strip),
            ("lower", Text::Lower),
            ("upper", Text::Upper),
            ("capitalize", Text::Capitalize),
            ("title", Text::Title),
        ] {
            if let Some(node) = keys.take(key) {
                self.only_for(matches!(plain.base, Base::String | Base::StrictString | Base::CoerceString), node, key, "texts");
                if self.boolean(node) {
                    plain.text = Some(text);
                }
            }
        }
        let is_number = matches!(plain.base, Base::Integer | Base::Float | Base::CoerceInteger | Base::CoerceFloat);
        for (key, is_least, included) in
            [("min", true, true), ("above", true, false), ("max", false, true), ("below", false, false)]
        {
            let Some(node) = keys.take(key) else { continue };
            self.only_for(is_number, node, key, "numbers");
            match node.to_json() {
                serde_json::Value::Number(number) if is_least => plain.min = Some((number, included)),
                serde_json::Value::Number(number) => plain.max = Some((number, included)),
                _ => self.expected(node, "a number"),
            }
        }
        let (least, greatest) = (keys.peek("min").or(keys.peek("above")), keys.peek("max").or(keys.peek("below")));
        if let (Some(least), Some(greatest)) = (least, greatest)
            && !self.range(least, greatest)
        {
            (plain.min, plain.max) = (None, None);
        }
        if is_number && (plain.min.is_some() || plain.max.is_some()) {
            // A range goes with a conversion, as in Home Assistant.
            plain.base =
                if matches!(plain.base, Base::Float | Base::CoerceFloat) { Base::CoerceFloat } else { Base::CoerceInteger };
        }
        plain.shape = self.shape(keys);
        plain.clamp = keys.take("clamp").is_some_and(|node| self.boolean(node));
        plain.message = keys.take("message").and_then(|node| node.as_str().map(str::to_owned));
        plain.nullable = keys.take("nullable").is_some_and(|node| self.boolean(node));
        if let Some(node) = keys.take("length")
            && let Some(mut keys) = self.keys(node, "`length`", &["min", "max"])
        {
            let mut edge = |key: &str| keys.take(key);
            let (least, greatest) = (edge("min"), edge("max"));
            let mut number = |node: Option<&Node>| {
                let node = node?;
                let number = node.to_json().as_u64().and_then(|number| usize::try_from(number).ok());
                if number.is_none() {
                    self.expected(node, "a whole number from 0");
                }
                number
            };
            plain.length = (number(least), number(greatest));
            if let (Some(least), Some(greatest)) = (least, greatest) {
                self.range(least, greatest);
            }
        }
        Some(plain)
    }

    /// `match`, `url` and `email`: what a text has to look like.
    fn shape(&mut self, keys: &mut Keys<'_>) -> Option<Shape> {
        for (key, shape) in [("url", Shape::Url), ("email", Shape::Email)] {
            if keys.take(key).is_some_and(|node| self.boolean(node)) {
                return Some(shape);
            }
        }
        let node = keys.take("match")?;
        match regex::Regex::new(node.as_str().unwrap_or_default()) {
            Ok(pattern) => Some(Shape::Matches(pattern)),
            Err(_) => {
                self.expected(node, "a regular expression");
                None
            }
        }
    }

    fn only_for(&mut self, fits: bool, node: &Node, key: &str, what: &str) {
        if !fits {
            self.report(KEY_NOT_HERE, node.span, &format!("`{key}` is for {what}"));
        }
    }

    pub(super) fn selector(&mut self, node: &Node) -> Option<Selector> {
        let NodeValue::Map(entries) = &node.value else {
            self.expected(node, "a selector: `{KIND: {settings}}`");
            return None;
        };
        let [(key, settings)] = entries.as_slice() else {
            self.expected(node, "one selector: `{KIND: {settings}}`");
            return None;
        };
        let kind = self.key_text(key)?;
        if !SELECTORS.contains(&kind.as_str()) {
            let similar = suggest(&kind, SELECTORS).map(|name| format!("did you mean `{name}`?"));
            self.report(UNKNOWN_SELECTOR, key.span, &format!("there is no selector `{kind}`")).maybe_hint(similar);
            return None;
        }
        let settings = &self.settings(&kind, settings);
        let settings = match settings.to_json() {
            serde_json::Value::Object(map) => map,
            serde_json::Value::Null => serde_json::Map::new(),
            _ => {
                self.expected(settings, "the settings of the selector, as a map");
                return None;
            }
        };
        Some(Selector::new(&kind, settings))
    }
}

/// A type beside a selector converts: the number selector gives `2.0`, and `type: integer` makes it 2.
fn converting(plain: Plain) -> Plain {
    let base = match plain.base {
        Base::Integer => Base::CoerceInteger,
        Base::Float => Base::CoerceFloat,
        Base::StrictString => Base::CoerceString,
        other => other,
    };
    Plain { base, ..plain }
}
