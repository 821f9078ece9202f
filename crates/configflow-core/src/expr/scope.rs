//! What the names in an expression mean.
//!
//! A scope asks its [`Source`] for a name only when an expression reads it, so that a condition over one field does not
//! pay for the whole entry.

use std::fmt;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::expression::EvalError;
use super::json::{from_json, omit};
use crate::{Map, Name};

/// Where a scope's names come from.
pub trait Source: Send + Sync + 'static {
    /// The value of a name, `None` where the language does not have it here.
    ///
    /// # Errors
    /// Where the value is computed, and that fails.
    fn resolve(&self, name: &str, scope: &Scope) -> Result<Option<Value>, EvalError>;

    /// The value of a name where it is held as JSON: the same that [`Source::resolve`] gives.
    fn json(&self, _name: &str) -> Option<&serde_json::Value> {
        None
    }
}

/// The names of one evaluation. Cloning is cheap.
#[derive(Clone)]
pub struct Scope(Arc<Names>);

struct Names {
    source: Arc<dyn Source>,
    locals: Vec<(Name, Value)>,
    depth: u8,
}

/// How deep formulas under `let:` may use each other.
const MAX_DEPTH: u8 = 32;

impl Scope {
    /// A scope over a source.
    #[must_use]
    pub fn new(source: Arc<dyn Source>) -> Self {
        Self(Arc::new(Names { source, locals: Vec::new(), depth: 0 }))
    }

    /// A scope whose names are the keys of a map; for texts of documentation, tests and translations.
    #[must_use]
    pub fn of_map(map: Map) -> Self {
        Self::new(Arc::new(map))
    }

    /// This scope with one more name, which hides another of the same name: `item`, `key`, the `as` of an `each`.
    #[must_use]
    pub fn with(&self, name: &str, value: &serde_json::Value) -> Self {
        let mut locals = self.0.locals.clone();
        locals.push((name.into(), from_json(value)));
        Self(Arc::new(Names { source: Arc::clone(&self.0.source), locals, depth: self.0.depth }))
    }

    /// This scope for a formula inside a formula.
    ///
    /// # Errors
    /// Where they are nested too deep to be meant.
    pub fn deeper(&self, formula: &str) -> Result<Self, EvalError> {
        let depth = self.0.depth + 1;
        if depth > MAX_DEPTH {
            return Err(EvalError { expression: formula.to_owned(), reason: "formulas use each other too deep".to_owned() });
        }
        Ok(Self(Arc::new(Names { source: Arc::clone(&self.0.source), locals: self.0.locals.clone(), depth })))
    }

    /// The value of a name.
    ///
    /// # Errors
    /// Where it is a formula, and that fails.
    pub fn resolve(&self, name: &str) -> Result<Option<Value>, EvalError> {
        if let Some((_, value)) = self.0.locals.iter().rev().find(|(local, _)| &**local == name) {
            return Ok(Some(value.clone()));
        }
        if name == "omit" {
            return Ok(Some(omit()));
        }
        self.0.source.resolve(name, self)
    }

    /// The value of a name where its source holds it as JSON.
    pub(super) fn json(&self, name: &str) -> Option<&serde_json::Value> {
        let hidden = name == "omit" || self.0.locals.iter().any(|(local, _)| &**local == name);
        if hidden { None } else { self.0.source.json(name) }
    }

    pub(super) fn context(&self) -> Value {
        Value::from_object(self.clone())
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope")
    }
}

impl Object for Scope {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Map
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        // A value that is an error fails whatever is done with it.
        self.resolve(key).unwrap_or_else(|error| Some(error.into_jinja().into()))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

impl Source for Map {
    fn resolve(&self, name: &str, _: &Scope) -> Result<Option<Value>, EvalError> {
        Ok(self.get(name).map(from_json))
    }

    fn json(&self, name: &str) -> Option<&serde_json::Value> {
        self.get(name)
    }
}

pub(crate) use super::state_source::StateSource;
