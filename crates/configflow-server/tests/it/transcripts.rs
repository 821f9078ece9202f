//! Recordings of Home Assistant, replayed over HTTP.

use configflow_testkit::replay::{HttpTransport, Outcome, Person, Recording, replay, script_of};

use crate::support::{Server, Setup, TOKEN, fixtures};

/// The recordings that the definitions of the fixtures cover, with how many exchanges of each are as recorded, and how many differ
/// on purpose.
const RECORDINGS: [(&str, usize, usize); 18] = [
    ("ms365_abort_delete", 10, 0),
    ("ms365_already_configured", 7, 0),
    ("ms365_alt_happy", 5, 0),
    ("ms365_cannot_have_errors", 7, 0),
    ("ms365_country_21vianet", 4, 0),
    ("ms365_default_happy", 6, 0),
    ("ms365_entry_lifecycle", 11, 1),
    ("ms365_invalid_url", 9, 0),
    ("ms365_options_two_calendars", 17, 1),
    ("ms365_permission_variants", 22, 0),
    ("ms365_permissions_missing", 6, 0),
    ("ms365_reconfigure_default", 9, 1),
    ("ms365_schema_invalid", 30, 0),
    ("ms365_state_mismatch", 4, 3),
    ("ms365_token_file_error", 5, 0),
    ("ms365_unknown_flow_id", 10, 0),
    ("lab_http_errors", 27, 9),
    ("helper_threshold", 11, 0),
];

/// The menu of the integration that the errors of requests were recorded with; behind it nothing is asked for there.
const FLOW_LAB: &str = "
domain: flow_lab
config:
  user:
    menu: [two_step, menu_dict, progress, progress_update, progress_fail, external, schema, errors, no_schema, bad_step, bad_schema,
      raises, abort_plain, abort_placeholders, abort_exc, unique, unique_update, rich_entry, next_flow, preview, last_step_true,
      last_step_false, suggested, wrong_after_external]
  two_step: { then: user }
  menu_dict: { then: user }
  progress: { then: user }
  progress_update: { then: user }
  progress_fail: { then: user }
  external: { then: user }
  schema: { then: user }
  errors: { then: user }
  no_schema: { then: user }
  bad_step: { then: user }
  bad_schema: { then: user }
  raises: { then: user }
  abort_plain: { then: user }
  abort_placeholders: { then: user }
  abort_exc: { then: user }
  unique: { then: user }
  unique_update: { then: user }
  rich_entry: { then: user }
  next_flow: { then: user }
  preview: { then: user }
  last_step_true: { then: user }
  last_step_false: { then: user }
  suggested: { then: user }
  wrong_after_external: { then: user }
";

/// An integration that nobody sets up by hand.
const FLOW_LAB_NOUSER: &str = "
domain: flow_lab_nouser
config:
  import: { then: { create_entry: { title: x, data: {} } } }
";

#[tokio::test]
async fn what_a_client_sees_is_what_was_recorded() {
    let (mut faults, mut figures) = (Vec::new(), Vec::new());
    for (name, matched, deliberate) in RECORDINGS {
        let recording = Recording::read(&fixtures().join(format!("transcripts/{name}.json"))).expect("a recording");
        let server =
            Server::with(Setup { script: script_of(name), definitions: vec![FLOW_LAB, FLOW_LAB_NOUSER], ..Setup::default() })
                .await;
        let mut transport =
            HttpTransport::new(&server.base, TOKEN, Person::Simulated(server.provider.person())).expect("a client");
        let report = replay(&recording, &mut transport).await.expect("the server is there");
        figures.push(report.to_string());
        for step in &report.steps {
            if step.status.is_some_and(|status| status >= 500) {
                faults.push(format!("{name} {:?}: {:?}", step.exchange, step.status));
            }
            match &step.outcome {
                Outcome::Matched | Outcome::Deliberate { .. } => {}
                Outcome::Unexpected { reason } => faults.push(format!("{name} {:?} is as recorded: {reason}", step.exchange)),
                Outcome::Differs(difference) => faults.push(format!("{name} {:?}: {difference}", step.exchange)),
            }
        }
        if (report.matched(), report.deliberate()) != (matched, deliberate) {
            faults.push(format!("{name}: {} matched, {} on purpose", report.matched(), report.deliberate()));
        }
        assert_eq!(server.engine.flows_in_progress(), 0, "{name} leaves flows");
    }
    assert!(faults.is_empty(), "{}\n\n{}", figures.join("\n"), faults.join("\n"));
}
