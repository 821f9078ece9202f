//! A recording as it is read from its file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

/// A recording.
#[derive(Debug, Clone, Deserialize)]
pub struct Recording {
    /// Its name.
    pub name: String,
    /// What happened, in order.
    pub exchanges: Vec<Exchange>,
    /// The entries that were stored in the end.
    #[serde(default)]
    pub entries_after: Option<Vec<Value>>,
}

/// One exchange.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    /// What was sent.
    pub request: RecordedRequest,
    /// What came.
    pub response: RecordedResponse,
}

/// What was sent.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedRequest {
    /// A verb of HTTP, or `WS`, `WS-EVENT`, `INTERNAL`, `OUTBOUND …`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The body as JSON; null is none.
    #[serde(default)]
    pub body: Value,
    /// The body as it was sent, where that is no JSON.
    #[serde(default)]
    pub raw_body: Option<String>,
    /// Headers beside the usual ones.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// What came.
#[derive(Debug, Clone, Deserialize)]
pub struct RecordedResponse {
    /// The status of HTTP.
    pub status: Option<u16>,
    /// The body: JSON, or a text.
    #[serde(default)]
    pub body: Value,
}

/// Why a file is no recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// It cannot be read.
    #[error("{file}: {reason}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        reason: std::io::ErrorKind,
    },
    /// It has another form.
    #[error("{file} is no recording: {reason}")]
    NotARecording {
        /// The file.
        file: String,
        /// What was not as expected.
        reason: String,
    },
}

impl RecordingError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "recording.unreadable",
            Self::NotARecording { .. } => "recording.malformed",
        }
    }
}

impl Recording {
    /// The recording in a file.
    ///
    /// # Errors
    /// Where it cannot be read, or is no recording.
    pub fn read(file: &Path) -> Result<Self, RecordingError> {
        let name = || file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| RecordingError::Unreadable { file: name(), reason: error.kind() })?;
        serde_json::from_slice(&bytes).map_err(|error| RecordingError::NotARecording { file: name(), reason: error.to_string() })
    }
}
