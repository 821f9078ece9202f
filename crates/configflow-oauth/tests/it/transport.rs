//! The faults below HTTP, and the door: https only, but for loopback targets of a rewrite.

use std::net::{SocketAddr, TcpListener};

use configflow_oauth::{Client, HttpOptions, Outbound, TokenSet};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{acme, answer, towards};

fn tokens() -> TokenSet {
    let form = json!({
        "version": 1, "access": "a", "refresh": "r", "expires_at": null, "scopes": [], "token_type": "Bearer", "extra": {},
    });
    TokenSet::from_sealable(serde_json::from_value(form).unwrap()).unwrap()
}

async fn fault(outbound: Outbound) -> &'static str {
    let options = HttpOptions { outbound, total: std::time::Duration::from_secs(5), max_body: 1_000, ..HttpOptions::default() };
    let client = Client::new(options).unwrap();
    client.refresh(&acme(), &tokens()).await.unwrap_err().code()
}

fn to(scheme: &str, address: SocketAddr) -> Outbound {
    Outbound::new().with("https://acme.example", &format!("{scheme}://{address}")).unwrap()
}

#[tokio::test]
async fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    assert_eq!(fault(to("http", address)).await, "token.connect");
}

#[tokio::test]
async fn the_peer_does_not_speak_tls() {
    let server = MockServer::start().await;
    assert_eq!(fault(to("https", *server.address())).await, "token.tls");
}

/// Listens once, reads the request, writes the text and hangs up.
async fn hang_up_after(text: &'static str) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        stream.write_all(text.as_bytes()).await.unwrap();
    });
    address
}

#[tokio::test]
async fn the_connection_breaks() {
    let before = hang_up_after("").await;
    assert_eq!(fault(to("http", before)).await, "token.reset");
    let within = hang_up_after("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await;
    assert_eq!(fault(to("http", within)).await, "token.reset");
}

#[tokio::test]
async fn sec_21_an_endless_answer_is_not_read_to_its_end() {
    let server = MockServer::start().await;
    answer(&server, "/oauth2/token", ResponseTemplate::new(200).set_body_bytes(vec![b' '; 1_001])).await;
    assert_eq!(fault(towards(&server)).await, "token.too_large");
    // No length is announced here.
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 4096];
        let _ = stream.read(&mut buffer).await;
        let _ = stream.write_all(chunks.as_bytes()).await;
        while stream.write_all(b"10\r\n0123456789abcdef\r\n").await.is_ok() {}
    });
    assert_eq!(fault(to("http", address)).await, "token.too_large");
}

#[tokio::test]
async fn the_user_agent_is_ours() {
    let server = MockServer::start().await;
    answer(&server, "/oauth2/token", ResponseTemplate::new(500)).await;
    fault(towards(&server)).await;
    let requests = server.received_requests().await.unwrap();
    assert!(requests[0].headers["user-agent"].to_str().unwrap().starts_with("configflow/"));
    assert_eq!(requests[0].headers["accept"], "application/json");
}
