//! The operator's client ids and secrets outlive the process.

use serde_json::{Value, json};

use crate::support::{Setup, fixtures};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_were_stored_outlive_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (folder.path().join("flows"), folder.path().join("data"));
    std::fs::create_dir(&flows).expect("a folder");
    for domain in ["iotty", "spotify"] {
        let file = format!("{domain}.yaml");
        std::fs::copy(fixtures().join("flows").join(&file), flows.join(&file)).expect("copied");
    }
    let list = json!({"type": "application_credentials/list"});
    let mut server = Setup::new(&flows, &data).start().await;
    let mut socket = server.socket().await;
    for (domain, id) in [("spotify", "a"), ("iotty", "a"), ("iotty", "a"), ("iotty", "b")] {
        let create = json!({
            "type": "application_credentials/create", "domain": domain, "client_id": id, "client_secret": "canary-client-secret",
        });
        let (made, _) = socket.ask(create).await;
        assert_eq!(made["success"], json!(true), "{made}");
    }
    let delete = json!({"type": "application_credentials/delete", "application_credentials_id": "iotty_b"});
    assert_eq!(socket.ask(delete).await.0["success"], json!(true));
    let before = socket.ask(list.clone()).await.0["result"].clone();
    server.kill().await;

    let server = Setup::new(&flows, &data).start().await;
    let mut socket = server.socket().await;
    let after = socket.ask(list).await.0["result"].clone();
    let ids = |list: &Value| {
        let all = list.as_array().expect("a list").iter();
        all.map(|one| one["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&after), ["spotify_a", "iotty_a", "iotty_a_2"], "in the order in which they were stored");
    assert_eq!(after, before);
    // They serve as before: the flow asks which of the two, and an id that is taken is not given again.
    let shown = server.send("POST", crate::support::FLOW, Some(&json!({"handler": "iotty"}))).await.expect("an answer");
    assert_eq!((shown.status, &shown.body["step_id"]), (200, &json!("pick_implementation")), "{}", shown.whole);
    let again = json!({"type": "application_credentials/create", "domain": "iotty", "client_id": "a", "client_secret": "s"});
    assert_eq!(socket.ask(again).await.0["result"]["id"], json!("iotty_a_3"));
}
