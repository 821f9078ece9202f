//! Refusals as they were recorded: each case with its status and its text.

use serde_json::{Value, json};

use crate::support::{FLOW, Server, came};

#[tokio::test]
async fn what_begins_a_flow_is_checked() {
    let server = Server::start().await;
    let message = |text: &str| json!({"message": text});
    for (body, status, expected) in [
        ("{bad", 400, message("Invalid JSON.")),
        ("null", 400, message("Invalid JSON.")),
        ("", 400, message("Invalid JSON.")),
        ("handler=threshold", 400, message("Invalid JSON.")),
        ("[1]", 400, message("Message format incorrect: expected a dictionary")),
        ("\"x\"", 400, message("Message format incorrect: expected a dictionary")),
        ("{}", 400, message("Message format incorrect: required key not provided @ data['handler']")),
        ("{\"handler\": 5}", 400, message("Message format incorrect: expected str for dictionary value @ data['handler']")),
        ("{\"handler\": null}", 400, message("Message format incorrect: expected str for dictionary value @ data['handler']")),
        (
            "{\"handler\": \"threshold\", \"show_advanced_options\": \"maybe\"}",
            400,
            message("Message format incorrect: invalid boolean value maybe for dictionary value @ data['show_advanced_options']"),
        ),
        ("{\"handler\": \"\"}", 404, message("Invalid handler specified")),
        ("{\"handler\": \"no_such_integration\"}", 404, message("Invalid handler specified")),
        (
            "{\"handler\": [\"a\", \"b\"]}",
            400,
            json!({
                "message": "Message format incorrect: expected str for dictionary value @ data['handler']",
                "code": "request.handler"
            }),
        ),
        (
            "{\"handler\": \"threshold\", \"entry_id\": 5}",
            404,
            json!({"message": "Invalid entry specified", "code": "flow.unknown_entry"}),
        ),
    ] {
        let found = came(server.request("POST", FLOW).body(body)).await;
        assert_eq!((found.status, found.content_type.as_str(), &found.body), (status, "application/json", &expected), "{body}");
    }
    for body in [
        json!({"handler": "threshold", "show_advanced_options": "yes", "other": 1}),
        json!({"handler": "threshold", "entry_id": ""}),
    ] {
        assert_eq!(server.post(FLOW, body.clone()).await.status, 200, "{body}");
    }
    let plain = server.request("POST", FLOW).header("content-type", "text/plain").body("{\"handler\": \"threshold\"}");
    assert_eq!(came(plain).await.status, 200, "the content type is not looked at");
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_an_empty_one() {
    let server = Server::start().await;
    let (flow_id, _) = server.begin("threshold").await;
    let path = format!("{FLOW}/{flow_id}");
    for body in ["{bad", "null", ""] {
        let found = came(server.request("POST", &path).body(body)).await;
        let errors = json!({"errors": {"name": "required key not provided", "entity_id": "required key not provided"}});
        assert_eq!((found.status, found.body), (400, errors), "{body}");
    }
    let found = came(server.request("POST", &path).body("[1]")).await;
    assert_eq!((found.status, found.body), (400, json!({"message": "Message format incorrect: expected dict"})));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_keeps_the_form() {
    let server = Server::start().await;
    let (flow_id, form) = server.begin("ms365_calendar").await;
    let path = format!("{FLOW}/{flow_id}");
    let good = json!({"entity_name": "t", "client_id": "1", "client_secret": "s", "api_options": {"country": "Default"}});
    for (key, value, errors) in [
        ("client_id", Value::Null, json!({"client_id": "string value is None"})),
        ("extra_key", json!(1), json!({"base": ["extra keys not allowed @ data['extra_key']"]})),
        (
            "api_options",
            json!({"country": "Default", "tenant_id": null}),
            json!({"base": ["string value is None for dictionary value @ data['api_options']['tenant_id']"]}),
        ),
        ("api_options", json!("x"), json!({"api_options": "expected a dictionary"})),
    ] {
        let mut answer = good.clone();
        answer[key] = value;
        let found = server.post(&path, answer).await;
        assert_eq!((found.status, found.body), (400, json!({"errors": errors})), "{key}");
        assert_eq!(server.get(&path).await.body, form);
    }
}

#[tokio::test]
async fn unknown_flows_are_told_alike_with_every_verb() {
    let server = Server::start().await;
    let expected = json!({"message": "Invalid flow specified"});
    for family in ["", "options/", "subentries/"] {
        let path = format!("/api/config/config_entries/{family}flow/0123456789abcdef");
        for found in [server.get(&path).await, server.post(&path, json!({})).await, server.delete(&path).await] {
            assert_eq!((found.status, &found.body), (404, &expected), "{path}");
        }
    }
}

#[tokio::test]
async fn options_and_subentries_check_their_handler() {
    let server = Server::start().await;
    let entry_id = server.threshold("T").await;
    let options = "/api/config/config_entries/options/flow";
    let found = server.post(options, json!({"handler": [1, 2]})).await;
    let text = "Message format incorrect: expected str for dictionary value @ data['handler']";
    assert_eq!((found.status, found.body), (400, json!({"message": text})));
    let found = server.post(options, json!({"handler": "unknown_entry"})).await;
    assert_eq!((found.status, &found.body["code"]), (404, &json!("flow.unknown_entry")));
    let subentries = "/api/config/config_entries/subentries/flow";
    let found = server.post(subentries, json!({"handler": [entry_id, "nosuch"]})).await;
    assert_eq!((found.status, found.body), (404, json!({"message": "Invalid handler specified"})));
    let found = server.post(subentries, json!({"handler": ["nope", "thing"]})).await;
    assert_eq!((found.status, &found.body["code"]), (404, &json!("flow.unknown_entry")));
    for handler in [json!("x"), json!(["a"]), json!([]), json!(["a", "b", "c"])] {
        let found = server.post(subentries, json!({"handler": handler})).await;
        assert_eq!((found.status, &found.body["code"]), (400, &json!("request.handler")));
    }
    for (handler, text) in [
        (json!(5), "expected tuple for dictionary value @ data['handler']"),
        (Value::Null, "expected tuple for dictionary value @ data['handler']"),
        (json!([entry_id, 2]), "expected str @ data['handler'][1]"),
    ] {
        let found = server.post(subentries, json!({"handler": handler})).await;
        assert_eq!((found.status, found.body), (400, json!({"message": format!("Message format incorrect: {text}")})));
    }
}

#[tokio::test]
async fn without_the_token_nothing_is_told() {
    let server = Server::start().await;
    let (flow_id, _) = server.begin("threshold").await;
    for (method, path) in [
        ("POST", FLOW.to_owned()),
        ("GET", format!("{FLOW}/{flow_id}")),
        ("POST", format!("{FLOW}/{flow_id}")),
        ("DELETE", format!("{FLOW}/{flow_id}")),
        ("POST", "/api/config/config_entries/options/flow".to_owned()),
        ("POST", "/api/config/config_entries/subentries/flow".to_owned()),
        ("GET", "/api/config/config_entries/flow_handlers".to_owned()),
        ("GET", "/api/config/config_entries/entry".to_owned()),
        ("DELETE", "/api/config/config_entries/entry/x".to_owned()),
        ("POST", "/api/config/config_entries/entry/x/reload".to_owned()),
        ("POST", "/api/configflow/flows".to_owned()),
        ("GET", "/api/configflow/entries?include=data".to_owned()),
        ("GET", format!("/api/configflow/flows/{flow_id}/schema")),
        ("GET", "/metrics".to_owned()),
    ] {
        for request in [
            server.bare(method, &path),
            server.bare(method, &path).bearer_auth("wrong"),
            server.bare(method, &path).basic_auth("a", Some("b")),
        ] {
            let found = came(request.body("{bad")).await;
            let expected = (401, "text/plain; charset=utf-8", &json!("401: Unauthorized"));
            assert_eq!((found.status, found.content_type.as_str(), &found.body), expected, "{method} {path}");
        }
    }
    assert_eq!(server.engine.flows_in_progress(), 1, "nothing was given up");
}

#[tokio::test]
async fn wrong_verbs_and_paths() {
    let server = Server::start().await;
    for (method, path) in [("GET", FLOW), ("PUT", FLOW), ("DELETE", FLOW), ("PATCH", "/api/config/config_entries/flow/x")] {
        let found = came(server.request(method, path)).await;
        let expected = (405, "text/plain; charset=utf-8", &json!("405: Method Not Allowed"));
        assert_eq!((found.status, found.content_type.as_str(), &found.body), expected, "{method} {path}");
    }
    let found = came(server.request("POST", &format!("{FLOW}/x/extra"))).await;
    assert_eq!((found.status, &found.body), (404, &json!("404: Not Found")));
    let found = came(server.request("OPTIONS", FLOW)).await;
    assert_eq!(found.status, 403);
}
