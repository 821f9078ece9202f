//! The providers' files: all load, each has what its methods need, and what an embedder adds is checked as strictly.

use configflow_oauth::catalogue::{Method, PkceSupport};
use configflow_oauth::{Account, Catalogue, CatalogueError, Secret};

use crate::support::{resolved, resolved_in};

const MINIMAL: &str = "
name: small
title: Small
endpoints: { authorization: https://small.example/a, token: https://small.example/t }
methods: [callback]
pkce: { support: confirmed }
token: { auth: basic }
scopes: { order: given }
";

/// The integrations with application credentials of Home Assistant 2026.2.3.
const INTEGRATIONS: [&str; 45] = [
    "aladdin_connect",
    "august",
    "ekeybionyx",
    "electric_kiwi",
    "fitbit",
    "gentex_homelink",
    "geocaching",
    "google",
    "google_assistant_sdk",
    "google_drive",
    "google_mail",
    "google_photos",
    "google_sheets",
    "google_tasks",
    "home_connect",
    "husqvarna_automower",
    "iotty",
    "lametric",
    "lyric",
    "mcp",
    "microbees",
    "miele",
    "monzo",
    "myuplink",
    "neato",
    "nest",
    "netatmo",
    "ondilo_ico",
    "onedrive",
    "point",
    "senz",
    "smartthings",
    "spotify",
    "tesla_fleet",
    "teslemetry",
    "tibber",
    "twitch",
    "volvo",
    "watts",
    "weheat",
    "withings",
    "xbox",
    "yale",
    "yolink",
    "youtube",
];

/// A value for each parameter that has no default.
pub(crate) fn samples(name: &str) -> Vec<(&'static str, &'static str)> {
    match name {
        "nest" => vec![("project_id", "project-1")],
        "generic_oidc" | "mcp" => vec![("issuer", "https://id.example")],
        _ => Vec::new(),
    }
}

#[test]
fn every_provider_has_what_its_methods_need() {
    let catalogue = Catalogue::builtin();
    for provider in catalogue.providers().filter(|provider| !provider.is_discovered()) {
        let name = provider.name();
        let resolved = resolved(name, &samples(name));
        for method in provider.methods() {
            match method {
                Method::Device => assert!(resolved.endpoints().device_authorization.is_some(), "{name}"),
                Method::Paste => assert!(resolved.native().is_some() || provider.loopback().is_some(), "{name}"),
                Method::Loopback => assert!(name == "acme_cloud" || provider.loopback().is_some(), "{name}"),
                _ => assert!(resolved.endpoints().authorization.is_some(), "{name}"),
            }
        }
        assert_eq!(provider.methods().is_empty(), provider.unlinkable().is_some(), "{name}");
        assert!(provider.unlinkable().is_some() || resolved.api().is_some_and(|api| !api.ends_with('/')), "{name}");
    }
}

#[test]
fn every_integration_of_home_assistant_has_its_provider() {
    let catalogue = Catalogue::builtin();
    for domain in INTEGRATIONS {
        let provider = catalogue.for_integration(domain).unwrap_or_else(|| panic!("{domain} has no provider"));
        assert!(provider.integrations().iter().any(|served| served == domain), "{domain}");
    }
    let served = catalogue.providers().flat_map(|provider| provider.integrations().to_vec()).collect::<Vec<_>>();
    assert_eq!(served.len(), INTEGRATIONS.len(), "an integration is served twice, or is none of the list: {served:?}");
    for wanted in ["google", "microsoft_entra", "github", "slack", "dropbox", "todoist", "strava"] {
        assert!(catalogue.provider(wanted).is_some(), "{wanted}");
    }
}

#[test]
fn an_entry_says_where_it_comes_from_and_what_to_register() {
    for (name, text) in Catalogue::builtin_files() {
        assert_eq!(Catalogue::builtin().check(text), Ok(Vec::new()), "{name}");
    }
    for provider in Catalogue::builtin().providers() {
        assert!(provider.is_verified() || !provider.source().is_empty(), "{}", provider.name());
    }
}

#[test]
fn sec_05_unconfirmed_pkce_has_a_written_reason() {
    for provider in Catalogue::builtin().providers() {
        assert_eq!(provider.pkce_support() == PkceSupport::Unconfirmed, provider.pkce_reason().is_some(), "{}", provider.name());
    }
}

#[test]
fn the_three_clouds_of_entra() {
    let table = [
        ("Default", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("21Vianet (China)", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
        ("MS365 GCC", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
    ];
    for (cloud, authority, graph) in table {
        let entra = resolved("microsoft_entra", &[("cloud", cloud), ("tenant", "contoso.example")]);
        assert_eq!(entra.endpoints().token.as_str(), format!("{authority}/contoso.example/oauth2/v2.0/token"));
        assert_eq!(entra.native().unwrap().redirect_uri, format!("{authority}/common/oauth2/nativeclient"));
        assert_eq!(entra.api(), Some(graph));
        assert_eq!(entra.scopes().asked(&["User.Read".into()])[0], format!("{graph}/User.Read"));
        assert_eq!(entra.issuer().unwrap().as_str(), format!("{authority}/{{claim:tid}}/v2.0"));
    }
}

#[test]
fn parameters_are_checked() {
    let refuse = |name: &str, parameters: &[(&str, &str)]| {
        let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let error = Catalogue::builtin().resolve(name, &parameters).unwrap_err();
        (error.code(), error.to_string())
    };
    assert_eq!(refuse("nobody", &[]).0, "provider.unknown");
    assert_eq!(refuse("google", &[("tenant", "x")]).0, "provider.parameter_unknown");
    assert_eq!(refuse("generic_oidc", &[]).0, "provider.parameter_missing");
    assert_eq!(
        refuse("microsoft_entra", &[("cloud", "Mars")]),
        (
            "provider.parameter_choice",
            "the provider's parameter cloud must be one of Default, 21Vianet (China), MS365 GCC".into()
        )
    );
    for tenant in ["", "..", "a/b", "x?y", "evil.example#"] {
        assert_eq!(refuse("microsoft_entra", &[("tenant", tenant)]).0, "provider.parameter_format", "{tenant}");
    }
    for issuer in ["http://id.example", "https://u:p@id.example", "id.example", "javascript:alert(1)"] {
        assert_eq!(refuse("generic_oidc", &[("issuer", issuer)]).0, "provider.parameter_format", "{issuer}");
    }
}

#[test]
fn an_embedder_adds_a_provider() {
    let catalogue = Catalogue::builtin()
        .with_errors("{ name: small, code_prefix: SM, codes: { '1': { cause: c, remedy: r, blame: [retry], final: true } } }")
        .and_then(|catalogue| catalogue.with(&format!("{MINIMAL}errors: small\n")))
        .unwrap();
    let small = resolved_in(&catalogue, "small", &[]);
    assert_eq!(small.provider().errors().codes().collect::<Vec<_>>(), ["SM1"]);
    assert!(matches!(catalogue.with(MINIMAL), Err(CatalogueError::Duplicate(name)) if name == "small"));
}

#[test]
fn a_provider_that_contradicts_itself_is_refused() {
    let cases = [
        (MINIMAL.replace("title: Small", "titel: Small"), "catalogue.shape"),
        (MINIMAL.replace("[callback]", "[device]"), "the method device needs a device authorization endpoint"),
        (MINIMAL.replace("[callback]", "[paste]"), "the method paste needs a native redirect URI"),
        (MINIMAL.replace("[callback]", "[]"), "at least one method is needed, or a reason in `unlinkable`"),
        (MINIMAL.replace("confirmed", "unconfirmed"), "unconfirmed support of PKCE needs a written reason"),
        (
            MINIMAL.replace("https://small.example/t", "http://small.example/t"),
            "the provider's token endpoint is not an https address",
        ),
        (MINIMAL.replace("https://small.example/t", "'https://{host}/t'"), "`{host}` is not a parameter"),
        (format!("{MINIMAL}identity: {{ key: [sub] }}\n"), "an identity needs the base scope openid"),
        (format!("{MINIMAL}errors: none_such\n"), "there is no error table none_such"),
        (
            format!("{MINIMAL}authorize: {{ extra: [{{ name: response_type, value: token }}] }}\n"),
            "the authorize parameter response_type is set by us",
        ),
    ];
    for (text, expected) in cases {
        let error = Catalogue::empty().with(&text).unwrap_err();
        assert!(error.code() == expected || error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[test]
fn an_account_needs_what_its_provider_needs() {
    let account = |provider: &str, client_id: &str, secret: Option<&str>, scope: &str| {
        let made = Account::new(resolved(provider, &[]), client_id, secret.map(Secret::from), vec![scope.to_owned()]);
        made.map(|account| account.client_id().to_owned()).map_err(|error| error.code())
    };
    assert_eq!(account("acme_cloud", "", None, "read"), Ok("acme-hub".to_owned()));
    assert_eq!(account("microsoft_entra", "", None, "a"), Err("account.client_id_missing"));
    assert_eq!(account("microsoft_entra", "a b", None, "a"), Err("account.client_id_malformed"));
    assert_eq!(account("google", "1234", Some(""), "a"), Err("account.client_secret_missing"));
    assert_eq!(account("google", "1234", Some("x"), "a b"), Err("account.scope_malformed"));
    assert_eq!(account("google", "1234", Some("x"), ""), Err("account.scope_malformed"));
}
