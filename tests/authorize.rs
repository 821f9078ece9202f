//! Requests that the middleware authorises: the token's place, the second try after 401, and where a token never goes.

use std::sync::{Arc, Mutex, PoisonError};

use configflow::reqwest_middleware::{ClientBuilder, ClientWithMiddleware};
use configflow::{Authorize, Engine, MemoryStore, Options, Outbound, Source, Start, load};
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const DEFINITION: &str = "
domain: account
version: 1
account: { provider: acme_cloud, client_id: acme-hub }
config:
  user:
    do: [link.authorize: { redirect: callback }]
    then: wait
  wait:
    form: []
    placeholders: { url: \"{{ link.url }}\" }
    do:
      - link.redeem: {}
        on_error: { any: { abort: \"{{ failure.code }}\" } }
    then: { create_entry: { title: Account, data: {} } }
";

/// An API that answers by a list, and keeps what it was sent: the token, and the body.
struct Api {
    port: u16,
    got: Arc<Mutex<Vec<(String, String)>>>,
}

impl Api {
    async fn start(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let got = Arc::<Mutex<Vec<(String, String)>>>::default();
        let (keep, answers) = (Arc::clone(&got), answers.iter().map(|answer| (*answer).to_owned()).collect::<Vec<_>>());
        tokio::spawn(async move {
            for answer in answers.iter().chain(std::iter::repeat(answers.last().expect("an answer"))) {
                let (mut stream, _) = listener.accept().await.expect("a client");
                let mut text = String::new();
                let mut buffer = [0; 4096];
                while !is_whole(&text) {
                    let read = stream.read(&mut buffer).await.expect("a request");
                    text.push_str(&String::from_utf8_lossy(&buffer[..read]));
                }
                let (head, body) = text.split_once("\r\n\r\n").expect("a head");
                let bearer = head.lines().find_map(|line| line.strip_prefix("authorization: Bearer "));
                let kept = (bearer.unwrap_or_default().to_owned(), body.to_owned());
                keep.lock().unwrap_or_else(PoisonError::into_inner).push(kept);
                let answer = format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                stream.write_all(answer.as_bytes()).await.expect("answered");
            }
        });
        Self { port, got }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/thing", self.port)
    }

    fn got(&self) -> Vec<(String, String)> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn is_whole(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// A linked account, and the provider that must live as long.
async fn linked() -> (Engine, String, Simulated) {
    let provider = Simulated::start(Script::default()).await.expect("started");
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{}", provider.port())).expect("an address");
    let loaded = load(&Source::new("account.yaml", DEFINITION), &Options::default());
    let engine = Engine::builder()
        .store(Arc::new(MemoryStore::new()))
        .definition(loaded.map_err(|error| format!("{error:?}")).expect("sound").definition)
        .outbound(outbound)
        .hub(json!({"external_url": "https://hub.example"}))
        .build()
        .expect("an engine");
    let caller = engine.caller("anna");
    let wait = json!(*caller.start(Start::user("account")).await.expect("started"));
    let url = wait["description_placeholders"]["url"].as_str().expect("a link");
    let back = provider.person().log_in(url).await.expect("back");
    engine.callback(back.split_once('?').expect("a query").1).await.expect("its flow");
    let flow = wait["flow_id"].as_str().expect("an id");
    let made: Value = json!(*caller.answer(flow, json!({})).await.expect("linked"));
    let entry = made["result"]["entry_id"].as_str().expect("an entry").to_owned();
    (engine, entry, provider)
}

fn client(engine: &Engine, entry: &str, addresses: &[&str]) -> ClientWithMiddleware {
    let authorize = Authorize::new(engine.account(entry), addresses.iter().copied());
    ClientBuilder::new(reqwest::Client::new()).with(authorize).build()
}

fn refreshes(provider: &Simulated) -> usize {
    let requests = provider.requests();
    requests.iter().filter(|request| request.form.get("grant_type").is_some_and(|grant| grant == "refresh_token")).count()
}

#[tokio::test]
async fn a_request_has_the_token_and_is_sent_once_more_after_401() {
    let (engine, entry, provider) = linked().await;
    let first = engine.account(&entry).access_token().await.expect("a token");
    let api = Api::start(&["401 Unauthorized", "200 OK"]).await;
    let client = client(&engine, &entry, &[&api.url()]);
    let answer = client.post(api.url()).body("the body").send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let got = api.got();
    assert_eq!(got.len(), 2);
    assert!(first.matches(&got[0].0) && !first.matches(&got[1].0), "the second time with another token");
    assert!(got.iter().all(|(token, body)| token.starts_with("sim-access-") && body == "the body"));
    assert_eq!(refreshes(&provider), 1);
}

#[tokio::test]
async fn an_api_that_refuses_every_token_is_asked_twice_and_the_token_renewed_once() {
    let (engine, entry, provider) = linked().await;
    let api = Api::start(&["401 Unauthorized"]).await;
    let client = client(&engine, &entry, &[&api.url()]);
    for _ in 0..3 {
        assert_eq!(client.get(api.url()).send().await.expect("an answer").status(), 401);
    }
    assert_eq!(refreshes(&provider), 1, "the new token is refused as well: it is not the token");
    assert_eq!(api.got().len(), 4);
}

#[tokio::test]
async fn a_body_that_cannot_be_cloned_is_sent_once() {
    let (engine, entry, provider) = linked().await;
    let api = Api::start(&["401 Unauthorized"]).await;
    let body = reqwest::Body::wrap(http_body_util::Full::<&[u8]>::new(b"streamed"));
    let answer = client(&engine, &entry, &[&api.url()]).post(api.url()).body(body).send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), api.got().len(), refreshes(&provider)), (401, 1, 0));
}

#[tokio::test]
async fn a_token_goes_to_no_other_host_whether_asked_or_redirected() {
    let (engine, entry, _provider) = linked().await;
    let other = Api::start(&["401 Unauthorized"]).await;
    let redirect = format!("307 Temporary Redirect\r\nLocation: {}", other.url());
    let api = Api::start(&[&redirect]).await;
    let client = client(&engine, &entry, &[&api.url()]);

    let refused = client.get(other.url()).send().await.expect_err("not named");
    assert!(refused.to_string().contains("not for this host"), "{refused}");
    assert!(other.got().is_empty(), "nothing was sent");

    let answer = client.get(api.url()).send().await.expect("an answer");
    assert_eq!(answer.status(), 401, "of where the redirect led");
    assert!(api.got()[0].0.starts_with("sim-access-"));
    assert_eq!(other.got(), [(String::new(), String::new())], "asked once, without a token");
}

#[tokio::test]
async fn a_plain_http_host_elsewhere_gets_no_token() {
    let (engine, entry, _provider) = linked().await;
    let client = client(&engine, &entry, &["http://api.example", "nonsense"]);
    let refused = client.get("http://api.example/thing").send().await.expect_err("not safe");
    assert!(refused.to_string().contains("not for this host"), "{refused}");
}
