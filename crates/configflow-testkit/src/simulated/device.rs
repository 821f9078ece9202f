//! The device authorization endpoint (RFC 8628 §3.2). The person is not asked: what becomes of the code is in the script.

use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::incoming::Incoming;
use super::ledger::Login;
use super::metadata::issuer;
use super::place::{Flavour, origin};
use super::token::{form, missing};
use super::world::World;

pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Answer {
    let flavour = Flavour::of(&incoming.url);
    let asked = form(incoming).and_then(|form| {
        let client = incoming.client(&form).ok_or_else(|| missing("client_id"))?;
        let scopes = form.get("scope").unwrap_or_default();
        if scopes.is_empty() && matches!(flavour, Flavour::Entra | Flavour::Google) {
            return Err(missing("scope"));
        }
        if world.script.client_id.as_deref().is_some_and(|known| known != client.id) {
            return Err(super::answer::Refusal::new("unauthorized_client", 700_016));
        }
        Ok((client.id, scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()))
    });
    let (client_id, scopes) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return world.refusal(incoming, &refusal),
    };
    let login = Login {
        client_id,
        account: world.account(&incoming.url),
        scopes,
        nonce: None,
        issuer: issuer(world, &incoming.url),
        flavour,
        client_info: false,
        family: world.ledger.number(),
    };
    let user_code = format!("SIM-{:04}", login.family);
    let device = world.script.device;
    let page = match flavour {
        Flavour::Entra => "https://microsoft.com/devicelogin".to_owned(),
        Flavour::Google => "https://www.google.com/device".to_owned(),
        Flavour::GitHub => "https://github.com/login/device".to_owned(),
        Flavour::Plain => format!("{}/device", origin(&incoming.url)),
    };
    let mut body = Map::new();
    let mut put = |name: &str, value: Value| {
        body.insert(name.to_owned(), value);
    };
    put("device_code", json!(world.ledger.give_device_code(login)));
    put("user_code", json!(user_code));
    if flavour == Flavour::Google {
        // Google has its own name for the field of RFC 8628 §3.2.
        put("verification_url", json!(page));
    } else {
        put("verification_uri", json!(page));
    }
    if flavour == Flavour::Plain {
        put("verification_uri_complete", json!(format!("{page}?user_code={user_code}")));
    }
    put("expires_in", json!(device.expires_in));
    put("interval", json!(device.interval));
    if flavour == Flavour::Entra {
        put("message", json!(format!("Open {page} in a browser and enter the code {user_code}.")));
    }
    Answer::json(Value::Object(body)).unstored()
}
