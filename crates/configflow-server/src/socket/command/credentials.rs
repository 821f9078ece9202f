//! `application_credentials/…`: client ids and secrets that the operator stores. No answer holds a secret.

use configflow_engine::{Implementation, UNNAMED};
use configflow_oauth::Secret;
use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;

fn shown(domain: &str, one: &Implementation) -> Value {
    let mut shown = json!({"id": one.id, "domain": domain, "client_id": one.client_id, "client_secret": "**secret**"});
    if let (Value::Object(shown), false) = (&mut shown, one.name == UNNAMED) {
        shown.insert("name".to_owned(), Value::String(one.name.clone()));
    }
    shown
}

pub(super) async fn config(session: &Session, body: &Map<String, Value>) -> Done {
    Fields::of(body).end()?;
    let domains = session.app.engine.credential_domains().await;
    let integrations: Map<String, Value> = domains.iter().map(|domain| (domain.clone(), json!({}))).collect();
    Ok(Answer::Result(json!({"domains": domains, "integrations": integrations})))
}

pub(super) async fn config_entry(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.text("config_entry_id");
    fields.end()?;
    let engine = &session.app.engine;
    if engine.store().entry(&entry_id).await?.is_none() {
        return Err(CommandError::new("invalid_config_entry_id", "Config entry not found"));
    }
    let used = engine.credentials_of(&entry_id).await?;
    Ok(Answer::Result(used.map_or_else(|| json!({}), |id| json!({"application_credentials_id": id}))))
}

pub(super) async fn create(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let domain = fields.text("domain");
    let client_id = fields.text("client_id");
    let client_secret = fields.text("client_secret");
    let auth_domain = fields.optional_text("auth_domain");
    let name = fields.optional_text("name");
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

pub(super) async fn delete(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let id = fields.text("application_credentials_id");
    fields.end()?;
    session.app.engine.delete_credentials(&id).await?;
    Ok(Answer::Result(Value::Null))
}
