//! A step: what it does on entering, what it shows, what it does with the answer, where it goes.

use std::sync::Arc;

use super::form::{Fixed, FormItem, FormSpec};
use super::outcome::{Outcome, Rule};
use super::sequence::{EachSpec, Op};
use super::{BuildError, Dialog};
use crate::Name;
use crate::expr::{Expr, Template};
use crate::field::{self, Shown};
use crate::result::DataSchema;

/// A step of a dialog. Its five parts run in the order of the fields here.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its name in the dialog.
    pub name: Name,
    /// On entering.
    pub before: Vec<Op>,
    /// What it shows.
    pub show: Show,
    /// Rules over the answers.
    pub check: Vec<Op>,
    /// On a good answer; for a progress: while it is shown.
    pub run: Vec<Op>,
    /// Where to.
    pub then: Vec<Op>,
    /// The step id that clients and texts see, where it is not the name.
    pub shown_as: Option<Name>,
    /// What the step's texts mention.
    pub placeholders: Option<Template>,
    /// Whether this is the last step; null where nobody knows.
    pub last_step: Option<Template>,
    /// The integration that previews the answers.
    pub preview: Option<String>,
    /// Repeats the step for each item of a list.
    pub each: Option<EachSpec>,
    /// Made by [`super::Definition::build`].
    pub program: Program,
}

/// `before`, `check`, `run` and `then` in one list, so that where a flow stands in a step is one number.
#[derive(Debug, Clone, Default)]
pub struct Program {
    pub(crate) ops: Vec<Op>,
    /// Where the step shows itself.
    pub(crate) show_at: usize,
    /// Where `then` begins.
    pub(crate) then_at: usize,
}

impl Step {
    /// A step that shows nothing and does nothing yet.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.into(),
            before: Vec::new(),
            show: Show::Nothing,
            check: Vec::new(),
            run: Vec::new(),
            then: Vec::new(),
            shown_as: None,
            placeholders: None,
            last_step: None,
            preview: None,
            each: None,
            program: Program::default(),
        }
    }

    /// The step id that clients and texts see.
    #[must_use]
    pub fn step_id(&self) -> &Name {
        self.shown_as.as_ref().unwrap_or(&self.name)
    }

    /// The action that an operation of the program calls.
    #[must_use]
    pub fn action_at(&self, op: usize) -> Option<&str> {
        match self.program.ops.get(op) {
            Some(Op::Call(call)) => Some(&call.action),
            _ => None,
        }
    }

    /// Every operation of the step in the order in which it runs.
    pub fn ops(&self) -> impl Iterator<Item = &Op> {
        [&self.before, &self.check, &self.run, &self.then].into_iter().flatten()
    }
}

/// What a step shows.
#[derive(Debug, Clone)]
pub enum Show {
    /// Nothing: the step passes through.
    Nothing,
    /// A form.
    Form(FormSpec),
    /// A choice of steps.
    Menu(MenuSpec),
    /// A page elsewhere.
    External(ExternalSpec),
    /// That something is being done.
    Progress(ProgressSpec),
}

/// `menu:`.
#[derive(Debug, Clone)]
pub struct MenuSpec {
    /// The choices in the order of the screen.
    pub items: Vec<MenuItem>,
    /// Whether the file gave labels; then the options are a map on the wire.
    pub labelled: bool,
    /// Whether the client sorts them.
    pub sort: bool,
}

/// One choice of a menu.
#[derive(Debug, Clone)]
pub struct MenuItem {
    /// The step that it leads to.
    pub step: Name,
    /// Its label, where the file gives one.
    pub label: Option<Template>,
    /// Shown only where this holds.
    pub when: Option<Expr>,
    /// Its place: lower numbers come first, those of one number in the order of the screen, those without one last.
    pub rank: Option<Template>,
}

/// `external:`.
#[derive(Debug, Clone)]
pub struct ExternalSpec {
    /// The page.
    pub url: Template,
    /// The path of the hub where whoever comes back goes on with the flow that `flow_id` names; what else is in the query is the answer.
    /// Such a step waits for nobody in particular: one that links an account goes on with its provider's callback alone.
    pub callback_path: Option<String>,
}

/// `progress:`.
#[derive(Debug, Clone)]
pub struct ProgressSpec {
    /// The key of the text that says what is being done.
    pub action: Template,
}

/// Puts each step's program together and serialises the forms in which nothing is computed.
pub(super) fn finish(dialog: &mut Dialog, name: &str) -> Result<(), BuildError> {
    for at in 0..dialog.steps.len() {
        let mut step = (*dialog.steps[at]).clone();
        let show_at = step.before.len();
        let then_at = show_at + step.check.len() + step.run.len();
        let mut ops = Vec::with_capacity(then_at + step.then.len());
        for part in [&step.before, &step.check, &step.run, &step.then] {
            let (base, length) = (ops.len(), part.len());
            for op in part {
                ops.push(match op {
                    Op::Unless { skip_to, .. } if *skip_to > length => {
                        return Err(BuildError::Guard { dialog: name.to_owned(), step: step.name.clone() });
                    }
                    Op::Unless { when, skip_to } => Op::Unless { when: when.clone(), skip_to: base + skip_to },
                    other => other.clone(),
                });
            }
        }
        step.program = Program { ops, show_at, then_at };
        if let Some(to) = targets(&step).into_iter().find(|to| dialog.step(to).is_none()) {
            return Err(BuildError::NoStep { dialog: name.to_owned(), from: step.name.clone(), to });
        }
        if let Show::Form(form) = &mut step.show {
            form.fixed = Fixed { schema: fixed_schema(form), asked: fixed_names(form) };
        }
        dialog.steps[at] = Arc::new(step);
    }
    Ok(())
}

fn targets(step: &Step) -> Vec<Name> {
    let mut targets = Vec::new();
    for op in step.ops() {
        let rules: Vec<&Rule> = match op {
            Op::Decide(rule) => vec![rule],
            Op::Call(call) => call.on_error.by_code.values().flatten().collect(),
            _ => Vec::new(),
        };
        for rule in rules {
            match &rule.outcome {
                Outcome::Step(to) => targets.push(to.clone()),
                Outcome::Error(error) => targets.extend(error.step.clone()),
                _ => {}
            }
        }
    }
    if let Show::Menu(menu) = &step.show {
        targets.extend(menu.items.iter().map(|item| item.step.clone()));
    }
    targets
}

fn fixed_names(form: &FormSpec) -> Option<Arc<[Name]>> {
    let name = |item: &FormItem| match item {
        FormItem::Field(field) if !field.field.advanced => Some(field.field.name.clone()),
        FormItem::Field(_) | FormItem::When { .. } => None,
    };
    form.items.iter().map(name).collect()
}

fn fixed_schema(form: &FormSpec) -> Option<DataSchema> {
    if form.defaults.is_some() || form.suggested.is_some() {
        return None;
    }
    let mut shown = Vec::with_capacity(form.items.len());
    for item in &form.items {
        match item {
            FormItem::Field(field) if field.is_fixed() && !field.field.advanced => shown.push(Shown::of(&field.field)),
            _ => return None,
        }
    }
    field::serialize(&shown).ok().map(DataSchema::fixed)
}
