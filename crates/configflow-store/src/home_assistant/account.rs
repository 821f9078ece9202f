//! The token of a linked account inside the data of its entry, where Home Assistant keeps it.
//!
//! Home Assistant keeps `token` and `auth_implementation`. What is known here beside that (the provider and its parameters, the
//! client) stands in `configflow_account`, which Home Assistant carries along, so that an entry which comes back is linked
//! as it was, with the token that Home Assistant last refreshed.

use std::collections::BTreeMap;

use configflow_engine::store::SealableToken;
use configflow_engine::{Entry, Token};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const TOKEN: &str = "token";
const IMPLEMENTATION: &str = "auth_implementation";
const OURS: &str = "configflow_account";

/// What Home Assistant knows nothing of.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ours {
    key: String,
    provider: String,
    parameters: BTreeMap<String, String>,
    client_id: String,
    client_secret: Option<String>,
    scopes: Vec<String>,
    granted: Vec<String>,
    extra: Map<String, Value>,
    account: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    identity: Value,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    client_secret_expires: Value,
    /// Whether `auth_implementation` was put there on the way out.
    implementation_added: bool,
}

/// Puts a token into the data of its entry.
pub(super) fn put(entry: &mut Entry, token: Token, now: OffsetDateTime) {
    let tokens = &token.tokens;
    let mut written = json!({
        "access_token": tokens.access().expose(),
        "token_type": tokens.token_type(),
        "scope": tokens.scopes().join(" "),
    });
    if let Some(refresh) = tokens.refresh() {
        written["refresh_token"] = json!(refresh.expose());
    }
    if let Some(expires_at) = tokens.expires_at() {
        written["expires_at"] = json!(expires_at.unix_timestamp());
        written["expires_in"] = json!((expires_at - now).whole_seconds().max(0));
    }
    let ours = Ours {
        key: token.key.clone(),
        provider: token.provider.clone(),
        parameters: token.parameters.clone(),
        client_id: token.client_id.clone(),
        client_secret: token.client_secret.as_ref().map(|secret| secret.expose().to_owned()),
        scopes: token.scopes.clone(),
        granted: tokens.scopes().to_vec(),
        extra: tokens.extra().clone(),
        account: token.account.clone(),
        identity: json!(token.identity),
        client_secret_expires: token.client_secret_expires.and_then(|at| at.format(&Rfc3339).ok()).into(),
        implementation_added: !entry.data.contains_key(IMPLEMENTATION),
    };
    if ours.implementation_added {
        let implementation = slug(&format!("{}_{}", entry.domain, token.client_id));
        entry.data.insert(IMPLEMENTATION.to_owned(), Value::String(implementation));
    }
    entry.data.insert(TOKEN.to_owned(), written);
    entry.data.insert(OURS.to_owned(), json!(ours));
    entry.account_key = None;
}

/// Takes a token out of the data of its entry, where it was put by [`put`]; one of Home Assistant's own stays in the data.
pub(super) fn take(entry: &mut Entry) -> Result<Option<Token>, &'static str> {
    let Some(ours) = entry.data.remove(OURS) else { return Ok(None) };
    let ours: Ours = serde_json::from_value(ours).map_err(|_| OURS)?;
    let Some(Value::Object(kept)) = entry.data.remove(TOKEN) else { return Err(TOKEN) };
    if ours.implementation_added {
        entry.data.remove(IMPLEMENTATION);
    }
    let text = |name: &str| kept.get(name).and_then(Value::as_str);
    let expires_at = kept.get("expires_at").and_then(|at| at.as_i64().or_else(|| at.as_f64().and_then(whole)));
    let granted = text("scope").map(|scope| scope.split(' ').filter(|scope| !scope.is_empty()).collect::<Vec<_>>());
    let granted = match granted {
        Some(granted) if granted.join(" ") != ours.granted.join(" ") => json!(granted),
        _ => json!(ours.granted),
    };
    let form = json!({
        "domain": entry.domain,
        "key": ours.key,
        "provider": ours.provider,
        "parameters": ours.parameters,
        "client_id": ours.client_id,
        "client_secret": ours.client_secret,
        "scopes": ours.scopes,
        "account": ours.account,
        "identity": ours.identity,
        "client_secret_expires": ours.client_secret_expires,
        "tokens": {
            "version": 1,
            "access": text("access_token").ok_or(TOKEN)?,
            "refresh": text("refresh_token"),
            "expires_at": expires_at,
            "scopes": granted,
            "token_type": text("token_type").unwrap_or("Bearer"),
            "extra": ours.extra,
        },
    });
    let form: SealableToken = serde_json::from_value(form).map_err(|_| TOKEN)?;
    let token = Token::from_sealable(form).map_err(|_| TOKEN)?;
    entry.account_key = Some(token.key.clone());
    Ok(Some(token))
}

/// Whole seconds of a moment that Python wrote as a fraction.
fn whole(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked: 2^53 seconds are 285 million years")]
    (seconds.abs() < 9e15).then_some(seconds as i64)
}

/// Lowercase letters and digits, anything else an underscore, as Home Assistant names implementations.
fn slug(text: &str) -> String {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '_' };
    let text: String = text.chars().map(plain).collect();
    text.split('_').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}
