//! Requests that no well-behaved client sends, byte by byte: each gets a 4xx or an end, never a 5xx, and nobody else notices.

use std::time::Duration;

use configflow_server::ServerLimits;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{FLOW, Server, Setup, TOKEN};

/// Sends bytes, says that no more come, and reads until the end.
async fn exchange(server: &Server, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    let (mut reader, mut writer) = stream.split();
    let sending = async {
        // A server that has read enough closes; the rest is not taken.
        let _ = writer.write_all(sent).await;
        let _ = writer.shutdown().await;
    };
    let mut told = Vec::new();
    let reading = async {
        // A connection that is cut is an end as well.
        let _ = reader.read_to_end(&mut told).await;
    };
    let both = async { tokio::join!(sending, reading) };
    tokio::time::timeout(Duration::from_secs(20), both).await.expect("an end in time");
    String::from_utf8_lossy(&told).into_owned()
}

/// The statuses of the answers, in their order.
fn statuses(told: &str) -> Vec<u16> {
    let heads = told.split("HTTP/1.1 ").skip(1);
    heads.filter_map(|head| head.get(..3)?.parse().ok()).collect()
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST {FLOW} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {TOKEN}\r\n{headers}\r\n{body}").into_bytes()
}

#[tokio::test]
async fn what_is_no_request_ends_without_a_fault_of_ours() {
    let limits = ServerLimits {
        header_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        ..ServerLimits::default()
    };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let (flow_id, _) = server.begin("threshold").await;
    let body = "{\"handler\": \"threshold\"}";
    let long = "x".repeat(1 << 20);
    let many: String = (0..5000).map(|number| format!("x-{number}: y\r\n")).collect();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nothing", Vec::new()),
        ("empty lines", b"\r\n\r\n\r\n\r\n".to_vec()),
        ("noise", (0..=255).cycle().take(100_000).collect()),
        ("the beginning of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec()),
        ("the beginning of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        ("HTTP/0.9", b"GET /api/configflow/health\r\n".to_vec()),
        ("a version that is none", b"GET / HTTP/9.9\r\nhost: h\r\n\r\n".to_vec()),
        ("a verb of noise", b"\x00\xff\x01 / HTTP/1.1\r\nhost: h\r\n\r\n".to_vec()),
        ("a header without a colon", b"GET / HTTP/1.1\r\nhost h\r\n\r\n".to_vec()),
        ("a header with a zero", b"GET / HTTP/1.1\r\nhost: h\x00x\r\n\r\n".to_vec()),
        ("a folded header", b"GET / HTTP/1.1\r\nhost: h\r\n folded: y\r\n\r\n".to_vec()),
        ("a space before the colon", b"GET / HTTP/1.1\r\nhost : h\r\n\r\n".to_vec()),
        ("a huge header", format!("GET / HTTP/1.1\r\nhost: h\r\nx: {long}\r\n\r\n").into_bytes()),
        ("a huge path", format!("GET /{long} HTTP/1.1\r\nhost: h\r\n\r\n").into_bytes()),
        ("thousands of headers", format!("GET / HTTP/1.1\r\nhost: h\r\n{many}\r\n").into_bytes()),
        ("a length that is too short", post("content-length: 5\r\n", body)),
        ("a length that is too long", post("content-length: 5000\r\n", body)),
        ("a negative length", post("content-length: -1\r\n", body)),
        ("a length that is none", post("content-length: many\r\n", body)),
        ("a length beyond all numbers", post("content-length: 99999999999999999999999999\r\n", body)),
        ("a length that nobody sends", post("content-length: 9223372036854775807\r\n", body)),
        ("two lengths", post("content-length: 24\r\ncontent-length: 25\r\n", body)),
        ("a length and chunks", post("content-length: 5\r\ntransfer-encoding: chunked\r\n", "0\r\n\r\n")),
        ("an unknown coding", post("transfer-encoding: gzip\r\n", body)),
        ("chunked, and then not", post("transfer-encoding: chunked, identity\r\n", "0\r\n\r\n")),
        ("a chunk of no size", post("transfer-encoding: chunked\r\n", "\r\n{}\r\n0\r\n\r\n")),
        ("a chunk of an odd size", post("transfer-encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n")),
        ("a chunk of a negative size", post("transfer-encoding: chunked\r\n", "-2\r\n{}\r\n0\r\n\r\n")),
        ("a chunk beyond all sizes", post("transfer-encoding: chunked\r\n", "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n")),
        ("a chunk with endless words", post("transfer-encoding: chunked\r\n", &format!("2;{long}\r\n{{}}\r\n0\r\n\r\n"))),
        ("chunks with endless trailers", post("transfer-encoding: chunked\r\n", &format!("2\r\n{{}}\r\n0\r\n{many}\r\n"))),
        ("chunks without an end", post("transfer-encoding: chunked\r\n", "2\r\n{}\r\n")),
        ("a body that is compressed", post("content-encoding: gzip\r\ncontent-length: 3\r\n", "\x1f\x0b\x08")),
        ("an expectation", post("expect: something-else\r\ncontent-length: 24\r\n", body)),
        ("an upgrade to nothing", post("connection: upgrade\r\nupgrade: h2c\r\ncontent-length: 24\r\n", body)),
        ("a WebSocket without its key", b"GET /api/websocket HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".to_vec()),
        ("a WebSocket of an old version", b"GET /api/websocket HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 0\r\nsec-websocket-key: eA==\r\n\r\n".to_vec()),
        ("a tunnel", b"CONNECT example.org:443 HTTP/1.1\r\nhost: h\r\n\r\n".to_vec()),
        ("another server's address", b"GET http://example.org/api/configflow/health HTTP/1.1\r\nhost: h\r\n\r\n".to_vec()),
        ("no host", b"GET /api/configflow/health HTTP/1.1\r\n\r\n".to_vec()),
    ];
    for (what, sent) in cases {
        let told = exchange(&server, &sent).await;
        for status in statuses(&told) {
            assert!(status < 500, "{what}: {told}");
        }
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 "), "{what}: {told}");
        // Whoever behaves is served meanwhile, by a connection of its own.
        assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.status, 200, "after {what}");
    }
    assert_eq!(server.get("/api/configflow/health").await.status, 200);
}

#[tokio::test]
async fn a_request_behind_another_is_read_by_its_own_length() {
    let server = Server::start().await;
    // What follows a body is the next request, whoever would like to have it taken for something else.
    let inner = format!("DELETE {FLOW}/x HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {TOKEN}\r\n\r\n");
    let body = json!({"handler": "nothing", "x": inner}).to_string();
    let whole = post(&format!("content-length: {}\r\n", body.len()), &body);
    assert_eq!(statuses(&exchange(&server, &whole).await), [404], "a request inside a body is none");
    let three = [whole.clone(), whole.clone(), b"garbage\r\n\r\n".to_vec()].concat();
    let found = statuses(&exchange(&server, &three).await);
    assert!(found == [404, 404, 400] || found == [404, 404], "{found:?}");
    // Refused before its body was read: nothing of the body is taken for a request.
    let without = format!("POST {FLOW} HTTP/1.1\r\nhost: h\r\ncontent-length: {}\r\n\r\n{inner}", inner.len());
    assert_eq!(statuses(&exchange(&server, without.as_bytes()).await), [401]);
    // Two readers could disagree about this one, so there is nothing behind it (RFC 9112 §6.3).
    let smuggled = post("transfer-encoding: chunked\r\ncontent-length: 4\r\n", &format!("0\r\n\r\n{inner}"));
    let found = statuses(&exchange(&server, &smuggled).await);
    assert!(found.len() <= 1 && found.iter().all(|status| *status < 500), "{found:?}");
}
