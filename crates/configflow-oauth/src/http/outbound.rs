//! Where requests really go: prefix rewrites, used at the moment of sending only. What is shown stays what was asked for.
//!
//! For tests and for hubs behind a gateway. Not a proxy, and no part of a definition.
//!
//! ```
//! use configflow_oauth::Outbound;
//! let outbound = Outbound::new().with("https://login.example", "http://127.0.0.1:4000/login")?;
//! # Ok::<(), configflow_oauth::OutboundError>(())
//! ```

use url::{Host, Url};

/// A list of rewrites of the beginnings of URLs; the longest that fits is used.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    rules: Vec<Rule>,
    /// Schemes such as `https`, and where everything of theirs goes.
    schemes: Vec<(String, Url)>,
    everything: Option<Url>,
}

#[derive(Clone, Debug)]
struct Rule {
    from: Url,
    to: Url,
}

/// A rewrite that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutboundError {
    /// A side is not a URL with a host, or has more than scheme, host, port and path.
    #[error("a rewrite needs two addresses of the form https://host:port/path")]
    NotAPrefix,
    /// The target is http elsewhere than on this machine.
    #[error("a rewrite may lead to http only on a loopback address such as 127.0.0.1")]
    NotHttps,
}

impl OutboundError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAPrefix => "outbound.not_a_prefix",
            Self::NotHttps => "outbound.not_https",
        }
    }
}

impl Outbound {
    /// No rewrites.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rewrite of everything below `from`. `from` may also be a scheme alone, such as `https://`: then host and path come
    /// after `to`.
    ///
    /// # Errors
    /// When a side is not a prefix, or the target is http and not on a loopback address.
    pub fn with(mut self, from: &str, to: &str) -> Result<Self, OutboundError> {
        let to = prefix(to)?;
        if to.scheme() != "https" && !is_loopback(&to) {
            return Err(OutboundError::NotHttps);
        }
        if let Some(scheme @ ("https" | "http")) = from.trim().strip_suffix("://") {
            self.schemes.push((scheme.to_owned(), to));
            return Ok(self);
        }
        let from = prefix(from)?;
        self.rules.push(Rule { from, to });
        self.rules.sort_by_key(|rule| std::cmp::Reverse(rule.from.path().len()));
        Ok(self)
    }

    /// Sends whatever no rule rewrites to one server, which finds the original scheme and host as the first segments of the
    /// path: `https://a.example/x` goes to `BASE/https/a.example/x`. For a server that plays all others.
    ///
    /// # Errors
    /// As for [`Outbound::with`].
    pub fn everything_else(mut self, base: &str) -> Result<Self, OutboundError> {
        let base = prefix(base)?;
        if base.scheme() != "https" && !is_loopback(&base) {
            return Err(OutboundError::NotHttps);
        }
        self.everything = Some(base);
        Ok(self)
    }

    /// Where a request to this URL goes, if a rule rewrites it.
    #[must_use]
    pub fn rewrite(&self, url: &Url) -> Option<Url> {
        self.by_rule(url).or_else(|| self.by_scheme(url)).or_else(|| {
            let target = self.everything.clone()?;
            let before = format!("{}/{}", target.path().trim_end_matches('/'), url.scheme());
            Some(with_authority(target, &before, url))
        })
    }

    fn by_scheme(&self, url: &Url) -> Option<Url> {
        let (_, to) = self.schemes.iter().find(|(scheme, _)| scheme == url.scheme())?;
        Some(with_authority(to.clone(), to.path().trim_end_matches('/'), url))
    }

    fn by_rule(&self, url: &Url) -> Option<Url> {
        self.rules.iter().find_map(|rule| {
            if rule.from.origin() != url.origin() {
                return None;
            }
            let rest = below(rule.from.path(), url.path())?;
            let mut target = rule.to.clone();
            target.set_path(&format!("{}{rest}", rule.to.path().trim_end_matches('/')));
            target.set_query(url.query());
            Some(target)
        })
    }
}

/// The target with host, port and path of a URL after what its path begins with.
fn with_authority(mut target: Url, before: &str, url: &Url) -> Url {
    let host = url.host_str().unwrap_or_default();
    let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    target.set_path(&format!("{before}/{authority}{}", url.path()));
    target.set_query(url.query());
    target
}

fn prefix(text: &str) -> Result<Url, OutboundError> {
    let url = Url::parse(text.trim()).map_err(|_| OutboundError::NotAPrefix)?;
    let plain = matches!(url.scheme(), "https" | "http")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if plain { Ok(url) } else { Err(OutboundError::NotAPrefix) }
}

/// What is left of a path below another one, whole segments only.
fn below<'a>(prefix: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix.trim_end_matches('/'))?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Whether a URL's host is a literal loopback address (RFC 8252 §8.3 advises against the name `localhost`).
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(outbound: &Outbound, url: &str) -> Option<String> {
        outbound.rewrite(&Url::parse(url).unwrap()).map(String::from)
    }

    #[test]
    fn whole_segments_of_the_same_origin_only() {
        let outbound = Outbound::new().with("https://a.example/x", "http://127.0.0.1:9/y").unwrap();
        assert_eq!(rewritten(&outbound, "https://a.example/x/z?q=1").as_deref(), Some("http://127.0.0.1:9/y/z?q=1"));
        assert_eq!(rewritten(&outbound, "https://a.example/x").as_deref(), Some("http://127.0.0.1:9/y"));
        assert_eq!(rewritten(&outbound, "https://a.example/xy"), None);
        assert_eq!(rewritten(&outbound, "https://a.example.evil/x"), None);
        assert_eq!(rewritten(&outbound, "https://a.example:444/x"), None);
        assert_eq!(rewritten(&outbound, "http://a.example/x"), None);
    }

    #[test]
    fn the_longest_rule_wins() {
        let outbound = Outbound::new()
            .with("https://a.example", "http://127.0.0.1:1")
            .and_then(|outbound| outbound.with("https://a.example/deep", "http://[::1]:2"))
            .unwrap();
        assert_eq!(rewritten(&outbound, "https://a.example/deep/t").as_deref(), Some("http://[::1]:2/t"));
        assert_eq!(rewritten(&outbound, "https://a.example/t").as_deref(), Some("http://127.0.0.1:1/t"));
    }

    #[test]
    fn one_server_can_play_all_others() {
        let outbound = Outbound::new()
            .with("https://a.example", "http://127.0.0.1:1")
            .and_then(|outbound| outbound.everything_else("http://127.0.0.1:2/sim"))
            .unwrap();
        assert_eq!(rewritten(&outbound, "https://a.example/t").as_deref(), Some("http://127.0.0.1:1/t"));
        assert_eq!(
            rewritten(&outbound, "https://b.example:8443/t?q=1").as_deref(),
            Some("http://127.0.0.1:2/sim/https/b.example:8443/t?q=1")
        );
    }

    #[test]
    fn a_scheme_can_go_elsewhere_as_a_whole() {
        let outbound = Outbound::new()
            .with("https://", "http://127.0.0.1:2/https/")
            .and_then(|outbound| outbound.with("https://a.example", "http://127.0.0.1:1"))
            .unwrap();
        assert_eq!(rewritten(&outbound, "https://a.example/t").as_deref(), Some("http://127.0.0.1:1/t"));
        let other = rewritten(&outbound, "https://b.example:8443/t?q=1");
        assert_eq!(other.as_deref(), Some("http://127.0.0.1:2/https/b.example:8443/t?q=1"));
        assert_eq!(rewritten(&outbound, "http://b.example/t"), None);
    }

    #[test]
    fn http_only_on_loopback() {
        assert_eq!(Outbound::new().with("https://a.example", "http://b.example").unwrap_err(), OutboundError::NotHttps);
        assert_eq!(Outbound::new().with("https://a.example", "http://localhost:1").unwrap_err(), OutboundError::NotHttps);
        assert_eq!(Outbound::new().with("nonsense", "https://b.example").unwrap_err(), OutboundError::NotAPrefix);
        assert_eq!(Outbound::new().with("https://a.example?x", "https://b.example").unwrap_err(), OutboundError::NotAPrefix);
    }
}
