//! Entries over HTTP.

use serde_json::json;

use crate::support::Server;

const ENTRY: &str = "/api/config/config_entries/entry";

#[tokio::test]
async fn entries_are_listed_without_their_data() {
    let server = Server::start().await;
    assert_eq!(server.get(ENTRY).await.body, json!([]));
    let (first, second) = (server.threshold("A").await, server.threshold("B").await);
    let listed = server.get(&format!("{ENTRY}?domain=threshold")).await.body;
    let ids: Vec<_> = listed.as_array().expect("a list").iter().map(|entry| entry["entry_id"].clone()).collect();
    assert_eq!(ids, [json!(first), json!(second)], "in the order of their making");
    assert_eq!((&listed[0]["title"], &listed[0]["state"]), (&json!("A"), &json!("loaded")));
    assert!(listed[0].get("data").is_none() && listed[0].get("options").is_none());
    assert_eq!(server.get(&format!("{ENTRY}?domain=other")).await.body, json!([]));
    assert_eq!(server.get(&format!("{ENTRY}?type=helper")).await.body.as_array().map(Vec::len), Some(2));
    assert_eq!(server.get(&format!("{ENTRY}?type=hub")).await.body, json!([]));
}

#[tokio::test]
async fn an_entry_is_reloaded_and_removed() {
    let server = Server::start().await;
    let entry_id = server.threshold("A").await;
    let path = format!("{ENTRY}/{entry_id}");
    let reloaded = server.post(&format!("{path}/reload"), json!(null)).await;
    assert_eq!((reloaded.status, reloaded.body), (200, json!({"require_restart": false})));
    let removed = server.delete(&path).await;
    assert_eq!((removed.status, removed.body), (200, json!({"require_restart": false})));
    let unknown = json!({"message": "Invalid entry specified"});
    for found in [server.delete(&path).await, server.post(&format!("{path}/reload"), json!(null)).await] {
        assert_eq!((found.status, &found.body), (404, &unknown));
    }
}

#[tokio::test]
async fn an_entry_that_goes_takes_its_reauth_with_it() {
    let server = Server::with(crate::support::Setup { definitions: vec![REAUTHED], ..Default::default() }).await;
    let (flow_id, _) = server.begin("reauthed").await;
    let made = server.post(&format!("{}/{flow_id}", crate::support::FLOW), json!({})).await;
    let entry_id = made.body["result"]["entry_id"].as_str().expect("an id").to_owned();
    let body = json!({"handler": "reauthed", "source": "reauth", "context": {"entry_id": entry_id}});
    let (first, again) =
        (server.post("/api/configflow/flows", body.clone()).await, server.post("/api/configflow/flows", body).await);
    assert_eq!(first.body["flow_id"], again.body["flow_id"], "one reauth of an entry at a time");
    assert_eq!(server.engine.flows_in_progress(), 1);
    server.delete(&format!("{ENTRY}/{entry_id}")).await;
    assert_eq!(server.engine.flows_in_progress(), 0);
}

#[tokio::test]
async fn an_operator_sees_how_accounts_are() {
    let server = Server::with(crate::support::Setup { definitions: vec![LINKED], ..Default::default() }).await;
    server.threshold("A").await;
    let (flow_id, shown) = server.begin("linked").await;
    let link = shown["description_placeholders"]["url"].as_str().expect("a link").to_owned();
    server.provider.person().call_back(&link, &server.base).await.expect("called back");
    let made = server.post(&format!("{}/{flow_id}", crate::support::FLOW), json!({})).await;
    assert_eq!(made.body["type"], "create_entry", "{}", made.body);
    let path = "/api/configflow/entries";
    let entries = server.get(path).await.body;
    assert_eq!(entries[0]["account"], json!(null), "no account is linked");
    let account = &entries[1]["account"];
    assert_eq!((&account["state"], &account["detail"]), (&json!("linked"), &json!(null)), "{account}");
    assert_eq!(account["client_secret_expires"], json!("2031-02-03T00:00:00Z"));
    assert_eq!(account["client_secret_expires_soon"], json!(false));
    let stored = server.get(&format!("{path}?include=data")).await.body;
    assert!(stored[1].get("account").is_none(), "as Home Assistant stores it");
    assert_eq!(&server.get(&format!("{path}?include=data,account")).await.body[1]["account"], account);
}

const LINKED: &str = "
domain: linked
account: { provider: acme_cloud, client_id: acme-hub, client_secret_expires: '2031-02-03' }
config:
  user:
    do: [link.authorize: { redirect: callback }]
    then: wait
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { abort: \"{{ failure.detail or failure.code }}\" } }
    then: { create_entry: { title: Linked, data: {} } }
";

const REAUTHED: &str = "
domain: reauthed
config:
  user: { form: [], then: { create_entry: { title: R, data: {} } } }
  reauth: { form: [], then: { update_entry: { reason: reauth_successful } } }
";
