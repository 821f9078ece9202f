//! One file of the folder: its text, and what is known of it.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use configflow_core::Definition;
use configflow_core::definition::Outline;

use super::domain::guess;

/// One file of the folder, as it was read once.
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) bytes: Box<[u8]>,
    /// The domain that it seems to handle.
    guessed: Option<Box<str>>,
    known: Mutex<Known>,
    /// Held while the file is compiled, so that it is compiled once however many ask for it.
    turn: Mutex<()>,
    /// Whether somebody has asked for the definition since this was looked at.
    used: AtomicBool,
}

/// What is known of a file.
#[derive(Clone)]
pub(super) enum Known {
    /// Nothing yet.
    Unread,
    /// It cannot be used, which was said.
    Broken,
    /// It can be used; compiled while somebody uses it.
    Good(Arc<Outline>, Option<Definition>),
}

impl File {
    pub(super) fn new(path: PathBuf, bytes: Vec<u8>) -> Self {
        Self {
            path,
            guessed: guess(&bytes).map(Box::from),
            bytes: bytes.into_boxed_slice(),
            known: Mutex::new(Known::Unread),
            turn: Mutex::default(),
            used: AtomicBool::new(false),
        }
    }

    /// A file that cannot be read, which was said.
    pub(super) fn broken(path: PathBuf) -> Self {
        Self { known: Mutex::new(Known::Broken), ..Self::new(path, Vec::new()) }
    }

    /// Whether the file may handle a domain, as far as can be seen.
    pub(super) fn may_handle(&self, domain: &str) -> bool {
        self.guessed.as_deref().is_none_or(|guessed| guessed == domain)
    }

    /// The turn of whoever compiles the file.
    pub(super) fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn locked(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn known(&self) -> Known {
        self.locked().clone()
    }

    pub(super) fn learn(&self, known: Known) {
        *self.locked() = known;
    }

    pub(super) fn is_unread(&self) -> bool {
        matches!(*self.locked(), Known::Unread)
    }

    pub(super) fn is_good(&self) -> bool {
        matches!(*self.locked(), Known::Good(..))
    }

    pub(super) fn outline(&self) -> Option<Arc<Outline>> {
        match &*self.locked() {
            Known::Good(outline, _) => Some(Arc::clone(outline)),
            _ => None,
        }
    }

    /// The definition, where it is compiled, for somebody who uses it.
    pub(super) fn compiled(&self) -> Option<Definition> {
        self.used.store(true, Ordering::Relaxed);
        match &*self.locked() {
            Known::Good(_, definition) => definition.clone(),
            _ => None,
        }
    }

    /// Drops the compiled definition where nobody has asked for it since this was called last. Flows in progress keep theirs.
    pub(super) fn rest(&self) {
        if !self.used.swap(false, Ordering::Relaxed)
            && let Known::Good(_, definition) = &mut *self.locked()
        {
            *definition = None;
        }
    }
}
