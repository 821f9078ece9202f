//! How built-in actions end a flow by themselves.

use configflow_core::definition::Call;
use configflow_core::expr::Template;

use super::model::text_of;

/// When an action ends the flow, and the reason with which it does.
pub(super) fn of(call: &Call) -> Vec<(&'static str, String)> {
    let parameter = |name: &str| entry(&call.parameters, name);
    let reason = |name: &str, otherwise: &str| {
        let given = parameter(name).and_then(|map| entry(&map, "abort"));
        given.map_or_else(|| otherwise.to_owned(), |reason| text_of(&reason))
    };
    match &*call.action {
        "entry.unique" => {
            let mut ends = vec![
                ("configured", reason("configured", "already_configured")),
                ("other", reason("other", "unique_id_mismatch")),
            ];
            if parameter("in_progress").is_none_or(|how| text_of(&how) != "allow") {
                ends.push(("in progress", "already_in_progress".to_owned()));
            }
            ends
        }
        "flow.unique" => {
            let reason = parameter("reason").map_or_else(|| "already_in_progress".to_owned(), |reason| text_of(&reason));
            vec![("in progress", reason)]
        }
        "link.methods" => vec![("none is possible", "no_link_method".to_owned())],
        // The other redirects need no address of the hub.
        "link.authorize"
            if parameter("redirect").is_some_and(|redirect| matches!(&*text_of(&redirect), "loopback" | "paste")) =>
        {
            Vec::new()
        }
        "link.authorize" => vec![("the hub has no address", "no_url_available".to_owned())],
        "link.implementations" => vec![("none", "missing_credentials".to_owned())],
        _ => Vec::new(),
    }
}

/// The value of a key, where it is written out.
fn entry(map: &Template, key: &str) -> Option<Template> {
    match map {
        Template::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()),
        Template::Literal(value) => value.get(key).cloned().map(Template::Literal),
        _ => None,
    }
}
