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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Source, load};

    #[test]
    fn each_diagnostic_is_an_object_with_its_places() {
        let text = "domain: x\nfields:\n  host: { type: string }\n  host: { type: string }\nconfig:\n  user:\n    form: [\"日本\", hots]\n    then: { abort: x }\n";
        let found = load(&Source::new("flow.yaml", text), &Options::default()).expect_err("it has mistakes");
        insta::assert_json_snapshot!(json("flow.yaml", &found));
    }
}
