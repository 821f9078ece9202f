//! The expressions that most conditions are, evaluated on the JSON itself: names, text literals, `and`, `or`, `not`, `==` and `!=`
//! with a text, `is none`, `a if b else c`.
//!
//! Every other expression is the template engine's. What stands here means what it means there: a test compares the two over
//! random expressions.

use std::collections::BTreeSet;

use minijinja::Value as Jinja;

use super::expression::EvalError;
use super::json::{from_json, omit};
use super::path::Path;
use super::scope::Scope;
use super::words::{Words, words};
use crate::Value;

/// A simple expression.
pub(super) enum Simple {
    Path(Path),
    Text(String),
    Not(Box<Simple>),
    And(Box<Simple>, Box<Simple>),
    Or(Box<Simple>, Box<Simple>),
    /// `==` with a text; `!=` where negated.
    Is {
        value: Path,
        text: String,
        negated: bool,
    },
    /// `is none`; `is not none` where negated.
    IsNone {
        value: Path,
        negated: bool,
    },
    If {
        condition: Box<Simple>,
        then: Box<Simple>,
        otherwise: Box<Simple>,
    },
}

/// How deep an expression may be nested to be simple.
const MAX_DEPTH: u8 = 16;

impl Simple {
    /// The expression, where it is simple.
    pub(super) fn of(source: &str) -> Option<Self> {
        let mut words = words(source)?;
        let simple = choice(&mut words, MAX_DEPTH)?;
        words.is_at_end().then_some(simple)
    }

    /// What it names, in the form of [`super::Expr::names`].
    pub(super) fn names(&self, names: &mut BTreeSet<String>) {
        match self {
            Self::Path(path) | Self::Is { value: path, .. } | Self::IsNone { value: path, .. } => {
                _ = names.insert(path.to_string())
            }
            Self::Text(_) => {}
            Self::Not(value) => value.names(names),
            Self::And(one, other) | Self::Or(one, other) => {
                one.names(names);
                other.names(names);
            }
            Self::If { condition, then, otherwise } => {
                condition.names(names);
                then.names(names);
                otherwise.names(names);
            }
        }
    }

    /// Its value for the template engine; undefined where it is not there.
    pub(super) fn eval(&self, scope: &Scope) -> Result<Jinja, EvalError> {
        match self {
            Self::Path(path) => path.eval(scope),
            other => Ok(other.eval_json(scope)?.map_or_else(omit, |value| from_json(&value))),
        }
    }

    /// Its value as JSON; `None` where it is `{{ omit }}`.
    pub(super) fn eval_json(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        match self {
            Self::Path(path) => path.eval_json(scope),
            Self::Text(text) => Ok(Some(Value::String(text.clone()))),
            Self::Not(_) | Self::Is { .. } | Self::IsNone { .. } => Ok(Some(Value::Bool(self.holds(scope)?))),
            Self::And(one, other) => if one.holds(scope)? { other } else { one }.eval_json(scope),
            Self::Or(one, other) => if one.holds(scope)? { one } else { other }.eval_json(scope),
            Self::If { condition, then, otherwise } => if condition.holds(scope)? { then } else { otherwise }.eval_json(scope),
        }
    }

    /// Whether its value is true, by Jinja's idea of truth.
    pub(super) fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        Ok(match self {
            Self::Path(path) => path.holds(scope)?,
            Self::Text(text) => !text.is_empty(),
            Self::Not(value) => !value.holds(scope)?,
            Self::And(one, other) => one.holds(scope)? && other.holds(scope)?,
            Self::Or(one, other) => one.holds(scope)? || other.holds(scope)?,
            Self::Is { value, text, negated } => value.is_text(scope, text)? != *negated,
            Self::IsNone { value, negated } => value.is_none(scope)? != *negated,
            Self::If { condition, then, otherwise } => if condition.holds(scope)? { then } else { otherwise }.holds(scope)?,
        })
    }
}

/// `a if b else c`, the weakest.
fn choice(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    let then = either(words, depth)?;
    if !words.take("if") {
        return Some(then);
    }
    let condition = either(words, depth)?;
    let otherwise = if words.take("else") { choice(words, depth.checked_sub(1)?)? } else { return None };
    Some(Simple::If { condition: condition.into(), then: then.into(), otherwise: otherwise.into() })
}

fn either(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    let mut one = both(words, depth)?;
    while words.take("or") {
        one = Simple::Or(one.into(), both(words, depth)?.into());
    }
    Some(one)
}

fn both(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    let mut one = negation(words, depth)?;
    while words.take("and") {
        one = Simple::And(one.into(), negation(words, depth)?.into());
    }
    Some(one)
}

fn negation(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    if words.take("not") {
        return Some(Simple::Not(negation(words, depth.checked_sub(1)?)?.into()));
    }
    comparison(words, depth)
}

/// One comparison at most: in a chain, each means something else.
fn comparison(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    let value = primary(words, depth)?;
    let negated = words.next_is("!=");
    if negated || words.next_is("==") {
        words.skip();
        let Simple::Path(value) = value else { return None };
        let text = words.text()?;
        return words.ends_operand().then_some(Simple::Is { value, text, negated });
    }
    if words.take("is") {
        let negated = words.take("not");
        let Simple::Path(value) = value else { return None };
        // A name behind a test is its argument, even `if`.
        let is_none = words.take("none") && !words.next_is("if");
        return (is_none && words.ends_operand()).then_some(Simple::IsNone { value, negated });
    }
    words.ends_operand().then_some(value)
}

fn primary(words: &mut Words<'_>, depth: u8) -> Option<Simple> {
    if words.take("(") {
        let inside = choice(words, depth.checked_sub(1)?)?;
        return words.take(")").then_some(inside);
    }
    match words.text() {
        Some(text) => Some(Simple::Text(text)),
        None => Path::of(words.name()?).map(Simple::Path),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::expr::Expr;

    #[test]
    fn simple_expressions_are_told_from_others() {
        for simple in [
            "host",
            "not host",
            "host == 'bad'",
            "context.source != \"reauth\"",
            "basic and not shared",
            "(a or b) and c is none",
            "'x' if a else 'y' if b else c",
            "a is not none or b == ''",
            "not a == 'x'",
        ] {
            assert!(Simple::of(simple).is_some(), "{simple}");
        }
        for other in [
            "a == 1",
            "a == b",
            "'a' == 'a'",
            "a < 'b'",
            "a ~ 'b'",
            "a | length",
            "a is defined",
            "a == 'x' == 'y'",
            "a 'b'",
            "a if b",
            "not",
            "a and",
            "(a",
            "a)",
            "a is none is none",
            "'it\\'s' == a",
            "a == 'x\\n'",
            "a in b",
            "true",
            "none",
            "a == none",
            "a.b()",
            "a['b']",
            "a[0]",
            "",
            "a if b else",
            "f(a)",
            "a == 'x'.y",
            "'a'.b",
        ] {
            assert!(Simple::of(other).is_none(), "{other}");
        }
        let deep = format!("{}a{}", "(".repeat(100), ")".repeat(100));
        assert!(Simple::of(&deep).is_none());
    }

    fn expression() -> impl Strategy<Value = String> {
        let path = prop::sample::select(vec![
            "text", "empty", "zero", "one", "no", "yes", "nothing", "list", "map", "deep.a", "deep.a.b", "gone", "gone.x",
            "text.x", "omit",
        ]);
        let text = prop::sample::select(vec!["''", "'x'", "\"x\"", "'true'", "'0'", "'a b'"]);
        let leaf = prop_oneof![
            3 => path.clone().prop_map(str::to_owned),
            1 => text.clone().prop_map(str::to_owned),
            2 => (path.clone(), prop::sample::select(vec!["==", "!="]), text).prop_map(|(a, is, b)| format!("{a} {is} {b}")),
            1 => (path, prop::sample::select(vec!["is none", "is not none"])).prop_map(|(a, is)| format!("{a} {is}")),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                inner.clone().prop_map(|a| format!("not {a}")),
                inner.clone().prop_map(|a| format!("({a})")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
                (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
                (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("{a} if {b} else {c}")),
            ]
        })
    }

    proptest! {
        #[test]
        fn they_mean_what_the_template_engine_means(source in expression()) {
            let names = json!({
                "text": "x", "empty": "", "zero": 0, "one": 1.0, "no": false, "yes": true, "nothing": null, "list": [], "map": {"a": 1},
                "deep": {"a": {"b": "true"}},
            });
            let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
            let Ok(jinja) = Expr::compile_by_jinja(&source) else {
                prop_assert!(Simple::of(&source).is_none(), "{}", &source);
                return Ok(());
            };
            if let Some(simple) = Simple::of(&source) {
                prop_assert_eq!(simple.eval_json(&scope), jinja.eval_json(&scope), "{}", &source);
                prop_assert_eq!(simple.holds(&scope), jinja.holds(&scope), "{}", &source);
                let mut named = BTreeSet::new();
                simple.names(&mut named);
                prop_assert_eq!(named, jinja.names(), "{}", &source);
            } else {
                // Only what is nested too deep, or compares what is no name, is left to the template engine.
                prop_assert!(source.contains("=") || source.contains("is ") || source.len() > 100, "{}", &source);
            }
        }
    }
}
