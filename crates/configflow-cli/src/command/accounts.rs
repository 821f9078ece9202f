//! `configflow export` and `configflow import`: accounts to and from Home Assistant's `core.config_entries`.

use std::fmt::Display;
use std::io::{IsTerminal, Write};
use std::path::Path;

use configflow_store::{ImportError, Known, SqliteStore};

use crate::Terminal;
use crate::outcome::{Outcome, complain, say};

/// The largest file that is read.
const LARGEST: u64 = 256 << 20;

/// Writes every account. It holds secrets in plain text, so a file is its owner's alone and a terminal gets it only on demand.
pub(crate) fn export(data: &Path, output: Option<&Path>, terminal: Terminal) -> Outcome {
    if !data.join("configflow.db").is_file() {
        return broken("store.missing", format_args!("{} holds no store", data.display()));
    }
    if output.is_none() && terminal == Terminal::Never && std::io::stdout().is_terminal() {
        let why = "an export holds secrets in plain text; name a file with --output, or say --to-terminal";
        return broken("export.to_terminal", why);
    }
    let store = match SqliteStore::open(data) {
        Ok(store) => store,
        Err(error) => return broken(error.code(), error),
    };
    let written = match super::block_on(store.export(time::OffsetDateTime::now_utc())) {
        Ok(Ok(written)) => written,
        Ok(Err(error)) => return broken(error.code(), error),
        Err(error) => return broken("command.runtime", error),
    };
    let done = match output {
        Some(file) => write_private(file, &written),
        None => std::io::stdout().write_all(written.as_bytes()),
    };
    match (done, output) {
        (Err(error), Some(file)) => broken("file.unwritable", format_args!("{}: {error}", file.display())),
        // A reader that went away is no fault of ours.
        (Err(_), None) | (Ok(()), None) => Outcome::Fine,
        (Ok(()), Some(file)) => {
            say(format_args!("{}: written; it holds secrets in plain text", file.display()));
            Outcome::Fine
        }
    }
}

/// Takes over every account of a file, or none.
pub(crate) fn import(data: &Path, file: &Path, known: Known) -> Outcome {
    let unreadable = |error: std::io::Error| broken("file.unreadable", format_args!("{}: {error}", file.display()));
    match std::fs::metadata(file) {
        Ok(metadata) if metadata.len() > LARGEST => {
            return broken("file.too_large", format_args!("{} is larger than {LARGEST} bytes", file.display()));
        }
        Ok(_) => {}
        Err(error) => return unreadable(error),
    }
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) => return unreadable(error),
    };
    let store = match SqliteStore::open(data) {
        Ok(store) => store,
        Err(error) => return broken(error.code(), error),
    };
    match super::block_on(store.import(&text, known)) {
        Ok(Ok(imported)) => {
            let (added, replaced, unchanged) = (imported.added, imported.replaced, imported.unchanged);
            say(format_args!("{added} added, {replaced} replaced, {unchanged} unchanged"));
            Outcome::Fine
        }
        Ok(Err(error @ (ImportError::Known { .. } | ImportError::UniqueId { .. }))) => {
            broken(error.code(), error);
            Outcome::Differs
        }
        Ok(Err(error)) => broken(error.code(), error),
        Err(error) => broken("command.runtime", error),
    }
}

fn broken(code: &str, error: impl Display) -> Outcome {
    complain(format_args!("error[{code}]: {error}"));
    Outcome::Broken
}

/// A new file for its owner alone; a file that is there already is left as it is.
fn write_private(file: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    let written = opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all());
    if written.is_err() {
        // Half a file would be taken for a whole one.
        std::fs::remove_file(file)?;
    }
    written
}
