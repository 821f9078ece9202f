//! Returned addresses, each fault with its own error; the texts are snapshots.

use configflow_oauth::{AuthorizationCode, Catalogue, Returned, ReturnedError};
use time::Duration;

use crate::support::{
    CALLBACK, NATIVE, SetClock, account_of, acme, begin, client_at, entra, offline, read, resolved, resolved_in, state,
};

/// Reads a text in which `STATE` stands for the attempt's own.
fn pasted(text: &str) -> Result<AuthorizationCode, ReturnedError> {
    let (client, account) = (offline(), entra(&["User.Read"]));
    let attempt = begin(&client, &account, NATIVE);
    let text = text.replace("STATE", &state(&attempt)).replace("AUTHORIZE", attempt.url());
    read(&client, &account, &attempt, &text)
}

fn refused(text: &str) -> &'static str {
    match pasted(text) {
        Ok(_) => panic!("a code came out of {text}"),
        Err(error) => error.code(),
    }
}

const CASES: [(&str, &str); 47] = [
    ("empty", ""),
    ("white space", " \r\n\t "),
    ("empty brackets", "<>"),
    ("no address", "I have logged in"),
    ("no scheme", "login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("text around", "see https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("blank page", "about:blank"),
    ("script", "javascript:alert(1)"),
    ("only the code", "0.AXoAc0dec0dec0dec0de-c0de_c0de"),
    ("only the query", "?code=c0de&state=STATE"),
    ("authorize url", "AUTHORIZE"),
    ("authorize url without parameters", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"),
    ("wrongplace", "https://login.microsoftonline.com/common/wrongplace"),
    ("wrongplace with a fragment", "https://login.microsoftonline.com/common/wrongplace#"),
    ("http", "http://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("ftp", "ftp://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("wrong host", "https://invalid"),
    ("longer host", "https://login.microsoftonline.com.evil.example/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("host in the user name", "https://login.microsoftonline.com@evil.example/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("host in the path", "https://evil.example/login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("credentials", "https://u:p@login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("wrong port", "https://login.microsoftonline.com:8443/common/oauth2/nativeclient?code=c0de&state=STATE"),
    ("wrong path", "https://login.microsoftonline.com/common/oauth2/other?code=c0de&state=STATE"),
    ("longer path", "https://login.microsoftonline.com/common/oauth2/nativeclient/?code=c0de&state=STATE"),
    ("fragment", "https://login.microsoftonline.com/common/oauth2/nativeclient#code=c0de&state=STATE"),
    ("implicit grant", "https://login.microsoftonline.com/common/oauth2/nativeclient#access_token=t0ken&state=STATE"),
    ("no query", "https://login.microsoftonline.com/common/oauth2/nativeclient"),
    ("empty query", "https://login.microsoftonline.com/common/oauth2/nativeclient?"),
    ("cut in a name", "https://login.microsoftonline.com/common/oauth2/nativeclient?cod"),
    ("cut before the code", "https://login.microsoftonline.com/common/oauth2/nativeclient?code="),
    ("cut in an escape", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de%2"),
    ("cut in the state", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=abcdef"),
    ("empty code", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=&state=STATE"),
    ("missing state", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de"),
    ("nothing of ours", "https://login.microsoftonline.com/common/oauth2/nativeclient?x=y"),
    ("stale state", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=AAAAAAAAAAAAAAAAAAAAAA"),
    ("foreign short state", "https://login.microsoftonline.com/common/oauth2/nativeclient?state=WRONG&code=c0de"),
    ("missing code", "https://login.microsoftonline.com/common/oauth2/nativeclient?state=STATE"),
    ("declined", "https://login.microsoftonline.com/common/oauth2/nativeclient?error=access_denied&state=STATE"),
    (
        "error without a state",
        "https://login.microsoftonline.com/common/oauth2/nativeclient?error=access_denied&error_description=nocode",
    ),
    (
        "mapped error",
        "https://login.microsoftonline.com/common/oauth2/nativeclient?error=invalid_request&error_description=AADSTS50011%3a+c0de&state=STATE",
    ),
    (
        "error of another login",
        "https://login.microsoftonline.com/common/oauth2/nativeclient?error=server_error&state=AAAAAAAAAAAAAAAAAAAAAA",
    ),
    ("two codes", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&code=c0de&state=STATE"),
    ("two states", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=x&state=STATE"),
    ("two of another", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&x=t0ken&state=STATE&x=1"),
    ("code and error", "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&error=access_denied&state=STATE"),
    (
        "another issuer",
        "https://login.microsoftonline.com/common/oauth2/nativeclient?code=c0de&state=STATE&iss=https%3A%2F%2Fevil.example",
    ),
];

#[test]
fn every_fault_has_its_text() {
    let mut lines = String::new();
    for (name, text) in CASES {
        let error = pasted(text).expect_err(name);
        let (message, fields) = (error.to_string(), serde_json::to_string(&error.public_fields()).unwrap());
        for secret in ["c0de", "t0ken", "AAAAAA", "abcdef", "evil"] {
            assert!(!format!("{message}{fields}{error:?}").contains(secret), "{name}: {message}");
        }
        assert!(message.starts_with(|first: char| first.is_lowercase()) && !message.ends_with('.'), "{message}");
        lines.push_str(&format!("{name}\n  {}\n  {message}\n  {fields}\n", error.code()));
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn sec_07_duplicates_and_contradictions_are_refused() {
    assert_eq!(refused(&format!("{NATIVE}?code=a&code=a&state=STATE")), "link.url_duplicate");
    assert_eq!(refused(&format!("{NATIVE}?code=a&state=STATE&state=STATE")), "link.url_duplicate");
    assert_eq!(refused(&format!("{NATIVE}?code=a&state=STATE&error=access_denied")), "link.url_code_and_error");
    assert_eq!(refused(&format!("{NATIVE}?c%6fde=a&code=b&state=STATE")), "link.url_duplicate");
}

#[test]
fn sec_08_no_lookalike_of_the_redirect_uri_passes() {
    let lookalikes = [
        "https://login.microsoftonline.com.evil.example/common/oauth2/nativeclient",
        "https://evil.example/?https://login.microsoftonline.com/common/oauth2/nativeclient",
        "https://login.microsoftonline.com./common/oauth2/nativeclient",
        "https://login-microsoftonline.com/common/oauth2/nativeclient",
        "https://login.microsoftonline.com%2eevil.example/common/oauth2/nativeclient",
        "https://ｌogin.microsoftonline.com.evil.example/common/oauth2/nativeclient",
        "https://login.microsoftonline.com\\@evil.example/common/oauth2/nativeclient",
        "https://login.microsoftonline.com:444/common/oauth2/nativeclient",
        "https://login.microsoftonline.com/common/oauth2/nativeclient2",
        "https://login.microsoftonline.com/common/oauth2/NativeClient",
        "https://login.microsoftonline.com//common/oauth2/nativeclient",
    ];
    for lookalike in lookalikes {
        let separator = if lookalike.contains('?') { '&' } else { '?' };
        assert!(pasted(&format!("{lookalike}{separator}code=a&state=STATE")).is_err(), "{lookalike}");
    }
}

#[test]
fn what_people_and_programs_put_around_is_tolerated() {
    let plain = format!("{NATIVE}?code=c0de&state=STATE&session_state=x");
    let middle = plain.len() / 2;
    let tolerated = [
        plain.clone(),
        format!("  {plain}\r\n"),
        format!("<{plain}>"),
        format!("\"{plain}\""),
        format!("“{plain}”"),
        format!("{}\r\n   {}", &plain[..middle], &plain[middle..]),
        plain.replace("https://login", "HTTPS://LOGIN"),
        plain.replace(".com/", ".com:443/"),
        format!("{plain}#"),
        format!("{plain}#_=_"),
    ];
    for text in tolerated {
        assert!(pasted(&text).is_ok(), "{text}");
    }
}

#[test]
fn too_long_is_not_read() {
    let long = format!("{NATIVE}?state=STATE&code={}", "c".repeat(20_000));
    assert_eq!(refused(&long), "link.url_too_long");
    assert_eq!(Returned::from_query(&long).state_hash(), None);
    let (client, account) = (offline(), acme());
    let attempt = begin(&client, &account, CALLBACK);
    assert_eq!(client.read(&account, &attempt, &Returned::from_query(&long)).unwrap_err().code(), "link.url_too_long");
}

#[test]
fn sec_01_an_expired_attempt_gives_no_code() {
    let clock = SetClock::new();
    let (client, account) = (client_at(&clock, configflow_oauth::Outbound::new()), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let returned = Returned::from_query(&format!("code=c0de&state={}", state(&attempt)));
    clock.advance(Duration::minutes(10) - Duration::SECOND);
    assert!(client.read(&account, &attempt, &returned).is_ok());
    clock.advance(Duration::SECOND);
    let error = client.read(&account, &attempt, &returned).unwrap_err();
    assert_eq!((error.code(), error.to_string().contains("10 minutes")), ("link.url_expired", true));
}

#[test]
fn sec_03_a_callback_for_another_redirect_uri_is_refused() {
    let (client, account) = (offline(), acme());
    let attempt = begin(&client, &account, CALLBACK);
    let returned = Returned::from_query(&format!("code=c0de&state={}", state(&attempt)));
    assert!(client.read(&account, &attempt, &returned.clone().received_at(CALLBACK)).is_ok());
    let error = client.read(&account, &attempt, &returned.received_at("https://hub.example/api/other")).unwrap_err();
    assert_eq!(error.code(), "link.url_wrong_path");
}

const PROMISING: &str = "
name: promising
title: Promising
endpoints: { authorization: https://as.example/a, token: https://as.example/t }
issuer: { value: https://as.example, promised_in_response: true }
methods: [callback]
pkce: { support: confirmed }
token: { auth: post }
scopes: { order: given }
";

#[test]
fn sec_04_the_issuer_is_compared_as_a_plain_string() {
    let catalogue = Catalogue::builtin().with(PROMISING).unwrap();
    let client = offline();
    let read = |provider: &str, tail: &str| {
        let account = account_of(resolved_in(&catalogue, provider, &[]), &[]);
        let attempt = begin(&client, &account, CALLBACK);
        let query = format!("code=c0de&state={}{tail}", state(&attempt));
        client.read(&account, &attempt, &Returned::from_query(&query)).map(drop).map_err(|error| error.code())
    };
    assert_eq!(read("promising", "&iss=https%3A%2F%2Fas.example"), Ok(()));
    assert_eq!(read("promising", "&iss=https%3A%2F%2Fas.example%2F"), Err("link.url_issuer_mismatch"));
    assert_eq!(read("promising", "&iss=HTTPS%3A%2F%2Fas.example"), Err("link.url_issuer_mismatch"));
    assert_eq!(read("promising", "&iss="), Err("link.url_issuer_mismatch"));
    assert_eq!(read("promising", ""), Err("link.url_issuer_missing"));
    assert_eq!(read("google", ""), Ok(()));
    assert_eq!(read("google", "&iss=https%3A%2F%2Faccounts.google.com"), Ok(()));
    assert_eq!(read("google", "&iss=https%3A%2F%2Fevil.example"), Err("link.url_issuer_mismatch"));
    assert_eq!(read("microsoft_entra", "&iss=https%3A%2F%2Flogin.microsoftonline.com%2Ft-1%2Fv2.0"), Ok(()));
    // Nothing is known of the issuer, so there is nothing to compare with.
    assert_eq!(read("spotify", "&iss=https%3A%2F%2Fanything.example"), Ok(()));
}

#[test]
fn loopback_redirects_are_compared_with_their_port() {
    let (client, account) = (offline(), account_of(resolved("acme_cloud", &[]), &[]));
    let attempt = begin(&client, &account, "http://127.0.0.1:8400/done");
    let try_at =
        |place: &str| read(&client, &account, &attempt, &format!("{place}?code=c0de&state={}", state(&attempt))).map(drop);
    assert_eq!(try_at("http://127.0.0.1:8400/done"), Ok(()));
    assert_eq!(try_at("http://127.0.0.1:8401/done").unwrap_err(), ReturnedError::WrongPort { expected: 8400 });
    assert_eq!(try_at("https://127.0.0.1:8400/done").unwrap_err().code(), "link.url_wrong_scheme");
    assert_eq!(try_at("http://localhost:8400/done").unwrap_err().code(), "link.url_wrong_host");
}
