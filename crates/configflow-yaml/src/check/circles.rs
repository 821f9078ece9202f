//! Formulas do not use themselves or grow beyond measure, and steps that show nothing do not lead to each other in a circle.

use std::collections::{HashMap, HashSet, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;

use super::Bound;
use crate::diagnostic::{Code, Diagnostics};
use crate::lower::Traces;
use crate::lower::trace::{DialogTrace, LetTrace, StepTrace, Trace};

pub(crate) const FORMULA_CIRCLE: Code = Code::new("let.circle", "a formula under `let:` uses itself");
pub(crate) const FORMULA_TOO_LARGE: Code = Code::new("let.too_large", "a formula under `let:` uses too many others");
pub(crate) const STEP_CIRCLE: Code = Code::new("step.circle", "steps that show nothing lead to each other in a circle");

/// The most formulas that one evaluation of a formula may evaluate, each as often as it is used.
const MAX_FORMULAS: usize = 1_000;
/// How deep formulas may use each other; the same limit holds when they are evaluated.
const MAX_DEPTH: usize = 32;

pub(super) fn check(traces: &Traces, bounds: &[Bound<'_>], diagnostics: &mut Diagnostics) {
    formulas(&traces.lets, diagnostics);
    for (dialog, bound) in traces.dialogs.iter().zip(bounds) {
        steps(dialog, bound, diagnostics);
    }
}

/// What evaluating a formula takes.
#[derive(Clone, Copy, Default)]
struct Size {
    formulas: usize,
    depth: usize,
    /// It uses one that is too large: that one was reported.
    reported: bool,
}

fn formulas(lets: &[LetTrace], diagnostics: &mut Diagnostics) {
    let named: HashMap<&str, NodeIndex> =
        lets.iter().enumerate().map(|(at, formula)| (&*formula.name, NodeIndex::new(at))).collect();
    let mut uses: DiGraph<&LetTrace, usize> = DiGraph::new();
    for formula in lets {
        uses.add_node(formula);
    }
    for (at, formula) in lets.iter().enumerate() {
        for name in formula.reads.iter().flat_map(|(reads, _)| &reads.names) {
            let root = name.split('.').next().unwrap_or_default();
            if let Some(&used) = named.get(root) {
                uses.update_edge(NodeIndex::new(at), used, formula.mentions.get(root).copied().unwrap_or(1));
            }
        }
    }
    let mut sizes: Vec<Size> = vec![Size::default(); lets.len()];
    // Each comes after those that it uses.
    for circle in kosaraju_scc(&uses) {
        let first = circle.iter().min().copied().unwrap_or_default();
        let Some((_, span)) = uses[first].reads.first() else { continue };
        if circle.len() > 1 || uses.contains_edge(first, first) {
            diagnostics.error(FORMULA_CIRCLE, *span, &format!("`{}` is computed from itself", uses[first].name));
            continue;
        }
        let mut size = Size { formulas: 1, depth: 1, reported: false };
        for way in uses.edges(first) {
            let used = sizes[way.target().index()];
            size.formulas = size.formulas.saturating_add(used.formulas.saturating_mul(*way.weight()));
            size.depth = size.depth.max(used.depth + 1);
            size.reported |= used.reported;
        }
        let too_large = if size.reported {
            None
        } else if size.depth > MAX_DEPTH {
            Some(format!("formulas may use each other {MAX_DEPTH} deep"))
        } else if size.formulas > MAX_FORMULAS {
            Some(format!("a formula may use {MAX_FORMULAS} others, each counted as often as it is used"))
        } else {
            None
        };
        if let Some(message) = too_large {
            diagnostics.error(FORMULA_TOO_LARGE, *span, &message);
            size.reported = true;
        }
        sizes[first.index()] = size;
    }
}

fn steps(dialog: &DialogTrace, bound: &Bound<'_>, diagnostics: &mut Diagnostics) {
    let silent: HashMap<&str, &StepTrace> =
        dialog.steps.iter().filter(|step| !step.shows).map(|step| (&*step.name, step)).collect();
    let mut reported: HashSet<&str> = HashSet::new();
    for step in dialog.steps.iter().filter(|step| !step.shows) {
        // Of a step that nothing leads to, that is what is wrong.
        if reported.contains(&*step.name) || !bound.is_reached(&step.name) || diagnostics.is_full() {
            continue;
        }
        if let Some(way) = way_back(step, &silent) {
            let names: Vec<String> = way.iter().map(|name| format!("`{name}`")).collect();
            reported.extend(way);
            let message = format!("step `{}` leads back to itself without showing anything: {}", step.name, names.join(" → "));
            diagnostics.warning(STEP_CIRCLE, step.span, &message).hint("let one of them show a form, a menu or a progress");
        }
    }
}

/// The shortest way from a step back to itself on which nothing is shown.
fn way_back<'t>(from: &'t StepTrace, silent: &HashMap<&'t str, &'t StepTrace>) -> Option<Vec<&'t str>> {
    let mut came: HashMap<&str, &str> = HashMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(step) = open.pop_front() {
        for event in &step.events {
            let Trace::Leads { to, .. } = event else { continue };
            let Some(next) = silent.get(&**to) else { continue };
            if next.name == from.name {
                let mut way = vec![&*from.name, &*step.name];
                while let Some(before) = came.get(way[way.len() - 1]) {
                    way.push(before);
                }
                // A step that leads to itself at once is there once too often.
                way.dedup();
                if way.len() == 1 {
                    way.push(&from.name);
                }
                way.reverse();
                return Some(way);
            }
            if !came.contains_key(&*next.name) {
                came.insert(&next.name, &step.name);
                open.push_back(next);
            }
        }
    }
    None
}
