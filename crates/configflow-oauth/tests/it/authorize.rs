//! The authorize URL as it was recorded, and the secrets of an attempt.

use std::collections::HashSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use configflow_oauth::{Attempt, Begin, Catalogue, Client, HttpOptions, Provider, Returned};
use serde_json::json;
use sha2::{Digest, Sha256};
use time::Duration;
use url::Url;

use crate::catalogue::samples;
use crate::support::{ANNA, CALLBACK, NATIVE, account_of, acme, begin, entra, offline, parameter, resolved, state};

/// The URL of an attempt with what is random taken out.
fn shape(attempt: &Attempt) -> String {
    let url = Url::parse(attempt.url()).unwrap();
    let fresh = ["state", "code_challenge", "nonce"];
    let raw = url.query().unwrap().split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) if fresh.contains(&name) => {
            format!("{name}={}", "x".repeat(value.len()))
        }
        _ => pair.to_owned(),
    });
    raw.collect::<Vec<_>>().join("&")
}

/// The providers at which a browser logs in, but for those that must be asked first.
fn linkable() -> Vec<Arc<Provider>> {
    let catalogue = Catalogue::builtin();
    catalogue.providers().filter(|provider| !provider.is_discovered() && provider.unlinkable().is_none()).cloned().collect()
}

#[test]
fn the_recorded_url_of_entra() {
    let account = entra(&["User.Read", "Calendars.Read"]);
    let attempt = begin(&offline(), &account, NATIVE);
    assert!(attempt.url().starts_with("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?"));
    assert_eq!(
        shape(&attempt),
        "client_id=1234&response_type=code\
         &redirect_uri=https%3A%2F%2Flogin.microsoftonline.com%2Fcommon%2Foauth2%2Fnativeclient\
         &scope=https%3A%2F%2Fgraph.microsoft.com%2FCalendars.Read+https%3A%2F%2Fgraph.microsoft.com%2FUser.Read\
         +offline_access+openid+profile\
         &state=xxxxxxxxxxxxxxxxxxxxxx&code_challenge=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&code_challenge_method=S256\
         &nonce=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx&client_info=1"
    );
}

#[test]
fn the_recorded_scopes_of_entra() {
    let recorded = [
        (vec!["User.Read", "Calendars.Read", "Group.Read.All"], "Calendars.Read Group.Read.All User.Read"),
        (vec!["User.Read", "Calendars.ReadWrite", "Group.ReadWrite.All"], "Calendars.ReadWrite Group.ReadWrite.All User.Read"),
        (vec!["User.Read", "Calendars.Read.Shared"], "Calendars.Read.Shared User.Read"),
        (vec!["User.Read", "Calendars.ReadBasic"], "Calendars.ReadBasic User.Read"),
        (vec!["User.Read", "User.Read", "openid"], "User.Read"),
    ];
    for (scopes, expected) in recorded {
        let attempt = begin(&offline(), &entra(&scopes), NATIVE);
        let scope = parameter(attempt.url(), "scope").unwrap();
        let expected = expected.split(' ').map(|scope| format!("https://graph.microsoft.com/{scope} ")).collect::<String>();
        assert_eq!(scope, format!("{expected}offline_access openid profile"));
    }
}

#[test]
fn the_recorded_url_of_the_chinese_cloud() {
    let entra = resolved("microsoft_entra", &[("cloud", "21Vianet (China)")]);
    let redirect_uri = entra.native().unwrap().redirect_uri.clone();
    let attempt = begin(&offline(), &account_of(entra, &["User.Read", "Calendars.Read"]), &redirect_uri);
    assert!(attempt.url().starts_with("https://login.partner.microsoftonline.cn/common/oauth2/v2.0/authorize?client_id=1234&"));
    assert!(shape(&attempt).contains(
        "&redirect_uri=https%3A%2F%2Flogin.partner.microsoftonline.cn%2Fcommon%2Foauth2%2Fnativeclient\
         &scope=https%3A%2F%2Fmicrosoftgraph.chinacloudapi.cn%2FCalendars.Read+https%3A%2F%2Fmicrosoftgraph.chinacloudapi.cn%2FUser.Read\
         +offline_access+openid+profile&"
    ));
}

#[test]
fn sec_01_state_has_128_bits_and_is_fresh() {
    let client = Client::new(HttpOptions::default()).unwrap();
    let account = acme();
    let states = (0..200).map(|_| state(&begin(&client, &account, CALLBACK))).collect::<HashSet<_>>();
    assert_eq!(states.len(), 200);
    for state in states {
        assert_eq!(URL_SAFE_NO_PAD.decode(state).unwrap().len(), 16);
    }
}

#[test]
fn sec_01_an_attempt_lasts_ten_minutes() {
    let client = offline();
    let attempt = begin(&client, &acme(), CALLBACK);
    assert_eq!(attempt.expires_at(), crate::support::noon() + Duration::minutes(10));
}

#[test]
fn sec_05_s256_for_every_provider_with_a_fresh_verifier() {
    let client = Client::new(HttpOptions::default()).unwrap();
    let mut challenges = HashSet::new();
    for provider in linkable() {
        let account = account_of(resolved(provider.name(), &samples(provider.name())), &["a"]);
        let attempt = begin(&client, &account, CALLBACK);
        assert_eq!(parameter(attempt.url(), "code_challenge_method").as_deref(), Some("S256"), "{}", provider.name());
        let challenge = parameter(attempt.url(), "code_challenge").unwrap();
        let form = serde_json::to_value(attempt.into_sealable()).unwrap();
        let verifier = form["verifier"].as_str().unwrap();
        assert!((43..=128).contains(&verifier.len()));
        assert!(verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(challenge, URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)));
        assert!(challenges.insert(challenge));
    }
}

#[test]
fn sec_10_the_code_grant_and_nothing_else() {
    for provider in linkable() {
        let account = account_of(resolved(provider.name(), &samples(provider.name())), &["a"]);
        let attempt = begin(&offline(), &account, CALLBACK);
        assert_eq!(parameter(attempt.url(), "response_type").as_deref(), Some("code"), "{}", provider.name());
        assert_eq!(parameter(attempt.url(), "client_secret"), None);
    }
}

#[test]
fn a_redirect_uri_that_cannot_be_compared_is_refused() {
    let (client, account) = (offline(), acme());
    let try_with = |redirect_uri| client.begin(&account, Begin { redirect_uri, flow: "f", principal: ANNA });
    for good in [CALLBACK, "http://127.0.0.1:8400/", "http://[::1]:8400/cb"] {
        assert_eq!(try_with(good).unwrap().redirect_uri(), good);
    }
    for bad in [
        "http://hub.example/cb",
        "http://localhost:1/",
        "https://hub.example/cb?x=1",
        "https://hub.example/#x",
        "https://u@hub.example/",
        "x",
        "",
    ] {
        assert_eq!(try_with(bad).unwrap_err().code(), "link.redirect_uri", "{bad}");
    }
}

#[test]
fn an_attempt_survives_its_sealable_form() {
    let (client, account) = (offline(), entra(&["User.Read"]));
    let attempt = begin(&client, &account, NATIVE);
    let (hash, url) = (attempt.state_hash(), attempt.url().to_owned());
    let text = serde_json::to_string(&attempt.into_sealable()).unwrap();
    let attempt = Attempt::from_sealable(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!((attempt.state_hash(), attempt.url()), (hash, url.as_str()));
    assert_eq!((attempt.flow(), attempt.principal()), ("flow-1", ANNA));
    let query = format!("code=c&state={}", state(&attempt));
    assert_eq!(Returned::from_query(&query).state_hash(), Some(hash));
    assert!(client.read(&account, &attempt, &Returned::from_query(&query)).is_ok());

    let mut form: serde_json::Value = serde_json::from_str(&text).unwrap();
    form["version"] = json!(9);
    let error = Attempt::from_sealable(serde_json::from_value(form).unwrap()).unwrap_err();
    assert_eq!(error.code(), "sealed.version");
}
