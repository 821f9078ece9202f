//! Where providers send people back (security checklist, 2, 3 and 16).

use serde_json::{Value, json};

use crate::support::{FLOW, Server, came};

const EXTERNAL: &str = "/auth/external/callback";

async fn alternate(server: &Server) -> (String, String) {
    let (flow_id, _) = server.begin("ms365_calendar").await;
    let answer = json!({
        "entity_name": "test", "client_id": "1234", "client_secret": "5678", "alt_auth_method": true, "api_options": {"country": "Default"}
    });
    let shown = server.post(&format!("{FLOW}/{flow_id}"), answer).await;
    let link = shown.body["description_placeholders"]["auth_url"].as_str().expect("a link").to_owned();
    (flow_id, link)
}

#[tokio::test]
async fn sec_16_the_page_is_guarded_and_says_nothing_of_the_request() {
    let server = Server::start().await;
    let (_, link) = alternate(&server).await;
    let back = server.provider.person().log_in(&link).await.expect("logged in");
    let query = back.split_once('?').expect("a query").1.to_owned();
    let good = server.bare("GET", &format!("/api/ms365?{query}&evil=<script>alert(1)</script>")).send().await.expect("an answer");
    let bad = server.bare("GET", &format!("{EXTERNAL}?code=canary-code&state=canary-state")).send().await.expect("an answer");
    for (response, status) in [(good, 200), (bad, 400)] {
        assert_eq!(response.status().as_u16(), status);
        let header =
            |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        assert_eq!(header("cache-control"), "no-store");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-frame-options"), "DENY");
        assert_eq!(header("x-content-type-options"), "nosniff");
        let policy = header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'")
                && policy.contains("frame-ancestors 'none'")
                && policy.contains("script-src 'sha256-")
        );
        assert!(header("location").is_empty() && header("set-cookie").is_empty());
        let body = response.text().await.expect("a text");
        assert!(!body.contains("alert") && !body.contains("canary") && !body.contains("sim-code"), "{body}");
    }
}

#[tokio::test]
async fn sec_02_a_callback_only_stores_what_came_back() {
    let server = Server::start().await;
    let (flow_id, link) = alternate(&server).await;
    let path = format!("{FLOW}/{flow_id}");
    let too_early = server.post(&path, json!({})).await;
    assert_eq!(too_early.body["type"], "form", "nothing came back yet");
    let link = too_early.body["description_placeholders"]["auth_url"].as_str().map_or(link, str::to_owned);
    let page = server.provider.person().call_back(&link, &server.base).await.expect("called back");
    assert_eq!((page.status, page.body.as_str()), (200, "<script>window.close()</script>This window can be closed"));
    let redeemed = server.provider.requests().iter().any(|request| request.url.contains("/token"));
    assert!(!redeemed, "the code is redeemed by whoever drives the flow");
    assert_eq!(server.post(&path, json!({})).await.body["type"], "create_entry");
}

#[tokio::test]
async fn sec_03_a_callback_must_come_to_the_path_of_its_attempt() {
    let server = Server::start().await;
    let (flow_id, link) = alternate(&server).await;
    let back = server.provider.person().log_in(&link).await.expect("logged in");
    let query = back.split_once('?').expect("a query").1.to_owned();
    let elsewhere = came(server.bare("GET", &format!("{EXTERNAL}?{query}"))).await;
    assert_eq!(elsewhere.status, 400, "another path than that of the redirect URI");
    assert_eq!(server.post(&format!("{FLOW}/{flow_id}"), json!({})).await.body["type"], "form");
    assert_eq!(came(server.bare("GET", &format!("/api/ms365?{query}"))).await.status, 200);
}

#[tokio::test]
async fn what_is_missing_is_said_and_other_verbs_are_refused() {
    let server = Server::start().await;
    let text = |found: Value| found.as_str().unwrap_or_default().to_owned();
    for path in [EXTERNAL, "/api/ms365"] {
        let found = came(server.bare("GET", &format!("{path}?code=abcd"))).await;
        assert_eq!((found.status, text(found.body)), (200, "Missing state parameter".to_owned()));
        let found = came(server.bare("GET", &format!("{path}?state=x"))).await;
        assert_eq!((found.status, text(found.body)), (200, "Missing code or error parameter".to_owned()));
        let found = came(server.bare("GET", &format!("{path}?code=abcd&state=bad"))).await;
        let invalid = "Invalid state. Is My Home Assistant configured to go to the right instance?".to_owned();
        assert_eq!((found.status, text(found.body)), (400, invalid));
        assert_eq!(came(server.bare("POST", path)).await.status, 405);
    }
    assert_eq!(came(server.bare("GET", "/api/other?code=a&state=b")).await.status, 404, "a path that no definition wants");
}

#[tokio::test]
async fn an_external_step_waits_for_its_callback_alone() {
    let server = Server::start().await;
    let mut client = server.socket().await;
    client.ask(json!({"type": "subscribe_events", "event_type": "data_entry_flow_progressed"})).await;
    let credentials =
        json!({"type": "application_credentials/create", "domain": "iotty", "client_id": "c0", "client_secret": "s0"});
    client.ask(credentials).await;
    let (flow_id, shown) = server.begin("iotty").await;
    assert_eq!(shown["type"], "external");
    let path = format!("{FLOW}/{flow_id}");
    let refused = server.post(&path, json!({})).await;
    assert_eq!((refused.status, &refused.body["code"]), (409, &json!("flow.waits_for_provider")));
    assert_eq!(server.get(&path).await.body["type"], "external");
    let page =
        server.provider.person().call_back(shown["url"].as_str().expect("a page"), &server.base).await.expect("called back");
    assert_eq!((page.status, page.body.as_str()), (200, "<script>window.close()</script>"));
    let event = client.next().await;
    assert_eq!(event["event"]["event_type"], "data_entry_flow_progressed");
    assert_eq!(event["event"]["data"], json!({"handler": "iotty", "flow_id": flow_id, "refresh": true}));
    let done = server.get(&path).await;
    let done = if done.body["type"] == "external_done" { server.get(&path).await } else { done };
    assert_eq!(done.body["type"], "create_entry", "{}", done.body);
}
