//! The token endpoint: codes, device codes and refresh tokens for tokens; and revocation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::{Answer, Refusal};
use super::incoming::{Client, Incoming, ParameterError, Parameters};
use super::ledger::Login;
use super::place::Flavour;
use super::script::{Behaviour, DeviceEnd, Effect, OldRefreshToken};
use super::world::World;
use super::{id_token, scopes};

/// The grant type of RFC 8628 §3.4.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A login, and the nonce that its ID token answers.
struct Granted {
    login: Login,
    nonce: Option<String>,
    old_refresh_token: Option<String>,
}

pub(crate) fn answer(world: &mut World, incoming: &Incoming, effects: &[Effect]) -> Answer {
    match granted(world, incoming) {
        Ok(granted) => tokens(world, granted, effects),
        Err(refusal) => world.refusal(incoming, &refusal),
    }
}

fn granted(world: &mut World, incoming: &Incoming) -> Result<Granted, Refusal> {
    let form = form(incoming)?;
    let client = client(world, incoming, &form)?;
    match form.get("grant_type") {
        Some("authorization_code") => by_code(world, incoming, &form, &client),
        Some("refresh_token") => by_refresh_token(world, &form, &client),
        Some(DEVICE_CODE | "device_code") => by_device_code(world, incoming, &form, &client),
        Some(_) => Err(Refusal::new("unsupported_grant_type", 70_003)),
        None => Err(missing("grant_type")),
    }
}

pub(super) fn form(incoming: &Incoming) -> Result<Parameters, Refusal> {
    incoming.form().map_err(|error| match error {
        ParameterError::NotAForm => Refusal::new("invalid_request", 900_144).about("The request is not a posted form."),
        ParameterError::Repeated => Refusal::new("invalid_request", 900_144).about("A parameter of the request is repeated."),
    })
}

pub(super) fn missing(name: &str) -> Refusal {
    Refusal::new("invalid_request", 900_144).about(format!("The request has no parameter '{name}'."))
}

/// Who asks, and whether the secret is right.
fn client(world: &World, incoming: &Incoming, form: &Parameters) -> Result<Client, Refusal> {
    let client = incoming
        .client(form)
        .ok_or_else(|| Refusal::new("invalid_client", 900_144).about("The client names itself not at all, or twice."))?;
    if world.script.client_id.as_deref().is_some_and(|known| known != client.id) {
        return Err(Refusal { error: "unauthorized_client".to_owned(), ..Refusal::new("", 700_016) });
    }
    match (&world.script.client_secret, &client.secret) {
        (None, _) => Ok(client),
        (Some(_), None) => Err(Refusal::new("invalid_client", 7_000_218)),
        (Some(known), Some(given)) if known.is(given) => Ok(client),
        (Some(_), Some(_)) => Err(Refusal::new("invalid_client", 7_000_215)),
    }
}

fn by_code(world: &mut World, incoming: &Incoming, form: &Parameters, client: &Client) -> Result<Granted, Refusal> {
    let value = form.get("code").ok_or_else(|| missing("code"))?;
    world.ledger.comes(value);
    let unknown = match Flavour::of(&incoming.url) {
        Flavour::GitHub => "bad_verification_code",
        _ => "invalid_grant",
    };
    let code = world.ledger.code(value).ok_or_else(|| Refusal::new(unknown, 70_000))?;
    if code.login.client_id != client.id {
        return Err(Refusal::new("invalid_grant", 70_000));
    }
    if code.redeemed {
        // Who has had tokens for the code loses them (RFC 6749 §4.1.2); Entra does not go so far.
        let (family, flavour) = (code.login.family, code.login.flavour);
        if flavour != Flavour::Entra {
            world.ledger.revoke(family);
        }
        return Err(Refusal::new("invalid_grant", 54_005));
    }
    if code.is_expired() {
        return Err(Refusal::new("invalid_grant", 70_008));
    }
    if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(Refusal::new("invalid_grant", 500_112));
    }
    let verifier = form.get("code_verifier").ok_or_else(|| missing("code_verifier"))?;
    if !(43..=128).contains(&verifier.len()) || URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != code.challenge {
        return Err(Refusal::new("invalid_grant", 501_481));
    }
    code.redeemed = true;
    let login = code.login.clone();
    Ok(Granted { nonce: login.nonce.clone(), login, old_refresh_token: None })
}

fn by_refresh_token(world: &mut World, form: &Parameters, client: &Client) -> Result<Granted, Refusal> {
    let value = form.get("refresh_token").ok_or_else(|| missing("refresh_token"))?;
    let reuse = world.script.old_refresh_token;
    let token = world.ledger.refresh_token(value).ok_or_else(|| Refusal::new("invalid_grant", 70_000))?;
    if token.login.client_id != client.id {
        return Err(Refusal::new("invalid_grant", 70_000));
    }
    if token.used && reuse != OldRefreshToken::Accepted {
        let family = token.login.family;
        if reuse == OldRefreshToken::RevokesAll {
            world.ledger.revoke(family);
        }
        return Err(Refusal::new("invalid_grant", 70_000));
    }
    token.used = true;
    Ok(Granted { login: token.login.clone(), nonce: None, old_refresh_token: Some(value.to_owned()) })
}

fn by_device_code(world: &mut World, incoming: &Incoming, form: &Parameters, client: &Client) -> Result<Granted, Refusal> {
    let value = form.get("device_code").ok_or_else(|| missing("device_code"))?;
    let (device, person) = (world.script.device, world.script.person);
    let code = world.ledger.device_code(value).ok_or_else(|| Refusal::new("invalid_grant", 70_000))?;
    if code.login.client_id != client.id {
        return Err(Refusal::new("invalid_grant", 70_000));
    }
    if code.redeemed {
        return Err(Refusal::new("invalid_grant", 54_005));
    }
    code.polls += 1;
    if code.polls <= device.pending {
        return Err(Refusal::new("authorization_pending", 70_016));
    }
    if code.polls <= device.pending.saturating_add(device.slow_down) {
        // Entra publishes no number for it.
        return Err(Refusal { aadsts: None, ..Refusal::new("slow_down", 0) }.about("Polling is too fast."));
    }
    code.redeemed = true;
    let denied = match Flavour::of(&incoming.url) {
        // Entra has a word of its own for it, beside those of RFC 8628 §3.5.
        Flavour::Entra => "authorization_declined",
        _ => "access_denied",
    };
    match (device.ends, person) {
        (DeviceEnd::Expired, _) => Err(Refusal::new("expired_token", 70_020)),
        (DeviceEnd::Denied, _) | (_, Behaviour::Declines) => Err(Refusal::new(denied, 65_004)),
        (_, Behaviour::MeetsError(number)) => Err(Refusal::new(denied, number)),
        (DeviceEnd::Linked, _) => Ok(Granted { login: code.login.clone(), nonce: None, old_refresh_token: None }),
    }
}

/// The answer with tokens (RFC 6749 §5.1).
fn tokens(world: &mut World, granted: Granted, effects: &[Effect]) -> Answer {
    let Granted { login, nonce, old_refresh_token } = granted;
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    let scopes = scopes::granted(&world.script, &login);
    put("token_type", json!(if login.flavour == Flavour::GitHub { "bearer" } else { "Bearer" }));
    put("scope", json!(scopes.join(if login.flavour == Flavour::GitHub { "," } else { " " })));
    let lifetime = world.script.token_lifetime;
    if login.flavour != Flavour::GitHub {
        put("expires_in", json!(lifetime));
    }
    if login.flavour == Flavour::Entra {
        put("ext_expires_in", json!(lifetime));
    }
    put("access_token", json!(world.ledger.give_access_token(login.clone(), lifetime)));
    let refreshable = match login.flavour {
        Flavour::Entra => login.has("offline_access"),
        Flavour::GitHub => false,
        // Google gives one with the first answer only; it does not rotate.
        Flavour::Google => old_refresh_token.is_none(),
        Flavour::Plain => true,
    };
    if refreshable {
        put("refresh_token", json!(world.ledger.give_refresh_token(login.clone())));
    }
    if let Some(old) = old_refresh_token.filter(|_| !refreshable)
        && let Some(token) = world.ledger.refresh_token(&old)
    {
        token.used = false;
    }
    if login.has("openid") {
        match id_token::issue(&world.keys, &login, nonce.as_deref(), world.script.signing, effects) {
            Ok(token) => put("id_token", json!(token)),
            Err(_) => return Answer::text("the ID token could not be signed").with_status(500),
        }
    }
    if login.client_info && login.flavour == Flavour::Entra {
        let info = json!({"uid": login.account.oid, "utid": login.account.tid});
        put("client_info", json!(URL_SAFE_NO_PAD.encode(info.to_string())));
    }
    body.extend(world.script.token_fields.clone());
    Answer::json(Value::Object(body)).unstored()
}

/// Revocation; a token that is not known is no error (RFC 7009 §2.2).
pub(crate) fn revoke(world: &mut World, incoming: &Incoming) -> Answer {
    let token = form(incoming).and_then(|form| {
        // Google names no client at all.
        if Flavour::of(&incoming.url) != Flavour::Google {
            client(world, incoming, &form)?;
        }
        form.get("token").map(str::to_owned).ok_or_else(|| missing("token"))
    });
    match token {
        Ok(token) => {
            world.ledger.revoke_token(&token);
            Answer::empty(200)
        }
        Err(refusal) => world.refusal(incoming, &refusal),
    }
}
