//! Text to tree, or the reasons why not.
//!
//! Built on the event parser of `serde_yaml` (serde-saphyr), whose events have the place of everything. What a hostile
//! document could do is bounded here: its size, its nodes, its depth, and what aliases expand to.

mod anchor;
mod mend;
mod pitfall;
mod rejoin;
mod scalar;
mod source;
mod tree;

use crate::diagnostic::{Code, Diagnostics};
use crate::node::Node;

pub use source::Source;

pub(crate) const NOT_UTF8: Code = Code::new("yaml.not_utf8", "the file is not UTF-8");
pub(crate) const TOO_LARGE: Code = Code::new("yaml.too_large", "the file is larger than 1 MiB");
pub(crate) const SYNTAX: Code = Code::new("yaml.syntax", "the file is no YAML");
pub(crate) const TOO_DEEP: Code = Code::new("yaml.too_deep", "lists and maps are nested too deep");
pub(crate) const TOO_MANY_NODES: Code = Code::new("yaml.too_many_nodes", "the file has too many values, aliases expanded");
pub(crate) const SEVERAL_DOCUMENTS: Code = Code::new("yaml.several_documents", "the file holds more than one document");
pub(crate) const DUPLICATE_KEY: Code = Code::new("yaml.duplicate_key", "a map has a key twice");
pub(crate) const TAG: Code = Code::new("yaml.tag", "a value has a tag");
pub(crate) const EMPTY: Code = Code::new("yaml.empty", "the file is empty");
pub(crate) const EXPRESSION_SYNTAX: Code = Code::new("yaml.expression_syntax", "an expression without quotes is no YAML");

/// The largest file in bytes.
pub const MAX_BYTES: usize = 1 << 20;
/// The most nodes, aliases expanded.
pub const MAX_NODES: usize = 20_000;
/// The most bytes of text that anchors and aliases repeat.
pub(crate) const MAX_REPEATED: usize = MAX_BYTES;
/// The deepest nesting, aliases expanded.
pub const MAX_DEPTH: usize = 64;

/// Every code of this module.
pub(crate) const CODES: &[Code] =
    &[NOT_UTF8, TOO_LARGE, SYNTAX, TOO_DEEP, TOO_MANY_NODES, SEVERAL_DOCUMENTS, DUPLICATE_KEY, TAG, EMPTY, EXPRESSION_SYNTAX];

/// Reads a source as one YAML document.
///
/// # Errors
/// Every mistake in it; a syntax error ends the reading, so there is at most one of those.
pub fn parse(source: &Source) -> Result<Node, Diagnostics> {
    let (node, diagnostics) = parse_with(source);
    match node {
        Some(node) if diagnostics.is_empty() => Ok(node),
        _ => Err(diagnostics),
    }
}

/// The tree as far as it can be understood, and every mistake in it.
pub(crate) fn parse_with(source: &Source) -> (Option<Node>, Diagnostics) {
    let mut diagnostics = Diagnostics::default();
    if source.size() > MAX_BYTES {
        let message = format!("the file has {} bytes, at most {MAX_BYTES} are read", source.size());
        diagnostics.error(TOO_LARGE, source.start(), &message);
        return (None, diagnostics);
    }
    let text = match source.text() {
        Ok(text) => text,
        Err(span) => {
            diagnostics.error(NOT_UTF8, span, "expected UTF-8; this byte begins no character").hint("save the file as UTF-8");
            return (None, diagnostics);
        }
    };
    let node = tree::build(text, &mut diagnostics);
    if let Some(node) = &node {
        tree::duplicates(node, &mut diagnostics);
    } else if diagnostics.is_empty() {
        diagnostics.error(EMPTY, source.start(), "expected a definition, found nothing");
    }
    (node, diagnostics)
}
