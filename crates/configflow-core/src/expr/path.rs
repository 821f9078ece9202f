//! A name, or a name with attributes: `host`, `entry.data.host`. Most expressions of a dialog are no more than that.
//!
//! They are looked up in the JSON itself: nothing is compiled, and nothing converted to the values of the template engine and
//! back. What is not there is none, as in every expression.

use std::fmt;

use minijinja::Value as Jinja;

use super::expression::EvalError;
use super::json::{from_json, json_or_omit};
use super::scope::Scope;
use crate::Value;

/// Words of Jinja that are no names.
const WORDS: [&str; 12] = ["true", "false", "none", "True", "False", "None", "not", "and", "or", "in", "is", "if"];

/// A name and the attributes read from it.
pub(super) struct Path {
    name: Box<str>,
    keys: Box<[Box<str>]>,
}

impl Path {
    /// The path that an expression is, where it is one.
    pub(super) fn of(source: &str) -> Option<Self> {
        let (name, keys) = match source.split_once('.') {
            Some((name, keys)) => (name, keys.split('.').map(Box::from).collect()),
            None => (source, Vec::new()),
        };
        let is_path = is_name(name) && !WORDS.contains(&name) && name != "else" && keys.iter().all(|key| is_name(key));
        is_path.then(|| Self { name: name.into(), keys: keys.into() })
    }

    /// Its value for the template engine; undefined where it is not there.
    ///
    /// # Errors
    /// Where the name is a formula, and that fails.
    pub(super) fn eval(&self, scope: &Scope) -> Result<Jinja, EvalError> {
        if let Some(found) = self.find(scope) {
            return Ok(found.map_or(Jinja::UNDEFINED, from_json));
        }
        let mut value = scope.resolve(&self.name)?.unwrap_or_default();
        for key in &self.keys {
            value = value.get_attr(key).unwrap_or_default();
        }
        Ok(value)
    }

    /// Its value as JSON; `None` where it is `{{ omit }}`.
    pub(super) fn eval_json(&self, scope: &Scope) -> Result<Option<Value>, EvalError> {
        match self.find(scope) {
            Some(found) => Ok(Some(found.cloned().unwrap_or_default())),
            None => json_or_omit(&self.eval(scope)?).map_err(|error| EvalError { expression: self.to_string(), ..error }),
        }
    }

    /// Whether its value is true, by Jinja's idea of truth.
    pub(super) fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        match self.find(scope) {
            Some(found) => Ok(found.is_some_and(is_true)),
            None => Ok(self.eval(scope)?.is_true()),
        }
    }

    /// Whether its value is this text.
    pub(super) fn is_text(&self, scope: &Scope, text: &str) -> Result<bool, EvalError> {
        match self.find(scope) {
            Some(found) => Ok(found.is_some_and(|value| value == text)),
            None => Ok(self.eval(scope)?.as_str() == Some(text)),
        }
    }

    /// Whether it has no value.
    pub(super) fn is_none(&self, scope: &Scope) -> Result<bool, EvalError> {
        match self.find(scope) {
            Some(found) => Ok(found.is_none_or(Value::is_null)),
            None => Ok(self.eval(scope).map(|value| value.is_none() || value.is_undefined())?),
        }
    }

    /// Its value where the name is held as JSON: what is found there, or that nothing is.
    fn find<'s>(&self, scope: &'s Scope) -> Option<Option<&'s Value>> {
        let root = scope.json(&self.name)?;
        Some(self.keys.iter().try_fold(root, |value, key| value.get(&**key)))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.keys.iter().try_for_each(|key| write!(f, ".{key}"))
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expr::Expr;

    #[test]
    fn paths_are_told_from_other_expressions() {
        for path in ["host", "entry.data.host", "_a.b1.c", "includes.not_in"] {
            assert!(Path::of(path).is_some(), "{path}");
        }
        for other in ["true", "none", "not", "a b", "a.0", "a[0]", "a.b()", "1", "a|b", "", ".a", "a.", "a..b", "'a'", "ä"] {
            assert!(Path::of(other).is_none(), "{other}");
        }
    }

    /// Whatever a path finds, the template engine finds too; a pair of parentheses makes it no path.
    #[test]
    fn a_path_means_what_jinja_means() {
        let names = json!({
            "text": "x", "empty": "", "zero": 0, "float": 2.0, "large": u64::MAX, "negative": -1, "no": false, "yes": true, "nothing": null,
            "list": [], "full": [1, {"a": 1}], "map": {}, "deep": {"a": {"b": {"c": 2.5}}, "items": 1},
        });
        let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
        let sources =
            ["text", "empty", "zero", "float", "large", "negative", "no", "yes", "nothing", "list", "full", "map", "deep"];
        let deeper = [
            "deep.a",
            "deep.a.b",
            "deep.a.b.c",
            "deep.items",
            "deep.keys",
            "deep.x.y",
            "text.upper",
            "full.length",
            "gone",
            "gone.a",
        ];
        for source in sources.into_iter().chain(deeper) {
            let path = Expr::compile(source).expect("it compiles");
            let other = Expr::compile(&format!("({source})")).expect("it compiles");
            assert_eq!(path.eval_json(&scope), other.eval_json(&scope), "{source}");
            assert_eq!(path.holds(&scope), other.holds(&scope), "{source}");
            assert_eq!(path.names(), other.names(), "{source}");
            let shown = |expr: &Expr| expr.eval(&scope).map(|value| value.to_string());
            assert_eq!(shown(&path), shown(&other), "{source}");
        }
    }

    struct Failing;

    impl crate::expr::Source for Failing {
        fn resolve(&self, name: &str, _: &Scope) -> Result<Option<Jinja>, EvalError> {
            Err(EvalError { expression: format!("{name} + 1"), reason: "it fails".to_owned() })
        }
    }

    #[test]
    fn a_formula_that_fails_is_named() {
        let scope = Scope::new(std::sync::Arc::new(Failing));
        for source in ["formula", "formula.a", "(formula)", "formula or 1", "formula is none", "[formula]", "'x' ~ formula.a"] {
            let expr = Expr::compile(source).expect("it compiles");
            let error = expr.eval_json(&scope).expect_err(source);
            assert_eq!((error.expression.as_str(), error.reason.as_str()), ("formula + 1", "it fails"), "{source}");
            assert_eq!(expr.holds(&scope), Err(error), "{source}");
        }
    }

    #[test]
    fn a_local_name_goes_first() {
        let names = json!({"item": {"a": "outer"}});
        let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
        let inner = scope.with("item", &json!({"a": "inner"}));
        let path = Expr::compile("item.a").expect("it compiles");
        assert_eq!(path.eval_json(&scope), Ok(Some(json!("outer"))));
        assert_eq!(path.eval_json(&inner), Ok(Some(json!("inner"))));
        assert_eq!(Expr::compile("omit").map(|omit| omit.eval_json(&inner)), Ok(Ok(None)));
        assert!(path.holds(&inner).unwrap_or_default());
    }
}
