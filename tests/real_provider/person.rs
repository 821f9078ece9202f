//! A person with a browser: opens the link, logs in, consents, and ends at the redirect URI.

use std::collections::BTreeMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Response, redirect};

use crate::server::ISSUER;

/// How many pages a login may take.
const PAGES: usize = 20;

/// Somebody with cookies.
pub(crate) struct Person {
    client: Client,
    address: String,
    cookies: BTreeMap<String, String>,
}

impl Person {
    pub(crate) fn new(address: &str) -> Self {
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().build().expect("a client");
        Self { client, address: address.to_owned(), cookies: BTreeMap::new() }
    }

    /// Opens a link and goes through whatever pages come; gives the URL at which the person ends.
    pub(crate) async fn log_in(&mut self, name: &str, link: &str, redirect_uri: &str) -> String {
        match self.go(name, link, redirect_uri).await {
            End::At(url) => url,
            End::Page(text) => panic!("the login ends elsewhere:\n{text}"),
        }
    }

    /// Opens the address of a device's code, logs in and agrees; gives the text of the last page.
    pub(crate) async fn allow_device(&mut self, name: &str, link: &str) -> String {
        match self.go(name, link, "nowhere:").await {
            End::Page(text) => text,
            End::At(url) => panic!("the login ends at {url}"),
        }
    }

    async fn go(&mut self, name: &str, link: &str, redirect_uri: &str) -> End {
        let mut at = link.to_owned();
        let mut form: Option<Vec<(String, String)>> = None;
        for _ in 0..PAGES {
            if at.starts_with(redirect_uri) {
                return End::At(at);
            }
            let page = self.open(&at, form.take()).await;
            if let Some(next) = page.headers().get(LOCATION) {
                let next = next.to_str().expect("a location is text");
                at = if next.starts_with('/') { format!("{ISSUER}{next}") } else { next.to_owned() };
                continue;
            }
            let status = page.status();
            let text = page.text().await.expect("a page");
            assert!(status.is_success(), "{at}: {status}\n{text}");
            let Some(action) = between(&text, "action=\"", "\"") else { return End::Page(text) };
            at = if action.starts_with('/') { format!("{ISSUER}{action}") } else { action.to_owned() };
            form = Some(filled(&text, name));
        }
        panic!("the login does not end; last at {at}");
    }

    async fn open(&mut self, url: &str, form: Option<Vec<(String, String)>>) -> Response {
        let target = url.replacen(ISSUER, &self.address, 1);
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = match &form {
            Some(fields) => self.client.post(&target).form(fields),
            None => self.client.get(&target),
        };
        let page = request.header(COOKIE, cookies.join("; ")).send().await.expect("the provider answers");
        for cookie in page.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().expect("a cookie is text").split(';').next().unwrap_or_default();
            if let Some((name, value)) = cookie.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        page
    }
}

/// Where a login ends.
enum End {
    /// At an address that was waited for.
    At(String),
    /// At a page that asks nothing more.
    Page(String),
}

/// What a person answers to a form: what it holds already, and name and password where it asks for them.
fn filled(page: &str, name: &str) -> Vec<(String, String)> {
    let attribute = |input: &str, name: &str| between(input, &format!("{name}=\""), "\"").map(str::to_owned);
    let inputs = page.split("<input").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
    let fields = inputs.filter_map(|input| {
        let field = attribute(input, "name")?;
        let value = match field.as_str() {
            "login" => name.to_owned(),
            "password" => "any".to_owned(),
            _ => attribute(input, "value").unwrap_or_default(),
        };
        Some((field, value))
    });
    fields.collect()
}

fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
