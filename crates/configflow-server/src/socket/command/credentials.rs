//! `application_credentials/…`: client ids and secrets that the operator stores. No answer holds a secret.

use configflow_engine::Implementation;
use configflow_oauth::Secret;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;

fn shown(domain: &str, one: &Implementation) -> Value {
    let mut shown = json!({"id": one.id, "domain": domain, "client_id": one.client_id, "client_secret": "**secret**"});
    if let (Value::Object(shown), false) = (&mut shown, one.name.is_empty()) {
        shown.insert("name".to_owned(), Value::String(one.name.clone()));
    }
    shown
}

pub(super) async fn config(session: &Session, body: &Map<String, Value>) -> Done {
    Fields::none(body)?;
    let domains = session.app.engine.credential_domains().await;
    let integrations: Map<String, Value> = domains.iter().map(|domain| (domain.clone(), json!({}))).collect();
    Ok(Answer::Result(json!({"domains": domains, "integrations": integrations})))
}

pub(super) async fn config_entry(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.required_text("config_entry_id");
    fields.end()?;
    let engine = &session.app.engine;
    if engine.store().entry(&entry_id).await?.is_none() {
        return Err(CommandError::new("invalid_config_entry_id", format!("Config entry not found: {entry_id}")));
    }
    let used = engine.credentials_of(&entry_id).await?;
    Ok(Answer::Result(used.map_or_else(|| json!({}), |id| json!({"application_credentials_id": id}))))
}

pub(super) async fn create(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let domain = fields.required_string("domain");
    let client_id = fields.required_string("client_id");
    let client_secret = fields.required_string("client_secret");
    let auth_domain = fields.string("auth_domain");
    let name = fields.string("name");
    fields.end()?;
    if auth_domain.is_some_and(|auth_domain| auth_domain != domain) {
        return Err(CommandError::new("not_supported", "Credentials of another domain are not kept here."));
    }
    let (client_id, client_secret) = (client_id.trim().to_owned(), Secret::new(client_secret.trim()));
    let made = session.app.engine.create_credentials(&domain, &client_id, client_secret, name.as_deref()).await?;
    Ok(Answer::Result(shown(&domain, &made)))
}

pub(super) fn list(session: &Session, body: &Map<String, Value>) -> Done {
    Fields::of(body).end()?;
    Ok(Answer::Result(session.app.engine.credentials().iter().map(|(domain, one)| shown(domain, one)).collect()))
}

/// Nothing of a client can be changed: whoever wants another one makes it.
pub(super) fn update(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let id = fields.required_text("application_credentials_id");
    fields.end()?;
    if session.app.engine.credentials().iter().any(|(_, one)| one.id == id) {
        return Err(CommandError::new("invalid_format", "Updates not supported"));
    }
    Err(CommandError::new("not_found", format!("Unable to find application_credentials_id {id}")))
}

pub(super) async fn delete(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let id = fields.required_text("application_credentials_id");
    fields.end()?;
    session.app.engine.delete_credentials(&id).await?;
    Ok(Answer::Result(Value::Null))
}
