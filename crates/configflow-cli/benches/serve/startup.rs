//! Ready with 1,000 definitions: how long that takes, and in how much memory.

use std::time::{Duration, Instant};

use crate::client::{Blocking, request};
use crate::server::{Server, definition, of_folder};

const DEFINITIONS: usize = 1_000;
const ROUNDS: usize = 5;

const MS365: &str = include_str!("../../../../fixtures/flows/ms365_calendar.yaml");

pub(crate) fn measure() {
    println!("\n| {DEFINITIONS} definitions | ready after | resident then | all checked after | resident then |");
    println!("| --- | --- | --- | --- | --- |");
    let small = |domain: &str| definition(domain, "");
    let large = |domain: &str| MS365.replace("domain: ms365_calendar", &format!("domain: {domain}"));
    one("of four fields and two steps", &small);
    one("of the size of ms365_calendar", &large);
}

fn one(name: &str, text: &dyn Fn(&str) -> String) {
    let mut best: Option<(Duration, Option<u64>, Duration, Option<u64>)> = None;
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let flows = folder.path().join("flows");
        std::fs::create_dir(&flows).unwrap();
        for number in 0..DEFINITIONS {
            let domain = format!("definition_{number}");
            std::fs::write(flows.join(format!("{domain}.yaml")), text(&domain)).unwrap();
        }
        let command = of_folder(&flows, &folder.path().join("data"));
        let began = Instant::now();
        let server = Server::run(command, folder);
        let (ready, then) = (began.elapsed(), server.resident());
        // The list waits until every definition was checked.
        let mut client = Blocking::connect(&server.address);
        let listed = client.send(&request("GET", "/api/config/config_entries/flow_handlers", ""));
        let listed: Vec<String> = serde_json::from_slice(listed).unwrap();
        assert_eq!(listed.len(), DEFINITIONS);
        let round = (ready, then, began.elapsed(), server.resident());
        best = Some(best.map_or(round, |best| if round.0 < best.0 { round } else { best }));
    }
    let (ready, then, checked, at_last) = best.unwrap();
    let megabytes = |kilobytes: Option<u64>| kilobytes.map_or("?".to_owned(), |kilobytes| format!("{} MB", kilobytes / 1024));
    let (then, at_last) = (megabytes(then), megabytes(at_last));
    println!("| {name} | {} ms | {then} | {} ms | {at_last} |", ready.as_millis(), checked.as_millis());
}
