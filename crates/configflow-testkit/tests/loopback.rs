//! The listener on this machine for one answer of a provider: what it takes, what it refuses, and when it is closed.

use std::path::Path;
use std::sync::Arc;

use configflow_core::FlowResult;
use configflow_engine::{Caller, Engine, FlowError, MemoryStore, Start};
use configflow_oauth::Outbound;
use configflow_testkit::Flows;
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An engine with a browser on its machine, and a provider.
async fn engine() -> (Engine, Simulated) {
    let provider = Simulated::start(Script::default()).await.expect("started");
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{}", provider.port())).expect("an address");
    let flows = Flows::in_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/flows"));
    let builder = Engine::builder().store(Arc::new(MemoryStore::new())).outbound(outbound).hub(json!({"local_browser": true}));
    (builder.definition(flows.get("ways").expect("a definition")).build().expect("an engine"), provider)
}

fn shown(result: Result<Arc<FlowResult>, FlowError>) -> Value {
    json!(*result.expect("a result"))
}

/// The form of a flow that links by a browser on this machine.
async fn form(caller: &Caller) -> Value {
    let user = shown(caller.start(Start::user("ways")).await);
    let form = shown(caller.answer(text(&user["flow_id"]), json!({"which": ["loopback"]})).await);
    assert_eq!(form["step_id"], "account_loopback", "{form}");
    form
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

/// Host and port of the listener.
fn authority(form: &Value) -> String {
    let redirect = text(&form["description_placeholders"]["redirect_uri"]);
    redirect.strip_prefix("http://").and_then(|rest| rest.strip_suffix('/')).expect("an address").to_owned()
}

/// What a request is answered.
async fn asked(authority: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(authority).await.expect("somebody listens");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_11_a_literal_address_takes_one_answer_and_is_closed() {
    let (engine, provider) = engine().await;
    let caller = engine.caller("ada");
    let form = form(&caller).await;
    let authority = authority(&form);
    let (host, port) = authority.rsplit_once(':').expect("a port");
    assert!(matches!(host, "127.0.0.1" | "[::1]") && port != "0", "{authority}");
    let mut notices = engine.notices();

    let back = provider.person().log_in(text(&form["description_placeholders"]["auth_url"])).await.expect("back");
    let followed = provider.person().follow(&back).await.expect("somebody listens");
    assert_eq!(followed.status, 200);
    assert!(TcpStream::connect(&authority).await.is_err(), "one answer, and it is closed");
    assert!(notices.recv().await.is_ok(), "whoever shows the form is told");
    let made = shown(caller.answer(text(&form["flow_id"]), json!({})).await);
    assert_eq!(made["type"], "create_entry", "{made}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_03_what_is_not_the_answer_of_this_attempt_changes_nothing() {
    let (engine, provider) = engine().await;
    let (caller, other) = (engine.caller("ada"), engine.caller("bob"));
    let (mine, theirs) = (form(&caller).await, form(&other).await);
    let (here, there) = (authority(&mine), authority(&theirs));
    assert_ne!(here, there, "each attempt has a listener of its own");
    let back = provider.person().log_in(text(&mine["description_placeholders"]["auth_url"])).await.expect("back");
    let query = back.split_once('?').expect("a query").1;

    let get = |query: &str, host: &str| format!("GET /?{query} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    // Of nobody, of another name for this machine, of another attempt, empty, to another path, by another method, no HTTP at all.
    for (request, status) in [
        (get("code=x&state=AAAAAAAAAAAAAAAAAAAAAA", &here), "400"),
        (get("state=AAAAAAAAAAAAAAAAAAAAAA", &here), "400"),
        (get(query, "evil.example"), "404"),
        (format!("GET /favicon.ico HTTP/1.1\r\nHost: {here}\r\n\r\n"), "404"),
        (format!("POST /?{query} HTTP/1.1\r\nHost: {here}\r\n\r\n"), "404"),
        ("hello\r\n\r\n".to_owned(), "404"),
    ] {
        let answer = asked(&here, &request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {answer}");
        assert!(!answer.contains("AAAA") && !answer.contains(query), "nothing of the request is shown");
    }
    let elsewhere = asked(&there, &get(query, &there)).await;
    assert!(elsewhere.starts_with("HTTP/1.1 400 "), "the answer of one attempt at the listener of another: {elsewhere}");
    let early = shown(caller.answer(text(&mine["flow_id"]), json!({})).await);
    assert_eq!(early["errors"]["base"], "not_returned", "{early}");

    // A browser that connects before it needs to does not keep the answer out.
    let _idle = TcpStream::connect(&here).await.expect("somebody listens");
    let page = asked(&here, &get(query, &here)).await;
    assert!(page.starts_with("HTTP/1.1 200 "), "{page}");
    for header in ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "X-Frame-Options: DENY", "frame-ancestors 'none'"] {
        assert!(page.contains(header), "sec_16: {header} in {page}");
    }
    let made = shown(caller.answer(text(&mine["flow_id"]), json!({})).await);
    assert_eq!(made["type"], "create_entry", "{made}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flow_that_is_given_up_or_goes_another_way_listens_no_longer() {
    let (engine, _provider) = engine().await;
    let caller = engine.caller("ada");
    let given_up = form(&caller).await;
    let at = authority(&given_up);
    caller.abort(text(&given_up["flow_id"])).await.expect("given up");
    assert!(closed(&at).await, "the flow is over");

    let user = shown(caller.start(Start::user("ways")).await);
    let id = text(&user["flow_id"]);
    shown(caller.answer(id, json!({"which": ["loopback", "paste"]})).await);
    let listening = shown(caller.answer(id, json!({"next_step_id": "account_loopback"})).await);
    let at = authority(&listening);
    shown(caller.answer(id, json!({"link_another_way": true})).await);
    let pasting = shown(caller.answer(id, json!({"next_step_id": "account_paste"})).await);
    assert_eq!(pasting["step_id"], "account_paste", "{pasting}");
    assert!(closed(&at).await, "another way was chosen");
}

/// Whether nobody listens any more. The listener is dropped at once, but by a task of its own.
async fn closed(authority: &str) -> bool {
    for _ in 0..10_000 {
        if TcpStream::connect(authority).await.is_err() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}
