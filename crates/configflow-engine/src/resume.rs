//! Goes on after a restart with the flows that the store kept.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use configflow_core::{Abort, Definition, EffectOutcome, Failure, FlowResult, adopt, rerun};
use futures_util::future::join_all;

use crate::builder::{Engine, Inner};
use crate::driver::running_action;
use crate::error::FlowError;
use crate::flows::{Flow, Unsettled};
use crate::limits::Limits;
use crate::progress::is_listed;
use crate::store::{KeptFlow, Once, StoreError, StoredFlow};

/// What became of the flows that the store kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumed {
    /// How many go on.
    pub flows: usize,
    /// How many cannot go on since their definition changed; whoever asks for one sees that it ended.
    pub changed: usize,
    /// The ids of flows that cannot be read. They are left in the store as they are.
    pub unreadable: Vec<String>,
}

impl Engine {
    /// Goes on with every flow that the store kept, each at the step where it stood. To be called once, after the definitions
    /// and before anybody drives flows, within a runtime: effects that ran when the process ended run again, apart from those
    /// that may run only once, which fail with `interrupted`.
    ///
    /// # Errors
    /// Where the store cannot be read at all.
    pub async fn resume(&self) -> Result<Resumed, StoreError> {
        self.restore_credentials().await?;
        let inner = &self.inner;
        let kept = inner.store.flows().await?;
        let mut resumed = Resumed { unreadable: kept.unreadable, ..Resumed::default() };
        let mut waiting = Vec::new();
        let domains: BTreeSet<String> = kept.flows.iter().map(|stored| stored.flow.domain.clone()).collect();
        let definitions = domains.iter().map(|domain| async move { (domain.as_str(), self.definition(domain).await) });
        let definitions: HashMap<&str, Option<Definition>> = join_all(definitions).await.into_iter().collect();
        for stored in kept.flows {
            let flow_id = stored.flow.flow_id().to_owned();
            if inner.flows.get(&flow_id).is_some() {
                continue;
            }
            let definition = definitions.get(stored.flow.domain.as_str()).cloned().flatten();
            match inner.restore(stored, definition) {
                Restored::GoesOn(flow, once) => {
                    resumed.flows += 1;
                    inner.listen_again(&flow);
                    if flow.state().effect().is_some() {
                        waiting.push((flow, once));
                    }
                }
                Restored::Changed => resumed.changed += 1,
                Restored::Unreadable => resumed.unreadable.push(flow_id),
            }
        }
        for flow_id in &resumed.unreadable {
            tracing::error!(%flow_id, "a flow cannot be read, and stays in the store as it is");
        }
        // Only when every claim is there again may an action ask for them.
        for (flow, once) in waiting {
            inner.go_on(flow, once);
        }
        let engine = self.clone();
        // Nobody's flow waits for the accounts.
        tokio::spawn(async move {
            if let Err(error) = engine.tend_after_restart().await {
                tracing::warn!(code = error.code(), "the accounts cannot be looked after");
            }
        });
        Ok(resumed)
    }
}

/// What became of one flow.
enum Restored {
    GoesOn(Arc<Flow>, Option<Box<Once>>),
    Changed,
    Unreadable,
}

impl Inner {
    fn restore(&self, stored: StoredFlow, definition: Option<Definition>) -> Restored {
        let StoredFlow { flow: kept, link, once } = stored;
        let flow_id = kept.flow_id().to_owned();
        let adopted = definition.and_then(|definition| {
            let state = adopt(&definition, (*kept.state).clone()).ok()?;
            Some((definition, state))
        });
        let Some((definition, state)) = adopted else {
            tracing::warn!(%flow_id, domain = kept.domain, "the definition changed, and the flow cannot go on");
            self.flows.strand(kept);
            return Restored::Changed;
        };
        if let Some(link) = link
            && !self.link.restore(&flow_id, &link)
        {
            return Restored::Unreadable;
        }
        if let Some(unique_id) = &state.context().unique_id {
            self.flows.claim(&kept.domain, unique_id, &flow_id);
        }
        for claim in &kept.claims {
            self.flows.claim(&kept.domain, claim, &flow_id);
        }
        let flow = Arc::new(Flow::restored(definition, Arc::new(state), kept.principal, kept.claims, self.clock.now()));
        // What was there before the restart may be there now.
        let limits = Limits { flows: usize::MAX, flows_of_one: usize::MAX, ..self.limits };
        if self.flows.insert(Arc::clone(&flow), &limits).is_err() {
            return Restored::Unreadable;
        }
        Restored::GoesOn(flow, once.map(Box::new))
    }

    /// Goes on with a flow that waits for an effect: with what came of it where that is known, as a failure where it may not
    /// run again, else by running it again.
    fn go_on(self: &Arc<Self>, flow: Arc<Flow>, once: Option<Box<Once>>) {
        let state = flow.state();
        let Some(effect) = state.effect() else { return };
        let Some(once) = once.filter(|once| once.effect == effect) else {
            match rerun(&flow.definition, &state) {
                Ok(Some(effect)) => self.run(&flow, effect),
                Ok(None) => {}
                Err(error) => tracing::error!(flow_id = %flow.id, code = error.code(), "an action cannot be run again"),
            }
            return;
        };
        let inner = Arc::clone(self);
        tokio::spawn(async move {
            let links = running_action(&flow).is_some_and(|action| action.starts_with("link."));
            let outcome = match once.outcome {
                Some(outcome) => outcome,
                None => inner.interrupted(&flow).await,
            };
            match inner.settle_outcome(&flow, Unsettled { effect, outcome, once: true, links }).await {
                Ok(Some(effect)) => inner.run(&flow, effect),
                Ok(None) => {}
                Err(error) => tracing::warn!(flow_id = %flow.id, code = error.code(), "the flow could not go on"),
            }
        });
    }

    /// What an effect that may run only once came to, where nobody can know.
    async fn interrupted(&self, flow: &Flow) -> EffectOutcome {
        tracing::info!(flow_id = %flow.id, "an action that may run only once was interrupted");
        match running_action(flow).as_deref() {
            Some("link.redeem") => self.redeem_interrupted(flow).await,
            _ => EffectOutcome::failed(Failure::interrupted()),
        }
    }

    /// The end of a flow whose definition changed so that it cannot go on; it is told once.
    pub(crate) async fn definition_changed(&self, flow_id: &str, principal: &str) -> Result<Option<Arc<FlowResult>>, FlowError> {
        let Some(flow) = self.flows.stranded(flow_id) else { return Ok(None) };
        if flow.principal.as_deref().is_some_and(|bound| bound != principal) {
            return Err(FlowError::OtherPrincipal);
        }
        self.store.remove_flow(flow_id).await?;
        self.flows.forget_stranded(flow_id);
        let listed = is_listed(&flow.state);
        self.notify(crate::Notice::FlowRemoved { flow_id: flow_id.to_owned(), listed });
        Ok(Some(Arc::new(ended(&flow))))
    }
}

fn ended(flow: &KeptFlow) -> FlowResult {
    FlowResult::Abort(Abort {
        flow_id: flow.flow_id().to_owned(),
        handler: flow.state.handler().clone(),
        reason: "definition_changed".to_owned(),
        description_placeholders: None,
        translation_domain: None,
    })
}
