//! The tree of a YAML file, with the place of everything in it.
//!
//! Lines and columns count from 1, columns in characters; byte ranges are for cutting the source. What stands behind an
//! alias carries both places: where it is used, and where it was written.

use serde_json::{Map, Number, Value};

/// A place in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// The byte behind the last.
    pub end: usize,
    /// First line, from 1.
    pub line: usize,
    /// First column, from 1, in characters.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// The column behind the last.
    pub end_column: usize,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// As a block (`|`, `>`).
    Block,
}

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: NodeValue,
    /// Where it is; for an alias, where it is used.
    pub span: Span,
    /// Where it was written, for an alias.
    pub defined: Option<Span>,
    /// How it was written, for a scalar.
    pub style: Style,
    /// Whether what was written and what it says are the same text, so that an offset in one is one in the other.
    pub verbatim: bool,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeValue {
    /// Nothing, `null` or `~`.
    Null,
    /// `true` or `false`, and nothing else: `no` is a text.
    Bool(bool),
    /// A whole number. One with a leading zero, or too large for this, is a text.
    Int(i64),
    /// A number.
    Float(f64),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map in the order of the file. A key that is there twice is here twice.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// The text of a text.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map.
    #[must_use]
    pub fn entries(&self) -> &[(Node, Node)] {
        match &self.value {
            NodeValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.entries().iter().find(|(key, _)| key.as_str() == Some(name)).map(|(_, value)| value)
    }

    /// What it is, for messages.
    #[must_use]
    pub fn kind_name(&self) -> &'static str {
        match self.value {
            NodeValue::Null => "nothing",
            NodeValue::Bool(_) => "`true` or `false`",
            NodeValue::Int(_) => "a whole number",
            NodeValue::Float(_) => "a number",
            NodeValue::String(_) => "a text",
            NodeValue::List(_) => "a list",
            NodeValue::Map(_) => "a map",
        }
    }

    /// The value as JSON. Keys that are no texts become texts.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Int(value) => Value::Number((*value).into()),
            NodeValue::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
            NodeValue::String(text) => Value::String(text.clone()),
            NodeValue::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            NodeValue::Map(entries) => {
                let entry = |(key, value): &(Self, Self)| {
                    let key = key.as_str().map_or_else(|| key.to_json().to_string(), str::to_owned);
                    (key, value.to_json())
                };
                Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
            }
        }
    }

    /// The place of what begins at a byte of the text, as far as it can be told: of a text with escapes or several lines it
    /// is the place of the whole.
    #[must_use]
    pub fn span_at(&self, offset: usize) -> Span {
        let Some(text) = self.as_str().filter(|text| self.verbatim && offset <= text.len()) else { return self.span };
        let Some(before) = text.get(..offset) else { return self.span };
        let quote = usize::from(self.style == Style::Quoted);
        let characters = before.chars().count();
        Span { start: self.span.start + quote + offset, column: self.span.column + quote + characters, ..self.span }
    }
}
