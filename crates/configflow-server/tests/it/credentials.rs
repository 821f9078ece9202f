//! `application_credentials/…`.

use serde_json::json;

use crate::support::{FLOW, Server};

#[tokio::test]
async fn credentials_are_stored_and_their_secrets_never_come_back() {
    let server = Server::start().await;
    let mut client = server.socket().await;
    let config = client.ask(json!({"type": "application_credentials/config"})).await;
    let domains = config["domains"].as_array().expect("a list");
    assert!(domains.contains(&json!("iotty")) && !domains.contains(&json!("threshold")), "{config}");
    assert_eq!(config["integrations"]["iotty"], json!({}));
    let create = |id: &str| json!({"type": "application_credentials/create", "domain": "iotty", "client_id": id, "client_secret": "canary"});
    let made = client.ask(create("Client-0")).await;
    assert_eq!(made, json!({"id": "iotty_client_0", "domain": "iotty", "client_id": "Client-0", "client_secret": "**secret**"}));
    let again = client.ask(create("Client-0")).await;
    assert_eq!(again["id"], "iotty_client_0_2", "an id that is taken gets a number");
    let mut named = create("other");
    named["name"] = json!("Mine");
    assert_eq!(client.ask(named).await["name"], "Mine");
    let list = client.ask(json!({"type": "application_credentials/list"})).await;
    assert_eq!(list.as_array().map(Vec::len), Some(3));
    assert!(!list.to_string().contains("canary"));
    let delete = json!({"type": "application_credentials/delete", "application_credentials_id": "iotty_other"});
    assert_eq!(client.ask(delete.clone()).await, json!(null));
    assert_eq!(client.ask(delete).await["error"]["code"], "not_found");
}

#[tokio::test]
async fn what_is_wrong_is_said_at_once() {
    let server = Server::start().await;
    let mut client = server.socket().await;
    let found = client.ask(json!({"type": "application_credentials/create", "domain": "iotty"})).await;
    let text =
        "required key not provided @ data['client_id']. Got None\nrequired key not provided @ data['client_secret']. Got None";
    assert_eq!(found["error"], json!({"code": "invalid_format", "message": text}));
    let other = json!({"type": "application_credentials/create", "domain": "threshold", "client_id": "a", "client_secret": "b"});
    let text = "No application_credentials platform for threshold";
    assert_eq!(client.ask(other).await["error"], json!({"code": "invalid_format", "message": text}));
}

#[tokio::test]
async fn credentials_that_an_entry_uses_stay() {
    let server = Server::start().await;
    let mut client = server.socket().await;
    client
        .ask(json!({"type": "application_credentials/create", "domain": "iotty", "client_id": "c0", "client_secret": "s0"}))
        .await;
    let (flow_id, shown) = server.begin("iotty").await;
    server.provider.person().call_back(shown["url"].as_str().expect("a page"), &server.base).await.expect("called back");
    let path = format!("{FLOW}/{flow_id}");
    let mut made = server.get(&path).await;
    if made.body["type"] == "external_done" {
        made = server.get(&path).await;
    }
    let entry_id = made.body["result"]["entry_id"].clone();
    let used = client.ask(json!({"type": "application_credentials/config_entry", "config_entry_id": entry_id})).await;
    assert_eq!(used, json!({"application_credentials_id": "iotty_c0"}));
    let refused = client.ask(json!({"type": "application_credentials/delete", "application_credentials_id": "iotty_c0"})).await;
    let text = "Cannot delete credential in use by integration iotty";
    assert_eq!(refused["error"], json!({"code": "home_assistant_error", "message": text}));
    server.delete(&format!("/api/config/config_entries/entry/{}", entry_id.as_str().expect("an id"))).await;
    let gone = client.ask(json!({"type": "application_credentials/delete", "application_credentials_id": "iotty_c0"})).await;
    assert_eq!(gone, json!(null));
}
