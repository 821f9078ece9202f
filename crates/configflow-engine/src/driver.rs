//! Applies events to flows and runs what they ask for.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::definition::Show;
use configflow_core::{Effect, EffectOutcome, Event, Failure, Finish, FlowResult, Kind, Position, Transition, Work, step};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tracing::Instrument;

use crate::builder::Inner;
use crate::error::FlowError;
use crate::flows::{Flow, Waiter};
use crate::notice::Notice;
use crate::observe::Observed;
use crate::store::{Commit, Entry, Subentry, Write};
use crate::view::entry_view;

impl Inner {
    /// Applies an event.
    pub(crate) async fn apply(self: &Arc<Self>, flow: &Arc<Flow>, event: Event) -> Result<(), FlowError> {
        if let Some(effect) = self.advance(flow, event, None).await? {
            self.run(flow, effect);
        }
        Ok(())
    }

    /// Applies an event, and gives the first result that it leads to, at once or by an effect.
    pub(crate) async fn apply_and_wait(self: &Arc<Self>, flow: &Arc<Flow>, event: Event) -> Result<Arc<FlowResult>, FlowError> {
        let (waiter, shown) = oneshot::channel();
        if let Some(effect) = self.advance(flow, event, Some(waiter)).await? {
            self.run(flow, effect);
        }
        shown.await.map_err(|_| FlowError::Closed)
    }

    /// Applies an event, and gives back the effect that is to run now.
    pub(crate) async fn advance(&self, flow: &Flow, event: Event, waiter: Option<Waiter>) -> Result<Option<Effect>, FlowError> {
        let _turn = flow.turn.lock().await;
        let before = flow.state();
        if before.is_over() {
            return Err(FlowError::UnknownFlow);
        }
        let action = running_action(flow);
        let transition = step(&flow.definition, &before, event.clone())?;
        self.settle(flow, Some(&before), Some(&event), action.as_deref(), transition, waiter).await
    }

    /// Keeps where a flow stands now, shows what is to be shown, and gives back what is to be done.
    pub(crate) async fn settle(
        &self,
        flow: &Flow,
        before: Option<&configflow_core::State>,
        event: Option<&Event>,
        action: Option<&str>,
        transition: Transition,
        waiter: Option<Waiter>,
    ) -> Result<Option<Effect>, FlowError> {
        let Transition { state, show, effects, fault } = transition;
        if let Some(fault) = fault {
            tracing::error!(flow_id = %flow.id, domain = %flow.definition.domain, "{fault}");
        }
        let over = state.is_over();
        if !over {
            self.store.save_flow(&state).await?;
        }
        if let Some(observer) = &self.observer {
            observer.transition(&Observed { before, event, action, after: &state, show: show.as_ref() });
        }
        if effects.cancel.is_some() {
            flow.cancel();
        }
        flow.set_state(state);
        if over {
            self.forget(flow).await?;
        }
        let notified = matches!(show, Some(FlowResult::ProgressDone(_) | FlowResult::Progress(_)));
        match (show, waiter) {
            // What an event shows by itself is the answer to its own request, and to no other.
            (Some(show), Some(waiter)) => _ = waiter.send(Arc::new(show)),
            (Some(show), None) => flow.publish(show),
            (None, Some(waiter)) => flow.wait(waiter),
            (None, None) => {}
        }
        if over {
            flow.close();
        }
        if notified && event.is_some_and(|event| matches!(event, Event::EffectDone { .. })) {
            self.progressed(flow);
        }
        Ok(effects.run)
    }

    async fn forget(&self, flow: &Flow) -> Result<(), FlowError> {
        self.flows.remove(flow);
        self.link.forget(&flow.id);
        self.store.remove_flow(&flow.id).await?;
        self.notify(Notice::FlowRemoved { flow_id: flow.id.clone() });
        Ok(())
    }

    /// Tells listeners to ask again.
    pub(crate) fn progressed(&self, flow: &Flow) {
        let handler = flow.state().handler().to_string();
        self.notify(Notice::FlowProgressed { flow_id: flow.id.clone(), handler });
    }

    /// Runs an effect, and whatever its result leads to, in one task of the engine, which outlives the request that caused it.
    pub(crate) fn run(self: &Arc<Self>, flow: &Arc<Flow>, effect: Effect) {
        let (inner, flow_of_task) = (Arc::clone(self), Arc::clone(flow));
        let handle = tokio::spawn(async move {
            let mut next = Some(effect);
            while let Some(effect) = next {
                next = inner.run_one(&flow_of_task, effect).await;
            }
        });
        flow.running(handle.abort_handle());
    }

    /// Runs one effect to its end, and gives back the one that follows from its result.
    async fn run_one(self: &Arc<Self>, flow: &Arc<Flow>, effect: Effect) -> Option<Effect> {
        let id = effect.id;
        let name = match &effect.work {
            Work::Action { action, .. } => action.to_string(),
            Work::Finish(_) => "finish".to_owned(),
        };
        let span = tracing::info_span!("effect", flow_id = %flow.id, effect = id.0, action = %name);
        // An action that panics is a failure of the flow and not its end.
        let work = AssertUnwindSafe(self.perform(flow, effect)).catch_unwind();
        let outcome = match tokio::time::timeout(self.time_limit(flow), work).instrument(span).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => EffectOutcome::failed(Failure::code("internal_error")),
            Err(_) => EffectOutcome::failed(Failure::code("timeout")),
        };
        match self.advance(flow, Event::EffectDone { id, outcome }, None).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(flow_id = %flow.id, code = error.code(), "the result of an effect was refused");
                None
            }
        }
    }

    fn time_limit(&self, flow: &Flow) -> Duration {
        let state = flow.state();
        let dialog = flow.definition.dialog(state.kind());
        let step = state.step().and_then(|name| dialog?.step(name));
        match step.map(|step| &step.show) {
            Some(Show::Progress(_)) => self.limits.progress,
            _ => self.limits.action,
        }
    }

    async fn perform(self: &Arc<Self>, flow: &Flow, effect: Effect) -> EffectOutcome {
        match effect.work {
            Work::Action { action, parameters, account, .. } => {
                self.act(flow, &action, parameters, account.map(|account| *account)).await
            }
            Work::Finish(finish) => self.write(flow, *finish).await,
        }
    }

    /// Writes what a flow ends with, in one transaction.
    async fn write(self: &Arc<Self>, flow: &Flow, finish: Finish) -> EffectOutcome {
        match self.commit(flow, finish).await {
            Ok(result) => EffectOutcome::done(result),
            Err(FlowError::Store(error)) => error.into(),
            Err(error) => EffectOutcome::failed(Failure::code(error.code())),
        }
    }

    async fn commit(self: &Arc<Self>, flow: &Flow, finish: Finish) -> Result<Value, FlowError> {
        let state = flow.state();
        let now = self.clock.now();
        let own_entry = || state.context().entry_id.clone().unwrap_or_default();
        let (mut created, mut reload, mut next) = (false, None, None);
        let write = match finish {
            Finish::CreateEntry { title, version, minor_version, data, options, subentries, next_flow } => {
                created = true;
                next = next_flow;
                Write::Create(Box::new(Entry {
                    entry_id: self.ulid()?,
                    domain: flow.definition.domain.clone(),
                    title,
                    data,
                    options,
                    unique_id: state.context().unique_id.clone(),
                    source: state.context().source.clone(),
                    version,
                    minor_version,
                    subentries: subentries.iter().map(|subentry| self.subentry(subentry)).collect::<Result<_, _>>()?,
                    account_key: None,
                    disabled_by: None,
                    created_at: now,
                    modified_at: now,
                }))
            }
            Finish::SetOptions { options, reload: how } => {
                reload = Some(how);
                Write::SetOptions { entry_id: own_entry(), options }
            }
            Finish::CreateSubentry { title, data, unique_id } => {
                let subentry_type = match state.kind() {
                    Kind::Subentry { subentry_type } => subentry_type.clone(),
                    _ => String::new(),
                };
                let subentry = Subentry { subentry_id: self.ulid()?, subentry_type, title, data, unique_id };
                Write::CreateSubentry { entry_id: own_entry(), subentry }
            }
            Finish::UpdateEntry { entry, change, reload: how } => {
                reload = Some(how);
                Write::Update { entry_id: entry.unwrap_or_else(own_entry), change }
            }
            Finish::UpdateSubentry { change } => {
                let subentry_id = state.context().subentry_id.clone().unwrap_or_default();
                Write::UpdateSubentry { entry_id: own_entry(), subentry_id, change }
            }
        };
        let token = self.link.linked(&flow.id);
        let commit = Commit { flow_id: flow.id.clone(), now, write, token };
        let committed = self.store.commit(commit).await?;
        let entry_id = committed.entry.entry_id.clone();
        if created {
            self.end_others(flow, &committed.entry).await;
            self.notify(Notice::EntryAdded { entry_id });
        } else {
            use configflow_core::definition::Reload;
            let reload = match reload {
                Some(Reload::Always) => true,
                Some(Reload::IfChanged) => committed.changed,
                Some(Reload::Never) | None => false,
            };
            self.notify(Notice::EntryUpdated { entry_id, reload });
        }
        let mut result = json!({"entry": entry_view(&committed.entry, Some(&flow.definition))});
        if let Some(next) = next {
            result["next_flow"] = self.start_next(flow, &next).await;
        }
        Ok(result)
    }

    fn subentry(&self, written: &Value) -> Result<Subentry, FlowError> {
        let text = |key: &str| written.get(key).and_then(Value::as_str).map(str::to_owned);
        Ok(Subentry {
            subentry_id: self.ulid()?,
            subentry_type: text("subentry_type").unwrap_or_default(),
            title: text("title").unwrap_or_default(),
            data: written.get("data").and_then(Value::as_object).cloned().unwrap_or_else(Map::new),
            unique_id: text("unique_id"),
        })
    }
}

/// The action whose effect a flow waits for.
fn running_action(flow: &Flow) -> Option<String> {
    let state = flow.state();
    match state.position() {
        Position::Running { step, op, .. } => {
            let dialog = flow.definition.dialog(state.kind())?;
            dialog.step(step)?.action_at(*op).map(str::to_owned)
        }
        Position::Finishing { .. } => Some("finish".to_owned()),
        _ => None,
    }
}
