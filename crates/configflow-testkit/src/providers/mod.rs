//! For whoever writes a provider's file: everything that is wrong with it, each at its line and column.
//!
//! ```
//! use configflow_oauth::Catalogue;
//! use configflow_testkit::providers;
//! use configflow_yaml::Source;
//!
//! let source = Source::new("my_cloud.yaml", "name: my_cloud\ntitel: My Cloud\n");
//! let found = providers::check(&source, &Catalogue::builtin());
//! let first = found.iter().next().expect("one at least");
//! assert_eq!((first.code.as_str(), first.span.line), ("catalogue.missing_key", 1));
//! ```

mod place;
mod shape;

use configflow_oauth::Catalogue;
use configflow_oauth::catalogue::{Gravity, Problem};
use configflow_yaml::{Code, Diagnostic, Diagnostics, Severity, Source, parse};

/// The codes of a file that is not of a provider's shape, each with what it stands for.
pub const SHAPE_CODES: [(&str, &str); 4] = [
    ("catalogue.expected", "something else was expected here"),
    ("catalogue.missing_key", "a map lacks a key that it needs"),
    ("catalogue.shape", "the file cannot be read as a provider, for another reason"),
    ("catalogue.unknown_key", "a map has a key that it cannot have"),
];

/// All that is wrong with a provider's file. The catalogue has the error tables to which it may refer.
#[must_use]
pub fn check(source: &Source, catalogue: &Catalogue) -> Diagnostics {
    let root = match parse(source) {
        Ok(root) => root,
        Err(diagnostics) => return diagnostics,
    };
    let mut diagnostics = shape::check(&root, &Catalogue::file_schema());
    if diagnostics.has_errors() {
        return diagnostics;
    }
    match catalogue.check(&source.lossy()) {
        Ok(problems) => problems.iter().for_each(|problem| diagnostics.add(placed(&root, problem))),
        Err(error) => {
            let span = place::of_map(&root);
            diagnostics.add(Diagnostic::new(code("catalogue.shape"), Severity::Error, span, error.to_string(), None));
        }
    }
    diagnostics
}

fn placed(root: &configflow_yaml::Node, problem: &Problem) -> Diagnostic {
    let severity = match problem.gravity {
        Gravity::Error => Severity::Error,
        Gravity::Warning => Severity::Warning,
    };
    let span = place::of_route(root, &problem.route);
    Diagnostic::new(code(problem.code), severity, span, problem.message.clone(), None)
}

/// The code, with what it stands for.
fn code(code: &'static str) -> Code {
    let all = Catalogue::problem_codes().iter().chain(&SHAPE_CODES);
    let summary = all.into_iter().find(|(known, _)| *known == code).map_or("", |(_, summary)| summary);
    Code::new(code, summary)
}
