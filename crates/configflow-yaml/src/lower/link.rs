//! `link:` — a step that links the account by the best way there is. It becomes plain steps, out of a library in the language
//! itself (`library/link.yaml`): the machine knows nothing of it.

use std::sync::LazyLock;

use configflow_core::signature::builtin;

use super::budget::MAX_STEPS;
use super::call::NO_ACCOUNT;
use super::file::FILE_KEYS;
use super::keys::{EXPECTED, Keys, MISSING_KEY};
use super::library::{library, place, substitute};
use super::names::{NAME_TAKEN, TWICE};
use super::outcome::listed;
use super::step::{NOT_HERE, STEP_KEYS, TWO_SHOWS};
use super::{Lowering, value_of};
use crate::diagnostic::{Code, suggest};
use crate::node::{Node, NodeValue, Span};
use crate::parse::{Source, parse};

pub(crate) const METHOD: Code = Code::new("link.method", "a `link` step names a way of linking that does not exist");
pub(crate) const UNAVAILABLE: Code = Code::new("link.unavailable", "a `link` step names a way that the provider does not have");
pub(crate) const STEP_CLASH: Code =
    Code::new("link.step_clash", "a step has the name of one that a `link` step makes, and cannot take its place");

/// The ways of linking an account.
const METHODS: [&str; 4] = ["callback", "loopback", "device", "paste"];
/// What tells a person where to go and what to register: the file cannot say it otherwise.
const EXACT_PLACEHOLDERS: [&str; 9] = [
    "auth_url",
    "redirect_uri",
    "redirect_uri_callback",
    "redirect_uri_loopback",
    "redirect_uri_paste",
    "user_code",
    "verification_uri",
    "verification_uri_complete",
    "qr_code",
];
/// What a step with `link` may have.
const LINK_STEP_KEYS: [&str; 6] = ["before", "link", "placeholders", "on_error", "do", "then"];
/// The fewest steps that one becomes: that of one way, and those around it.
const FEWEST: usize = 4;
/// Fields of the library that forms show: those of the file go before them.
const SHOWN_FIELDS: [&str; 2] = ["url", "link_another_way"];

/// The tree of the library.
static LIBRARY: LazyLock<Option<Node>> = LazyLock::new(|| parse(&Source::new("<link>", library("link")?)).ok());

/// What one `link` step becomes.
pub(crate) struct Linked {
    /// The place of its key.
    pub(super) key: Span,
    /// The steps.
    pub(super) steps: Node,
    /// The fields that they set and show.
    pub(super) fields: Node,
    /// The formulas that they read.
    pub(super) lets: Node,
    /// Not all of it could be read.
    pub(super) unsure: bool,
}

impl Linked {
    /// The generated steps that the file has no step of its own for, in the order of the library; with whether the step counts
    /// as the file's own.
    pub(super) fn steps<'s>(&'s self, own: &'s [&str], step: &'s str) -> impl Iterator<Item = (&'s Node, &'s Node, bool)> {
        let replaced = move |name: &str| name != step && own.contains(&name);
        let steps = self.steps.entries().iter().filter(move |(key, _)| !key.as_str().is_some_and(replaced));
        // The step itself, and what the file says of it, are looked at like any other.
        let is_own = move |name: &str| name == step || name.strip_prefix(step) == Some("_linked");
        steps.map(move |(key, value)| (key, value, key.as_str().is_some_and(is_own)))
    }
}

/// Whether a step is one with `link`, also by a slip of the finger.
fn links(step: &Node) -> bool {
    let slip = |name: &str| !STEP_KEYS.contains(&name) && suggest(name, STEP_KEYS) == Some("link");
    step.entries().iter().filter_map(|(key, _)| key.as_str()).any(|name| name == "link" || slip(name))
}

impl Lowering<'_> {
    /// What each `link` step of a file becomes.
    pub(crate) fn linked(&mut self, root: &Node) -> Vec<Linked> {
        let mut dialogs: Vec<&Node> = ["config", "options"].into_iter().filter_map(|name| root.get(name)).collect();
        dialogs.extend(root.get("subentries").into_iter().flat_map(|types| types.entries()).map(|(_, dialog)| dialog));
        let mut all: Vec<Linked> = Vec::new();
        for dialog in dialogs {
            let own: Vec<(&str, &Node)> = dialog.entries().iter().filter_map(|(key, step)| Some((key.as_str()?, step))).collect();
            for (key, step) in dialog.entries().iter().filter(|(_, step)| links(step)) {
                // An alias says the same again; and where there are too many steps, that is reported.
                if all.len() > MAX_STEPS / FEWEST || all.iter().any(|known| known.key == key.span) {
                    continue;
                }
                all.extend(self.link_step(root, key, step, &own));
            }
        }
        all
    }

    fn link_step(&mut self, root: &Node, key: &Node, step: &Node, own: &[(&str, &Node)]) -> Option<Linked> {
        let name = self.key_text(key)?;
        let found = self.diagnostics.len();
        let keys = self.keys(step, &format!("step `{name}`"), &STEP_KEYS)?;
        let at = keys.key_span("link").unwrap_or(key.span);
        self.beside(&keys, at);
        let is_account = |name: &str| name == "account" || suggest(name, FILE_KEYS) == Some("account");
        if !root.entries().iter().filter_map(|(key, _)| key.as_str()).any(is_account) {
            self.report(NO_ACCOUNT, at, "`link` needs `account:` in the file");
        }
        let nothing = Node { value: NodeValue::Null, ..key.clone() };
        let says = keys.peek("link").unwrap_or(&nothing);
        let empty = Node { value: NodeValue::Map(Vec::new()), ..says.clone() };
        let says = if says.value == NodeValue::Null { &empty } else { says };
        let says = self.keys(says, "`link`", &["methods", "callback_path", "implementation", "shown_as"])?;

        let mut tree = LIBRARY.clone()?;
        place(&mut tree, key.span);
        let offered = self.offered(root);
        let methods = says.peek("methods").map(|node| (node, self.methods(node, offered.as_ref())));
        let path = says.peek("callback_path").and_then(|node| self.callback_path(node));
        let then = keys.peek("then").filter(|then| then.value != NodeValue::Null);
        if then.is_none() && !keys.has_unknown() {
            self.report(MISSING_KEY, at, &format!("step `{name}` needs `then`: where to go once the account is linked"));
        }
        let default_path = Node { value: NodeValue::String("/auth/external/callback".to_owned()), ..key.clone() };
        let no_items = Node { value: NodeValue::List(Vec::new()), ..key.clone() };
        for (parameter, value) in [
            ("$methods", methods.as_ref().map(|(node, _)| *node).filter(|node| is_list(node)).unwrap_or(&nothing)),
            ("$callback_path", path.unwrap_or(&default_path)),
            ("$implementation", says.peek("implementation").unwrap_or(&nothing)),
            ("$do", keys.peek("do").unwrap_or(&no_items)),
            ("$then", then.unwrap_or(&nothing)),
        ] {
            substitute(&mut tree, parameter, value);
        }
        let mut steps = value_of(&tree, "config")?.clone();
        if let Some((_, Some(written))) = &methods {
            prune(&mut steps, written);
        }
        let plain: String = name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        let mut plain = if plain.starts_with(|first: char| first.is_ascii_digit()) { format!("_{plain}") } else { plain };
        let url = if has_other_url(root) { "link_url" } else { "url" };
        let made = |plain: &str| {
            let mut fields = value_of(&tree, "fields").cloned().unwrap_or_else(|| nothing.clone());
            rename(&mut fields, &[("$step", &name), ("$name", plain), ("$url", url)]);
            fields
        };
        let mut fields = made(&plain);
        while self.takes_fields(root, &fields) {
            plain.push('_');
            fields = made(&plain);
        }
        rename(&mut steps, &[("$step", &name), ("$name", &plain), ("$url", url)]);
        if let Some(before) = keys.peek("before") {
            put_before(&mut steps, &name, before);
        }
        if let Some(placeholders) = keys.peek("placeholders") {
            self.add_placeholders(&mut steps, placeholders);
        }
        if let Some(handlers) = keys.peek("on_error") {
            self.add_handlers(&mut steps, handlers);
        }
        if let Some(names) = says.peek("shown_as") {
            self.show_as(&mut steps, &name, names);
        }
        self.clashes(&steps, &name, own);
        let lets = value_of(&tree, "let")?.clone();
        let unsure = self.diagnostics.len() > found;
        Some(Linked { key: key.span, steps, fields, lets, unsure })
    }

    /// What a step with `link` cannot have as well.
    fn beside(&mut self, keys: &Keys<'_>, at: Span) {
        for other in STEP_KEYS.into_iter().filter(|key| !LINK_STEP_KEYS.contains(key)) {
            let Some(span) = keys.key_span(other) else { continue };
            match other {
                "form" | "menu" | "external" | "progress" => {
                    self.report(TWO_SHOWS, span.max(at), &format!("a step shows one thing, found `link` and `{other}`"));
                }
                "shown_as" => {
                    self.report(NOT_HERE, span, "`shown_as` of a step with `link` stands under `link`, by method")
                        .hint("write `link: {shown_as: {paste: STEP_ID}}`");
                }
                _ => _ = self.report(NOT_HERE, span, &format!("`{other}` has no meaning in a step with `link`")),
            }
        }
    }

    /// The methods that are written out; none where they are computed.
    fn methods<'m>(&mut self, node: &'m Node, offered: Option<&(String, Vec<String>)>) -> Option<Vec<&'m str>> {
        let items = match &node.value {
            NodeValue::List(items) if !items.is_empty() => items,
            NodeValue::String(_) if is_list(node) => return None,
            NodeValue::List(_) => {
                self.report(EXPECTED, node.span, &format!("expected {}, found an empty list", listed(&METHODS)));
                return None;
            }
            _ => {
                self.expected(node, &format!("a list of methods: {}", listed(&METHODS)));
                return None;
            }
        };
        let mut known: Vec<&str> = Vec::new();
        for item in items {
            match item.as_str() {
                Some(method) if method.contains("{{") => return None,
                Some(method) if known.contains(&method) => {
                    self.report(TWICE, item.span, &format!("`methods` has `{method}` already"));
                }
                Some(method) if METHODS.contains(&method) => {
                    self.has_method(item, method, offered);
                    known.push(method);
                }
                _ => self.unknown_method(item),
            }
        }
        // Of a list with a slip nobody knows what is not in it.
        (known.len() == items.len()).then_some(known)
    }

    fn unknown_method(&mut self, node: &Node) {
        let Some(name) = node.as_str() else { return self.expected(node, &listed(&METHODS)) };
        let hint = suggest(name, METHODS).map(|name| format!("did you mean `{name}`?"));
        self.report(METHOD, node.span, &format!("there is no method `{name}`; expected {}", listed(&METHODS))).maybe_hint(hint);
    }

    /// The ways that the provider has, where it is written out and known; with the place where it is named. A provider at which
    /// nothing can be linked is reported.
    fn offered(&mut self, root: &Node) -> Option<(String, Vec<String>)> {
        let node = root.get("account").and_then(|account| account.get("provider"))?;
        let provider = node.as_str()?;
        let mut offered = self.methods_of.and_then(|methods_of| methods_of(provider))?;
        if offered.is_empty() {
            self.report(UNAVAILABLE, node.span, &format!("no account of the provider `{provider}` can be linked"));
            return None;
        }
        // Where a loopback address may be returned to, it can be pasted as well.
        if offered.iter().any(|method| method == "loopback") && !offered.iter().any(|method| method == "paste") {
            offered.push("paste".to_owned());
        }
        Some((provider.to_owned(), offered))
    }

    /// A method that is named has to be one of the provider's.
    fn has_method(&mut self, node: &Node, method: &str, offered: Option<&(String, Vec<String>)>) {
        let Some((provider, methods)) = offered.filter(|(_, methods)| !methods.iter().any(|known| known == method)) else {
            return;
        };
        let methods: Vec<&str> = methods.iter().map(String::as_str).collect();
        let message = format!("the provider `{provider}` cannot be linked by `{method}`, only by {}", listed(&methods));
        self.report(UNAVAILABLE, node.span, &message);
    }

    fn callback_path<'p>(&mut self, node: &'p Node) -> Option<&'p Node> {
        let good = |path: &str| path.starts_with('/') && !path.contains(['{', '?', '#']) && !path.contains(char::is_whitespace);
        if node.as_str().is_some_and(good) {
            return Some(node);
        }
        // The hub has to know where to listen before any flow begins.
        self.report(EXPECTED, node.span, "expected a path of the hub that begins with `/` and is written out");
        None
    }

    /// The names that the steps give a meaning are no fields of the file. Reports one that is, and says whether there is one.
    fn takes_fields(&mut self, root: &Node, made: &Node) -> bool {
        let mut taken = false;
        for (key, _) in root.get("fields").map(Node::entries).unwrap_or_default() {
            let Some(name) = key.as_str().filter(|name| !SHOWN_FIELDS.contains(name)) else { continue };
            if let Some((made, _)) = made.entries().iter().find(|(made, _)| made.as_str() == Some(name)) {
                self.report(NAME_TAKEN, key.span, &format!("`{name}` is a name that a `link` step sets"))
                    .label(made.span, "the `link` step");
                taken = true;
            }
        }
        taken
    }

    fn add_placeholders(&mut self, steps: &mut Node, more: &Node) {
        let NodeValue::Map(more) = &more.value else {
            return self.expected(more, "a map of placeholders");
        };
        for (name, _) in more {
            // Where a person is sent, and what has to be registered, is shown as it is.
            if let Some(own) = name.as_str().filter(|name| EXACT_PLACEHOLDERS.contains(name)) {
                self.report(NAME_TAKEN, name.span, &format!("`{own}` is a placeholder that a `link` step sets"));
            }
        }
        for (_, step) in entries_mut(steps) {
            for (key, value) in entries_mut(step) {
                if key.as_str() != Some("placeholders") {
                    continue;
                }
                let NodeValue::Map(placeholders) = &mut value.value else { continue };
                placeholders.retain(|(name, _)| !more.iter().any(|(own, _)| own.as_str() == name.as_str()));
                placeholders.extend(more.iter().cloned());
            }
        }
    }

    /// What the file says of failures goes before what the library says of them.
    fn add_handlers(&mut self, steps: &mut Node, node: &Node) {
        let NodeValue::Map(own) = &node.value else {
            return self.expected(node, "a map of failure codes to outcomes");
        };
        let mut actions = Vec::new();
        actions_of(steps, &mut actions);
        let fails = |action: &str| -> Vec<String> {
            let signature = builtin(action);
            signature.iter().flat_map(|signature| &signature.fails).map(|failure| failure.code.clone()).collect()
        };
        let mut codes: Vec<String> = actions.iter().flat_map(|(action, _)| fails(action)).collect();
        codes.sort();
        codes.dedup();
        let known: Vec<&str> = codes.iter().map(String::as_str).collect();
        for (key, _) in own {
            if let Some(code) = key.as_str() {
                self.known_failure(key, code, &known);
            }
        }
        for (action, item) in actions {
            let codes = fails(&action);
            let Some((_, library)) = entries_mut(item).iter_mut().find(|(key, _)| key.as_str() == Some("on_error")) else {
                continue;
            };
            *library = merged(library, own, &codes);
        }
    }

    fn show_as(&mut self, steps: &mut Node, name: &str, node: &Node) {
        let NodeValue::Map(names) = &node.value else {
            return self.expected(node, "a map of methods to step ids");
        };
        for (method, shown) in names {
            if !method.as_str().is_some_and(|method| METHODS.contains(&method)) {
                self.unknown_method(method);
                continue;
            }
            let wanted = format!("{name}_{}", method.as_str().unwrap_or_default());
            for (key, step) in entries_mut(steps).iter_mut().filter(|(key, _)| key.as_str() == Some(&wanted)) {
                let shown_as = Node { value: NodeValue::String("shown_as".to_owned()), ..key.clone() };
                if let NodeValue::Map(entries) = &mut step.value {
                    entries.push((shown_as, shown.clone()));
                }
            }
        }
    }

    /// A step of the file takes the place of one that is made where it shows the same; any other is a clash of names.
    fn clashes(&mut self, steps: &Node, name: &str, own: &[(&str, &Node)]) {
        for (made, step) in steps.entries() {
            let Some(made_name) = made.as_str().filter(|made| *made != name) else { continue };
            let Some((_, found)) = own.iter().find(|(own, _)| *own == made_name) else { continue };
            let shows = |step: &Node, kinds: &[&str]| kinds.iter().any(|kind| step.get(kind).is_some());
            let (kinds, wanted): (&[&str], &str) = if step.get("menu").is_some() {
                (&["menu"], "shows a menu")
            } else if step.get("progress").is_some() {
                (&["progress"], "shows a progress")
            } else if step.get("form").is_some() {
                (&["form", "external"], "shows a form or an external page")
            } else {
                (&[], "")
            };
            if shows(found, kinds) {
                continue;
            }
            let at = found.span;
            let message = match wanted {
                "" => format!("the step with `link` makes `{made_name}`: its `do` and `then` say what happens there"),
                wanted => format!("the step with `link` makes `{made_name}`, and only a step that {wanted} can take its place"),
            };
            self.report(STEP_CLASH, at, &message).label(made.span, "the step with `link`").hint("give the step another name");
        }
    }
}

/// Whether it can be a list: written out, or computed.
fn is_list(node: &Node) -> bool {
    matches!(node.value, NodeValue::List(_)) || node.as_str().is_some_and(|text| text.contains("{{"))
}

/// Takes away the steps of other methods than these, and what leads to them.
fn prune(steps: &mut Node, methods: &[&str]) {
    let gone: Vec<String> =
        METHODS.iter().filter(|method| !methods.contains(method)).map(|method| format!("$step_{method}")).collect();
    let is_gone = |name: Option<&str>| name.is_some_and(|name| gone.iter().any(|gone| gone == name));
    let NodeValue::Map(entries) = &mut steps.value else { return };
    entries.retain(|(key, _)| !is_gone(key.as_str()));
    for (_, step) in entries {
        for (_, part) in entries_mut(step) {
            if let NodeValue::List(items) = &mut part.value {
                items.retain(|item| !is_gone(item.get("step").and_then(Node::as_str)));
            }
        }
    }
}

/// Whether the file has a field `url` that takes something else than what comes back from a provider: that would be kept and shown.
fn has_other_url(root: &Node) -> bool {
    let is_set = |field: &Node, key: &str| field.get(key).is_some_and(|value| value.value == NodeValue::Bool(true));
    let own = root.get("fields").and_then(|fields| fields.get("url"));
    own.is_some_and(|field| !is_set(field, "secret") || !is_set(field, "transient"))
}

/// Puts names wherever the library has something else for them.
fn rename(node: &mut Node, names: &[(&str, &str)]) {
    match &mut node.value {
        NodeValue::String(text) if text.contains('$') => {
            *text = names.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
        }
        NodeValue::List(items) => items.iter_mut().for_each(|item| rename(item, names)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|(key, value)| {
            rename(key, names);
            rename(value, names);
        }),
        _ => {}
    }
}

/// What the file does on entering happens first.
fn put_before(steps: &mut Node, name: &str, before: &Node) {
    let step = entries_mut(steps).iter_mut().find(|(key, _)| key.as_str() == Some(name));
    let part = step.and_then(|(_, step)| entries_mut(step).iter_mut().find(|(key, _)| key.as_str() == Some("do")));
    if let Some((_, Node { value: NodeValue::List(items), .. })) = part {
        let own = match &before.value {
            NodeValue::List(items) => items.clone(),
            _ => vec![before.clone()],
        };
        items.splice(..0, own);
    }
}

/// Every action of the library that can fail in ways that are known, with the item that calls it.
fn actions_of<'n>(node: &'n mut Node, found: &mut Vec<(String, &'n mut Node)>) {
    let action =
        node.entries().iter().filter_map(|(key, _)| key.as_str()).find(|key| key.starts_with("link.")).map(str::to_owned);
    if let Some(action) = action {
        found.push((action, node));
        return;
    }
    match &mut node.value {
        NodeValue::List(items) => items.iter_mut().for_each(|item| actions_of(item, found)),
        NodeValue::Map(entries) => entries.iter_mut().for_each(|(_, value)| actions_of(value, found)),
        _ => {}
    }
}

/// The handlers of one action: for each code what the file says of it, or of any; behind conditions, what the library says.
fn merged(library: &Node, own: &[(Node, Node)], codes: &[String]) -> Node {
    let of =
        |map: &[(Node, Node)], code: &str| map.iter().find(|(key, _)| key.as_str() == Some(code)).map(|(_, rules)| rules.clone());
    let mut entries = Vec::new();
    for code in codes.iter().map(String::as_str).chain(["timeout", "interrupted", "any"]) {
        if entries.iter().any(|(key, _): &(Node, Node)| key.as_str() == Some(code)) {
            continue;
        }
        let said = of(own, code).or_else(|| of(own, "any"));
        let usual = of(library.entries(), code).or_else(|| of(library.entries(), "any"));
        let rules = match (said, usual) {
            (Some(said), usual) => followed(said, usual),
            (None, Some(usual)) => usual,
            (None, None) => continue,
        };
        entries.push((Node { value: NodeValue::String(code.to_owned()), ..library.clone() }, rules));
    }
    Node { value: NodeValue::Map(entries), ..library.clone() }
}

/// Rules all of which have a condition are followed by the usual ones.
fn followed(rules: Node, usual: Option<Node>) -> Node {
    let span = rules.clone();
    let into_list = |node: Node| match node.value {
        NodeValue::List(items) => items,
        _ => vec![node],
    };
    let mut all = into_list(rules);
    let open = all.last().is_some_and(|last| last.get("when").is_some());
    match usual {
        Some(usual) if open => all.extend(into_list(usual)),
        _ => {}
    }
    match all.as_slice() {
        [one] => one.clone(),
        _ => Node { value: NodeValue::List(all), ..span },
    }
}

fn entries_mut(node: &mut Node) -> &mut [(Node, Node)] {
    match &mut node.value {
        NodeValue::Map(entries) => entries,
        _ => &mut [],
    }
}
