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
        faults.extra(&Path::of(key));
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

/// The way to a value. Each part lives on the stack of whoever looks at it, so that a good answer costs nothing here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    step: Step<'p>,
}

impl<'p> Path<'p> {
    /// The way to a key of the answer.
    pub(super) fn of(key: &'p str) -> Self {
        Self { parent: None, step: Step::Key(key) }
    }

    /// The way on from here.
    pub(super) fn join(&'p self, step: Step<'p>) -> Self {
        Self { parent: Some(self), step }
    }

    /// The way to a key, from somewhere or from the answer itself.
    pub(super) fn to(parent: Option<&'p Self>, key: &'p str) -> Self {
        Self { parent, step: Step::Key(key) }
    }
}

/// Faults while they are found.
#[derive(Debug, Default)]
pub(super) struct Faults {
    fields: Map,
    base: Vec<Value>,
}

impl Faults {
    /// A value is wrong.
    pub(super) fn value(&mut self, path: &Path<'_>, text: &str) {
        let in_list = matches!(path.step, Step::Index(_));
        self.add(path, text, if in_list { "" } else { " for dictionary value" });
    }

    /// A value is wrong, and nothing was recorded that says how.
    pub(super) fn null(&mut self, path: &Path<'_>) {
        match path {
            Path { parent: None, step: Step::Key(field) } => _ = self.fields.entry(*field).or_insert(Value::Null),
            _ => self.base.push(Value::Null),
        }
    }

    /// A key that must be there is not, or the value as a whole has the wrong shape.
    pub(super) fn plain(&mut self, path: &Path<'_>, text: &str) {
        self.add(path, text, "");
    }

    /// A key is not known; that is never beside a field, since there is none.
    pub(super) fn extra(&mut self, path: &Path<'_>) {
        self.base.push(Value::String(format!("extra keys not allowed @ {}", place(path))));
    }

    fn add(&mut self, path: &Path<'_>, text: &str, what: &str) {
        match path {
            Path { parent: None, step: Step::Key(field) } => {
                _ = self.fields.entry(*field).or_insert_with(|| Value::String(text.to_owned()))
            }
            _ => self.base.push(Value::String(format!("{text}{what} @ {}", place(path)))),
        }
    }

    /// What is wrong with a group of fields.
    pub(super) fn group(&mut self, path: Option<&Path<'_>>, group: &str, text: &str) {
        let place = path.map_or_else(|| "data".to_owned(), place);
        self.base.push(Value::String(format!("{text} @ {place}[<{group}>]")));
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

fn place(path: &Path<'_>) -> String {
    let mut place = path.parent.map_or_else(|| "data".to_owned(), place);
    match path.step {
        Step::Key(key) => place.push_str(&format!("[{}]", super::python::repr(&Value::from(key)))),
        Step::Index(at) => place.push_str(&format!("[{at}]")),
    }
    place
}
