//! Flows in progress, found by id and by unique id, never by looking through all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use configflow_core::{Definition, EffectId, EffectOutcome, FlowResult, State};
use time::OffsetDateTime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

use crate::error::FlowError;
use crate::limits::Limits;
use crate::progress::is_listed;
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
    /// When somebody last drove it or looked at it.
    touched: OffsetDateTime,
    /// When it is to be looked at whether it is abandoned.
    due: OffsetDateTime,
    /// Whether it has shown anything yet.
    has_shown: bool,
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
    pub(crate) fn new(definition: Definition, state: State, principal: Option<String>, now: OffsetDateTime) -> Self {
        let flow = Self::restored(definition, Arc::new(state), principal, Vec::new(), now);
        // What its first transition shows, nobody has seen yet.
        locked(&flow.now).has_shown = false;
        flow
    }

    /// A flow as it was kept.
    pub(crate) fn restored(
        definition: Definition,
        state: Arc<State>,
        principal: Option<String>,
        claims: Vec<String>,
        now: OffsetDateTime,
    ) -> Self {
        let id = state.flow_id().to_owned();
        let has_shown = state.shown().is_some();
        let now = Now { state, principal, running: None, claims, unsettled: None, touched: now, due: now, has_shown };
        let (turn, keeping) = (tokio::sync::Mutex::default(), tokio::sync::Mutex::default());
        Self { id, definition, turn, keeping, now: Mutex::new(now), waiting: Mutex::default() }
    }

    /// The flow as it is to be kept, standing at this state.
    pub(crate) fn kept(&self, state: Arc<State>) -> KeptFlow {
        let now = locked(&self.now);
        let domain = self.definition.domain.clone();
        KeptFlow { domain, principal: now.principal.clone(), claims: now.claims.clone(), state }
    }

    /// The span of all that happens to the flow.
    pub(crate) fn span(&self) -> tracing::Span {
        let state = self.state();
        tracing::info_span!("flow", flow_id = %self.id, domain = %self.definition.domain, source = %state.context().source)
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

    /// Binds the flow to the first principal that drives it, and refuses any other. Says whether this was the first.
    fn admit(&self, principal: &str, at: OffsetDateTime) -> Result<bool, FlowError> {
        let mut now = locked(&self.now);
        match &now.principal {
            Some(bound) if bound == principal => {
                now.touched = at;
                Ok(false)
            }
            Some(_) => Err(FlowError::OtherPrincipal),
            None => {
                now.principal = Some(principal.to_owned());
                now.touched = at;
                Ok(true)
            }
        }
    }

    /// When somebody last drove it or looked at it.
    pub(crate) fn touched(&self) -> OffsetDateTime {
        locked(&self.now).touched
    }

    /// Remembers when it is to be looked at whether it is abandoned.
    fn look_at(&self, due: OffsetDateTime) {
        locked(&self.now).due = due;
    }

    /// Remembers that it shows something, and says whether that is the first time.
    pub(crate) fn shows_first(&self) -> bool {
        !std::mem::replace(&mut locked(&self.now).has_shown, true)
    }

    /// Whether it has shown anything yet.
    pub(crate) fn has_shown(&self) -> bool {
        locked(&self.now).has_shown
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
    /// How many flows each principal drives.
    driven: Mutex<HashMap<String, usize>>,
    /// Integration to flows.
    by_domain: Mutex<HashMap<String, BTreeSet<String>>>,
    /// Integration and unique id to flows.
    by_unique_id: Mutex<HashMap<(String, String), BTreeSet<String>>>,
    /// Those that lists show: begun by no person.
    listed: Mutex<BTreeMap<String, Arc<Flow>>>,
    /// Those that persons began, by the time from which they count as abandoned unless somebody has touched them since.
    left_alone: Mutex<BTreeSet<(OffsetDateTime, String)>>,
    /// Flows that cannot go on since their definition changed; whoever asks is told once.
    changed: Mutex<HashMap<String, Arc<KeptFlow>>>,
}

impl Flows {
    pub(crate) fn get(&self, flow_id: &str) -> Option<Arc<Flow>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).get(flow_id).cloned()
    }

    /// A flow as a principal drives it; the first one that does keeps it.
    pub(crate) fn driven_by(&self, flow_id: &str, principal: &str, at: OffsetDateTime) -> Result<Arc<Flow>, FlowError> {
        let flow = self.get(flow_id).ok_or(FlowError::UnknownFlow)?;
        if flow.admit(principal, at)? {
            *locked(&self.driven).entry(principal.to_owned()).or_default() += 1;
        }
        Ok(flow)
    }

    /// The flows that lists show, the oldest first.
    pub(crate) fn listed(&self) -> Vec<Arc<Flow>> {
        locked(&self.listed).values().cloned().collect()
    }

    /// The flows that persons began and nobody has touched for as long as `limit`. A flow is looked at once in that time, however
    /// often it is touched.
    pub(crate) fn abandoned(&self, now: OffsetDateTime, limit: Duration) -> Vec<Arc<Flow>> {
        let mut due = Vec::new();
        let mut left_alone = locked(&self.left_alone);
        while left_alone.first().is_some_and(|(at, _)| *at <= now) {
            due.extend(left_alone.pop_first());
        }
        drop(left_alone);
        let mut abandoned = Vec::new();
        for (_, flow_id) in due {
            let Some(flow) = self.get(&flow_id) else { continue };
            let from = flow.touched() + limit;
            // One that cannot be given up now is looked at again next time.
            flow.look_at(from.max(now));
            locked(&self.left_alone).insert((from.max(now), flow_id));
            if from <= now {
                abandoned.push(flow);
            }
        }
        abandoned
    }

    /// Every flow in progress.
    pub(crate) fn all(&self) -> Vec<Arc<Flow>> {
        self.by_id.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Adds a flow; no more in all, and of one principal, than the limits allow.
    pub(crate) fn insert(&self, flow: Arc<Flow>, limits: &Limits) -> Result<(), FlowError> {
        let (limit, limit_of_one) = (limits.flows, limits.flows_of_one);
        let principal = locked(&flow.now).principal.clone();
        let mut flows = self.by_id.write().unwrap_or_else(PoisonError::into_inner);
        if flows.len() >= limit {
            return Err(FlowError::TooMany { limit });
        }
        if let Some(principal) = principal {
            let mut driven = locked(&self.driven);
            let count = driven.entry(principal).or_default();
            if *count >= limit_of_one {
                return Err(FlowError::TooManyOfOne { limit: limit_of_one });
            }
            *count += 1;
        }
        locked(&self.by_domain).entry(flow.definition.domain.clone()).or_default().insert(flow.id.clone());
        if is_listed(&flow.state()) {
            locked(&self.listed).insert(flow.id.clone(), Arc::clone(&flow));
        } else {
            let due = flow.touched() + limits.abandoned;
            flow.look_at(due);
            locked(&self.left_alone).insert((due, flow.id.clone()));
        }
        flows.insert(flow.id.clone(), flow);
        Ok(())
    }

    pub(crate) fn remove(&self, flow: &Flow) {
        let was_there = self.by_id.write().unwrap_or_else(PoisonError::into_inner).remove(&flow.id).is_some();
        let mut by_domain = locked(&self.by_domain);
        if let Some(flows) = by_domain.get_mut(&flow.definition.domain) {
            flows.remove(&flow.id);
            if flows.is_empty() {
                by_domain.remove(&flow.definition.domain);
            }
        }
        drop(by_domain);
        let (claims, principal, due) = {
            let mut now = locked(&flow.now);
            (std::mem::take(&mut now.claims), now.principal.clone(), now.due)
        };
        if is_listed(&flow.state()) {
            locked(&self.listed).remove(&flow.id);
        } else {
            locked(&self.left_alone).remove(&(due, flow.id.clone()));
        }
        if let Some(principal) = principal.filter(|_| was_there) {
            let mut driven = locked(&self.driven);
            if let Some(count) = driven.get_mut(&principal) {
                *count -= 1;
                if *count == 0 {
                    driven.remove(&principal);
                }
            }
        }
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
