//! Attempts under way, by flow and by a hash of their `state`.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use configflow_core::Failure;
use configflow_oauth::{Account, Attempt, DeviceAttempt, Returned, Secret, StateHash};
use time::OffsetDateTime;

use super::loopback::Listener;
use super::record::{self, Description, Linking};
use super::way::Way;
use crate::store::Token;

/// How many spent attempts of a flow are remembered.
const SPENT: usize = 16;

/// An attempt that was not spent yet.
pub(super) struct Live {
    pub(super) account: Linking,
    pub(super) attempt: Attempt,
    pub(super) key: String,
    /// The query that a callback brought for it.
    pub(super) returned: Option<Secret>,
}

/// A device grant under way.
pub(super) struct Device {
    pub(super) account: Linking,
    pub(super) attempt: DeviceAttempt,
    pub(super) key: String,
}

/// What a flow has done towards linking.
#[derive(Default)]
pub(super) struct FlowLink {
    pub(super) live: Option<Live>,
    pub(super) spent: Vec<(StateHash, Failure)>,
    pub(super) device: Option<Device>,
    pub(super) linked: Option<Token>,
    /// The way that is being tried.
    pub(super) way: Option<Way>,
    /// Where the answer of the live attempt arrives, where that is on this machine. It ends with what it waits for.
    pub(super) listener: Option<Listener>,
}

/// All attempts.
#[derive(Default)]
pub(super) struct Attempts {
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    by_flow: HashMap<String, FlowLink>,
    by_state: HashMap<StateHash, String>,
}

impl Attempts {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes an attempt the live one of its flow; the one before can no longer be returned to.
    pub(super) fn begin(&self, flow_id: &str, live: Live) {
        let mut kept = self.kept();
        let state = live.attempt.state_hash();
        let before = kept.by_flow.entry(flow_id.to_owned()).or_default().live.replace(live);
        if let Some(before) = before {
            kept.by_state.remove(&before.attempt.state_hash());
        }
        kept.by_state.insert(state, flow_id.to_owned());
    }

    /// Remembers the way that a flow tries from now on. What waited for an answer by another way waits no longer.
    pub(super) fn try_by(&self, flow_id: &str, way: Way) {
        let mut kept = self.kept();
        let link = kept.by_flow.entry(flow_id.to_owned()).or_default();
        link.way = Some(way);
        if way == Way::Device {
            link.listener = None;
            let live = link.live.take();
            if let Some(live) = live {
                kept.by_state.remove(&live.attempt.state_hash());
            }
        } else {
            link.device = None;
        }
    }

    /// The way that a flow tries.
    pub(super) fn way(&self, flow_id: &str) -> Option<Way> {
        self.kept().by_flow.get(flow_id)?.way
    }

    /// Lets a listener live as long as the attempt whose answer it waits for; the one before is closed.
    pub(super) fn listen(&self, flow_id: &str, listener: Option<Listener>) {
        self.kept().by_flow.entry(flow_id.to_owned()).or_default().listener = listener;
    }

    /// Whether the answer of the live attempt can still arrive on this machine.
    pub(super) fn listens(&self, flow_id: &str) -> bool {
        self.kept().by_flow.get(flow_id).and_then(|link| link.listener.as_ref()).is_some_and(Listener::is_open)
    }

    /// Whether a callback belongs to an attempt under way.
    pub(super) fn awaits(&self, query: &str, now: OffsetDateTime, is_here: impl Fn(&url::Url) -> bool) -> bool {
        Self::awaited(&mut self.kept(), query, now, is_here).is_some()
    }

    /// Keeps what a callback brought. A second callback for the same attempt changes nothing.
    pub(super) fn returned(&self, query: &str, now: OffsetDateTime, is_here: impl Fn(&url::Url) -> bool) -> Option<String> {
        let mut kept = self.kept();
        let (flow_id, live) = Self::awaited(&mut kept, query, now, is_here)?;
        live.returned.get_or_insert_with(|| Secret::new(query));
        Some(flow_id)
    }

    /// The flow and the attempt that a callback belongs to.
    fn awaited<'k>(
        kept: &'k mut Kept,
        query: &str,
        now: OffsetDateTime,
        is_here: impl Fn(&url::Url) -> bool,
    ) -> Option<(String, &'k mut Live)> {
        let returned = Returned::from_query(query);
        let state = returned.state_hash()?;
        let flow_id = kept.by_state.get(&state)?.clone();
        let live = kept.by_flow.get_mut(&flow_id)?.live.as_mut()?;
        if live.attempt.state_hash() != state || now >= live.attempt.expires_at() {
            return None;
        }
        let redirect = url::Url::parse(live.attempt.redirect_uri()).ok()?;
        is_here(&redirect).then_some((flow_id, live))
    }

    /// What the live attempt of a flow says to a look at it.
    pub(super) fn look<T>(&self, flow_id: &str, look: impl FnOnce(&Live) -> T) -> Option<T> {
        self.kept().by_flow.get(flow_id)?.live.as_ref().map(look)
    }

    /// Puts the same attempt with another URL in the place of the live one, if that is still the one.
    pub(super) fn replace(&self, flow_id: &str, attempt: Attempt) -> bool {
        let mut kept = self.kept();
        let live = kept.by_flow.get_mut(flow_id).and_then(|link| link.live.as_mut());
        match live.filter(|live| live.attempt.state_hash() == attempt.state_hash()) {
            Some(live) => {
                live.attempt = attempt;
                true
            }
            None => false,
        }
    }

    /// Takes the live attempt away: from now on nobody else can send its code.
    pub(super) fn take(&self, flow_id: &str) -> Option<Live> {
        let mut kept = self.kept();
        let live = kept.by_flow.get_mut(flow_id)?.live.take()?;
        kept.by_state.remove(&live.attempt.state_hash());
        Some(live)
    }

    /// Remembers what became of an attempt; the last word on it counts.
    pub(super) fn spend(&self, flow_id: &str, state: StateHash, failure: Failure) {
        let mut kept = self.kept();
        let spent = &mut kept.by_flow.entry(flow_id.to_owned()).or_default().spent;
        spent.retain(|(known, _)| *known != state);
        if spent.len() == SPENT {
            spent.remove(0);
        }
        spent.push((state, failure));
    }

    /// The failure that a spent attempt had.
    pub(super) fn failure_of(&self, flow_id: &str, state: StateHash) -> Option<Failure> {
        let kept = self.kept();
        let spent = &kept.by_flow.get(flow_id)?.spent;
        spent.iter().find(|(known, _)| *known == state).map(|(_, failure)| failure.clone())
    }

    pub(super) fn begin_device(&self, flow_id: &str, device: Device) {
        self.kept().by_flow.entry(flow_id.to_owned()).or_default().device = Some(device);
    }

    pub(super) fn take_device(&self, flow_id: &str) -> Option<Device> {
        self.kept().by_flow.get_mut(flow_id)?.device.take()
    }

    /// The account of a flow's live attempt, where only its description is known yet.
    pub(super) fn described(&self, flow_id: &str) -> Option<Description> {
        match &self.kept().by_flow.get(flow_id)?.live.as_ref()?.account {
            Linking::Described(description) => Some((**description).clone()),
            Linking::Resolved(_) => None,
        }
    }

    /// Fills in the account of a flow's live attempt.
    pub(super) fn resolved(&self, flow_id: &str, account: Account) {
        if let Some(live) = self.kept().by_flow.get_mut(flow_id).and_then(|link| link.live.as_mut()) {
            live.account = Linking::Resolved(Box::new(account));
        }
    }

    /// What a flow did, to be sealed and kept; none where it did nothing.
    pub(super) fn record(&self, flow_id: &str) -> Option<Secret> {
        record::written(self.kept().by_flow.get(flow_id)?)
    }

    /// What a flow did before the process began; false where the record cannot be read.
    pub(super) fn restore(&self, flow_id: &str, record: &Secret) -> bool {
        let Some(link) = record::read(record) else { return false };
        let mut kept = self.kept();
        if let Some(live) = &link.live {
            kept.by_state.insert(live.attempt.state_hash(), flow_id.to_owned());
        }
        kept.by_flow.insert(flow_id.to_owned(), link);
        true
    }

    pub(super) fn set_linked(&self, flow_id: &str, token: Token) {
        self.kept().by_flow.entry(flow_id.to_owned()).or_default().linked = Some(token);
    }

    pub(super) fn unlink(&self, flow_id: &str) {
        if let Some(link) = self.kept().by_flow.get_mut(flow_id) {
            link.linked = None;
        }
    }

    pub(super) fn linked(&self, flow_id: &str) -> Option<Token> {
        self.kept().by_flow.get(flow_id)?.linked.clone()
    }

    pub(super) fn forget(&self, flow_id: &str) {
        let mut kept = self.kept();
        if let Some(link) = kept.by_flow.remove(flow_id)
            && let Some(live) = link.live
        {
            kept.by_state.remove(&live.attempt.state_hash());
        }
    }
}
