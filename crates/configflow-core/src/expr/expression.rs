//! A bare expression: compiled once, shared when two are equal, evaluated against a scope.

use std::collections::{BTreeSet, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use minijinja::{ErrorKind, Value};

use super::calls::wrong_call;
use super::environment::ENVIRONMENT;
use super::json::json_or_omit;
use super::scope::Scope;
use super::simple::Simple;
use super::slices;

/// The longest expression in bytes. Longer chains can exhaust the stack of the compiler.
pub const MAX_EXPRESSION: usize = 1024;

/// A compiled expression. Cloning shares it.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

struct Compiled {
    source: String,
    form: Form,
}

/// What an expression was compiled to.
enum Form {
    Simple(Simple),
    Jinja {
        expression: minijinja::Expression<'static, 'static>,
        /// The same with its slices as calls, where it has some: for its names.
        unsliced: Option<minijinja::Expression<'static, 'static>>,
    },
}

impl Expr {
    /// Compiles an expression.
    ///
    /// # Errors
    /// [`ExprError::TooLong`] above [`MAX_EXPRESSION`], [`ExprError::Syntax`] for what is no Jinja expression,
    /// [`ExprError::Unknown`] for a filter or test that the language does not have, and [`ExprError::Call`] for a call that must
    /// fail.
    pub fn compile(source: &str) -> Result<Self, ExprError> {
        let source = source.trim();
        if source.is_empty() {
            return Err(ExprError::Empty);
        }
        if source.len() > MAX_EXPRESSION {
            return Err(ExprError::TooLong { length: source.len() });
        }
        match Simple::of(source) {
            Some(simple) => Ok(Self(Arc::new(Compiled { source: source.to_owned(), form: Form::Simple(simple) }))),
            None => Self::compile_by_jinja(source),
        }
    }

    /// Compiles an expression by the template engine, however simple it is.
    pub(super) fn compile_by_jinja(source: &str) -> Result<Self, ExprError> {
        let compiled = |source: String| ENVIRONMENT.compile_expression_owned(source).map_err(|error| ExprError::of(&error));
        let expression = compiled(source.to_owned())?;
        unknown_word(source).or_else(|| wrong_call(source)).map_or(Ok(()), Err)?;
        let unsliced = slices::as_calls(source).map(compiled).transpose()?;
        Ok(Self(Arc::new(Compiled { source: source.to_owned(), form: Form::Jinja { expression, unsliced } })))
    }

    /// The text that was compiled, without the white space around it.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The names that the expression takes from its scope, with the attributes read from each (`entry.data.host`).
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        match &self.0.form {
            Form::Simple(simple) => {
                let mut names = BTreeSet::new();
                simple.names(&mut names);
                names
            }
            Form::Jinja { expression, unsliced } => {
                unsliced.as_ref().unwrap_or(expression).undeclared_variables(true).into_iter().collect()
            }
        }
    }

    /// The expression's value.
    ///
    /// # Errors
    /// [`EvalError`] when an operation does not fit its operands, or the fuel is used up.
    pub fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        let value = match &self.0.form {
            Form::Simple(simple) => simple.eval(scope)?,
            Form::Jinja { expression, .. } => expression.eval(scope.context()).map_err(|error| EvalError::of(self, &error))?,
        };
        Ok(if value.is_undefined() { Value::from(()) } else { value })
    }

    /// Whether the expression holds, by Jinja's idea of truth.
    ///
    /// # Errors
    /// As for [`Expr::eval`].
    pub fn holds(&self, scope: &Scope) -> Result<bool, EvalError> {
        match &self.0.form {
            Form::Simple(simple) => simple.holds(scope),
            Form::Jinja { .. } => Ok(self.eval(scope)?.is_true()),
        }
    }

    /// The expression's value as JSON; `None` where it is `{{ omit }}`.
    ///
    /// # Errors
    /// As for [`Expr::eval`], and where the value is none that JSON has, such as a function.
    pub fn eval_json(&self, scope: &Scope) -> Result<Option<crate::Value>, EvalError> {
        match &self.0.form {
            Form::Simple(simple) => simple.eval_json(scope),
            Form::Jinja { .. } => {
                let value = json_or_omit(&self.eval(scope)?);
                value.map_err(|error| EvalError { expression: self.source().to_owned(), ..error })
            }
        }
    }
}

/// The first filter or test of an expression that the language does not have. The compiler leaves that to the evaluation.
fn unknown_word(source: &str) -> Option<ExprError> {
    let mut state = ENVIRONMENT.empty_state();
    let mut words = words(source).into_iter().peekable();
    while let Some(word) = words.next() {
        let is_filter = word == "|";
        if !is_filter && word != "is" {
            continue;
        }
        if !is_filter {
            words.next_if(|word| *word == "not");
        }
        let Some(name) = words.peek().filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_')) else { continue };
        let (kind, what) = if is_filter {
            (state.apply_filter(name, &[]).err().map(|error| error.kind()), "filter")
        } else {
            (state.perform_test(name, &[]).err().map(|error| error.kind()), "test")
        };
        if matches!(kind, Some(ErrorKind::UnknownFilter | ErrorKind::UnknownTest)) {
            return Some(ExprError::Unknown { detail: format!("there is no {what} `{name}`"), word: (*name).to_owned() });
        }
    }
    None
}

/// The names and bars of an expression, text literals left out.
fn words(source: &str) -> Vec<&str> {
    let (mut words, mut quote, mut start) = (Vec::new(), None, None);
    let mut chars = source.char_indices();
    while let Some((at, c)) = chars.next() {
        if let Some(open) = quote {
            match c {
                '\\' => _ = chars.next(),
                _ if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        if c.is_alphanumeric() || c == '_' {
            start.get_or_insert(at);
            continue;
        }
        words.extend(start.take().map(|start: usize| &source[start..at]));
        match c {
            '"' | '\'' => quote = Some(c),
            '|' => words.push(&source[at..=at]),
            ' ' | '\t' | '\n' | '\r' => {}
            // Anything else ends what a bar or an `is` may be followed by.
            _ => words.push(""),
        }
    }
    words.extend(start.map(|start| &source[start..]));
    words
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{{ {} }}}}", self.0.source)
    }
}

impl PartialEq for Expr {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.source == other.0.source
    }
}

/// Compiles expressions and gives equal ones back as one, since a compiled expression costs some kilobytes.
#[derive(Debug, Default)]
pub struct Expressions {
    compiled: HashMap<String, Expr>,
}

impl Expressions {
    /// The compiled form of `source`, shared with every equal one compiled here before.
    ///
    /// # Errors
    /// As for [`Expr::compile`].
    pub fn compile(&mut self, source: &str) -> Result<Expr, ExprError> {
        let source = source.trim();
        if let Some(expr) = self.compiled.get(source) {
            return Ok(expr.clone());
        }
        let expr = Expr::compile(source)?;
        self.compiled.insert(source.to_owned(), expr.clone());
        Ok(expr)
    }

    /// How many different expressions were compiled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.compiled.len()
    }

    /// Whether nothing was compiled yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.compiled.is_empty()
    }
}

/// Why a text is no expression of the language.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExprError {
    /// Nothing but white space.
    #[error("expected an expression, found nothing")]
    Empty,
    /// Longer than [`MAX_EXPRESSION`].
    #[error("expression of {length} bytes, at most {MAX_EXPRESSION} are allowed")]
    TooLong {
        /// The length in bytes.
        length: usize,
    },
    /// No Jinja expression.
    #[error("{detail}")]
    Syntax {
        /// What the parser says.
        detail: String,
    },
    /// A call that fails whenever it is evaluated: of a method, or of a filter with a wrong number of arguments.
    #[error("{detail}")]
    Call {
        /// What is wrong with it.
        detail: String,
        /// What is called.
        word: String,
    },
    /// A filter or test that does not exist.
    #[error("{detail}")]
    Unknown {
        /// What is unknown.
        detail: String,
        /// The unknown word.
        word: String,
    },
}

impl ExprError {
    fn of(error: &minijinja::Error) -> Self {
        let detail = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
        Self::Syntax { detail }
    }
}

/// Why an expression has no value. It names the expression, never a value, since values may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expression `{expression}` failed: {reason}")]
pub struct EvalError {
    /// The source of the expression.
    pub expression: String,
    /// The kind of failure.
    pub reason: String,
}

impl EvalError {
    fn of(expr: &Expr, error: &minijinja::Error) -> Self {
        let own =
            std::iter::successors(error.source(), |error| (*error).source()).find_map(|source| source.downcast_ref::<Self>());
        if let Some(own) = own {
            return own.clone();
        }
        // The detail of a minijinja error may quote a value; the kind never does.
        Self { expression: expr.source().to_owned(), reason: error.kind().to_string() }
    }

    /// The error of a formula, on its way through the expression that uses it.
    pub(super) fn into_jinja(self) -> minijinja::Error {
        minijinja::Error::new(ErrorKind::InvalidOperation, "a formula failed").with_source(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_expressions_are_shared() -> Result<(), ExprError> {
        let mut expressions = Expressions::default();
        let (a, b) = (expressions.compile("a + 1")?, expressions.compile(" a + 1 ")?);
        assert!(Arc::ptr_eq(&a.0, &b.0));
        assert_eq!(expressions.len(), 1);
        Ok(())
    }

    #[test]
    fn a_long_chain_is_refused_and_one_of_the_longest_allowed_compiles() {
        assert!(Expr::compile(&format!("{}true", "not ".repeat(250))).is_ok());
        assert_eq!(Expr::compile(&format!("{}true", "not ".repeat(400))), Err(ExprError::TooLong { length: 1604 }));
    }

    #[test]
    fn sec_21_sec_22_the_work_of_an_expression_is_bounded() -> Result<(), ExprError> {
        let long = crate::Map::from_iter([("x".to_owned(), crate::Value::String("a".repeat(100_000)))]);
        let scope = Scope::of_map(long);
        let endless = [
            "'a' * 100000000",
            "[1] * 100000000",
            "[x] * 1000",
            "[[[[[x] * 9] * 9] * 9] * 9] * 9",
            "{'a': {'b': [x] * 500}}",
            "x | replace('a', x)",
            "x | list | join(x)",
            "'%100000000d' | format(1)",
            "x | indent(100000000, true)",
            "[1] | batch(100000000, 1)",
            "[1] | slice(100000000)",
            "x | list | map('upper') | join",
            "x | list | sort | unique | list",
            "{'a': 1} | without([1] * 100000000)",
        ];
        for source in endless {
            let value = Expr::compile(source)?.eval_json(&scope);
            assert!(value.is_err(), "{source}");
        }
        for harmless in ["x ~ x", "x | length", "x | upper", "x | replace('b', 'c')", "'a' * 100"] {
            assert!(Expr::compile(harmless)?.eval_json(&scope).is_ok(), "{harmless}");
        }
        Ok(())
    }

    #[test]
    fn unknown_filters_and_tests_are_found() {
        for good in
            ["x is none", "x is not none", "a.is | length", "'is nothing | here' ~ x", "x | join('| nope')", "not x is defined"]
        {
            assert!(Expr::compile(good).is_ok(), "{good}");
        }
        for (bad, word) in
            [("x | nope", "nope"), ("x is nope", "nope"), ("x is not nope", "nope"), ("[x|length, y |  gone(1)]", "gone")]
        {
            assert!(matches!(Expr::compile(bad), Err(ExprError::Unknown { word: found, .. }) if found == word), "{bad}");
        }
    }

    #[test]
    fn names_are_reported_with_their_attributes() -> Result<(), ExprError> {
        let names = Expr::compile("entry.data.host or host")?.names();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), ["entry.data.host", "host"]);
        for sliced in
            ["host[:4]", "(host)[1:][2]", "'x' if host[a:b:c] else host", "(host | string)[:2]", "host | list | join(host[1:2])"]
        {
            assert!(Expr::compile(sliced)?.names().contains("host"), "{sliced}");
        }
        Ok(())
    }

    #[test]
    fn a_failure_names_the_expression_but_no_value() {
        let scope = Scope::of_map(serde_json::json!({"secret": "canary"}).as_object().cloned().unwrap_or_default());
        let error = Expr::compile("secret + 1").ok().and_then(|expr| expr.eval(&scope).err());
        let error = error.expect("a text plus a number has no value");
        assert!(!error.to_string().contains("canary"), "{error}");
    }

    #[test]
    fn work_is_limited() {
        let list: Vec<u32> = (0..2_000).collect();
        let scope = Scope::of_map(serde_json::json!({"l": list}).as_object().cloned().unwrap_or_default());
        let nested = Expr::compile("l | map('string') | join(',') | length").expect("compiles");
        assert!(nested.eval(&scope).is_ok());
    }
}
