//! A node with expressions in it, compiled.

use configflow_core::expr::{Expr, Template, TextError};

use super::Lowering;
use super::trace::{Reads, Sink, Trace};
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue};

pub(crate) const EXPRESSION: Code =
    Code::new("expression.syntax", "a text between `{{` and `}}`, or after `when:`, is no expression");
pub(crate) const UNKNOWN_FILTER: Code =
    Code::new("expression.unknown_filter", "an expression uses a filter or test that the language lacks");
pub(crate) const STATEMENT: Code = Code::new("expression.statement", "`{% … %}` and `{# … #}` are not part of the language");
pub(crate) const TOO_LONG: Code = Code::new("expression.too_long", "an expression is longer than 1 KiB");

pub(crate) const CALL: Code = Code::new("expression.call", "an expression calls what cannot be called in that way");

/// A single `=` between two words.
static ASSIGNS: std::sync::LazyLock<regex::Regex> = std::sync::LazyLock::new(|| {
    regex::Regex::new(r"[^=!<>]=[^=]").unwrap_or_else(|_| unreachable!("it is a regular expression"))
});

impl Lowering<'_> {
    /// Compiles a node of any kind.
    pub(crate) fn template(&mut self, node: &Node, sink: Sink) -> Template {
        if !self.may_lower(node.span) {
            return Template::Literal(serde_json::Value::Null);
        }
        match &node.value {
            NodeValue::String(text) => self.text(node, text, &sink),
            NodeValue::List(items) => Template::list(items.iter().map(|item| self.template(item, sink.clone())).collect()),
            NodeValue::Map(entries) => {
                if self.unquoted_braces(node) {
                    return Template::Literal(serde_json::Value::Null);
                }
                let entries = entries.iter().filter_map(|(key, value)| {
                    let key = self.key_text(key)?;
                    Some((key, self.template(value, sink.clone())))
                });
                Template::map(entries.collect::<Vec<_>>())
            }
            _ => Template::Literal(node.to_json()),
        }
    }

    fn text(&mut self, node: &Node, text: &str, sink: &Sink) -> Template {
        match Template::text(text, &mut self.expressions) {
            Ok(template) => {
                for expr in template.expressions() {
                    self.reads(expr, node, sink.clone());
                }
                template
            }
            Err(error) => {
                self.text_error(node, &error);
                Template::Literal(serde_json::Value::Null)
            }
        }
    }

    /// Compiles a bare expression: a condition.
    pub(crate) fn condition(&mut self, node: &Node) -> Option<Expr> {
        self.expression(node, Sink::Condition)
    }

    /// Compiles a bare expression. A whole `{{ … }}` is accepted as well, since people write it.
    pub(crate) fn expression(&mut self, node: &Node, sink: Sink) -> Option<Expr> {
        let source = match &node.value {
            NodeValue::String(text) => text.trim().to_owned(),
            NodeValue::Bool(value) => value.to_string(),
            NodeValue::Int(_) | NodeValue::Float(_) => node.to_json().to_string(),
            _ => {
                if !self.unquoted_braces(node) {
                    self.expected(node, "an expression");
                }
                return None;
            }
        };
        let bare = source.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")).filter(|inner| !inner.contains("{{"));
        let offset = if bare.is_some() { 2 } else { 0 };
        match self.expressions.compile(bare.unwrap_or(&source)) {
            Ok(expr) => {
                self.reads(&expr, node, sink);
                Some(expr)
            }
            Err(error) => {
                self.text_error(node, &TextError::Expr { offset, error });
                None
            }
        }
    }

    fn reads(&mut self, expr: &Expr, node: &Node, sink: Sink) {
        if !self.may_lower(node.span) {
            return;
        }
        let reads = Trace::Reads {
            reads: Reads::of(expr),
            locals: self.locals.clone(),
            span: node.span,
            sink,
            block: self.block.clone(),
        };
        self.trace.push(reads);
    }

    fn text_error(&mut self, node: &Node, error: &TextError) {
        use configflow_core::expr::ExprError;
        let span = node.span_at(error.offset());
        match error {
            TextError::Statement { .. } | TextError::Comment { .. } => {
                self.report(STATEMENT, span, &error.to_string())
                    .hint("use an expression such as `{{ a if b else c }}`, or `when:`");
            }
            TextError::Expr { error: ExprError::Unknown { detail, word }, .. } => {
                let known = configflow_core::expr::FILTERS;
                let similar = suggest(word, known.iter().copied().chain(JINJA_FILTERS.iter().copied()))
                    .map(|name| format!("did you mean `{name}`?"));
                self.report(UNKNOWN_FILTER, span, detail).maybe_hint(similar);
            }
            TextError::Expr { error: error @ ExprError::TooLong { .. }, .. } => {
                self.report(TOO_LONG, span, &error.to_string()).hint("give parts of it a name under `let:`");
            }
            TextError::Expr { error: ExprError::Call { detail, word }, .. } => {
                let filters = configflow_core::expr::FILTERS.iter().chain(JINJA_FILTERS.iter());
                let is_filter = filters.into_iter().any(|filter| filter == word);
                let hint = (is_filter && detail.contains("method")).then(|| format!("use the filter: `… | {word}`"));
                self.report(CALL, span, detail).maybe_hint(hint);
            }
            TextError::Expr { error: ExprError::Empty, .. } => {
                self.report(EXPRESSION, span, "expected an expression, found nothing");
            }
            other => {
                // `a = b` is what people write who mean to compare.
                let source = node.as_str().unwrap_or_default();
                let assigns = ASSIGNS.is_match(source).then(|| "write `==` to compare".to_owned());
                self.report(EXPRESSION, span, &format!("expected an expression: {other}")).maybe_hint(assigns);
            }
        }
    }
}

/// Jinja's own filters, for suggestions.
const JINJA_FILTERS: [&str; 39] = [
    "abs",
    "attr",
    "batch",
    "bool",
    "capitalize",
    "default",
    "dictsort",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "upper",
    "urlencode",
];
