//! The settings of selectors, as Home Assistant 2026.2 checks them.

use super::{SETTING, is_computed};
use crate::diagnostic::suggest;
use crate::lower::{Lowering, listed};
use crate::node::{Node, NodeValue};

/// What a setting takes.
#[derive(Debug, Clone, Copy)]
enum Takes {
    Any,
    Boolean,
    Text,
    Number,
    /// A text or a list.
    Texts,
    /// A map of names to `{selector: …}`.
    Selectors,
    /// Which entities, as a map or a list of such maps.
    Entities,
    /// Which devices.
    Devices,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number above 0, or `any`.
    Step,
}

use Takes::{Any, Boolean, Devices, Entities, Number, Selectors, Step, Text, Texts, Words};

const ENTITIES: [&str; 5] = ["integration", "domain", "device_class", "supported_features", "unit_of_measurement"];
const DEVICES: [&str; 4] = ["integration", "manufacturer", "model", "model_id"];

/// The settings of each kind; a kind that is not here has none.
const SETTINGS: &[(&str, &[(&str, Takes)])] = &[
    ("addon", &[("name", Text), ("slug", Text)]),
    ("app", &[("name", Text), ("slug", Text)]),
    ("area", &[("entity", Entities), ("device", Devices), ("multiple", Boolean), ("reorder", Boolean)]),
    ("attribute", &[("entity_id", Texts), ("hide_attributes", Texts)]),
    (
        "color_temp",
        &[
            ("unit", Words(&["kelvin", "mired"])),
            ("min", Number),
            ("max", Number),
            ("min_mireds", Number),
            ("max_mireds", Number),
        ],
    ),
    ("choose", &[("choices", Selectors), ("translation_key", Text)]),
    ("config_entry", &[("integration", Text)]),
    ("constant", &[("label", Text), ("value", Any), ("translation_key", Text)]),
    ("conversation_agent", &[("language", Text)]),
    ("country", &[("countries", Texts), ("no_sort", Boolean)]),
    (
        "device",
        &[
            ("entity", Entities),
            ("filter", Devices),
            ("multiple", Boolean),
            ("integration", Text),
            ("manufacturer", Text),
            ("model", Text),
            ("model_id", Text),
        ],
    ),
    (
        "duration",
        &[("enable_day", Boolean), ("enable_second", Boolean), ("enable_millisecond", Boolean), ("allow_negative", Boolean)],
    ),
    (
        "entity",
        &[
            ("exclude_entities", Texts),
            ("include_entities", Texts),
            ("multiple", Boolean),
            ("reorder", Boolean),
            ("filter", Entities),
            ("integration", Text),
            ("domain", Texts),
            ("device_class", Texts),
            ("supported_features", Any),
            ("unit_of_measurement", Texts),
        ],
    ),
    ("file", &[("accept", Text)]),
    ("floor", &[("entity", Entities), ("device", Devices), ("multiple", Boolean), ("reorder", Boolean)]),
    ("icon", &[("placeholder", Text), ("fallback_path", Text)]),
    ("label", &[("multiple", Boolean)]),
    ("language", &[("languages", Texts), ("native_name", Boolean), ("no_sort", Boolean)]),
    ("location", &[("radius", Boolean), ("icon", Text)]),
    ("media", &[("accept", Texts), ("multiple", Boolean)]),
    (
        "number",
        &[
            ("min", Number),
            ("max", Number),
            ("step", Step),
            ("unit_of_measurement", Text),
            ("mode", Words(&["box", "slider"])),
            ("translation_key", Text),
        ],
    ),
    (
        "object",
        &[
            ("fields", Selectors),
            ("multiple", Boolean),
            ("label_field", Text),
            ("description_field", Text),
            ("translation_key", Text),
        ],
    ),
    (
        "qr_code",
        &[
            ("data", Text),
            ("scale", Number),
            ("error_correction_level", Words(&["low", "medium", "quartile", "high"])),
            ("center_image", Text),
        ],
    ),
    (
        "select",
        &[
            ("options", Any),
            ("multiple", Boolean),
            ("custom_value", Boolean),
            ("mode", Words(&["list", "dropdown", "box"])),
            ("translation_key", Text),
            ("sort", Boolean),
        ],
    ),
    ("state", &[("entity_id", Texts), ("hide_states", Texts), ("attribute", Text), ("multiple", Boolean)]),
    ("statistic", &[("multiple", Boolean)]),
    ("target", &[("entity", Entities), ("device", Devices)]),
    (
        "text",
        &[
            ("multiline", Boolean),
            ("prefix", Text),
            ("suffix", Text),
            (
                "type",
                Words(&[
                    "number",
                    "text",
                    "search",
                    "tel",
                    "url",
                    "email",
                    "password",
                    "date",
                    "month",
                    "week",
                    "time",
                    "datetime-local",
                    "color",
                ]),
            ),
            ("autocomplete", Text),
            ("multiple", Boolean),
        ],
    ),
    ("theme", &[("include_default", Boolean)]),
];

impl Lowering<'_> {
    /// The settings of a selector must be those of its kind.
    /// Gives them as they were meant.
    pub(super) fn settings(&mut self, kind: &str, node: &Node) -> Node {
        let mut mended = node.clone();
        let known = SETTINGS.iter().find(|(name, _)| *name == kind).map_or(&[] as &[_], |(_, settings)| *settings);
        for (key, value) in node.entries() {
            let Some(name) = self.key_text(key) else { continue };
            if name == "read_only" {
                self.setting(&name, value, Boolean);
                continue;
            }
            if let Some((_, takes)) = known.iter().find(|(setting, _)| *setting == name) {
                self.setting(&name, value, *takes);
                continue;
            }
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).chain(["read_only"]).collect();
            let message = format!("the selector `{kind}` has no setting `{name}`; it has {}", listed(&names));
            match suggest(&name, names.iter().copied()) {
                Some(meant) => {
                    self.report(SETTING, key.span, &message).hint(&format!("did you mean `{meant}`?"));
                    if let NodeValue::Map(entries) = &mut mended.value {
                        let slip = entries.iter_mut().find(|(known, _)| known.span == key.span);
                        if let Some((slip, _)) = slip {
                            slip.value = NodeValue::String(meant.to_owned());
                        }
                    }
                }
                // A later Home Assistant may know it.
                None => _ = self.warn(SETTING, key.span, &message),
            }
        }
        if let (Some(min), Some(max)) = (node.get("min"), node.get("max")) {
            self.range(min, max);
        }
        if let Some(options) = mended.get("options").filter(|_| kind == "select") {
            self.distinct(options);
        }
        mended
    }

    /// Filters: a map, or a list of maps.
    fn filters(&mut self, name: &str, node: &Node, known: &[&str]) {
        match &node.value {
            NodeValue::List(items) => items.iter().for_each(|item| self.filters(name, item, known)),
            _ => _ = self.keys(node, &format!("a filter under `{name}`"), known),
        }
    }

    fn setting(&mut self, name: &str, node: &Node, takes: Takes) {
        if is_computed(node) {
            return;
        }
        let texts = |node: &Node| node.as_str().is_some();
        let (fits, wanted) = match (takes, &node.value) {
            (Any, _) => return,
            (Boolean, value) => (matches!(value, NodeValue::Bool(_)), "`true` or `false`".to_owned()),
            (Text, value) => (matches!(value, NodeValue::String(_)), "a text".to_owned()),
            (Number, value) => (matches!(value, NodeValue::Int(_) | NodeValue::Float(_)), "a number".to_owned()),
            (Texts, NodeValue::List(items)) => (items.iter().all(texts), "a text or a list of texts".to_owned()),
            (Texts, value) => (matches!(value, NodeValue::String(_)), "a text or a list of texts".to_owned()),
            (Entities, _) => return self.filters(name, node, &ENTITIES),
            (Devices, _) => return self.filters(name, node, &DEVICES),
            (Selectors, NodeValue::Map(entries)) => {
                for (_, value) in entries {
                    let Some(mut keys) =
                        self.keys(value, &format!("an entry of `{name}`"), &["selector", "required", "label", "description"])
                    else {
                        continue;
                    };
                    if let Some(selector) = keys.require(self, "selector", "how it is chosen") {
                        self.selector(selector);
                    }
                }
                return;
            }
            (Selectors, _) => (false, "a map".to_owned()),
            (Words(words), _) => (node.as_str().is_some_and(|word| words.contains(&word)), listed(words)),
            (Step, NodeValue::Int(step)) => (*step > 0, "a number above 0, or `any`".to_owned()),
            (Step, NodeValue::Float(step)) => (*step > 0.0, "a number above 0, or `any`".to_owned()),
            (Step, _) => (node.as_str() == Some("any"), "a number above 0, or `any`".to_owned()),
        };
        if fits {
            return;
        }
        let similar = match (takes, node.as_str()) {
            (Words(words), Some(word)) => suggest(word, words.iter().copied()).map(|name| format!("did you mean `{name}`?")),
            _ => None,
        };
        self.report(SETTING, node.span, &format!("`{name}` takes {wanted}")).maybe_hint(similar);
    }
}
