//! The address that a provider returned to, pasted by a person or received by a callback, and its diagnosis.
//!
//! Both go through the same code. Nothing here sends anything, and a wrong address spends nothing.

mod diagnose;
mod error;
mod pasted;

pub use error::ReturnedError;

use std::fmt;

use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::authorize::StateHash;
use crate::secret::Secret;

/// The most characters (bytes, in truth) of an address that are read.
pub const MOST_RETURNED_BYTES: usize = 16 * 1024;

/// What came back. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Returned {
    form: Form,
}

#[derive(Clone)]
enum Form {
    Pasted(Zeroizing<String>),
    Callback { query: Zeroizing<String>, received_at: Option<String> },
    TooLong,
}

impl Returned {
    /// What a person pasted.
    #[must_use]
    pub fn pasted(text: &str) -> Self {
        if text.len() > MOST_RETURNED_BYTES {
            return Self { form: Form::TooLong };
        }
        Self { form: Form::Pasted(Zeroizing::new(text.to_owned())) }
    }

    /// What a callback received behind the question mark. Its place is not checked; see [`Self::received_at`].
    #[must_use]
    pub fn from_query(query: &str) -> Self {
        if query.len() > MOST_RETURNED_BYTES {
            return Self { form: Form::TooLong };
        }
        let query = query.strip_prefix('?').unwrap_or(query);
        Self { form: Form::Callback { query: Zeroizing::new(query.to_owned()), received_at: None } }
    }

    /// Says for which redirect URI the callback listens, which must then be the attempt's, byte by byte (RFC 9700 §4.4).
    #[must_use]
    pub fn received_at(mut self, redirect_uri: &str) -> Self {
        if let Form::Callback { received_at, .. } = &mut self.form {
            *received_at = Some(redirect_uri.to_owned());
        }
        self
    }

    /// The hash of the `state` in it, by which to find the attempt.
    #[must_use]
    pub fn state_hash(&self) -> Option<StateHash> {
        let find = |query: &str| {
            let mut states = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "state");
            let state = Zeroizing::new(states.next()?.1.into_owned());
            (states.next().is_none() && !state.is_empty()).then(|| StateHash::of(&state))
        };
        match &self.form {
            Form::Callback { query, .. } => find(query),
            Form::Pasted(text) => {
                let text = pasted::tidy(text);
                let (_, query) = text.split_once('?')?;
                find(query.split('#').next().unwrap_or_default())
            }
            Form::TooLong => None,
        }
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Returned([redacted])")
    }
}

/// A code that came back for one attempt. Only the diagnosis makes one; redeeming takes it.
pub struct AuthorizationCode {
    pub(crate) code: Secret,
    pub(crate) attempt: StateHash,
}

impl fmt::Debug for AuthorizationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("AuthorizationCode([redacted])")
    }
}
