//! The form of a flow as JSON Schema.

use serde_json::json;

use crate::support::{FLOW, Server};

#[tokio::test]
async fn the_schema_takes_what_the_form_takes() {
    let server = Server::start().await;
    let (flow_id, form) = server.begin("ms365_calendar").await;
    let came = server.get(&format!("/api/configflow/flows/{flow_id}/schema")).await;
    assert_eq!((came.status, came.content_type.as_str()), (200, "application/schema+json"));
    assert_eq!(
        (&came.body["$schema"], &came.body["title"]),
        (&json!("https://json-schema.org/draft/2020-12/schema"), &json!("user"))
    );
    assert!(jsonschema::meta::is_valid(&came.body));
    let validator = jsonschema::draft202012::new(&came.body).expect("a schema");
    let good = json!({"entity_name": "t", "client_id": "1", "client_secret": "s", "api_options": {"country": "MS365 GCC"}});
    assert!(validator.is_valid(&good), "{:?}", validator.iter_errors(&good).map(|error| error.to_string()).collect::<Vec<_>>());
    for wrong in [
        json!({}),
        json!({"entity_name": "t", "client_id": "1", "client_secret": "s", "api_options": {"country": "Nowhere"}}),
        json!({"entity_name": "t", "client_id": "1", "client_secret": "s", "api_options": {}, "extra": 1}),
    ] {
        assert!(!validator.is_valid(&wrong), "{wrong}");
        assert_eq!(server.post(&format!("{FLOW}/{flow_id}"), wrong).await.status, 400);
    }
    assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.body, form, "looking at the schema changes nothing");
}

#[tokio::test]
async fn every_form_of_the_fixtures_has_a_schema() {
    let server = Server::start().await;
    let handlers = server.get("/api/config/config_entries/flow_handlers").await.body;
    let mut seen = 0;
    for handler in handlers.as_array().expect("a list") {
        let (flow_id, shown) = server.begin(handler.as_str().expect("a name")).await;
        let schema = server.get(&format!("/api/configflow/flows/{flow_id}/schema")).await;
        if matches!(shown["type"].as_str(), Some("form" | "menu")) {
            assert!(schema.status == 200 && jsonschema::meta::is_valid(&schema.body), "{handler}: {}", schema.body);
            seen += 1;
        } else {
            assert!(matches!(schema.status, 404 | 409), "{handler}: {}", schema.body);
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[tokio::test]
async fn where_no_form_is_shown_there_is_no_schema() {
    let server = Server::start().await;
    assert_eq!(server.get("/api/configflow/flows/nope/schema").await.status, 404);
}
