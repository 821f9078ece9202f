//! The key that seals what is stored: from a file that nobody else may read, or from the environment.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// The environment variable that holds a key.
pub const VARIABLE: &str = "CONFIGFLOW_KEY";

/// Bytes of a key.
const BYTES: usize = 32;
/// The largest key file that is read.
const LARGEST: u64 = 1024;

/// A key of 256 bits. `Debug` shows its id only.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; BYTES]>,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Neither 32 bytes in base64 nor 64 hexadecimal digits.
    #[error("{place} holds no key; expected 32 bytes in base64, or 64 hexadecimal digits")]
    Malformed {
        /// Where it was looked for.
        place: String,
    },
    /// Others can read the key.
    #[error("{} can be read by others (mode {mode:o}); expected mode 600", file.display())]
    Mode {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The database is there and its key is not.
    #[error("{} is missing, and without it nothing in the database can be read; put it back, or set {VARIABLE}", file.display())]
    Missing {
        /// The file.
        file: PathBuf,
    },
    /// The file cannot be read or made.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No random bytes.
    #[error("the machine gives no random bytes, so no key can be made")]
    Entropy,
}

impl KeyError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "store.key_malformed",
            Self::Mode { .. } => "store.key_mode",
            Self::Missing { .. } => "store.key_missing",
            Self::Io { .. } => "store.key_io",
            Self::Entropy => "store.no_entropy",
        }
    }
}

impl Key {
    /// A fresh key.
    ///
    /// # Errors
    /// Where the machine gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| KeyError::Entropy)?;
        Ok(Self { bytes })
    }

    /// The key in a text: 32 bytes in base64, or 64 hexadecimal digits.
    ///
    /// # Errors
    /// Where the text is neither; `place` says in the error where it was.
    pub fn parse(text: &str, place: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let engines = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
        let decoded = match unhex(text) {
            Some(bytes) => Some(bytes),
            None => engines.iter().find_map(|engine| engine.decode(text).ok()).map(Zeroizing::new),
        };
        let bytes =
            decoded.filter(|bytes| bytes.len() == BYTES).ok_or_else(|| KeyError::Malformed { place: place.to_owned() })?;
        let mut key = Zeroizing::new([0; BYTES]);
        key.copy_from_slice(&bytes);
        Ok(Self { bytes: key })
    }

    /// The key in the environment, where it is set.
    ///
    /// # Errors
    /// Where it is set to what is no key.
    pub fn from_environment() -> Result<Option<Self>, KeyError> {
        match std::env::var(VARIABLE) {
            Ok(text) => Self::parse(&Zeroizing::new(text), VARIABLE).map(Some),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(std::env::VarError::NotUnicode(_)) => Err(KeyError::Malformed { place: VARIABLE.to_owned() }),
        }
    }

    /// The key in a file. It is made where it is missing and `may_be_made`: where no database needs the one that was there.
    ///
    /// # Errors
    /// Where others may read it, it is no key, or it is missing and may not be made.
    pub(crate) fn in_file(file: &Path, may_be_made: bool) -> Result<Self, KeyError> {
        match read(file) {
            Err(KeyError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                if !may_be_made {
                    return Err(KeyError::Missing { file: file.to_owned() });
                }
                make(file)?;
                // Another process may have been first: what counts is what is there now.
                read(file)
            }
            other => other,
        }
    }

    /// What tells keys apart, and says nothing about them.
    pub(crate) fn id(&self) -> [u8; 8] {
        let digest = Sha256::new().chain_update(b"configflow key id\0").chain_update(self.bytes.as_slice()).finalize();
        let mut id = [0; 8];
        id.copy_from_slice(&digest[..8]);
        id
    }

    pub(crate) fn bytes(&self) -> &[u8; BYTES] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(")?;
        self.id().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() != BYTES * 2 || !text.is_ascii() {
        return None;
    }
    let digits = (0..BYTES).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok());
    digits.collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

fn read(file: &Path) -> Result<Key, KeyError> {
    let io = |source| KeyError::Io { file: file.to_owned(), source };
    let mut opened = std::fs::File::open(file).map_err(io)?;
    let metadata = opened.metadata().map_err(io)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode { file: file.to_owned(), mode });
        }
    }
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(KeyError::Malformed { place: file.display().to_string() });
    }
    let mut text = Zeroizing::new(String::new());
    std::io::Read::read_to_string(&mut opened, &mut text).map_err(io)?;
    Key::parse(&text, &file.display().to_string())
}

/// The file of a key that is about to replace another: beside it.
pub(crate) fn next(file: &Path) -> PathBuf {
    file.with_extension("key.new")
}

/// Writes the key that is about to replace another; durable before it returns.
pub(crate) fn prepare(file: &Path, key: &Key) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { file: next(file), source };
    // One that a crash left belongs to nothing: had its database been written, opening it would have taken it over.
    match std::fs::remove_file(next(file)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(io(error)),
        _ => {}
    }
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(next(file)).map_err(io)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key.bytes())));
    opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all()).and_then(|()| sync_folder(file)).map_err(io)
}

/// The key that is about to replace another, where there is one.
pub(crate) fn prepared(file: &Path) -> Option<Key> {
    read(&next(file)).ok()
}

/// Puts the prepared key in the place of the old one.
pub(crate) fn replace(file: &Path) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { file: file.to_owned(), source };
    match std::fs::rename(next(file), file) {
        // Another process that opened the database has done it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.and_then(|()| sync_folder(file)).map_err(io),
    }
}

/// Makes the file whole or not at all: written beside it, made durable, then linked to its name if nobody was first.
fn make(file: &Path) -> Result<(), KeyError> {
    let io = |source| KeyError::Io { file: file.to_owned(), source };
    let key = Key::generate()?;
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(|_| KeyError::Entropy)?;
    let beside = file.with_extension(format!("key-{:016x}", u64::from_ne_bytes(suffix)));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&beside).map_err(io)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key.bytes())));
    let written = opened.write_all(text.as_bytes()).and_then(|()| opened.sync_all());
    let linked = written.and_then(|()| match std::fs::hard_link(&beside, file) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    });
    let removed = std::fs::remove_file(&beside);
    linked.and(removed).and_then(|()| sync_folder(file)).map_err(io)
}

fn sync_folder(file: &Path) -> std::io::Result<()> {
    match file.parent() {
        Some(folder) if cfg!(unix) => std::fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_in_every_spelling_and_nothing_else_is() {
        let key = Key::generate().expect("random bytes");
        let hex: String = key.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        for text in [STANDARD.encode(key.bytes()), URL_SAFE_NO_PAD.encode(key.bytes()), hex] {
            assert_eq!(Key::parse(&format!(" {text}\n"), "here").expect("a key").bytes(), key.bytes());
        }
        for text in ["", "canary", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            let error = Key::parse(text, "here").expect_err("no key");
            assert_eq!(error.code(), "store.key_malformed");
            assert!(!error.to_string().contains("canary"), "{error}");
        }
        assert_eq!(format!("{key:?}").len(), "Key(0123456789abcdef)".len());
    }

    #[cfg(unix)]
    #[test]
    fn sec_20_a_key_file_is_made_for_its_owner_alone_and_refused_where_others_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("configflow.key");
        assert_eq!(Key::in_file(&file, false).expect_err("missing").code(), "store.key_missing");
        let made = Key::in_file(&file, true).expect("a key");
        assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
        assert_eq!(Key::in_file(&file, true).expect("the same key").id(), made.id());
        assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left beside it");
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("a mode");
            assert_eq!(Key::in_file(&file, true).expect_err("too wide").code(), "store.key_mode");
        }
    }
}
