//! What a recording lets one tell of its provider, whose own answers are not recorded.
//!
//! How the token endpoint failed is told by the abort that followed, and who logged in by the entry that was made, changed or already
//! there. Whoever is named nowhere is somebody else than the others.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use url::Url;

use super::recording::{Exchange, Recording};

/// Where integrations ask whose account it is.
const PROFILES: &[(&str, &str)] = &[("spotify", "https://api.spotify.com/v1/me")];
/// The fields of a token answer that say nothing of the person.
const PLAIN: &[&str] = &["access_token", "refresh_token", "token_type", "expires_in", "expires_at", "scope", "id_token"];
/// The field that tells persons apart where no recorded token has one.
const USER: &str = "user_id";
/// How a flow ends whose provider says nothing.
pub(super) const TIMEOUT: &str = "oauth_timeout";

/// What the simulated provider has to do; none where the recording tells nothing.
pub(super) fn script(recording: &Recording) -> Option<Value> {
    let mut told = Told { stored: recording.entries_after.as_deref().unwrap_or_default(), ..Told::default() };
    for exchange in &recording.exchanges {
        told.read(exchange);
    }
    (!told.faults.is_empty() || !told.api.is_empty()).then(|| json!({"faults": told.faults, "api": told.api}))
}

/// Somebody at the provider.
#[derive(Clone, Debug, Default, PartialEq)]
struct Person {
    /// What the token answer says of them.
    fields: Map<String, Value>,
    id: String,
    name: String,
}

#[derive(Default)]
struct Told<'r> {
    stored: &'r [Value],
    /// The flow of each `state` that was sent out.
    states: BTreeMap<String, String>,
    /// Flows whose code came back, and was not redeemed yet.
    came_back: Vec<String>,
    /// The entry that a flow was begun for.
    entries: BTreeMap<String, String>,
    /// The person of each entry, the one of last in the end.
    persons: Vec<(String, String, Person)>,
    redeemed: usize,
    strangers: usize,
    faults: Vec<Value>,
    api: Vec<Value>,
}

impl Told<'_> {
    fn read(&mut self, exchange: &Exchange) {
        let (request, body) = (&exchange.request, &exchange.response.body);
        if let Some(query) = query(&request.path).filter(|query| query.contains_key("code")) {
            let flow = query.get("state").and_then(|state| self.states.get(state));
            self.came_back.extend(flow.cloned());
        }
        let Some(flow_id) = body["flow_id"].as_str() else { return };
        if let Some(entry_id) = request.body["entry_id"].as_str() {
            self.entries.insert(flow_id.to_owned(), entry_id.to_owned());
        }
        if let Some(state) = body["url"].as_str().and_then(query).and_then(|query| query.get("state").cloned()) {
            self.states.insert(state, flow_id.to_owned());
        }
        let waits = matches!(body["type"].as_str(), Some("external" | "external_done"));
        if !waits && let Some(at) = self.came_back.iter().position(|flow| flow == flow_id) {
            self.came_back.remove(at);
            self.redeemed += 1;
            self.ended(flow_id, body);
        }
    }

    /// How a flow went on once its code was redeemed.
    fn ended(&mut self, flow_id: &str, body: &Value) {
        let handler = body["handler"].as_str().unwrap_or_default();
        let fault = match body["reason"].as_str() {
            Some("oauth_unauthorized") => json!({"status": 401, "body": "{}"}),
            Some("oauth_failed") => json!({"status": 500, "body": "{}"}),
            Some("oauth_error") => json!({"expires_in": "junk"}),
            Some(TIMEOUT) => json!("hang"),
            reason => {
                let person = match reason {
                    None => self.maker(handler, body),
                    Some("already_configured") => self.last(handler, None),
                    Some(reason) if reason.ends_with("_successful") => self.last(handler, self.entries.get(flow_id)),
                    Some(_) => self.stranger(handler, ""),
                };
                self.profile(handler, &person, reason);
                json!({"set": person.fields})
            }
        };
        if fault["set"].as_object().is_none_or(|fields| !fields.is_empty()) {
            self.faults.push(json!({"at": "token", "nth": self.redeemed, "fault": fault}));
        }
    }

    /// Who made an entry.
    fn maker(&mut self, handler: &str, body: &Value) -> Person {
        let entry = &body["result"];
        let title = entry["title"].as_str().unwrap_or_default();
        let stored = self.stored.iter().filter(|stored| stored["domain"] == handler);
        // Where persons have names, one of the same name is the same person, who may have made another entry in its place.
        let has_names = PROFILES.iter().any(|(name, _)| *name == handler);
        let own = stored.clone().find(|stored| stored["entry_id"] == entry["entry_id"]);
        let namesake = || stored.clone().find(|stored| has_names && stored["title"] == title);
        let made = || self.persons.iter().find(|(domain, _, person)| has_names && domain == handler && person.name == title);
        let person = match own.or_else(namesake) {
            Some(stored) => Person {
                fields: fields_of(stored),
                id: stored["unique_id"].as_str().unwrap_or_default().to_owned(),
                name: title.to_owned(),
            },
            None => match made() {
                Some((.., person)) => person.clone(),
                None => self.stranger(handler, title),
            },
        };
        let entry_id = entry["entry_id"].as_str().unwrap_or_default().to_owned();
        self.persons.push((handler.to_owned(), entry_id, person.clone()));
        person
    }

    /// The person of an entry, else of the one that was made last.
    fn last(&self, handler: &str, entry_id: Option<&String>) -> Person {
        let mut own = self.persons.iter().rev().filter(|(domain, ..)| domain == handler);
        let named = own.clone().find(|(_, id, _)| Some(id) == entry_id);
        named.or_else(|| own.next()).map(|(.., person)| person.clone()).unwrap_or_default()
    }

    /// Somebody of whom nothing else is told.
    fn stranger(&mut self, handler: &str, name: &str) -> Person {
        self.strangers += 1;
        let id = format!("stranger-{}", self.strangers);
        let stored = self.stored.iter().find(|stored| stored["domain"] == handler && !fields_of(stored).is_empty());
        let keys =
            stored.map_or_else(|| vec![USER.to_owned()], |stored| fields_of(stored).into_iter().map(|(key, _)| key).collect());
        let name = if name.is_empty() { &id } else { name };
        Person { fields: keys.into_iter().map(|key| (key, json!(id))).collect(), name: name.to_owned(), id }
    }

    fn profile(&mut self, handler: &str, person: &Person, reason: Option<&str>) {
        let Some((_, url)) = PROFILES.iter().find(|(name, _)| *name == handler) else { return };
        let status = if reason == Some("connection_error") { 500 } else { 200 };
        let profile = json!({"id": person.id, "display_name": person.name});
        self.api.push(json!({"method": "GET", "url": url, "authorized": true, "status": status, "json": profile}));
    }
}

/// What a stored token says of its person.
fn fields_of(stored: &Value) -> Map<String, Value> {
    let token = stored.pointer("/data/token").and_then(Value::as_object).cloned().unwrap_or_default();
    token.into_iter().filter(|(key, _)| !PLAIN.contains(&key.as_str())).collect()
}

/// The query of an address, or of a path.
fn query(address: &str) -> Option<BTreeMap<String, String>> {
    let base = Url::parse("http://recorded").ok()?;
    Some(base.join(address).ok()?.query_pairs().into_owned().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn external(flow: &str, state: &str) -> Value {
        let url = format!("https://p.example/authorize?state={state}");
        json!({"request": {"method": "POST", "path": "/flow"}, "response": {"status": 200, "body": {"type": "external", "flow_id": flow, "url": url}}})
    }

    fn callback(state: &str) -> Value {
        json!({"request": {"method": "GET", "path": format!("/auth/external/callback?code=c&state={state}")}, "response": {"status": 200, "body": ""}})
    }

    fn ends(flow: &str, handler: &str, mut body: Value) -> Value {
        body["flow_id"] = json!(flow);
        body["handler"] = json!(handler);
        json!({"request": {"method": "GET", "path": format!("/flow/{flow}")}, "response": {"status": 200, "body": body}})
    }

    fn abort(reason: &str) -> Value {
        json!({"type": "abort", "reason": reason})
    }

    fn created(entry_id: &str, title: &str) -> Value {
        json!({"type": "create_entry", "title": title, "result": {"entry_id": entry_id, "title": title}})
    }

    fn told(exchanges: Value, entries_after: Value) -> Option<Value> {
        let recording = json!({"name": "new", "exchanges": exchanges, "entries_after": entries_after});
        script(&serde_json::from_value(recording).expect("a recording"))
    }

    #[test]
    fn how_a_provider_failed_is_told_by_the_abort() {
        let exchanges = json!([
            external("f", "s"),
            callback("s"),
            ends("f", "lab", abort("oauth_failed")),
            external("g", "t"),
            callback("t"),
            ends("g", "lab", abort("oauth_unauthorized")),
        ]);
        let faults = json!([
            {"at": "token", "nth": 1, "fault": {"status": 500, "body": "{}"}},
            {"at": "token", "nth": 2, "fault": {"status": 401, "body": "{}"}},
        ]);
        assert_eq!(told(exchanges, json!([])), Some(json!({"faults": faults, "api": []})));
        assert_eq!(told(json!([external("f", "s")]), json!([])), None, "nothing was redeemed");
    }

    #[test]
    fn who_logged_in_is_told_by_the_entry() {
        let stored = |id: &str, user: &str| json!({"domain": "lab", "entry_id": id, "unique_id": user, "title": "L", "data": {"token": {"access_token": "a", "user_id": user}}});
        let exchanges = json!([
            external("f", "s"),
            external("g", "t"),
            callback("t"),
            ends("g", "lab", created("e1", "L")),
            callback("s"),
            ends("f", "lab", created("e2", "L")),
            external("h", "u"),
            callback("u"),
            ends("h", "lab", abort("wrong_account")),
            external("i", "v"),
            callback("v"),
            ends("i", "lab", abort("already_configured")),
        ]);
        let faults = told(exchanges, json!([stored("e1", "ada"), stored("e2", "grace")])).expect("a script")["faults"].clone();
        let users: Vec<&Value> = faults.as_array().into_iter().flatten().map(|fault| &fault["fault"]["set"]["user_id"]).collect();
        assert_eq!(users, ["ada", "grace", "stranger-1", "grace"], "in the order in which the codes were redeemed");
    }

    #[test]
    fn a_profile_is_asked_for_once_a_login() {
        let exchanges = json!([
            external("f", "s"),
            callback("s"),
            ends("f", "spotify", created("gone", "Ada")),
            external("g", "t"),
            callback("t"),
            ends("g", "spotify", created("e", "Ada")),
            external("h", "u"),
            callback("u"),
            ends("h", "spotify", abort("connection_error")),
        ]);
        let stored = json!([{"domain": "spotify", "entry_id": "e", "unique_id": "111", "title": "Ada", "data": {}}]);
        let api = told(exchanges, stored).expect("a script")["api"].clone();
        let asked: Vec<(&Value, &Value)> =
            api.as_array().into_iter().flatten().map(|answer| (&answer["json"]["id"], &answer["status"])).collect();
        assert_eq!(asked[..2], [(&json!("111"), &json!(200)), (&json!("111"), &json!(200))]);
        assert_eq!(asked[2].1, 500);
    }

    #[test]
    fn one_of_the_same_name_is_the_same_person() {
        let exchanges = json!([
            external("f", "s"),
            callback("s"),
            ends("f", "spotify", created("gone", "Ada")),
            external("g", "t"),
            callback("t"),
            ends("g", "spotify", created("gone too", "Ada")),
        ]);
        let api = told(exchanges, json!([])).expect("a script")["api"].clone();
        assert_eq!(api[0]["json"]["id"], api[1]["json"]["id"]);
    }
}
