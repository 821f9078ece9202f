//! What a definition says of its account is held against the provider that it names.

use configflow_yaml::{Diagnostics, KnownProvider, Options, Source, load};

fn diagnostics(account: &str) -> (String, Diagnostics) {
    let text = format!(
        "domain: demo\naccount: {{ {account} }}\nconfig:\n  user: {{ do: [link.authorize: {{ redirect: callback }}], then: {{ abort: done }} }}\n"
    );
    let provider = KnownProvider {
        name: "some".to_owned(),
        parameters: vec![("issuer".to_owned(), Vec::new()), ("realm".to_owned(), Vec::new())],
        required: vec!["issuer".to_owned()],
    };
    let options = Options { providers: Some(vec![provider]), ..Options::default() };
    let found = match load(&Source::new("demo.yaml", &text), &options) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    };
    (text, found)
}

/// Where `§` stands in an account there is one diagnostic with the code; none where there is no code.
fn expect(account: &str, code: Option<&str>) {
    let (text, found) = diagnostics(&account.replace('§', ""));
    let codes: Vec<_> = found.iter().map(|one| one.code.as_str()).collect();
    assert_eq!(codes, Vec::from_iter(code), "{account}");
    let Some(at) = account.find('§') else { return };
    let place = text.find("{ ").expect("the account") + 2 + at;
    assert!(found.iter().all(|one| (one.span.start..=one.span.end).contains(&place)), "{account}: {found:?}");
}

#[test]
fn a_parameter_that_a_provider_needs_is_given() {
    expect("provider: §some, client_id: x", Some("account.parameter"));
    expect("provider: some, parameters: §{ realm: a }, client_id: x", Some("account.parameter"));
    expect("provider: some, parameters: { §isuer: a }, client_id: x", Some("account.parameter"));
    expect("provider: some, parameters: { issuer: a }, client_id: x", None);
    expect("provider: some, parameters: \"{{ {'issuer': context.source} }}\", client_id: x", None);
}

#[test]
fn a_client_secret_ends_on_a_day() {
    let with = |end: &str| format!("provider: some, parameters: {{ issuer: a }}, client_id: x, client_secret_expires: {end}");
    for end in ["2027-11-25", "\"2027-11-25T01:02:03Z\"", "\"{{ context.source }}\""] {
        expect(&with(end), None);
    }
    for end in ["§soon", "§2027-13-25", "§25.11.2027", "\"§2027-11-25 or so\""] {
        expect(&with(end), Some("structure.expected"));
    }
}
