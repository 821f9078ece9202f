//! `config_entries/subentries/…`.

use serde_json::{Map, Value, json};

use super::fields::{Fields, needed};
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;

pub(super) async fn list(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let entry_id = fields.text("entry_id");
    fields.end()?;
    let entry_id = needed(entry_id)?;
    let entry = session.app.engine.store().entry(&entry_id).await?.ok_or_else(CommandError::no_entry)?;
    let subentries = entry.subentries.iter().map(|subentry| {
        json!({
            "subentry_id": subentry.subentry_id,
            "subentry_type": subentry.subentry_type,
            "title": subentry.title,
            "unique_id": subentry.unique_id,
        })
    });
    Ok(Answer::Result(subentries.collect()))
}

pub(super) async fn update(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let (entry_id, subentry_id) = (fields.text("entry_id"), fields.text("subentry_id"));
    let title = fields.text("title");
    fields.end()?;
    let (engine, entry_id) = (&session.app.engine, needed(entry_id)?);
    let entry = engine.store().entry(&entry_id).await?.ok_or_else(CommandError::no_entry)?;
    let subentry_id = needed(subentry_id)?;
    entry.subentry(&subentry_id).ok_or_else(CommandError::no_subentry)?;
    if let Some(title) = title {
        engine.rename_subentry(&entry_id, &subentry_id, title).await?;
    }
    Ok(Answer::Result(Value::Null))
}

pub(super) async fn delete(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let (entry_id, subentry_id) = (fields.text("entry_id"), fields.text("subentry_id"));
    fields.end()?;
    let (engine, entry_id) = (&session.app.engine, needed(entry_id)?);
    engine.store().entry(&entry_id).await?.ok_or_else(CommandError::no_entry)?;
    engine.remove_subentry(&entry_id, &needed(subentry_id)?).await?;
    Ok(Answer::Result(Value::Null))
}
