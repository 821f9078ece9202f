//! Signatures of actions: what each takes, gives, and can fail with.
//!
//! The checker reads them before anything runs; the engine implements the actions. Built-in ones are declared in
//! [`builtin`], an embedder's in Rust or under `actions:` of the file.

mod builtin;

use std::sync::Arc;

pub use builtin::{RESERVED_NAMESPACES, builtin, builtins};

/// What the checker and the machine know of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// `namespace.name`.
    pub name: String,
    /// One sentence for documentation.
    pub summary: String,
    /// Its parameters.
    pub takes: Vec<Parameter>,
    /// The shape of its result.
    pub gives: Shape,
    /// The codes with which it can fail.
    pub fails: Vec<FailureCode>,
    /// Whether it may run twice.
    pub repeat: Repeat,
    /// Whether it needs the `account:` of the file.
    pub account: bool,
}

impl Signature {
    /// The parameter of this name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.takes.iter().find(|parameter| parameter.name == name)
    }

    /// The failure of this code.
    #[must_use]
    pub fn failure(&self, code: &str) -> Option<&FailureCode> {
        self.fails.iter().find(|failure| failure.code == code)
    }
}

/// A parameter of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: ValueKind,
    /// Whether a call must give it.
    pub required: bool,
}

/// The type of a parameter or of a result's field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueKind {
    /// Any value.
    Any,
    /// A text.
    String,
    /// A text that must not be shown.
    Secret,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    List,
    /// A map.
    Map,
    /// One of these texts.
    OneOf(Vec<String>),
}

impl ValueKind {
    /// The kind of this name in `actions:`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "any" => Self::Any,
            "string" => Self::String,
            "secret" => Self::Secret,
            "integer" => Self::Integer,
            "number" | "float" => Self::Number,
            "boolean" => Self::Boolean,
            "list" => Self::List,
            "map" => Self::Map,
            _ => return None,
        })
    }

    /// The names that [`ValueKind::named`] knows.
    pub const NAMES: [&'static str; 8] = ["any", "string", "secret", "integer", "number", "boolean", "list", "map"];
}

/// What an action gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// A map with exactly these fields.
    Fields(Vec<(String, ValueKind)>),
    /// A map whose fields are the keys of the parameter of this name (`extract` of `http.request`).
    KeysOf(String),
    /// A list.
    List,
    /// A map of unknown keys.
    Open,
}

/// A way to fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureCode {
    /// The code.
    pub code: String,
    /// The fields that `failure` has then, beside `code`.
    pub fields: Vec<String>,
}

/// Whether an action may run again after a crash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It may.
    Repeatable,
    /// It may not: an intent is durable before it runs, and after a crash it fails with `interrupted`.
    Once,
}

/// A registry of signatures: the built-in ones and an embedder's.
#[derive(Debug, Clone, Default)]
pub struct Signatures {
    own: Vec<Arc<Signature>>,
}

impl Signatures {
    /// Adds an embedder's action. A later one of the same name replaces an earlier one.
    pub fn register(&mut self, signature: Signature) {
        self.own.retain(|known| known.name != signature.name);
        self.own.push(Arc::new(signature));
    }

    /// The signature of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<Signature>> {
        self.own.iter().find(|known| known.name == name).cloned().or_else(|| builtin(name))
    }

    /// Every name that there is.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.own.iter().map(|own| own.name.as_str()).chain(builtins().iter().map(|built_in| built_in.name.as_str()))
    }
}
