//! Whether the parts of a field fit each other: its range, its options, its section.

use configflow_core::definition::FormField;
use configflow_core::field::{Base, Kind, Options};

use super::{LoweredField, NESTED, NO_OPTIONS, RANGE};
use crate::lower::Lowering;
use crate::lower::names::TWICE;
use crate::node::{Node, NodeValue, Span};

impl Lowering<'_> {
    /// Whether the least value is not above the greatest.
    pub(super) fn range(&mut self, least: &Node, greatest: &Node) -> bool {
        let number = |node: &Node| match node.value {
            NodeValue::Int(_) | NodeValue::Float(_) => node.to_json().as_f64(),
            _ => None,
        };
        if let (Some(min), Some(max)) = (number(least), number(greatest))
            && min > max
        {
            self.report(
                RANGE,
                greatest.span,
                &format!("no value is at least {} and at most {}", least.to_json(), greatest.to_json()),
            );
            return false;
        }
        true
    }

    /// No option may be there twice; one with a label has a value and nothing else.
    pub(super) fn distinct(&mut self, options: &Node) {
        let NodeValue::List(items) = &options.value else { return };
        let mut seen: Vec<serde_json::Value> = Vec::new();
        for item in items {
            if matches!(item.value, NodeValue::Map(_))
                && let Some(mut keys) = self.keys(item, "an option", &["value", "label"])
            {
                keys.require(self, "value", "what is stored");
                keys.require(self, "label", "what is shown");
            }
            let value = item.get("value").unwrap_or(item).to_json();
            if seen.contains(&value) {
                self.report(TWICE, item.span, &format!("the option {value} is there already"));
            }
            seen.push(value);
        }
    }

    /// A section stands in a form, not in another section.
    pub(super) fn no_section(&mut self, inner: &LoweredField, key: &Node) {
        if inner.is_section() {
            self.report(NESTED, key.span, "a section cannot stand inside another one: Home Assistant does not show that");
        }
    }

    /// A choice that is shown has something to choose from.
    pub(crate) fn choosable(&mut self, field: &FormField, defined: Span) {
        let none = match &field.field.kind {
            Kind::Plain(plain) => match &plain.base {
                Base::Select(options) | Base::MultiSelect(options) | Base::Enumeration(_, options) => is_empty(options),
                _ => false,
            },
            Kind::Selector { selector, .. } if selector.kind() == "select" => {
                let settings = selector.settings();
                let given = settings.get("options");
                settings.get("custom_value") != Some(&serde_json::Value::Bool(true))
                    && given.is_none_or(|options| is_empty(&Options::from_value(options)))
            }
            _ => false,
        };
        if none && field.options.is_none() && field.settings.is_none() && !self.in_library {
            self.report(NO_OPTIONS, defined, &format!("field `{}` is a choice without options", field.field.name))
                .hint("give it `options:`, here or in the form");
        }
    }
}

fn is_empty(options: &Options) -> bool {
    options.pairs().next().is_none()
}
