//! What is known of the recordings that this project ships: where it differs on purpose, what their provider does, and what happened in
//! process between two exchanges.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::recording::Recording;
use super::told;
use crate::simulated::Script;

static KNOWN: LazyLock<BTreeMap<String, Known>> =
    LazyLock::new(|| serde_json::from_str(include_str!("known.json")).unwrap_or_default());

/// What is known of one recording.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Known {
    /// Exchanges (or `entries_after`) that differ on purpose, with the reason.
    pub(super) deviations: BTreeMap<String, String>,
    /// Exchanges that are no requests to a server like this one, with the reason.
    pub(super) skipped: BTreeMap<String, String>,
    /// What the simulated provider does.
    pub(super) script: Option<Value>,
    /// How a flow that no exchange began was led to where it is met: what began it, then each answer.
    pub(super) lead: Vec<Value>,
    /// The exchange before which the answers were given in the flow that an exchange began.
    pub(super) lead_first: Option<usize>,
}

/// What is known of a recording.
pub(super) fn of(name: &str) -> Known {
    KNOWN.get(name).cloned().unwrap_or_default()
}

/// The exchanges of a recording that differ on purpose, with the reason of each; `entries_after` are the entries in the end.
#[must_use]
pub fn deviations(name: &str) -> BTreeMap<String, String> {
    of(name).deviations
}

/// What the simulated provider does in a recording: what is known of it, else what the recording lets one tell.
#[must_use]
pub fn script_of(recording: &Recording) -> Script {
    let script = of(&recording.name).script.or_else(|| told::script(recording));
    script.and_then(|script| serde_json::from_value(script).ok()).unwrap_or_default()
}

/// Whether the provider of a recording is one that says nothing.
pub(crate) fn hangs(recording: &Recording) -> bool {
    recording.exchanges.iter().any(|exchange| exchange.response.body["reason"] == told::TIMEOUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_can_be_read() {
        let known: BTreeMap<String, Known> = serde_json::from_str(include_str!("known.json")).expect("the file has its form");
        for (name, known) in known {
            if let Some(script) = known.script {
                assert!(serde_json::from_value::<Script>(script).is_ok(), "{name}");
            }
            for (exchange, reason) in known.deviations.iter().chain(&known.skipped) {
                assert!(exchange == "entries_after" || exchange.parse::<usize>().is_ok(), "{name}: {exchange}");
                assert!(reason.len() > 15, "{name} {exchange} has no reason");
            }
        }
    }
}
