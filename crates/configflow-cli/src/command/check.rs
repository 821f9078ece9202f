//! `configflow check`.

use std::path::PathBuf;

use configflow_yaml::{Colour, Diagnostics, Source, human, json, load};

use crate::Format;
use crate::outcome::{Outcome, complain, say};

pub(crate) fn run(files: &[PathBuf], format: Format) -> Outcome {
    let mut outcome = Outcome::Fine;
    let mut reported = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                complain(format_args!("error[file.unreadable]: {name}: {error}"));
                outcome = outcome.and(Outcome::Broken);
                continue;
            }
        };
        let source = Source::from_bytes(&name, bytes);
        let diagnostics = match load(&source, &super::options()) {
            Ok(loaded) => loaded.warnings,
            Err(diagnostics) => diagnostics,
        };
        if diagnostics.has_errors() {
            outcome = outcome.and(Outcome::Differs);
        }
        match format {
            Format::Human => report(&source, &diagnostics),
            Format::Json => reported.extend(json(&name, &diagnostics).as_array().cloned().unwrap_or_default()),
        }
    }
    if format == Format::Json {
        say(serde_json::Value::Array(reported));
    }
    outcome
}

/// Says what is wrong with one file, for people.
pub(super) fn report(source: &Source, diagnostics: &Diagnostics) {
    let count = diagnostics.len() + diagnostics.left_out();
    if count == 0 {
        say(format_args!("{}: nothing to report", source.name()));
        return;
    }
    say(human(source, diagnostics, Colour::Ansi));
    say(format_args!("{}: {count} {}", source.name(), if count == 1 { "diagnostic" } else { "diagnostics" }));
}
