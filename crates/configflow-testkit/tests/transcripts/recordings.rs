//! Which recordings there are, and what is there before and around each.

use std::time::Duration;

use serde_json::{Value, json};

/// One recording.
pub(crate) struct Recording {
    pub(crate) name: &'static str,
    /// What the provider does.
    pub(crate) provider: Value,
    /// The longest that an action may take; for a provider that hangs.
    pub(crate) time_limit: Option<Duration>,
    /// What happened before an exchange without being one.
    pub(crate) meanwhile: Vec<(usize, Meanwhile)>,
    /// The data with which an exchange of kind `INTERNAL` starts its flow; recorded is Python's text of it.
    pub(crate) started_with: Vec<(usize, Value)>,
}

/// What happened without being an exchange.
pub(crate) enum Meanwhile {
    /// The entry that was made last had to be linked again.
    Reauth,
    /// A flow was started, and its menu led to a step.
    Led { handler: &'static str, to: &'static str },
    /// The recorder looked up the id of a sub-entry.
    Learned { recorded: &'static str, title: &'static str },
}

/// Recordings that are not replayed here, and why.
pub(crate) const NOT_REPLAYED: &[(&str, &str)] = &[
    ("lab_http_errors", "requests that are faulty as such, before any flow: a server's"),
    ("oauth_implementation_unavailable", "the recorder raised the errors itself, in place of the hub"),
];

impl Recording {
    fn of(name: &'static str) -> Self {
        Self { name, provider: json!({}), time_limit: None, meanwhile: Vec::new(), started_with: Vec::new() }
    }

    fn provider(self, provider: Value) -> Self {
        Self { provider, ..self }
    }

    fn time_limit(self, limit: Duration) -> Self {
        Self { time_limit: Some(limit), ..self }
    }

    fn meanwhile(mut self, before: usize, what: Meanwhile) -> Self {
        self.meanwhile.push((before, what));
        self
    }

    fn started_with(mut self, at: usize, init: Value) -> Self {
        self.started_with.push((at, init));
        self
    }
}

/// Every recording that is replayed.
pub(crate) fn all() -> Vec<Recording> {
    [ms365(), helpers(), lab(), oauth()].into_iter().flatten().collect()
}

fn ms365() -> Vec<Recording> {
    let plain = [
        "ms365_default_happy",
        "ms365_alt_happy",
        "ms365_country_21vianet",
        "ms365_permission_variants",
        "ms365_cannot_have_errors",
        "ms365_schema_invalid",
        "ms365_invalid_url",
        "ms365_already_configured",
        "ms365_reconfigure_default",
        "ms365_abort_delete",
        "ms365_unknown_flow_id",
        "ms365_state_mismatch",
        "ms365_entry_lifecycle",
    ];
    let junk = json!({"status": 200, "body": "junk", "content_type": "text/plain"});
    let calendars = json!({"api": [{
        "method": "GET", "url": "https://graph.microsoft.com/v1.0/me/calendars", "authorized": true, "status": 200,
        "json": {"value": [{"id": "1", "name": "Calendar1"}, {"id": "2", "name": "Calendar2"}, {"id": "3", "name": "Calendar3"}]},
    }]});
    let mut all: Vec<Recording> = plain.into_iter().map(Recording::of).collect();
    all.extend([
        Recording::of("ms365_permissions_missing").provider(json!({"grant": ["User.Read"]})),
        Recording::of("ms365_token_file_error").provider(json!({"faults": [{"at": "token", "times": 2, "fault": junk}]})),
        Recording::of("ms365_options_two_calendars").provider(calendars),
    ]);
    all
}

fn helpers() -> Vec<Recording> {
    let plain = [
        "helper_bayesian",
        "helper_derivative",
        "helper_generic_thermostat",
        "helper_group_light",
        "helper_group_sensor",
        "helper_history_stats",
        "helper_local_todo",
        "helper_local_todo_already_configured",
        "helper_previews",
        "helper_season",
        "helper_single_instance_sun",
        "helper_statistics",
        "helper_switch_as_x",
        "helper_template_sensor",
        "helper_threshold",
        "helper_utility_meter",
        "helper_workday",
    ];
    let page = |path: &str, status: u16| json!({"method": "GET", "url": format!("https://www.example.org/{path}"), "status": status, "text": "<h1>1</h1>"});
    let mut all: Vec<Recording> = plain.into_iter().map(Recording::of).collect();
    all.extend([
        Recording::of("helper_kitchen_sink")
            .started_with(0, json!({}))
            .meanwhile(14, Meanwhile::Learned { recorded: "01M83Q8HYSBA8NV97A338YR4NB", title: "Sub" })
            .meanwhile(22, Meanwhile::Reauth),
        Recording::of("helper_scrape").provider(json!({"api": [page("ok", 200), page("empty", 503)]})),
    ]);
    all
}

fn lab() -> Vec<Recording> {
    let zeroconf = |host: &str| json!({"host": host, "name": "Lab._lab._tcp.local.", "properties": {"id": "z1"}});
    let plain = [
        "lab_external",
        "lab_flow_handlers",
        "lab_form_errors",
        "lab_form_no_schema",
        "lab_menu",
        "lab_options",
        "lab_progress",
        "lab_progress_update_and_fail",
        "lab_single_instance",
        "lab_two_step",
        "lab_unique_id",
    ];
    let mut all: Vec<Recording> = plain.into_iter().map(Recording::of).collect();
    let mut catalogue = Recording::of("lab_schema_catalogue");
    for at in 1..=125 {
        catalogue = catalogue.meanwhile(at, Meanwhile::Led { handler: "flow_lab", to: "schema" });
    }
    all.extend([
        catalogue,
        Recording::of("lab_discovery_ignore")
            .started_with(1, zeroconf("192.168.1.50"))
            .started_with(3, zeroconf("192.168.1.50"))
            .started_with(4, json!({"upnp": {"UDN": "s1"}}))
            .started_with(16, zeroconf("192.168.1.60"))
            .started_with(24, zeroconf("192.168.1.99")),
        Recording::of("lab_reauth_reconfigure").meanwhile(9, Meanwhile::Reauth).meanwhile(10, Meanwhile::Reauth),
        Recording::of("lab_subentries").meanwhile(15, Meanwhile::Learned { recorded: "01M83R1ZJNZFJN10N7X5P7BN60", title: "T1" }),
    ]);
    all
}

fn oauth() -> Vec<Recording> {
    let profile = |status: u16, json: Value| json!({"method": "GET", "url": "https://api.spotify.com/v1/me", "authorized": true, "status": status, "json": json});
    let henk = profile(200, json!({"id": "1112264111", "display_name": "Henk"}));
    let down = profile(500, json!({}));
    let faulty =
        |name: &'static str, fault: Value| Recording::of(name).provider(json!({"faults": [{"at": "token", "fault": fault}]}));
    let user = json!({"user_id": "u1"});
    let other = json!({"at": "token", "nth": 2, "fault": {"set": {"user_id": "other"}}});
    vec![
        Recording::of("oauth_flow_lab_oauth_pick_implementation"),
        Recording::of("oauth_missing_credentials"),
        Recording::of("oauth_reauth")
            .provider(json!({"token_fields": user, "faults": [other]}))
            .meanwhile(5, Meanwhile::Reauth)
            .meanwhile(10, Meanwhile::Reauth),
        Recording::of("oauth_single_credential").provider(json!({"token_fields": user})),
        Recording::of("oauth_spotify").provider(json!({"api": [henk, henk, down]})).meanwhile(6, Meanwhile::Reauth),
        faulty("oauth_token_400", json!({"status": 400, "body": "{}"})),
        faulty("oauth_token_401", json!({"status": 401, "body": "{}"})),
        faulty("oauth_token_500", json!({"status": 500, "body": "{}"})),
        faulty("oauth_token_bad_expires_in", json!({"expires_in": "junk"})),
        faulty("oauth_token_client_error", json!("reset")),
        faulty("oauth_token_timeout", json!("hang")).time_limit(Duration::from_secs(1)),
        Recording::of("oauth_user_rejected_authorize"),
    ]
}
