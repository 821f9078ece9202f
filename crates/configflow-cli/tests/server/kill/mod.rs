//! The server is killed with `kill -9` again and again, at moments that a seed chooses, while persons set accounts up over HTTP: forms,
//! a progress, a login by pasted address or by callback, options, removals, flows that are given up. Sometimes it dies while it
//! starts, and sometimes its definition has changed when it comes back. After each kill everything that was acknowledged must be there,
//! nothing half, and no code may have been sent twice.
//!
//! `CONFIGFLOW_KILLS` says how often (60), `CONFIGFLOW_SEED` repeats a run.
#![expect(clippy::print_stdout, reason = "the test reports its seed and its figures")]

mod compare;
mod person;
mod strike;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use configflow_engine::Store;
use configflow_store::SqliteStore;
use configflow_testkit::Canaries;
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::json;

use crate::support::Setup;
use compare::{Found, compare};
use person::{Person, Way, name, password};
use strike::Strike;

/// How often the server is killed where nobody says otherwise.
const KILLS: u64 = 60;

/// How many persons there are.
const PERSONS: u64 = 6;

const DEFINITION: &str = include_str!("account.yaml");

/// What the second form is called in each version of the definition.
const SECOND: [&str; 2] = ["second", "other"];

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    /// A number below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// How many kills fell where.
#[derive(Debug, Default)]
struct Kills {
    while_starting: u64,
    while_serving: u64,
    definition_changes: u64,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlives_every_kill_of_the_server() {
    let seed = number("CONFIGFLOW_SEED").unwrap_or_else(|| {
        use std::hash::{BuildHasher, Hasher};
        std::hash::RandomState::new().build_hasher().finish()
    });
    let kills = number("CONFIGFLOW_KILLS").unwrap_or(KILLS);
    println!("CONFIGFLOW_SEED={seed} CONFIGFLOW_KILLS={kills}");
    let mut random = Random(seed);
    let script =
        json!({"api": [{"method": "GET", "url": "https://api.example/check", "status": 200, "json": {"serial": "s-1"}}]});
    let script: Script = serde_json::from_value(script).expect("a script");
    let provider = Simulated::start(script).await.expect("the provider starts");
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (folder.path().join("flows"), folder.path().join("data"));
    std::fs::create_dir(&flows).expect("a folder");
    let (mut version, mut counts, mut found) = (0, Kills::default(), Found::default());
    define(&flows, version);
    let mut persons: Vec<Person> = (0..PERSONS).map(|number| Person::new(number, PERSONS)).collect();
    let setup = || {
        let setup = Setup::new(&flows, &data).provider(provider.port());
        setup.arguments(&["--external-url", "https://hub.example"]).environment("CONFIGFLOW_LOG", "configflow=debug")
    };
    for _ in 0..kills {
        if random.below(5) == 0 {
            version = 1 - version;
            counts.definition_changes += 1;
            define(&flows, version);
        }
        if random.below(6) == 0 {
            setup().start_and_kill(Duration::from_micros(random.below(120_000))).await;
            counts.while_starting += 1;
            continue;
        }
        let mut server = setup().start().await;
        let strike = Arc::new(Strike::new(random.below(60), Duration::from_micros(random.below(4_000))));
        let way = way(&server, &provider, Arc::clone(&strike), version);
        compare(&mut persons, &server, &way, &mut found).await;
        let living = persons.into_iter().map(|mut person| {
            let way = way.clone();
            tokio::spawn(async move {
                person.live(&way).await;
                person
            })
        });
        let living: Vec<_> = living.collect();
        strike.wait().await;
        server.kill().await;
        counts.while_serving += 1;
        persons = Vec::new();
        for person in living {
            persons.push(person.await.expect("a person"));
        }
    }
    // The last one lives: everything comes to its end, and is there after an orderly restart.
    let mut server = setup().start().await;
    let never = || Arc::new(Strike::new(u64::MAX / 2, Duration::ZERO));
    let way_in = way(&server, &provider, never(), version);
    compare(&mut persons, &server, &way_in, &mut found).await;
    for person in &mut persons {
        person.come_to_an_end(&way_in).await;
    }
    server.terminate();
    assert!(server.ended().await.success());
    let mut server = setup().start().await;
    let way_in = way(&server, &provider, never(), version);
    compare(&mut persons, &server, &way_in, &mut found).await;
    server.kill().await;

    let entries = exact_in_the_store(&data, &persons).await;
    let redemptions = provider.redemptions();
    assert!(redemptions.iter().all(|count| *count == 1), "a code was sent twice");
    assert!(redemptions.len() >= entries, "every entry was linked by a code of its own");
    said_no_secret(&server.said, &persons);
    let acknowledged: u64 = persons.iter().map(|person| person.acknowledged).sum();
    println!(
        "{counts:?} {found:?}: {acknowledged} answers acknowledged, {entries} entries exact, {} codes, none \
         sent twice",
        redemptions.len()
    );
    assert!(acknowledged > kills && found.restored >= kills / 2, "there was something to lose");
}

fn define(flows: &Path, version: usize) {
    std::fs::write(flows.join("account.yaml"), DEFINITION.replace("SECOND", SECOND[version])).expect("written");
}

fn way(server: &crate::support::Served, provider: &Simulated, strike: Arc<Strike>, version: usize) -> Way {
    // A connection that a dead server had must not be taken for one of the next.
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    Way { client, base: server.base.clone(), strike, provider: provider.person(), version }
}

/// The entries with their secrets and tokens, as the store has them; gives how many there are.
async fn exact_in_the_store(data: &Path, persons: &[Person]) -> usize {
    let store = SqliteStore::open(data).expect("the store");
    let mut entries = 0;
    for (number, stored) in persons.iter().flat_map(|person| &person.done) {
        let found = store.entry_by_unique_id("account", &name(*number)).await.expect("readable");
        assert_eq!(found.is_some(), stored.is_some(), "account {number}");
        let Some(entry) = found else { continue };
        assert_eq!(entry.data["password"], json!(password(*number)));
        let token = store.token("account", entry.account_key.as_deref().expect("a key")).await.expect("readable");
        assert!(token.is_some_and(|token| token.tokens.access().expose().starts_with("sim-access-")), "account {number}");
        entries += 1;
    }
    entries
}

fn said_no_secret(said: &Path, persons: &[Person]) {
    let mut canaries = Canaries::new();
    let numbers = persons.iter().flat_map(|person| &person.done).map(|(number, _)| *number);
    numbers.for_each(|number| canaries.add(&password(number)));
    ["sim-code-", "sim-access-", "sim-refresh-"].iter().for_each(|mark| canaries.add(mark));
    let bytes = std::fs::read(said).expect("what it said");
    assert_eq!(canaries.find(&bytes), None, "a secret is logged");
}
