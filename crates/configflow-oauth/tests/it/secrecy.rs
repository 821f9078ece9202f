//! Canaries: no secret shows in any text that this crate makes, logs at trace level included.

use std::io;
use std::sync::{Arc, Mutex};

use configflow_oauth::{Account, Poll, Returned, Secret};
use serde_json::json;
use wiremock::{MockServer, ResponseTemplate};

use crate::support::{
    ANNA, CALLBACK, KEYS_PATH, SigningKey, TOKEN_PATH, acme, answer, begin, claims, client_of, nonce, ok, resolved, serve, state,
};

const CANARIES: [&str; 7] =
    ["CANARY-secret", "CANARY-code", "CANARY-access", "CANARY-refresh", "CANARY-device", "CANARY-unknown", "CANARY-described"];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Everything that was seen, with the secrets that must not be in it.
#[derive(Default)]
struct Seen {
    texts: Vec<String>,
    secrets: Vec<String>,
}

impl Seen {
    fn check(&self, log: &Log) {
        let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
        assert!(log.contains("the token endpoint gave no tokens"), "nothing was logged, so nothing was tested: {log}");
        for text in self.texts.iter().chain([&log]) {
            for secret in CANARIES.into_iter().chain(self.secrets.iter().map(String::as_str)) {
                assert!(!text.contains(secret), "{secret} is in {text}");
            }
        }
    }
}

macro_rules! show {
    ($seen:expr, $error:expr) => {
        $seen.texts.push(format!("{0} {0:?} {0:#?} {1:?}", $error, $error.public_fields()))
    };
}

async fn everything(seen: &mut Seen) {
    let server = MockServer::start().await;
    let key = SigningKey::es256("k1");
    serve(&server, KEYS_PATH, json!({ "keys": [key.public()] })).await;
    let client = client_of(&server);
    let account =
        Account::new(resolved("microsoft_entra", &[]), "1234", Some(Secret::new("CANARY-secret")), vec!["User.Read".into()])
            .unwrap();
    seen.texts.push(format!("{account:#?} {client:#?}"));

    for (status, body) in [
        (400, json!({ "error": "invalid_grant", "error_description": "CANARY-described CANARY-code" })),
        (401, json!({ "error": "CANARY-unknown", "error_description": "CANARY-secret" })),
        (200, json!({ "access_token": "CANARY-access", "refresh_token": "CANARY-refresh", "expires_in": "CANARY-unknown" })),
        (200, json!({ "access_token": "CANARY-access", "id_token": "CANARY-unknown.CANARY-unknown.x" })),
        (200, json!({ "CANARY-unknown": "CANARY-access" })),
        (200, json!({ "access_token": { "CANARY-unknown": 1 } })),
        (500, json!("CANARY-unknown")),
    ] {
        server.reset().await;
        serve(&server, KEYS_PATH, json!({ "keys": [key.public()] })).await;
        answer(&server, TOKEN_PATH, ResponseTemplate::new(status).set_body_json(body)).await;
        let attempt = begin(&client, &account, CALLBACK);
        let returned = Returned::from_query(&format!("code=CANARY-code&state={}", state(&attempt)));
        let code = client.read(&account, &attempt, &returned).unwrap();
        seen.texts.push(format!("{attempt:#?} {returned:?} {code:?}"));
        seen.secrets.extend([state(&attempt), nonce(&attempt)]);
        let error = client.redeem(&account, attempt, code, ANNA).await.unwrap_err();
        show!(seen, error);
    }

    server.reset().await;
    serve(&server, KEYS_PATH, json!({ "keys": [key.public()] })).await;
    let attempt = begin(&client, &account, CALLBACK);
    let id_token = key.sign(&claims(&attempt));
    seen.secrets.extend([state(&attempt), nonce(&attempt), id_token.clone()]);
    let body = json!({
        "access_token": "CANARY-access", "refresh_token": "CANARY-refresh", "id_token": id_token, "client_info": "CANARY-unknown",
        "other": "CANARY-unknown", "scope": "User.Read",
    });
    answer(&server, TOKEN_PATH, ok(body)).await;
    let pasted = format!("{CALLBACK}?code=CANARY-code&state={}", state(&attempt));
    let code = client.read(&account, &attempt, &Returned::pasted(&pasted)).unwrap();
    let sealable = attempt.into_sealable();
    seen.texts.push(format!("{sealable:#?}"));
    seen.secrets.push(serde_json::to_value(&sealable).unwrap()["verifier"].as_str().unwrap().to_owned());
    let attempt = configflow_oauth::Attempt::from_sealable(sealable).unwrap();
    let linked = client.redeem(&account, attempt, code, ANNA).await.unwrap();
    seen.texts.push(format!("{linked:#?} {:?} {:?}", linked.tokens.public_fields(), linked.scopes.public_fields()));
    let refreshed = client.refresh(&account, &linked.tokens).await.unwrap();
    seen.texts.push(format!("{refreshed:#?} {:#?}", refreshed.tokens.clone().into_sealable()));

    server.reset().await;
    let started = json!({ "device_code": "CANARY-device", "user_code": "AB-CD", "verification_uri": "https://acme.example/d", "expires_in": 60 });
    answer(&server, "/oauth2/device", ok(started)).await;
    let mut device = client.device_start(&acme(), ANNA).await.unwrap();
    answer(&server, "/oauth2/token", ok(json!({ "access_token": "CANARY-access", "refresh_token": "CANARY-refresh" }))).await;
    let poll = client.device_poll(&acme(), &mut device, ANNA).await.unwrap();
    seen.texts.push(format!("{device:#?} {poll:#?} {:?}", device.public_fields()));
    let Poll::Linked(linked) = poll else { panic!() };
    answer(&server, "/oauth2/revoke", ResponseTemplate::new(400).set_body_string("CANARY-refresh")).await;
    let error = client.revoke(&acme(), &linked.tokens).await.unwrap_err();
    show!(seen, error);
    seen.texts.push(format!("{:#?}", device.into_sealable()));
}

#[tokio::test]
async fn sec_19_no_canary_is_seen() {
    // For the whole process, and with what the HTTP client logs by the `log` crate.
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .try_init()
        .unwrap();
    let mut seen = Seen::default();
    everything(&mut seen).await;
    seen.check(&log);
}
