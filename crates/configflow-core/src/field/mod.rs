//! Fields: what a form asks for, how an answer is checked, and how the form looks on the wire.
//!
//! Semantics and texts are Home Assistant's, as recorded. A secret is never serialised: neither as default nor as suggestion.

mod automation;
mod dictionary;
mod fault;
mod form;
mod jinja;
mod kind;
mod marker;
mod moment;
mod nested;
mod options;
mod plain;
mod python;
mod selector;

use std::borrow::Cow;
use std::sync::Arc;

use crate::Value;

pub use fault::Invalid;
pub use form::{Extra, Unshowable, serialize, validate};
pub use kind::{Kind, Section};
pub use marker::Marker;
pub use options::Options;
pub use plain::{Base, Plain, Shape, Text};
pub use selector::{SELECTORS, Selector};

/// A value as Python prints it (`repr`), which texts of Home Assistant quote it in.
#[must_use]
pub fn printed(value: &Value) -> String {
    python::repr(value)
}

/// A field as it is defined.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Arc<str>,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be answered.
    pub required: bool,
    /// Whether its answer must not be shown.
    pub secret: bool,
    /// Whether its answer is not among `answers`.
    pub transient: bool,
    /// Whether only clients that show advanced fields get it.
    pub advanced: bool,
    /// What fills in for a missing answer.
    pub default: Option<Value>,
    /// What is shown but not filled in; null is shown as null.
    pub suggested: Option<Value>,
    /// How it is marked, where that is neither required nor optional.
    pub marker: Marker,
    /// What the wire says of it beside its label: a text, or a map that gets the suggestion too.
    pub description: Option<Value>,
}

impl Field {
    /// A field of a kind, optional and with nothing else said.
    #[must_use]
    pub fn new(name: &str, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            required: false,
            secret: false,
            transient: false,
            advanced: false,
            default: None,
            suggested: None,
            marker: Marker::Usual,
            description: None,
        }
    }

    /// The section, where it is one.
    #[must_use]
    pub fn section(&self) -> Option<&Section> {
        match &self.kind {
            Kind::Section(section) => Some(section),
            _ => None,
        }
    }

    /// Whether it, or a field inside it, is secret.
    #[must_use]
    pub fn holds_secret(&self) -> bool {
        self.secret || self.section().is_some_and(|section| section.fields.iter().any(|field| field.holds_secret()))
    }

    /// The options to choose from, where there are some.
    #[must_use]
    pub fn options(&self) -> Option<&Options> {
        self.kind.options()
    }

    /// Whether there are options to choose from.
    #[must_use]
    pub fn has_options(&self) -> bool {
        self.kind.options().is_some()
    }
}

/// A field as one form shows it: its definition with what this showing computed.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// The definition.
    pub field: &'a Field,
    /// Whether it must be answered here.
    pub required: bool,
    /// What fills in for a missing answer here.
    pub default: Option<Cow<'a, Value>>,
    /// What is shown but not filled in here.
    pub suggested: Option<Cow<'a, Value>>,
    /// Whether the step as a whole suggests it: the suggestion is then all that is said of the field, as in Home Assistant.
    pub suggested_by_step: bool,
    /// What it takes here, where that is computed for this showing.
    pub kind: Option<Box<Kind>>,
    /// Options computed for this showing.
    pub options: Option<Cow<'a, Options>>,
    /// The fields of a section.
    pub section: Vec<Shown<'a>>,
}

impl<'a> Shown<'a> {
    /// A field shown as it is defined.
    #[must_use]
    pub fn of(field: &'a Field) -> Self {
        let inner = field.section().into_iter().flat_map(|section| &section.fields);
        Self {
            field,
            required: field.required,
            default: field.default.as_ref().map(Cow::Borrowed),
            suggested: field.suggested.as_ref().map(Cow::Borrowed),
            suggested_by_step: false,
            kind: None,
            options: None,
            section: inner.map(|field| Self::of(field)).collect(),
        }
    }

    /// What it takes here.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        self.kind.as_deref().unwrap_or(&self.field.kind)
    }

    /// The options of this showing.
    #[must_use]
    pub fn options(&self) -> Option<&Options> {
        self.options.as_deref().or_else(|| self.kind().options())
    }

    /// A stored secret stands behind the field: it is not sent, and a blank answer keeps it.
    pub(super) fn keeps_secret(&self) -> bool {
        self.field.secret && self.default.is_some()
    }
}
