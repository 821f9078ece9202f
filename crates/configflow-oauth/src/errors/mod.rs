//! What a provider's error means: tables of data, and the error that they explain.
//!
//! Not the faults of the transport (see [`crate::HttpError`]), and never the provider's own prose: `error_description` may
//! hold anything, so it stays behind an explicit getter, without control characters and cut to a length.

mod table;

pub(crate) use table::STANDARD;
pub use table::{Blame, ErrorTable, ErrorTableError};

use std::fmt;

use serde_json::{Map, Value, json};

/// JSON-safe detail of an error: no secrets in it.
pub type Fields = Map<String, Value>;

const DESCRIPTION_CHARACTERS: usize = 500;

/// An error that the provider told us, explained by the tables.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderError(Box<Detail>);

#[derive(Clone, PartialEq, Eq)]
struct Detail {
    error: String,
    code: Option<String>,
    cause: String,
    remedy: String,
    blame: Vec<Blame>,
    is_final: bool,
    description: Option<String>,
}

impl ProviderError {
    /// The OAuth error, such as `invalid_grant`; `unrecognised` if it was not of an error's shape.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.0.error
    }

    /// The provider's own number, such as `AADSTS50011`.
    #[must_use]
    pub fn provider_code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What happened, in a sentence of ours.
    #[must_use]
    pub fn cause(&self) -> &str {
        &self.0.cause
    }

    /// What to do.
    #[must_use]
    pub fn remedy(&self) -> &str {
        &self.0.remedy
    }

    /// The field or party that can mend it, the likeliest first.
    #[must_use]
    pub fn blame(&self) -> &[Blame] {
        &self.0.blame
    }

    /// Whether the same request can never succeed.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.0.is_final
    }

    /// Whether the person, or the tenant, said no.
    #[must_use]
    pub fn is_denied(&self) -> bool {
        self.0.error == "access_denied"
    }

    /// The provider's own description, untrusted: without control characters, at most 500 characters. Not for logs.
    #[must_use]
    pub fn untrusted_description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The JSON-safe detail.
    #[must_use]
    pub fn public_fields(&self) -> Fields {
        let mut fields = Fields::new();
        fields.insert("provider_error".into(), json!(self.0.error));
        if let Some(code) = &self.0.code {
            fields.insert("provider_code".into(), json!(code));
        }
        fields.insert("cause".into(), json!(self.0.cause));
        fields.insert("remedy".into(), json!(self.0.remedy));
        fields.insert("blame".into(), json!(self.0.blame.iter().map(|blame| blame.as_str()).collect::<Vec<_>>()));
        fields.insert("final".into(), json!(self.0.is_final));
        fields
    }
}

impl fmt::Debug for ProviderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ProviderError")
            .field("error", &self.0.error)
            .field("code", &self.0.code)
            .field("blame", &self.0.blame)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the provider answered {}", self.0.error)?;
        if let Some(code) = &self.0.code {
            write!(formatter, " ({code})")?;
        }
        write!(formatter, ": {}; {}", self.0.cause, self.0.remedy)
    }
}

impl std::error::Error for ProviderError {}

/// What the provider said, before it is looked up.
#[derive(Clone, Copy, Default)]
pub(crate) struct Told<'a> {
    pub(crate) error: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) numbers: &'a [u64],
}

/// Explains an error by the provider's table, then by the standard one.
pub(crate) fn explain(table: &ErrorTable, told: Told<'_>) -> ProviderError {
    let error = recognised(told.error);
    let code = table.code_of(told);
    let explanation = code
        .as_deref()
        .and_then(|code| table.by_code(code))
        .or_else(|| table.by_error(&error))
        .or_else(|| STANDARD.by_error(&error));
    let (cause, remedy, blame, is_final) = match explanation {
        Some(found) => (found.cause.clone(), found.remedy.clone(), found.blame.clone(), found.is_final),
        None => (
            "the provider refused, for a reason that is not in our tables".to_owned(),
            "look the error up in the provider's documentation, then start the link again".to_owned(),
            vec![Blame::Retry],
            true,
        ),
    };
    ProviderError(Box::new(Detail {
        error,
        code: code.map(|code| format!("{}{code}", table.code_prefix())),
        cause,
        remedy,
        blame,
        is_final,
        description: told.description.map(harmless),
    }))
}

/// RFC 6749 §5.2 allows more; what providers use is this, and nothing else is worth showing.
fn recognised(error: &str) -> String {
    let shaped = !error.is_empty()
        && error.len() <= 48
        && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'-');
    if shaped { error.to_owned() } else { "unrecognised".to_owned() }
}

fn harmless(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(DESCRIPTION_CHARACTERS).collect()
}
