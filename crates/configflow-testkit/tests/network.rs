//! What `http.request` reaches (security checklist, 17 and 22): a real server on this machine, which no definition may reach
//! unless the operator allows its host.

use configflow_engine::{Builder, Engine, Start};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Asks for an address, and ends with what came of it.
fn definition(network: &str) -> String {
    format!(
        "domain: probe
version: 1
{network}
fields:
  address: {{ type: string, required: true }}
config:
  user:
    form: [address]
    do:
      - http.request: {{ url: \"{{{{ address }}}}\", extract: {{ id: $.id }} }}
        as: found
        on_error: {{ any: {{ abort: \"{{{{ failure.code }}}}\" }} }}
    then: {{ abort: \"{{{{ 'reached ' ~ found.id }}}}\" }}
"
    )
}

/// What a definition comes to that asks for an address.
async fn asks(network: &str, address: &str, operator: impl FnOnce(Builder) -> Builder) -> Value {
    let text = definition(network);
    let loaded = load(&Source::new("probe.yaml", &text), &Options::default()).expect("the definition loads");
    let engine = operator(Engine::builder()).definition(loaded.definition).build().expect("the engine starts");
    let caller = engine.caller("ada");
    let form = caller.start(Start::user("probe")).await.expect("a form").to_value();
    let flow_id = form["flow_id"].as_str().expect("an id");
    caller.answer(flow_id, json!({"address": address})).await.expect("an end").to_value()["reason"].clone()
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(json!({"id": 7}));
    Mock::given(path("/")).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn sec_22_this_machine_is_reached_by_no_name_and_no_literal() {
    let server = server().await;
    let port = server.address().port();
    for network in ["", "network: local"] {
        for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "2130706433", "0x7f000001", "[::1]", "0.0.0.0"] {
            let reason = asks(network, &format!("http://{host}:{port}/"), |builder| builder).await;
            assert_eq!(reason, "bad_url", "{host} {network}");
        }
    }
    for scheme in ["file:///etc/passwd", "ftp://localhost/", "unix:/run/x", "data:,x", "gopher://127.0.0.1/"] {
        assert_eq!(asks("network: local", scheme, |builder| builder).await, "bad_url", "{scheme}");
    }
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(0));
}

#[tokio::test]
async fn sec_22_a_host_that_the_operator_allows_is_reached_and_no_other() {
    let server = server().await;
    let port = server.address().port();
    let allowed = |builder: Builder| builder.refuse_local().allow_host("LOCALHOST");
    assert_eq!(asks("", &format!("http://localhost:{port}/"), allowed).await, "reached 7");
    assert_eq!(asks("", &format!("http://127.0.0.1:{port}/"), allowed).await, "bad_url");
    assert_eq!(asks("", &format!("http://[::ffff:127.0.0.1]:{port}/"), allowed).await, "bad_url");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
}

#[tokio::test]
async fn sec_22_a_redirect_is_not_followed() {
    let server = server().await;
    let port = server.address().port();
    let elsewhere = ResponseTemplate::new(302).insert_header("location", format!("http://127.0.0.1:{port}/").as_str());
    Mock::given(path("/away")).respond_with(elsewhere).mount(&server).await;
    let reason = asks("", &format!("http://localhost:{port}/away"), |builder| builder.allow_host("localhost")).await;
    assert_eq!(reason, "status");
    assert_eq!(server.received_requests().await.map(|requests| requests.len()), Some(1));
}
