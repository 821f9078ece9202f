//! Dialogs over HTTP: each path with each verb.

use serde_json::{Value, json};

use crate::support::{FLOW, Server, Setup};

const OPTIONS: &str = "/api/config/config_entries/options/flow";
const SUBENTRIES: &str = "/api/config/config_entries/subentries/flow";

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("a map").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[tokio::test]
async fn a_setup_dialog_from_its_beginning_to_its_entry() {
    let server = Server::start().await;
    let (flow_id, form) = server.begin("threshold").await;
    assert_eq!((flow_id.len(), &form["handler"], &form["step_id"]), (26, &json!("threshold"), &json!("user")));
    assert_eq!(
        keys(&form),
        ["data_schema", "description_placeholders", "errors", "flow_id", "handler", "last_step", "preview", "step_id", "type"]
    );
    let path = format!("{FLOW}/{flow_id}");
    assert_eq!(server.get(&path).await.body, form, "a look changes nothing");

    let refused = server.post(&path, json!({"name": "T", "entity_id": "sensor.power"})).await;
    assert_eq!((refused.status, &refused.body["errors"]), (200, &json!({"base": "need_lower_upper"})));
    let typed = refused.body["data_schema"][0].pointer("/description/suggested_value");
    assert_eq!(typed, Some(&json!("T")), "what was typed is suggested with the error");
    assert_eq!(server.get(&path).await.body, form, "who asks again sees the form as it was at first");

    let made = server.post(&path, json!({"name": "T", "entity_id": "sensor.power", "lower": 10})).await;
    assert_eq!(made.body["type"], "create_entry");
    assert_eq!(
        keys(&made.body),
        [
            "description",
            "description_placeholders",
            "flow_id",
            "handler",
            "minor_version",
            "options",
            "result",
            "subentries",
            "title",
            "type",
            "version"
        ]
    );
    assert_eq!(server.get(&path).await.status, 404, "it is over");
}

#[tokio::test]
async fn a_dialog_can_be_given_up() {
    let server = Server::start().await;
    let (flow_id, _) = server.begin("threshold").await;
    let path = format!("{FLOW}/{flow_id}");
    let gone = server.delete(&path).await;
    assert_eq!((gone.status, gone.body), (200, json!({"message": "Flow aborted"})));
    assert_eq!(server.delete(&path).await.status, 404);
    assert_eq!(server.engine.flows_in_progress(), 0);
}

#[tokio::test]
async fn a_flow_is_known_at_the_path_of_its_kind_only() {
    let server = Server::start().await;
    let (flow_id, _) = server.begin("threshold").await;
    for path in [OPTIONS, SUBENTRIES] {
        let path = format!("{path}/{flow_id}");
        for came in [server.get(&path).await, server.post(&path, json!({})).await, server.delete(&path).await] {
            assert_eq!((came.status, &came.body), (404, &json!({"message": "Invalid flow specified"})), "{path}");
        }
    }
    assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.status, 200);
}

#[tokio::test]
async fn options_of_an_entry() {
    let server = Server::start().await;
    let entry_id = server.threshold("T").await;
    let form = server.post(OPTIONS, json!({"handler": entry_id, "show_advanced_options": false})).await;
    let flow_id = form.body["flow_id"].as_str().expect("an id").to_owned();
    assert_eq!((flow_id.len(), &form.body["handler"], &form.body["step_id"]), (32, &json!(entry_id), &json!("init")));
    let done =
        server.post(&format!("{OPTIONS}/{flow_id}"), json!({"entity_id": "sensor.power", "upper": 5, "hysteresis": 1})).await;
    assert_eq!(done.body["type"], "create_entry");
    assert_eq!(keys(&done.body), ["description", "description_placeholders", "flow_id", "handler", "type"], "no title was given");
    let stored = server.get("/api/configflow/entries?include=data").await.body;
    assert_eq!(stored[0]["options"]["upper"], json!(5.0));
}

#[tokio::test]
async fn subentries_of_an_entry() {
    let server = Server::with(Setup { definitions: vec![ROOMS], ..Setup::default() }).await;
    let (flow_id, _) = server.begin("rooms").await;
    let made = server.post(&format!("{FLOW}/{flow_id}"), json!({})).await;
    let entry_id = made.body["result"]["entry_id"].as_str().expect("an id").to_owned();
    assert_eq!(made.body["result"]["supported_subentry_types"], json!({"room": {"supports_reconfigure": true}}));

    let begin = |subentry_id: Option<&str>| {
        let mut body = json!({"handler": [entry_id, "room"], "show_advanced_options": false});
        if let Some(subentry_id) = subentry_id {
            body["subentry_id"] = json!(subentry_id);
        }
        server.post(SUBENTRIES, body)
    };
    let form = begin(None).await;
    assert_eq!(form.body["handler"], json!([entry_id, "room"]));
    let path = format!("{SUBENTRIES}/{}", form.body["flow_id"].as_str().expect("an id"));
    let made = server.post(&path, json!({"name": "Attic"})).await;
    assert_eq!((&made.body["title"], &made.body["unique_id"]), (&json!("Attic"), &json!("Attic")));
    assert_eq!(keys(&made.body), ["description", "description_placeholders", "flow_id", "handler", "title", "type", "unique_id"]);

    let again = begin(None).await;
    let path = format!("{SUBENTRIES}/{}", again.body["flow_id"].as_str().expect("an id"));
    let taken = server.post(&path, json!({"name": "Attic"})).await;
    assert_eq!((&taken.body["type"], &taken.body["reason"]), (&json!("abort"), &json!("already_configured")));

    let mut client = server.socket().await;
    let list = client.ask(json!({"type": "config_entries/subentries/list", "entry_id": entry_id})).await;
    let subentry_id = list[0]["subentry_id"].as_str().expect("an id").to_owned();
    let form = begin(Some(&subentry_id)).await;
    assert_eq!(form.body["step_id"], "reconfigure");
    let unknown = begin(Some("nope")).await;
    assert_eq!((unknown.status, &unknown.body["code"]), (404, &json!("flow.unknown_subentry")));
}

#[tokio::test]
async fn an_entry_is_changed_by_its_own_dialog() {
    let server = Server::with(Setup { definitions: vec![ROOMS], ..Setup::default() }).await;
    let entry_id = server.threshold("T").await;
    let unsupported = server.post(FLOW, json!({"handler": "threshold", "entry_id": entry_id})).await;
    assert_eq!(unsupported.status, 400);
    assert_eq!(unsupported.body, json!({"message": "Handler threshold doesn't support step reconfigure"}));
    let (flow_id, _) = server.begin("rooms").await;
    server.post(&format!("{FLOW}/{flow_id}"), json!({})).await;
    let foreign = server.post(FLOW, json!({"handler": "rooms", "entry_id": entry_id})).await;
    assert_eq!((foreign.status, &foreign.body["code"]), (404, &json!("flow.unknown_entry")), "an entry of another integration");
    let unknown = server.post(FLOW, json!({"handler": "rooms", "entry_id": "nope"})).await;
    assert_eq!((unknown.status, &unknown.body["message"]), (404, &json!("Invalid entry specified")));
}

#[tokio::test]
async fn an_integration_with_one_entry_at_most() {
    let server = Server::with(Setup { definitions: vec![SUN], ..Setup::default() }).await;
    let ((first, _), (second, _)) = (server.begin("sun").await, server.begin("sun").await);
    let made = server.post(&format!("{FLOW}/{first}"), json!({})).await;
    assert_eq!(made.body["type"], "create_entry");
    assert_eq!(server.get(&format!("{FLOW}/{second}")).await.status, 404, "it ended with the first");
    let third = server.post(FLOW, json!({"handler": "sun"})).await;
    assert_eq!(keys(&third.body), ["flow_id", "handler", "reason", "translation_domain", "type"]);
    assert_eq!(
        (&third.body["reason"], &third.body["translation_domain"]),
        (&json!("single_instance_allowed"), &json!("homeassistant"))
    );
}

#[tokio::test]
async fn what_nobody_sets_up_by_hand_says_so() {
    let server = Server::with(Setup { definitions: vec![IMPORTED], ..Setup::default() }).await;
    let (_, shown) = server.begin("imported").await;
    assert_eq!((&shown["type"], &shown["reason"]), (&json!("abort"), &json!("not_implemented")));
}

#[tokio::test]
async fn handlers_can_be_listed_by_their_type() {
    let server = Server::start().await;
    let all = server.get("/api/config/config_entries/flow_handlers").await.body;
    let all: Vec<&str> = all.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(all.contains(&"threshold") && all.contains(&"ms365_calendar"));
    let helpers = server.get("/api/config/config_entries/flow_handlers?type=helper").await.body;
    let helpers: Vec<&str> = helpers.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(helpers.contains(&"threshold") && helpers.contains(&"group"), "{helpers:?}");
    assert!(!helpers.contains(&"sun") && !helpers.contains(&"ms365_calendar"), "{helpers:?}");
    assert_eq!(server.get("/api/config/config_entries/flow_handlers?type=virtual").await.body, json!([]));
}

const ROOMS: &str = "
domain: rooms
fields:
  name: { type: string, required: true }
config:
  user: { form: [], then: { create_entry: { title: Rooms, data: {} } } }
  reconfigure: { form: [], then: { update_entry: {} } }
subentries:
  room:
    user: { form: [name], then: { create_entry: { title: \"{{ name }}\", data: \"{{ answers }}\", unique_id: \"{{ name }}\" } } }
    reconfigure: { form: [name], then: { update_entry: { title: \"{{ name }}\" } } }
";

const SUN: &str = "
domain: sun
single_instance: true
config:
  user: { form: [], then: { create_entry: { title: Sun, data: {} } } }
";

const IMPORTED: &str = "
domain: imported
config:
  import: { then: { create_entry: { title: x, data: {} } } }
";
