//! Where a rule leads.

use indexmap::IndexMap;

use crate::Name;
use crate::expr::{Expr, Template};

/// An outcome under a condition.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The condition; none is always.
    pub when: Option<Expr>,
    /// Where it leads.
    pub outcome: Outcome,
}

impl Rule {
    /// A rule without a condition.
    #[must_use]
    pub fn always(outcome: Outcome) -> Self {
        Self { when: None, outcome }
    }
}

/// Exactly one way on.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// A form again, with errors beside its fields.
    Error(ErrorSpec),
    /// The end, with a reason.
    Abort {
        /// The key of the reason's text.
        reason: Template,
        /// What the text mentions.
        placeholders: Option<Template>,
    },
    /// Another step.
    Step(Name),
    /// The end, with an entry (config), options (options) or a sub-entry.
    Create(Box<CreateSpec>),
    /// The end, with an entry or sub-entry changed.
    Update(Box<UpdateSpec>),
    /// On without the result; for failures only.
    Ignore,
}

/// `error:`.
#[derive(Debug, Clone, Default)]
pub struct ErrorSpec {
    /// Field (or `base`) to key; a key of `None` is the failure's code.
    pub errors: Vec<(Name, Option<Template>)>,
    /// The form to show instead of the step's own.
    pub step: Option<Name>,
    /// What the texts mention, beside the step's own placeholders.
    pub placeholders: Option<Template>,
}

/// Whether the core reloads an entry that a flow changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reload {
    /// In any case.
    Always,
    /// When the flow changed something.
    IfChanged,
    /// Never.
    Never,
}

/// `create_entry:`.
#[derive(Debug, Clone, Default)]
pub struct CreateSpec {
    /// The title; in an options flow it may be absent.
    pub title: Option<Template>,
    /// The entry's data; in an options flow its options.
    pub data: Option<Template>,
    /// The entry's options.
    pub options: Option<Template>,
    /// Sub-entries to begin with: a list of `{subentry_type, title, data, unique_id}`.
    pub subentries: Option<Template>,
    /// The key of a text shown at the end.
    pub description: Option<Template>,
    /// What that text mentions.
    pub placeholders: Option<Template>,
    /// A flow to go on with: `{handler, source}`, started by the engine.
    pub next_flow: Option<Template>,
    /// The unique id of a sub-entry.
    pub unique_id: Option<Template>,
    /// Whether the entry is reloaded (options flows).
    pub reload: Option<Reload>,
}

/// `update_entry:`.
#[derive(Debug, Clone, Default)]
pub struct UpdateSpec {
    /// Replaces the data.
    pub data: Option<Template>,
    /// Is merged into the data.
    pub data_updates: Option<Template>,
    /// Replaces the options.
    pub options: Option<Template>,
    /// Is merged into the options.
    pub options_updates: Option<Template>,
    /// The new title.
    pub title: Option<Template>,
    /// The new unique id.
    pub unique_id: Option<Template>,
    /// The abort reason; `reauth_successful` or `reconfigure_successful` by the source where absent.
    pub reason: Option<Template>,
    /// The id of another entry to change.
    pub entry: Option<Template>,
    /// What the reason's text mentions.
    pub placeholders: Option<Template>,
    /// Whether the entry is reloaded.
    pub reload: Option<Reload>,
}

/// What each failure code leads to; `any` for the rest.
#[derive(Debug, Clone, Default)]
pub struct Handlers {
    /// Rules by failure code; the first that holds counts.
    pub by_code: IndexMap<String, Vec<Rule>>,
}

impl Handlers {
    /// Whether a code, or `any`, is named.
    #[must_use]
    pub fn names(&self, code: &str) -> bool {
        self.by_code.contains_key(code) || self.by_code.contains_key("any")
    }

    /// The rules for a code: its own, else those of `any`.
    #[must_use]
    pub fn for_code(&self, code: &str) -> &[Rule] {
        self.by_code.get(code).or_else(|| self.by_code.get("any")).map_or(&[], Vec::as_slice)
    }
}
