//! Where providers send people back (security checklist, 2, 3 and 16).

use serde_json::{Value, json};

use crate::support::{FLOW, Server, Setup, came};

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
        for query in ["state=x", "code=abcd&state=bad"] {
            let found = came(server.bare("GET", &format!("{path}?{query}"))).await;
            let invalid = "Invalid state. Is My Home Assistant configured to go to the right instance?".to_owned();
            assert_eq!((found.status, text(found.body)), (400, invalid), "{query}");
        }
        assert_eq!(came(server.bare("POST", path)).await.status, 405);
    }
    assert_eq!(came(server.bare("GET", "/api/other?code=a&state=b")).await.status, 404, "a path that no definition wants");
    let (_, link) = alternate(&server).await;
    let state = link.split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).expect("a state").to_owned();
    let found = came(server.bare("GET", &format!("/api/ms365?state={state}"))).await;
    assert_eq!((found.status, text(found.body)), (200, "Missing code or error parameter".to_owned()), "the state is known");
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

const PAGE: &str = r#"
domain: page
fields: { came: { selector: { object: {} }, transient: true } }
config:
  user:
    external: { url: "https://example.org/{{ flow_id }}", callback_path: /api/page }
    do: [set: { came: "{{ input }}" }]
    then: end
  end: { then: { create_entry: { title: page, data: { came: "{{ came.word }}" } } } }
"#;

#[tokio::test]
async fn whoever_comes_back_from_a_page_elsewhere_goes_on_with_the_flow_that_shows_it() {
    let server = Server::with(Setup { definitions: vec![PAGE], ..Setup::default() }).await;
    let mut client = server.socket().await;
    client.ask(json!({"type": "subscribe_events", "event_type": "data_entry_flow_progressed"})).await;
    let (flow_id, shown) = server.begin("page").await;
    assert_eq!(shown["url"], json!(format!("https://example.org/{flow_id}")));
    let (other, _) = server.begin("threshold").await;
    for query in ["", "?flow_id=nope", "?word=x", &format!("?flow_id={other}&word=x")] {
        let refused = came(server.bare("GET", &format!("/api/page{query}"))).await;
        assert_eq!((refused.status, refused.body), (404, json!("No flow waits here for an answer.")), "{query}");
    }
    let elsewhere = came(server.bare("GET", &format!("/api/ms365?flow_id={flow_id}&word=x"))).await;
    assert_ne!(elsewhere.body, json!("<script>window.close()</script>"), "the path is another step's");
    let page = came(server.bare("GET", &format!("/api/page?flow_id={flow_id}&word=hello"))).await;
    assert_eq!((page.status, page.body), (200, json!("<script>window.close()</script>")));
    assert_eq!(client.next().await["event"]["data"]["flow_id"], json!(flow_id), "whoever shows the page is told");
    let again = came(server.bare("GET", &format!("/api/page?flow_id={flow_id}&word=other"))).await;
    assert_eq!(again.status, 404, "it is done with");
    assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.body["type"], "create_entry");
    assert_eq!(server.get("/api/configflow/entries?include=data").await.body[0]["data"], json!({"came": "hello"}));
    assert_eq!(came(server.bare("POST", "/api/page")).await.status, 405);
}

#[tokio::test]
async fn sec_02_a_page_that_links_an_account_is_not_left_by_anybody() {
    let linked = r#"
domain: linked
include: { oauth2: { then: end } }
account: { provider: iotty, credentials: application_credentials }
config:
  user: { then: pick_implementation }
  auth:
    before:
      - link.authorize: { redirect: callback, callback_path: /auth/external/callback, implementation: "{{ implementation.id or implementation }}" }
        as: oauth2_attempt
    external: { url: "{{ link.url }}", callback_path: /api/linked }
    then: creation
  end: { then: { abort: linked } }
"#;
    let server = Server::with(Setup { definitions: vec![linked], ..Setup::default() }).await;
    let mut client = server.socket().await;
    let create = json!({"type": "application_credentials/create", "domain": "linked", "client_id": "c", "client_secret": "s"});
    client.ask(create).await;
    let (flow_id, shown) = server.begin("linked").await;
    assert_eq!(shown["type"], "external");
    let refused = came(server.bare("GET", &format!("/api/linked?flow_id={flow_id}&code=stolen&state=guessed"))).await;
    assert_eq!(refused.status, 404);
    assert_eq!(server.get(&format!("{FLOW}/{flow_id}")).await.body["type"], "external");
}
