//! Failures of comparable systems, each by its number, so that none of them comes back here.

use serde_json::json;

use crate::support::{FLOW, Server, came};

/// Begins a login by the callback, and gives the flow and the query with which the provider would send its person back.
async fn logged_in(server: &Server, name: &str) -> (String, String) {
    let (flow_id, _) = server.begin("ms365_calendar").await;
    let answer = json!({
        "entity_name": name, "client_id": "1234", "client_secret": "5678", "alt_auth_method": true, "api_options": {"country": "Default"}
    });
    let shown = server.post(&format!("{FLOW}/{flow_id}"), answer).await;
    let link = shown.body["description_placeholders"]["auth_url"].as_str().expect("a link").to_owned();
    let back = server.provider.person().log_in(&link).await.expect("logged in");
    (flow_id, back.split_once('?').expect("a query").1.to_owned())
}

/// A callback's parameter ran as a script in the hub's own page.
#[tokio::test]
async fn cve_2023_41895_nothing_of_a_callback_is_in_its_page() {
    let server = Server::start().await;
    let (_, query) = logged_in(&server, "test").await;
    let script = "%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let queries = [
        format!("{query}&redirect_uri=javascript:alert(1)&auth_callback={script}"),
        format!("code={script}&state={script}"),
        format!("error={script}&error_description={script}&state=x"),
    ];
    for query in queries {
        let response = server.bare("GET", &format!("/api/ms365?{query}")).send().await.expect("an answer");
        let policy = response.headers().get("content-security-policy").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let body = response.text().await.expect("a text");
        assert!(!body.contains("alert") && !body.contains("javascript"), "{body}");
    }
}

/// A page of the hub's was shown in a frame of somebody else's, and the person's clicks with it.
#[tokio::test]
async fn cve_2023_41897_no_answer_can_be_framed() {
    let server = Server::start().await;
    for path in ["/api/ms365?state=x&code=y", "/auth/external/callback", "/auth/external/callback?state=x&error=y"] {
        let response = server.bare("GET", path).send().await.expect("an answer");
        let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
    }
}

/// A `state` that proves nothing but its signature let one person's login end in another one's session.
#[tokio::test]
async fn cve_2025_68481_cve_2025_68158_a_state_belongs_to_one_flow_and_its_principal() {
    let server = Server::start().await;
    let (victim, _) = logged_in(&server, "victim").await;
    let (attacker, query) = logged_in(&server, "attacker").await;
    assert_eq!(came(server.bare("GET", &format!("/api/ms365?{query}"))).await.status, 200);
    let untouched = server.post(&format!("{FLOW}/{victim}"), json!({})).await;
    assert_eq!(untouched.body["errors"], json!({"base": "not_returned"}), "the login is not the victim's");
    let stranger = server.engine.caller("somebody else").answer(&attacker, json!({})).await;
    assert_eq!(stranger.map(|_| ()).map_err(|error| error.code()), Err("flow.other_principal"));
    assert_eq!(server.post(&format!("{FLOW}/{attacker}"), json!({})).await.body["type"], "create_entry");
    // It was for one use.
    assert_eq!(came(server.bare("GET", &format!("/api/ms365?{query}"))).await.status, 400);
}

/// A parameter of the callback said where the person was sent afterwards.
#[tokio::test]
async fn cve_2020_5233_a_callback_sends_nobody_anywhere() {
    let server = Server::start().await;
    let (_, query) = logged_in(&server, "test").await;
    for more in
        ["redirect=https://evil.example", "rd=//evil.example", "next=%2F%2Fevil.example", "return_to=https:%2F%2Fevil.example"]
    {
        let response = server.bare("GET", &format!("/api/ms365?{query}&{more}")).send().await.expect("an answer");
        assert!(!response.status().is_redirection(), "{more}");
        let names = ["location", "refresh"];
        assert!(names.iter().all(|name| !response.headers().contains_key(*name)), "{more}");
        assert!(!response.text().await.expect("a text").contains("evil"), "{more}");
    }
}
