//! Small dialogs, each with a fixture: a new case is a new file in `tests/cases/steps`, run against `tests/cases/flows`.

use std::path::{Path, PathBuf};

use configflow_testkit::{Fixture, Flows, Provider, drive};

#[tokio::test]
async fn every_case_goes_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let flows = Flows::in_folder(&folder.join("flows"));
    let files = std::fs::read_dir(folder.join("steps")).expect("the folder is there");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut faults = String::new();
    for path in &files {
        let fixture = Fixture::read(path).unwrap_or_else(|error| panic!("{error}"));
        // What an effect shows first must not depend on who is faster.
        for run in 0..5 {
            let driven = drive(&fixture, &flows, Provider::Simulated).await;
            let driven = driven.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for mismatch in driven.mismatches {
                faults.push_str(&format!("{} (run {run}): {mismatch}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(files.len() >= 4, "only {} cases were found", files.len());
}
