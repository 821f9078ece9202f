//! The ways in which a request fails before there is an answer to judge.

use std::error::Error as _;
use std::io;

use serde_json::json;

use crate::errors::Fields;

/// A fault of the transport.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The target is neither https nor a loopback address put there by a rewrite.
    #[error("the address of the provider is not https, so nothing was sent")]
    NotHttps,
    /// The host name has no address.
    #[error("the provider's host name was not found; check the name and the network's DNS")]
    NameNotFound,
    /// Nobody listens.
    #[error("the provider refused the connection; check the network and try again")]
    Refused,
    /// No connection, for another reason.
    #[error("the provider cannot be reached; check the network and try again")]
    Connect,
    /// The connection could not be secured.
    #[error("the connection to the provider could not be secured; check the clock and the certificates of this machine")]
    Tls,
    /// Too slow.
    #[error("the provider did not answer in time; try again")]
    Timeout,
    /// The connection broke.
    #[error("the connection to the provider broke before the answer was complete; try again")]
    Reset,
    /// The answer is larger than what we read.
    #[error("the provider's answer is larger than {limit} bytes, so it was not read")]
    TooLarge {
        /// The most that is read.
        limit: usize,
    },
}

impl HttpError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotHttps => "http.not_https",
            Self::NameNotFound => "http.name_not_found",
            Self::Refused => "http.refused",
            Self::Connect => "http.connect",
            Self::Tls => "http.tls",
            Self::Timeout => "http.timeout",
            Self::Reset => "http.reset",
            Self::TooLarge { .. } => "http.too_large",
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        if let Self::TooLarge { limit } = self {
            fields.insert("limit".into(), json!(limit));
        }
        fields
    }

    /// Sorts reqwest's error, whose own text may hold a URL and is dropped.
    pub(crate) fn sort(error: &reqwest::Error) -> Self {
        if error.is_timeout() {
            return Self::Timeout;
        }
        if error.is_dns() {
            return Self::NameNotFound;
        }
        let mut source = error.source();
        while let Some(inner) = source {
            let found = inner.downcast_ref::<io::Error>();
            if let Some(sorted) = found.and_then(|found| Self::sort_io(found.kind())) {
                return sorted;
            }
            // An `io::Error` passes over the error within it when it is asked for its source.
            source = match found.and_then(io::Error::get_ref) {
                Some(within) => Some(within),
                None => inner.source(),
            };
        }
        if error.is_connect() { Self::Connect } else { Self::Reset }
    }

    fn sort_io(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::ConnectionRefused => Some(Self::Refused),
            io::ErrorKind::TimedOut => Some(Self::Timeout),
            // The kind that tokio-rustls gives to the errors of TLS.
            io::ErrorKind::InvalidData => Some(Self::Tls),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some(Self::Reset),
            _ => None,
        }
    }
}
