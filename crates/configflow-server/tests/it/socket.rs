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
    for (wrong, id) in [
        (json!({"type": "ping"}), Value::Null),
        (json!({"id": "x", "type": "ping"}), json!("x")),
        (json!({"id": 7}), json!(7)),
        (json!({"id": -1, "type": "ping"}), json!(-1)),
        (json!({"id": 7, "type": 5}), json!(7)),
        (json!(5), json!(0)),
    ] {
        client.send(wrong).await;
        let text = json!({"code": "invalid_format", "message": "Message incorrectly formatted."});
        assert_eq!(client.next().await, json!({"id": id, "type": "result", "success": false, "error": text}));
    }
    client.send(json!({"id": 6, "type": "ping"})).await;
    assert_eq!(client.next().await, json!({"id": 6, "type": "pong"}), "the id of what is no command was not taken");
    client.send(json!([{"id": 8, "type": "ping"}, {"id": 9, "type": "supported_features", "features": {}}])).await;
    assert_eq!(client.next().await, json!({"id": 8, "type": "pong"}));
    assert_eq!(client.next().await, json!({"id": 9, "type": "result", "success": true, "result": null}));
}

#[tokio::test]
async fn what_is_wrong_with_a_command_is_said_with_what_was_found() {
    let server = Server::start().await;
    let entry_id = server.threshold("T").await;
    let mut client = server.socket().await;
    for (mut command, text) in [
        (
            json!({"type": "get_single", "entry_id": 5, "x": {"k": "it's", "n": [1, null, true, 1.5]}}),
            "expected str for dictionary value @ data['entry_id']. Got 5\n\
             extra keys not allowed @ data['x']. Got {'k': \"it's\", 'n': [1, None, True, 1.5]}",
        ),
        (json!({"type": "get", "type_filter": [5, "hub"]}), "expected str @ data['type_filter'][0]. Got 5"),
        (json!({"type": "get", "type_filter": 5}), "expected str @ data['type_filter'][0]. Got None"),
        (
            json!({"type": "update", "entry_id": entry_id, "title": null, "pref_disable_polling": 1}),
            "expected bool for dictionary value @ data['pref_disable_polling']. Got 1\n\
             expected str for dictionary value @ data['title']. Got None",
        ),
        (
            json!({"type": "disable", "entry_id": entry_id, "disabled_by": "x"}),
            "not a valid value for dictionary value @ data['disabled_by']. Got 'x'",
        ),
        (json!({"type": "get", "domain": "x".repeat(600), "y": 1}), "extra keys not allowed @ data['y']. Got 1"),
    ] {
        command["type"] = json!(format!("config_entries/{}", command["type"].as_str().expect("a text")));
        let error = json!({"error": {"code": "invalid_format", "message": text}});
        assert_eq!(client.ask(command).await, error);
    }
    let long = json!({"type": "config_entries/get", "domain": ["x".repeat(600)]});
    let message = client.ask(long).await["error"]["message"].as_str().expect("a text").to_owned();
    assert!(message.ends_with("xxx...") && message.chars().count() < 600, "{message}");
    let extra = client.ask(json!({"type": "ping", "x": 1})).await["error"]["message"].as_str().expect("a text").to_owned();
    assert!(extra.starts_with("extra keys not allowed. Got {") && extra.contains("'x': 1"), "{extra}");
    let number = json!({"type": "unsubscribe_events", "subscription": "x"});
    let text = "expected int for dictionary value @ data['subscription']. Got 'x'";
    assert_eq!(client.ask(number).await["error"]["message"], text);
    let features = json!({"type": "supported_features", "features": {"a": "b"}});
    let text = "expected int for dictionary value @ data['features']['a']. Got 'b'";
    assert_eq!(client.ask(features).await["error"]["message"], text);
}

#[tokio::test]
async fn what_a_command_lacks_is_noticed_where_it_is_needed() {
    let server = Server::start().await;
    let entry_id = server.threshold("T").await;
    let mut client = server.socket().await;
    let error = |code: &str, message: &str| json!({"error": {"code": code, "message": message}});
    for command in [
        json!({"type": "get_single"}),
        json!({"type": "update", "title": "x"}),
        json!({"type": "disable", "entry_id": entry_id}),
        json!({"type": "disable", "disabled_by": null}),
        json!({"type": "subentries/list"}),
        json!({"type": "subentries/update", "entry_id": entry_id}),
        json!({"type": "subentries/delete", "entry_id": entry_id}),
    ] {
        let kind = format!("config_entries/{}", command["type"].as_str().expect("a text"));
        let mut command = command;
        command["type"] = json!(kind);
        assert_eq!(client.ask(command).await, error("unknown_error", "Unknown error"), "{kind}");
    }
    let nowhere = json!({"type": "config_entries/subentries/delete", "entry_id": "nope"});
    assert_eq!(client.ask(nowhere).await, error("not_found", "Config entry not found"));
    let nothing = json!({"type": "config_entries/ignore_flow"});
    assert_eq!(client.ask(nothing.clone()).await, error("not_found", "Config entry not found"), "no flow is in progress");
    server.begin("threshold").await;
    assert_eq!(client.ask(nothing).await, error("unknown_error", "Unknown error"));
    let needed = client.ask(json!({"type": "unsubscribe_events"})).await;
    assert_eq!(needed, error("invalid_format", "required key not provided @ data['subscription']. Got None"));
    let list = client.ask(json!({"type": "config_entries/get", "type_filter": [], "domain": ""})).await;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "an empty filter is none");
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
    assert_eq!(
        hubs.ask(json!({"type": "supported_features", "features": {}})).await,
        Value::Null,
        "nothing of helpers was told to it"
    );
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
    assert_eq!(
        full.ask(json!({"type": "supported_features", "features": {}})).await,
        Value::Null,
        "a client that is not slow stays"
    );
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
