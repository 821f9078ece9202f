//! What one request takes as flows in progress grow.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Blocking, Waiting, flow_id, request};
use crate::server::{Kept, Server, TOKEN};
use crate::times::Times;

const CONFIG: &str = "/api/config/config_entries";
const ROUNDS: usize = 300;

pub(crate) fn measure() {
    println!("\nThe median of {ROUNDS} requests over one connection, in µs.\n");
    println!("| flows kept | flows in progress | start | unique-id check | finish | flow/progress | entries | flow_handlers |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for kept in [Kept::InMemory, Kept::OnDisk] {
        let server = Server::start(kept);
        let mut there = 0;
        for flows in [1, 100, 10_000, 100_000] {
            fill(&server.address, flows - there);
            there = flows;
            row(kept, &server.address, flows);
        }
    }
}

/// Starts flows that stay.
fn fill(address: &str, flows: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let clients = flows.min(64);
        let mut running = Vec::with_capacity(clients);
        for client in 0..clients {
            let address = address.to_owned();
            let own = flows / clients + usize::from(client < flows % clients);
            running.push(tokio::spawn(async move {
                let mut client = Waiting::connect(&address).await;
                let start = start("unique");
                for _ in 0..own {
                    client.send(&start).await;
                }
            }));
        }
        for one in running {
            one.await.unwrap();
        }
    });
}

fn start(handler: &str) -> Vec<u8> {
    request("POST", &format!("{CONFIG}/flow"), &json!({"handler": handler}).to_string())
}

fn row(kept: Kept, address: &str, flows: usize) {
    let mut client = Blocking::connect(address);
    let (mut starting, mut checking, mut finishing) = (Times::default(), Times::default(), Times::default());
    for round in 0..ROUNDS {
        let flow = flow_id(timed(&mut starting, &mut client, &start("unique")));
        let path = format!("{CONFIG}/flow/{flow}");
        // The answer claims a unique id that no flow and no entry has.
        let answer = json!({"host": format!("{flows}-{round}"), "port": 80, "ssl": true});
        timed(&mut checking, &mut client, &request("POST", &path, &answer.to_string()));
        let made = timed(&mut finishing, &mut client, &request("POST", &path, r#"{"note":"hello"}"#));
        let made: Value = serde_json::from_slice(made).unwrap();
        let entry = made["result"]["entry_id"].as_str().unwrap();
        client.send(&request("DELETE", &format!("{CONFIG}/entry/{entry}"), ""));
    }
    let (mut entries, mut handlers) = (Times::default(), Times::default());
    for _ in 0..ROUNDS {
        timed(&mut entries, &mut client, &request("GET", &format!("{CONFIG}/entry"), ""));
        timed(&mut handlers, &mut client, &request("GET", &format!("{CONFIG}/flow_handlers"), ""));
    }
    let mut progress = progress(address);
    let micros = |times: &mut Times| times.within(500).as_secs_f64() * 1e6;
    println!(
        "| {} | {flows} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} | {:.0} |",
        kept.name(),
        micros(&mut starting),
        micros(&mut checking),
        micros(&mut finishing),
        micros(&mut progress),
        micros(&mut entries),
        micros(&mut handlers),
    );
}

fn timed<'c>(times: &mut Times, client: &'c mut Blocking, request: &[u8]) -> &'c [u8] {
    let sent = Instant::now();
    let body = client.send(request);
    times.add(sent.elapsed());
    body
}

/// `config_entries/flow/progress` over a WebSocket.
fn progress(address: &str) -> Times {
    use tokio_tungstenite::tungstenite::{Message, WebSocket, client};
    fn said(socket: &mut WebSocket<std::net::TcpStream>) -> Value {
        serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap()
    }
    let stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let (mut socket, _) = client(format!("ws://{address}/api/websocket"), stream).unwrap();
    assert_eq!(said(&mut socket)["type"], "auth_required");
    socket.send(Message::text(json!({"type": "auth", "access_token": TOKEN}).to_string())).unwrap();
    assert_eq!(said(&mut socket)["type"], "auth_ok");
    let mut times = Times::default();
    for id in 1..=ROUNDS {
        let sent = Instant::now();
        socket.send(Message::text(json!({"id": id, "type": "config_entries/flow/progress"}).to_string())).unwrap();
        let answer = socket.read().unwrap();
        times.add(sent.elapsed());
        let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
        assert_eq!((&answer["success"], &answer["result"]), (&json!(true), &json!([])));
    }
    times
}
