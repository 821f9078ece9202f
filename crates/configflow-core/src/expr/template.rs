//! A value with expressions in it: a text, a list or a map of the definition.
//!
//! A text that is exactly one `{{ … }}` keeps the type of the expression; any other is rendered to text, where none is
//! nothing.

use std::fmt::{self, Write};

use super::expression::{EvalError, Expr, ExprError, Expressions};
use super::json::{MOST_TEXT, is_omit, is_small};
use super::scope::Scope;
use crate::{Map, Value};

/// A compiled value.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// A value without an expression.
    Literal(Value),
    /// Exactly one expression; keeps its type.
    Expr(Expr),
    /// A text around expressions.
    Text(Vec<Segment>),
    /// A list.
    List(Vec<Template>),
    /// A map; a key whose value is `{{ omit }}` is left out.
    Map(Vec<(String, Template)>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Segment {
    /// As written.
    Literal(String),
    /// The text of an expression's value.
    Expr(Expr),
}

impl Template {
    /// Compiles one text.
    ///
    /// # Errors
    /// [`TextError`] with the byte offset in the text at which the fault begins.
    pub fn text(source: &str, expressions: &mut Expressions) -> Result<Self, TextError> {
        if !source.contains("{{") && !source.contains("{%") && !source.contains("{#") {
            return Ok(Self::Literal(Value::String(source.to_owned())));
        }
        let mut segments = Vec::new();
        for part in split_text(source)? {
            segments.push(match part {
                Part::Literal(text) => Segment::Literal(text.to_owned()),
                Part::Expr { source, offset } => {
                    Segment::Expr(expressions.compile(source).map_err(|error| TextError::Expr { offset, error })?)
                }
            });
        }
        Ok(match segments.as_slice() {
            [Segment::Expr(expr)] => Self::Expr(expr.clone()),
            _ => Self::Text(segments),
        })
    }

    /// Compiles every text inside a JSON value.
    ///
    /// # Errors
    /// As for [`Template::text`], at the first fault.
    pub fn value(value: &Value, expressions: &mut Expressions) -> Result<Self, TextError> {
        Ok(match value {
            Value::String(text) => Self::text(text, expressions)?,
            Value::Array(items) => {
                let items = items.iter().map(|item| Self::value(item, expressions)).collect::<Result<Vec<_>, _>>()?;
                Self::list(items)
            }
            Value::Object(map) => {
                let entries = map
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), Self::value(value, expressions)?)))
                    .collect::<Result<Vec<_>, _>>()?;
                Self::map(entries)
            }
            plain => Self::Literal(plain.clone()),
        })
    }

    /// A list; one of literals is a literal.
    #[must_use]
    pub fn list(items: Vec<Self>) -> Self {
        if items.iter().all(|item| matches!(item, Self::Literal(_))) {
            return Self::Literal(Value::Array(items.into_iter().filter_map(Self::into_literal).collect()));
        }
        Self::List(items)
    }

    /// A map; one of literals is a literal.
    #[must_use]
    pub fn map(entries: Vec<(String, Self)>) -> Self {
        if entries.iter().all(|(_, value)| matches!(value, Self::Literal(_))) {
            let map = entries.into_iter().filter_map(|(key, value)| Some((key, value.into_literal()?))).collect();
            return Self::Literal(Value::Object(map));
        }
        Self::Map(entries)
    }

    fn into_literal(self) -> Option<Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The value, where nothing in it is computed.
    #[must_use]
    pub fn as_literal(&self) -> Option<&Value> {
        match self {
            Self::Literal(value) => Some(value),
            _ => None,
        }
    }

    /// The value under a key of a map, where nothing in it is computed.
    #[must_use]
    pub fn literal_at(&self, key: &str) -> Option<&Value> {
        match self {
            Self::Literal(Value::Object(map)) => map.get(key),
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key)?.1.as_literal(),
            _ => None,
        }
    }

    /// Every expression in it.
    pub fn expressions(&self) -> Vec<&Expr> {
        match self {
            Self::Literal(_) => Vec::new(),
            Self::Expr(expr) => vec![expr],
            Self::Text(segments) => segments
                .iter()
                .filter_map(|segment| match segment {
                    Segment::Expr(expr) => Some(expr),
                    Segment::Literal(_) => None,
                })
                .collect(),
            Self::List(items) => items.iter().flat_map(Self::expressions).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, value)| value.expressions()).collect(),
        }
    }

    /// The value, or `None` where it is `{{ omit }}`.
    ///
    /// # Errors
    /// When one of its expressions fails.
    pub fn eval_or_omit(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        Ok(Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Expr(expr) => return expr.eval_json(scope),
            Self::Text(segments) => Value::String(render(segments, scope)?),
            Self::List(items) => {
                Value::Array(items.iter().filter_map(|item| item.eval_or_omit(scope).transpose()).collect::<Result<_, _>>()?)
            }
            Self::Map(entries) => {
                let mut map = Map::with_capacity(entries.len());
                for (key, value) in entries {
                    if let Some(value) = value.eval_or_omit(scope)? {
                        map.insert(key.clone(), value);
                    }
                }
                Value::Object(map)
            }
        }))
    }

    /// The value; `{{ omit }}` where no key can be left out is null.
    ///
    /// # Errors
    /// When one of its expressions fails.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        Ok(self.eval_or_omit(scope)?.unwrap_or(Value::Null))
    }

    /// The value as a text: a text itself, none as nothing, anything else as JSON shows it.
    ///
    /// # Errors
    /// When one of its expressions fails.
    pub fn eval_text(&self, scope: &Scope) -> Result<String, EvalError> {
        Ok(match self.eval(scope)? {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        })
    }

    /// The value as a map; anything but a map is an empty one.
    ///
    /// # Errors
    /// When one of its expressions fails.
    pub fn eval_map(&self, scope: &Scope) -> Result<Map, EvalError> {
        Ok(match self.eval(scope)? {
            Value::Object(map) => map,
            _ => Map::new(),
        })
    }
}

impl From<&str> for Template {
    /// A literal text: braces in it mean nothing.
    fn from(text: &str) -> Self {
        Self::Literal(Value::String(text.to_owned()))
    }
}

impl From<Value> for Template {
    fn from(value: Value) -> Self {
        Self::Literal(value)
    }
}

fn render(segments: &[Segment], scope: &Scope) -> Result<String, EvalError> {
    let mut text = Bounded(String::new());
    for segment in segments {
        match segment {
            Segment::Literal(literal) => text.0.push_str(literal),
            Segment::Expr(expr) => {
                let value = expr.eval(scope)?;
                let written = match value.as_str() {
                    Some(string) => text.write_str(string),
                    None if value.is_none() || is_omit(&value) => Ok(()),
                    // A lazy list is written to its end, whatever comes of it.
                    None if !is_small(&value) => Err(fmt::Error),
                    None => write!(text, "{value}"),
                };
                let too_long = || EvalError { expression: expr.source().to_owned(), reason: "its text is too long".to_owned() };
                written.map_err(|_| too_long())?;
            }
        }
    }
    Ok(text.0)
}

/// A text that takes only so much: a value may be shown as far more text than it takes itself.
struct Bounded(String);

impl Write for Bounded {
    fn write_str(&mut self, more: &str) -> fmt::Result {
        if self.0.len() + more.len() > MOST_TEXT {
            return Err(fmt::Error);
        }
        self.0.push_str(more);
        Ok(())
    }
}

/// A part of a text before it is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Text as written.
    Literal(&'a str),
    /// An expression, with the byte offset of its source in the text.
    Expr {
        /// What stands between the braces.
        source: &'a str,
        /// Where it begins.
        offset: usize,
    },
}

/// Splits a text at its `{{ … }}`. Braces and `}}` inside a Jinja text literal do not count.
///
/// # Errors
/// [`TextError`] for `{% … %}`, `{# … #}` and an expression that is not closed.
pub fn split_text(text: &str) -> Result<Vec<Part<'_>>, TextError> {
    let bytes = text.as_bytes();
    let (mut parts, mut literal, mut at) = (Vec::new(), 0, 0);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"{{" => {
                if literal < at {
                    parts.push(Part::Literal(&text[literal..at]));
                }
                let offset = at + 2;
                let end = end_of_expression(bytes, offset).ok_or(TextError::Unclosed { offset: at })?;
                parts.push(Part::Expr { source: &text[offset..end], offset });
                at = end + 2;
                literal = at;
            }
            b"{%" => return Err(TextError::Statement { offset: at }),
            b"{#" => return Err(TextError::Comment { offset: at }),
            _ => at += 1,
        }
    }
    if literal < text.len() {
        parts.push(Part::Literal(&text[literal..]));
    }
    Ok(parts)
}

fn end_of_expression(bytes: &[u8], mut at: usize) -> Option<usize> {
    let (mut quote, mut depth) = (None, 0_usize);
    while at < bytes.len() {
        let byte = bytes[at];
        match (quote, byte) {
            (Some(_), b'\\') => at += 1,
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Why a text cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TextError {
    /// `{% … %}`: the language has no statements.
    #[error("`{{% … %}}` is not part of the language")]
    Statement {
        /// Byte offset in the text.
        offset: usize,
    },
    /// `{# … #}`: comments are YAML's.
    #[error("`{{# … #}}` is not part of the language")]
    Comment {
        /// Byte offset in the text.
        offset: usize,
    },
    /// `{{` without `}}`.
    #[error("`{{{{` is not closed by `}}}}`")]
    Unclosed {
        /// Byte offset in the text.
        offset: usize,
    },
    /// What stands between the braces is no expression.
    #[error("{error}")]
    Expr {
        /// Byte offset of the expression in the text.
        offset: usize,
        /// What is wrong with it.
        error: ExprError,
    },
}

impl TextError {
    /// Where in the text the fault begins, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Self::Statement { offset } | Self::Comment { offset } | Self::Unclosed { offset } | Self::Expr { offset, .. } => {
                *offset
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn eval(text: &str) -> Value {
        let names = json!({"n": 2, "f": 2.0, "t": "x", "m": {"a": 1}, "nothing": null});
        let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
        let template = Template::text(text, &mut Expressions::default()).expect("compiles");
        template.eval(&scope).expect("evaluates")
    }

    #[test]
    fn sec_21_a_text_takes_only_so_much() {
        let scope = Scope::of_map(Map::new());
        for endless in ["a {{ [1] * 100000000 }}", "a {{ [['x' * 9000] * 9000] }}"] {
            let template = Template::text(endless, &mut Expressions::default()).expect("compiles");
            assert_eq!(template.eval(&scope).map_err(|error| error.reason), Err("its text is too long".to_owned()), "{endless}");
        }
    }

    #[test]
    fn one_expression_keeps_its_type_and_a_text_is_rendered() {
        assert_eq!(eval("{{ n }}"), json!(2));
        assert_eq!(eval("{{ f }}"), json!(2.0));
        assert_eq!(eval("{{ m }}"), json!({"a": 1}));
        assert_eq!(eval(" {{ n }}"), json!(" 2"));
        assert_eq!(eval("a{{ nothing }}b{{ t }}"), json!("abx"));
    }

    #[test]
    fn what_is_missing_is_none() {
        assert_eq!(eval("{{ m.b }}"), Value::Null);
        assert_eq!(eval("{{ m.b.c }}"), Value::Null);
        assert_eq!(eval("{{ m.b is none }}"), json!(true));
        assert_eq!(eval("{{ m.b or 'else' }}"), json!("else"));
    }

    #[test]
    fn braces_inside_text_literals_do_not_end_an_expression() {
        assert_eq!(eval("{{ '}}' }}"), json!("}}"));
        assert_eq!(eval("{{ {'a': {'b': 1}}.a.b }}"), json!(1));
        assert_eq!(eval("{{ '{{ 1 }}' }}"), json!("{{ 1 }}"));
    }

    #[test]
    fn omit_leaves_a_key_out() {
        let template =
            Template::value(&json!({"a": "{{ omit }}", "b": "{{ 1 }}"}), &mut Expressions::default()).expect("compiles");
        assert_eq!(template.eval(&Scope::of_map(Map::new())), Ok(json!({"b": 1})));
    }

    #[test]
    fn statements_are_refused_where_they_begin() {
        assert_eq!(split_text("ab{% if x %}"), Err(TextError::Statement { offset: 2 }));
        assert_eq!(split_text("ab{{ x"), Err(TextError::Unclosed { offset: 2 }));
    }
}
