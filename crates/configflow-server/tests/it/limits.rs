//! Limits: each is reached, and says so.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use configflow_engine::Limits;
use configflow_oauth::Clock;
use configflow_server::ServerLimits;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{FLOW, Server, Setup, TOKEN};

#[tokio::test]
async fn flows_in_progress_are_counted_in_all_and_for_each_client() {
    let engine = Limits { flows: 3, flows_of_one: 2, ..Limits::default() };
    let server = Server::with(Setup { engine, ..Setup::default() }).await;
    let (first, _) = server.begin("threshold").await;
    server.begin("threshold").await;
    let refused = server.post(FLOW, json!({"handler": "threshold"})).await;
    assert_eq!((refused.status, &refused.body["code"]), (429, &json!("flow.too_many_of_one")));
    server.delete(&format!("{FLOW}/{first}")).await;
    server.begin("threshold").await;
    let other = server.engine.caller("somebody else");
    other.start(configflow_engine::Start::user("threshold")).await.expect("another client has a place");
    let full = server.engine.caller("a third one").start(configflow_engine::Start::user("threshold")).await;
    assert_eq!(full.map(|_| ()).map_err(|error| error.code()), Err("flow.too_many"));
}

#[derive(Debug)]
struct Hands(AtomicI64);

impl Clock for Hands {
    fn now(&self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp(self.0.load(Ordering::Relaxed)).expect("a time")
    }
}

#[tokio::test]
async fn a_flow_that_is_left_alone_is_given_up_and_a_discovery_is_not() {
    let hands = Arc::new(Hands(AtomicI64::new(1_800_000_000)));
    let engine = Limits { abandoned: Duration::from_secs(60), ..Limits::default() };
    let clock = Some(Arc::clone(&hands) as Arc<dyn Clock>);
    let server = Server::with(Setup { engine, clock, ..Setup::default() }).await;
    let ((left, _), (kept, _)) = (server.begin("threshold").await, server.begin("threshold").await);
    let found = json!({"handler": "acme_lamp", "source": "zeroconf", "data": {"host": "10.0.0.1"}, "context": {}});
    server.post("/api/configflow/flows", found).await;
    hands.0.fetch_add(59, Ordering::Relaxed);
    assert_eq!(server.engine.give_up_abandoned().await, 0);
    assert_eq!(server.get(&format!("{FLOW}/{kept}")).await.status, 200, "somebody looks");
    hands.0.fetch_add(2, Ordering::Relaxed);
    let discoveries = server.engine.in_progress().iter().filter(|flow| flow.listed).count();
    assert_eq!(server.engine.give_up_abandoned().await, 1);
    assert_eq!(server.get(&format!("{FLOW}/{left}")).await.status, 404);
    assert_eq!(server.get(&format!("{FLOW}/{kept}")).await.status, 200);
    assert_eq!(server.engine.in_progress().iter().filter(|flow| flow.listed).count(), discoveries);
}

async fn everything(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_string(&mut text)).await.expect("an end in time");
    // A connection that is cut is an end as well.
    let _ = read;
    text
}

/// A connection that has asked something, and had its answer.
async fn asked(server: &Server, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    let request = format!("GET /api/config/config_entries/entry HTTP/1.1\r\nhost: h\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.expect("written");
    let mut some = [0; 12];
    stream.read_exact(&mut some).await.expect("an answer");
    assert!(some.starts_with(b"HTTP/1.1 "), "{some:?}");
    stream
}

#[tokio::test]
async fn a_connection_too_many_is_told_so() {
    let limits = ServerLimits { connections: 2, ..ServerLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let _known = asked(&server, &format!("authorization: Bearer {TOKEN}\r\n")).await;
    let _socket = server.socket().await;
    let mut one_more = TcpStream::connect(server.address()).await.expect("connected");
    let told = everything(&mut one_more).await;
    assert!(told.starts_with("HTTP/1.1 503") && told.contains("server.too_many_connections"), "{told}");
}

#[tokio::test]
async fn who_has_shown_no_token_gives_way() {
    let limits = ServerLimits { connections: 2, ..ServerLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let mut client = server.socket().await;
    // A WebSocket that has not said who it is, a connection that says nothing, one whose token is wrong, one that asked without.
    let mut strangers = server.stranger().await;
    let mut silent = TcpStream::connect(server.address()).await.expect("connected");
    assert_eq!(strangers.next().await, json!({"type": "auth_invalid", "message": "Too many connections"}));
    let mut wrong = asked(&server, "authorization: Bearer wrong\r\n").await;
    assert_eq!(everything(&mut silent).await, "");
    let mut without = asked(&server, "").await;
    everything(&mut wrong).await;
    let known = asked(&server, &format!("authorization: Bearer {TOKEN}\r\n")).await;
    everything(&mut without).await;
    client.ask(json!({"type": "supported_features", "features": {}})).await;
    drop(known);
}

#[tokio::test]
async fn a_slow_head_is_cut_and_a_slow_body_is_told() {
    let limits = ServerLimits {
        header_time: Duration::from_millis(100),
        body_time: Duration::from_millis(100),
        ..ServerLimits::default()
    };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let mut head = TcpStream::connect(server.address()).await.expect("connected");
    head.write_all(b"POST /api/config/config_entries/flow HTTP/1.1\r\nhost:").await.expect("written");
    let told = everything(&mut head).await;
    assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    let mut body = TcpStream::connect(server.address()).await.expect("connected");
    let request =
        format!("POST {FLOW} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n{{\"hand");
    body.write_all(request.as_bytes()).await.expect("written");
    let mut told = vec![0; 2048];
    let read = tokio::time::timeout(Duration::from_secs(10), body.read(&mut told)).await.expect("in time").expect("an answer");
    let told = String::from_utf8_lossy(&told[..read]).into_owned();
    assert!(told.starts_with("HTTP/1.1 408") && told.contains("request.timeout"), "{told}");
}

#[tokio::test]
async fn a_server_that_stops_lets_requests_end() {
    let mut server = Server::start().await;
    let (_, _) = server.begin("threshold").await;
    server.stop();
    let ended = server.ended.take().expect("it runs");
    let ended = tokio::time::timeout(Duration::from_secs(5), ended).await.expect("it ends in time");
    assert!(ended.expect("no panic").is_ok());
    assert!(TcpStream::connect(server.address()).await.is_err(), "nobody listens any more");
}
