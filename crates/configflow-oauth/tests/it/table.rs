//! The errors of Entra that people meet, mapped to cause, remedy and blame.

use configflow_oauth::{Blame, Catalogue, ProviderError, Returned, ReturnedError};

use crate::support::{CALLBACK, begin, entra, offline};

/// The codes whose remedy we owe.
const OWED: [&str; 23] = [
    "50011", "700016", "50194", "90002", "7000215", "7000222", "700025", "7000218", "65001", "65004", "90094", "50076", "50079",
    "53003", "54005", "70008", "700082", "700084", "70000", "501481", "50020", "70011", "99999999",
];

fn told(error: &str, description: &str) -> ProviderError {
    let (client, account) = (offline(), entra(&[]));
    let attempt = begin(&client, &account, CALLBACK);
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("error", error), ("error_description", description)])
        .finish();
    match client.read(&account, &attempt, &Returned::from_query(&query)).unwrap_err() {
        ReturnedError::Provider(error) => error,
        other => panic!("{other}"),
    }
}

#[test]
fn every_owed_code_has_its_remedy() {
    let entra = Catalogue::builtin().provider("microsoft_entra").cloned().unwrap();
    let known = entra.errors().codes().collect::<Vec<_>>();
    for code in OWED {
        let error = told("invalid_request", &format!("AADSTS{code}: something. Trace ID: 1"));
        assert_eq!(error.provider_code(), Some(format!("AADSTS{code}").as_str()));
        assert_eq!(known.contains(&format!("AADSTS{code}")), code != "99999999");
        assert!(!error.cause().is_empty() && !error.remedy().is_empty() && !error.blame().is_empty());
    }
    assert_eq!(known.len(), OWED.len() - 1);
}

#[test]
fn a_known_code_wins_over_the_error_and_over_unknown_codes() {
    let error = told("access_denied", "AADSTS99999: x AADSTS65004: User declined to consent");
    assert_eq!(error.provider_code(), Some("AADSTS65004"));
    assert_eq!(error.blame(), [Blame::Account, Blame::Administrator]);
    assert!(error.is_denied());
    assert_eq!(told("invalid_grant", "AADSTS50011").blame(), [Blame::RedirectUri]);
    assert_eq!(told("invalid_client", "AADSTS7000215").blame(), [Blame::ClientSecret]);
}

#[test]
fn the_standard_table_is_behind_every_other() {
    let error = told("temporarily_unavailable", "");
    assert_eq!((error.error(), error.is_final(), error.blame()), ("temporarily_unavailable", false, [Blame::Retry].as_slice()));
    assert_eq!(told("never_heard_of", "").error(), "never_heard_of");
}

#[test]
fn what_the_provider_writes_is_not_shown() {
    let error = told("<script>alert(1)</script>", "tell\u{1b}[2J me \r\n everything");
    assert_eq!(error.error(), "unrecognised");
    assert_eq!(error.untrusted_description(), Some("tell[2J me  everything"));
    let shown = format!("{error} {error:?} {:?}", error.public_fields());
    assert!(!shown.contains("script") && !shown.contains("everything"), "{shown}");
    assert_eq!(told("x", &"ä".repeat(9_000 / 6)).untrusted_description().unwrap().chars().count(), 500);
}
