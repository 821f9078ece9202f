//! Failures of the OAuth backend as data for the definition.

use configflow_core::Failure;
use configflow_oauth::{DeviceError, Fields, RedeemError, ReturnedError, TokenError};
use serde_json::Value;

/// A failure whose code is the backend's own.
pub(super) fn of(code: &str, text: &str, fields: Fields) -> Failure {
    Failure { code: code.replace('.', "_"), fields }.with("text", text)
}

/// `returned_url`: what is wrong with the address that came back. `reason` is the backend's code without its prefix.
pub(super) fn returned_url(error: &ReturnedError) -> Failure {
    let code = error.code();
    let reason = code.strip_prefix("link.url_").or_else(|| code.strip_prefix("link.")).unwrap_or(code);
    named("returned_url", reason, &error.to_string(), error.public_fields())
}

/// `token`: the provider gave no tokens that can be used. `reason` sorts the cases as Home Assistant does.
pub(super) fn token(error: &RedeemError) -> Failure {
    let reason = match error {
        RedeemError::Token(error) => reason_of(error),
        RedeemError::Expired { .. } => "expired",
        RedeemError::ForeignPrincipal => "foreign_principal",
        RedeemError::IdToken(_) => "id_token",
        _ => "junk",
    };
    named("token", reason, &error.to_string(), error.public_fields()).with("detail", error.code())
}

/// A failure of the device grant.
pub(super) fn device(code: &str, error: &DeviceError) -> Failure {
    let reason = match error {
        DeviceError::Token(error) => reason_of(error),
        DeviceError::IdToken(_) => "id_token",
        _ => "junk",
    };
    named(code, reason, &error.to_string(), error.public_fields()).with("detail", error.code())
}

/// The code of a failure to reach the device endpoint.
pub(super) fn device_start_code(error: &DeviceError) -> &'static str {
    match error {
        DeviceError::Token(TokenError::Http(error)) if error.code() == "http.timeout" => "timeout",
        DeviceError::Token(TokenError::Http(_)) => "connect",
        _ => "provider",
    }
}

fn reason_of(error: &TokenError) -> &'static str {
    match error {
        TokenError::Unauthorized { .. } => "unauthorized",
        TokenError::Provider(error) if error.is_denied() => "denied",
        TokenError::Provider(_) | TokenError::Rejected { .. } | TokenError::RateLimited { .. } | TokenError::Server { .. } => {
            "failed"
        }
        TokenError::Http(error) if error.code() == "http.timeout" => "timeout",
        TokenError::Http(_) => "connect",
        _ => "junk",
    }
}

fn named(code: &str, reason: &str, text: &str, fields: Fields) -> Failure {
    let mut failure = Failure { code: code.to_owned(), fields }.with("reason", reason).with("text", text);
    // The names that definitions read: the provider's own error, and Microsoft's number of it.
    for (from, to) in [("provider_error", "error"), ("provider_code", "aadsts")] {
        if let Some(value) = failure.fields.remove(from) {
            failure.fields.insert(to.to_owned(), value);
        }
    }
    failure.fields.retain(|_, value| *value != Value::Null);
    failure
}
