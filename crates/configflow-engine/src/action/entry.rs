//! `entry.unique` and `entry.list`.

use std::sync::Arc;

use configflow_core::{Change, EffectOutcome, Kind};
use serde_json::{Map, Value, json};

use super::text;
use crate::builder::Inner;
use crate::flows::Flow;
use crate::notice::Notice;
use crate::store::{Commit, Entry, StoreError, Write};

impl Inner {
    /// Sets the unique id of the entry to be. Ends the flow where another entry, or another flow, has it.
    pub(super) async fn entry_unique(self: &Arc<Self>, flow: &Flow, parameters: &Map<String, Value>) -> EffectOutcome {
        match self.check_unique(flow, parameters).await {
            Ok(outcome) => outcome,
            Err(error) => error.into(),
        }
    }

    async fn check_unique(self: &Arc<Self>, flow: &Flow, parameters: &Map<String, Value>) -> Result<EffectOutcome, StoreError> {
        let state = flow.state();
        let (context, domain) = (state.context(), flow.definition.domain.as_str());
        let id = match parameters.get("id") {
            Some(Value::String(id)) => Some(id.clone()),
            Some(Value::Number(id)) => Some(id.to_string()),
            _ => None,
        };
        let changes_entry = matches!(context.source.as_str(), "reauth" | "reconfigure") && *state.kind() == Kind::Config;
        if changes_entry && let Some(id) = &id {
            // On the way of an entry that exists, another entry's id is another device or account.
            if context.unique_id.as_ref() != Some(id) {
                if let Some(token) = self.link.linked(&flow.id) {
                    self.reject(flow, token).await;
                }
                return Ok(abort(parameters.get("other"), "unique_id_mismatch"));
            }
            return Ok(EffectOutcome::done(json!({"unique_id": id})));
        }
        if let Some(id) = &id {
            if let Some(before) = &context.unique_id
                && before != id
            {
                self.flows.release(domain, before, &flow.id);
            }
            let others = self.flows.claim(domain, id, &flow.id);
            let may_share = text(parameters, "in_progress") == Some("allow") || context.source == "reauth";
            if others && !may_share {
                self.flows.release(domain, id, &flow.id);
                return Ok(EffectOutcome::Abort { reason: "already_in_progress".to_owned(), placeholders: None });
            }
        }
        let taken = match (&id, parameters.get("match")) {
            (Some(id), _) => self.store.entry_by_unique_id(domain, id).await?,
            (None, Some(Value::Object(wanted))) => {
                let entries = self.store.entries(Some(domain)).await?;
                let others = entries.into_iter().filter(|entry| context.entry_id.as_ref() != Some(&entry.entry_id));
                others.filter(|entry| entry.source != "ignore").find(|entry| has_all(entry, wanted))
            }
            _ => None,
        };
        let taken = taken.filter(|entry| entry.source != "ignore" || context.source != "user");
        if let Some(entry) = taken.filter(|entry| context.entry_id.as_ref() != Some(&entry.entry_id)) {
            if let Some(id) = &id {
                self.flows.release(domain, id, &flow.id);
            }
            self.update_configured(flow, &entry, parameters.get("configured")).await?;
            return Ok(abort(parameters.get("configured"), "already_configured"));
        }
        Ok(EffectOutcome::done(id.map_or_else(|| json!({}), |id| json!({"unique_id": id}))))
    }

    /// `configured: {update: …}`: an entry that is found again may have moved.
    async fn update_configured(&self, flow: &Flow, entry: &Entry, configured: Option<&Value>) -> Result<(), StoreError> {
        let Some(Value::Object(update)) = configured.and_then(|configured| configured.get("update")) else { return Ok(()) };
        let change = Change { data_updates: Some(update.clone()), ..Change::default() };
        let write = Write::Update { entry_id: entry.entry_id.clone(), change };
        let commit = Commit { flow_id: flow.id.clone(), now: self.clock.now(), write, token: None };
        let committed = self.store.commit(commit).await?;
        if committed.changed {
            let wants = configured.and_then(|configured| configured.get("reload")).and_then(Value::as_bool).unwrap_or(true);
            self.notify(Notice::EntryUpdated { entry: Arc::new(committed.entry), reload: wants });
        }
        Ok(())
    }

    /// The other entries, without their secrets.
    pub(super) async fn entry_list(&self, flow: &Flow, parameters: &Map<String, Value>) -> EffectOutcome {
        let domain = text(parameters, "domain").unwrap_or(&flow.definition.domain);
        let own = flow.state().context().entry_id.clone();
        match self.store.entries(Some(domain)).await {
            Ok(entries) => {
                let secret = |name: &str| flow.definition.fields.get(name).is_none_or(|field| field.secret);
                let shown = entries.iter().filter(|entry| Some(&entry.entry_id) != own.as_ref()).map(|entry| {
                    let data: Map<String, Value> = entry
                        .data
                        .iter()
                        .filter(|(name, _)| !secret(name))
                        .map(|(name, value)| (name.clone(), value.clone()))
                        .collect();
                    json!({
                        "entry_id": entry.entry_id,
                        "title": entry.title,
                        "unique_id": entry.unique_id,
                        "source": entry.source,
                        "data": data,
                        "options": entry.options,
                    })
                });
                EffectOutcome::done(shown.collect())
            }
            Err(error) => error.into(),
        }
    }
}

/// Whether an entry has each of these values, in its options or in its data.
fn has_all(entry: &Entry, wanted: &Map<String, Value>) -> bool {
    wanted.iter().all(|(key, value)| entry.options.get(key) == Some(value) || entry.data.get(key) == Some(value))
}

/// The end that the definition gives for a case, or the usual one.
fn abort(case: Option<&Value>, usual: &str) -> EffectOutcome {
    let given = |key: &str| case.and_then(|case| case.get(key));
    EffectOutcome::Abort {
        reason: given("abort").and_then(Value::as_str).unwrap_or(usual).to_owned(),
        placeholders: given("placeholders").and_then(Value::as_object).cloned(),
    }
}
