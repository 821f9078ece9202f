//! Applies events to flows and runs what they ask for.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::definition::Show;
use configflow_core::signature::Repeat;
use configflow_core::{Effect, EffectOutcome, Event, Failure, Finish, FlowResult, Kind, Position, State, Transition, Work, step};
use futures_util::FutureExt;
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;
use tracing::Instrument;

use crate::builder::Inner;
use crate::detached::{at_once, detached};
use crate::error::FlowError;
use crate::flows::{Flow, Unsettled, Waiter};
use crate::notice::Notice;
use crate::observe::Observed;
use crate::operate::discovery_keys;
use crate::progress::is_listed;
use crate::store::{Commit, Entry, Subentry, Write};
use crate::view::entry_view;

impl Inner {
    /// Applies an event.
    pub(crate) async fn apply(self: &Arc<Self>, flow: &Arc<Flow>, event: Event) -> Result<(), FlowError> {
        if let Some(unsettled) = flow.take_unsettled() {
            self.settle_again(flow, unsettled).await?;
        }
        if let Some(effect) = self.advance(flow, event, None).await? {
            self.run(flow, effect);
        }
        Ok(())
    }

    /// Applies an event, and gives the first result that it leads to, at once or by an effect.
    pub(crate) async fn apply_and_wait(self: &Arc<Self>, flow: &Arc<Flow>, event: Event) -> Result<Arc<FlowResult>, FlowError> {
        let (waiter, shown) = oneshot::channel();
        match flow.take_unsettled() {
            // What was to be applied was meant for what is no longer shown.
            Some(unsettled) => {
                flow.wait(waiter);
                self.settle_again(flow, unsettled).await?;
            }
            None => {
                if let Some(effect) = self.advance(flow, event, Some(waiter)).await? {
                    self.run(flow, effect);
                }
            }
        }
        shown.await.unwrap_or(Err(FlowError::Closed))
    }

    /// The store failed when the last effect ended. Now it is asked again, before anything else happens.
    async fn settle_again(self: &Arc<Self>, flow: &Arc<Flow>, unsettled: Unsettled) -> Result<(), FlowError> {
        if let Some(effect) = self.settle_outcome(flow, unsettled).await? {
            self.run(flow, effect);
        }
        Ok(())
    }

    /// Applies an event whether or not whoever sent it still waits: a client that hangs up while the store writes must not
    /// leave the flow behind what is stored.
    pub(crate) async fn apply_detached(self: &Arc<Self>, flow: Arc<Flow>, event: Event) -> Result<(), FlowError> {
        let (inner, span) = (Arc::clone(self), flow.span());
        detached(span, async move { inner.apply(&flow, event).await }).await
    }

    /// Gives a flow up, where that can still be done.
    pub(crate) async fn give_up(&self, flow: &Flow) {
        if let Err(error) = self.advance(flow, Event::Cancelled, None).await {
            tracing::debug!(flow_id = %flow.id, code = error.code(), "the flow cannot be given up");
        }
    }

    /// Applies an event, and gives back the effect that is to run now.
    pub(crate) async fn advance(&self, flow: &Flow, event: Event, waiter: Option<Waiter>) -> Result<Option<Effect>, FlowError> {
        let state = flow.state();
        let span = tracing::info_span!("step", flow_id = %flow.id, step = state.step(), event = event.name());
        self.advance_inside(flow, event, waiter).instrument(span).await
    }

    async fn advance_inside(&self, flow: &Flow, event: Event, waiter: Option<Waiter>) -> Result<Option<Effect>, FlowError> {
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
        let state = Arc::new(state);
        // A flow that is being written is not kept as such: the store writes it and forgets the flow in one transaction, so
        // after a crash it either is over, or stands where it was last kept.
        if !over && !matches!(state.position(), Position::Finishing { .. }) {
            self.store.save_flow(&flow.kept(Arc::clone(&state))).await?;
        }
        if over && !is_committed(before, event) {
            self.store.remove_flow(&flow.id).await?;
        }
        if let Some(observer) = &self.observer {
            observer.transition(&Observed {
                domain: &flow.definition.domain,
                before,
                event,
                action,
                after: &state,
                show: show.as_ref(),
            });
        }
        if effects.cancel.is_some() {
            flow.cancel();
        }
        flow.set_state(state);
        if over {
            self.forget(flow);
        }
        let notified = match (&show, event) {
            (Some(FlowResult::ProgressDone(_) | FlowResult::Progress(_)), Some(Event::EffectDone { .. })) => true,
            // Whoever shows the page elsewhere may not be who came back from it.
            (Some(FlowResult::ExternalDone(_)), Some(Event::Answered { .. })) => true,
            _ => false,
        };
        if show.is_some() && !over && flow.shows_first() {
            self.notify(Notice::FlowAdded { flow_id: flow.id.clone(), listed: is_listed(&flow.state()) });
        }
        match (show, waiter) {
            // What an event shows by itself is the answer to its own request, and to no other.
            (Some(show), Some(waiter)) => _ = waiter.send(Ok(Arc::new(show))),
            (Some(show), None) => flow.publish(show),
            (None, Some(waiter)) => flow.wait(waiter),
            (None, None) => {}
        }
        if over {
            flow.close();
        }
        if notified {
            self.progressed(flow);
        }
        Ok(effects.run)
    }

    fn forget(&self, flow: &Flow) {
        self.flows.remove(flow);
        self.link.forget(&flow.id);
        if flow.has_shown() {
            self.notify(Notice::FlowRemoved { flow_id: flow.id.clone(), listed: is_listed(&flow.state()) });
        }
    }

    /// Tells listeners to ask again.
    pub(crate) fn progressed(&self, flow: &Flow) {
        let handler = flow.state().handler().to_string();
        self.notify(Notice::FlowProgressed { flow_id: flow.id.clone(), handler });
    }

    /// Runs an effect, and whatever its result leads to. What cannot end at once goes on in a task of the engine, which outlives
    /// the request that caused it.
    pub(crate) fn run(self: &Arc<Self>, flow: &Arc<Flow>, effect: Effect) {
        let (inner, flow_of_task) = (Arc::clone(self), Arc::clone(flow));
        let work = async move {
            let mut next = Some(effect);
            while let Some(effect) = next {
                next = inner.run_one(&flow_of_task, effect).await;
            }
        };
        let mut work = Box::pin(work.instrument(flow.span()));
        if at_once(work.as_mut()) {
            return;
        }
        let handle = tokio::spawn(work).abort_handle();
        flow.running(handle.clone());
        if flow.state().is_over() {
            // It was given up before it could be cancelled.
            handle.abort();
        }
    }

    /// Runs one effect to its end, and gives back the one that follows from its result.
    async fn run_one(self: &Arc<Self>, flow: &Arc<Flow>, effect: Effect) -> Option<Effect> {
        let id = effect.id;
        let name = match &effect.work {
            Work::Action { action, .. } => action.to_string(),
            Work::Finish(_) => "finish".to_owned(),
        };
        let span = tracing::info_span!("effect", flow_id = %flow.id, effect = id.0, action = %name);
        let once = effect.repeat() == Repeat::Once && matches!(effect.work, Work::Action { .. });
        let links = name.starts_with("link.");
        let began = if once { self.store.begin_once(&flow.id, id).await } else { Ok(()) };
        let outcome = match began {
            // An action that panics is a failure of the flow and not its end.
            Ok(()) => {
                let work = AssertUnwindSafe(self.perform(flow, effect)).catch_unwind();
                match tokio::time::timeout(self.time_limit(flow), work).instrument(span).await {
                    Ok(Ok(outcome)) => outcome,
                    Ok(Err(_)) => EffectOutcome::failed(Failure::code("internal_error")),
                    Err(_) => EffectOutcome::failed(Failure::code("timeout")),
                }
            }
            Err(error) => error.into(),
        };
        let unsettled = Unsettled { effect: id, outcome, once, links };
        match self.settle_outcome(flow, unsettled).await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(flow_id = %flow.id, code = error.code(), "the result of an effect was refused");
                None
            }
        }
    }

    /// Keeps what an effect came to, then applies it. What the store could not keep is remembered, to be tried again.
    pub(crate) async fn settle_outcome(&self, flow: &Flow, ended: Unsettled) -> Result<Option<Effect>, FlowError> {
        let settled = async {
            if ended.once {
                let _keeping = flow.keeping.lock().await;
                let link = if ended.links { self.link.record(&flow.id) } else { None };
                self.store.end_once(&flow.id, ended.effect, &ended.outcome, link).await?;
            } else if ended.links {
                self.keep_link(flow).await?;
            }
            self.advance(flow, Event::EffectDone { id: ended.effect, outcome: ended.outcome.clone() }, None).await
        };
        match settled.await {
            Ok(next) => Ok(next),
            Err(error) => {
                if matches!(error, FlowError::Store(_)) {
                    flow.unsettled(ended, error.clone());
                }
                Err(error)
            }
        }
    }

    /// Keeps what a flow did towards linking.
    pub(crate) async fn keep_link(&self, flow: &Flow) -> Result<(), FlowError> {
        let _keeping = flow.keeping.lock().await;
        match self.link.record(&flow.id) {
            Some(link) => Ok(self.store.save_link(&flow.id, link).await?),
            None => Ok(()),
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
                    more: discovery_keys(state.context().discovery_key.as_ref()),
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
                let subentry = Subentry { subentry_id: self.ulid()?, subentry_type, title, data, unique_id, more: Map::new() };
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
        let entry = Arc::new(committed.entry);
        if created {
            self.end_others(flow, &entry).await;
            self.notify(Notice::EntryAdded { entry: Arc::clone(&entry) });
        } else {
            use configflow_core::definition::Reload;
            let reload = match reload {
                Some(Reload::Always) => true,
                Some(Reload::IfChanged) => committed.changed,
                Some(Reload::Never) | None => false,
            };
            self.notify(Notice::EntryUpdated { entry: Arc::clone(&entry), reload });
        }
        let mut result = json!({"entry": entry_view(&entry, Some(flow.definition.outline()))});
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
            more: Map::new(),
        })
    }
}

/// Whether the store wrote what the flow ends with, and forgot the flow with it.
fn is_committed(before: Option<&State>, event: Option<&Event>) -> bool {
    let finishing = before.is_some_and(|before| matches!(before.position(), Position::Finishing { .. }));
    finishing && matches!(event, Some(Event::EffectDone { outcome: EffectOutcome::Done { .. }, .. }))
}

/// The action whose effect a flow waits for.
pub(crate) fn running_action(flow: &Flow) -> Option<String> {
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
