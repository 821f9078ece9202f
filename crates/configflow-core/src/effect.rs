//! What a transition asks the engine to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::definition::Reload;
use crate::signature::Repeat;
use crate::{Map, Name, Value};

/// Which effect of its flow; its result says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EffectId(pub u32);

/// At most one effect to run and one to cancel: nothing of one flow runs in parallel.
#[derive(Debug, Default)]
pub struct Effects {
    /// To be started.
    pub run: Option<Effect>,
    /// To be stopped; its result, should it still come, is refused.
    pub cancel: Option<EffectId>,
}

/// An effect to run. Its result comes back as [`crate::Event::EffectDone`].
#[derive(Debug)]
pub struct Effect {
    /// Its id within the flow.
    pub id: EffectId,
    /// What to do.
    pub work: Work,
}

impl Effect {
    /// Whether it may run again after a crash.
    #[must_use]
    pub fn repeat(&self) -> Repeat {
        match &self.work {
            Work::Action { repeat, .. } => *repeat,
            Work::Finish(_) => Repeat::Once,
        }
    }
}

/// What to do. Parameters may be secret: `Debug` does not show them.
pub enum Work {
    /// Run an action.
    Action {
        /// `namespace.name`.
        action: Name,
        /// Its parameters, evaluated.
        parameters: Map,
        /// The account, for actions that need it.
        account: Option<Box<Account>>,
        /// Whether it may run again after a crash.
        repeat: Repeat,
    },
    /// Write what the flow ends with, in one transaction: entry, options and token together.
    Finish(Box<Finish>),
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action { action, .. } => f.debug_struct("Action").field("action", action).finish_non_exhaustive(),
            Self::Finish(finish) => f.debug_tuple("Finish").field(finish).finish(),
        }
    }
}

/// The account of a definition, evaluated. `Debug` shows the provider only.
#[derive(Clone, PartialEq)]
pub struct Account {
    /// The provider's name in the catalogue.
    pub provider: String,
    /// The provider's parameters.
    pub parameters: Map,
    /// The client id, where the person gave one.
    pub client_id: Option<String>,
    /// The client secret, where the person gave one.
    pub client_secret: Option<String>,
    /// What tells accounts of this integration apart.
    pub key: Option<String>,
    /// The scopes to ask for, short names.
    pub scopes: Vec<String>,
    /// Where client id and secret come from instead (`application_credentials`).
    pub credentials: Option<String>,
    /// The request that says whose account it is: `url`, `field`, `username`, `display_name`. Empty where the provider says it.
    pub identity: Map,
    /// How a flow ends whose person logged in with another account than the entry's: `abort`, `placeholders`.
    pub other: Map,
    /// When the client secret ends: a date, or a date with a time.
    pub client_secret_expires: Option<String>,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account").field("provider", &self.provider).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// What a flow ends with. `Debug` shows which kind only, since data may be secret.
#[derive(Clone, PartialEq)]
pub enum Finish {
    /// A new entry.
    CreateEntry {
        /// Its title.
        title: String,
        /// Its version.
        version: u32,
        /// Its minor version.
        minor_version: u32,
        /// Its data.
        data: Map,
        /// Its options.
        options: Map,
        /// Its first sub-entries.
        subentries: Vec<Value>,
        /// A flow to go on with.
        next_flow: Option<Value>,
    },
    /// The options of the flow's entry.
    SetOptions {
        /// The options.
        options: Map,
        /// Whether to reload.
        reload: Reload,
    },
    /// A new sub-entry of the flow's entry.
    CreateSubentry {
        /// Its title.
        title: String,
        /// Its data.
        data: Map,
        /// Its unique id.
        unique_id: Option<String>,
    },
    /// A changed entry.
    UpdateEntry {
        /// Another entry than the flow's.
        entry: Option<String>,
        /// What changes.
        change: Change,
        /// Whether to reload.
        reload: Reload,
    },
    /// A changed sub-entry.
    UpdateSubentry {
        /// What changes; options are not among it.
        change: Change,
    },
}

/// What an update changes. A `None` leaves as it is.
#[derive(Clone, Default, PartialEq)]
pub struct Change {
    /// Replaces the data.
    pub data: Option<Map>,
    /// Is merged into the data.
    pub data_updates: Option<Map>,
    /// Replaces the options.
    pub options: Option<Map>,
    /// Is merged into the options.
    pub options_updates: Option<Map>,
    /// The new title.
    pub title: Option<String>,
    /// The new unique id.
    pub unique_id: Option<String>,
}

impl fmt::Debug for Finish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateEntry { .. } => "CreateEntry",
            Self::SetOptions { .. } => "SetOptions",
            Self::CreateSubentry { .. } => "CreateSubentry",
            Self::UpdateEntry { .. } => "UpdateEntry",
            Self::UpdateSubentry { .. } => "UpdateSubentry",
        })
    }
}
