//! Definitions out of a folder, each read when it is asked for.

use std::path::{Path, PathBuf};

use configflow_core::Definition;
use configflow_core::signature::Signatures;
use configflow_yaml::{Diagnostics, Options, Source, load};

/// A folder of definitions, or definitions that are part of the program.
#[derive(Debug, Clone)]
pub struct Flows {
    folder: PathBuf,
    embedded: &'static [(&'static str, &'static str)],
    signatures: Signatures,
}

/// Why a definition cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlowsError {
    /// The folder is not there.
    #[error("there is no folder {}", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// No file handles the domain.
    #[error("no definition in {} handles `{domain}`", folder.display())]
    Unknown {
        /// The folder.
        folder: PathBuf,
        /// The domain.
        domain: String,
    },
    /// The file handles another domain.
    #[error("{} handles `{found}`, not `{domain}`", file.display())]
    OtherDomain {
        /// The file.
        file: PathBuf,
        /// The domain that was asked for.
        domain: String,
        /// The domain that it handles.
        found: String,
    },
    /// The file cannot be read.
    #[error("{}: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        reason: std::io::ErrorKind,
    },
    /// The file is no definition.
    #[error("{} is no sound definition:\n{diagnostics}", text.name())]
    Broken {
        /// Its text.
        text: Box<Source>,
        /// What is wrong with it.
        diagnostics: Diagnostics,
    },
}

impl FlowsError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoFolder { .. } => "flows.no_folder",
            Self::Unknown { .. } => "flows.unknown",
            Self::OtherDomain { .. } => "flows.other_domain",
            Self::Unreadable { .. } => "flows.unreadable",
            Self::Broken { .. } => "flows.broken",
        }
    }
}

impl Flows {
    /// The definitions in a folder.
    #[must_use]
    pub fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), embedded: &[], signatures: Signatures::default() }
    }

    /// Definitions that are part of the program: domains and texts.
    #[must_use]
    pub fn embedded(definitions: &'static [(&'static str, &'static str)]) -> Self {
        Self { folder: PathBuf::from("<embedded>"), embedded: definitions, signatures: Signatures::default() }
    }

    /// The same definitions, which may use these actions of an embedder's without declaring them (`Builder::signatures`).
    #[must_use]
    pub fn with_signatures(self, signatures: Signatures) -> Self {
        Self { signatures, ..self }
    }

    /// The definitions that belong to a fixture: the nearest folder `flows` beside it or above it.
    #[must_use]
    pub fn near(fixture: &Path) -> Option<Self> {
        let start = fixture.canonicalize().ok()?;
        start
            .ancestors()
            .skip(1)
            .map(|folder| folder.join("flows"))
            .find(|folder| folder.is_dir())
            .map(|folder| Self::in_folder(&folder))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The definition of a domain: the file of its name.
    ///
    /// # Errors
    /// Where there is none, or it is not sound.
    pub fn get(&self, domain: &str) -> Result<Definition, FlowsError> {
        if let Some((_, text)) = self.embedded.iter().find(|(name, _)| *name == domain) {
            return read(Source::new(&format!("<embedded>/{domain}.yaml"), text), &self.signatures);
        }
        if self.embedded.is_empty() && !self.folder.is_dir() {
            return Err(FlowsError::NoFolder { folder: self.folder.clone() });
        }
        let plain = domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let file = self.folder.join(format!("{domain}.yaml"));
        if !plain || !file.is_file() {
            return Err(FlowsError::Unknown { folder: self.folder.clone(), domain: domain.to_owned() });
        }
        let bytes = std::fs::read(&file).map_err(|error| FlowsError::Unreadable { file: file.clone(), reason: error.kind() })?;
        let source = Source::from_bytes(&file.display().to_string(), bytes);
        let definition = read(source, &self.signatures)?;
        if definition.domain != domain {
            return Err(FlowsError::OtherDomain { file, domain: domain.to_owned(), found: definition.domain.clone() });
        }
        Ok(definition)
    }
}

/// The definition in a source.
fn read(source: Source, signatures: &Signatures) -> Result<Definition, FlowsError> {
    match load(&source, &Options { signatures: signatures.clone(), ..Options::default() }) {
        Ok(loaded) => Ok(loaded.definition),
        Err(diagnostics) => Err(FlowsError::Broken { text: Box::new(source), diagnostics }),
    }
}
