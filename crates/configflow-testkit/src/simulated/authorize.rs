//! The authorization endpoint: checks the request as a strict provider would, and sends the person back.
//!
//! The login page itself is not played; what the person does is in the script.

use serde_json::{Map, json};
use url::Url;

use super::answer::{Answer, Refusal};
use super::incoming::{Incoming, ParameterError, Parameters};
use super::ledger::Login;
use super::metadata::issuer;
use super::place::{Flavour, is_tenant_id, tenant};
use super::script::{Behaviour, Effect};
use super::world::World;

/// Everything of a request that was found good.
struct Request {
    client_id: String,
    redirect_uri: String,
    challenge: String,
    scopes: Vec<String>,
    state: String,
    nonce: Option<String>,
    client_info: bool,
}

/// Where a person is sent who cannot be logged in.
enum Refused {
    /// Nowhere: the client or the redirect URI is in doubt (RFC 6749 §4.1.2.1).
    Page(Refusal),
    /// Back to the client.
    Back(Box<Url>, Refusal),
}

pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Answer {
    let flavour = Flavour::of(&incoming.url);
    let parameters = match parameters(incoming) {
        Ok(parameters) => parameters,
        Err(refusal) => return refusal.page(flavour),
    };
    let (request, to) = match checked(world, incoming, &parameters) {
        Ok(checked) => checked,
        Err(Refused::Page(refusal)) => return refusal.page(flavour),
        Err(Refused::Back(to, refusal)) => return refusal.redirect(flavour, *to, parameters.get("state")),
    };
    match world.script.person {
        Behaviour::MeetsError(number) => Refusal::new("invalid_request", number).page(flavour),
        Behaviour::Declines => {
            with_issuer(world, incoming, Refusal::new("access_denied", 65_004).redirect(flavour, to, Some(&request.state)))
        }
        Behaviour::LogsIn | Behaviour::LogsInAsAnother | Behaviour::EndsAtWrongplace => log_in(world, incoming, request, to),
    }
}

/// The error of a fault, sent back if the request says where to, else shown.
pub(crate) fn refuse(incoming: &Incoming, refusal: &Refusal) -> Answer {
    let flavour = Flavour::of(&incoming.url);
    let Ok(parameters) = parameters(incoming) else { return refusal.page(flavour) };
    match parameters.get("redirect_uri").and_then(|text| Url::parse(text).ok()) {
        Some(to) => refusal.redirect(flavour, to, parameters.get("state")),
        None => refusal.page(flavour),
    }
}

fn parameters(incoming: &Incoming) -> Result<Parameters, Refusal> {
    let parameters = if incoming.method == "POST" { incoming.form() } else { incoming.query() };
    parameters.map_err(|error| match error {
        ParameterError::Repeated => Refusal::new("invalid_request", 900_144).about("A parameter of the request is repeated."),
        ParameterError::NotAForm => Refusal::new("invalid_request", 900_144).about("The request is not a form."),
    })
}

fn checked(world: &World, incoming: &Incoming, parameters: &Parameters) -> Result<(Request, Url), Refused> {
    let script = &world.script;
    let flavour = Flavour::of(&incoming.url);
    let missing = |name: &str| Refusal::new("invalid_request", 900_144).about(format!("The request has no parameter '{name}'."));

    let client_id = parameters.get("client_id").ok_or_else(|| Refused::Page(missing("client_id")))?;
    if script.client_id.as_deref().is_some_and(|known| known != client_id) {
        return Err(Refused::Page(Refusal::new("unauthorized_client", 700_016)));
    }
    let redirect_uri = parameters.get("redirect_uri").ok_or_else(|| Refused::Page(Refusal::new("invalid_request", 900_971)))?;
    let to = Url::parse(redirect_uri).ok().filter(|url| url.fragment().is_none());
    let to = to.ok_or_else(|| Refused::Page(Refusal::new("invalid_request", 900_971)))?;
    if script.redirect_uris.as_ref().is_some_and(|known| !known.iter().any(|other| other == redirect_uri)) {
        let text = format!("The redirect URI '{redirect_uri}' in the request is not registered for the application.");
        return Err(Refused::Page(Refusal::new("invalid_request", 50_011).about(text)));
    }
    if flavour == Flavour::Entra {
        let (named, account) = (tenant(&incoming.url), world.account(&incoming.url));
        if is_tenant_id(named) && account.tid.as_deref().is_some_and(|tid| !tid.eq_ignore_ascii_case(named)) {
            return Err(Refused::Page(Refusal::new("access_denied", 50_020)));
        }
    }

    let back = |refusal| Refused::Back(Box::new(to.clone()), refusal);
    if parameters.get("response_type") != Some("code") {
        return Err(back(Refusal::new("unsupported_response_type", 700_054)));
    }
    let scopes = parameters.get("scope").unwrap_or_default();
    if scopes.is_empty() && matches!(flavour, Flavour::Entra | Flavour::Google) {
        return Err(back(missing("scope")));
    }
    let state = parameters.get("state").ok_or_else(|| back(missing("state")))?;
    let challenge = parameters.get("code_challenge").ok_or_else(|| back(missing("code_challenge")))?;
    if parameters.get("code_challenge_method") != Some("S256") || !is_challenge(challenge) {
        return Err(back(Refusal::new("invalid_request", 501_491)));
    }
    let request = Request {
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        challenge: challenge.to_owned(),
        scopes: scopes.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect(),
        state: state.to_owned(),
        nonce: parameters.get("nonce").map(str::to_owned),
        client_info: parameters.get("client_info") == Some("1"),
    };
    Ok((request, to))
}

/// Whether a text has the form of a challenge (RFC 7636 §4.2).
fn is_challenge(text: &str) -> bool {
    (43..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte))
}

fn log_in(world: &mut World, incoming: &Incoming, request: Request, to: Url) -> Answer {
    let login = Login {
        client_id: request.client_id,
        account: world.account(&incoming.url),
        scopes: request.scopes,
        nonce: request.nonce,
        issuer: issuer(world, &incoming.url),
        flavour: Flavour::of(&incoming.url),
        client_info: request.client_info,
        family: world.ledger.number(),
    };
    let session_state = format!("00000000-0000-4000-a000-{:012}", login.family);
    let code = world.ledger.give_code(login, request.redirect_uri, request.challenge, world.script.code_lifetime);
    let mut parameters = Map::new();
    parameters.insert("code".to_owned(), json!(code));
    parameters.insert("state".to_owned(), json!(request.state));
    if world.script.session_state {
        parameters.insert("session_state".to_owned(), json!(session_state));
    }
    with_issuer(world, incoming, Answer::redirect(to, parameters))
}

/// Adds `iss` where the script says so; it is in answers and errors alike (RFC 9207 §2).
fn with_issuer(world: &World, incoming: &Incoming, answer: Answer) -> Answer {
    if !world.script.iss {
        return answer;
    }
    let iss = Map::from_iter([("iss".to_owned(), json!(issuer(world, &incoming.url)))]);
    answer.changed(&[Effect::Set(iss)])
}
