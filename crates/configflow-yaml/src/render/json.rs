//! The JSON form: one object per diagnostic.

use serde_json::{Value, json as object};

use crate::diagnostic::Diagnostics;
use crate::node::Span;

/// The diagnostics as a JSON list, in the order of their places. Lines and columns count from 1, columns in characters.
#[must_use]
pub fn json(file: &str, diagnostics: &Diagnostics) -> Value {
    let place = |span: Span| object!({"line": span.line, "column": span.column, "end_line": span.end_line, "end_column": span.end_column});
    let found = diagnostics.iter().map(|diagnostic| {
        let mut shown = object!({
            "code": diagnostic.code.as_str(),
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            "file": file,
            "hint": diagnostic.hint,
        });
        let labels = diagnostic.labels.iter().map(|label| {
            let mut shown = place(label.span);
            shown["text"] = Value::String(label.text.clone());
            shown
        });
        shown["labels"] = labels.collect();
        if let (Value::Object(shown), Value::Object(place)) = (&mut shown, place(diagnostic.span)) {
            shown.extend(place);
        }
        shown
    });
    found.collect()
}
