//! The one door through which this crate reaches the network: no redirects, time limits, a cap on what is read, https only.
//!
//! Not an HTTP client for others, and it retries nothing: whoever asks decides what a fault means.

mod error;
mod outbound;

pub use error::HttpError;
pub(crate) use outbound::is_loopback;
pub use outbound::{Outbound, OutboundError};

use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use http::{HeaderValue, Request, StatusCode};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;
use zeroize::Zeroizing;

/// Limits and ways of the HTTP client.
#[derive(Clone, Debug)]
pub struct HttpOptions {
    /// The most time for a request from beginning to end.
    pub total: Duration,
    /// The most time to connect.
    pub connect: Duration,
    /// The most bytes of an answer that are read.
    pub max_body: usize,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Rewrites of targets.
    pub outbound: Outbound,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            total: Duration::from_secs(30),
            connect: Duration::from_secs(10),
            max_body: 1024 * 1024,
            user_agent: concat!("configflow/", env!("CARGO_PKG_VERSION")).to_owned(),
            outbound: Outbound::new(),
        }
    }
}

/// What came back. `Debug` shows neither headers nor body.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Answer {
    /// How long the server asks us to wait (RFC 9110 §10.2.3: seconds, or a date), at most a day.
    pub(crate) fn retry_after(&self, now: OffsetDateTime) -> Option<Duration> {
        const MOST: Duration = Duration::from_secs(24 * 60 * 60);
        let text = self.retry_after.as_deref()?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                let then = OffsetDateTime::parse(text, &Rfc2822).ok()?;
                Duration::try_from(then - now).unwrap_or(Duration::ZERO)
            }
        };
        Some(wait.min(MOST))
    }
}

/// The client cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the HTTP client cannot be built; check that the machine has CA certificates and that the user agent is plain text")]
pub struct ClientError;

impl ClientError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "http.client"
    }
}

/// The client.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    outside: reqwest::Client,
    loopback: reqwest::Client,
    outbound: Outbound,
    max_body: usize,
}

impl Http {
    pub(crate) fn new(options: HttpOptions) -> Result<Self, ClientError> {
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                // A kept connection may be dead when a code is redeemed over it, and a code is redeemed once.
                .pool_max_idle_per_host(0)
                .referer(false)
                .timeout(options.total)
                .connect_timeout(options.connect)
                .user_agent(options.user_agent.as_str())
        };
        Ok(Self {
            outside: builder().https_only(true).build().map_err(|_| ClientError)?,
            // What stays on this machine must not go through a proxy.
            loopback: builder().no_proxy().build().map_err(|_| ClientError)?,
            outbound: options.outbound,
            max_body: options.max_body,
        })
    }

    /// Sends a request once.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Answer, HttpError> {
        let (parts, body) = request.into_parts();
        let asked = Url::parse(&parts.uri.to_string()).map_err(|_| HttpError::NotHttps)?;
        let (client, target) = self.route(asked)?;
        let mut headers = parts.headers;
        if let Some(value) = headers.get_mut(AUTHORIZATION) {
            value.set_sensitive(true);
        }
        let answer = client.request(parts.method, target).headers(headers).body(body).send().await;
        let answer = answer.map_err(|error| HttpError::sort(&error))?;
        self.read(answer).await
    }

    /// Fetches a JSON document.
    pub(crate) async fn get(&self, url: &Url) -> Result<Answer, HttpError> {
        let mut request = Request::new(Vec::new());
        *request.uri_mut() = url.as_str().parse().map_err(|_| HttpError::NotHttps)?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/json"));
        self.send(request).await
    }

    /// Posts a form.
    pub(crate) async fn post(&self, url: &Url, headers: HeaderMap, form: &Zeroizing<String>) -> Result<Answer, HttpError> {
        self.post_as("application/x-www-form-urlencoded", url, headers, form).await
    }

    /// Posts a JSON document.
    pub(crate) async fn post_json(&self, url: &Url, headers: HeaderMap, json: &Zeroizing<String>) -> Result<Answer, HttpError> {
        self.post_as("application/json", url, headers, json).await
    }

    async fn post_as(
        &self,
        kind: &'static str,
        url: &Url,
        mut headers: HeaderMap,
        body: &Zeroizing<String>,
    ) -> Result<Answer, HttpError> {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        let mut request = Request::new(body.as_bytes().to_vec());
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = url.as_str().parse().map_err(|_| HttpError::NotHttps)?;
        *request.headers_mut() = headers;
        self.send(request).await
    }

    fn route(&self, asked: Url) -> Result<(&reqwest::Client, Url), HttpError> {
        match self.outbound.rewrite(&asked) {
            Some(target) if is_loopback(&target) => Ok((&self.loopback, target)),
            Some(target) if target.scheme() == "https" => Ok((&self.outside, target)),
            None if asked.scheme() == "https" => Ok((&self.outside, asked)),
            _ => Err(HttpError::NotHttps),
        }
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Answer, HttpError> {
        let too_large = HttpError::TooLarge { limit: self.max_body };
        if answer.content_length().is_some_and(|length| length > self.max_body as u64) {
            return Err(too_large);
        }
        let status = answer.status();
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = answer.chunk().await.map_err(|error| HttpError::sort(&error))? {
            if body.len() + chunk.len() > self.max_body {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status, retry_after, body })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(header: &str) -> Option<Duration> {
        let answer = Answer { status: StatusCode::OK, retry_after: Some(header.to_owned()), body: Zeroizing::default() };
        answer.retry_after(OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn retry_after_in_both_forms() {
        assert_eq!(waiting("7"), Some(Duration::from_secs(7)));
        assert_eq!(waiting("Thu, 01 Jan 1970 00:01:00 GMT"), Some(Duration::from_secs(60)));
        assert_eq!(waiting("999999999"), Some(Duration::from_secs(86_400)));
        assert_eq!(waiting("soon"), None);
    }
}
