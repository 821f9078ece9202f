//! What a flow did towards linking, in the form that a store seals: it outlives the process.

use std::collections::BTreeMap;

use configflow_core::Failure;
use configflow_oauth::{Account, Attempt, DeviceAttempt, Returned, SealableAttempt, SealableDeviceAttempt, Secret, StateHash};
use serde::{Deserialize, Serialize};

use super::attempts::{Device, FlowLink, Live};
use super::way::Way;
use crate::store::{Exposed, SealableToken, Token};

const VERSION: u8 = 1;

/// An account that is being linked: resolved in the process that began it, a description after a restart.
#[derive(Clone)]
pub(super) enum Linking {
    Resolved(Box<Account>),
    Described(Box<Description>),
}

/// What an account is made of again.
#[derive(Clone)]
pub(super) struct Description {
    pub(super) provider: String,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) client_id: String,
    pub(super) client_secret: Option<Secret>,
    pub(super) scopes: Vec<String>,
}

impl Linking {
    pub(super) fn account(&self) -> Option<&Account> {
        match self {
            Self::Resolved(account) => Some(account),
            Self::Described(_) => None,
        }
    }

    fn description(&self) -> Description {
        match self {
            Self::Described(description) => (**description).clone(),
            Self::Resolved(account) => Description {
                provider: account.provider().name().to_owned(),
                parameters: account.provider().parameters().clone(),
                client_id: account.client_id().to_owned(),
                client_secret: account.client_secret().cloned(),
                scopes: account.scopes().to_vec(),
            },
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Record {
    version: u8,
    live: Option<LiveRecord>,
    spent: Vec<(String, Failure)>,
    device: Option<DeviceRecord>,
    linked: Option<SealableToken>,
    #[serde(default)]
    way: Option<Way>,
}

#[derive(Serialize, Deserialize)]
struct AccountRecord {
    provider: String,
    parameters: BTreeMap<String, String>,
    client_id: String,
    client_secret: Option<Exposed>,
    scopes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct LiveRecord {
    account: AccountRecord,
    attempt: SealableAttempt,
    key: String,
    returned: Option<Exposed>,
}

#[derive(Serialize, Deserialize)]
struct DeviceRecord {
    account: AccountRecord,
    attempt: SealableDeviceAttempt,
    key: String,
}

/// The record of a flow; none only where it cannot be written as JSON.
pub(super) fn written(link: &FlowLink) -> Option<Secret> {
    let record = Record {
        version: VERSION,
        live: link.live.as_ref().map(|live| LiveRecord {
            account: account(&live.account),
            attempt: live.attempt.to_sealable(),
            key: live.key.clone(),
            returned: live.returned.clone().map(Exposed),
        }),
        spent: link.spent.iter().map(|(state, failure)| (hex(state), failure.clone())).collect(),
        device: link.device.as_ref().map(|device| DeviceRecord {
            account: account(&device.account),
            attempt: device.attempt.to_sealable(),
            key: device.key.clone(),
        }),
        linked: link.linked.clone().map(Token::into_sealable),
        way: link.way,
    };
    serde_json::to_string(&record).ok().map(Secret::new)
}

/// What a record says; none where it is of another version or damaged.
pub(super) fn read(record: &Secret) -> Option<FlowLink> {
    let record: Record = serde_json::from_str(record.expose()).ok().filter(|record: &Record| record.version == VERSION)?;
    let live = match record.live {
        None => None,
        Some(live) => Some(Live {
            account: described(live.account),
            attempt: Attempt::from_sealable(live.attempt).ok()?,
            key: live.key,
            returned: live.returned.map(|query| query.0),
        }),
    };
    let device = match record.device {
        None => None,
        Some(device) => Some(Device {
            account: described(device.account),
            attempt: DeviceAttempt::from_sealable(device.attempt).ok()?,
            key: device.key,
        }),
    };
    let spent = record.spent.into_iter().map(|(state, failure)| Some((unhex(&state)?, failure)));
    let linked = match record.linked {
        None => None,
        Some(token) => Some(Token::from_sealable(token).ok()?),
    };
    Some(FlowLink { live, spent: spent.collect::<Option<_>>()?, device, linked, way: record.way, listener: None })
}

/// What a callback brought, read again from its query.
pub(super) fn returned(query: &Secret) -> Returned {
    Returned::from_query(query.expose())
}

fn account(linking: &Linking) -> AccountRecord {
    let Description { provider, parameters, client_id, client_secret, scopes } = linking.description();
    AccountRecord { provider, parameters, client_id, client_secret: client_secret.map(Exposed), scopes }
}

fn described(record: AccountRecord) -> Linking {
    let AccountRecord { provider, parameters, client_id, client_secret, scopes } = record;
    let client_secret = client_secret.map(|secret| secret.0);
    Linking::Described(Box::new(Description { provider, parameters, client_id, client_secret, scopes }))
}

fn hex(state: &StateHash) -> String {
    state.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<StateHash> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(StateHash::from_bytes(bytes))
}
