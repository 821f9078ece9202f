//! The graph of a dialog: steps and ends, and the ways between them with their conditions.

use configflow_core::definition::{Call, Definition, Dialog, ErrorSpec, Op, Outcome, Rule, Show, Step};
use configflow_core::expr::{Segment, Template};
use configflow_core::{Kind, Value};

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
    /// Letters, digits and `_`.
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
}

/// The sources that a flow can start from.
const SOURCES: [&str; 17] = [
    "user",
    "reauth",
    "reconfigure",
    "import",
    "zeroconf",
    "ssdp",
    "dhcp",
    "bluetooth",
    "homekit",
    "mqtt",
    "usb",
    "hassio",
    "esphome",
    "hardware",
    "discovery",
    "integration_discovery",
    "system",
];

impl Graph {
    /// The graph of a definition's dialog.
    pub(super) fn of(definition: &Definition, dialog: &Dialog, kind: &Kind) -> Self {
        let mut graph = Self::default();
        for step in dialog.steps() {
            let starts = match kind {
                Kind::Options => &*step.name == "init",
                _ => SOURCES.contains(&&*step.name),
            };
            graph.nodes.push(Node { id: id_of(&step.name), label: label_of(step), shape: shape_of(step) });
            if starts {
                let id = format!("start_{}", id_of(&step.name));
                let label = if *kind == Kind::Options { "options".to_owned() } else { step.name.to_string() };
                graph.nodes.push(Node { id: id.clone(), label, shape: Shape::Start });
                graph.edge(&id, &id_of(&step.name), String::new(), false);
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

    fn end(&mut self, label: String) -> String {
        let id = format!("end_{}", id_of(&label));
        if !self.nodes.iter().any(|node| node.id == id) {
            self.nodes.push(Node { id: id.clone(), label, shape: Shape::End });
        }
        id
    }

    fn step(&mut self, definition: &Definition, step: &Step) {
        let from = id_of(&step.name);
        if let Show::Menu(menu) = &step.show {
            for item in &menu.items {
                let when = item.when.as_ref().map(|when| format!(" if {}", when.source())).unwrap_or_default();
                self.edge(&from, &id_of(&item.step), format!("{}{when}", item.step), false);
            }
        }
        for part in [&step.before, &step.check, &step.run, &step.then] {
            let mut guards: Vec<(String, usize)> = Vec::new();
            for (at, op) in part.iter().enumerate() {
                guards.retain(|(_, until)| at < *until);
                let guard: Vec<String> = guards.iter().map(|(when, _)| when.clone()).collect();
                match op {
                    Op::Unless { when, skip_to } => guards.push((when.source().to_owned(), *skip_to)),
                    Op::Decide(rule) => self.rule(step, rule, &guard, None),
                    Op::Call(call) => self.failures(definition, step, call),
                    _ => {}
                }
            }
        }
    }

    fn failures(&mut self, definition: &Definition, step: &Step, call: &Call) {
        for failure in &call.signature.fails {
            let own = call.on_error.for_code(&failure.code);
            let rules = if own.is_empty() { definition.on_error.for_code(&failure.code) } else { own };
            for rule in rules {
                self.rule(step, rule, &[], Some(&failure.code));
            }
        }
    }

    fn rule(&mut self, step: &Step, rule: &Rule, guards: &[String], failure: Option<&str>) {
        let from = id_of(&step.name);
        let mut conditions: Vec<String> = guards.to_vec();
        conditions.extend(rule.when.as_ref().map(|when| when.source().to_owned()));
        let when = conditions.join(" and ");
        let label = match (failure, when.is_empty()) {
            (Some(code), true) => code.to_owned(),
            (Some(code), false) => format!("{code} if {when}"),
            (None, _) => when,
        };
        match &rule.outcome {
            Outcome::Step(to) => self.edge(&from, &id_of(to), label, failure.is_some()),
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
        let from = id_of(&step.name);
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
        self.edge(&from, &target.map_or(from.clone(), |to| id_of(to)), label, true);
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

fn id_of(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// A text as it is written in the definition.
fn text_of(template: &Template) -> String {
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
