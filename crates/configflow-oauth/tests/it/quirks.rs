//! Where providers differ from the standard: each quirk of the catalogue at a real HTTP server, when a code is redeemed and when
//! tokens are refreshed.

use configflow_oauth::{Account, Catalogue, Linked, Outbound, Poll, RedeemError, RefreshError, Refreshed, Secret, TokenSet};
use serde_json::{Value, json};
use time::Duration;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::support::{ANNA, CALLBACK, SetClock, account_of, begin, client_at, code, noon, ok, parameter, resolved_in};

/// A server that plays every provider.
struct Provider {
    server: MockServer,
    clock: std::sync::Arc<SetClock>,
}

impl Provider {
    async fn new() -> Self {
        Self { server: MockServer::start().await, clock: SetClock::new() }
    }

    async fn answers(&self, at: &str, template: ResponseTemplate) {
        Mock::given(path(at)).respond_with(template).mount(&self.server).await;
    }

    fn client(&self) -> configflow_oauth::Client {
        let outbound = Outbound::new().with("https://", &self.server.uri()).unwrap();
        client_at(&self.clock, outbound)
    }

    async fn redeem(&self, account: &Account) -> Result<Linked, RedeemError> {
        let client = self.client();
        let attempt = begin(&client, account, CALLBACK);
        let code = code(&client, account, &attempt);
        client.redeem(account, attempt, code, ANNA).await
    }

    async fn refresh(&self, account: &Account, tokens: &TokenSet) -> Result<Refreshed, RefreshError> {
        self.client().refresh(account, tokens).await
    }

    async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }
}

fn form(request: &Request) -> std::collections::BTreeMap<String, String> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn of(name: &str) -> Account {
    account_of(resolved_in(&Catalogue::builtin(), name, &[]), &["read", "write"])
}

/// A provider with this in its `token`, and more.
fn with(token: &str, more: &str) -> Account {
    let text = format!(
        "
name: odd
title: Odd
parameters: [{{ name: region, title: Region, default: eu, format: segment }}]
endpoints: {{ authorization: https://odd.example/a, token: https://odd.example/t }}
methods: [callback]
pkce: {{ support: confirmed }}
token: {{ {token} }}
scopes: {{ order: given }}
{more}
"
    );
    account_of(resolved_in(&Catalogue::empty().with(&text).unwrap(), "odd", &[]), &["read"])
}

fn tokens(refresh: &str) -> TokenSet {
    let form = json!({
        "version": 1, "access": "old", "refresh": refresh, "expires_at": null, "scopes": [], "token_type": "Bearer", "extra": {},
    });
    TokenSet::from_sealable(serde_json::from_value(form).unwrap()).unwrap()
}

const ODD: &str = "/odd.example/t";

#[tokio::test]
async fn withings_wraps_its_tokens_and_wants_an_action() {
    let provider = Provider::new().await;
    let at = "/wbsapi.withings.net/v2/oauth2";
    let answer = json!({
        "status": 0,
        "body": {
            "userid": "363", "access_token": "a", "refresh_token": "r2", "expires_in": 10800, "scope": "user.info,user.metrics",
            "csrf_token": "x", "token_type": "Bearer",
        },
    });
    provider.answers(at, ok(answer)).await;
    let account = of("withings");
    let linked = provider.redeem(&account).await.unwrap();
    assert_eq!(linked.tokens.access().expose(), "a");
    assert_eq!(linked.tokens.scopes(), ["user.info", "user.metrics"]);
    assert_eq!(linked.tokens.expires_at(), Some(noon() + Duration::hours(3)));
    assert_eq!(linked.identity.unwrap().unique_id(), "363");
    assert_eq!(Value::Object(linked.tokens.extra().clone()), json!({ "userid": "363" }));
    let refreshed = provider.refresh(&account, &tokens("r1")).await.unwrap();
    assert!(refreshed.rotated);
    let requests = provider.requests().await;
    let forms: Vec<_> = requests.iter().map(form).collect();
    assert_eq!((forms[0]["action"].as_str(), forms[0]["grant_type"].as_str()), ("requesttoken", "authorization_code"));
    assert_eq!((forms[1]["action"].as_str(), forms[1]["grant_type"].as_str()), ("requesttoken", "refresh_token"));
    assert_eq!(forms[1]["client_secret"], "5678");
}

#[tokio::test]
async fn a_refusal_of_withings_is_no_success() {
    let provider = Provider::new().await;
    let answer = json!({ "status": 503, "body": {}, "error": "Invalid Params: invalid code" });
    provider.answers("/wbsapi.withings.net/v2/oauth2", ok(answer)).await;
    let error = provider.redeem(&of("withings")).await.unwrap_err();
    assert_eq!(error.code(), "token.provider_error");
    let error = provider.refresh(&of("withings"), &tokens("r1")).await.unwrap_err();
    assert_eq!(error.code(), "token.provider_error");
}

#[tokio::test]
async fn slack_has_the_persons_token_in_a_field() {
    let provider = Provider::new().await;
    let at = "/slack.com/api/oauth.v2.access";
    let first = json!({
        "ok": true, "app_id": "A1", "scope": "bot-scope", "access_token": "xoxb-bot", "token_type": "bot",
        "authed_user": { "id": "U1", "scope": "read,write", "access_token": "xoxp", "token_type": "user", "refresh_token": "r1", "expires_in": 43200 },
        "team": { "id": "T1", "name": "Team" },
    });
    Mock::given(path(at)).respond_with(ok(first)).up_to_n_times(1).mount(&provider.server).await;
    let second = json!({ "ok": true, "access_token": "xoxp-2", "token_type": "user", "refresh_token": "r2", "scope": "read,write", "expires_in": 43200 });
    provider.answers(at, ok(second)).await;
    let account = of("slack");
    let attempt = begin(&provider.client(), &account, CALLBACK);
    assert_eq!(parameter(attempt.url(), "user_scope").as_deref(), Some("read,write"));
    assert_eq!(parameter(attempt.url(), "scope"), None);
    let linked = provider.redeem(&account).await.unwrap();
    assert_eq!((linked.tokens.access().expose(), linked.tokens.token_type()), ("xoxp", "user"));
    assert!(linked.scopes.is_complete());
    assert_eq!(linked.identity.unwrap().unique_id(), "T1|U1");
    let refreshed = provider.refresh(&account, &linked.tokens).await.unwrap();
    assert_eq!(refreshed.tokens.access().expose(), "xoxp-2");
    assert!(refreshed.rotated);
    let requests = provider.requests().await;
    assert!(
        requests
            .iter()
            .all(|request| request.headers.contains_key("authorization") && !form(request).contains_key("client_secret"))
    );
}

#[tokio::test]
async fn a_refusal_of_slack_is_no_success() {
    let provider = Provider::new().await;
    provider.answers("/slack.com/api/oauth.v2.access", ok(json!({ "ok": false, "error": "invalid_code" }))).await;
    assert_eq!(provider.redeem(&of("slack")).await.unwrap_err().code(), "token.provider_error");
}

#[tokio::test]
async fn geocaching_wants_the_redirect_uri_again() {
    let provider = Provider::new().await;
    let at = "/oauth.geocaching.com/token";
    provider.answers(at, ok(json!({ "access_token": "a", "refresh_token": "r2", "expires_in": 3600 }))).await;
    let account = of("geocaching");
    let linked = provider.redeem(&account).await.unwrap();
    // It is kept with the tokens, over a store and from one refresh to the next.
    let text = serde_json::to_string(&linked.tokens.into_sealable()).unwrap();
    let kept = TokenSet::from_sealable(serde_json::from_str(&text).unwrap()).unwrap();
    let refreshed = provider.refresh(&account, &kept).await.unwrap();
    provider.refresh(&account, &refreshed.tokens).await.unwrap();
    let requests = provider.requests().await;
    for request in &requests[1..] {
        assert_eq!(form(request)["redirect_uri"], CALLBACK);
    }
    let attempt = begin(&provider.client(), &account, CALLBACK);
    assert_eq!(parameter(attempt.url(), "scope").as_deref(), Some("read write *"));
}

#[tokio::test]
async fn other_providers_do_not_get_the_redirect_uri_again() {
    let provider = Provider::new().await;
    provider.answers(ODD, ok(json!({ "access_token": "a", "refresh_token": "r" }))).await;
    let account = with("auth: post", "");
    let linked = provider.redeem(&account).await.unwrap();
    provider.refresh(&account, &linked.tokens).await.unwrap();
    assert!(!form(&provider.requests().await[1]).contains_key("redirect_uri"));
}

#[tokio::test]
async fn lyric_sees_the_secret_twice() {
    let provider = Provider::new().await;
    provider.answers("/api.honeywell.com/oauth2/token", ok(json!({ "access_token": "a", "expires_in": "1799" }))).await;
    let account = of("lyric");
    let linked = provider.redeem(&account).await.unwrap();
    assert_eq!(linked.tokens.expires_at(), Some(noon() + Duration::seconds(1799)));
    provider.refresh(&account, &tokens("r1")).await.unwrap();
    for request in provider.requests().await {
        assert_eq!(request.headers["authorization"], "Basic MTIzNDo1Njc4");
        let form = form(&request);
        assert_eq!((form["client_id"].as_str(), form["client_secret"].as_str()), ("1234", "5678"));
    }
}

#[tokio::test]
async fn token_requests_as_json() {
    let provider = Provider::new().await;
    provider.answers(ODD, ok(json!({ "access_token": "a" }))).await;
    let account = with("auth: post, body: json, extra: [{ name: audience, value: 'https://{region}.odd.example' }]", "");
    provider.redeem(&account).await.unwrap();
    provider.refresh(&account, &tokens("r\"1")).await.unwrap();
    let requests = provider.requests().await;
    assert!(requests.iter().all(|request| request.headers["content-type"] == "application/json"));
    let bodies: Vec<Value> = requests.iter().map(|request| serde_json::from_slice(&request.body).unwrap()).collect();
    assert_eq!(bodies[0]["grant_type"], "authorization_code");
    assert_eq!((&bodies[0]["code"], &bodies[0]["redirect_uri"]), (&json!("c0de"), &json!(CALLBACK)));
    assert!(bodies[0]["code_verifier"].as_str().is_some_and(|verifier| verifier.len() == 43));
    let expected = json!({
        "grant_type": "refresh_token", "refresh_token": "r\"1", "client_id": "1234", "client_secret": "5678",
        "audience": "https://eu.odd.example",
    });
    assert_eq!(bodies[1], expected);
}

#[tokio::test]
async fn parameters_for_one_kind_of_request() {
    let provider = Provider::new().await;
    let at = "/fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token";
    let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyLTEifQ.x";
    provider.answers(at, ok(json!({ "access_token": jwt, "refresh_token": "r2", "expires_in": 28800 }))).await;
    let resolved = resolved_in(&Catalogue::builtin(), "tesla_fleet", &[("region", "eu")]);
    assert_eq!(resolved.api(), Some("https://fleet-api.prd.eu.vn.cloud.tesla.com"));
    let account = account_of(resolved, &["vehicle_cmds"]);
    let linked = provider.redeem(&account).await.unwrap();
    assert_eq!(linked.identity.unwrap().unique_id(), "user-1");
    provider.refresh(&account, &linked.tokens).await.unwrap();
    let requests = provider.requests().await;
    assert_eq!(form(&requests[0])["audience"], "https://fleet-api.prd.eu.vn.cloud.tesla.com");
    assert!(!form(&requests[1]).contains_key("audience"));
    let attempt = begin(&provider.client(), &account, CALLBACK);
    assert_eq!(parameter(attempt.url(), "prompt").as_deref(), Some("login"));
}

#[tokio::test]
async fn home_connect_has_its_own_name_for_the_device_grant() {
    let provider = Provider::new().await;
    let started =
        json!({ "device_code": "d", "user_code": "AB-CD", "verification_uri": "https://verify.example", "expires_in": 300 });
    provider.answers("/api.home-connect.com/security/oauth/device_authorization", ok(started)).await;
    let jwt = "h.eyJzdWIiOiJ1c2VyLTEifQ.s";
    provider.answers("/api.home-connect.com/security/oauth/token", ok(json!({ "access_token": jwt, "expires_in": 86400 }))).await;
    let (client, account) = (provider.client(), of("home_connect"));
    let mut attempt = client.device_start(&account, ANNA).await.unwrap();
    let Poll::Linked(linked) = client.device_poll(&account, &mut attempt, ANNA).await.unwrap() else { panic!("not linked") };
    assert_eq!(linked.identity.unwrap().unique_id(), "user-1");
    let form = form(&provider.requests().await[1]);
    assert_eq!((form["grant_type"].as_str(), form["device_code"].as_str()), ("device_code", "d"));
}

#[tokio::test]
async fn the_device_grant_as_json_with_more_parameters() {
    let provider = Provider::new().await;
    let started =
        json!({ "device_code": "d", "user_code": "AB-CD", "verification_uri": "https://verify.example", "expires_in": 300 });
    provider.answers("/odd.example/d", ok(started)).await;
    provider.answers(ODD, ok(json!({ "data": { "access_token": "a" } }))).await;
    let text = "
name: odd
title: Odd
endpoints: { token: https://odd.example/t, device_authorization: https://odd.example/d }
methods: [device]
pkce: { support: confirmed }
token: { auth: post, body: json, within: [data], extra: [{ name: audience, value: x, with: [device] }] }
scopes: { order: given }
";
    let account = account_of(resolved_in(&Catalogue::empty().with(text).unwrap(), "odd", &[]), &["read"]);
    let client = provider.client();
    let mut attempt = client.device_start(&account, ANNA).await.unwrap();
    assert!(matches!(client.device_poll(&account, &mut attempt, ANNA).await, Ok(Poll::Linked(_))));
    let body: Value = serde_json::from_slice(&provider.requests().await[1].body).unwrap();
    assert_eq!((&body["audience"], &body["device_code"], &body["client_id"]), (&json!("x"), &json!("d"), &json!("1234")));
}

#[tokio::test]
async fn lifetimes_that_are_missing_or_wrong() {
    let hour = Some(noon() + Duration::HOUR);
    for (token, answer, expected) in [
        ("auth: post", json!({}), Ok(None)),
        ("auth: post", json!({ "expires_in": "3600" }), Ok(hour)),
        ("auth: post", json!({ "expires_in": 3600.0 }), Ok(hour)),
        ("auth: post", json!({ "expires_in": "soon" }), Err("token.expires_in")),
        ("auth: post, expires_in: required", json!({}), Err("token.expires_in")),
        ("auth: post, lifetime: 3600", json!({}), Ok(hour)),
        ("auth: post, lifetime: 3600", json!({ "expires_in": "soon" }), Ok(hour)),
        ("auth: post, lifetime: 3600, expires_in: required", json!({}), Ok(hour)),
        ("auth: post, lifetime: 3600, expires_in: ignored", json!({ "expires_in": 5 }), Ok(hour)),
        ("auth: post, expires_in: ignored", json!({ "expires_in": 5 }), Ok(None)),
    ] {
        let provider = Provider::new().await;
        let mut body = answer.clone();
        body["access_token"] = json!("a");
        provider.answers(ODD, ok(body)).await;
        let account = with(token, "");
        let redeemed = provider.redeem(&account).await.map(|linked| linked.tokens.expires_at()).map_err(|error| error.code());
        assert_eq!(redeemed, expected, "{token} {answer}");
        let refreshed = provider.refresh(&account, &tokens("r1")).await;
        let refreshed = refreshed.map(|refreshed| refreshed.tokens.expires_at()).map_err(|error| error.code());
        // The tokens of a refresh are taken all the same: the old ones may be void already.
        assert_eq!(refreshed, expected.or(Ok(None)), "{token} {answer}");
    }
}

#[tokio::test]
async fn kinds_of_tokens() {
    for (token, kind, is_taken) in [
        ("auth: post", None, true),
        ("auth: post", Some("bearer"), true),
        ("auth: post", Some("mac"), false),
        ("auth: post, types: [bearer, user]", Some("User"), true),
        ("auth: post, types: [user]", Some("bearer"), false),
    ] {
        let provider = Provider::new().await;
        provider.answers(ODD, ok(json!({ "access_token": "a", "token_type": kind }))).await;
        let account = with(token, "");
        assert_eq!(provider.redeem(&account).await.is_ok(), is_taken, "{token} {kind:?}");
        assert_eq!(provider.refresh(&account, &tokens("r1")).await.is_ok(), is_taken, "{token} {kind:?}");
    }
}

#[tokio::test]
async fn scopes_as_a_list_and_by_commas() {
    for (name, at, scope) in [
        ("twitch", "/id.twitch.tv/oauth2/token", json!(["read", "write"])),
        ("strava", "/www.strava.com/oauth/token", json!("read,write")),
        ("github", "/github.com/login/oauth/access_token", json!("read,write")),
    ] {
        let provider = Provider::new().await;
        let answer = json!({ "access_token": "a", "scope": scope, "athlete": { "id": 7 } });
        provider.answers(at, ok(answer)).await;
        let linked = provider.redeem(&of(name)).await.unwrap();
        assert_eq!(linked.tokens.scopes(), ["read", "write"], "{name}");
        let refreshed = provider.refresh(&of(name), &tokens("r1")).await.unwrap();
        assert_eq!(refreshed.tokens.scopes(), ["read", "write"], "{name}");
    }
    let url = |name: &str| parameter(begin(&crate::support::offline(), &of(name), CALLBACK).url(), "scope");
    assert_eq!(url("strava").as_deref(), Some("read,write"));
    assert_eq!(url("todoist").as_deref(), Some("read,write"));
    assert_eq!(url("twitch").as_deref(), Some("read write"));
}

#[tokio::test]
async fn identities_of_the_answer_and_of_the_access_token() {
    let jwt = |claims: &str| {
        use base64::Engine as _;
        format!("h.{}.s", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims))
    };
    let take = async |name: &str, at: &str, answer: Value| {
        let provider = Provider::new().await;
        provider.answers(at, ok(answer)).await;
        let linked = provider.redeem(&of(name)).await;
        linked.map(|linked| linked.identity.unwrap().unique_id()).map_err(|error| error.code())
    };
    let strava = "/www.strava.com/oauth/token";
    assert_eq!(
        take("strava", strava, json!({ "access_token": "a", "athlete": { "id": 134815 } })).await,
        Ok("134815".to_owned())
    );
    assert_eq!(take("strava", strava, json!({ "access_token": "a", "athlete": {} })).await, Err("id_token.claim"));
    let point = "/api.minut.com/v8/oauth/token";
    assert_eq!(take("point", point, json!({ "access_token": "a", "user_id": "u1" })).await, Ok("u1".to_owned()));
    let august = "/auth.august.com/access_token";
    let good = json!({ "access_token": jwt(r#"{"userId":"u2"}"#) });
    assert_eq!(take("august", august, good).await, Ok("u2".to_owned()));
    assert_eq!(take("august", august, json!({ "access_token": jwt("{}") })).await, Err("id_token.claim"));
    assert_eq!(take("august", august, json!({ "access_token": "opaque" })).await, Err("id_token.malformed"));
}

#[tokio::test]
async fn identities_of_a_profile() {
    let provider = Provider::new().await;
    provider.answers("/api.github.com/user", ok(json!({ "id": 1, "login": "anna", "name": null }))).await;
    let users = json!({ "data": [{ "id": "44", "login": "anna", "display_name": "Anna" }] });
    let mock = Mock::given(method("GET")).and(path("/api.twitch.tv/helix/users"));
    mock.and(wiremock::matchers::header("client-id", "1234")).respond_with(ok(users)).mount(&provider.server).await;
    let identity = provider.client().profile(&of("github"), &tokens("r")).await.unwrap();
    assert_eq!((identity.unique_id().as_str(), identity.display_name()), ("1", Some("anna")));
    let identity = provider.client().profile(&of("twitch"), &tokens("r")).await.unwrap();
    assert_eq!((identity.unique_id().as_str(), identity.display_name(), identity.username()), ("44", Some("Anna"), Some("anna")));
    let sent = provider.requests().await;
    assert!(sent.iter().all(|request| request.headers["authorization"] == "Bearer old"));
}

#[tokio::test]
async fn a_profile_that_cannot_be_had() {
    for (template, expected) in [
        (ResponseTemplate::new(401), "profile.unauthorized"),
        (ResponseTemplate::new(500), "profile.status"),
        (ResponseTemplate::new(200).set_body_string("<html>"), "profile.malformed"),
        (ok(json!({ "login": "anna" })), "profile.field"),
    ] {
        let provider = Provider::new().await;
        provider.answers("/api.github.com/user", template).await;
        let error = provider.client().profile(&of("github"), &tokens("r")).await.unwrap_err();
        assert_eq!(error.code(), expected);
    }
    let error = Provider::new().await.client().profile(&of("point"), &tokens("r")).await.unwrap_err();
    assert_eq!(error.code(), "profile.unsupported");
}

#[tokio::test]
async fn each_way_of_revoking() {
    for (name, at, verb) in [
        ("google", "/oauth2.googleapis.com/revoke", "POST"),
        ("twitch", "/id.twitch.tv/oauth2/revoke", "POST"),
        ("dropbox", "/api.dropboxapi.com/2/auth/token/revoke", "POST"),
        ("github", "/api.github.com/applications/1234/token", "DELETE"),
        ("todoist", "/api.todoist.com/api/v1/revoke", "POST"),
    ] {
        let provider = Provider::new().await;
        Mock::given(method(verb)).and(path(at)).respond_with(ok(json!({}))).expect(1).mount(&provider.server).await;
        provider.client().revoke(&of(name), &tokens("r1")).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let request = provider.requests().await.remove(0);
        let authorization = request.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let form = form(&request);
        match name {
            "google" => assert_eq!(form["token"], "r1"),
            "twitch" => assert_eq!((form["token"].as_str(), form["client_id"].as_str()), ("old", "1234")),
            "dropbox" => assert_eq!((authorization.as_deref(), request.body.len()), (Some("Bearer old"), 0)),
            "github" => {
                assert_eq!(authorization.as_deref(), Some("Basic MTIzNDo1Njc4"));
                assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), json!({ "access_token": "old" }));
            }
            _ => {
                assert_eq!(authorization.as_deref(), Some("Basic MTIzNDo1Njc4"));
                assert_eq!((form["token"].as_str(), form.contains_key("client_secret")), ("old", false));
            }
        }
    }
}

#[tokio::test]
async fn a_revocation_that_says_no_with_status_200() {
    let provider = Provider::new().await;
    provider.answers("/slack.com/api/auth.revoke", ok(json!({ "ok": false, "error": "invalid_auth" }))).await;
    let error = provider.client().revoke(&of("slack"), &tokens("r1")).await.unwrap_err();
    assert_eq!(error.code(), "token.provider_error");
    let public = Account::new(resolved_in(&Catalogue::builtin(), "github", &[]), "1234", None::<Secret>, Vec::new()).unwrap();
    let error = provider.client().revoke(&public, &tokens("r1")).await.unwrap_err();
    assert_eq!(error.code(), "token.revoke_unsupported");
}

#[test]
fn which_lost_answers_may_be_asked_for_again() {
    let catalogue = Catalogue::builtin();
    let retries = |name: &str| catalogue.provider(name).unwrap().rotation().allows_retry();
    for name in ["google", "microsoft_entra", "dropbox", "nest", "withings"] {
        assert!(retries(name), "{name}");
    }
    // What is not known is not tried.
    for name in ["tesla_fleet", "strava", "slack", "spotify", "generic_oidc"] {
        assert!(!retries(name), "{name}");
    }
}
