//! `configflow graph`: the dialog as a picture.

mod mermaid;
mod model;
mod svg;

use std::path::Path;

use configflow_core::Kind;
use configflow_yaml::{Colour, Options, Source, human, load};

use crate::GraphFormat;
use crate::outcome::{Outcome, complain, say};

pub(crate) fn run(file: &Path, dialog: &str, format: GraphFormat) -> Outcome {
    let name = file.display().to_string();
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            complain(format_args!("error[file.unreadable]: {name}: {error}"));
            return Outcome::Broken;
        }
    };
    let source = Source::from_bytes(&name, bytes);
    let definition = match load(&source, &Options::default()) {
        Ok(loaded) => loaded.definition,
        Err(diagnostics) => {
            complain(human(&source, &diagnostics, Colour::Ansi));
            return Outcome::Broken;
        }
    };
    let kind = match dialog {
        "config" => Kind::Config,
        "options" => Kind::Options,
        other => Kind::Subentry { subentry_type: other.to_owned() },
    };
    let Some(found) = definition.dialog(&kind) else {
        complain(format_args!("error[graph.no_dialog]: {name} has no dialog `{dialog}`"));
        return Outcome::Broken;
    };
    let graph = model::Graph::of(&definition, found, &kind);
    say(match format {
        GraphFormat::Mermaid => mermaid::paint(&graph),
        GraphFormat::Svg => svg::paint(&graph),
    });
    Outcome::Fine
}
