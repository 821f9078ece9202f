//! The commands, one file each.

pub(crate) mod accounts;
pub(crate) mod check;
pub(crate) mod definition;
pub(crate) mod drive;
pub(crate) mod graph;
pub(crate) mod providers;
pub(crate) mod rekey;
pub(crate) mod replay;
pub(crate) mod run;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod test;

use std::future::Future;
use std::path::Path;

use configflow_core::Definition;
use configflow_oauth::Catalogue;
use configflow_testkit::{DriveError, FlowsError};
use configflow_yaml::{Colour, KnownProvider, Options, Source, human};

use crate::outcome::{complain, say};

/// Runs what is asynchronous.
pub(crate) fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(future))
}

/// What a definition may use: the providers of the catalogue. Only those with parameters are read.
pub(crate) fn options() -> Options {
    let catalogue = Catalogue::builtin();
    let known = |name: &str| KnownProvider {
        name: name.to_owned(),
        parameters: catalogue
            .parameters_of(name)
            .map(|parameter| (parameter.name().to_owned(), parameter.choices().map(str::to_owned).collect()))
            .collect(),
        required: catalogue
            .parameters_of(name)
            .filter(|parameter| parameter.default_value().is_none())
            .map(|parameter| parameter.name().to_owned())
            .collect(),
    };
    Options { providers: Some(catalogue.names().map(known).collect()), methods_of: Some(methods_of), ..Options::default() }
}

/// The ways in which an account can be linked at a provider of the catalogue.
fn methods_of(provider: &str) -> Option<Vec<String>> {
    let catalogue = Catalogue::builtin();
    let methods = catalogue.provider(provider)?.methods();
    Some(methods.iter().map(|method| method.as_str().to_owned()).collect())
}

/// The definition in a file. Where there is none, what is wrong with it has been said.
pub(crate) fn definition_of(file: &Path) -> Option<Definition> {
    let source = Source::from_bytes(&file.display().to_string(), definition::bytes_of(file)?);
    definition::compile(&source, &options(), Colour::Ansi)
}

/// Says why a fixture could not be run; a broken definition with its diagnostics, a broken step with what happened until then.
pub(crate) fn complain_of(fixture: &Path, error: &DriveError) {
    match error {
        DriveError::Flows(FlowsError::Broken { text, diagnostics }) => complain(human(text, diagnostics, Colour::Ansi)),
        DriveError::Flows(_) => complain(format_args!("error[{}]: {error}", error.code())),
        DriveError::Step { transitions, .. } => {
            transitions.iter().for_each(say);
            complain(format_args!("error[{}]: {}: {error}", error.code(), fixture.display()));
        }
        _ => complain(format_args!("error[{}]: {}: {error}", error.code(), fixture.display())),
    }
}
