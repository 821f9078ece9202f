//! What is known of a definition without its steps: what lists and entries show of it.

use super::{Dialog, IntegrationType, Op, Parts};

/// What is known of a definition without its steps. It is small, so a core can keep it where it keeps no compiled definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The integration.
    pub domain: String,
    /// What kind of integration it is.
    pub integration_type: IntegrationType,
    /// The version that entries are created with.
    pub version: u32,
    /// At most one entry.
    pub single_instance: bool,
    /// Whether it has a setup dialog.
    pub has_config: bool,
    /// Whether it has an options dialog.
    pub has_options: bool,
    /// Whether its setup dialog can be entered at `reconfigure`.
    pub has_reconfigure: bool,
    /// The types of its sub-entries, and whether the dialog of each can be entered at `reconfigure`.
    pub subentries: Vec<(String, bool)>,
    /// Whether its account takes credentials that the operator stores (`application_credentials`).
    pub takes_credentials: bool,
    /// Where it wants callbacks of providers: each `callback_path` of a `link.authorize` that is not computed.
    pub callback_paths: Vec<String>,
}

impl Outline {
    pub(super) fn of(parts: &Parts) -> Self {
        let reconfigures = |dialog: &Dialog| dialog.step("reconfigure").is_some();
        Self {
            domain: parts.domain.clone(),
            integration_type: parts.integration_type,
            version: parts.version,
            single_instance: parts.single_instance,
            has_config: parts.config.is_some(),
            has_options: parts.options.is_some(),
            has_reconfigure: parts.config.as_ref().is_some_and(reconfigures),
            subentries: parts.subentries.iter().map(|(kind, dialog)| (kind.clone(), reconfigures(dialog))).collect(),
            takes_credentials: parts.account.as_ref().is_some_and(|account| account.credentials.is_some()),
            callback_paths: callback_paths(parts),
        }
    }
}

fn callback_paths(parts: &Parts) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let dialogs = parts.config.iter().chain(&parts.options).chain(parts.subentries.values());
    for op in dialogs.flat_map(Dialog::steps).flat_map(|step| step.ops()) {
        let Op::Call(call) = op else { continue };
        if &*call.action != "link.authorize" {
            continue;
        }
        let path = call.parameters.literal_at("callback_path").and_then(crate::Value::as_str);
        if let Some(path) = path.filter(|path| !paths.iter().any(|known| known == path)) {
            paths.push(path.to_owned());
        }
    }
    paths
}
