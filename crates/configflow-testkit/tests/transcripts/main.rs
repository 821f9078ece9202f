//! Recordings of Home Assistant, replayed against the engine in process: what a client sees is what was recorded, and so is what
//! is stored in the end.
//!
//! [`recordings`] says which recordings there are, and what is there before and around each; [`replay`] goes through one,
//! [`hub`] does what its requests ask, [`compare`] says what counts as the same. What needs a server (the WebSocket, lists of
//! entries, faults of a request itself) is left to the replay over HTTP. Deliberate differences are named one by one in
//! [`deviations`].

mod compare;
mod deviations;
mod exchange;
mod hub;
mod recordings;
mod replay;

use std::fmt::Write;

use replay::Replay;

#[expect(clippy::print_stdout, reason = "the figures of each recording")]
#[tokio::test]
async fn every_recording_matches() {
    let (mut matched, mut total) = (0, 0);
    let (mut faults, mut table) = (String::new(), String::new());
    for recording in recordings::all() {
        let outcome = Replay::of(&recording).await.run().await;
        writeln!(table, "{:44} {:3} of {:3}", recording.name, outcome.matched, outcome.total).expect("a text");
        matched += outcome.matched;
        total += outcome.total;
        for fault in outcome.faults {
            writeln!(faults, "{} {fault}", recording.name).expect("a text");
        }
    }
    println!("{table}{matched} of {total}");

    assert!(faults.is_empty(), "{table}{matched} of {total} match\n{faults}");
    assert_eq!(matched, total);
}

/// A recording that is left out must not go unnoticed.
#[test]
fn every_recording_is_replayed_or_named() {
    let folder = exchange::fixtures().join("transcripts");
    let mut recorded: Vec<String> = std::fs::read_dir(folder)
        .expect("the recordings are there")
        .map(|file| file.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    recorded.sort();
    let mut known: Vec<String> = recordings::all().iter().map(|recording| recording.name.to_owned()).collect();
    known.extend(recordings::NOT_REPLAYED.iter().map(|(name, _)| (*name).to_owned()));
    known.sort();
    assert_eq!(recorded, known);
}
