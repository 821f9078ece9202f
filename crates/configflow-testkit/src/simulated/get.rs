//! One GET over plain HTTP, as a browser's step of a redirect: no redirects followed, nothing kept.
//!
//! Not an HTTP client: it speaks HTTP/1.0 to servers on this machine, so that neither chunks nor kept connections arise.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

/// The most that is read of an answer.
const LARGEST_ANSWER: u64 = 4 << 20;

/// What came back.
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) body: String,
}

/// Asks for a URL of scheme `http`.
pub(crate) async fn get(url: &Url) -> io::Result<Got> {
    let bad = || io::Error::from(io::ErrorKind::InvalidInput);
    let host = url.host_str().filter(|_| url.scheme() == "http").ok_or_else(bad)?;
    let port = url.port_or_known_default().ok_or_else(bad)?;
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let head = format!("GET {}{query} HTTP/1.0\r\nhost: {host}:{port}\r\naccept: text/html\r\n\r\n", url.path());
    let mut stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    stream.write_all(head.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.take(LARGEST_ANSWER).read_to_end(&mut bytes).await?;
    parsed(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parsed(text: &str) -> Option<Got> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let location = lines.filter_map(|line| line.split_once(':')).find(|(name, _)| name.eq_ignore_ascii_case("location"));
    Some(Got { status, location: location.map(|(_, value)| value.trim().to_owned()), body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let got = parsed("HTTP/1.0 302 Found\r\nLocation: https://a.example/?x=1\r\n\r\nbody").unwrap();
        assert_eq!((got.status, got.location.as_deref(), got.body.as_str()), (302, Some("https://a.example/?x=1"), "body"));
        assert!(parsed("nonsense").is_none());
    }
}
