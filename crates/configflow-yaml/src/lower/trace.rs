//! What the lowering remembers of each step for the checks: which names it reads and binds, and where it leads, in the order
//! in which it happens. The compiled definition has no places in the file; a trace has them all.

use std::collections::{BTreeSet, HashMap};

use configflow_core::Name;

use crate::node::Span;

/// Where an expression's value goes, which decides whether it may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sink {
    /// A condition: only its truth is used.
    Condition,
    /// A parameter of an action, the account, an entry's data, the default of a field: may be secret.
    Private,
    /// Something that people or other programs see.
    Shown(&'static str),
    /// The value of a name.
    Name(String),
}

/// One thing that happens in a step.
#[derive(Debug, Clone)]
pub(crate) enum Trace {
    /// An expression reads names.
    Reads { names: BTreeSet<String>, locals: Vec<String>, span: Span, sink: Sink, block: Option<BlockUse> },
    /// A name gets a value.
    Binds { name: Name },
    /// The step may go to another one.
    Leads { to: Name, span: Span, block: Option<BlockUse> },
    /// The step shows itself here.
    Shows,
    /// The sequence ends here whatever happens: an outcome without a condition.
    Ends,
    /// What follows happens only under a condition, up to the matching `Otherwise`.
    Guarded,
    /// The end of what is guarded.
    Rejoined,
}

/// A block, and where it is used.
#[derive(Debug, Clone)]
pub(crate) struct BlockUse {
    pub(crate) name: String,
    pub(crate) used_at: Span,
}

/// One step.
#[derive(Debug, Clone)]
pub(crate) struct StepTrace {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) shows: bool,
    pub(crate) is_menu: bool,
    /// It comes from an included library.
    pub(crate) included: bool,
    pub(crate) events: Vec<Trace>,
}

/// One dialog.
#[derive(Debug, Clone)]
pub(crate) struct DialogTrace {
    /// `config`, `options`, `subentries.TYPE`.
    pub(crate) name: String,
    pub(crate) steps: Vec<StepTrace>,
}

/// A formula under `let:`.
#[derive(Debug, Clone)]
pub(crate) struct LetTrace {
    pub(crate) name: Name,
    pub(crate) reads: Vec<(BTreeSet<String>, Span)>,
    /// How often its expressions mention each name.
    pub(crate) mentions: HashMap<String, usize>,
}
