//! What can be wrong with a returned address: one variant each, with what was expected and what to do.
//!
//! No text holds anything of the address itself: its code and state are secrets, and the rest is anybody's.

use serde_json::json;

use crate::errors::{Fields, ProviderError};

/// Why a returned address brings no code. None of these spends the attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReturnedError {
    /// Nothing was pasted.
    #[error("nothing was pasted; log in, then copy the whole address of the page that comes last")]
    Empty,
    /// Too long to be an address.
    #[error("the text is longer than {limit} characters, so it is not the address of the last page; copy only that address")]
    TooLong {
        /// The most that is read.
        limit: usize,
    },
    /// Only the code, or only what stands behind the question mark.
    #[error("only a part of the address was pasted; copy the whole address, beginning with {expected}")]
    OnlyCode {
        /// The redirect URI.
        expected: String,
    },
    /// Not an address.
    #[error("the text is not an address; copy the whole address of the last page, beginning with {expected}")]
    NotUrl {
        /// The redirect URI.
        expected: String,
    },
    /// The address at which the login begins.
    #[error("this is the address at which the login begins; open it, log in, and copy the address of the page that comes last")]
    AuthorizeUrl,
    /// The provider's page had moved on.
    #[error(
        "the provider's page had moved on already and its new address holds no code; \
         log in again and copy the address as soon as the page appears, or choose another way of linking"
    )]
    MovedOn,
    /// `http:` where `https:` is expected.
    #[error("the address begins with http:// where https:// is expected; copy the address that begins with {expected}")]
    NotHttps {
        /// The redirect URI.
        expected: String,
    },
    /// Another scheme.
    #[error("the address is of another kind than {expected}; copy the address that begins with it")]
    WrongScheme {
        /// The redirect URI.
        expected: String,
    },
    /// A user name or password in the address.
    #[error(
        "the address holds a user name or a password, which the expected one does not; copy the address that begins with {expected}"
    )]
    Credentials {
        /// The redirect URI.
        expected: String,
    },
    /// Another host.
    #[error("the address is of another site than {expected}; log in to the end and copy the address of the page that comes last")]
    WrongHost {
        /// The host that is expected.
        expected: String,
    },
    /// Another port.
    #[error("the address has another port than {expected}; copy the address of the page that comes last")]
    WrongPort {
        /// The port that is expected.
        expected: u16,
    },
    /// Another path.
    #[error("the address is of another page than {expected}; log in to the end and copy the address of the page that comes last")]
    WrongPath {
        /// The redirect URI.
        expected: String,
    },
    /// The answer is in the fragment.
    #[error(
        "the provider answered behind a # sign, which belongs to a kind of login that is not used; start the link again with the link shown here"
    )]
    Fragment,
    /// A parameter twice.
    #[error("the address has {} twice; start the link again and copy the address unchanged", parameter.unwrap_or("a parameter"))]
    Duplicate {
        /// Which one, if it is one of the protocol's.
        parameter: Option<&'static str>,
    },
    /// Success and failure at once.
    #[error("the address holds a code and an error at once; start the link again and copy the address unchanged")]
    CodeAndError,
    /// Cut off.
    #[error("the address is cut off; copy the whole of it, to the very end")]
    Truncated,
    /// No `state`.
    #[error("the address lacks its state, so it is cut off or of another login; copy the whole address of the login begun here")]
    MissingState,
    /// Another `state`.
    #[error(
        "the address is of another or an older login; use the link shown here, log in, and copy the address of the page that comes last"
    )]
    StaleState,
    /// Of another issuer (RFC 9207 §2.4).
    #[error("the answer comes from another provider than the login was begun with; start the link again")]
    IssuerMismatch,
    /// No issuer, though promised (RFC 9207 §2.4).
    #[error(
        "the answer does not name its provider, although the provider promises that; copy the whole address, or start the link again"
    )]
    IssuerMissing,
    /// Too late.
    #[error("the link has expired; start it again and finish it within {minutes} minutes")]
    Expired {
        /// How long an attempt may take.
        minutes: i64,
    },
    /// The provider says no.
    #[error(transparent)]
    Provider(ProviderError),
    /// No code.
    #[error("the address holds neither a code nor an error; log in to the end and copy the address of the page that comes last")]
    MissingCode,
}

impl ReturnedError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "link.url_empty",
            Self::TooLong { .. } => "link.url_too_long",
            Self::OnlyCode { .. } => "link.url_only_code",
            Self::NotUrl { .. } => "link.url_not_a_url",
            Self::AuthorizeUrl => "link.url_authorize",
            Self::MovedOn => "link.url_moved_on",
            Self::NotHttps { .. } => "link.url_not_https",
            Self::WrongScheme { .. } => "link.url_wrong_scheme",
            Self::Credentials { .. } => "link.url_credentials",
            Self::WrongHost { .. } => "link.url_wrong_host",
            Self::WrongPort { .. } => "link.url_wrong_port",
            Self::WrongPath { .. } => "link.url_wrong_path",
            Self::Fragment => "link.url_fragment",
            Self::Duplicate { .. } => "link.url_duplicate",
            Self::CodeAndError => "link.url_code_and_error",
            Self::Truncated => "link.url_truncated",
            Self::MissingState => "link.url_missing_state",
            Self::StaleState => "link.url_stale_state",
            Self::IssuerMismatch => "link.url_issuer_mismatch",
            Self::IssuerMissing => "link.url_issuer_missing",
            Self::Expired { .. } => "link.url_expired",
            Self::Provider(error) if error.is_denied() => "link.denied",
            Self::Provider(_) => "link.provider_error",
            Self::MissingCode => "link.url_missing_code",
        }
    }

    /// What the provider said, where it said something.
    #[must_use]
    pub fn provider_error(&self) -> Option<&ProviderError> {
        match self {
            Self::Provider(error) => Some(error),
            _ => None,
        }
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        match self {
            Self::Provider(error) => return error.public_fields(),
            Self::OnlyCode { expected }
            | Self::NotUrl { expected }
            | Self::NotHttps { expected }
            | Self::WrongScheme { expected }
            | Self::Credentials { expected }
            | Self::WrongHost { expected }
            | Self::WrongPath { expected } => {
                fields.insert("expected".into(), json!(expected));
            }
            Self::WrongPort { expected } => {
                fields.insert("expected".into(), json!(expected));
            }
            Self::TooLong { limit } => {
                fields.insert("limit".into(), json!(limit));
            }
            Self::Duplicate { parameter: Some(parameter) } => {
                fields.insert("parameter".into(), json!(parameter));
            }
            Self::Expired { minutes } => {
                fields.insert("minutes".into(), json!(minutes));
            }
            _ => {}
        }
        fields
    }
}
