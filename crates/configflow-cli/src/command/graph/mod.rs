//! `configflow graph`: the dialog as a picture.

mod ends;
mod mermaid;
mod model;
mod svg;

use std::path::Path;

use configflow_core::Kind;

use super::definition_of;
use crate::GraphFormat;
use crate::outcome::{Outcome, complain, say};

pub(crate) fn run(file: &Path, dialog: &str, format: GraphFormat) -> Outcome {
    let Some(definition) = definition_of(file) else { return Outcome::Broken };
    let kind = match dialog {
        "config" => Kind::Config,
        "options" => Kind::Options,
        other => Kind::Subentry { subentry_type: other.to_owned() },
    };
    let Some(found) = definition.dialog(&kind) else {
        complain(format_args!("error[graph.no_dialog]: {} has no dialog `{dialog}`", file.display()));
        return Outcome::Broken;
    };
    let graph = model::Graph::of(&definition, found, &kind);
    say(match format {
        GraphFormat::Mermaid => mermaid::paint(&graph),
        GraphFormat::Svg => svg::paint(&graph),
    });
    Outcome::Fine
}
