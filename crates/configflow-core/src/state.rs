//! Where a flow stands: all of it, in a form that outlives the process.
//!
//! A state names steps and fields, never indices into a definition, apart from the operation that a running effect belongs
//! to; that one is only read again under the same fingerprint. Its parts are shared, so a copy costs little.

use std::fmt;
use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};

use crate::bindings::Bindings;
use crate::definition::{Definition, Fingerprint};
use crate::effect::EffectId;
use crate::event::{Failure, Started};
use crate::{Map, Name, Value};

/// The version of the serialised form.
pub const STATE_VERSION: u16 = 1;

/// Which dialog of a definition a flow runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Setup.
    Config,
    /// Options of an entry.
    Options,
    /// A sub-entry of an entry.
    Subentry {
        /// Its type.
        subentry_type: String,
    },
}

/// What is known of a flow beside its dialog; the name `context` in expressions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Context {
    /// `user`, `reauth`, `reconfigure`, `import`, a discovery source, `ignore`; also the step it starts with.
    pub source: String,
    /// The entry that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_id: Option<String>,
    /// The sub-entry that it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subentry_id: Option<String>,
    /// Whether the client shows advanced fields.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_advanced_options: bool,
    /// The unique id of the entry to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<String>,
    /// What the title of the flow's card mentions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title_placeholders: Option<Map>,
    /// A page of the device itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_url: Option<String>,
    /// The flow only waits for a confirmation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm_only: bool,
    /// What told the engine of the device, in its own shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discovery_key: Option<Value>,
}

/// A flow in progress. `Debug` shows no answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct State {
    pub(crate) v: u16,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) origin: Arc<Origin>,
    pub(crate) context: Arc<Context>,
    pub(crate) at: Position,
    /// The step that was last shown.
    pub(crate) shown: Option<Name>,
    /// Came back to this form: what was typed is suggested again.
    #[serde(default)]
    pub(crate) revisited: bool,
    /// What names are bound to: answers, `set`, results.
    pub(crate) bindings: Bindings,
    /// What was last sent to the form that is shown.
    pub(crate) input: Option<Arc<Map>>,
    /// The fields that the last form showed.
    pub(crate) asked: Arc<[Name]>,
    /// Labels of chosen options by field.
    pub(crate) labels: Arc<Map>,
    pub(crate) failure: Option<Arc<Failure>>,
    pub(crate) link: Option<Arc<Value>>,
    pub(crate) account: Option<Arc<Value>>,
    /// Where a step that is repeated stands.
    pub(crate) each: Option<Arc<Repetition>>,
    /// Errors collected so far, where all of them are to be shown.
    pub(crate) collected: Option<Arc<Map>>,
    /// The flow as it stood at the form before, for Back; that one knows the one before it.
    pub(crate) back: Option<Arc<State>>,
    pub(crate) effects: u32,
}

/// What a flow started from; never changes.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) flow_id: String,
    pub(crate) kind: Kind,
    pub(crate) handler: Value,
    pub(crate) init: Arc<Value>,
    pub(crate) entry: Arc<Value>,
    pub(crate) subentry: Arc<Value>,
    pub(crate) hub: Arc<Value>,
}

/// Where a step under `each` stands.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Repetition {
    pub(crate) step: Name,
    pub(crate) name: Name,
    pub(crate) items: Arc<Vec<Value>>,
    pub(crate) index: usize,
}

/// What a flow waits for.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Position {
    /// Somebody answers what the step shows.
    Showing {
        /// The step.
        step: Name,
    },
    /// An effect ends.
    Running {
        /// The step.
        step: Name,
        /// The operation of its program.
        op: usize,
        /// The effect.
        effect: EffectId,
        /// Of an action under `each`: the results so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gathered: Option<Vec<Value>>,
    },
    /// Somebody asks again.
    Ready {
        /// The step that was shown.
        step: Name,
        /// How to go on.
        next: Next,
    },
    /// The store writes what the flow ends with.
    Finishing {
        /// The step that ended it.
        step: Name,
        /// The effect.
        effect: EffectId,
        /// What is shown once it is written.
        ending: Box<Ending>,
    },
    /// Nothing: the flow is over.
    Ended,
}

/// How a flow goes on when somebody asks again.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Next {
    /// With a step.
    Step {
        /// The step.
        step: Name,
    },
    /// With the operation of the shown step's program.
    Op {
        /// The operation.
        op: usize,
    },
    /// With what the failure of that operation leads to.
    Failed {
        /// The operation.
        op: usize,
    },
    /// With the end that the action itself decided.
    Abort {
        /// The reason.
        reason: String,
        /// What its text mentions.
        placeholders: Option<Map>,
    },
}

/// What is shown once the store has written.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// `create_entry`.
    Create {
        /// Key of a text.
        description: Option<String>,
        /// What it mentions.
        placeholders: Option<Map>,
        /// The title, where one was given.
        title: Option<String>,
        /// Of a new entry.
        options: Option<Map>,
        /// Of a new entry.
        subentries: Option<Vec<Value>>,
        /// Of a new sub-entry; null where it has none.
        unique_id: Option<Value>,
    },
    /// `abort`.
    Abort {
        /// The reason.
        reason: String,
        /// What its text mentions.
        placeholders: Option<Map>,
    },
}

/// What every flow begins with, shared by all that have not changed it yet.
struct Empty {
    map: Arc<Map>,
    bindings: Bindings,
    asked: Arc<[Name]>,
}

static EMPTY: LazyLock<Empty> =
    LazyLock::new(|| Empty { map: Arc::default(), bindings: Bindings::default(), asked: Arc::default() });
static NOTHING: LazyLock<Arc<Value>> = LazyLock::new(Arc::default);

/// Null, shared.
pub(crate) fn nothing() -> Arc<Value> {
    Arc::clone(&NOTHING)
}

impl State {
    pub(crate) fn new(definition: &Definition, started: Started) -> Self {
        let entry_id = || started.context.entry_id.clone().unwrap_or_default();
        let handler = match &started.kind {
            Kind::Config => Value::String(definition.domain.clone()),
            Kind::Options => Value::String(entry_id()),
            Kind::Subentry { subentry_type } => serde_json::json!([entry_id(), subentry_type]),
        };
        Self {
            v: STATE_VERSION,
            fingerprint: definition.fingerprint(),
            origin: Arc::new(Origin {
                flow_id: started.flow_id,
                kind: started.kind,
                handler,
                init: started.init,
                entry: started.entry,
                subentry: started.subentry,
                hub: started.hub,
            }),
            context: Arc::new(started.context),
            at: Position::Ended,
            shown: None,
            revisited: false,
            bindings: EMPTY.bindings.clone(),
            input: None,
            asked: Arc::clone(&EMPTY.asked),
            labels: Arc::clone(&EMPTY.map),
            failure: None,
            link: None,
            account: (!started.account.is_null()).then_some(started.account),
            each: None,
            collected: None,
            back: None,
            effects: 0,
        }
    }

    /// The flow's id.
    #[must_use]
    pub fn flow_id(&self) -> &str {
        &self.origin.flow_id
    }

    /// Which dialog it runs.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.origin.kind
    }

    /// The `handler` of the wire: a domain, an entry id, or an entry id and a sub-entry type.
    #[must_use]
    pub fn handler(&self) -> &Value {
        &self.origin.handler
    }

    /// Source, entry, unique id.
    #[must_use]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What it waits for.
    #[must_use]
    pub fn position(&self) -> &Position {
        &self.at
    }

    /// The step that it stands at, unless it is over.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match &self.at {
            Position::Showing { step }
            | Position::Running { step, .. }
            | Position::Ready { step, .. }
            | Position::Finishing { step, .. } => Some(step),
            Position::Ended => None,
        }
    }

    /// The step that was last shown.
    #[must_use]
    pub fn shown(&self) -> Option<&str> {
        self.shown.as_deref()
    }

    /// The effect that it waits for.
    #[must_use]
    pub fn effect(&self) -> Option<EffectId> {
        match &self.at {
            Position::Running { effect, .. } | Position::Finishing { effect, .. } => Some(*effect),
            _ => None,
        }
    }

    /// The fingerprint of the definition that it runs.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.at == Position::Ended
    }

    /// Whether [`crate::Event::Back`] leads anywhere: from what is shown, also from a progress, whose action is then given up. An
    /// action that nobody sees is waited for.
    #[must_use]
    pub fn can_go_back(&self) -> bool {
        let waits = match &self.at {
            Position::Showing { .. } => true,
            Position::Running { step, .. } => self.shown.as_ref() == Some(step),
            _ => false,
        };
        waits && self.back.is_some()
    }

    /// The public part of the attempt to link an account that is under way.
    #[must_use]
    pub fn link(&self) -> Option<&Value> {
        self.link.as_deref()
    }

    /// The public part of the account that was linked.
    #[must_use]
    pub fn account(&self) -> Option<&Value> {
        self.account.as_deref()
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State").field("flow_id", &self.origin.flow_id).field("at", &self.at).finish_non_exhaustive()
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Showing { step } => write!(f, "Showing({step})"),
            Self::Running { step, effect, .. } => write!(f, "Running({step}, effect {})", effect.0),
            Self::Ready { step, .. } => write!(f, "Ready({step})"),
            Self::Finishing { step, .. } => write!(f, "Finishing({step})"),
            Self::Ended => f.write_str("Ended"),
        }
    }
}
