//! Exchanges that differ from the recordings on purpose, one by one. docs/deviations.md gives the reasons at length.

const UNSHOWABLE: &str = "500 there for a field that cannot be shown; here no definition has one";

/// Recording, exchange (from 0), why.
pub(crate) const DEVIATIONS: &[(&str, usize, &str)] = &[
    ("ms365_state_mismatch", 2, "500 there; a form error of its own here"),
    ("ms365_state_mismatch", 4, "500 there; a form error of its own here"),
    ("ms365_state_mismatch", 5, "500 there; a form error of its own here"),
    ("ms365_reconfigure_default", 8, "500 there for an unknown entry; 404 here"),
    ("ms365_permissions_missing", 4, "an artefact of the recording: with a good token the entry is created"),
    ("ms365_options_two_calendars", 7, "a GET moves on there; it shows the same step here"),
    ("ms365_options_two_calendars", 12, "follows from the above: nothing was skipped here"),
    ("ms365_options_two_calendars", 13, "follows from the above"),
    ("lab_options", 19, "500 there for an unknown entry; 404 here"),
    ("lab_subentries", 14, "500 there for an unknown entry; 404 here"),
    ("lab_subentries", 18, "500 there for an unknown sub-entry; 404 here"),
    ("oauth_flow_lab_oauth_pick_implementation", 6, "500 there without a header of the client; the link is known here"),
    ("oauth_single_credential", 2, "500 there without a header of the client; the link is known here"),
    ("oauth_user_rejected_authorize", 8, "500 there for a callback of a flow that is over; 404 here"),
    ("helper_template_sensor", 3, "400 without a word there for a unit that does not fit; a form error here"),
    ("lab_schema_catalogue", 28, UNSHOWABLE),
    ("lab_schema_catalogue", 29, UNSHOWABLE),
    ("lab_schema_catalogue", 30, UNSHOWABLE),
    ("lab_schema_catalogue", 38, UNSHOWABLE),
    ("lab_schema_catalogue", 42, UNSHOWABLE),
    ("lab_schema_catalogue", 43, UNSHOWABLE),
    ("lab_schema_catalogue", 44, UNSHOWABLE),
    ("lab_schema_catalogue", 45, UNSHOWABLE),
];

/// Recordings whose stored entries differ on purpose, and why.
pub(crate) const ENTRIES: &[(&str, &str)] = &[
    ("lab_form_no_schema", "an entry of the recording before was still there"),
    ("lab_progress_update_and_fail", "an entry of the recording before was still there"),
    ("helper_kitchen_sink", "a sub-entry was deleted by a command over the WebSocket"),
    ("lab_subentries", "a sub-entry was deleted by a command over the WebSocket"),
];

/// Whether an exchange differs on purpose.
pub(crate) fn is_deliberate(recording: &str, exchange: usize) -> bool {
    DEVIATIONS.iter().any(|(name, at, _)| *name == recording && *at == exchange)
}

/// Whether the stored entries of a recording differ on purpose.
pub(crate) fn stores_otherwise(recording: &str) -> bool {
    ENTRIES.iter().any(|(name, _)| *name == recording)
}
