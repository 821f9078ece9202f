//! What a client wants to be told.

use std::collections::BTreeMap;

use configflow_engine::{Engine, Notice};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::routes::{is_of, view};

/// A kind of notice that a client wants.
pub(super) enum Subscription {
    /// Events by their type; all of them where it says none.
    Events(Option<String>),
    /// Flows that no person began.
    Flows,
    /// Entries of these types of integration.
    Entries(Option<Vec<String>>),
}

/// As many subscriptions as may be are there.
pub(super) struct Full;

/// The subscriptions of one client, by the id of the command that began them.
pub(super) struct Subscriptions {
    by_id: BTreeMap<u64, Subscription>,
    limit: usize,
}

impl Subscriptions {
    pub(super) fn new(limit: usize) -> Self {
        Self { by_id: BTreeMap::new(), limit }
    }

    pub(super) fn add(&mut self, id: u64, subscription: Subscription) -> Result<(), Full> {
        if self.by_id.len() >= self.limit {
            return Err(Full);
        }
        self.by_id.insert(id, subscription);
        Ok(())
    }

    /// Ends a subscription; says whether it was there.
    pub(super) fn remove(&mut self, id: u64) -> bool {
        self.by_id.remove(&id).is_some()
    }

    /// The messages that a notice becomes.
    pub(super) async fn messages(&self, engine: &Engine, notice: &Notice) -> Vec<Value> {
        let mut messages = Vec::new();
        for (id, subscription) in &self.by_id {
            messages.extend(subscription.message(engine, notice, *id).await);
        }
        messages
    }
}

impl Subscription {
    async fn message(&self, engine: &Engine, notice: &Notice, id: u64) -> Option<Value> {
        match self {
            Self::Events(wanted) => {
                let (event_type, data) = event(notice)?;
                if wanted.as_deref().is_some_and(|wanted| wanted != event_type) {
                    return None;
                }
                let event = json!({
                    "event_type": event_type,
                    "data": data,
                    "origin": "LOCAL",
                    "time_fired": now(),
                    "context": {"id": ulid::Ulid::new().to_string(), "parent_id": null, "user_id": null},
                });
                Some(json!({"id": id, "type": "event", "event": event}))
            }
            Self::Flows => {
                let change = match notice {
                    Notice::FlowAdded { flow_id, listed: true } => {
                        json!({"type": "added", "flow_id": flow_id, "flow": engine.flow(flow_id)?.view()})
                    }
                    Notice::FlowRemoved { flow_id, listed: true } => json!({"type": "removed", "flow_id": flow_id}),
                    _ => return None,
                };
                Some(json!({"id": id, "type": "event", "event": [change]}))
            }
            Self::Entries(types) => {
                let (change, entry) = match notice {
                    Notice::EntryAdded { entry } => ("added", entry),
                    Notice::EntryUpdated { entry, .. } => ("updated", entry),
                    Notice::EntryRemoved { entry } => ("removed", entry),
                    _ => return None,
                };
                if !is_of(engine, entry, types.as_deref()).await {
                    return None;
                }
                let entry = view(engine, entry).await;
                Some(json!({"id": id, "type": "event", "event": [{"type": change, "entry": entry}]}))
            }
        }
    }
}

/// The event that a notice is for clients.
fn event(notice: &Notice) -> Option<(&'static str, Value)> {
    let handler = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    match notice {
        Notice::FlowProgressed { flow_id, handler: text } => {
            Some(("data_entry_flow_progressed", json!({"handler": handler(text), "flow_id": flow_id, "refresh": true})))
        }
        Notice::FlowProgress { flow_id, handler: text, thousandths } => {
            let progress = f64::from(*thousandths) / 1000.0;
            let data = json!({"handler": handler(text), "flow_id": flow_id, "progress": progress});
            Some(("data_entry_flow_progress_update", data))
        }
        Notice::ReauthNeeded { entry, code } => {
            Some(("configflow_reauth_needed", json!({"entry_id": entry.entry_id, "domain": entry.domain, "code": code})))
        }
        Notice::SecretExpires { entry, at } => {
            let at = at.format(&time::format_description::well_known::Rfc3339).unwrap_or_default();
            Some(("configflow_secret_expires", json!({"entry_id": entry.entry_id, "domain": entry.domain, "at": at})))
        }
        Notice::NotRevoked { domain, code } => Some(("configflow_not_revoked", json!({"domain": domain, "code": code}))),
        _ => None,
    }
}

fn now() -> String {
    OffsetDateTime::now_utc().format(&time::format_description::well_known::Rfc3339).unwrap_or_default()
}
