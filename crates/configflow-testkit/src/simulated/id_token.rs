//! ID tokens: the claims, and what a fault makes of them.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::ledger::Login;
use super::place::Flavour;
use super::script::{Effect, Signing};
use super::signing::{KeyError, Keys, UNKNOWN_KEY, key_id};

/// How long an ID token is valid, in seconds.
const LIFETIME: i64 = 3_600;

/// Makes the ID token of a login. `nonce` is given with the first token only (OpenID Connect Core §12.2).
pub(crate) fn issue(
    keys: &Keys,
    login: &Login,
    nonce: Option<&str>,
    signing: Signing,
    effects: &[Effect],
) -> Result<String, KeyError> {
    let now = OffsetDateTime::now_utc().unix_timestamp();
    let mut claims = claims(login, nonce, now);
    let mut kid = key_id(signing);
    for effect in effects {
        match effect {
            Effect::WrongNonce => set(&mut claims, "nonce", json!("sim-nonce-of-another-request")),
            Effect::WrongAudience => set(&mut claims, "aud", json!("sim-another-client")),
            Effect::WrongIssuer => set(&mut claims, "iss", json!("https://issuer.invalid")),
            Effect::ExpiredIdToken => {
                for (name, time) in [("iat", now - 2 * LIFETIME), ("nbf", now - 2 * LIFETIME), ("exp", now - LIFETIME)] {
                    set(&mut claims, name, json!(time));
                }
            }
            Effect::UnknownKey => kid = UNKNOWN_KEY,
            Effect::Claims(others) => {
                for (name, value) in others {
                    if value.is_null() {
                        claims.shift_remove(name);
                    } else {
                        set(&mut claims, name, value.clone());
                    }
                }
            }
            _ => {}
        }
    }
    let token = keys.sign(&claims, signing, kid)?;
    if !effects.contains(&Effect::BadSignature) {
        return Ok(token);
    }
    // The signature of other claims: it has the right form, and fails only when it is checked.
    set(&mut claims, "sub", json!("sim-sub-of-another-account"));
    let other = keys.sign(&claims, signing, kid)?;
    let (signed, _) = token.rsplit_once('.').ok_or(KeyError)?;
    let (_, signature) = other.rsplit_once('.').ok_or(KeyError)?;
    Ok(format!("{signed}.{signature}"))
}

fn claims(login: &Login, nonce: Option<&str>, now: i64) -> Map<String, Value> {
    let account = &login.account;
    let mut claims = Map::new();
    set(&mut claims, "aud", json!(login.client_id));
    set(&mut claims, "iss", json!(login.issuer));
    set(&mut claims, "iat", json!(now));
    set(&mut claims, "nbf", json!(now));
    set(&mut claims, "exp", json!(now + LIFETIME));
    set(&mut claims, "name", json!(account.name));
    if let Some(nonce) = nonce {
        set(&mut claims, "nonce", json!(nonce));
    }
    set(&mut claims, "preferred_username", json!(account.username));
    set(&mut claims, "sub", json!(account.subject()));
    if login.flavour == Flavour::Entra {
        set(&mut claims, "oid", json!(account.oid));
        set(&mut claims, "tid", json!(account.tid));
        set(&mut claims, "ver", json!("2.0"));
    }
    if login.flavour == Flavour::Google || login.has("email") {
        set(&mut claims, "email", json!(account.username));
    }
    claims
}

fn set(claims: &mut Map<String, Value>, name: &str, value: Value) {
    claims.insert(name.to_owned(), value);
}
