//! `config_entries/flow/…` and `config_entries/ignore_flow`: flows in progress.

use serde_json::{Map, Value, json};

use super::fields::Fields;
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;
use crate::socket::subscription::Subscription;

pub(super) fn progress(session: &Session, body: &Map<String, Value>) -> Done {
    Fields::of(body).end()?;
    let flows = session.app.engine.listed();
    Ok(Answer::Result(flows.iter().map(|flow| flow.view()).collect()))
}

pub(super) fn subscribe(session: &mut Session, id: u64, body: &Map<String, Value>) -> Done {
    Fields::of(body).end()?;
    session.subscriptions.add(id, Subscription::Flows)?;
    let flows = session.app.engine.listed();
    Ok(Answer::AfterEvent(flows.iter().map(|flow| json!({"type": null, "flow_id": flow.flow_id, "flow": flow.view()})).collect()))
}

pub(super) async fn ignore(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let flow_id = fields.text("flow_id");
    let title = fields.optional_text("title");
    fields.end()?;
    let engine = &session.app.engine;
    let flow = engine.flow(&flow_id).ok_or_else(CommandError::no_entry)?;
    // Recorded: the title is asked for last, and without a text of its own.
    let title = match (title, &flow.context.unique_id) {
        (Some(title), _) => title,
        (None, Some(_)) => return Err(CommandError::new("unknown_error", "Unknown error")),
        (None, None) => return Err(configflow_engine::FlowError::NoUniqueId.into()),
    };
    engine.ignore_flow(&flow_id, title).await?;
    Ok(Answer::Result(Value::Null))
}
