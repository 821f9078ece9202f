//! One exchange with a token endpoint: our HTTP client under `oauth2`, what it saw, and the judgement of a fault.
//!
//! `oauth2` loses the status of an answer that it cannot read, so the adapter keeps the answer until it is judged.

use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;

use http::header::{AUTHORIZATION, HeaderMap};
use http::{Response, StatusCode};
use oauth2::basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse};
use oauth2::{
    AsyncHttpClient, AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, RequestTokenError,
    StandardRevocableToken, TokenUrl,
};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::error::TokenError;
use super::quirks;
use super::wire::WireToken;
use crate::account::Account;
use crate::catalogue::{ClientAuth, Purpose, RequestBody};
use crate::client::Client;
use crate::errors::{ErrorTable, Told, explain};
use crate::http::{Answer, Http, HttpError};

/// `oauth2`'s client with our answer type.
pub(crate) type Protocol = oauth2::Client<
    BasicErrorResponse,
    WireToken,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

pub(crate) type ProtocolError = RequestTokenError<HttpError, BasicErrorResponse>;

pub(crate) fn protocol(account: &Account) -> Protocol {
    let provider = account.provider();
    let client = oauth2::Client::new(ClientId::new(account.client_id().to_owned()))
        .set_token_uri(TokenUrl::from_url(provider.endpoints.token.clone()))
        .set_auth_type(match provider.auth {
            ClientAuth::Post | ClientAuth::Both => AuthType::RequestBody,
            ClientAuth::Basic => AuthType::BasicAuth,
        });
    match account.client_secret() {
        Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose().to_owned())),
        None => client,
    }
}

/// The adapter: sends once, and keeps what came back.
pub(crate) struct Recorder<'h> {
    http: &'h Http,
    account: &'h Account,
    seen: Mutex<Option<Answer>>,
}

impl<'h> Recorder<'h> {
    pub(crate) fn new(http: &'h Http, account: &'h Account) -> Self {
        Self { http, account, seen: Mutex::new(None) }
    }

    async fn send(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let provider = self.account.provider();
        let rules = provider.provider().token_rules();
        if let (ClientAuth::Both, Some(secret)) = (provider.auth, self.account.client_secret()) {
            request.headers_mut().insert(AUTHORIZATION, quirks::basic(self.account.client_id(), secret)?);
        }
        if rules.body == RequestBody::Json {
            request = quirks::as_json(request);
        }
        let mut answer = self.http.send(request).await?;
        answer.body = quirks::unwrapped(answer.body, &rules.within);
        // `oauth2` takes 200 only and insists on a content type; both are judged by us where it refuses.
        let mut response = Response::new(answer.body.to_vec());
        *response.status_mut() = if answer.status.is_success() { StatusCode::OK } else { answer.status };
        *self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(answer);
        Ok(response)
    }

    /// Turns `oauth2`'s outcome into ours. Its error may hold the body and is dropped unseen.
    pub(crate) fn settle(
        self,
        client: &Client,
        account: &Account,
        outcome: Result<WireToken, ProtocolError>,
    ) -> Result<WireToken, TokenError> {
        let error = match outcome {
            Ok(token) => return Ok(token),
            Err(RequestTokenError::Request(error)) => return Err(TokenError::Http(error)),
            Err(error) => error,
        };
        drop(error);
        let seen = self.seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Err(match seen {
            Some(answer) => judge(client, account.provider().errors(), &answer),
            None => TokenError::Http(HttpError::NotHttps),
        })
    }
}

impl<'c> AsyncHttpClient<'c> for Recorder<'_> {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// Why an answer holds no tokens.
pub(crate) fn judge(client: &Client, table: &ErrorTable, answer: &Answer) -> TokenError {
    let status = answer.status.as_u16();
    tracing::debug!(status, "the token endpoint gave no tokens");
    let retry_after = || answer.retry_after(client.now());
    if answer.status.is_redirection() {
        return TokenError::Redirect { status };
    }
    if answer.status.is_server_error() {
        return TokenError::Server { status, retry_after: retry_after() };
    }
    let json = serde_json::from_slice::<Map<String, Value>>(&answer.body).ok();
    let provider = json.as_ref().and_then(|json| provider_error(table, json));
    match (answer.status, provider) {
        (StatusCode::UNAUTHORIZED, provider) => TokenError::Unauthorized { provider },
        (StatusCode::TOO_MANY_REQUESTS, _) => TokenError::RateLimited { retry_after: retry_after() },
        (_, Some(provider)) => TokenError::Provider(provider),
        (_, None) if json.is_none() => TokenError::NotJson { status },
        (found, None) if found.is_success() => TokenError::Malformed { lacks: "an access token" },
        (_, None) => TokenError::Rejected { status },
    }
}

/// The error that a JSON answer names, with the provider's own numbers (Entra's `error_codes`).
pub(crate) fn provider_error(table: &ErrorTable, json: &Map<String, Value>) -> Option<crate::errors::ProviderError> {
    let error = json.get("error")?.as_str()?;
    let description = json.get("error_description").and_then(Value::as_str);
    let numbers = match json.get("error_codes") {
        Some(Value::Array(numbers)) => numbers.iter().filter_map(Value::as_u64).take(16).collect(),
        _ => Vec::new(),
    };
    Some(explain(table, Told { error, description, numbers: &numbers }))
}

/// A POST of our own with the client's authentication, for what `oauth2` cannot send in one step.
pub(crate) async fn post(client: &Client, account: &Account, url: &Url, form: &[(&str, &str)]) -> Result<Answer, HttpError> {
    post_with(client, account, account.provider().auth, url, form).await
}

/// The same, with the client's secret shown in another way than at the token endpoint.
pub(crate) async fn post_with(
    client: &Client,
    account: &Account,
    auth: ClientAuth,
    url: &Url,
    form: &[(&str, &str)],
) -> Result<Answer, HttpError> {
    let (headers, body) = signed(account, auth, form)?;
    client.http().post(url, headers, &body).await
}

/// The same for tokens, at the token endpoint.
pub(crate) async fn post_for_tokens(
    client: &Client,
    account: &Account,
    purpose: Purpose,
    form: &[(&str, &str)],
) -> Result<Answer, HttpError> {
    let provider = account.provider();
    let rules = provider.provider().token_rules();
    let extra = provider.token_extra(purpose);
    let form: Vec<(&str, &str)> = form.iter().copied().chain(extra).collect();
    let (headers, body) = signed(account, provider.auth, &form)?;
    let mut answer = match rules.body {
        RequestBody::Form => client.http().post(&provider.endpoints.token, headers, &body).await?,
        RequestBody::Json => {
            client.http().post_json(&provider.endpoints.token, headers, &quirks::json_of_form(body.as_bytes())).await?
        }
    };
    answer.body = quirks::unwrapped(answer.body, &rules.within);
    Ok(answer)
}

/// The headers and the body with the client's id and secret in their places. The form's serializer must not live across an
/// await, or no task could run it.
fn signed(account: &Account, auth: ClientAuth, form: &[(&str, &str)]) -> Result<(HeaderMap, Zeroizing<String>), HttpError> {
    let mut headers = HeaderMap::new();
    let mut serializer = form_urlencoded::Serializer::new(String::new());
    serializer.extend_pairs(form);
    let secret = account.client_secret();
    if let (ClientAuth::Basic | ClientAuth::Both, Some(secret)) = (auth, secret) {
        headers.insert(AUTHORIZATION, quirks::basic(account.client_id(), secret)?);
    }
    if auth != ClientAuth::Basic || secret.is_none() {
        serializer.append_pair("client_id", account.client_id());
        if let Some(secret) = secret {
            serializer.append_pair("client_secret", secret.expose());
        }
    }
    Ok((headers, Zeroizing::new(serializer.finish())))
}
