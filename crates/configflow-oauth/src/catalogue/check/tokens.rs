//! Token requests and answers, and the separators of scopes.

use crate::catalogue::file::ProviderFile;
use crate::catalogue::problem::{Problems, route};

/// What we set ourselves in token requests.
const RESERVED: [&str; 11] = [
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "grant_type",
    "code",
    "code_verifier",
    "redirect_uri",
    "refresh_token",
    "device_code",
    "assertion",
];

/// Fields of an answer that are secrets whatever a file says.
const SECRET: [&str; 4] = ["access_token", "refresh_token", "id_token", "client_secret"];

pub(super) fn check(file: &ProviderFile, problems: &mut Problems) {
    for (index, extra) in file.token.extra.iter().enumerate() {
        if RESERVED.contains(&extra.name.as_str()) {
            let message = format!("the token parameter {} is set by us", extra.name);
            problems.error("catalogue.token_parameter", route!["token", "extra", index, "name"], message);
        }
    }
    if file.token.types.is_empty() {
        problems.error("catalogue.token_types", route!["token", "types"], "at least one type of token is needed");
    }
    for (index, field) in file.token.public_fields.iter().enumerate() {
        if SECRET.contains(&field.as_str()) {
            problems.error("catalogue.public_field", route!["token", "public_fields", index], format!("{field} is a secret"));
        }
    }
    let empty = "a separator of scopes must not be empty";
    if file.scopes.separator.is_empty() {
        problems.error("catalogue.separator", route!["scopes", "separator"], empty);
    }
    if let Some(index) = file.scopes.answer_separators.iter().position(String::is_empty) {
        problems.error("catalogue.separator", route!["scopes", "answer_separators", index], empty);
    }
}
