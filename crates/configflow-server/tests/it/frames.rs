//! WebSocket frames that no well-behaved client sends, byte by byte, and floods of those that one may send.

use std::time::Duration;

use configflow_server::ServerLimits;
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Server, Setup, TOKEN};

const FINAL: u8 = 0x80;
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;

/// A frame as a client sends it, masked by zeros (RFC 6455 §5.2, §5.3).
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match (payload.len(), u16::try_from(payload.len())) {
        (0..=125, Ok(length)) => frame.push(0x80 | length.to_be_bytes()[1]),
        (_, Ok(length)) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        (length, Err(_)) => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A WebSocket without a library around it.
struct Raw(TcpStream);

impl Raw {
    async fn connect(server: &Server) -> Self {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        let request = "GET /api/websocket HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                       sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
        stream.write_all(request.as_bytes()).await.expect("sent");
        Self(stream)
    }

    async fn send(&mut self, bytes: &[u8]) {
        // A server that has read enough closes; the rest is not taken.
        let _ = self.0.write_all(bytes).await;
    }

    /// Says who it is.
    async fn known(server: &Server) -> Self {
        let mut raw = Self::connect(server).await;
        raw.send(&frame(FINAL | TEXT, json!({"type": "auth", "access_token": TOKEN}).to_string().as_bytes())).await;
        raw.until("auth_ok").await;
        raw
    }

    /// Reads until a text comes.
    async fn until(&mut self, text: &str) {
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(text) {
            let more = tokio::time::timeout(Duration::from_secs(10), self.0.read_buf(&mut read)).await.expect("in time");
            assert!(more.expect("it is open") > 0, "closed before {text}: {}", String::from_utf8_lossy(&read));
        }
    }

    /// Reads until the end.
    async fn end(mut self) {
        let mut read = Vec::new();
        // A connection that is cut is an end as well.
        let _ = tokio::time::timeout(Duration::from_secs(20), self.0.read_to_end(&mut read)).await.expect("an end in time");
    }
}

fn ping(id: u64) -> Vec<u8> {
    json!({"id": id, "type": "ping"}).to_string().into_bytes()
}

#[tokio::test]
async fn frames_that_are_none_end_their_own_socket_only() {
    let server = Server::start().await;
    let mut other = server.socket().await;
    let unmasked = [vec![FINAL | TEXT, 2], b"{}".to_vec()].concat();
    let huge = [vec![FINAL | TEXT, 0x80 | 127], (u64::MAX >> 1).to_be_bytes().to_vec(), vec![0; 4]].concat();
    let impossible = [vec![FINAL | TEXT, 0x80 | 127], u64::MAX.to_be_bytes().to_vec(), vec![0; 4]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("an unmasked frame", unmasked),
        ("a frame of a length that nobody sends", huge),
        ("a frame of an impossible length", impossible),
        ("reserved bits", frame(FINAL | 0x70 | TEXT, b"{}")),
        ("a reserved opcode", frame(FINAL | 3, b"{}")),
        ("a reserved control opcode", frame(FINAL | 0xb, b"")),
        ("a ping in parts", frame(PING, b"x")),
        ("a ping that is too long", frame(FINAL | PING, &[b'x'; 200])),
        ("a continuation of nothing", frame(FINAL | CONTINUATION, b"{}")),
        ("a beginning within a message", [frame(TEXT, b"{"), frame(FINAL | TEXT, b"}")].concat()),
        ("a text that is not UTF-8", frame(FINAL | TEXT, b"\"\xff\xfe\"")),
        ("a close of one byte", frame(FINAL | CLOSE, b"x")),
        ("a close with a reserved code", frame(FINAL | CLOSE, &1005_u16.to_be_bytes())),
        ("a close that is no text", frame(FINAL | CLOSE, b"\x03\xe8\xff")),
        ("a message that is too large", frame(FINAL | TEXT, &vec![b' '; (2 << 20) + 1])),
        ("noise", (0..=255).cycle().skip(1).take(10_000).collect()),
    ];
    for (what, bytes) in &cases {
        for known in [false, true] {
            let mut raw = if known { Raw::known(&server).await } else { Raw::connect(&server).await };
            raw.send(bytes).await;
            raw.end().await;
            let pong = other.command(json!({"type": "ping"})).await;
            assert_eq!(other.next().await, json!({"id": pong, "type": "pong"}), "after {what}");
        }
    }
}

#[tokio::test]
async fn a_message_in_parts_is_one_and_its_size_is_that_of_all() {
    let server = Server::start().await;
    let mut raw = Raw::known(&server).await;
    // Byte by byte, with pings in between, which is allowed (RFC 6455 §5.4).
    let message = ping(1);
    for (at, byte) in message.iter().enumerate() {
        let first = if at == 0 { TEXT } else { CONTINUATION };
        let last = if at + 1 == message.len() { FINAL } else { 0 };
        raw.send(&frame(first | last, &[*byte])).await;
        raw.send(&frame(FINAL | PING, b"still there?")).await;
    }
    raw.until("\"type\":\"pong\"").await;
    let mut other = server.socket().await;
    raw.send(&frame(TEXT, b"\"")).await;
    let part = frame(CONTINUATION, &vec![b'x'; 60_000]);
    for _ in 0..40 {
        raw.send(&part).await;
    }
    raw.end().await;
    let pong = other.command(json!({"type": "ping"})).await;
    assert_eq!(other.next().await, json!({"id": pong, "type": "pong"}));
}

#[tokio::test]
async fn floods_reach_their_limits_and_nobody_else() {
    let limits = ServerLimits { socket_queue: 64, ..ServerLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let mut other = server.socket().await;
    // Pings are answered by the way, and never pile up: who sends them and reads nothing is closed or waited for.
    let mut pings = Raw::known(&server).await;
    let flood = frame(FINAL | PING, b"x").repeat(20_000);
    let flooding = tokio::spawn(async move {
        // It ends where the server reads no more of it.
        let _ = tokio::time::timeout(Duration::from_secs(2), pings.send(&flood)).await;
        pings
    });
    for _ in 0..20 {
        let pong = other.command(json!({"type": "ping"})).await;
        assert_eq!(other.next().await, json!({"id": pong, "type": "pong"}), "while pings come");
    }
    drop(flooding.await.expect("no panic"));

    // As many subscriptions as may be; each one more is refused, and the socket stays.
    let mut many = server.socket().await;
    let mut refused = 0;
    for at in 0..200 {
        let answer = many.ask(json!({"type": "subscribe_events", "event_type": format!("e{at}")})).await;
        refused += usize::from(answer["error"]["code"] == "too_many_subscriptions");
    }
    assert_eq!(refused, 200 - ServerLimits::default().subscriptions);

    // Commands whose answers nobody takes: closed, and counted.
    let mut greedy = server.socket().await;
    let list: Vec<_> = (1..=5_000).map(|id| json!({"id": id, "type": "config_entries/get"})).collect();
    greedy.socket.send(Message::text(json!(list).to_string())).await.expect("sent");
    let mut reason = String::new();
    while let Some(Ok(message)) = greedy.socket.next().await {
        if let Message::Close(Some(frame)) = message {
            reason = frame.reason.to_string();
        }
    }
    assert!(reason.is_empty() || reason == "socket.too_slow", "{reason}");
    let pong = other.command(json!({"type": "ping"})).await;
    assert_eq!(other.next().await, json!({"id": pong, "type": "pong"}), "after all that");
    assert_eq!(server.get("/api/configflow/health").await.status, 200);
}
