//! From the tree of a file to a compiled definition.
//!
//! Everything that is wrong is reported, and lowering goes on with what can be understood, so that one run reports all
//! mistakes. While it compiles, it leaves a [`trace`] of each step for the checks.

mod account;
mod actions;
mod budget;
mod builtin;
mod call;
mod file;
mod form;
mod keys;
mod library;
mod link;
mod names;
mod outcome;
mod reads;
mod sequence;
mod step;
mod template;
pub(crate) mod trace;
mod wanted;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use configflow_core::Name;
use configflow_core::definition::{Handlers, Parts};
use configflow_core::expr::{Expressions, Template};
use configflow_core::signature::{Shape, Signature, Signatures};
use indexmap::IndexMap;

use crate::diagnostic::{Builder, Code, Diagnostics};
use crate::node::{Node, Span};
use crate::{KnownProvider, MethodsOf};
use field::LoweredField;
use trace::{BlockUse, DialogTrace, LetTrace, Trace};

pub(crate) mod field;

pub(crate) use call::shape_has;
pub(crate) use file::lower;
pub use library::{libraries, library};
pub(crate) use outcome::listed;

pub(crate) const NOT_SOUND: Code = Code::new("definition.not_sound", "the definition cannot be put together");

/// Every code of the lowering.
pub(crate) const CODES: &[Code] = &[
    NOT_SOUND,
    budget::TOO_LARGE,
    file::DOMAIN,
    file::NO_DIALOG,
    keys::UNKNOWN_KEY,
    keys::MISSING_KEY,
    keys::EXPECTED,
    keys::UNQUOTED,
    template::EXPRESSION,
    template::UNKNOWN_FILTER,
    template::STATEMENT,
    template::TOO_LONG,
    template::CALL,
    outcome::NO_OUTCOME,
    outcome::TWO_OUTCOMES,
    outcome::IGNORE_OUTSIDE,
    outcome::NO_LAST,
    sequence::EMPTY_ITEM,
    call::UNKNOWN_ACTION,
    call::UNKNOWN_PARAMETER,
    call::MISSING_PARAMETER,
    call::PARAMETER_TYPE,
    call::UNKNOWN_FAILURE,
    call::UNHANDLED,
    call::NO_ACCOUNT,
    sequence::UNKNOWN_BLOCK,
    sequence::BLOCK_CIRCLE,
    sequence::RULES_ONLY,
    step::TWO_SHOWS,
    step::NOT_HERE,
    actions::RESERVED,
    actions::NAME,
    actions::UNKNOWN_TYPE,
    names::UNKNOWN_FIELD,
    names::NAME_TAKEN,
    account::UNKNOWN_PROVIDER,
    account::PARAMETER,
    names::TWICE,
    builtin::PARAMETER_VALUE,
    builtin::CLASH,
    names::RESERVED_NAME,
    library::UNKNOWN_LIBRARY,
    library::PARAMETER,
    link::METHOD,
    link::UNAVAILABLE,
    link::STEP_CLASH,
];

/// What a file becomes.
pub(crate) struct Lowered {
    pub(crate) parts: Parts,
    pub(crate) traces: Traces,
}

/// What the checks look at.
#[derive(Default)]
pub(crate) struct Traces {
    pub(crate) dialogs: Vec<DialogTrace>,
    pub(crate) lets: Vec<LetTrace>,
    /// Reads that belong to no step: the account.
    pub(crate) account: Vec<Trace>,
    /// Results of actions by the name that they are bound to.
    pub(crate) results: IndexMap<String, ResultName>,
    /// Fields by name; with whether they are secret, and have options.
    pub(crate) fields: IndexMap<String, FieldName>,
    /// Formulas of the file itself, with their places.
    pub(crate) let_spans: Vec<(String, Span)>,
    /// Actions that the file declares and nothing calls.
    pub(crate) unused_actions: Vec<(String, Span)>,
    /// What could not be read, so that what it would have defined is not missed.
    pub(crate) lost: Lost,
    /// Whether the file links an account.
    pub(crate) has_account: bool,
    /// The fields that a failure of the file's actions can have.
    pub(crate) failure_fields: BTreeSet<String>,
    /// Some form takes what it does not know.
    pub(crate) takes_anything: bool,
    /// Keys of errors that are written out.
    pub(crate) error_keys: Vec<(String, Span)>,
    /// Fields that some form shows or some `set` sets.
    pub(crate) used_fields: HashSet<String>,
    /// Where blocks, actions and their parameters are defined, and whether something uses them by that name.
    pub(crate) places: HashMap<Span, bool>,
    /// Fields that are named where a field has to be.
    pub(crate) named_fields: HashSet<String>,
    /// What the top-level `on_error` reads.
    pub(crate) on_error: Vec<Trace>,
    /// Blocks that nothing uses.
    pub(crate) unused_blocks: Vec<(String, Span)>,
}

/// What of a file could not be read.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Lost {
    /// Names that expressions read may have been defined by it: fields, formulas, results.
    pub(crate) names: bool,
    /// Fields.
    pub(crate) fields: bool,
    /// Blocks.
    pub(crate) blocks: bool,
    /// Actions.
    pub(crate) actions: bool,
    /// Which action is called somewhere.
    pub(crate) actions_called: bool,
    /// Steps, of a library that does not exist.
    pub(crate) steps: bool,
    /// Where something leads, or what it uses.
    pub(crate) ways: bool,
}

/// A field, as far as the checks care.
pub(crate) struct FieldName {
    pub(crate) span: Span,
    pub(crate) secret: bool,
    /// The fields of a section, and whether each is secret.
    pub(crate) section: Option<Vec<(String, bool)>>,
    pub(crate) options: bool,
    /// It comes from an included library.
    pub(crate) included: bool,
}

/// The result of an action under a name.
pub(crate) struct ResultName {
    pub(crate) span: Span,
    pub(crate) shape: Shape,
    /// The keys that `extract` names.
    pub(crate) keys: Vec<String>,
    pub(crate) is_list: bool,
    /// Where the file says what fields it has.
    pub(crate) parts: HashMap<String, Span>,
    /// Those of its fields that are secret.
    pub(crate) secrets: Vec<String>,
}

/// The lowering of one file.
pub(crate) struct Lowering<'n> {
    pub(crate) diagnostics: Diagnostics,
    pub(crate) expressions: Expressions,
    pub(crate) signatures: Signatures,
    pub(crate) providers: Option<Vec<KnownProvider>>,
    /// The ways in which an account can be linked at a provider.
    pub(crate) methods_of: Option<MethodsOf>,
    /// What each `link` step becomes.
    pub(crate) links: &'n [link::Linked],
    pub(crate) fields: IndexMap<String, DefinedField>,
    pub(crate) lets: IndexMap<Name, Template>,
    pub(crate) blocks: IndexMap<String, &'n Node>,
    pub(crate) on_error: Handlers,
    pub(crate) has_account: bool,
    pub(crate) has_once: bool,
    pub(crate) used_actions: IndexMap<String, Arc<Signature>>,
    pub(crate) used_blocks: HashSet<String>,
    pub(crate) used_fields: HashSet<String>,
    /// Where blocks, actions and their parameters are defined, and whether something uses them by that name.
    pub(crate) places: HashMap<Span, bool>,
    /// The place of `block`, of `action.name` and of `action.name` with the name of a parameter or of a field of its result.
    pub(crate) defined_at: HashMap<(String, String), Span>,
    /// Fields that are named where a field has to be.
    pub(crate) named_fields: HashSet<String>,
    pub(crate) error_keys: Vec<(String, Span)>,
    pub(crate) results: IndexMap<String, ResultName>,
    /// What may still be lowered.
    pub(crate) budget: budget::Budget,
    /// The block that is being inlined.
    pub(crate) block: Option<BlockUse>,
    pub(crate) open_blocks: Vec<String>,
    /// Names that hold only here: `item`, `key`, the `as` of an `each`.
    pub(crate) locals: Vec<String>,
    /// What happens in the step that is being lowered.
    pub(crate) trace: Vec<Trace>,
    /// The keys of the `extract` that is being lowered.
    pub(crate) extract_keys: Vec<(String, Span)>,
    /// How many codes under `on_error` are neither known nor like one that is.
    pub(crate) unknown_codes: usize,
    /// What could not be read.
    pub(crate) lost: Lost,
    /// What is being lowered comes from a library.
    pub(crate) in_library: bool,
    /// The dialog that is being lowered.
    pub(crate) dialog_kind: DialogKind,
    /// Actions that the file declares, with their places.
    pub(crate) declared_actions: Vec<(String, Span)>,
    /// Actions that something calls, also by a slip of the finger.
    pub(crate) called_actions: HashSet<String>,
    /// Some form takes what it does not know.
    pub(crate) takes_anything: bool,
}

/// Which dialog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum DialogKind {
    /// Of an entry to be made, or one that is set up again.
    #[default]
    Config,
    /// Of an entry's options.
    Options,
    /// Of a sub-entry.
    Subentry,
}

/// A field under `fields:`.
pub(crate) struct DefinedField {
    pub(crate) lowered: LoweredField,
    /// It could not be understood.
    pub(crate) unread: bool,
    pub(crate) span: Span,
    pub(crate) included: bool,
}

/// What a map has under a name.
fn value_of<'n>(tree: &'n Node, name: &str) -> Option<&'n Node> {
    tree.get(name)
}

impl Lowering<'_> {
    /// Reports a mistake.
    pub(crate) fn report(&mut self, code: Code, span: Span, message: &str) -> Builder<'_> {
        let builder = self.diagnostics.error(code, span, message);
        match &self.block {
            Some(block) => builder.label(block.used_at, &format!("in block `{}`, used here", block.name)),
            None => builder,
        }
    }

    /// Reports what is probably not meant.
    pub(crate) fn warn(&mut self, code: Code, span: Span, message: &str) -> Builder<'_> {
        let builder = self.diagnostics.warning(code, span, message);
        match &self.block {
            Some(block) => builder.label(block.used_at, &format!("in block `{}`, used here", block.name)),
            None => builder,
        }
    }

    /// Nobody knows where the step that is being lowered leads: nothing is said about what may be there.
    pub(crate) fn lost_way(&mut self) {
        self.lost.ways = true;
    }
}
