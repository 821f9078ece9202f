//! All that the server knows: the script, what was given out, what came in. One lock holds it; no await is under the lock.

use std::collections::BTreeMap;
use std::sync::Arc;

use url::Url;

use super::answer::{Answer, Refusal};
use super::incoming::Incoming;
use super::place::{Flavour, Place, is_tenant_id, tenant};
use super::recorded::Recorded;
use super::script::{Account, Behaviour, Effect, Script};
use super::signing::Keys;
use super::{api, authorize, device, ledger::Ledger, metadata, token};

/// The tenant of accounts that name none.
const TENANT: &str = "0c0c0c0c-0000-4000-8000-00000000000c";

pub(crate) struct World {
    pub(crate) script: Script,
    pub(crate) ledger: Ledger,
    pub(crate) keys: Arc<Keys>,
    /// How often each answer of the API has served.
    pub(crate) served: BTreeMap<usize, usize>,
    seen: BTreeMap<Place, u32>,
    requests: Vec<(u64, Recorded)>,
    serial: u64,
}

/// A request that was taken in.
pub(crate) struct Taken {
    pub(crate) serial: u64,
    pub(crate) place: Place,
    pub(crate) effects: Vec<Effect>,
}

impl World {
    pub(crate) fn new(script: Script, keys: Arc<Keys>) -> Self {
        Self {
            script,
            ledger: Ledger::default(),
            keys,
            served: BTreeMap::new(),
            seen: BTreeMap::new(),
            requests: Vec::new(),
            serial: 0,
        }
    }

    /// Begins anew. The serial numbers go on, so that a request of before is not taken for one of after.
    pub(crate) fn reset(&mut self, script: Script) {
        let serial = self.serial;
        *self = Self { serial, ..Self::new(script, Arc::clone(&self.keys)) };
    }

    /// Records and counts a request, and finds what goes wrong with it.
    pub(crate) fn take(&mut self, incoming: &Incoming) -> Taken {
        let mut place = Place::of(&incoming.method, &incoming.url, &self.script);
        if place == Place::Token && incoming.form().is_ok_and(|form| form.get("grant_type") == Some("refresh_token")) {
            place = Place::Refresh;
        }
        let count = self.seen.entry(place).or_default();
        *count += 1;
        let count = *count;
        let effects =
            self.script.faults.iter().filter(|fault| fault.hits(place, count)).map(|fault| fault.effect.clone()).collect();
        self.serial += 1;
        self.requests.push((self.serial, Recorded::new(place, incoming, self.script.client_secret.as_ref())));
        Taken { serial: self.serial, place, effects }
    }

    /// Notes the status that a request was answered with.
    pub(crate) fn note(&mut self, serial: u64, status: u16) {
        if let Some((_, request)) = self.requests.iter_mut().find(|(other, _)| *other == serial) {
            request.status = Some(status);
        }
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.requests.iter().map(|(_, request)| request.clone()).collect()
    }

    /// Carries a request out.
    pub(crate) fn answer(&mut self, place: Place, incoming: &Incoming, effects: &[Effect]) -> Answer {
        match place {
            Place::Authorize => authorize::answer(self, incoming),
            Place::Token | Place::Refresh => token::answer(self, incoming, effects),
            Place::Device => device::answer(self, incoming),
            Place::Revoke => token::revoke(self, incoming),
            Place::Keys => metadata::keys(self, &incoming.url),
            Place::Metadata => metadata::answer(self, &incoming.url),
            Place::Userinfo => api::userinfo(self, incoming),
            Place::Api => api::answer(self, incoming),
        }
    }

    /// Refuses a request in the way of its endpoint.
    pub(crate) fn refuse(&mut self, place: Place, incoming: &Incoming, refusal: &Refusal) -> Answer {
        match place {
            Place::Authorize => authorize::refuse(incoming, refusal),
            _ => self.refusal(incoming, refusal),
        }
    }

    pub(crate) fn refusal(&mut self, incoming: &Incoming, refusal: &Refusal) -> Answer {
        let number = self.ledger.number();
        refusal.answer(Flavour::of(&incoming.url), number)
    }

    /// Whether some fault makes the server go down at some time; connections are not kept then.
    pub(crate) fn may_go_down(&self) -> bool {
        self.script.faults.iter().any(|fault| fault.effect == Effect::Refuse)
    }

    /// Whether the server goes down now, because the request that is to be refused can be the next.
    pub(crate) fn goes_down(&self) -> bool {
        self.script.faults.iter().filter(|fault| fault.effect == Effect::Refuse).any(|fault| {
            let can_come = match fault.at {
                Place::Token => self.ledger.awaits_redemption(),
                Place::Refresh | Place::Keys | Place::Revoke | Place::Userinfo | Place::Api => self.ledger.has_given_tokens(),
                Place::Authorize | Place::Metadata | Place::Device => true,
            };
            can_come && fault.hits(fault.at, self.seen.get(&fault.at).copied().unwrap_or_default() + 1)
        })
    }

    /// The account that the person logs in with, as an account of the tenant that a URL of Entra names.
    pub(crate) fn account(&self, url: &Url) -> Account {
        let mut account = match self.script.person {
            Behaviour::LogsInAsAnother => self.script.other_account.clone(),
            _ => self.script.account.clone(),
        };
        if account.tid.is_none() && Flavour::of(url) == Flavour::Entra {
            let named = Some(tenant(url)).filter(|tenant| is_tenant_id(tenant));
            account.tid = Some(named.unwrap_or(TENANT).to_owned());
        }
        account
    }
}
