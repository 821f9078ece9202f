//! The folder of definitions: texts are read at the start and again on SIGHUP, each is compiled when it is first needed, and all
//! are checked in the background.
//!
//! Of a definition that nobody uses, only its text and its outline are kept: compiled, it takes many times their size.

mod domain;
mod file;

use std::collections::{BTreeMap, HashMap};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use configflow_core::Definition;
use configflow_core::definition::Outline;
use configflow_core::signature::{Signature, builtin};
use configflow_engine::{BoxFuture, DefinitionSource, Engine};
use configflow_testkit::recorded::stand_in_for;
use configflow_yaml::{Colour, Options, Source};
use tokio::sync::watch;

use super::failure::Failure;
use crate::command::definition::{bytes_of, compile};
use crate::outcome::complain;
use file::{File, Known};

/// The folder, and what is known of its files.
pub(super) struct Folder {
    path: PathBuf,
    files: RwLock<Files>,
    /// Whether every file that was there at the start has been checked.
    checked: watch::Sender<bool>,
    /// One reading at a time.
    reading: Mutex<()>,
}

#[derive(Default)]
struct Files {
    /// Every file as it was read last.
    read: BTreeMap<PathBuf, Arc<File>>,
    /// The file that handles a domain. What was good stays here while its file is broken.
    handling: HashMap<String, Arc<File>>,
    /// The domain that each of these files handles.
    domains: HashMap<PathBuf, String>,
}

impl Folder {
    /// Reads the texts of a folder; none is compiled yet.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = Self {
            path: path.to_owned(),
            files: RwLock::default(),
            checked: watch::Sender::new(false),
            reading: Mutex::default(),
        };
        folder.read()?;
        Ok(folder)
    }

    /// Reads every text again, then checks what is new. A broken definition is reported and leaves what was there before; what is
    /// gone is handled no longer. Takes its time.
    pub(super) fn read_again(&self, engine: &Engine) -> Result<(), Failure> {
        self.read()?;
        self.check(engine);
        Ok(())
    }

    /// Compiles every definition that is not known yet, says what is wrong with it, and keeps no more than its outline. Takes its
    /// time.
    pub(super) fn check(&self, engine: &Engine) {
        // Whoever waits for it goes on even if it breaks off.
        let _checked = Checked(&self.checked);
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let unread: Vec<Arc<File>> = self.locked().read.values().filter(|file| file.is_unread()).cloned().collect();
        for file in unread {
            self.compile(engine, &file);
            file.rest();
        }
        tracing::info!(definitions = self.locked().handling.len(), "definitions were read");
    }

    /// Drops compiled definitions that nobody has asked for since this was called last.
    pub(super) fn rest(&self) {
        self.locked().handling.values().for_each(|file| file.rest());
    }

    fn locked(&self) -> RwLockReadGuard<'_, Files> {
        self.files.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn changing(&self) -> RwLockWriteGuard<'_, Files> {
        self.files.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the texts. A file that says what it said, and is good, stays as it is.
    fn read(&self) -> Result<(), Failure> {
        let failed = |error| Failure::Flows { folder: self.path.clone(), error };
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = BTreeMap::new();
        for file in std::fs::read_dir(&self.path).map_err(failed)? {
            let path = file.map_err(failed)?.path();
            if !path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") || !path.is_file() {
                continue;
            }
            let Some(bytes) = bytes_of(&path) else {
                read.insert(path.clone(), Arc::new(File::broken(path)));
                continue;
            };
            let before = self.locked().read.get(&path).filter(|before| before.is_good() && *before.bytes == *bytes).cloned();
            let file = before.unwrap_or_else(|| Arc::new(File::new(path.clone(), bytes)));
            read.insert(path, file);
        }
        let mut files = self.changing();
        let Files { handling, domains, .. } = &mut *files;
        domains.retain(|path, domain| {
            let stays = read.contains_key(path);
            if !stays {
                tracing::info!(domain, "the definition is gone");
                handling.remove(domain);
            }
            stays
        });
        files.read = read;
        Ok(())
    }

    /// Compiles a file in its turn, and gives its definition where it handles a domain.
    fn compile(&self, engine: &Engine, file: &Arc<File>) -> Option<Definition> {
        let _turn = file.turn();
        match file.known() {
            Known::Good(_, Some(definition)) => return Some(definition),
            Known::Broken => return None,
            Known::Good(_, None) | Known::Unread => {}
        }
        let source = Source::from_bytes(&file.path.display().to_string(), file.bytes.to_vec());
        // Should the loader itself break off, the others still serve.
        let compiled = catch_unwind(|| compile(&source, &Options::default(), Colour::Plain)).unwrap_or_else(|_| {
            complain(format_args!("error[serve.loader]: {}: the loader broke off", source.name()));
            None
        });
        let admitted = compiled.filter(|definition| file.is_good() || self.admit(file, &definition.domain));
        let Some(definition) = admitted else {
            file.learn(Known::Broken);
            return None;
        };
        for (action, signature) in definition.actions.iter().filter(|(action, _)| builtin(action).is_none()) {
            stand_in(engine, action, signature);
        }
        file.learn(Known::Good(Arc::clone(definition.outline()), Some(definition.clone())));
        Some(definition)
    }

    /// Lets a file handle its domain, unless another one does.
    fn admit(&self, file: &Arc<File>, domain: &str) -> bool {
        let mut files = self.changing();
        match files.handling.get(domain) {
            Some(other) if other.path != file.path => {
                let (name, other) = (file.path.display(), other.path.display());
                complain(format_args!("error[serve.domain_twice]: {name}: {other} handles `{domain}` already"));
                false
            }
            _ => {
                // The file may have handled another domain before.
                if let Some(before) = files.domains.insert(file.path.clone(), domain.to_owned()) {
                    files.handling.remove(&before);
                }
                files.handling.insert(domain.to_owned(), Arc::clone(file));
                true
            }
        }
    }

    /// The file that handles a domain; among those that nobody has compiled yet, the ones that may.
    fn candidates(&self, domain: &str) -> Vec<Arc<File>> {
        let files = self.locked();
        match files.handling.get(domain) {
            Some(file) => vec![Arc::clone(file)],
            None => files.read.values().filter(|file| file.is_unread() && file.may_handle(domain)).cloned().collect(),
        }
    }
}

impl DefinitionSource for Folder {
    fn compiled(&self, domain: &str) -> Option<Definition> {
        self.locked().handling.get(domain)?.compiled()
    }

    fn compile(&self, engine: &Engine, domain: &str) -> Option<Definition> {
        let mut compiled = self.candidates(domain).into_iter().filter_map(|file| {
            let definition = Folder::compile(self, engine, &file)?;
            // Somebody uses it.
            file.compiled();
            Some(definition)
        });
        compiled.find(|definition| definition.domain == domain)
    }

    fn outline(&self, domain: &str) -> Option<Arc<Outline>> {
        self.locked().handling.get(domain)?.outline()
    }

    fn outlines(&self) -> BoxFuture<'_, Vec<Arc<Outline>>> {
        Box::pin(async {
            // The sender lives as long as the folder.
            let _ = self.checked.subscribe().wait_for(|checked| *checked).await;
            self.locked().handling.values().filter_map(|file| file.outline()).collect()
        })
    }
}

/// Says at its end that the files have been checked.
struct Checked<'a>(&'a watch::Sender<bool>);

impl Drop for Checked<'_> {
    fn drop(&mut self) {
        self.0.send_replace(true);
    }
}

/// An action that a core would bring: here the testkit stands in, for those of the recordings as they did it, else with an empty
/// result.
fn stand_in(engine: &Engine, action: &str, signature: &Signature) {
    if !engine.has_action(action) {
        tracing::warn!(action, "no core brings this action; the testkit stands in for it");
        stand_in_for(engine, signature);
    }
}

#[cfg(test)]
mod tests;
