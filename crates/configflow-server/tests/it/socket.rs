//! `/api/websocket`: who is there, commands, events.

use configflow_server::ServerLimits;
use futures_util::SinkExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{FLOW, Server, Setup, TOKEN};

#[tokio::test]
async fn a_client_says_who_it_is_first() {
    let server = Server::start().await;
    for (message, text) in [
        (json!({"type": "auth", "access_token": "wrong"}), "Invalid access token or password"),
        (json!({"type": "config_entries/get", "id": 1}), "Auth message incorrectly formatted"),
        (json!({"type": "auth"}), "Auth message incorrectly formatted"),
        (json!([]), "Auth message incorrectly formatted"),
    ] {
        let mut client = server.stranger().await;
        client.send(message).await;
        assert_eq!(client.next().await, json!({"type": "auth_invalid", "message": text}));
        assert_eq!(client.next().await, Value::Null, "it is closed");
    }
    let mut client = server.stranger().await;
    client.send(json!({"type": "auth", "access_token": TOKEN})).await;
    assert_eq!(client.next().await, json!({"type": "auth_ok", "ha_version": "2026.2.3"}));
}

#[tokio::test]
async fn a_client_that_never_says_who_it_is_is_closed() {
    let limits = ServerLimits { socket_auth: Duration::from_millis(50), ..ServerLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    assert_eq!(server.stranger().await.closed().await, "it took too long to say who it is");
}

#[tokio::test]
async fn commands_have_an_envelope() {
    let server = Server::start().await;
    let mut client = server.socket().await;
    client.send(json!({"id": 5, "type": "ping"})).await;
    assert_eq!(client.next().await, json!({"id": 5, "type": "pong"}));
    client.send(json!({"id": 5, "type": "ping"})).await;
    let error = |id: u64, code: &str, message: &str| json!({"id": id, "type": "result", "success": false, "error": {"code": code, "message": message}});
    assert_eq!(client.next().await, error(5, "id_reuse", "Identifier values have to increase."));
    client.send(json!({"id": 6, "type": "repairs/list_issues"})).await;
    assert_eq!(client.next().await, error(6, "unknown_command", "Unknown command."));
    for wrong in [json!({"type": "ping"}), json!({"id": "x", "type": "ping"}), json!({"id": 7}), json!(5)] {
        client.send(wrong).await;
        assert_eq!(client.next().await, error(0, "invalid_format", "Message incorrectly formatted."));
    }
    client.send(json!([{"id": 8, "type": "ping"}, {"id": 9, "type": "supported_features", "features": {}}])).await;
    assert_eq!(client.next().await, json!({"id": 8, "type": "pong"}));
    assert_eq!(client.next().await, json!({"id": 9, "type": "result", "success": true, "result": null}));
    client.send(json!({"id": 10, "type": "config_entries/get_single", "entry_id": 5, "x": 1})).await;
    let text = "expected str for dictionary value @ data['entry_id']. Got a number\nextra keys not allowed @ data['x']";
    assert_eq!(client.next().await, error(10, "invalid_format", text));
}

#[tokio::test]
async fn what_is_no_command_closes_the_socket() {
    let server = Server::start().await;
    for (message, reason) in [
        (Message::text("{bad"), "socket.not_json"),
        (Message::text("{\"id\": 1, \"id\": 2}"), "socket.not_json"),
        (Message::binary(vec![1, 2, 3]), "socket.not_text"),
    ] {
        let mut client = server.socket().await;
        client.socket.send(message).await.expect("sent");
        assert_eq!(client.closed().await, reason);
    }
}

#[tokio::test]
async fn entries_by_command() {
    let server = Server::start().await;
    let entry_id = server.threshold("T").await;
    let mut client = server.socket().await;
    let get = client.ask(json!({"type": "config_entries/get", "domain": "threshold", "type_filter": ["helper"]})).await;
    assert_eq!(get[0]["entry_id"], json!(entry_id));
    assert_eq!(client.ask(json!({"type": "config_entries/get", "type_filter": "hub"})).await, json!([]));
    let single = client.ask(json!({"type": "config_entries/get_single", "entry_id": entry_id})).await;
    assert_eq!(single["config_entry"], get[0]);

    let update = json!({"type": "config_entries/update", "entry_id": entry_id, "title": "Renamed", "pref_disable_polling": true});
    let updated = client.ask(update).await;
    assert_eq!((&updated["config_entry"]["title"], &updated["require_restart"]), (&json!("Renamed"), &json!(false)));
    assert_eq!(updated["config_entry"]["pref_disable_polling"], json!(true));
    let disable = |by: Value| json!({"type": "config_entries/disable", "entry_id": entry_id, "disabled_by": by});
    assert_eq!(client.ask(disable(json!("user"))).await, json!({"require_restart": false}));
    let disabled = client.ask(json!({"type": "config_entries/get_single", "entry_id": entry_id})).await;
    assert_eq!(
        (&disabled["config_entry"]["disabled_by"], &disabled["config_entry"]["state"]),
        (&json!("user"), &json!("not_loaded"))
    );
    assert_eq!(client.ask(disable(Value::Null)).await, json!({"require_restart": false}));
    assert_eq!(client.ask(disable(json!("nobody"))).await["error"]["code"], "invalid_format");

    for kind in ["get_single", "update", "disable", "subentries/list"] {
        let mut command = json!({"type": format!("config_entries/{kind}"), "entry_id": "nope"});
        if kind == "disable" {
            command["disabled_by"] = Value::Null;
        }
        let error = json!({"error": {"code": "not_found", "message": "Config entry not found"}});
        assert_eq!(client.ask(command).await, error, "{kind}");
    }
}

#[tokio::test]
async fn whoever_subscribes_to_entries_is_told_what_happens_to_them() {
    let server = Server::start().await;
    let before = server.threshold("Before").await;
    let mut client = server.socket().await;
    let id = client.command(json!({"type": "config_entries/subscribe", "type_filter": ["helper"]})).await;
    assert_eq!(client.next().await, json!({"id": id, "type": "result", "success": true, "result": null}));
    let first = client.next().await;
    assert_eq!((&first["event"][0]["type"], &first["event"][0]["entry"]["entry_id"]), (&Value::Null, &json!(before)));
    let mut hubs = server.socket().await;
    hubs.command(json!({"type": "config_entries/subscribe", "type_filter": ["hub"]})).await;
    assert_eq!(hubs.next().await["success"], json!(true));
    assert_eq!(hubs.next().await["event"], json!([]));

    let after = server.threshold("After").await;
    let added = client.next().await;
    assert_eq!((&added["event"][0]["type"], &added["event"][0]["entry"]["title"]), (&json!("added"), &json!("After")));
    server.post(&format!("/api/config/config_entries/entry/{after}/reload"), Value::Null).await;
    assert_eq!(client.next().await["event"][0]["type"], "updated");
    server.delete(&format!("/api/config/config_entries/entry/{after}")).await;
    let removed = client.next().await;
    assert_eq!((&removed["event"][0]["type"], &removed["event"][0]["entry"]["entry_id"]), (&json!("removed"), &json!(after)));

    assert_eq!(client.ask(json!({"type": "unsubscribe_events", "subscription": id})).await, Value::Null);
    server.threshold("Unseen").await;
    let again = client.ask(json!({"type": "unsubscribe_events", "subscription": id})).await;
    assert_eq!(again["error"], json!({"code": "not_found", "message": "Subscription not found."}));
    assert_eq!(hubs.ask(json!({"type": "supported_features"})).await, Value::Null, "nothing of helpers was told to it");
}

#[tokio::test]
async fn whoever_subscribes_to_flows_is_told_of_those_that_no_person_began() {
    let server = Server::with(Setup { definitions: vec![LAMP], ..Setup::default() }).await;
    let mut client = server.socket().await;
    let id = client.command(json!({"type": "config_entries/flow/subscribe"})).await;
    assert_eq!(client.next().await, json!({"id": id, "type": "event", "event": []}), "the event comes first");
    assert_eq!(client.next().await, json!({"id": id, "type": "result", "success": true, "result": null}));
    server.begin("threshold").await;
    let found = |unique: &str| json!({"handler": "lamp", "source": "zeroconf", "data": {"id": unique}});
    let shown = server.post("/api/configflow/flows", found("z1")).await.body;
    let added = client.next().await;
    let expected = json!({
        "flow_id": shown["flow_id"], "handler": "lamp", "step_id": "confirm",
        "context": {"source": "zeroconf", "unique_id": "z1"},
    });
    assert_eq!(added["event"], json!([{"type": "added", "flow_id": shown["flow_id"], "flow": expected}]));
    let twice = server.post("/api/configflow/flows", found("z1")).await.body;
    assert_eq!(twice["reason"], "already_in_progress", "that one was never there for clients");
    server.delete(&format!("{FLOW}/{}", shown["flow_id"].as_str().expect("an id"))).await;
    assert_eq!(client.next().await["event"], json!([{"type": "removed", "flow_id": shown["flow_id"]}]));
    assert_eq!(client.ask(json!({"type": "config_entries/flow/progress"})).await, json!([]));
}

#[tokio::test]
async fn a_flow_can_be_ignored_for_good() {
    let server = Server::with(Setup { definitions: vec![LAMP], ..Setup::default() }).await;
    let mut client = server.socket().await;
    let found = json!({"handler": "lamp", "source": "zeroconf", "data": {"id": "z1"}});
    let shown = server.post("/api/configflow/flows", found.clone()).await.body;
    let ignore = |flow_id: &Value, title: Option<&str>| {
        let mut command = json!({"type": "config_entries/ignore_flow", "flow_id": flow_id});
        if let Some(title) = title {
            command["title"] = json!(title);
        }
        command
    };
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    assert_eq!(client.ask(ignore(&json!("nope"), Some("x"))).await, error("not_found", "Config entry not found"));
    assert_eq!(client.ask(ignore(&shown["flow_id"], None)).await, error("unknown_error", "Unknown error"));
    let (plain, _) = server.begin("threshold").await;
    let no_id = error("no_unique_id", "Specified flow has no unique ID.");
    assert_eq!(client.ask(ignore(&json!(plain), Some("x"))).await, no_id);

    let subscription = client.command(json!({"type": "config_entries/flow/subscribe"})).await;
    client.next().await;
    client.next().await;
    let id = client.command(ignore(&shown["flow_id"], Some("Lamp"))).await;
    let removed = json!({"id": subscription, "type": "event", "event": [{"type": "removed", "flow_id": shown["flow_id"]}]});
    assert_eq!(client.next().await, removed, "what it caused is told before its answer");
    assert_eq!(client.next().await, json!({"id": id, "type": "result", "success": true, "result": null}));
    let entries = client.ask(json!({"type": "config_entries/get", "domain": "lamp"})).await;
    assert_eq!(
        (&entries[0]["source"], &entries[0]["state"], &entries[0]["title"]),
        (&json!("ignore"), &json!("not_loaded"), &json!("Lamp"))
    );
    assert_eq!(server.post("/api/configflow/flows", found).await.body["reason"], "already_configured");
}

#[tokio::test]
async fn subentries_by_command() {
    let server = Server::with(Setup { definitions: vec![LAMP], ..Setup::default() }).await;
    let made = server.post("/api/configflow/flows", json!({"handler": "lamp", "source": "import", "data": {}})).await.body;
    let entry_id = made["result"]["entry_id"].clone();
    let mut client = server.socket().await;
    let list = client.ask(json!({"type": "config_entries/subentries/list", "entry_id": entry_id})).await;
    let subentry_id = list[0]["subentry_id"].clone();
    assert_eq!(list, json!([{"subentry_id": subentry_id, "subentry_type": "scene", "title": "Evening", "unique_id": null}]));
    let command = |kind: &str| json!({"type": format!("config_entries/subentries/{kind}"), "entry_id": entry_id, "subentry_id": subentry_id});
    let mut rename = command("update");
    rename["title"] = json!("Night");
    assert_eq!(client.ask(rename).await, Value::Null);
    let list = client.ask(json!({"type": "config_entries/subentries/list", "entry_id": entry_id})).await;
    assert_eq!(list[0]["title"], "Night");
    assert_eq!(client.ask(command("delete")).await, Value::Null);
    let error = json!({"error": {"code": "not_found", "message": "Config subentry not found"}});
    assert_eq!(client.ask(command("delete")).await, error);
    assert_eq!(client.ask(command("update")).await, error);
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_closed_and_the_others_go_on() {
    let limits = ServerLimits { socket_queue: 4, subscriptions: 2, ..ServerLimits::default() };
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let mut full = server.socket().await;
    assert_eq!(full.ask(json!({"type": "subscribe_events"})).await, Value::Null);
    assert_eq!(full.ask(json!({"type": "subscribe_events"})).await, Value::Null);
    assert_eq!(full.ask(json!({"type": "subscribe_events"})).await["error"]["code"], "too_many_subscriptions");

    let entry_id = server.threshold("T").await;
    let mut slow = server.socket().await;
    slow.command(json!({"type": "config_entries/subscribe"})).await;
    slow.next().await;
    slow.next().await;
    // So much happens that neither the queue nor the system's buffers hold it for a client that reads nothing.
    let mut closed = false;
    for _ in 0..200 {
        for _ in 0..500 {
            server.engine.reload_entry(&entry_id).await.expect("the entry is there");
            tokio::task::yield_now().await;
        }
        let metrics = server.get("/metrics").await.body;
        closed = metrics.as_str().is_some_and(|text| text.contains("configflow_websockets_too_slow_total 1"));
        if closed {
            break;
        }
    }
    assert!(closed, "the slow client is closed");
    assert_eq!(full.ask(json!({"type": "supported_features"})).await, Value::Null, "a client that is not slow stays");
}

const LAMP: &str = "
domain: lamp
config:
  zeroconf:
    do:
      - entry.unique: { id: \"{{ init.id }}\" }
    then: confirm
  confirm: { form: [], then: { create_entry: { title: Lamp, data: {} } } }
  import:
    then:
      create_entry: { title: Lamp, data: {}, subentries: [{ subentry_type: scene, title: Evening, data: {}, unique_id: null }] }
subentries:
  scene:
    user: { form: [], then: { create_entry: { title: S, data: {} } } }
";
