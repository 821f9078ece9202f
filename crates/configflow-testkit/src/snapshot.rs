//! The transitions of a fixture, compared with those that were stored.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What comparing with a stored snapshot came to.
#[derive(Debug, Clone, PartialEq)]
pub enum Compared {
    /// They are the same.
    Same,
    /// There is none.
    Missing,
    /// They differ, at this transition (from 0) first.
    Different {
        /// Which transition.
        at: usize,
        /// What was stored; none where there were fewer.
        stored: Option<Value>,
        /// What came; none where there are fewer.
        found: Option<Value>,
    },
}

/// Where the snapshot of a fixture is stored: beside it, in `snapshots/`.
#[must_use]
pub fn path_of(fixture: &Path) -> PathBuf {
    let folder = fixture.parent().unwrap_or(Path::new("")).join("snapshots");
    folder.join(fixture.file_name().unwrap_or_default()).with_extension("jsonl")
}

/// Transitions as they are stored: one a line.
#[must_use]
pub fn text_of(transitions: &[Value]) -> String {
    transitions.iter().map(|transition| format!("{transition}\n")).collect()
}

/// Compares transitions with what is stored.
///
/// # Errors
/// Where the stored file cannot be read.
pub fn compare(fixture: &Path, transitions: &[Value]) -> std::io::Result<Compared> {
    let stored = match std::fs::read_to_string(path_of(fixture)) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Compared::Missing),
        Err(error) => return Err(error),
    };
    let stored: Vec<Value> =
        stored.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| Value::String(line.to_owned()))).collect();
    let longest = stored.len().max(transitions.len());
    for at in 0..longest {
        if stored.get(at) != transitions.get(at) {
            return Ok(Compared::Different { at, stored: stored.get(at).cloned(), found: transitions.get(at).cloned() });
        }
    }
    Ok(Compared::Same)
}

/// Stores transitions as a fixture's snapshot.
///
/// # Errors
/// Where the file cannot be written.
pub fn update(fixture: &Path, transitions: &[Value]) -> std::io::Result<()> {
    let path = path_of(fixture);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text_of(transitions))
}
