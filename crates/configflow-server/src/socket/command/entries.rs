//! `config_entries/…`: entries.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Answer, CommandError, Done};
use crate::routes::{view, views};
use crate::socket::session::Session;
use crate::socket::subscription::Subscription;

pub(super) async fn get(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let types = fields.optional_texts("type_filter");
    let domain = fields.optional_text("domain");
    fields.end()?;
    Ok(Answer::Result(Value::Array(views(&session.app.engine, domain.as_deref(), types.as_deref()).await?)))
}

pub(super) async fn get_single(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.text("entry_id");
    fields.end()?;
    let engine = &session.app.engine;
    let entry = engine.store().entry(&entry_id).await?.ok_or_else(CommandError::no_entry)?;
    Ok(Answer::Result(json!({"config_entry": view(engine, &entry).await})))
}

pub(super) async fn update(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.text("entry_id");
    let title = fields.optional_text("title");
    let mut preferences = Map::new();
    for name in ["pref_disable_new_entities", "pref_disable_polling"] {
        if let Some(value) = fields.optional_boolean(name) {
            preferences.insert(name.to_owned(), Value::Bool(value));
        }
    }
    fields.end()?;
    let engine = &session.app.engine;
    let entry = engine.update_entry(&entry_id, title, preferences).await?;
    Ok(Answer::Result(json!({"config_entry": view(engine, &entry).await, "require_restart": false})))
}

pub(super) async fn disable(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.text("entry_id");
    let by = fields.one_of_or_null("disabled_by", &["user"]);
    fields.end()?;
    session.app.engine.disable_entry(&entry_id, by).await?;
    Ok(Answer::Result(json!({"require_restart": false})))
}

pub(super) async fn subscribe(session: &mut Session, id: u64, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let types = fields.optional_texts("type_filter");
    fields.end()?;
    let entries = views(&session.app.engine, None, types.as_deref()).await?;
    session.subscriptions.add(id, Subscription::Entries(types))?;
    Ok(Answer::ThenEvent(entries.into_iter().map(|entry| json!({"type": null, "entry": entry})).collect()))
}
