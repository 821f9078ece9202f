//! Flows in progress, found by id and by unique id, never by looking through all of them.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use configflow_core::{Definition, EffectId, EffectOutcome, FlowResult, State};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::error::FlowError;
use crate::store::KeptFlow;

/// One flow in progress.
pub(crate) struct Flow {
    pub(crate) id: String,
    pub(crate) definition: Definition,
    /// Events of one flow take turns, the store's answer included: what was acknowledged is kept.
    pub(crate) turn: tokio::sync::Mutex<()>,
    /// What the flow did towards linking is kept by one at a time, so that the last word is what was said last.
    pub(crate) keeping: tokio::sync::Mutex<()>,
    now: Mutex<Now>,
    waiting: Mutex<Vec<Waiter>>,
}

/// A request that waits for what a flow shows next.
pub(crate) type Waiter = oneshot::Sender<Result<Arc<FlowResult>, FlowError>>;

struct Now {
    state: Arc<State>,
    principal: Option<String>,
    running: Option<AbortHandle>,
    /// What the flow claims beside its unique id.
    claims: Vec<String>,
    /// What an effect came to that the store could not keep.
    unsettled: Option<Unsettled>,
}

/// What an effect came to.
#[derive(Clone)]
pub(crate) struct Unsettled {
    pub(crate) effect: EffectId,
    pub(crate) outcome: EffectOutcome,
    /// It may run only once.
    pub(crate) once: bool,
    /// It may have changed what the flow did towards linking.
    pub(crate) links: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Flow {
    pub(crate) fn new(definition: Definition, state: State, principal: Option<String>) -> Self {
        Self::restored(definition, Arc::new(state), principal, Vec::new())
    }

    /// A flow as it was kept.
    pub(crate) fn restored(definition: Definition, state: Arc<State>, principal: Option<String>, claims: Vec<String>) -> Self {
        let id = state.flow_id().to_owned();
        let now = Now { state, principal, running: None, claims, unsettled: None };
        let (turn, keeping) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        Self { id, definition, turn, keeping, now: Mutex::new(now), waiting: Mutex::default() }
    }

    /// The flow as it is to be kept, standing at this state.
    pub(crate) fn kept(&self, state: Arc<State>) -> KeptFlow {
        let now = locked(&self.now);
        let domain = self.definition.domain.clone();
        KeptFlow { domain, principal: now.principal.clone(), claims: now.claims.clone(), state }
    }

    pub(crate) fn state(&self) -> Arc<State> {
        Arc::clone(&locked(&self.now).state)
    }

    pub(crate) fn set_state(&self, state: Arc<State>) {
        locked(&self.now).state = state;
    }

    /// Remembers what the store could not keep, and tells whoever waits.
    pub(crate) fn unsettled(&self, unsettled: Unsettled, error: FlowError) {
        locked(&self.now).unsettled = Some(unsettled);
        for waiter in std::mem::take(&mut *locked(&self.waiting)) {
            let _ = waiter.send(Err(error.clone()));
        }
    }

    /// What the store is to be asked for once more.
    pub(crate) fn take_unsettled(&self) -> Option<Unsettled> {
        locked(&self.now).unsettled.take()
    }

    /// Binds the flow to the first principal that drives it, and refuses any other.
    pub(crate) fn admit(&self, principal: &str) -> Result<(), FlowError> {
        let mut now = locked(&self.now);
        match now.principal.get_or_insert_with(|| principal.to_owned()) {
            bound if bound == principal => Ok(()),
            _ => Err(FlowError::OtherPrincipal),
        }
    }

    /// Who drives the flow.
    pub(crate) fn principal(&self) -> String {
        locked(&self.now).principal.clone().unwrap_or_default()
    }

    pub(crate) fn running(&self, handle: AbortHandle) {
        locked(&self.now).running = Some(handle);
    }

    pub(crate) fn cancel(&self) {
        if let Some(handle) = locked(&self.now).running.take() {
            handle.abort();
        }
    }

    /// Remembers a claim, to be given back when the flow is over.
    pub(crate) fn claims(&self, key: &str) {
        locked(&self.now).claims.push(key.to_owned());
    }

    /// Lets a request wait for what is shown next. It waits before the effect begins that will show it.
    pub(crate) fn wait(&self, waiter: Waiter) {
        locked(&self.waiting).push(waiter);
    }

    /// Shows a result to whoever waits for one.
    pub(crate) fn publish(&self, result: FlowResult) {
        let result = Arc::new(result);
        for waiter in std::mem::take(&mut *locked(&self.waiting)) {
            // Who hung up asks again.
            let _ = waiter.send(Ok(Arc::clone(&result)));
        }
    }

    /// Nothing more will be shown: whoever still waits is told so.
    pub(crate) fn close(&self) {
        locked(&self.waiting).clear();
    }
}

/// Every flow in progress.
#[derive(Default)]
pub(crate) struct Flows {
    by_id: RwLock<HashMap<String, Arc<Flow>>>,
    /// Integration to flows.
    by_domain: Mutex<HashMap<String, BTreeSet<String>>>,
    /// Integration and unique id to flows.
    by_unique_id: Mutex<HashMap<(String, String), BTreeSet<String>>>,
    /// Flows that cannot go on since their definition changed; whoever asks is told once.
    changed: Mutex<HashMap<String, Arc<KeptFlow>>>,
}

impl Flows {
    pub(crate) fn get(&self, flow_id: &str) -> Option<Arc<Flow>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(flow_id).cloned()
    }

    pub(crate) fn insert(&self, flow: Arc<Flow>, limit: usize) -> Result<(), FlowError> {
        let mut flows = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if flows.len() >= limit {
            return Err(FlowError::TooMany { limit });
        }
        locked(&self.by_domain).entry(flow.definition.domain.clone()).or_default().insert(flow.id.clone());
        flows.insert(flow.id.clone(), flow);
        Ok(())
    }

    pub(crate) fn remove(&self, flow: &Flow) {
        self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(&flow.id);
        let mut by_domain = locked(&self.by_domain);
        if let Some(flows) = by_domain.get_mut(&flow.definition.domain) {
            flows.remove(&flow.id);
            if flows.is_empty() {
                by_domain.remove(&flow.definition.domain);
            }
        }
        drop(by_domain);
        let claims = std::mem::take(&mut locked(&flow.now).claims);
        let unique_id = flow.state().context().unique_id.clone();
        for claim in claims.iter().chain(&unique_id) {
            self.release(&flow.definition.domain, claim, &flow.id);
        }
    }

    /// Remembers a flow that cannot go on.
    pub(crate) fn strand(&self, flow: KeptFlow) {
        locked(&self.changed).insert(flow.flow_id().to_owned(), Arc::new(flow));
    }

    /// A flow that cannot go on.
    pub(crate) fn stranded(&self, flow_id: &str) -> Option<Arc<KeptFlow>> {
        locked(&self.changed).get(flow_id).cloned()
    }

    pub(crate) fn forget_stranded(&self, flow_id: &str) {
        locked(&self.changed).remove(flow_id);
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The flows of an integration, the oldest first where their ids are ULIDs.
    pub(crate) fn of_domain(&self, domain: &str) -> Vec<Arc<Flow>> {
        let ids: Vec<String> = locked(&self.by_domain).get(domain).into_iter().flatten().cloned().collect();
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// The flows that have claimed a unique id.
    pub(crate) fn of_unique_id(&self, domain: &str, unique_id: &str) -> Vec<Arc<Flow>> {
        let key = (domain.to_owned(), unique_id.to_owned());
        let ids: Vec<String> = locked(&self.by_unique_id).get(&key).into_iter().flatten().cloned().collect();
        ids.iter().filter_map(|id| self.get(id)).collect()
    }

    /// Claims a unique id for a flow; says whether another flow has it.
    pub(crate) fn claim(&self, domain: &str, unique_id: &str, flow_id: &str) -> bool {
        let mut owners = locked(&self.by_unique_id);
        let flows = owners.entry((domain.to_owned(), unique_id.to_owned())).or_default();
        flows.insert(flow_id.to_owned());
        flows.len() > 1
    }

    pub(crate) fn release(&self, domain: &str, unique_id: &str, flow_id: &str) {
        let mut owners = locked(&self.by_unique_id);
        let key = (domain.to_owned(), unique_id.to_owned());
        if let Some(flows) = owners.get_mut(&key) {
            flows.remove(flow_id);
            if flows.is_empty() {
                owners.remove(&key);
            }
        }
    }
}
