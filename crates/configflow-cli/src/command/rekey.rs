//! `configflow rekey`: a new key for what is stored.

use std::path::Path;

use configflow_store::{Key, RekeyError, rekey};

use crate::outcome::{Outcome, complain, say};

/// The environment variable that holds the new key, where it is not to be made.
const NEW: &str = "CONFIGFLOW_NEW_KEY";

/// Seals everything in the folder anew.
pub(crate) fn run(data: &Path) -> Outcome {
    if !data.join("configflow.db").is_file() {
        complain(format_args!("error[store.missing]: {} holds no store", data.display()));
        return Outcome::Broken;
    }
    let given = std::env::var(NEW).ok().map(|text| Key::parse(&text, NEW)).transpose();
    match given.map_err(RekeyError::from).and_then(|new| rekey(data, new)) {
        Ok(count) => {
            say(format_args!("{count} values are sealed with the new key; the old one opens older backups only"));
            Outcome::Fine
        }
        Err(error) => {
            complain(format_args!("error[{}]: {error}", error.code()));
            Outcome::Broken
        }
    }
}
