//! Ten thousand connections that ask nothing, and others that are served meanwhile.

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::{FLOW, Served, Setup, TOKEN, fixtures};

/// How many connections there are to be; fewer where the system does not allow so many.
const CROWD: usize = 10_000;

/// Files that are open beside the connections.
const OTHERS: usize = 200;

/// How many of the crowd come between two clients that behave.
const BETWEEN: usize = 250;

/// As many open files as the system allows at all, for this process and for the server that it starts; gives how many.
fn open_files() -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, maximum: limit.maximum };
    // Where it is not allowed, what is there has to do.
    let _ = setrlimit(Resource::Nofile, all);
    getrlimit(Resource::Nofile).current.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX)
}

/// What each of the crowd sends, in turn: nothing, the beginning of a head, a whole request without a token whose body never comes.
fn words(at: usize) -> &'static [u8] {
    match at % 3 {
        0 => b"",
        1 => b"POST /api/config/config_entries/flow HTTP/1.1\r\nhost: h\r\nauthor",
        _ => b"POST /api/config/config_entries/flow HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\n{",
    }
}

/// A client that behaves, with a connection of its own: begins a flow, looks at it, gives it up.
async fn behaves(server: &Served) -> [u16; 3] {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let send = |method: &'static str, path: String, body: Option<Value>| {
        let (client, base) = (client.clone(), server.base.clone());
        async move { crate::support::send(&client, &base, method, &path, body.as_ref()).await.expect("an answer") }
    };
    let begun = send("POST", FLOW.to_owned(), Some(json!({"handler": "threshold"}))).await;
    let path = format!("{FLOW}/{}", begun.body["flow_id"].as_str().unwrap_or_default());
    let (seen, given_up) = (send("GET", path.clone(), None).await, send("DELETE", path, None).await);
    [begun.status, seen.status, given_up.status]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_keep_nobody_out() {
    let crowd = CROWD.min(open_files().saturating_sub(OTHERS));
    assert!(crowd >= 500, "only {crowd} connections are allowed here, which shows nothing");
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (folder.path().join("flows"), folder.path().join("data"));
    std::fs::create_dir(&flows).expect("a folder");
    std::fs::copy(fixtures().join("flows/threshold.yaml"), flows.join("threshold.yaml")).expect("copied");
    let server = Setup::new(&flows, &data).start().await;
    let mut socket = server.socket().await;
    let mut connections = Vec::with_capacity(crowd);
    let mut served = 0;
    for at in 0..crowd {
        let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
        // One that was closed already takes nothing.
        let _ = stream.write_all(words(at)).await;
        connections.push(stream);
        if at % BETWEEN == BETWEEN - 1 {
            assert_eq!(behaves(&server).await, [200, 200, 200], "with {at} others");
            let (answer, _) = socket.ask(json!({"type": "config_entries/flow/progress"})).await;
            assert_eq!(answer["success"], json!(true));
            served += 1;
        }
    }
    assert_eq!(served, crowd / BETWEEN);
    // Some ask for the server's attention at the same time, with a wrong token: refused, and no place is kept for them.
    for stream in connections.iter_mut().rev().take(100) {
        let request = format!("GET {FLOW} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer not-{TOKEN}\r\n\r\n");
        let _ = stream.write_all(request.as_bytes()).await;
    }
    assert_eq!(behaves(&server).await, [200, 200, 200]);
    drop(connections);
    assert_eq!(behaves(&server).await, [200, 200, 200]);
    let metrics = server.send("GET", "/metrics", None).await.expect("an answer");
    assert!(metrics.whole.contains("configflow_flows_in_progress 0"), "{}", metrics.whole);
}
