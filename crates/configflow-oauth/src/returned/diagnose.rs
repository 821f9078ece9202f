//! The diagnosis of a returned address, from the outside in: place, shape, state, issuer, error, code. Not the tidying.

use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{AuthorizationCode, Form, MOST_RETURNED_BYTES, Returned, ReturnedError, pasted};
use crate::account::Account;
use crate::authorize::{ATTEMPT_LIFETIME, Attempt, STATE_CHARACTERS};
use crate::catalogue::Resolved;
use crate::client::Client;
use crate::errors::{Told, explain};

/// The protocol's parameters: the only names that a text may repeat.
const KNOWN: [&str; 7] = ["code", "state", "error", "iss", "error_description", "error_uri", "session_state"];

impl Client {
    /// Reads a returned address: the code, if it is the attempt's and whole, else what is wrong with it.
    ///
    /// # Errors
    /// When there is no code of this attempt in it. The attempt stays usable, unless it has expired.
    pub fn read(&self, account: &Account, attempt: &Attempt, returned: &Returned) -> Result<AuthorizationCode, ReturnedError> {
        let provider = account.provider();
        let query = match &returned.form {
            Form::TooLong => {
                return Err(ReturnedError::TooLong { limit: MOST_RETURNED_BYTES });
            }
            Form::Pasted(text) => query_of_pasted(provider, attempt, text)?,
            Form::Callback { query, received_at } => {
                if received_at.as_ref().is_some_and(|place| *place != attempt.redirect_uri) {
                    return Err(ReturnedError::WrongPath { expected: attempt.redirect_uri.clone() });
                }
                query.clone()
            }
        };
        let answer = Parameters::read(&query)?;
        check_state(attempt, &query, &answer)?;
        check_issuer(provider, &answer)?;
        if let Some(error) = &answer.error {
            let description = answer.description.as_ref().map(|text| text.as_str());
            return Err(ReturnedError::Provider(explain(provider.errors(), Told { error, description, numbers: &[] })));
        }
        if self.now() >= attempt.expires_at {
            return Err(ReturnedError::Expired { minutes: ATTEMPT_LIFETIME.whole_minutes() });
        }
        match answer.code {
            Some(code) if code.is_empty() => Err(ReturnedError::Truncated),
            Some(code) => Ok(AuthorizationCode { code: code.as_str().into(), attempt: attempt.state_hash() }),
            None => Err(ReturnedError::MissingCode),
        }
    }
}

/// The query of a pasted address, if the address is the redirect URI's.
fn query_of_pasted(provider: &Resolved, attempt: &Attempt, text: &str) -> Result<Zeroizing<String>, ReturnedError> {
    let expected = || attempt.redirect_uri.clone();
    let text = pasted::tidy(text);
    if text.is_empty() {
        return Err(ReturnedError::Empty);
    }
    let parsed = Url::parse(&text).ok().filter(|url| url.has_host() && !text.contains(char::is_whitespace));
    let Some(url) = parsed else {
        return Err(if pasted::is_part(&text) {
            ReturnedError::OnlyCode { expected: expected() }
        } else {
            ReturnedError::NotUrl { expected: expected() }
        });
    };
    let place = Url::parse(&attempt.redirect_uri).map_err(|_| ReturnedError::NotUrl { expected: expected() })?;
    check_place(provider, attempt, &url, &place)?;
    let carries = url.fragment().is_some_and(|fragment| {
        let names = ["code", "state", "error", "access_token", "id_token", "token_type"];
        form_urlencoded::parse(fragment.as_bytes()).any(|(name, _)| names.contains(&name.as_ref()))
    });
    if carries {
        return Err(ReturnedError::Fragment);
    }
    match url.query() {
        None | Some("") => Err(ReturnedError::Truncated),
        Some(query) => Ok(Zeroizing::new(query.to_owned())),
    }
}

/// Parsed parts are compared, never texts searched.
fn check_place(provider: &Resolved, attempt: &Attempt, url: &Url, place: &Url) -> Result<(), ReturnedError> {
    let expected = || attempt.redirect_uri.clone();
    let same_site = |other: &Url| url.host() == other.host() && url.port_or_known_default() == other.port_or_known_default();
    if let Some(authorization) = &provider.endpoints.authorization
        && same_site(authorization)
        && url.path() == authorization.path()
        && url.path() != place.path()
    {
        return Err(ReturnedError::AuthorizeUrl);
    }
    if url.host() != place.host() {
        return Err(ReturnedError::WrongHost { expected: place.host_str().unwrap_or_default().to_owned() });
    }
    if url.scheme() != place.scheme() {
        return Err(if url.scheme() == "http" {
            ReturnedError::NotHttps { expected: expected() }
        } else {
            ReturnedError::WrongScheme { expected: expected() }
        });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(ReturnedError::Credentials { expected: expected() });
    }
    if url.port_or_known_default() != place.port_or_known_default() {
        return Err(ReturnedError::WrongPort { expected: place.port_or_known_default().unwrap_or_default() });
    }
    if url.path() != place.path() {
        let dead_end = provider.native.as_ref().is_some_and(|native| {
            native.redirect_uri == attempt.redirect_uri && native.dead_ends.iter().any(|path| path == url.path())
        });
        return Err(if dead_end { ReturnedError::MovedOn } else { ReturnedError::WrongPath { expected: expected() } });
    }
    Ok(())
}

/// The parameters that matter, each at most once.
#[derive(Default)]
struct Parameters {
    code: Option<Zeroizing<String>>,
    state: Option<Zeroizing<String>>,
    error: Option<Zeroizing<String>>,
    description: Option<Zeroizing<String>>,
    issuer: Option<Zeroizing<String>>,
    last: String,
}

impl Parameters {
    /// RFC 6749 §3.1: a parameter must not be there more than once.
    fn read(query: &str) -> Result<Self, ReturnedError> {
        let mut found = Self::default();
        let mut seen = std::collections::HashSet::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !seen.insert(name.clone().into_owned()) {
                return Err(ReturnedError::Duplicate { parameter: KNOWN.into_iter().find(|known| *known == name) });
            }
            let slot = match name.as_ref() {
                "code" => Some(&mut found.code),
                "state" => Some(&mut found.state),
                "error" => Some(&mut found.error),
                "error_description" => Some(&mut found.description),
                "iss" => Some(&mut found.issuer),
                _ => None,
            };
            if let Some(slot) = slot {
                *slot = Some(Zeroizing::new(value.into_owned()));
            }
            found.last = name.into_owned();
        }
        if found.code.is_some() && found.error.is_some() {
            return Err(ReturnedError::CodeAndError);
        }
        Ok(found)
    }
}

/// The comparison is in constant time; whether an address is cut off is judged by lengths only, so that it tells nothing about
/// the state that is expected.
fn check_state(attempt: &Attempt, query: &str, answer: &Parameters) -> Result<(), ReturnedError> {
    let Some(state) = &answer.state else {
        return match answer {
            // A refusal without a state proves nothing and spends nothing, but what it says helps.
            Parameters { error: Some(_), .. } => Ok(()),
            Parameters { code: Some(code), .. } if !code.is_empty() && !is_cut_escape(query) => Err(ReturnedError::MissingState),
            Parameters { code: Some(_), .. } => Err(ReturnedError::Truncated),
            _ if ["code", "state", "error"].iter().any(|name| name.starts_with(&answer.last) && !answer.last.is_empty()) => {
                Err(ReturnedError::Truncated)
            }
            _ => Err(ReturnedError::MissingState),
        };
    };
    if attempt.state.matches(state) {
        return Ok(());
    }
    let short = state.len() < STATE_CHARACTERS && answer.last == "state";
    Err(if short { ReturnedError::Truncated } else { ReturnedError::StaleState })
}

/// Whether the query ends within a percent-encoded byte.
fn is_cut_escape(query: &str) -> bool {
    query.rsplit('%').next().is_some_and(|tail| query.contains('%') && tail.len() < 2)
}

/// RFC 9207 §2.4. Where we know no issuer there is nothing to compare with.
fn check_issuer(provider: &Resolved, answer: &Parameters) -> Result<(), ReturnedError> {
    match (&provider.issuer, &answer.issuer) {
        (Some(expected), Some(issuer)) if !expected.accepts(issuer) => Err(ReturnedError::IssuerMismatch),
        (Some(expected), None) if expected.is_promised_in_response() => Err(ReturnedError::IssuerMissing),
        _ => Ok(()),
    }
}
