//! Every step fixture against the running server, with the most that it can log and with canaries for secrets: none of them is found
//! in what it logs, answers, counts or stores, in whatever form (security checklist, 19 and 20).

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use configflow_engine::Store;
use configflow_engine::store::{Commit, Write};
use configflow_store::{Key, SqliteStore};
use configflow_testkit::simulated::Simulated;
use configflow_testkit::{Canaries, Fixture, Flows};
use futures_util::StreamExt;
use serde_json::Value;
use time::OffsetDateTime;

use crate::dialog::Dialog;
use crate::support::{Setup, TOKEN, fixtures};

/// The key that seals the store of every run: 64 hexadecimal digits.
const KEY: &str = "c0ffee00deadbeefc0ffee00deadbeefc0ffee00deadbeefc0ffee00deadbeef";

/// What the simulated provider's codes and tokens begin with.
const PROVIDERS: [&str; 4] = ["sim-code-", "sim-access-", "sim-refresh-", "sim-device-"];

/// How many servers run at a time.
const AT_ONCE: usize = 4;

/// A provider that hangs is not waited for longer; what leaks would have leaked by then.
const HANGING: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Seen {
    answers: AtomicUsize,
    canaries: AtomicUsize,
    entries: AtomicUsize,
    logged: AtomicUsize,
    stored: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_19_no_secret_of_any_fixture_is_logged_as_text() {
    every_fixture("text").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sec_19_no_secret_of_any_fixture_is_logged_as_json() {
    every_fixture("json").await;
}

async fn every_fixture(format: &str) {
    let files = std::fs::read_dir(fixtures().join("steps")).expect("the folder").map(|file| file.expect("a file").path());
    let files: Vec<PathBuf> = files.filter(|file| file.extension().is_some_and(|extension| extension == "json")).collect();
    let seen = Seen::default();
    futures_util::stream::iter(&files).for_each_concurrent(AT_ONCE, |file| one(file, format, &seen)).await;
    let number = |counted: &AtomicUsize| counted.load(Ordering::Relaxed);
    // That nothing was found means something only where there was much to look at.
    assert!(files.len() >= 150 && number(&seen.answers) > files.len() * 5, "{} answers", number(&seen.answers));
    assert!(number(&seen.canaries) > files.len() / 2, "{} canaries", number(&seen.canaries));
    assert!(number(&seen.entries) > files.len() / 4, "{} entries", number(&seen.entries));
    assert!(number(&seen.logged) > files.len() * 2_000, "{} bytes logged", number(&seen.logged));
    assert!(number(&seen.stored) > files.len() * 8_000, "{} bytes stored", number(&seen.stored));
}

async fn one(file: &Path, format: &str, seen: &Seen) {
    let name = file.file_name().expect("a name").to_string_lossy().into_owned();
    let mut text: Value = serde_json::from_slice(&std::fs::read(file).expect("a fixture")).expect("JSON");
    let domain = text["flow"].as_str().expect("a domain").to_owned();
    let definition = Flows::in_folder(&fixtures().join("flows")).get(&domain).expect("a definition");
    let mut canaries = Canaries::new();
    canaries.plant(&mut text, &definition);
    seen.canaries.fetch_add(canaries.planted(), Ordering::Relaxed);
    for secret in PROVIDERS.iter().chain(&[TOKEN, KEY]) {
        canaries.add(secret);
    }
    let fixture = Fixture::parse(text.to_string().as_bytes(), file).expect("a fixture");

    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (folder.path().join("flows"), folder.path().join("data"));
    std::fs::create_dir(&flows).expect("a folder");
    let yaml = format!("{domain}.yaml");
    std::fs::copy(fixtures().join("flows").join(&yaml), flows.join(&yaml)).expect("copied");
    before(&data, &fixture).await;
    let provider = Simulated::start(fixture.provider.clone()).await.expect("the provider starts");
    let mut setup = Setup::new(&flows, &data).provider(provider.port()).arguments(&["--log-format", format]);
    setup = setup.environment("CONFIGFLOW_LOG", "trace").environment("CONFIGFLOW_KEY", KEY);
    if let Some(url) = fixture.hub.get("external_url").and_then(Value::as_str) {
        setup = setup.arguments(&["--external-url", url]);
    }
    let mut server = setup.start().await;
    let mut dialog = Dialog::new(&server, &provider, &fixture).await;
    match fixture.time_limit {
        Some(_) => drop(tokio::time::timeout(HANGING, dialog.run()).await),
        None => dialog.run().await,
    }
    let (told, states) = (std::mem::take(&mut dialog.told), dialog.states());
    seen.answers.fetch_add(dialog.answers, Ordering::Relaxed);
    let entries = server.send("GET", "/api/configflow/entries?include=data", None).await.expect("an answer");
    seen.entries.fetch_add(entries.body.as_array().map_or(0, Vec::len), Ordering::Relaxed);
    let metrics = server.send("GET", "/metrics", None).await.expect("an answer").whole;
    assert!(metrics.contains("configflow_flows_started_total"), "{name}");
    let check = |canaries: &Canaries, place: &str, bytes: &[u8]| {
        let found = canaries.find(bytes);
        assert!(found.is_none(), "{name}: {place} holds a secret: {found:?}");
    };
    check(&canaries, "an answer", told.as_bytes());
    check(&canaries, "an answer", entries.whole.as_bytes());
    // An address that was shown has a state; it is to be found there and nowhere else.
    states.iter().for_each(|state| canaries.add(state));
    check(&canaries, "/metrics", metrics.as_bytes());
    // While it runs, and after its end, when the log of the database was written back.
    seen.stored.fetch_add(stored(&data, |place, bytes| check(&canaries, place, bytes)), Ordering::Relaxed);
    drop(dialog);
    server.terminate();
    assert!(server.ended().await.success(), "{name}");
    stored(&data, |place, bytes| check(&canaries, place, bytes));
    let said = std::fs::read(&server.said).expect("what it said");
    check(&canaries, "the log", &said);
    seen.logged.fetch_add(said.len(), Ordering::Relaxed);
}

/// Looks at every file of the data folder and of those in it; gives how many bytes there were.
fn stored(data: &Path, check: impl Fn(&str, &[u8])) -> usize {
    let (mut read, mut open) = (0, vec![data.to_owned()]);
    while let Some(folder) = open.pop() {
        for file in std::fs::read_dir(folder).expect("the folder") {
            let file = file.expect("a file").path();
            if file.is_dir() {
                open.push(file);
                continue;
            }
            let bytes = std::fs::read(&file).expect("its bytes");
            read += bytes.len();
            check(&file.display().to_string(), &bytes);
        }
    }
    read
}

/// The entries that are there before.
async fn before(data: &Path, fixture: &Fixture) {
    let store = SqliteStore::open_with(data, Key::parse(KEY, "here").expect("a key")).expect("a store");
    for (at, entry) in fixture.entries.iter().enumerate() {
        let write = Write::Create(Box::new(entry.stored(at as u64, &fixture.flow)));
        let commit = Commit { flow_id: String::new(), now: OffsetDateTime::UNIX_EPOCH, write, token: None };
        store.commit(commit).await.expect("stored");
    }
}
