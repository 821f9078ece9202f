//! The OpenAPI document, held against the running server.

use serde_json::{Value, json};

use crate::support::{Came, FLOW, Server, came};

/// A copy of a schema in which references of the document lead somewhere.
fn resolved(document: &Value, schema: &Value) -> Value {
    let mut whole = schema.clone();
    whole["components"] = document["components"].clone();
    whole
}

fn check(document: &Value, method: &str, path: &str, came: &Came) {
    let operation = &document["paths"][path][method.to_lowercase()];
    let response = &operation["responses"][came.status.to_string()];
    assert!(response.is_object(), "{method} {path} answers {}, which the document does not have: {}", came.status, came.body);
    let plain = came.content_type.split(';').next().unwrap_or_default();
    let content = &response["content"][plain];
    assert!(content.is_object(), "{method} {path} {}: {plain} is none of {}", came.status, response["content"]);
    if plain.contains("json") && content.get("schema").is_some() {
        let schema = resolved(document, &content["schema"]);
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let errors: Vec<String> = validator.iter_errors(&came.body).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{method} {path} {}: {errors:?}\n{}", came.status, came.body);
    }
}

#[tokio::test]
async fn the_server_does_what_the_document_says() {
    let server = Server::start().await;
    let document = came(server.bare("GET", "/api/configflow/openapi.json")).await.body;
    assert_eq!(document, serde_json::to_value(configflow_server::document()).expect("JSON"));
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 14, "{}", paths.len());
    let mut operations = 0;
    // Every operation is there; and without a token it is refused as the document says.
    for (path, verbs) in paths {
        for method in verbs.as_object().expect("verbs").keys().filter(|key| *key != "parameters") {
            operations += 1;
            let live = path.replace("{flow_id}", "x").replace("{entry_id}", "x");
            let verb = method.to_uppercase();
            let came = came(server.bare(&verb, &live)).await;
            assert!(came.status != 405 && came.body != json!("404: Not Found"), "{verb} {path} is not there");
            check(&document, &verb, path, &came);
            let open = document["paths"][path][method]["security"] == json!([{}]);
            assert_eq!(came.status == 401, !open, "{verb} {path}: {}", came.status);
        }
    }
    assert!(operations >= 20, "{operations}");

    // What each operation answers in the usual cases is described.
    let entry_id = server.threshold("T").await;
    let (flow_id, _) = server.begin("threshold").await;
    let one = format!("{FLOW}/{{flow_id}}");
    check(&document, "POST", FLOW, &server.post(FLOW, json!({"handler": "threshold"})).await);
    check(&document, "POST", FLOW, &server.post(FLOW, json!({"handler": "nothing"})).await);
    check(&document, "POST", FLOW, &server.post(FLOW, json!({})).await);
    check(&document, "GET", &one, &server.get(&format!("{FLOW}/{flow_id}")).await);
    check(&document, "GET", &one, &server.get(&format!("{FLOW}/nope")).await);
    check(&document, "POST", &one, &server.post(&format!("{FLOW}/{flow_id}"), json!({})).await);
    let good = json!({"name": "U", "entity_id": "sensor.power", "upper": 1});
    check(&document, "POST", &one, &server.post(&format!("{FLOW}/{flow_id}"), good).await);
    check(&document, "DELETE", &one, &server.delete(&format!("{FLOW}/{flow_id}")).await);
    let options = "/api/config/config_entries/options/flow";
    check(&document, "POST", options, &server.post(options, json!({"handler": entry_id})).await);
    let subentries = "/api/config/config_entries/subentries/flow";
    check(&document, "POST", subentries, &server.post(subentries, json!({"handler": [entry_id, "x"]})).await);
    for path in
        ["/api/config/config_entries/entry", "/api/config/config_entries/flow_handlers", "/metrics", "/api/configflow/health"]
    {
        check(&document, "GET", path, &server.get(path).await);
    }
    let stored = server.get("/api/configflow/entries?include=data").await;
    check(&document, "GET", "/api/configflow/entries", &stored);
    let begun = server.post("/api/configflow/flows", json!({"handler": "threshold", "source": "user"})).await;
    check(&document, "POST", "/api/configflow/flows", &begun);
    let schema = server.get(&format!("/api/configflow/flows/{}/schema", begun.body["flow_id"].as_str().expect("an id"))).await;
    check(&document, "GET", "/api/configflow/flows/{flow_id}/schema", &schema);
    let back = format!("/api/configflow/flows/{}/back", begun.body["flow_id"].as_str().expect("an id"));
    check(&document, "POST", "/api/configflow/flows/{flow_id}/back", &server.post(&back, json!(null)).await);
    check(
        &document,
        "POST",
        "/api/configflow/flows/{flow_id}/back",
        &server.post(&back.replace("/flows/", "/flows/x"), json!(null)).await,
    );
    let entry = "/api/config/config_entries/entry/{entry_id}";
    let live = format!("/api/config/config_entries/entry/{entry_id}");
    check(&document, "POST", &format!("{entry}/reload"), &server.post(&format!("{live}/reload"), json!(null)).await);
    check(&document, "DELETE", entry, &server.delete(&live).await);
    check(&document, "DELETE", entry, &server.delete(&live).await);
}
