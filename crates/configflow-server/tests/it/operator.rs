//! What the operator has beside Home Assistant's own API.

use serde_json::{Value, json};

use crate::support::{FLOW, Server, Setup, TOKEN, came};

#[tokio::test]
async fn a_flow_of_any_source_can_be_begun() {
    let server = Server::with(Setup { definitions: vec![FOUND], ..Setup::default() }).await;
    let body = json!({
        "handler": "found", "source": "zeroconf", "data": {"host": "10.0.0.1"},
        "context": {"unique_id": "u1", "title_placeholders": {"name": "Lamp"}, "configuration_url": "http://10.0.0.1"},
    });
    let shown = server.post("/api/configflow/flows", body).await;
    assert_eq!((shown.status, &shown.body["description_placeholders"]), (200, &json!({"host": "10.0.0.1"})));
    let mut client = server.socket().await;
    let flows = client.ask(json!({"type": "config_entries/flow/progress"})).await;
    assert_eq!(
        flows,
        json!([{
            "flow_id": shown.body["flow_id"], "handler": "found", "step_id": "zeroconf",
            "context": {
                "source": "zeroconf", "unique_id": "u1", "title_placeholders": {"name": "Lamp"},
                "configuration_url": "http://10.0.0.1"
            },
        }])
    );
    let path = format!("{FLOW}/{}", shown.body["flow_id"].as_str().expect("an id"));
    assert_eq!(server.post(&path, json!({})).await.body["type"], "create_entry", "whoever drives it first may");

    let imported = server
        .post("/api/configflow/flows", json!({"handler": "found", "context": {"source": "import"}, "data": {"x": 1}}))
        .await;
    assert_eq!((&imported.body["type"], &imported.body["result"]["source"]), (&json!("create_entry"), &json!("import")));
}

#[tokio::test]
async fn a_client_can_go_back() {
    let server = Server::with(Setup { definitions: vec![TWO_FORMS], ..Setup::default() }).await;
    let (flow_id, first) = server.begin("two_forms").await;
    let back = format!("/api/configflow/flows/{flow_id}/back");
    let nowhere = server.post(&back, json!(null)).await;
    assert_eq!((nowhere.status, &nowhere.body["code"]), (409, &json!("flow.no_way_back")), "{}", nowhere.body);
    let path = format!("{FLOW}/{flow_id}");
    assert_eq!(server.post(&path, json!({"name": "ada", "password": "canary-password"})).await.body["step_id"], "second");
    let again = server.post(&back, json!(null)).await;
    assert_eq!((again.status, &again.body["step_id"]), (200, &json!("user")), "{}", again.body);
    assert_eq!(again.body["data_schema"][0]["description"]["suggested_value"], "ada", "what was typed is there again");
    assert!(!again.body.to_string().contains("canary"), "but no secret: {}", again.body);
    assert_eq!(server.get(&path).await.body["step_id"], first["step_id"]);
    // A request may bring a body; nothing is read of it.
    server.post(&path, json!({"name": "bob", "password": "p"})).await;
    let once_more = came(server.request("POST", &back).body("{\"x\": ")).await;
    assert_eq!((once_more.status, &once_more.body["step_id"]), (200, &json!("user")));
    assert_eq!(server.post("/api/configflow/flows/nope/back", json!(null)).await.status, 404);
    let other = server.engine.caller("somebody else").back(&flow_id).await;
    assert_eq!(other.map(|_| ()).map_err(|error| error.code()), Err("flow.other_principal"));
    server.post(&path, json!({"name": "bob", "password": "p"})).await;
    let made = server.post(&path, json!({"note": "n"})).await;
    assert_eq!((&made.body["type"], &made.body["title"]), (&json!("create_entry"), &json!("bob")), "{}", made.body);
    assert_eq!(server.post(&back, json!(null)).await.status, 404, "it is over");
}

#[tokio::test]
async fn a_client_can_go_back_from_a_progress_and_link_in_another_way() {
    let server = Server::start().await;
    let (flow_id, _) = server.begin("ms365_calendar_link").await;
    let (path, back) = (format!("{FLOW}/{flow_id}"), format!("/api/configflow/flows/{flow_id}/back"));
    let answer =
        json!({"entity_name": "test", "client_id": "1234", "client_secret": "5678", "api_options": {"country": "Default"}});
    let menu = server.post(&path, answer).await.body;
    assert_eq!(menu["type"], "menu", "{menu}");
    let code = server.post(&path, json!({"next_step_id": "account_device"})).await.body;
    assert_eq!((&code["type"], &code["step_id"]), (&json!("progress"), &json!("account_device")), "{code}");
    let again = server.post(&back, json!(null)).await;
    assert_eq!((again.status, &again.body["menu_options"]), (200, &menu["menu_options"]), "{}", again.body);
    // The code is no longer waited for, and what was typed is still there.
    let paste = server.post(&path, json!({"next_step_id": "account_paste"})).await.body;
    assert_eq!(paste["step_id"], "request_default", "{paste}");
    let link = paste["description_placeholders"]["auth_url"].as_str().expect("a link");
    let url = server.provider.person().log_in(link).await.expect("logged in");
    let made = server.post(&path, json!({"url": url})).await.body;
    assert_eq!((&made["type"], &made["title"]), (&json!("create_entry"), &json!("test")), "{made}");
}

#[tokio::test]
async fn what_begins_a_flow_of_any_source_is_checked() {
    let server = Server::with(Setup { definitions: vec![FOUND], ..Setup::default() }).await;
    for (body, status, code) in [
        (json!({"handler": "found"}), 400, json!("request.source")),
        (json!({"handler": "found", "source": 5}), 400, json!("request.source")),
        (json!({"handler": "found", "source": "import", "context": []}), 400, json!("request.context")),
        (json!({"handler": "found", "source": "reauth"}), 400, json!("request.context")),
        (json!({"handler": "found", "source": "reauth", "context": {"entry_id": "nope"}}), 404, json!("flow.unknown_entry")),
        (json!({"handler": "nothing", "source": "import"}), 404, Value::Null),
        (json!({"handler": "found", "source": "bluetooth"}), 400, Value::Null),
        (json!({"source": "import"}), 400, Value::Null),
    ] {
        let found = server.post("/api/configflow/flows", body.clone()).await;
        assert_eq!((found.status, &found.body["code"]), (status, &code), "{body}: {}", found.body);
    }
}

#[tokio::test]
async fn entries_are_shown_as_home_assistant_stores_them() {
    let server = Server::with(Setup { definitions: vec![SECRETIVE], ..Setup::default() }).await;
    let (flow_id, _) = server.begin("secretive").await;
    let answer = json!({"user": "ada", "password": "canary-password", "more": {"pin": "canary-pin"}});
    server.post(&format!("{FLOW}/{flow_id}"), answer).await;
    let stored = server.get("/api/configflow/entries?include=data").await.body;
    let mut entry = stored[0].clone();
    for key in ["created_at", "modified_at"] {
        let moment = entry[key].take();
        assert!(moment.as_str().is_some_and(|moment| moment.len() == 32 && moment.ends_with("+00:00")), "{moment}");
    }
    let expected = json!({
        "created_at": null, "data": {"user": "ada", "password": "**secret**", "more": {"pin": "**secret**"}}, "disabled_by": null,
        "discovery_keys": {}, "domain": "secretive", "entry_id": entry["entry_id"], "minor_version": 1, "modified_at": null,
        "options": {}, "pref_disable_new_entities": false, "pref_disable_polling": false, "source": "user", "subentries": [],
        "title": "ada", "unique_id": null, "version": 1,
    });
    assert_eq!(entry, expected);
    assert!(server.get("/api/configflow/entries").await.body[0].get("data").is_none(), "only where it is asked for");
    assert_eq!(server.get("/api/configflow/entries?include=data&domain=x").await.body, json!([]));
}

#[tokio::test]
async fn health_needs_no_token_and_metrics_do() {
    let server = Server::start().await;
    server.threshold("A").await;
    let health = came(server.bare("GET", "/api/configflow/health")).await;
    assert_eq!((health.status, &health.body["status"]), (200, &json!("ok")));
    let metrics = server.get("/metrics").await;
    assert_eq!((metrics.status, metrics.content_type.as_str()), (200, "text/plain; version=0.0.4; charset=utf-8"));
    let text = metrics.body.as_str().expect("a text");
    for line in [
        "configflow_http_requests_total{method=\"POST\",path=\"/api/config/config_entries/flow/{flow_id}\",status=\"200\"} 1",
        "configflow_flows_started_total{domain=\"threshold\",source=\"user\"} 1",
        "configflow_flows_ended_total{domain=\"threshold\",result=\"create_entry\"} 1",
        "configflow_flows_in_progress 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains(TOKEN));
}

const FOUND: &str = "
domain: found
config:
  zeroconf:
    form: []
    placeholders: { host: \"{{ init.host }}\" }
    then: { create_entry: { title: F, data: {} } }
  import: { then: { create_entry: { title: I, data: \"{{ init }}\" } } }
  reauth: { form: [], then: { update_entry: {} } }
";

const SECRETIVE: &str = "
domain: secretive
fields:
  user: { type: string, required: true }
  password: { type: string, required: true, secret: true }
  more:
    section: {}
    required: true
    fields:
      pin: { type: string, required: true, secret: true }
config:
  user: { form: [user, password, more], then: { create_entry: { title: \"{{ user }}\", data: \"{{ answers }}\" } } }
";

const TWO_FORMS: &str = "
domain: two_forms
fields:
  name: { type: string, required: true }
  password: { type: string, required: true, secret: true }
  note: { type: string, required: true }
config:
  user: { form: [name, password], then: second }
  second: { form: [note], then: { create_entry: { title: \"{{ name }}\", data: \"{{ answers }}\" } } }
";
