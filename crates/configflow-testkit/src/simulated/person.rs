//! The person with a browser: opens the authorize URL, and copies what the address bar shows in the end, or lets it call back.
//!
//! What the person does is in the script; this is the way there and back.

use std::fmt;
use std::sync::Arc;

use url::Url;

use super::get::get;
use super::script::Behaviour;
use super::serve::Site;

/// The person.
#[derive(Clone)]
pub struct Person {
    site: Arc<Site>,
}

/// What a callback was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledBack {
    /// The status.
    pub status: u16,
    /// The page.
    pub body: String,
    /// Where the answer leads on, if it redirects.
    pub location: Option<String>,
}

/// Why the person does not come back.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogInError {
    /// What was to be opened is not a web address.
    #[error("the address to open is not a whole https or http address")]
    NotAUrl,
    /// The provider showed an error page and sent nobody back.
    #[error("the provider shows an error page and does not send the person back")]
    ErrorPage {
        /// The AADSTS number, if the page has one.
        aadsts: Option<u32>,
        /// The text of the page.
        text: String,
    },
    /// The answer is neither a redirect nor an error page.
    #[error("the provider answers status {0} without sending the person back")]
    NoRedirect(u16),
    /// The simulated provider or the callback cannot be reached.
    #[error("the server cannot be reached")]
    Unreachable(#[source] std::io::Error),
}

impl LogInError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAUrl => "simulated.not_a_url",
            Self::ErrorPage { .. } => "simulated.error_page",
            Self::NoRedirect(_) => "simulated.no_redirect",
            Self::Unreachable(_) => "simulated.unreachable",
        }
    }
}

impl Person {
    pub(crate) fn new(site: Arc<Site>) -> Self {
        Self { site }
    }

    /// Opens an authorize URL at the simulated provider and gives the URL that the browser shows in the end: the text to copy.
    /// It holds the code.
    ///
    /// # Errors
    /// When the person is not sent back.
    pub async fn log_in(&self, authorize_url: &str) -> Result<String, LogInError> {
        let url = Url::parse(authorize_url).map_err(|_| LogInError::NotAUrl)?;
        let local = self.site.local(&url).and_then(|local| Url::parse(&local).ok()).ok_or(LogInError::NotAUrl)?;
        let got = get(&local).await.map_err(LogInError::Unreachable)?;
        match got.location.filter(|_| (300..400).contains(&got.status)) {
            Some(back) => Ok(self.settled(back)),
            None => Err(error_page(got.status, &got.body)),
        }
    }

    /// Opens an authorize URL, and the callback that it leads to at the hub listening at `base`, such as `http://127.0.0.1:8123`:
    /// the public address of the redirect URI need not lead there.
    ///
    /// # Errors
    /// When the person is not sent back, or `base` cannot be reached.
    pub async fn call_back(&self, authorize_url: &str, base: &str) -> Result<CalledBack, LogInError> {
        let back = Url::parse(&self.log_in(authorize_url).await?).map_err(|_| LogInError::NotAUrl)?;
        let mut target = Url::parse(base).map_err(|_| LogInError::NotAUrl)?;
        target.set_path(back.path());
        target.set_query(back.query());
        let got = get(&target).await.map_err(LogInError::Unreachable)?;
        Ok(CalledBack { status: got.status, body: got.body, location: got.location })
    }

    /// Follows the provider's redirect to a listener on this machine, as a browser on it does.
    ///
    /// # Errors
    /// When the address is none of this machine's own, or nobody listens there.
    pub async fn follow(&self, returned: &str) -> Result<CalledBack, LogInError> {
        let target = Url::parse(returned).ok().filter(is_loopback).ok_or(LogInError::NotAUrl)?;
        let got = get(&target).await.map_err(LogInError::Unreachable)?;
        Ok(CalledBack { status: got.status, body: got.body, location: got.location })
    }

    /// What the address bar shows some seconds later.
    fn settled(&self, back: String) -> String {
        let moves_on = self.site.world().script.person == Behaviour::EndsAtWrongplace;
        match Url::parse(&back) {
            Ok(mut url) if moves_on && url.path().ends_with("/nativeclient") => {
                url.set_path("/common/wrongplace");
                url.set_query(None);
                url.into()
            }
            _ => back,
        }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// Whether an address leads to this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(_)) | None => false,
    }
}

fn error_page(status: u16, page: &str) -> LogInError {
    let Some(text) = page.split_once("<p>").and_then(|(_, rest)| rest.split_once("</p>")).map(|(text, _)| text) else {
        return LogInError::NoRedirect(status);
    };
    let aadsts = text.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next()).and_then(|number| number.parse().ok());
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    LogInError::ErrorPage { aadsts, text }
}
