//! Steps: their five parts in the order in which they happen.

use configflow_core::definition::{Dialog, ExternalSpec, FormSpec, MenuItem, MenuSpec, Op, Outcome, ProgressSpec, Show, Step};
use configflow_core::expr::Template;

use super::Lowering;
use super::keys::{EXPECTED, MISSING_KEY};
use super::names::TWICE;
use super::sequence::Part;
use super::trace::{DialogTrace, Sink, StepTrace, Trace};
use super::wanted::Wanted;
use crate::diagnostic::Code;
use crate::node::{Node, NodeValue, Span};

pub(crate) const TWO_SHOWS: Code = Code::new("step.two_shows", "a step shows more than one thing");
pub(crate) const NOT_HERE: Code = Code::new("step.key_not_here", "a key has no meaning for what the step shows");

pub(super) const STEP_KEYS: [&str; 20] = [
    "before",
    "form",
    "menu",
    "external",
    "progress",
    "link",
    "on_error",
    "check",
    "do",
    "then",
    "all",
    "shown_as",
    "placeholders",
    "defaults",
    "suggested",
    "last_step",
    "preview",
    "each",
    "sort",
    "extra",
];
const SHOWS: [&str; 4] = ["form", "menu", "external", "progress"];

impl Lowering<'_> {
    /// The steps of a dialog.
    pub(crate) fn dialog(&mut self, nodes: &[(&Node, bool)], name: &str, span: Span) -> (Dialog, DialogTrace) {
        let mut steps: Vec<Step> = Vec::new();
        let mut trace = DialogTrace { name: name.to_owned(), span, unsure: false, steps: Vec::new() };
        // Steps of an included library come first; a step of the file replaces the library's of the same name.
        let own: Vec<&str> = nodes.iter().filter(|(_, included)| !included).flat_map(|(node, _)| step_names(node)).collect();
        for &(node, included) in nodes {
            let NodeValue::Map(entries) = &node.value else {
                self.expected(node, "a map of steps");
                trace.unsure = true;
                continue;
            };
            self.in_library = included;
            for (key, value) in entries {
                let Some(step_name) = self.key_text(key) else { continue };
                if included && own.contains(&step_name.as_str()) {
                    continue;
                }
                let Some(linked) = self.links.iter().find(|linked| !included && linked.key == key.span) else {
                    if !self.add_step(key, value, included, &mut steps, &mut trace) {
                        break;
                    }
                    continue;
                };
                trace.unsure |= linked.unsure;
                self.in_library = true;
                let room = linked
                    .steps(&own, &step_name)
                    .all(|(key, value, is_own)| self.add_step(key, value, !is_own, &mut steps, &mut trace));
                self.in_library = false;
                if !room {
                    break;
                }
            }
            self.in_library = false;
        }
        (Dialog::new(steps), trace)
    }

    /// Adds a step; false where there is no room for one more.
    fn add_step(&mut self, key: &Node, value: &Node, included: bool, steps: &mut Vec<Step>, trace: &mut DialogTrace) -> bool {
        let Some(step_name) = self.key_text(key) else { return true };
        if !self.may_add_step(key.span) {
            return false;
        }
        self.trace.clear();
        let outer = std::mem::take(&mut self.lost.ways);
        let step = self.step(&step_name, value);
        // A step that cannot be understood is there all the same, so that what leads to it is not wrong as well.
        let understood = step.is_some();
        let step = step.unwrap_or_else(|| Step::named(&step_name));
        trace.steps.push(StepTrace {
            name: step.name.clone(),
            span: key.span,
            shows: !matches!(step.show, Show::Nothing),
            is_menu: matches!(step.show, Show::Menu(_)),
            is_form: matches!(step.show, Show::Form(_)),
            is_repeated: step.each.is_some(),
            unsure: !understood || self.lost.ways,
            included,
            events: std::mem::take(&mut self.trace),
        });
        self.lost.ways |= outer;
        steps.push(step);
        true
    }

    fn step(&mut self, name: &str, node: &Node) -> Option<Step> {
        let mut keys = self.keys(node, &format!("step `{name}`"), &STEP_KEYS)?;
        let mut step = Step::named(name);
        if keys.has_unknown() {
            self.lost_way();
        }
        let found: Vec<&str> = SHOWS.into_iter().filter(|key| keys.has(key)).collect();
        if let [first, second, ..] = found.as_slice() {
            let span = keys.key_span(second).unwrap_or(node.span);
            self.report(TWO_SHOWS, span, &format!("a step shows one thing, found `{first}` and `{second}`"));
            self.lost_way();
        }
        let show = found.first().copied();
        if let Some(before) = keys.take("before") {
            step.before = self.sequence(before, Part::Before);
        }
        if let Some(each) = keys.take("each") {
            step.each = self.each(each);
            if let Some(each) = &step.each {
                self.trace.push(Trace::Binds { name: each.name.clone() });
            }
        }
        self.misplaced(&keys, show, &["defaults", "suggested", "preview", "last_step", "extra"], "form");
        self.misplaced(&keys, show, &["sort"], "menu");
        self.misplaced(&keys, show, &["on_error"], "link");
        self.out_of_place(&keys, show);
        self.trace.push(Trace::Shows);
        step.preview = keys.take("preview").and_then(|node| self.word(node, "the name of an integration"));
        step.shown_as = keys.take("shown_as").and_then(|node| self.word(node, "a step id")).map(|name| name.as_str().into());
        let (defaults, suggested, sort) = (keys.take("defaults"), keys.take("suggested"), keys.take("sort"));
        let extra = keys.take("extra");
        step.show = match show {
            Some("form") => keys.take("form").map_or(Show::Nothing, |form| self.shown_form(form, defaults, suggested, extra)),
            Some("menu") => keys.take("menu").map_or(Show::Nothing, |menu| self.menu(menu, sort)),
            Some("external") => keys.take("external").map_or(Show::Nothing, |node| self.external(node)),
            Some("progress") => keys.take("progress").map_or(Show::Nothing, |action| {
                Show::Progress(ProgressSpec { action: self.template(action, Sink::Shown("a progress")) })
            }),
            _ => Show::Nothing,
        };
        // What else it would show leads where it leads, so that one mistake is reported once.
        for other in found.iter().skip(1) {
            match (*other, keys.take(other)) {
                ("menu", Some(menu)) => _ = self.menu(menu, None),
                ("form", Some(form)) => _ = self.form(form),
                _ => {}
            }
        }
        let all = keys.take("all").is_some_and(|node| self.boolean(node));
        if let Some(check) = keys.take("check") {
            step.check = self.sequence(check, Part::Check);
            collected(&mut step.check, all);
        }
        if let Some(run) = keys.take("do") {
            step.run = self.sequence(run, Part::Do);
            collected(&mut step.run, all);
        }
        // A form that is shown again after an error knows what was answered and done meanwhile.
        step.placeholders = keys.take("placeholders").map(|node| self.wanted(node, Sink::Shown("a placeholder"), Wanted::Map));
        step.last_step = keys.take("last_step").map(|node| self.wanted(node, Sink::Shown("`last_step`"), Wanted::Boolean));
        if let Some(then) = keys.take("then") {
            step.then = self.sequence(then, Part::Then);
        }
        Some(step)
    }

    fn misplaced(&mut self, keys: &super::keys::Keys<'_>, show: Option<&str>, names: &[&str], belongs_to: &str) {
        for name in names {
            if let Some(span) = keys.key_span(name).filter(|_| show != Some(belongs_to)) {
                self.report(NOT_HERE, span, &format!("`{name}` belongs to a step with `{belongs_to}`"));
            }
        }
    }

    /// Keys that are never looked at: `then` of a menu, `all` without anything to collect from.
    fn out_of_place(&mut self, keys: &super::keys::Keys<'_>, show: Option<&str>) {
        if show == Some("menu") {
            for name in ["check", "do", "then"] {
                if let Some(span) = keys.key_span(name) {
                    self.report(NOT_HERE, span, &format!("`{name}` never happens in a step with `menu`: the choice leads on"));
                }
            }
        } else if let Some(span) = keys.key_span("check").filter(|_| show != Some("form") && !keys.has_unknown()) {
            self.report(NOT_HERE, span, "`check` belongs to a step with `form`").hint("rules stand under `do` or `then` here");
        }
        if let Some(span) = keys.key_span("all").filter(|_| !keys.has("check") && !keys.has("do") && !keys.has_unknown()) {
            self.report(NOT_HERE, span, "`all` belongs to a step with `check` or `do`");
        }
        if let Some(span) = keys.key_span("progress").filter(|_| !keys.has("do") && !keys.has_unknown()) {
            self.report(MISSING_KEY, span, "a step with `progress` needs `do`: what happens while it is shown");
        }
    }

    fn shown_form(&mut self, form: &Node, defaults: Option<&Node>, suggested: Option<&Node>, extra: Option<&Node>) -> Show {
        let mut spec: FormSpec = self.form(form);
        if let Some(extra) = extra {
            spec.extra = self.extra(extra);
        }
        spec.defaults = defaults.map(|node| self.overlay(node, true));
        spec.suggested = suggested.map(|node| self.overlay(node, false));
        Show::Form(spec)
    }

    /// `defaults` and `suggested`: a map by field. What goes to a secret field may be secret.
    fn overlay(&mut self, node: &Node, checked: bool) -> Template {
        let NodeValue::Map(entries) = &node.value else { return self.wanted(node, Sink::Private, Wanted::Map) };
        if self.unquoted_braces(node) {
            return Template::Literal(serde_json::Value::Null);
        }
        let mut values = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Some(name) = self.key_text(key) else { continue };
            self.field_reference(key, &name);
            let secret = self.fields.get(&name).is_none_or(|field| field.lowered.field.secret);
            let sink = if secret { Sink::Private } else { Sink::Shown("a form") };
            if checked {
                self.fits_named(value, &name, "the default");
            }
            values.push((name, self.template(value, sink)));
        }
        Template::map(values)
    }

    fn menu(&mut self, node: &Node, sort: Option<&Node>) -> Show {
        let mut spec = MenuSpec { items: Vec::new(), labelled: false, sort: sort.is_some_and(|node| self.boolean(node)) };
        match &node.value {
            NodeValue::List(items) => {
                for item in items {
                    let (target, when, rank) = match &item.value {
                        NodeValue::Map(_) => {
                            let known = ["step", "when", "rank"];
                            let Some(mut keys) = self.keys(item, "an option of a menu", &known) else { continue };
                            let when = keys.take("when").and_then(|node| self.condition(node));
                            let rank = keys.take("rank");
                            let rank = rank.map(|node| self.wanted(node, Sink::Shown("the order of a menu"), Wanted::Number));
                            let Some(target) = keys.require(self, "step", "the step that it leads to") else {
                                self.lost_way();
                                continue;
                            };
                            (target, when, rank)
                        }
                        _ => (item, None, None),
                    };
                    if let Some(step) = self.step_target(target) {
                        let is_same = |item: &MenuItem| item.step == step && item.when.is_none();
                        if when.is_none() && spec.items.iter().any(is_same) {
                            self.report(TWICE, target.span, &format!("the menu has `{step}` already"));
                        }
                        spec.items.push(MenuItem { step, label: None, when, rank });
                    }
                }
            }
            NodeValue::Map(entries) if !self.unquoted_braces(node) => {
                spec.labelled = true;
                for (key, value) in entries {
                    let label = Some(self.wanted(value, Sink::Shown("a label"), Wanted::Text));
                    if let Some(step) = self.step_target(key) {
                        spec.items.push(MenuItem { step, label, when: None, rank: None });
                    }
                }
            }
            NodeValue::Map(_) => {}
            _ => {
                self.expected(node, "a list of steps, or a map of steps to labels");
                self.lost_way();
                return Show::Menu(spec);
            }
        }
        if node.entries().is_empty() && !matches!(&node.value, NodeValue::List(items) if !items.is_empty()) {
            self.report(EXPECTED, node.span, "expected at least one step to choose, found an empty menu");
            self.lost_way();
        }
        Show::Menu(spec)
    }

    /// A page elsewhere: its URL, or a map that also says where on the hub whoever was there comes back.
    fn external(&mut self, node: &Node) -> Show {
        let NodeValue::Map(_) = &node.value else {
            return Show::External(ExternalSpec { url: self.page(node), callback_path: None });
        };
        let Some(mut keys) = self.keys(node, "an external page", &["url", "callback_path"]) else { return Show::Nothing };
        let Some(url) = keys.require(self, "url", "the page") else { return Show::Nothing };
        let url = self.page(url);
        let callback_path = keys.take("callback_path").and_then(|node| {
            let path = node.as_str().filter(|path| path.starts_with('/') && !path.contains(['?', '#', '{']));
            if path.is_none() {
                self.expected(node, "a path of the hub that begins with `/`");
            }
            path.map(str::to_owned)
        });
        Show::External(ExternalSpec { url, callback_path })
    }

    /// The URL of a page elsewhere: what is written out begins with a scheme that a browser opens, or is a path of the hub.
    fn page(&mut self, node: &Node) -> Template {
        let url = node.as_str().filter(|url| !url.contains("{{")).unwrap_or("/");
        if !url.starts_with('/') && !["http://", "https://", "homeassistant://"].iter().any(|scheme| url.starts_with(scheme)) {
            self.report(
                EXPECTED,
                node.span,
                "expected a URL that begins with `https://` or `http://`, or a path that begins with `/`",
            );
        }
        self.wanted(node, Sink::Shown("a URL that is shown"), Wanted::Name)
    }

    /// A name that is written out.
    fn word(&mut self, node: &Node, what: &str) -> Option<String> {
        let word = node.as_str().filter(|word| !word.is_empty() && !word.contains("{{"));
        if word.is_none() {
            self.expected(node, what);
        }
        word.map(str::to_owned)
    }

    /// `true` or `false`.
    pub(crate) fn boolean(&mut self, node: &Node) -> bool {
        match node.value {
            NodeValue::Bool(value) => value,
            _ => {
                self.expected(node, "`true` or `false`");
                false
            }
        }
    }
}

fn step_names(node: &Node) -> Vec<&str> {
    match &node.value {
        NodeValue::Map(entries) => entries.iter().filter_map(|(key, _)| key.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// With `all: true`, every error of the sequence is shown, not the first only.
fn collected(ops: &mut Vec<Op>, all: bool) {
    let has_errors = |op: &Op| match op {
        Op::Decide(rule) => matches!(rule.outcome, Outcome::Error(_)),
        Op::Call(_) => true,
        _ => false,
    };
    if !all || !ops.iter().any(has_errors) {
        return;
    }
    for op in ops.iter_mut() {
        if let Op::Unless { skip_to, .. } = op {
            *skip_to += 1;
        }
    }
    ops.insert(0, Op::CollectErrors);
    ops.push(Op::ShowErrors);
}
