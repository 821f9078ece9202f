//! `configflow drive`.

use std::path::Path;

use configflow_testkit::{Driven, Fixture, Flows, Provider, drive};

use super::{block_on, complain_of};
use crate::outcome::{Outcome, complain, say};

/// The flow and the fixture that run where no other is named.
const EMBEDDED_FLOWS: &[(&str, &str)] = &[("ms365_calendar", include_str!("../../../../fixtures/flows/ms365_calendar.yaml"))];
const EMBEDDED_FIXTURE: &str = include_str!("../../../../fixtures/steps/ms365_calendar_primary.json");

pub(crate) fn run(fixture: Option<&Path>, flows: Option<&Path>, live: bool) -> Outcome {
    let fixture_path = fixture.unwrap_or(Path::new("<embedded>"));
    let (parsed, near) = match fixture {
        Some(path) => (Fixture::read(path), Flows::near(path)),
        None => (Fixture::parse(EMBEDDED_FIXTURE.as_bytes(), fixture_path), Some(Flows::embedded(EMBEDDED_FLOWS))),
    };
    let fixture = match parsed {
        Ok(fixture) => fixture,
        Err(error) => {
            complain(format_args!("error[{}]: {error}", error.code()));
            return Outcome::Broken;
        }
    };
    let Some(flows) = flows.map(Flows::in_folder).or(near) else {
        complain("error[flows.unknown]: no folder `flows` beside or above the fixture; name one with --flows");
        return Outcome::Broken;
    };
    let provider = if live { Provider::Live } else { Provider::Simulated };
    match block_on(drive(&fixture, &flows, provider)) {
        Ok(Ok(driven)) => report(&driven),
        Ok(Err(error)) => {
            complain_of(fixture_path, &error);
            Outcome::Broken
        }
        Err(error) => {
            complain(format_args!("error[runtime]: {error}"));
            Outcome::Broken
        }
    }
}

fn report(driven: &Driven) -> Outcome {
    for transition in &driven.transitions {
        say(transition);
    }
    for entry in &driven.entries {
        say(serde_json::json!({"entry": entry}));
    }
    for mismatch in &driven.mismatches {
        complain(mismatch);
    }
    if driven.mismatches.is_empty() { Outcome::Fine } else { Outcome::Differs }
}
