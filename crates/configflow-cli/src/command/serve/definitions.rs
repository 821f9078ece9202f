//! The folder of definitions: read at the start, and again on SIGHUP.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use configflow_core::signature::{Signature, builtin};
use configflow_engine::Engine;
use configflow_testkit::recorded::stand_in_for;
use configflow_yaml::{Colour, Options, Source, human, load};

use super::failure::Failure;
use crate::outcome::complain;

/// The folder, and which domain each of its files had when it was read last.
pub(in crate::command) struct Folder {
    path: PathBuf,
    domains: BTreeMap<PathBuf, String>,
}

impl Folder {
    pub(in crate::command) fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), domains: BTreeMap::new() }
    }

    /// Reads every definition. A broken one is reported and leaves what was there before; what is gone is handled no longer.
    pub(super) fn read(&mut self, engine: &Engine) -> Result<(), Failure> {
        let failed = |error| Failure::Flows { folder: self.path.clone(), error };
        let mut files: Vec<PathBuf> = Vec::new();
        for file in std::fs::read_dir(&self.path).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") && path.is_file() {
                files.push(path);
            }
        }
        files.sort();
        let mut domains = BTreeMap::new();
        for file in files {
            let before = self.domains.get(&file);
            let Some(domain) = self.definition(engine, &file, &domains) else {
                if let Some(before) = before {
                    domains.insert(file, before.clone());
                }
                continue;
            };
            domains.insert(file, domain);
        }
        for gone in self.domains.values().filter(|domain| !domains.values().any(|known| known == *domain)) {
            tracing::info!(domain = gone.as_str(), "the definition is gone");
            engine.remove_definition(gone);
        }
        tracing::info!(definitions = domains.len(), "definitions were read");
        self.domains = domains;
        Ok(())
    }

    /// Reads one definition, and gives its domain; says what is wrong with it.
    fn definition(&self, engine: &Engine, file: &Path, others: &BTreeMap<PathBuf, String>) -> Option<String> {
        let name = file.display().to_string();
        let bytes = match std::fs::read(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                complain(format_args!("error[file.unreadable]: {name}: {error}"));
                return None;
            }
        };
        let source = Source::from_bytes(&name, bytes);
        let definition = match load(&source, &Options::default()) {
            Ok(loaded) => loaded.definition,
            Err(diagnostics) => {
                complain(human(&source, &diagnostics, Colour::Plain));
                return None;
            }
        };
        if let Some((other, _)) = others.iter().find(|(_, domain)| **domain == definition.domain) {
            complain(format_args!(
                "error[serve.domain_twice]: {name}: {} handles `{}` already",
                other.display(),
                definition.domain
            ));
            return None;
        }
        for (action, signature) in definition.actions.iter().filter(|(action, _)| builtin(action).is_none()) {
            stand_in(engine, action, signature);
        }
        let domain = definition.domain.clone();
        engine.set_definition(definition);
        Some(domain)
    }
}

/// An action that a core would bring: here the testkit stands in, for those of the recordings as they did it, else with an empty
/// result.
pub(in crate::command) fn stand_in(engine: &Engine, action: &str, signature: &Signature) {
    if !engine.has_action(action) {
        tracing::warn!(action, "no core brings this action; the testkit stands in for it");
        stand_in_for(engine, signature);
    }
}
