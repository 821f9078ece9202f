//! A listener on this machine for one answer of a provider (RFC 8252 §7.3): on 127.0.0.1, else on [::1], at a port that is free.
//!
//! It takes the one answer of its own attempt, shows a page and is closed (§8.3). Whatever else comes is told that it is wrong
//! here, and spends nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use configflow_oauth::catalogue::{LoopbackHost, LoopbackPort};
use configflow_oauth::{ATTEMPT_LIFETIME, Entropy, EntropyError, Resolved};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::AbortHandle;
use url::Url;

use crate::builder::{Engine, Inner};
use crate::error::FlowError;

/// The port for providers that take only one that was registered.
const REGISTERED: u16 = 58_123;

/// Where a provider lets the browser be sent on its own machine: literal addresses, since a machine may take `localhost` for another
/// one (RFC 8252 §8.3).
#[derive(Debug, Clone)]
pub(super) struct Addresses {
    hosts: Vec<IpAddr>,
    port: Option<u16>,
}

impl Addresses {
    /// What the provider takes; either address and any port (RFC 8252 §7.3) where its entry says nothing.
    pub(super) fn of(provider: &Resolved) -> Self {
        let both = || vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let Some(loopback) = provider.provider().loopback() else { return Self { hosts: both(), port: None } };
        let hosts = loopback.hosts().iter().filter_map(|host| match host {
            LoopbackHost::V4 => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            LoopbackHost::V6 => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            _ => None,
        });
        let port = (loopback.port() == LoopbackPort::Registered).then_some(REGISTERED);
        Self { hosts: hosts.collect(), port }
    }

    /// The redirect URI as it is registered: without a port where any will do. None where the provider takes no literal address.
    pub(super) fn registered(&self) -> Option<String> {
        let host = self.hosts.first()?;
        Some(match self.port {
            Some(port) => uri(SocketAddr::new(*host, port)),
            None => format!("http://{}/", SocketAddr::new(*host, 0).to_string().trim_end_matches(":0")),
        })
    }

    /// An address at which nobody listens: what the browser cannot open is pasted. Its port is drawn where it may be, so that no
    /// program can wait there for the answer.
    ///
    /// # Errors
    /// Where there are no random bytes.
    pub(super) fn unheard(&self, entropy: &dyn Entropy) -> Result<Option<String>, EntropyError> {
        let mut random = [0; 2];
        entropy.fill(&mut random)?;
        let count = DYNAMIC_PORTS.end() - DYNAMIC_PORTS.start() + 1;
        let drawn = DYNAMIC_PORTS.start() + u16::from_le_bytes(random) % count;
        Ok(self.hosts.first().map(|host| uri(SocketAddr::new(*host, self.port.unwrap_or(drawn)))))
    }
}

fn uri(address: SocketAddr) -> String {
    format!("http://{address}/")
}

/// How long a browser may take for its request.
const REQUEST: Duration = Duration::from_secs(10);
/// The longest request: one that brings a code is far shorter.
const LONGEST: usize = 16 << 10;
/// How many connections may be open: browsers open some before they need them.
const CONNECTIONS: usize = 16;
/// The ports that no service is registered for (RFC 6335 §6).
const DYNAMIC_PORTS: std::ops::RangeInclusive<u16> = 49_152..=65_535;

/// Listens until it is dropped.
#[derive(Debug)]
pub(super) struct Listener {
    redirect_uri: String,
    task: AbortHandle,
}

impl Listener {
    /// Listens at the first of the addresses that can be had, at a free port where any will do. To be called within a runtime.
    ///
    /// # Errors
    /// Where there is no such address to listen at.
    pub(super) fn open(addresses: &Addresses, inner: Weak<Inner>) -> std::io::Result<Self> {
        let port = addresses.port.unwrap_or(0);
        let all: Vec<SocketAddr> = addresses.hosts.iter().map(|host| SocketAddr::new(*host, port)).collect();
        // Tried in turn.
        Self::listen(std::net::TcpListener::bind(all.as_slice())?, inner)
    }

    /// Listens where a listener was before a restart.
    ///
    /// # Errors
    /// Where the address is none of this machine's own, or somebody else has its port now.
    pub(super) fn again(redirect_uri: &str, inner: Weak<Inner>) -> std::io::Result<Self> {
        let url = Url::parse(redirect_uri).ok();
        let address = url.as_ref().and_then(|url| match (url.host()?, url.port()?) {
            (url::Host::Ipv4(address), port) => Some(SocketAddr::from((address, port))),
            (url::Host::Ipv6(address), port) => Some(SocketAddr::from((address, port))),
            (url::Host::Domain(_), _) => None,
        });
        let own = address.filter(|address| address.ip().is_loopback()).ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        Self::listen(std::net::TcpListener::bind(own)?, inner)
    }

    fn listen(bound: std::net::TcpListener, inner: Weak<Inner>) -> std::io::Result<Self> {
        bound.set_nonblocking(true)?;
        let listener = TcpListener::from_std(bound)?;
        let authority = listener.local_addr()?.to_string();
        let redirect_uri = uri(listener.local_addr()?);
        let place = Place { inner, authority, redirect_uri: redirect_uri.clone() };
        let lifetime = ATTEMPT_LIFETIME.unsigned_abs();
        let task = tokio::spawn(async move {
            // The link that leads here lives no longer.
            let _ = tokio::time::timeout(lifetime, serve(listener, place)).await;
        });
        Ok(Self { redirect_uri, task: task.abort_handle() })
    }

    /// Where the provider sends the browser.
    pub(super) fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    /// Whether it still waits for its answer.
    pub(super) fn is_open(&self) -> bool {
        !self.task.is_finished()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Place {
    inner: Weak<Inner>,
    authority: String,
    redirect_uri: String,
}

/// Answers until the answer of the attempt has come. Then the port is closed; what is being answered is answered to its end.
async fn serve(listener: TcpListener, place: Place) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let (arrived, mut arrival) = mpsc::channel::<()>(1);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await.ok()?;
            let (stream, _) = listener.accept().await.ok()?;
            Some((permit, stream))
        };
        tokio::select! {
            next = next => {
                let Some((permit, stream)) = next else { continue };
                let (place, arrived) = (place.clone(), arrived.clone());
                tokio::spawn(async move {
                    let _permit = permit;
                    // Whoever takes longer is cut off.
                    let _ = tokio::time::timeout(REQUEST, answer(stream, &place, &arrived)).await;
                });
            }
            _ = arrival.recv() => break,
        }
    }
    // The port is closed first; then whoever brought the answer sees its page.
    drop(listener);
    drop(arrival);
}

/// Answers one request.
async fn answer(mut stream: TcpStream, place: &Place, arrived: &mpsc::Sender<()>) {
    let mut request = Vec::new();
    let mut part = [0; 2048];
    let query = loop {
        match stream.read(&mut part).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&part[..length]),
        }
        match read(&request, &place.authority) {
            Read::More if request.len() < LONGEST => {}
            Read::More | Read::Strange => break None,
            Read::Query(query) => break Some(query),
        }
    };
    let came = match query {
        None => Came::Elsewhere,
        Some(query) => came(place, &query).await,
    };
    if matches!(came, Came::Answer) {
        // One is enough.
        let _ = arrived.try_send(());
        arrived.closed().await;
    }
    // A browser that is gone needs no page.
    let _ = stream.write_all(came.page().as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// What a request brought.
enum Came {
    Answer,
    /// Of another attempt, or of none.
    Stale,
    /// It is not for us.
    Elsewhere,
    /// The store does not answer.
    NotKept,
}

async fn came(place: &Place, query: &str) -> Came {
    let Some(inner) = place.inner.upgrade() else { return Came::Stale };
    match (Engine { inner }).returned(query, |redirect| redirect.as_str() == place.redirect_uri).await {
        Ok(_) => Came::Answer,
        Err(FlowError::Store(error)) => {
            tracing::warn!(code = error.code(), "an answer on the loopback address could not be kept");
            Came::NotKept
        }
        Err(_) => Came::Stale,
    }
}

impl Came {
    fn page(&self) -> String {
        let (status, text) = match self {
            Self::Answer => ("200 OK", "The answer has arrived. Close this page, and go on where you came from."),
            Self::Stale => ("400 Bad Request", "This belongs to another or an older login. Use the newest link."),
            Self::Elsewhere => ("404 Not Found", "There is nothing here."),
            Self::NotKept => ("503 Service Unavailable", "The answer could not be kept. Load this page again."),
        };
        // The address of the page holds a code: it is not kept, not sent on, and nothing else may run or frame it.
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\
             Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n\
             Content-Security-Policy: default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\r\n{text}",
            text.len()
        )
    }
}

/// What was read of a request so far.
#[derive(Debug, PartialEq)]
enum Read {
    /// There is more to come.
    More,
    /// It is none that a provider's redirect makes.
    Strange,
    /// What it brings.
    Query(String),
}

/// Reads a request as far as it matters. Its host has to be the address itself, so that no name of somebody else's leads here.
fn read(request: &[u8], authority: &str) -> Read {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(request) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Read::More,
        Err(_) => return Read::Strange,
    }
    let mut hosts = parsed.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("host"));
    let host = hosts.next().and_then(|host| std::str::from_utf8(host.value).ok());
    let for_us = host == Some(authority) && hosts.next().is_none();
    match (parsed.method, parsed.path.and_then(|path| path.strip_prefix("/?"))) {
        (Some("GET"), Some(query)) if for_us => Read::Query(query.to_owned()),
        _ => Read::Strange,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use configflow_oauth::{Catalogue, Resolution, SystemEntropy};

    use super::*;

    #[test]
    fn only_a_redirect_to_this_address_is_read() {
        let whole = "GET /?code=a&state=b HTTP/1.1\r\nHost: 127.0.0.1:50000\r\n\r\n";
        assert_eq!(read(whole.as_bytes(), "127.0.0.1:50000"), Read::Query("code=a&state=b".to_owned()));
        assert_eq!(read(&whole.as_bytes()[..whole.len() - 3], "127.0.0.1:50000"), Read::More);
        for strange in [
            "GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1:50000\r\n\r\n",
            "POST /?code=a HTTP/1.1\r\nHost: 127.0.0.1:50000\r\n\r\n",
            "GET /?code=a HTTP/1.1\r\nHost: evil.example:50000\r\n\r\n",
            "GET /?code=a HTTP/1.1\r\n\r\n",
            "GET /?code=a HTTP/1.1\r\nHost: 127.0.0.1:50000\r\nHost: evil.example\r\n\r\n",
            "\u{16}\u{3}\u{1}",
        ] {
            assert_eq!(read(strange.as_bytes(), "127.0.0.1:50000"), Read::Strange, "{strange}");
        }
    }

    fn addresses(provider: &str) -> Addresses {
        let resolved = Catalogue::builtin().resolve(provider, &BTreeMap::new()).expect("a provider");
        let Resolution::Ready(resolved) = resolved else { panic!("{provider} is discovered") };
        Addresses::of(&resolved)
    }

    #[test]
    fn a_port_that_nobody_listens_at_is_drawn() {
        let drawn = (0..20).map(|_| addresses("google").unheard(&SystemEntropy).expect("random bytes").expect("an address"));
        let drawn: std::collections::HashSet<String> = drawn.collect();
        assert!(drawn.len() > 1);
        for uri in drawn {
            let url = Url::parse(&uri).expect("a URL");
            assert!(DYNAMIC_PORTS.contains(&url.port().expect("a port")) && url.path() == "/", "{uri}");
        }
    }

    #[test]
    fn a_provider_that_knows_its_ports_is_sent_to_the_one_that_is_registered() {
        let (any, registered) = (addresses("google"), addresses("dropbox"));
        assert_eq!(any.registered().as_deref(), Some("http://127.0.0.1/"));
        assert_eq!(registered.registered().as_deref(), Some("http://127.0.0.1:58123/"));
        assert_eq!(registered.unheard(&SystemEntropy).expect("random bytes"), registered.registered());
        let sixth = Addresses { hosts: vec![IpAddr::V6(Ipv6Addr::LOCALHOST)], port: None };
        assert_eq!(sixth.registered().as_deref(), Some("http://[::1]/"));
        assert_eq!(Addresses { hosts: Vec::new(), port: None }.registered(), None);
    }

    #[test]
    fn where_no_address_can_be_had_nobody_listens() {
        let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = Some(taken.local_addr().expect("an address").port());
        for addresses in
            [Addresses { hosts: Vec::new(), port: None }, Addresses { hosts: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)], port }]
        {
            assert!(Listener::open(&addresses, Weak::new()).is_err(), "{addresses:?}");
        }
    }

    #[test]
    fn only_an_address_of_this_machine_is_listened_at_again() {
        for elsewhere in ["https://hub.example/", "http://192.0.2.1:50000/", "http://localhost:50000/", "nothing"] {
            assert!(Listener::again(elsewhere, Weak::new()).is_err(), "{elsewhere}");
        }
    }
}
