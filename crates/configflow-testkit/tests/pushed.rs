//! A dialog at a provider that takes the parameters of a login beforehand (RFC 9126): the person's link holds only what stands for
//! them, and another one is shown once it has ended.

use std::path::Path;
use std::sync::{Arc, Mutex};

use configflow_engine::{Engine, MemoryStore, Start};
use configflow_oauth::{Clock, Outbound};
use configflow_testkit::Flows;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

#[derive(Debug)]
struct SetClock(Mutex<OffsetDateTime>);

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().expect("nobody panics with it")
    }
}

async fn provider() -> MockServer {
    let server = MockServer::start().await;
    let metadata = json!({
        "issuer": "https://id.example",
        "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token",
        "jwks_uri": "https://id.example/keys",
        "pushed_authorization_request_endpoint": "https://id.example/par",
        "require_pushed_authorization_requests": true,
    });
    let described = ResponseTemplate::new(200).set_body_json(metadata);
    Mock::given(method("GET")).and(path("/.well-known/openid-configuration")).respond_with(described).mount(&server).await;
    for one in ["urn:one", "urn:two"] {
        let pushed = ResponseTemplate::new(201).set_body_json(json!({ "request_uri": one, "expires_in": 60 }));
        Mock::given(method("POST")).and(path("/par")).respond_with(pushed).up_to_n_times(1).mount(&server).await;
    }
    server
}

fn engine(server: &MockServer, clock: &Arc<SetClock>) -> Engine {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    let definition = Flows::in_folder(&folder).get("generic_account").expect("a definition");
    let outbound = Outbound::new().with("https://id.example", &server.uri()).expect("a rewrite");
    Engine::builder()
        .store(Arc::new(MemoryStore::new()))
        .hub(json!({"external_url": "https://hub.example"}))
        .clock(Arc::<SetClock>::clone(clock))
        .outbound(outbound)
        .definition(definition)
        .build()
        .expect("the engine starts")
}

fn link(form: &Value) -> &str {
    form["description_placeholders"]["auth_url"].as_str().expect("a link")
}

#[tokio::test]
async fn the_link_stands_for_the_parameters_and_is_renewed_when_it_has_ended() {
    let server = provider().await;
    let clock = Arc::new(SetClock(Mutex::new(OffsetDateTime::from_unix_timestamp(1_795_435_200).expect("a moment"))));
    let engine = engine(&server, &clock);
    let caller = engine.caller("ada");
    let form = caller.start(Start::user("generic_account")).await.expect("a form").to_value();
    let flow = form["flow_id"].as_str().expect("an id");
    let answer = json!({ "issuer": "https://id.example", "client_id": "c", "client_secret": "s", "paste": true });
    let shown = caller.answer(flow, answer).await.expect("a form").to_value();
    assert_eq!(shown["step_id"], "pasted");
    assert_eq!(link(&shown), "https://id.example/authorize?client_id=c&request_uri=urn%3Aone");

    // A wrong address spends nothing: the link is the same while it lives.
    let again = caller.answer(flow, json!({ "url": "https://elsewhere.example/?code=x" })).await.expect("a form").to_value();
    assert_eq!(again["errors"], json!({ "url": "wrong_host" }));
    assert_eq!(link(&again), link(&shown));

    *clock.0.lock().expect("nobody panics with it") += Duration::minutes(2);
    let renewed = caller.answer(flow, json!({ "url": "https://elsewhere.example/?code=x" })).await.expect("a form").to_value();
    assert_eq!(renewed["errors"], json!({ "url": "wrong_host" }));
    assert_eq!(link(&renewed), "https://id.example/authorize?client_id=c&request_uri=urn%3Atwo");
    let pushed = server.received_requests().await.expect("they are recorded");
    assert_eq!(pushed.iter().filter(|request| request.url.path() == "/par").count(), 2);
}

#[tokio::test]
async fn a_refused_push_leaves_the_person_at_the_form() {
    let server = MockServer::start().await;
    let metadata = json!({
        "issuer": "https://id.example", "authorization_endpoint": "https://id.example/authorize",
        "token_endpoint": "https://id.example/token", "jwks_uri": "https://id.example/keys",
        "pushed_authorization_request_endpoint": "https://id.example/par",
    });
    let described = ResponseTemplate::new(200).set_body_json(metadata);
    Mock::given(method("GET")).respond_with(described).mount(&server).await;
    let refused = ResponseTemplate::new(400).set_body_json(json!({ "error": "invalid_redirect_uri" }));
    Mock::given(method("POST")).respond_with(refused).mount(&server).await;
    let clock = Arc::new(SetClock(Mutex::new(OffsetDateTime::from_unix_timestamp(1_795_435_200).expect("a moment"))));
    let engine = engine(&server, &clock);
    let caller = engine.caller("ada");
    let form = caller.start(Start::user("generic_account")).await.expect("a form").to_value();
    let flow = form["flow_id"].as_str().expect("an id");
    let answer = json!({ "issuer": "https://id.example", "client_id": "c", "client_secret": "s", "paste": true });
    let shown = caller.answer(flow, answer).await.expect("the form again").to_value();
    assert_eq!((&shown["type"], &shown["step_id"]), (&json!("form"), &json!("user")));
    assert!(shown["errors"].as_object().is_some_and(|errors| !errors.is_empty()), "{shown}");
    assert!(!shown.to_string().contains("https://id.example/authorize"), "nothing goes into the browser instead");
}
