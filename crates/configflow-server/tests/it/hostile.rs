//! Bodies that no recording has: each is refused with a code, and never with a 5xx.

use serde_json::json;

use crate::support::{FLOW, Server, Setup, came};
use configflow_server::ServerLimits;

#[tokio::test]
async fn hostile_bodies_are_refused_with_a_code() {
    let server =
        Server::with(Setup { limits: ServerLimits { body: 100_000, ..ServerLimits::default() }, ..Setup::default() }).await;
    let (flow_id, _) = server.begin("threshold").await;
    let deep = format!("{{\"handler\": {}1{}}}", "[".repeat(500), "]".repeat(500));
    let cases: [(Vec<u8>, u16, &str); 5] = [
        (br#"{"handler": "threshold", "handler": "ms365_calendar"}"#.to_vec(), 400, "request.duplicate_key"),
        (b"{\"handler\": \"\xff\xfe\"}".to_vec(), 400, "request.not_utf8"),
        (deep.into_bytes(), 400, "request.too_deep"),
        (b"[".repeat(90_000), 400, "request.too_deep"),
        (vec![b'x'; 200_000], 413, "request.too_large"),
    ];
    for path in [FLOW.to_owned(), format!("{FLOW}/{flow_id}"), "/api/configflow/flows".to_owned()] {
        for (body, status, code) in &cases {
            let found = came(server.request("POST", &path).body(body.clone())).await;
            assert_eq!((found.status, found.body["code"].as_str()), (*status, Some(*code)), "{path}");
            assert!(found.body["message"].is_string());
        }
    }
    assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.status, 200, "the flow stands where it stood");
}

#[tokio::test]
async fn nothing_that_is_typed_makes_a_5xx() {
    let server = Server::start().await;
    let values = [
        json!(null),
        json!(true),
        json!(-1),
        json!(1e308),
        json!(""),
        json!("\u{0}"),
        json!([]),
        json!({}),
        json!([[]]),
        json!("'; DROP TABLE entries; --"),
        json!("{{ 7 * 7 }}"),
        json!("\u{202e}\u{1f4a9}"),
    ];
    let handlers = server.get("/api/config/config_entries/flow_handlers").await.body;
    for handler in handlers.as_array().expect("a list").iter().filter_map(|handler| handler.as_str()) {
        let (flow_id, shown) = server.begin(handler).await;
        let path = format!("{FLOW}/{flow_id}");
        let names: Vec<String> = shown["data_schema"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|field| field["name"].as_str().map(str::to_owned))
            .chain(["unknown".to_owned()])
            .collect();
        for name in &names {
            for value in &values {
                let found = server.post(&path, json!({ name: value })).await;
                assert!(found.status < 500, "{handler} {name} {value}: {} {}", found.status, found.body);
            }
        }
    }
    for path in [
        "/api/config/config_entries/flow/%00",
        "/api/config/config_entries/entry/..%2f..%2fetc",
        "/%ff",
        "//",
        "/api/config/config_entries/flow/%ff",
    ] {
        let found = server.get(path).await;
        assert!((400..500).contains(&found.status), "{path}: {}", found.status);
    }
}
