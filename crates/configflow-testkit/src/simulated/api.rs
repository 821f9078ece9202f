//! The API behind the provider: scripted answers, and the person's own data.

use serde_json::{Value, json};

use super::answer::{Answer, Content};
use super::incoming::Incoming;
use super::place::Flavour;
use super::script::ApiBody;
use super::world::World;

pub(crate) fn answer(world: &mut World, incoming: &Incoming) -> Answer {
    let Some((first, index)) = find(world, incoming) else {
        let code = if incoming.method == "GET" { "ResourceNotFound" } else { "Request_BadRequest" };
        let text = "The script has no answer to this request.";
        return Answer::json(json!({"error": {"code": code, "message": text}})).with_status(404);
    };
    let Some(scripted) = world.script.api.get(index) else { return Answer::empty(404) };
    if scripted.authorized && incoming.bearer().and_then(|token| world.ledger.holder(token)).is_none() {
        return unauthorized();
    }
    let content = match &scripted.body {
        ApiBody::Empty => Content::Empty,
        ApiBody::Json(value) => Content::Json(value.clone()),
        ApiBody::Text(text) => Content::Text(text.clone()),
    };
    let mut answer = Answer { status: scripted.status, headers: Vec::new(), content };
    for (name, value) in &scripted.headers {
        answer = answer.with_header(name, value);
    }
    *world.served.entry(first).or_default() += 1;
    answer
}

/// The answer that serves now, and the first of those to the same request. Answers that name the query go before those that do not.
fn find(world: &World, incoming: &Incoming) -> Option<(usize, usize)> {
    let here = |index: &usize| world.script.api[*index].is_at(&incoming.method, &incoming.url);
    let all: Vec<usize> = (0..world.script.api.len()).filter(here).collect();
    let mut fitting: Vec<usize> =
        all.iter().copied().filter(|&index| world.script.api[index].has_query_of(&incoming.url)).collect();
    if fitting.is_empty() {
        fitting = all.into_iter().filter(|&index| world.script.api[index].url.query().is_none()).collect();
    }
    let first = *fitting.first()?;
    let served = world.served.get(&first).copied().unwrap_or_default();
    fitting.get(served).or(fitting.last()).map(|&index| (first, index))
}

fn unauthorized() -> Answer {
    let text = "The access token is missing, unknown or expired.";
    Answer::json(json!({"error": {"code": "InvalidAuthenticationToken", "message": text}}))
        .with_status(401)
        .with_header("www-authenticate", "Bearer error=\"invalid_token\"")
}

/// The claims about the person (OpenID Connect Core §5.3).
pub(crate) fn userinfo(world: &World, incoming: &Incoming) -> Answer {
    let Some(login) = incoming.bearer().and_then(|token| world.ledger.holder(token)) else { return unauthorized() };
    let account = &login.account;
    let mut body = json!({"sub": account.subject(), "name": account.name, "preferred_username": account.username});
    if login.has("email") || Flavour::of(&incoming.url) == Flavour::Google {
        body["email"] = Value::from(account.username.clone());
    }
    Answer::json(body)
}
