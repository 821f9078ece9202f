//! Which names some way to each step may have set.
//!
//! Names are only ever added on a way, so all steps of a circle have the same: the steps are gone through once, circle by
//! circle, in the order in which they lead to each other.

use std::collections::{HashMap, HashSet};

use configflow_core::Name;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{Dfs, EdgeRef};

use super::starts::Starts;
use crate::diagnostic::suggest;
use crate::lower::trace::{DialogTrace, StepTrace, Trace};

/// A set of names, as numbers.
#[derive(Clone, Default)]
struct Set(Vec<u64>);

impl Set {
    fn insert(&mut self, at: usize) {
        let word = at / 64;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (at % 64);
    }

    fn contains(&self, at: usize) -> bool {
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    fn extend(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, more) in self.0.iter_mut().zip(&other.0) {
            *word |= more;
        }
    }
}

/// The names that are set where each step begins. A step that no way leads to is not in it.
pub(crate) struct Bound<'t> {
    numbers: HashMap<&'t str, usize>,
    entering: HashMap<&'t str, Set>,
}

/// The names that are set at one place.
pub(crate) struct Here<'b, 't> {
    bound: &'b Bound<'t>,
    set: Set,
}

impl Here<'_, '_> {
    pub(crate) fn insert(&mut self, name: &Name) {
        if let Some(&at) = self.bound.numbers.get(&**name) {
            self.set.insert(at);
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.bound.numbers.get(name).is_some_and(|&at| self.set.contains(at))
    }
}

/// The ways from step to step, each with the names that the first sets before it leads there.
type Ways = DiGraph<(), Set>;

impl<'t> Bound<'t> {
    pub(super) fn of(dialog: &'t DialogTrace, known: &Starts<'t>) -> Self {
        let mut numbers = HashMap::new();
        for event in dialog.steps.iter().flat_map(|step| &step.events) {
            if let Trace::Binds { name } = event {
                let next = numbers.len();
                numbers.entry(&**name).or_insert(next);
            }
        }
        let ways = ways(dialog, &numbers);
        let starts = ways.node_indices().filter(|at| known.begins(&dialog.steps[at.index()].name));
        let mut dfs = Dfs::from_parts(starts.collect(), HashSet::new());
        while dfs.next(&ways).is_some() {}
        let reached: HashSet<NodeIndex> = dfs.discovered;
        let mut sets = vec![Set::default(); dialog.steps.len()];
        // Each circle comes after those that it leads to; so from the last.
        for circle in kosaraju_scc(&ways).into_iter().rev() {
            let inside: HashSet<NodeIndex> = circle.iter().copied().collect();
            let mut set = Set::default();
            for &step in &circle {
                set.extend(&sets[step.index()]);
                for way in ways.edges(step).filter(|way| inside.contains(&way.target()) && reached.contains(&step)) {
                    set.extend(way.weight());
                }
            }
            for &step in circle.iter().filter(|step| reached.contains(step)) {
                for way in ways.edges(step).filter(|way| !inside.contains(&way.target())) {
                    let there = &mut sets[way.target().index()];
                    there.extend(&set);
                    there.extend(way.weight());
                }
            }
            for step in circle {
                sets[step.index()] = set.clone();
            }
        }
        let entering = dialog.steps.iter().zip(sets).enumerate();
        let entering = entering.filter(|(at, _)| reached.contains(&NodeIndex::new(*at)));
        Self { numbers, entering: entering.map(|(_, (step, set))| (&*step.name, set)).collect() }
    }

    pub(crate) fn is_reached(&self, step: &str) -> bool {
        self.entering.contains_key(step)
    }

    pub(crate) fn entering(&self, step: &str) -> Here<'_, 't> {
        Here { bound: self, set: self.entering.get(step).cloned().unwrap_or_default() }
    }
}

fn ways(dialog: &DialogTrace, numbers: &HashMap<&str, usize>) -> Ways {
    let mut ways = Ways::new();
    let named: HashMap<&str, NodeIndex> = dialog.steps.iter().map(|step| (&*step.name, ways.add_node(()))).collect();
    for (at, step) in dialog.steps.iter().enumerate() {
        for (to, set) in leads(step, &named, numbers) {
            ways.add_edge(NodeIndex::new(at), to, set);
        }
    }
    ways
}

/// Where a step leads, with what it has set by then.
fn leads(step: &StepTrace, named: &HashMap<&str, NodeIndex>, numbers: &HashMap<&str, usize>) -> HashMap<NodeIndex, Set> {
    let (mut set, mut leads) = (Set::default(), HashMap::new());
    for event in &step.events {
        match event {
            Trace::Binds { name } => {
                if let Some(&at) = numbers.get(&**name) {
                    set.insert(at);
                }
            }
            Trace::Leads { to, .. } => {
                // A misspelt name leads where it was meant to, so that one mistake is reported once.
                let meant = || named.get(suggest(to, named.keys().copied())?);
                if let Some(&to) = named.get(&**to).or_else(meant) {
                    leads.entry(to).or_insert_with(Set::default).extend(&set);
                }
            }
            _ => {}
        }
    }
    leads
}
