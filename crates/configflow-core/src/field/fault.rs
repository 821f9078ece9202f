//! What is wrong with an answer, as the wire says it.

use serde::{Serialize, Serializer};

use crate::{Map, Value};

/// An answer that does not fit its form: texts by field, and under `base` what belongs to no field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Invalid {
    /// Fields and what is wrong with each.
    Errors(Map),
    /// The answer is no map at all.
    NotADictionary,
}

impl Invalid {
    /// The answer is no map.
    #[must_use]
    pub fn not_a_dictionary() -> Self {
        Self::NotADictionary
    }

    /// A key that the form does not have.
    #[must_use]
    pub fn extra_key(key: &str) -> Self {
        let mut faults = Faults::default();
        faults.extra(&[Step::Key(key)]);
        faults.into_invalid()
    }

    /// A value that is none of the options.
    #[must_use]
    pub fn not_an_option(field: &str, options: &[&str]) -> Self {
        let mut sorted = options.to_vec();
        sorted.sort_unstable();
        let listed: Vec<String> = sorted.iter().map(|option| super::python::repr(&Value::from(*option))).collect();
        let text = format!("value must be one of [{}]", listed.join(", "));
        Self::Errors(Map::from_iter([(field.to_owned(), Value::String(text))]))
    }

    /// Texts by field, and a list of texts under `base`.
    #[must_use]
    pub fn errors(&self) -> Map {
        match self {
            Self::Errors(errors) => errors.clone(),
            Self::NotADictionary => Map::new(),
        }
    }

    /// The body of the 400 that says so.
    #[must_use]
    pub fn body(&self) -> Value {
        match self {
            Self::Errors(errors) => serde_json::json!({"errors": errors}),
            Self::NotADictionary => serde_json::json!({"message": "Message format incorrect: expected dict"}),
        }
    }
}

impl Serialize for Invalid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.body().serialize(serializer)
    }
}

/// A step of the way to a value.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'p> {
    Key(&'p str),
    Index(usize),
}

/// Faults while they are found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fields: Map,
    base: Vec<Value>,
}

impl Faults {
    /// A value is wrong.
    pub(super) fn value(&mut self, path: &[Step<'_>], text: &str) {
        let in_list = matches!(path.last(), Some(Step::Index(_)));
        self.add(path, text, if in_list { "" } else { " for dictionary value" });
    }

    /// A key that must be there is not, or the value as a whole has the wrong shape.
    pub(super) fn plain(&mut self, path: &[Step<'_>], text: &str) {
        self.add(path, text, "");
    }

    /// A key is not known; that is never beside a field, since there is none.
    pub(super) fn extra(&mut self, path: &[Step<'_>]) {
        self.base.push(Value::String(format!("extra keys not allowed @ {}", place(path))));
    }

    fn add(&mut self, path: &[Step<'_>], text: &str, what: &str) {
        match path {
            [Step::Key(field)] => _ = self.fields.entry(*field).or_insert_with(|| Value::String(text.to_owned())),
            _ => self.base.push(Value::String(format!("{text}{what} @ {}", place(path)))),
        }
    }

    /// What holds for the answer as a whole.
    pub(super) fn whole(&mut self, text: &str) {
        self.base.push(Value::String(text.to_owned()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.base.is_empty()
    }

    pub(super) fn into_invalid(mut self) -> Invalid {
        if !self.base.is_empty() {
            self.fields.insert("base".to_owned(), Value::Array(self.base));
        }
        Invalid::Errors(self.fields)
    }
}

fn place(path: &[Step<'_>]) -> String {
    let mut place = "data".to_owned();
    for step in path {
        match step {
            Step::Key(key) => place.push_str(&format!("[{}]", super::python::repr(&Value::from(*key)))),
            Step::Index(at) => place.push_str(&format!("[{at}]")),
        }
    }
    place
}
