//! No secret in a log at any level, nor in an answer (security checklist, 19).

use std::io::Write;
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::support::{FLOW, Server, TOKEN, came};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn sec_19_no_secret_is_logged_or_told() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    // Where there is one subscriber only, what is logged is decided by whichever thread comes by first, which may have none.
    let _second = tracing::Dispatch::new(tracing_subscriber::registry());
    let server = Server::start().await;
    let mut told = String::new();
    let (flow_id, _) = server.begin("ms365_calendar").await;
    let path = format!("{FLOW}/{flow_id}");
    let answer = json!({
        "entity_name": "test", "client_id": "1234", "client_secret": "canary-client-secret", "alt_auth_method": true,
        "api_options": {"country": "Default"}
    });
    let shown = server.post(&path, answer).await;
    let link = shown.body["description_placeholders"]["auth_url"].as_str().expect("a link").to_owned();
    let page = server.provider.person().call_back(&link, &server.base).await.expect("called back");
    told.push_str(&page.body);
    told.push_str(&server.post(&path, json!({})).await.body.to_string());
    told.push_str(&server.get("/api/configflow/entries?include=data").await.body.to_string());
    told.push_str(&server.get("/metrics").await.body.to_string());
    let mut client = server.socket().await;
    let credentials = json!({"type": "application_credentials/create", "domain": "iotty", "client_id": "c", "client_secret": "canary-credential"});
    told.push_str(&client.ask(credentials).await.to_string());
    told.push_str(&came(server.bare("GET", FLOW).bearer_auth("canary-wrong-token")).await.body.to_string());
    let logged = String::from_utf8(log.0.lock().expect("a log").clone()).expect("text");
    assert!(logged.contains("flow_id"), "something is logged");
    let state = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).expect("a state");
    for secret in [
        "canary-client-secret",
        "canary-credential",
        "canary-wrong-token",
        TOKEN,
        "sim-code-",
        "sim-access-",
        "sim-refresh-",
        state,
    ] {
        assert!(!told.contains(secret), "{secret} is told");
        assert!(!logged.contains(secret), "{secret} is logged");
    }
}
