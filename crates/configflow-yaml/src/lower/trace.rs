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
    /// What an entry keeps under a key.
    Stored(String),
    /// All that an entry keeps.
    StoredAll,
}

/// What an expression reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reads {
    /// Names with their attributes.
    pub(crate) names: BTreeSet<String>,
    /// The steps that `answers_of` names.
    pub(crate) answers_of: Vec<String>,
    /// It is one name with its attributes and nothing else, so that nothing stands in for it where it is none.
    pub(crate) bare: bool,
}

/// One thing that happens in a step.
#[derive(Debug, Clone)]
pub(crate) enum Trace {
    /// An expression reads names.
    Reads { reads: Reads, locals: Vec<String>, span: Span, sink: Sink, block: Option<BlockUse> },
    /// A name gets a value.
    Binds { name: Name },
    /// The step may go to another one.
    Leads { to: Name, span: Span, block: Option<BlockUse> },
    /// An item of a sequence begins.
    Item { span: Span, block: Option<BlockUse> },
    /// The entry that the flow is about is changed.
    Updates { span: Span },
    /// An error is shown at the form of another step.
    ShowsAt { step: Name, span: Span },
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
    pub(crate) is_form: bool,
    pub(crate) is_repeated: bool,
    /// Not all of it could be read: nobody knows where it leads.
    pub(crate) unsure: bool,
    /// It comes from an included library.
    pub(crate) included: bool,
    pub(crate) events: Vec<Trace>,
}

/// One dialog.
#[derive(Debug, Clone)]
pub(crate) struct DialogTrace {
    /// `config`, `options`, `subentries.TYPE`.
    pub(crate) name: String,
    pub(crate) span: Span,
    /// Not all of its steps could be read.
    pub(crate) unsure: bool,
    pub(crate) steps: Vec<StepTrace>,
}

impl DialogTrace {
    /// Whether not all of it could be read.
    pub(crate) fn unsure(&self) -> bool {
        self.unsure || self.steps.iter().any(|step| step.unsure)
    }
}

/// A formula under `let:`.
#[derive(Debug, Clone)]
pub(crate) struct LetTrace {
    pub(crate) name: Name,
    pub(crate) span: Span,
    pub(crate) reads: Vec<(Reads, Span)>,
    /// How often its expressions mention each name.
    pub(crate) mentions: HashMap<String, usize>,
    /// It comes from an included library.
    pub(crate) included: bool,
}
