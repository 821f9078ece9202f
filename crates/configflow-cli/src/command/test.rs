//! `configflow test`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use configflow_testkit::snapshot::{self, Compared};
use configflow_testkit::{Fixture, Flows, Provider, drive};

use super::{block_on, complain_of};
use crate::outcome::{Outcome, complain, say};

/// What a run over fixtures counts.
#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    transitions: usize,
}

pub(crate) fn run(paths: &[PathBuf], flows: Option<&Path>, update: bool, live: bool) -> Outcome {
    let default = [PathBuf::from("fixtures")];
    let paths = if paths.is_empty() { &default } else { paths };
    let (mut fixtures, mut snapshots) = (BTreeSet::new(), BTreeSet::new());
    for path in paths {
        if let Err(error) = collect(path, &mut fixtures, &mut snapshots) {
            complain(format_args!("error[fixture.unreadable]: {}: {error}", path.display()));
            return Outcome::Broken;
        }
    }
    if fixtures.is_empty() {
        complain("error[fixture.none]: no fixtures below these paths; a fixture is a `*.json` file in a folder `steps`");
        return Outcome::Broken;
    }
    let mut counts = Counts::default();
    let mut outcome = Outcome::Fine;
    for fixture in &fixtures {
        outcome = outcome.and(one(fixture, flows, update, live, &mut counts));
    }
    let used: BTreeSet<PathBuf> = fixtures.iter().map(|fixture| snapshot::path_of(fixture)).collect();
    for unused in snapshots.difference(&used) {
        if update {
            if let Err(error) = std::fs::remove_file(unused) {
                complain(format_args!("{}: {error}", unused.display()));
                outcome = outcome.and(Outcome::Broken);
            }
        } else {
            complain(format_args!("{}: no fixture has this snapshot", unused.display()));
            counts.failed += 1;
            outcome = outcome.and(Outcome::Differs);
        }
    }
    say(format_args!("{} fixtures, {} transitions compared", fixtures.len(), counts.transitions));
    say(format_args!("{} passed, {} failed", counts.passed, counts.failed));
    outcome
}

/// Fixtures are the JSON files in folders called `steps`, and whatever file is named itself.
fn collect(path: &Path, fixtures: &mut BTreeSet<PathBuf>, snapshots: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    if path.is_file() {
        fixtures.insert(path.to_owned());
        return Ok(());
    }
    let in_steps = path.file_name().is_some_and(|name| name == "steps");
    let in_snapshots = path.file_name().is_some_and(|name| name == "snapshots");
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            _ if path.is_dir() => collect(&path, fixtures, snapshots)?,
            Some("json") if in_steps => _ = fixtures.insert(path),
            Some("jsonl") if in_snapshots => _ = snapshots.insert(path),
            _ => {}
        }
    }
    Ok(())
}

fn one(path: &Path, flows: Option<&Path>, update: bool, live: bool, counts: &mut Counts) -> Outcome {
    let mut broken = |reason: &dyn std::fmt::Display| {
        complain(format_args!("FAIL {}: {reason}", path.display()));
        counts.failed += 1;
        Outcome::Broken
    };
    let fixture = match Fixture::read(path) {
        Ok(fixture) => fixture,
        Err(error) => return broken(&error),
    };
    let Some(flows) = flows.map(Flows::in_folder).or_else(|| Flows::near(path)) else {
        return broken(&"no folder `flows` beside or above it");
    };
    let provider = if live { Provider::Live } else { Provider::Simulated };
    let driven = match block_on(drive(&fixture, &flows, provider)) {
        Ok(Ok(driven)) => driven,
        Ok(Err(error)) => {
            complain_of(path, &error);
            return broken(&error.code());
        }
        Err(error) => return broken(&error),
    };
    let mut faults: Vec<String> = driven.mismatches.iter().map(ToString::to_string).collect();
    if update
        && faults.is_empty()
        && let Err(error) = snapshot::update(path, &driven.transitions)
    {
        return broken(&error);
    }
    match snapshot::compare(path, &driven.transitions) {
        Ok(Compared::Same) => {}
        Ok(Compared::Missing) => faults.push("it has no snapshot; make one with --update".to_owned()),
        Ok(Compared::Different { at, stored, found }) => {
            let line = |value: Option<serde_json::Value>| value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
            faults.push(format!("transition {at} differs\n  - stored: {}\n  + found:  {}", line(stored), line(found)));
        }
        Err(error) => return broken(&error),
    }
    counts.transitions += driven.transitions.len();
    if faults.is_empty() {
        counts.passed += 1;
        return Outcome::Fine;
    }
    counts.failed += 1;
    for fault in faults {
        complain(format_args!("FAIL {}: {fault}", path.display()));
    }
    Outcome::Differs
}
