//! What the tests share: a clock that is set, numbers that are counted, accounts, keys, and a provider on this machine.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use configflow_oauth::{
    Account, Attempt, AuthorizationCode, Begin, Catalogue, Client, Clock, Entropy, EntropyError, HttpOptions, Outbound,
    Resolution, Resolved, Returned, ReturnedError, Secret,
};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use url::Url;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

pub(crate) const NATIVE: &str = "https://login.microsoftonline.com/common/oauth2/nativeclient";
pub(crate) const CALLBACK: &str = "https://hub.example/api/ms365";
pub(crate) const ANNA: &str = "anna";
pub(crate) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
pub(crate) const TOKEN_PATH: &str = "/common/oauth2/v2.0/token";
pub(crate) const KEYS_PATH: &str = "/common/discovery/v2.0/keys";

/// Noon of a day in 2026.
pub(crate) fn noon() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_435_200).unwrap()
}

#[derive(Debug)]
pub(crate) struct SetClock(Mutex<OffsetDateTime>);

impl SetClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(noon())))
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> OffsetDateTime {
        *self.0.lock().unwrap()
    }
}

/// Every byte differs from the last, so every secret of a test is its own.
#[derive(Debug, Default)]
pub(crate) struct CountedEntropy(AtomicU8);

impl Entropy for CountedEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        for byte in buffer {
            *byte = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(167);
        }
        Ok(())
    }
}

pub(crate) fn client_at(clock: &Arc<SetClock>, outbound: Outbound) -> Client {
    let options = HttpOptions { outbound, total: std::time::Duration::from_secs(5), ..HttpOptions::default() };
    Client::with(options, Arc::<SetClock>::clone(clock), Arc::new(CountedEntropy::default())).unwrap()
}

pub(crate) fn offline() -> Client {
    client_at(&SetClock::new(), Outbound::new())
}

/// A client whose Entra and Acme are the server on this machine.
pub(crate) fn client_of(server: &MockServer) -> Client {
    client_at(&SetClock::new(), towards(server))
}

pub(crate) fn towards(server: &MockServer) -> Outbound {
    ["https://login.microsoftonline.com", "https://acme.example", "https://github.com", "https://id.example"]
        .into_iter()
        .try_fold(Outbound::new(), |outbound, from| outbound.with(from, &server.uri()))
        .unwrap()
}

pub(crate) fn resolved(name: &str, parameters: &[(&str, &str)]) -> Arc<Resolved> {
    resolved_in(&Catalogue::builtin(), name, parameters)
}

pub(crate) fn resolved_in(catalogue: &Catalogue, name: &str, parameters: &[(&str, &str)]) -> Arc<Resolved> {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<BTreeMap<_, _>>();
    match catalogue.resolve(name, &parameters).unwrap() {
        Resolution::Ready(resolved) => Arc::from(resolved),
        Resolution::Discover(_) => panic!("{name} needs discovery"),
    }
}

pub(crate) fn account_of(provider: Arc<Resolved>, scopes: &[&str]) -> Account {
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    Account::new(provider, "1234", Some(Secret::new("5678")), scopes).unwrap()
}

pub(crate) fn entra(scopes: &[&str]) -> Account {
    account_of(resolved("microsoft_entra", &[]), scopes)
}

/// Needs no ID token.
pub(crate) fn acme() -> Account {
    account_of(resolved("acme_cloud", &[]), &["read"])
}

pub(crate) fn begin(client: &Client, account: &Account, redirect_uri: &str) -> Attempt {
    client.begin(account, Begin { redirect_uri, flow: "flow-1", principal: ANNA }).unwrap()
}

pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let url = Url::parse(url).unwrap();
    url.query_pairs().find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
}

pub(crate) fn state(attempt: &Attempt) -> String {
    parameter(attempt.url(), "state").unwrap()
}

pub(crate) fn nonce(attempt: &Attempt) -> String {
    parameter(attempt.url(), "nonce").unwrap()
}

pub(crate) fn read(
    client: &Client,
    account: &Account,
    attempt: &Attempt,
    text: &str,
) -> Result<AuthorizationCode, ReturnedError> {
    client.read(account, attempt, &Returned::pasted(text))
}

/// The code of an attempt as the provider would bring it back.
pub(crate) fn code(client: &Client, account: &Account, attempt: &Attempt) -> AuthorizationCode {
    let query = format!("code=c0de&state={}", state(attempt));
    client.read(account, attempt, &Returned::from_query(&query)).unwrap()
}

pub(crate) async fn answer(server: &MockServer, at: &str, template: ResponseTemplate) {
    Mock::given(method("POST")).and(path(at)).respond_with(template).mount(server).await;
}

pub(crate) async fn serve(server: &MockServer, at: &str, json: Value) {
    Mock::given(method("GET")).and(path(at)).respond_with(ResponseTemplate::new(200).set_body_json(json)).mount(server).await;
}

pub(crate) fn ok(json: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json)
}

/// The forms that the server got, in order.
pub(crate) async fn forms(server: &MockServer) -> Vec<BTreeMap<String, String>> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.method.as_str() == "POST")
        .map(|request| url::form_urlencoded::parse(&request.body).into_owned().collect())
        .collect()
}

/// A key that signs ID tokens.
pub(crate) struct SigningKey {
    id: &'static str,
    algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub(crate) fn es256(id: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let document = pair.to_pkcs8v1().unwrap();
        Self { id, algorithm: Algorithm::ES256, key: EncodingKey::from_ec_der(document.as_ref()) }
    }

    pub(crate) fn rs256(id: &'static str) -> Self {
        let document = RsaKey::generate(KeySize::Rsa2048).unwrap().as_der().unwrap();
        // PKCS #1 is what jsonwebtoken wants: it stands in the PKCS #8 document behind 26 bytes.
        Self { id, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_der(&document.as_ref()[26..]) }
    }

    pub(crate) fn public(&self) -> Value {
        let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&self.key, self.algorithm).unwrap()).unwrap();
        jwk["kid"] = json!(self.id);
        jwk["use"] = json!("sig");
        jwk
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.id.to_owned());
        encode(&header, claims, &self.key).unwrap()
    }
}

/// The claims of a good Entra token for the attempt.
pub(crate) fn claims(attempt: &Attempt) -> Value {
    let now = noon().unix_timestamp();
    json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "aud": "1234",
        "exp": now + 3600,
        "nbf": now - 60,
        "iat": now,
        "nonce": nonce(attempt),
        "oid": "11111111-2222-3333-4444-555555555555",
        "tid": TENANT,
        "sub": "pairwise",
        "name": "Anna Example",
        "preferred_username": "anna@contoso.example",
    })
}
