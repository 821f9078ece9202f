//! The scripted API.

use serde_json::Value;

use crate::client::Bench;

const CALENDARS: &str = "https://graph.microsoft.com/v1.0/me/calendars";

#[tokio::test]
async fn nothing_is_there_by_default() {
    let bench = Bench::new("{}").await;
    let reply = bench.get(CALENDARS).await;
    assert_eq!((reply.status, reply.body["error"]["code"].as_str()), (404, Some("ResourceNotFound")));
}

#[tokio::test]
async fn a_bearer_token_is_asked_for() {
    let bench = Bench::new(
        r#"{"api": [{"url": "https://graph.microsoft.com/v1.0/me/calendars", "authorized": true, "json": {"value": [{"id": "1"}]}}]}"#,
    )
    .await;
    assert_eq!(bench.get(CALENDARS).await.status, 401);
    let wrong = bench.http.get(bench.at(CALENDARS)).bearer_auth("sim-access-9999").send().await.unwrap();
    assert_eq!(wrong.status().as_u16(), 401);
    let code = bench.code().await;
    let token = bench.redeem(&code, &[]).await.text("access_token").to_owned();
    let right = bench.http.get(bench.at(CALENDARS)).bearer_auth(&token).send().await.unwrap();
    assert_eq!(right.json::<Value>().await.unwrap()["value"][0]["id"], "1");
}

#[tokio::test]
async fn an_expired_token_is_refused() {
    let bench = Bench::new(r#"{"token_lifetime": 0, "api": [{"url": "https://a.example/x", "authorized": true}]}"#).await;
    let code = bench.code().await;
    let token = bench.redeem(&code, &[]).await.text("access_token").to_owned();
    let reply = bench.http.get(bench.at("https://a.example/x")).bearer_auth(token).send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 401);
}

#[tokio::test]
async fn answers_serve_in_order_and_the_last_for_good() {
    let bench = Bench::new(
        r#"{"api": [{"url": "https://a.example/x", "status": 503, "headers": {"retry-after": "7"}, "text": "later"},
                    {"url": "https://a.example/x", "json": 2},
                    {"url": "https://a.example/x?page=2", "json": "second page"},
                    {"url": "https://a.example/x", "method": "post", "status": 201, "json": {"ok": true}}]}"#,
    )
    .await;
    let first = bench.http.get(bench.at("https://a.example/x")).send().await.unwrap();
    assert_eq!((first.status().as_u16(), first.headers()["retry-after"].to_str().unwrap()), (503, "7"));
    assert_eq!(first.text().await.unwrap(), "later");
    assert_eq!(bench.get("https://a.example/x?page=2").await.body, "second page");
    for _ in 0..2 {
        assert_eq!(bench.get("https://a.example/x?any=query").await.body, 2);
    }
    let posted =
        bench.http.post(bench.at("https://a.example/x")).json(&serde_json::json!({"pin": "canary"})).send().await.unwrap();
    assert_eq!(posted.status().as_u16(), 201);
    let recorded = bench.provider.requests().pop().unwrap();
    assert_eq!(recorded.json.unwrap()["pin"], "[redacted]");
    assert_eq!((recorded.url.as_str(), recorded.status), ("https://a.example/x", Some(201)));
}
