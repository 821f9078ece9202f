//! `http.request`: one request, and values out of its JSON answer.
//!
//! It follows no redirect, reads a bounded answer, and refuses private addresses unless the definition says
//! `network: local` or the operator allows the host. The address that was checked is the one connected to: names are resolved
//! by [`Guard`].

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::{EffectOutcome, Failure};
use configflow_oauth::Outbound;
use reqwest::{Client, Method, Url};
use serde_json::{Map, Value};
use serde_json_path::JsonPath;

use super::reach::{Guard, Reach, Refused};
use super::text;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::limits::Limits;

/// The clients: for public addresses, for private ones too, and for targets that the operator named.
pub(crate) struct Http {
    public: Client,
    local: Client,
    local_unverified: Client,
    named: Client,
    named_unverified: Client,
    outbound: Outbound,
    network: Network,
}

/// What the operator says about the network.
#[derive(Default)]
pub(crate) struct Network {
    /// No private address is reached, whatever a definition says.
    pub(crate) refuse_local: bool,
    /// Hosts that every definition may reach, wherever they are: as in a URL, in lower case.
    pub(crate) allowed_hosts: Vec<String>,
}

impl Http {
    pub(crate) fn new(outbound: &Outbound, limits: &Limits, network: Network) -> Result<Self, reqwest::Error> {
        let builder = |reach: Option<Reach>, verify_tls: bool| {
            let builder = Client::builder()
                .tls_danger_accept_invalid_certs(!verify_tls)
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(limits.request)
                .user_agent(concat!("configflow/", env!("CARGO_PKG_VERSION")))
                .no_proxy();
            match reach {
                Some(reach) => builder.dns_resolver(Arc::new(Guard { reach })).build(),
                None => builder.build(),
            }
        };
        Ok(Self {
            public: builder(Some(Reach::Public), true)?,
            local: builder(Some(Reach::Local), true)?,
            local_unverified: builder(Some(Reach::Local), false)?,
            named: builder(None, true)?,
            named_unverified: builder(None, false)?,
            outbound: outbound.clone(),
            network,
        })
    }

    /// The client and the target for a URL; `None` where it may not be reached.
    fn route(&self, url: &Url, local: bool, verify_tls: bool) -> Option<(&Client, Url)> {
        if let Some(target) = self.outbound.rewrite(url) {
            return Some((&self.named, target));
        }
        if self.network.allowed_hosts.iter().any(|host| url.host_str() == Some(host)) {
            return Some((if verify_tls { &self.named } else { &self.named_unverified }, url.clone()));
        }
        let reach = if local && !self.network.refuse_local { Reach::Local } else { Reach::Public };
        let literal = match url.host()? {
            url::Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
            url::Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
            url::Host::Domain(_) => None,
        };
        if literal.is_some_and(|ip| !reach.allows(ip)) {
            return None;
        }
        let client = match (reach, verify_tls) {
            (Reach::Public, _) => &self.public,
            (Reach::Local, true) => &self.local,
            (Reach::Local, false) => &self.local_unverified,
        };
        Some((client, url.clone()))
    }
}

impl Inner {
    pub(super) async fn http_request(&self, flow: &Flow, parameters: &Map<String, Value>) -> EffectOutcome {
        match self.request(flow, parameters).await {
            Ok(result) => EffectOutcome::done(result),
            Err(failure) => EffectOutcome::failed(failure),
        }
    }

    async fn request(&self, flow: &Flow, parameters: &Map<String, Value>) -> Result<Value, Failure> {
        let bad_url = || Failure::code("bad_url");
        let mut url = Url::parse(text(parameters, "url").unwrap_or_default()).map_err(|_| bad_url())?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(bad_url());
        }
        if let Some(Value::Object(query)) = parameters.get("query") {
            let mut pairs = url.query_pairs_mut();
            for (key, value) in query.iter().filter(|(_, value)| !value.is_null()) {
                pairs.append_pair(key, &plain(value));
            }
        }
        let verify_tls = parameters.get("verify_tls").and_then(Value::as_bool).unwrap_or(true);
        let (client, target) = self.http.route(&url, flow.definition.local_network, verify_tls).ok_or_else(bad_url)?;
        let method = Method::from_bytes(text(parameters, "method").unwrap_or("GET").to_ascii_uppercase().as_bytes())
            .map_err(|_| Failure::code("bad_url"))?;
        let limit =
            parameters.get("timeout").and_then(Value::as_f64).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let mut request = client.request(method, target).timeout(limit.unwrap_or(self.limits.request));
        if let Some(Value::Object(headers)) = parameters.get("headers") {
            for (name, value) in headers.iter().filter(|(_, value)| !value.is_null()) {
                request = request.header(name, plain(value));
            }
        }
        if parameters.get("authorized").and_then(Value::as_bool) == Some(true) {
            let token = self.access_token(flow).await?;
            request = request.bearer_auth(token.expose());
        }
        request = match (parameters.get("json"), parameters.get("body")) {
            (Some(json), _) if !json.is_null() => request.json(json),
            (_, Some(Value::String(body))) => request.body(body.clone()),
            _ => request,
        };
        let mut answer = request.send().await.map_err(|error| failure_of(&error))?;
        let status = answer.status().as_u16();
        let refused = |code: &str| Err(Failure::code(code).with("status", status));
        match status {
            200..=299 => {}
            401 => return refused("unauthorized"),
            403 => return refused("forbidden"),
            404 => return refused("not_found"),
            _ => return refused("status"),
        }
        let Some(Value::Object(extract)) = parameters.get("extract") else { return Ok(Value::Object(Map::new())) };
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failure_of(&error))? {
            if body.len() + chunk.len() > self.limits.answer {
                return Err(Failure::code("bad_json"));
            }
            body.extend_from_slice(&chunk);
        }
        let json: Value = serde_json::from_slice(&body).map_err(|_| Failure::code("bad_json"))?;
        extracted(&json, extract)
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Values out of a JSON document by JSONPath (RFC 9535). A path that can match several gives a list, any other its value.
fn extracted(json: &Value, extract: &Map<String, Value>) -> Result<Value, Failure> {
    let mut values = Map::with_capacity(extract.len());
    for (name, path) in extract {
        let path = path.as_str().unwrap_or_default();
        let query = JsonPath::parse(path).map_err(|_| Failure::code("missing").with("path", path))?;
        let mut found = query.query(json).all().into_iter();
        let value = if can_match_several(path) {
            found.cloned().collect()
        } else {
            found.next().cloned().ok_or_else(|| Failure::code("missing").with("path", path))?
        };
        values.insert(name.clone(), value);
    }
    Ok(Value::Object(values))
}

/// Whether a JSONPath is no "singular query" (RFC 9535 §2.3.5.1): it has a wildcard, a slice, a filter, a union or a descent.
fn can_match_several(path: &str) -> bool {
    let mut quote = None;
    let mut previous = ' ';
    for c in path.chars() {
        match quote {
            Some(open) if c == open && previous != '\\' => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if matches!(c, '*' | '?' | ':' | ',') || (c == '.' && previous == '.') => return true,
            None => {}
        }
        previous = c;
    }
    false
}

fn failure_of(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        return Failure::code("timeout");
    }
    if error.is_builder() {
        return Failure::code("bad_url");
    }
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.downcast_ref::<Refused>().is_some() {
            return Failure::code("bad_url");
        }
        let io = inner.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return Failure::code("tls");
        }
        source = inner.source();
    }
    Failure::code("connect")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_that_can_match_several_give_lists() {
        let answer = json!({"value": [{"name": "a"}, {"name": "b"}], "id": 7});
        let extract = json!({"names": "$.value[*].name", "id": "$.id", "first": "$.value[0].name"});
        let values = extracted(&answer, extract.as_object().expect("a map"));
        assert_eq!(values, Ok(json!({"names": ["a", "b"], "id": 7, "first": "a"})));
        let missing = extracted(&answer, json!({"x": "$.nothing"}).as_object().expect("a map"));
        assert_eq!(missing.map_err(|failure| failure.code), Err("missing".to_owned()));
    }
}
