//! Flows started and steps submitted, with 1, 8 and 64 connections.

use std::time::{Duration, Instant};

use crate::client::{Blocking, Waiting, flow_id, request};
use crate::server::{Kept, Server};
use crate::times::Times;

const PATH: &str = "/api/config/config_entries/flow";

/// How many flows are started, each answered once.
const FLOWS: usize = 24_000;

/// How often each is measured; the best counts, since whatever else runs on the machine only takes.
const ROUNDS: usize = 3;

pub(crate) fn measure() {
    println!(
        "\n| flows kept | connections | started flows/s | p99 | submitted steps/s | p99 |\n| --- | --- | --- | --- | --- | --- |"
    );
    for kept in [Kept::InMemory, Kept::OnDisk] {
        for connections in [1, 8, 64] {
            let (mut started, mut submitted) = (Rate::default(), Rate::default());
            for _ in 0..ROUNDS {
                let server = Server::start(kept);
                let round = if connections == 1 { alone(&server.address) } else { together(&server.address, connections) };
                started = started.best(round.0);
                submitted = submitted.best(round.1);
            }
            println!("| {} | {connections} | {started} | {submitted} |", kept.name());
        }
    }
}

/// How much was done in a second, and how long nearly all of it took at most.
#[derive(Default, Clone, Copy)]
struct Rate {
    per_second: f64,
    p99: Duration,
}

impl Rate {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    fn of(times: &mut Times, took: Duration) -> Self {
        Self { per_second: times.count() as f64 / took.as_secs_f64(), p99: times.within(990) }
    }

    fn best(self, other: Self) -> Self {
        if other.per_second > self.per_second { other } else { self }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.0} | {:.2} ms", self.per_second, self.p99.as_secs_f64() * 1e3)
    }
}

fn start() -> Vec<u8> {
    request("POST", PATH, r#"{"handler":"plain"}"#)
}

fn submit(flow: &str) -> Vec<u8> {
    request("POST", &format!("{PATH}/{flow}"), r#"{"host":"192.168.1.2","port":8123,"ssl":true,"note":"hello"}"#)
}

/// One connection: each request waits for the answer to the one before.
fn alone(address: &str) -> (Rate, Rate) {
    let mut client = Blocking::connect(address);
    let (mut flows, mut times) = (Vec::with_capacity(FLOWS), Times::default());
    let began = Instant::now();
    for _ in 0..FLOWS {
        let sent = Instant::now();
        let body = client.send(&start());
        times.add(sent.elapsed());
        flows.push(flow_id(body));
    }
    let started = Rate::of(&mut times, began.elapsed());
    let (requests, mut times) = (flows.iter().map(|flow| submit(flow)).collect::<Vec<_>>(), Times::default());
    let began = Instant::now();
    for request in requests {
        let sent = Instant::now();
        client.send(&request);
        times.add(sent.elapsed());
    }
    (started, Rate::of(&mut times, began.elapsed()))
}

/// Many connections, from one thread.
fn together(address: &str, connections: usize) -> (Rate, Rate) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut clients = Vec::with_capacity(connections);
        for _ in 0..connections {
            clients.push(Waiting::connect(address).await);
        }
        let each = FLOWS / connections;
        let began = Instant::now();
        let mut running = Vec::with_capacity(connections);
        for mut client in clients {
            running.push(tokio::spawn(async move {
                let (mut flows, mut times) = (Vec::with_capacity(each), Times::default());
                for _ in 0..each {
                    let sent = Instant::now();
                    let body = client.send(&start()).await;
                    times.add(sent.elapsed());
                    flows.push(flow_id(body));
                }
                (client, flows, times)
            }));
        }
        let (mut ready, mut times) = (Vec::with_capacity(connections), Times::default());
        for one in running {
            let (client, flows, own) = one.await.unwrap();
            times.join(own);
            ready.push((client, flows.iter().map(|flow| submit(flow)).collect::<Vec<_>>()));
        }
        let started = Rate::of(&mut times, began.elapsed());
        let began = Instant::now();
        let mut running = Vec::with_capacity(connections);
        for (mut client, requests) in ready {
            running.push(tokio::spawn(async move {
                let mut times = Times::default();
                for request in requests {
                    let sent = Instant::now();
                    client.send(&request).await;
                    times.add(sent.elapsed());
                }
                times
            }));
        }
        let mut times = Times::default();
        for one in running {
            times.join(one.await.unwrap());
        }
        (started, Rate::of(&mut times, began.elapsed()))
    })
}
