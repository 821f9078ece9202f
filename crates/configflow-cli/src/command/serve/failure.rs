//! Why a server cannot be.

use std::net::SocketAddr;
use std::path::PathBuf;

use configflow_engine::{BuildError, StoreError};
use configflow_oauth::{CatalogueError, EntropyError, OutboundError};
use configflow_store::OpenError;

/// Why a server cannot be.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The folder of definitions cannot be read.
    #[error("{}: {error}", folder.display())]
    Flows { folder: PathBuf, error: std::io::Error },
    /// The token cannot be read or made.
    #[error("{}: {error}", file.display())]
    Token { file: PathBuf, error: std::io::Error },
    /// The machine gives no random bytes for a token.
    #[error(transparent)]
    Entropy(EntropyError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Open(OpenError),
    /// What is stored cannot be read.
    #[error(transparent)]
    Store(StoreError),
    /// No HTTP client can be made.
    #[error(transparent)]
    Build(BuildError),
    /// A provider cannot be used.
    #[error(transparent)]
    Providers(CatalogueError),
    /// What is said of the hub has no two sides.
    #[error("`{text}` says nothing of the hub; expected KEY=VALUE, such as country=NL")]
    NoSetting { text: String },
    /// A rewrite has no two sides.
    #[error("`{text}` is no rewrite; expected FROM=TO, such as https://login.example=http://127.0.0.1:4000")]
    NoRewrite { text: String },
    /// A rewrite cannot be used.
    #[error("`{text}`: {error}")]
    Rewrite { text: String, error: OutboundError },
    /// It cannot listen.
    #[error("{address}: {error}")]
    Listen { address: SocketAddr, error: std::io::Error },
    /// Signals cannot be waited for.
    #[error("signals cannot be waited for: {0}")]
    Signals(std::io::Error),
}

impl Failure {
    /// The stable code of the failure.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Flows { .. } => "serve.flows",
            Self::Token { .. } => "serve.token",
            Self::Entropy(_) => "engine.no_entropy",
            Self::Open(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Build(error) => error.code(),
            Self::Providers(error) => error.code(),
            Self::NoSetting { .. } => "serve.hub",
            Self::NoRewrite { .. } => "outbound.not_a_rewrite",
            Self::Rewrite { error, .. } => error.code(),
            Self::Listen { .. } => "serve.listen",
            Self::Signals(_) => "serve.signals",
        }
    }
}
