//! `config_entries/flow/…` and `config_entries/ignore_flow`: flows in progress.

use serde_json::{Map, Value, json};

use super::fields::{Fields, needed};
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;
use crate::socket::subscription::Subscription;

pub(super) fn progress(session: &Session, body: &Map<String, Value>) -> Done {
    Fields::none(body)?;
    let flows = session.app.engine.listed();
    Ok(Answer::Result(flows.iter().map(|flow| flow.view()).collect()))
}

pub(super) fn subscribe(session: &mut Session, id: u64, body: &Map<String, Value>) -> Done {
    Fields::none(body)?;
    session.subscriptions.add(id, Subscription::Flows)?;
    let flows = session.app.engine.listed();
    Ok(Answer::AfterEvent(flows.iter().map(|flow| json!({"type": null, "flow_id": flow.flow_id, "flow": flow.view()})).collect()))
}

pub(super) async fn ignore(session: &Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let flow_id = fields.text("flow_id");
    let title = fields.text("title");
    fields.end()?;
    let engine = &session.app.engine;
    // Recorded: what is missing is noticed where it is looked at, and then without a text of its own.
    if engine.in_progress().is_empty() {
        return Err(CommandError::no_entry());
    }
    let flow_id = needed(flow_id)?;
    let flow = engine.flow(&flow_id).ok_or_else(CommandError::no_entry)?;
    if flow.context.unique_id.is_none() {
        return Err(configflow_engine::FlowError::NoUniqueId.into());
    }
    engine.ignore_flow(&flow_id, needed(title)?).await?;
    Ok(Answer::Result(Value::Null))
}
