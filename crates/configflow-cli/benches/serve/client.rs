//! A client that costs little: one kept connection, requests written as they go over the wire.

use std::io::{Read, Write};
use std::net::TcpStream;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::TOKEN;

/// A request as it goes over the wire.
pub(crate) fn request(verb: &str, path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{verb} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into()
}

/// An answer, read as far as it has arrived.
#[derive(Default)]
struct Incoming {
    bytes: Vec<u8>,
}

impl Incoming {
    /// The body, where the answer is whole and is `200 OK`.
    fn body(&self) -> Option<&[u8]> {
        let head = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let text = std::str::from_utf8(&self.bytes[..head]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&self.bytes));
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let whole = head + 4 + length.parse::<usize>().unwrap();
        (self.bytes.len() >= whole).then(|| &self.bytes[head + 4..whole])
    }
}

/// A client that blocks: where there is one connection, nothing is faster.
pub(crate) struct Blocking {
    stream: TcpStream,
    incoming: Incoming,
}

impl Blocking {
    pub(crate) fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, incoming: Incoming::default() }
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).unwrap();
        self.incoming.bytes.clear();
        let mut chunk = [0; 16 << 10];
        while self.incoming.body().is_none() {
            let read = self.stream.read(&mut chunk).unwrap();
            assert!(read > 0, "the server hung up");
            self.incoming.bytes.extend_from_slice(&chunk[..read]);
        }
        self.incoming.body().unwrap()
    }
}

/// A client among many.
pub(crate) struct Waiting {
    stream: tokio::net::TcpStream,
    incoming: Incoming,
}

impl Waiting {
    pub(crate) async fn connect(address: &str) -> Self {
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, incoming: Incoming::default() }
    }

    pub(crate) async fn send(&mut self, request: &[u8]) -> &[u8] {
        self.stream.write_all(request).await.unwrap();
        self.incoming.bytes.clear();
        while self.incoming.body().is_none() {
            assert!(self.stream.read_buf(&mut self.incoming.bytes).await.unwrap() > 0, "the server hung up");
        }
        self.incoming.body().unwrap()
    }
}

/// The id of the flow that an answer shows.
pub(crate) fn flow_id(body: &[u8]) -> String {
    let shown: serde_json::Value = serde_json::from_slice(body).unwrap();
    shown["flow_id"].as_str().unwrap().to_owned()
}
