//! `link.methods`: in which ways an account can be linked here, the best first.

use configflow_core::{Account, EffectOutcome};
use configflow_oauth::Resolved;
use configflow_oauth::catalogue::Method;
use serde_json::{Map, Value, json};

use super::loopback::Addresses;
use super::way::Way;
use crate::action::text;
use crate::builder::Inner;
use crate::callback::CALLBACK_PATH;
use crate::flows::Flow;

impl Inner {
    /// Decides from what the provider offers, what the definition wants and where the hub stands. What failed before goes last.
    pub(super) async fn link_methods(&self, flow: &Flow, parameters: &Map<String, Value>, account: &Account) -> EffectOutcome {
        let linkable = match self.linkable(flow, account, text(parameters, "implementation")).await {
            Ok((linkable, _)) => linkable,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        let provider = linkable.provider();
        let path = text(parameters, "callback_path").unwrap_or(CALLBACK_PATH);
        let wanted =
            names(parameters, "methods").unwrap_or_else(|| offered(provider).map(|way| way.as_str().to_owned()).collect());
        let failed = names(parameters, "failed").unwrap_or_default();

        let mut available: Vec<Way> = Vec::new();
        let mut reasons = Map::new();
        for name in &wanted {
            match Way::named(name) {
                Some(way) if available.contains(&way) => {}
                Some(way) => match self.hindrance(provider, way, path) {
                    None => available.push(way),
                    Some(reason) => _ = reasons.insert(name.clone(), reason.into()),
                },
                None => _ = reasons.insert(name.clone(), "there is no such way of linking".into()),
            }
        }
        if available.is_empty() {
            return nothing_possible(reasons);
        }
        let last_failed = |way: &Way| failed.iter().position(|name| name == way.as_str());
        // A stable order: those that did not fail stay as they are ranked.
        available.sort_by_key(|way| last_failed(way).map_or(0, |at| at + 1));
        let fresh: Vec<&Way> = available.iter().filter(|way| last_failed(way).is_none()).collect();
        let only = match fresh.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        };
        let redirect_uris: Map<String, Value> = [Way::Callback, Way::Loopback, Way::Paste]
            .into_iter()
            .map(|way| {
                let uri = available.contains(&way).then(|| self.redirect_of(provider, way, path)).flatten();
                (way.as_str().to_owned(), uri.unwrap_or_default().into())
            })
            .collect();
        let first = available.iter().find_map(|way| redirect_uris.get(way.as_str())).cloned();
        let ranks = available.iter().enumerate();
        let rank: Map<String, Value> = ranks.map(|(at, way)| (way.as_str().to_owned(), (at + 1).into())).collect();
        EffectOutcome::done(json!({
            "available": available.iter().map(|way| way.as_str()).collect::<Vec<_>>(),
            "count": available.len(),
            "only": only,
            "rank": rank,
            "redirect_uri": first.unwrap_or_else(|| "".into()),
            "redirect_uris": redirect_uris,
            "reasons": reasons,
        }))
    }

    /// Why an account cannot be linked in this way; none where it can.
    fn hindrance(&self, provider: &Resolved, way: Way, path: &str) -> Option<String> {
        if !offered(provider).any(|offered| offered == way) {
            return Some("the provider does not offer it".to_owned());
        }
        let endpoints = provider.endpoints();
        let endpoint = if way == Way::Device { &endpoints.device_authorization } else { &endpoints.authorization };
        if endpoint.is_none() {
            return Some("the provider says no address for it".to_owned());
        }
        match way {
            Way::Callback => match self.redirect_of(provider, way, path) {
                None => Some("no address is known at which this hub is reached from outside".to_owned()),
                Some(uri) if !is_redirect_uri(&uri) => {
                    Some("the address at which this hub is reached from outside does not begin with https://".to_owned())
                }
                Some(_) => None,
            },
            Way::Loopback | Way::Paste if self.redirect_of(provider, way, path).is_none() => {
                Some("the provider takes no address of a machine by its number".to_owned())
            }
            Way::Loopback if !self.has_local_browser() => Some("the browser is not on the machine of this hub".to_owned()),
            Way::Loopback | Way::Device | Way::Paste => None,
        }
    }

    /// Where the provider would send people, as it is registered: the port of a loopback address is chosen when an attempt begins,
    /// where the provider takes any (RFC 8252 §7.3).
    pub(super) fn redirect_of(&self, provider: &Resolved, way: Way, path: &str) -> Option<String> {
        match way {
            Way::Callback => self.external_url().map(|hub| format!("{hub}{path}")),
            Way::Loopback => Addresses::of(provider).registered(),
            Way::Paste => match provider.native() {
                Some(native) => Some(native.redirect_uri.clone()),
                None => Addresses::of(provider).registered(),
            },
            Way::Device => None,
        }
    }

    /// Whether the browser of whoever drives flows is on this machine.
    fn has_local_browser(&self) -> bool {
        match self.hub().get("local_browser") {
            Some(Value::Bool(local)) => *local,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }
}

/// What the provider offers, the best first. Where the browser may be sent to a loopback address, that address can be pasted too:
/// then nobody listens there.
fn offered(provider: &Resolved) -> impl Iterator<Item = Way> {
    let methods = provider.provider().methods();
    let pasted = methods.contains(&Method::Loopback) && !methods.contains(&Method::Paste);
    methods.iter().filter_map(|method| Way::named(method.as_str())).chain(pasted.then_some(Way::Paste))
}

/// Whether a provider can be told to send people there: https, or the machine itself.
fn is_redirect_uri(text: &str) -> bool {
    let Ok(url) = url::Url::parse(text) else { return false };
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

fn names(parameters: &Map<String, Value>, key: &str) -> Option<Vec<String>> {
    let list = parameters.get(key)?.as_array()?;
    Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Ends the flow, and says of each way why not.
fn nothing_possible(reasons: Map<String, Value>) -> EffectOutcome {
    let all: Vec<String> =
        reasons.iter().map(|(way, reason)| format!("{way}: {}", reason.as_str().unwrap_or_default())).collect();
    let mut placeholders: Map<String, Value> = Way::ALL.into_iter().map(|way| (way.as_str().to_owned(), "".into())).collect();
    placeholders.extend(reasons);
    placeholders.insert("reasons".to_owned(), all.join("; ").into());
    EffectOutcome::Abort { reason: "no_link_method".to_owned(), placeholders: Some(placeholders) }
}

#[cfg(test)]
mod tests {
    use super::is_redirect_uri;

    #[test]
    fn a_hub_without_tls_can_be_called_back_by_its_own_machine_only() {
        for good in ["https://hub.example/api", "http://127.0.0.1:8123/api", "http://[::1]:8123/x", "http://localhost/x"] {
            assert!(is_redirect_uri(good), "{good}");
        }
        for bad in ["http://hub.example/api", "http://192.168.1.2:8123/api", "hub.example/api", ""] {
            assert!(!is_redirect_uri(bad), "{bad}");
        }
    }
}
