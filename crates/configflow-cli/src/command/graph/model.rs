//! The graph of a dialog: steps and ends, and the ways between them with their conditions.

use std::collections::HashMap;

use configflow_core::definition::{Call, Definition, Dialog, ErrorSpec, Op, Outcome, Rule, SOURCES, Show, Step};
use configflow_core::expr::{Segment, Template};
use configflow_core::{Kind, Value};

use super::ends;

/// What a node stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Where flows of a source begin.
    Start,
    /// A form.
    Form,
    /// A choice of steps.
    Menu,
    /// A page elsewhere.
    External,
    /// Something is being done.
    Progress,
    /// A step that shows nothing.
    Through,
    /// The end of the flow.
    End,
}

/// A step, a beginning or an end.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Letters, digits and `_`; unique.
    pub(super) id: String,
    /// What is written in it.
    pub(super) label: String,
    pub(super) shape: Shape,
}

/// A way from one node to another.
#[derive(Debug, Clone)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    /// Its condition, or the failure that it is taken for.
    pub(super) label: String,
    /// Whether it is taken for an error.
    pub(super) error: bool,
}

/// A dialog as a graph.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    ids: HashMap<Stands, String>,
}

/// What an id stands for: two names that differ only in what an id cannot hold are two nodes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Stands {
    Step(String),
    Start(String),
    End(String),
}

/// Words that mean something to Mermaid, and so cannot be ids.
const RESERVED: [&str; 13] = [
    "end",
    "graph",
    "flowchart",
    "subgraph",
    "direction",
    "click",
    "call",
    "href",
    "style",
    "linkStyle",
    "class",
    "classDef",
    "default",
];

impl Graph {
    /// The graph of a definition's dialog.
    pub(super) fn of(definition: &Definition, dialog: &Dialog, kind: &Kind) -> Self {
        let mut graph = Self::default();
        // Steps first: their ids are their names wherever that is possible.
        for step in dialog.steps() {
            graph.id(Stands::Step(step.name.to_string()));
        }
        for step in dialog.steps() {
            let starts = match kind {
                Kind::Options => &*step.name == "init",
                _ => SOURCES.contains(&&*step.name),
            };
            let own = graph.id(Stands::Step(step.name.to_string()));
            graph.nodes.push(Node { id: own.clone(), label: label_of(step), shape: shape_of(step) });
            if starts {
                let id = graph.id(Stands::Start(step.name.to_string()));
                let label = if *kind == Kind::Options { "options".to_owned() } else { step.name.to_string() };
                graph.nodes.push(Node { id: id.clone(), label, shape: Shape::Start });
                graph.edge(&id, &own, String::new(), false);
            }
        }
        for step in dialog.steps() {
            graph.step(definition, step);
        }
        graph
    }

    fn edge(&mut self, from: &str, to: &str, label: String, error: bool) {
        let same = |edge: &Edge| edge.from == from && edge.to == to && edge.label == label && edge.error == error;
        if !self.edges.iter().any(same) {
            self.edges.push(Edge { from: from.to_owned(), to: to.to_owned(), label, error });
        }
    }

    /// The id of a node: letters, digits and `_`, no word of Mermaid's, and no other node's.
    fn id(&mut self, stands: Stands) -> String {
        if let Some(id) = self.ids.get(&stands) {
            return id.clone();
        }
        let wanted = match &stands {
            Stands::Step(name) => plain(name),
            Stands::Start(name) => format!("start_{}", plain(name)),
            Stands::End(label) => format!("end_{}", plain(label)),
        };
        let taken = |id: &str| RESERVED.contains(&id) || self.ids.values().any(|other| other == id);
        let mut id = wanted.clone();
        let mut number = 2;
        while taken(&id) {
            id = format!("{wanted}_{number}");
            number += 1;
        }
        self.ids.insert(stands, id.clone());
        id
    }

    fn step_id(&mut self, name: &str) -> String {
        self.id(Stands::Step(name.to_owned()))
    }

    fn end(&mut self, label: String) -> String {
        let id = self.id(Stands::End(label.clone()));
        if !self.nodes.iter().any(|node| node.id == id) {
            self.nodes.push(Node { id: id.clone(), label, shape: Shape::End });
        }
        id
    }

    fn step(&mut self, definition: &Definition, step: &Step) {
        let from = self.step_id(&step.name);
        if let Show::Menu(menu) = &step.show {
            for item in &menu.items {
                let when = item.when.as_ref().map(|when| format!(" if {}", when.source())).unwrap_or_default();
                let to = self.step_id(&item.step);
                self.edge(&from, &to, format!("{}{when}", item.step), false);
            }
        }
        for part in [&step.before, &step.check, &step.run, &step.then] {
            let mut guards: Vec<(String, usize)> = Vec::new();
            for (at, op) in part.iter().enumerate() {
                guards.retain(|(_, until)| at < *until);
                let guard: Vec<String> = guards.iter().map(|(when, _)| when.clone()).collect();
                match op {
                    Op::Unless { when, skip_to } => guards.push((operand(when.source()), *skip_to)),
                    Op::Decide(rule) => self.rule(step, rule, &guard, None),
                    Op::Call(call) => {
                        self.ends(step, call, &guard);
                        self.failures(definition, step, call, &guard);
                    }
                    _ => {}
                }
            }
        }
    }

    /// What an action ends by itself.
    fn ends(&mut self, step: &Step, call: &Call, guards: &[String]) {
        let from = self.step_id(&step.name);
        for (when, reason) in ends::of(call) {
            let end = self.end(format!("abort {reason}"));
            let guard = guards.iter().map(|guard| format!(" if {guard}")).collect::<String>();
            self.edge(&from, &end, format!("{}: {when}{guard}", call.action), true);
        }
    }

    fn failures(&mut self, definition: &Definition, step: &Step, call: &Call, guards: &[String]) {
        for failure in &call.signature.fails {
            let own = call.on_error.for_code(&failure.code);
            let rules = if own.is_empty() { definition.on_error.for_code(&failure.code) } else { own };
            for rule in rules {
                self.rule(step, rule, guards, Some(&failure.code));
            }
        }
    }

    fn rule(&mut self, step: &Step, rule: &Rule, guards: &[String], failure: Option<&str>) {
        let from = self.step_id(&step.name);
        let when = match (guards, &rule.when) {
            ([], None) => String::new(),
            ([], Some(when)) => when.source().to_owned(),
            (guards, when) => {
                let when = when.as_ref().map(|when| operand(when.source()));
                guards.iter().cloned().chain(when).collect::<Vec<_>>().join(" and ")
            }
        };
        let label = match (failure, when.is_empty()) {
            (Some(code), true) => code.to_owned(),
            (Some(code), false) => format!("{code} if {when}"),
            (None, _) => when,
        };
        match &rule.outcome {
            Outcome::Step(to) => {
                let to = self.step_id(to);
                self.edge(&from, &to, label, failure.is_some());
            }
            Outcome::Abort { reason, .. } => {
                let end = self.end(format!("abort {}", text_of(reason)));
                self.edge(&from, &end, label, failure.is_some());
            }
            Outcome::Create(_) => {
                let end = self.end("create_entry".to_owned());
                self.edge(&from, &end, label, failure.is_some());
            }
            Outcome::Update(spec) => {
                let reason = spec.reason.as_ref().map(|reason| format!(" {}", text_of(reason))).unwrap_or_default();
                let end = self.end(format!("update_entry{reason}"));
                self.edge(&from, &end, label, failure.is_some());
            }
            Outcome::Error(error) => self.error(step, error, &label),
            Outcome::Ignore => {}
        }
    }

    fn error(&mut self, step: &Step, error: &ErrorSpec, label: &str) {
        let from = self.step_id(&step.name);
        let keys: Vec<String> = error
            .errors
            .iter()
            .map(|(field, key)| key.as_ref().map_or_else(|| field.to_string(), |key| format!("{field}: {}", text_of(key))))
            .collect();
        let label = if label.is_empty() { keys.join(", ") } else { format!("{label} → {}", keys.join(", ")) };
        let target = error.step.as_ref();
        if target.is_none() && !matches!(step.show, Show::Form(_)) {
            let reason =
                error.errors.first().and_then(|(_, key)| key.as_ref()).map_or_else(|| "the failure's code".to_owned(), text_of);
            let end = self.end(format!("abort {reason}"));
            self.edge(&from, &end, label, true);
            return;
        }
        let to = target.map_or_else(|| from.clone(), |to| self.step_id(to));
        self.edge(&from, &to, label, true);
    }
}

fn shape_of(step: &Step) -> Shape {
    match step.show {
        Show::Nothing => Shape::Through,
        Show::Form(_) => Shape::Form,
        Show::Menu(_) => Shape::Menu,
        Show::External(_) => Shape::External,
        Show::Progress(_) => Shape::Progress,
    }
}

/// The step's name, what it shows, and what it does.
fn label_of(step: &Step) -> String {
    let mut label = step.name.to_string();
    match &step.show {
        Show::Form(form) => {
            let fields: Vec<&str> = form.fields().map(|field| &*field.field.name).collect();
            if !fields.is_empty() {
                label.push_str(&format!("\nform: {}", fields.join(", ")));
            }
        }
        Show::Menu(_) => label.push_str("\nmenu"),
        Show::External(_) => label.push_str("\nexternal"),
        Show::Progress(_) => label.push_str("\nprogress"),
        Show::Nothing => {}
    }
    let calls: Vec<&str> = step
        .ops()
        .filter_map(|op| match op {
            Op::Call(call) => Some(&*call.action),
            _ => None,
        })
        .collect();
    if !calls.is_empty() {
        label.push_str(&format!("\ndo: {}", calls.join(", ")));
    }
    label
}

/// A condition as a part of a longer one.
fn operand(when: &str) -> String {
    let alone = [" or ", " if "].iter().all(|word| !when.contains(word));
    if alone { when.to_owned() } else { format!("({when})") }
}

/// A name in letters, digits and `_`.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A text as it is written in the definition.
pub(super) fn text_of(template: &Template) -> String {
    match template {
        Template::Literal(Value::String(text)) => text.clone(),
        Template::Literal(value) => value.to_string(),
        Template::Expr(expr) => format!("{{{{ {} }}}}", expr.source()),
        Template::Text(segments) => segments
            .iter()
            .map(|segment| match segment {
                Segment::Literal(text) => text.clone(),
                Segment::Expr(expr) => format!("{{{{ {} }}}}", expr.source()),
            })
            .collect(),
        Template::List(_) | Template::Map(_) => "…".to_owned(),
    }
}
