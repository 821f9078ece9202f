//! Metadata (OpenID Connect Discovery §4, RFC 8414 §3) and keys: all of the origin that the client meant.

use serde_json::{Value, json};
use url::Url;

use super::answer::Answer;
use super::place::{Flavour, ending, is_tenant_id, origin, tenant};
use super::world::World;

pub(crate) fn keys(world: &World, url: &Url) -> Answer {
    let mut keys = world.keys.set();
    if Flavour::of(url) == Flavour::Entra {
        // Entra's keys do not say their algorithm, which RFC 7517 §4.4 leaves optional.
        keys.iter_mut().filter_map(Value::as_object_mut).for_each(|key| {
            key.shift_remove("alg");
        });
    }
    Answer::json(json!({"keys": keys}))
}

pub(crate) fn answer(world: &World, url: &Url) -> Answer {
    let origin = origin(url);
    let body = match Flavour::of(url) {
        Flavour::Entra => {
            let base = format!("{origin}/{}", tenant(url));
            // `common` has no issuer of its own: a placeholder stands in the metadata.
            let issuer = match tenant(url) {
                named if is_tenant_id(named) => issuer(world, url),
                "common" | "organizations" => format!("{origin}/{{tenantid}}/v2.0"),
                _ => issuer(world, url),
            };
            json!({
                "token_endpoint": format!("{base}/oauth2/v2.0/token"),
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
                "jwks_uri": format!("{base}/discovery/v2.0/keys"),
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": issuer,
                "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
                "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
            })
        }
        Flavour::Google => json!({
            "issuer": issuer(world, url),
            "authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth",
            "device_authorization_endpoint": "https://oauth2.googleapis.com/device/code",
            "token_endpoint": "https://oauth2.googleapis.com/token",
            "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
            "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
            "jwks_uri": "https://www.googleapis.com/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "code_challenge_methods_supported": ["plain", "S256"],
        }),
        Flavour::GitHub | Flavour::Plain => {
            let issuer = issuer(world, url);
            let base = base(url);
            json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "jwks_uri": format!("{base}/jwks"),
                "userinfo_endpoint": format!("{base}/userinfo"),
                "revocation_endpoint": format!("{base}/revoke"),
                "device_authorization_endpoint": format!("{base}/device/code"),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "code_challenge_methods_supported": ["S256"],
            })
        }
    };
    let mut body = body;
    if world.script.iss {
        body["authorization_response_iss_parameter_supported"] = json!(true);
    }
    Answer::json(body)
}

/// The issuer that stands behind a URL.
pub(crate) fn issuer(world: &World, url: &Url) -> String {
    if let Some(issuer) = &world.script.issuer {
        return issuer.clone();
    }
    match Flavour::of(url) {
        Flavour::Entra => format!("{}/{}/v2.0", origin(url), world.account(url).tid.unwrap_or_default()),
        Flavour::Google => "https://accounts.google.com".to_owned(),
        Flavour::GitHub | Flavour::Plain => base(url),
    }
}

/// What the endpoints of a plain provider lie below: the origin and what is before the ending of the path; of RFC 8414's form of
/// metadata, what is after it.
fn base(url: &Url) -> String {
    let path = url.path();
    let after = super::place::WELL_KNOWN.iter().find_map(|mark| path.strip_prefix(mark)).filter(|after| !after.is_empty());
    let before = ending(path).map(|(_, before)| before).unwrap_or_default();
    format!("{}{}", origin(url), after.unwrap_or(before).trim_end_matches('/'))
}
