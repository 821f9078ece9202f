//! `configflow providers`.

use std::path::PathBuf;

use configflow_oauth::Catalogue;
use configflow_testkit::providers;
use configflow_yaml::{Source, json};

use super::check::report;
use crate::Format;
use crate::outcome::{Outcome, complain, say};

/// Everything that is wrong with the files, and with the built-in ones where they are asked for.
pub(crate) fn check(files: &[PathBuf], builtin: bool, format: Format) -> Outcome {
    let mut outcome = Outcome::Fine;
    let mut sources = Vec::new();
    for file in files {
        let name = file.display().to_string();
        match std::fs::read(file) {
            Ok(bytes) => sources.push(Source::from_bytes(&name, bytes)),
            Err(error) => {
                complain(format_args!("error[file.unreadable]: {name}: {error}"));
                outcome = outcome.and(Outcome::Broken);
            }
        }
    }
    if builtin {
        sources.extend(Catalogue::builtin_files().map(|(name, text)| Source::new(&format!("{name}.yaml"), text)));
    }
    let catalogue = Catalogue::builtin();
    let mut reported = Vec::new();
    for source in &sources {
        let diagnostics = providers::check(source, &catalogue);
        if diagnostics.has_errors() {
            outcome = outcome.and(Outcome::Differs);
        }
        match format {
            Format::Human => report(source, &diagnostics),
            Format::Json => reported.extend(json(source.name(), &diagnostics).as_array().cloned().unwrap_or_default()),
        }
    }
    if format == Format::Json {
        say(serde_json::Value::Array(reported));
    }
    outcome
}

/// The page about the built-in providers.
pub(crate) fn page() -> Outcome {
    say(Catalogue::builtin().page().trim_end());
    Outcome::Fine
}
