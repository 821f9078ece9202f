//! Names that have a value in some flows only: `entry` where there is one, `loop` where something is repeated, `link` where an
//! account is linked.

use super::starts::Starts;
use super::used_in;
use crate::diagnostic::{Code, Diagnostics, suggest};
use crate::lower::trace::{BlockUse, DialogTrace, StepTrace, Trace};
use crate::lower::{Traces, listed};
use crate::node::Span;

pub(crate) const NOT_HERE: Code = Code::new("name.not_here", "an expression reads a name that has no value here");
pub(crate) const NO_ENTRY: Code = Code::new("outcome.no_entry", "an entry is updated in a flow that has none");
pub(crate) const NO_ACCOUNT: Code = Code::new("name.no_account", "`link` or `account` is read in a file without `account:`");

/// The starts of a setup flow that is about an entry.
const OF_AN_ENTRY: [&str; 2] = ["reauth", "reconfigure"];

/// What is known of the data that starts a flow, as Home Assistant's discovery sends it.
const DISCOVERED: [(&str, &[&str]); 6] = [
    ("zeroconf", &["host", "ip_address", "ip_addresses", "port", "hostname", "type", "name", "properties"]),
    ("homekit", &["host", "ip_address", "ip_addresses", "port", "hostname", "type", "name", "properties"]),
    ("dhcp", &["ip", "hostname", "macaddress"]),
    (
        "ssdp",
        &[
            "ssdp_usn",
            "ssdp_st",
            "ssdp_location",
            "ssdp_nt",
            "ssdp_udn",
            "ssdp_ext",
            "ssdp_server",
            "ssdp_headers",
            "ssdp_all_locations",
            "upnp",
            "x_homeassistant_matching_domains",
        ],
    ),
    ("usb", &["device", "vid", "pid", "serial_number", "manufacturer", "description"]),
    ("mqtt", &["topic", "payload", "qos", "retain", "subscribed_topic", "timestamp"]),
];

pub(super) fn check(dialog: &DialogTrace, traces: &Traces, starts: &Starts<'_>, diagnostics: &mut Diagnostics) {
    for step in &dialog.steps {
        for event in &step.events {
            match event {
                Trace::Reads { reads, locals, span, block, .. } => {
                    for path in &reads.names {
                        let (root, field) = split(path);
                        // A field may be called like a name of the language.
                        if !locals.iter().any(|local| local == root) && !traces.fields.contains_key(root) {
                            let place = Place { dialog, step, starts, traces, span: *span, block: block.as_ref() };
                            place.name(root, field, diagnostics);
                        }
                    }
                }
                Trace::Updates { span } if !has_entry(dialog, step, starts) && !dialog.unsure() => {
                    diagnostics.error(NO_ENTRY, *span, "no flow that comes here is about an entry").hint(
                        "`update_entry` stands behind `reauth`, `reconfigure` or in `options`; otherwise say which `entry`",
                    );
                }
                _ => {}
            }
        }
    }
}

fn split(path: &str) -> (&str, Option<&str>) {
    let mut parts = path.split('.');
    (parts.next().unwrap_or_default(), parts.next())
}

/// Whether some flow that comes to a step is about an entry.
fn has_entry(dialog: &DialogTrace, step: &StepTrace, starts: &Starts<'_>) -> bool {
    let starts = starts.come_to(&step.name);
    dialog.name != "config" || starts.is_empty() || starts.iter().any(|start| OF_AN_ENTRY.contains(start))
}

struct Place<'a> {
    dialog: &'a DialogTrace,
    step: &'a StepTrace,
    starts: &'a Starts<'a>,
    traces: &'a Traces,
    span: Span,
    block: Option<&'a BlockUse>,
}

impl Place<'_> {
    fn name(&self, root: &str, field: Option<&str>, diagnostics: &mut Diagnostics) {
        let sure = !self.dialog.unsure();
        match root {
            // That it is missing is said once: at what links, where something does.
            "link" | "account" if diagnostics.iter().any(|other| other.code.as_str() == "action.no_account") => {}
            "link" | "account" if !self.traces.has_account && !self.step.included => {
                self.report(NO_ACCOUNT, &format!("`{root}` is read, but the file has no `account:`"), None, diagnostics);
            }
            "loop" if !self.step.is_repeated && sure => {
                self.report(NOT_HERE, "`loop` has a value only in a step with `each`", None, diagnostics);
            }
            "entry" if sure && !has_entry(self.dialog, self.step, self.starts) => {
                let hint = "it has one in a flow that starts at `reauth` or `reconfigure`, in `options` and in `subentries`";
                self.report(NOT_HERE, "`entry` has no value in the flows that come here", Some(hint), diagnostics);
            }
            "subentry" if sure && !self.dialog.name.starts_with("subentries.") => {
                self.report(NOT_HERE, "`subentry` has a value only under `subentries`", None, diagnostics);
            }
            "init" if sure => self.init(field, diagnostics),
            _ => {}
        }
    }

    /// A field of the data that started the flow, where all flows that come here are of sources whose data is known.
    fn init(&self, field: Option<&str>, diagnostics: &mut Diagnostics) {
        let Some(field) = field else { return };
        let mut known: Vec<&str> = Vec::new();
        for start in self.starts.come_to(&self.step.name) {
            let Some((_, fields)) = DISCOVERED.iter().find(|(source, _)| source == start) else { return };
            known.extend(fields.iter().filter(|field| !known.contains(*field)).copied().collect::<Vec<_>>());
        }
        if !known.is_empty() && !known.contains(&field) && !matches!(field, "items" | "keys" | "values" | "get") {
            let hint = suggest(field, known.iter().copied()).map(|name| format!("did you mean `{name}`?"));
            let message = format!("what is discovered has no `{field}`; it has {}", listed(&known));
            let builder = diagnostics.warning(NOT_HERE, self.span, &message).maybe_hint(hint);
            used_in(builder, self.block);
        }
    }

    fn report(&self, code: Code, message: &str, hint: Option<&str>, diagnostics: &mut Diagnostics) {
        let builder = diagnostics.error(code, self.span, message).maybe_hint(hint.map(str::to_owned));
        used_in(builder, self.block);
    }
}
