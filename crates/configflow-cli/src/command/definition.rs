//! A definition in a file: read, compiled, and what is wrong with it said.

use std::path::Path;

use configflow_core::Definition;
use configflow_yaml::{Colour, Options, Source, human, load};

use crate::outcome::complain;

/// The bytes of a file. Where they cannot be had, that has been said.
pub(crate) fn bytes_of(file: &Path) -> Option<Vec<u8>> {
    match std::fs::read(file) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            complain(format_args!("error[file.unreadable]: {}: {error}", file.display()));
            None
        }
    }
}

/// The definition in a text. Where there is none, what is wrong with it has been said.
pub(crate) fn compile(source: &Source, options: &Options, colour: Colour) -> Option<Definition> {
    match load(source, options) {
        Ok(loaded) => Some(loaded.definition),
        Err(diagnostics) => {
            complain(human(source, &diagnostics, colour));
            None
        }
    }
}
