//! SIGTERM, while clients do what keeps a server busy.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::connect_async;

use crate::support::{FLOW, PATIENCE, Served, Setup, TOKEN, send};

/// A definition whose first answer asks an API that never answers.
const HANGS: &str = "domain: hangs
fields:
  host: { type: string, required: true }
config:
  user:
    form: [host]
    do:
      - http.request: { url: \"https://api.example/{{ host }}\", timeout: 30 }
        on_error: { any: { error: { base: cannot_connect } } }
    then: { create_entry: { title: \"{{ host }}\", data: \"{{ answers }}\" } }
";

fn flows(folder: &Path) -> PathBuf {
    let flows = folder.join("flows");
    std::fs::create_dir_all(&flows).expect("a folder");
    std::fs::write(flows.join("hangs.yaml"), HANGS).expect("written");
    flows
}

/// An API that takes connections and says nothing, and tells of each.
async fn silence() -> (u16, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let (came, comes) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
            if came.send(()).is_err() {
                return;
            }
        }
    });
    (port, comes)
}

async fn connected(server: &Served, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.address()).await.expect("connected");
    stream.write_all(sent.as_bytes()).await.expect("sent");
    stream
}

/// Reads until the other side ends.
async fn end_of(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    // A connection that is cut is an end as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut text)).await.expect("an end in time");
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_ends_in_time_whatever_its_clients_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (flows(folder.path()), folder.path().join("data"));
    let (port, mut comes) = silence().await;
    let mut server = Setup::new(&flows, &data).provider(port).start().await;

    let kept = server.send("POST", FLOW, Some(&json!({"handler": "hangs"}))).await.expect("an answer").body;
    let busy = server.send("POST", FLOW, Some(&json!({"handler": "hangs"}))).await.expect("an answer").body;
    let path = format!("{FLOW}/{}", busy["flow_id"].as_str().expect("an id"));
    let (client, base) = (server.client.clone(), server.base.clone());
    let hanging = tokio::spawn(async move { send(&client, &base, "POST", &path, Some(&json!({"host": "a"}))).await });
    tokio::time::timeout(PATIENCE, comes.recv()).await.expect("the action runs").expect("a connection");

    let head = format!("POST {FLOW} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {TOKEN}\r\ncontent-length: 100\r\n\r\n{{");
    let slow_body = connected(&server, &head).await;
    let slow_head = connected(&server, "GET /api/config").await;
    let silent = connected(&server, "").await;
    let (mut idle, mut subscribed) = (server.socket().await, server.socket().await);
    subscribed.ask(json!({"type": "subscribe_events"})).await;
    let (mut stranger, _) = connect_async(format!("ws://{}/api/websocket", server.address())).await.expect("a socket");
    let unread = server.socket().await;

    let began = Instant::now();
    server.terminate();
    let told = (idle.closed().await, subscribed.closed().await);
    let going_away = Some((1001, "server.stopping".to_owned()));
    assert_eq!(told, (going_away.clone(), going_away), "who listens is told that the server goes away");
    let status = server.ended().await;
    let took = began.elapsed();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(hanging.await.expect("no panic").is_err(), "the request whose action hangs is cut");
    for stream in [slow_body, slow_head, silent] {
        let told = end_of(stream).await;
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 408"), "{told}");
    }
    let mut closed = futures_util::StreamExt::next(&mut stranger).await;
    while let Some(Ok(message)) = &closed {
        if message.is_close() {
            break;
        }
        closed = futures_util::StreamExt::next(&mut stranger).await;
    }
    drop(unread);

    // Nothing that was acknowledged is lost by the end: both flows are there, and the one that was busy asks the API again.
    let server = Setup::new(&flows, &data).provider(port).start().await;
    for flow in [&kept, &busy] {
        let path = format!("{FLOW}/{}", flow["flow_id"].as_str().expect("an id"));
        let now = server.send("GET", &path, None).await.expect("an answer");
        assert_eq!((now.status, &now.body["step_id"]), (200, &Value::from("user")), "{}", now.whole);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_changes_nothing_and_an_idle_server_ends_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (flows(folder.path()), folder.path().join("data"));
    let mut server = Setup::new(&flows, &data).start().await;
    let mut socket = server.socket().await;
    server.terminate();
    server.terminate();
    assert_eq!(socket.closed().await, Some((1001, "server.stopping".to_owned())));
    assert_eq!(server.ended().await.code(), Some(0));
}
