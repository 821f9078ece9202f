//! The process that kills, and compares.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};

use crate::child;
use crate::ledger::{Ledger, number_of};
use crate::line::{Line, Orders};
use crate::proxy::{self, Moment, Watch};
use crate::random::Random;
use configflow_testkit::simulated::{Script, Simulated};

/// How often a process is killed where nobody says otherwise.
const KILLS: u64 = 200;
/// Flows that each process starts.
const FRESH: u64 = 4;
/// No process starts flows while more are open.
const MOST_OPEN: usize = 12;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// How many kills fell where.
#[derive(Debug, Default)]
struct Kills {
    between_lines: u64,
    before_the_provider: u64,
    after_the_provider: u64,
    after_the_answer: u64,
    too_late: u64,
}

pub(crate) fn run() {
    let seed = number("CONFIGFLOW_SEED").unwrap_or_else(|| {
        use std::hash::{BuildHasher, Hasher};
        std::hash::RandomState::new().build_hasher().finish()
    });
    let kills = number("CONFIGFLOW_KILLS").unwrap_or(KILLS);
    println!("CONFIGFLOW_SEED={seed} CONFIGFLOW_KILLS={kills}");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let (happens, happenings) = channel();
    let watch = Watch::default();
    let provider = runtime.block_on(Simulated::start(Script::default())).expect("a provider");
    let port = runtime.block_on(proxy::start(provider.port(), Arc::clone(&watch), happens.clone()));

    let channels = (happens, happenings);
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = Random::new(seed);
    let (mut ledger, mut counts, mut next) = (Ledger::default(), Kills::default(), 0);
    for _ in 0..kills {
        let wanted = if ledger.open() < MOST_OPEN { FRESH } else { 0 };
        let fresh = (next..next + wanted).collect();
        next += wanted;
        let plan = plan(&mut random);
        if let Plan::Code(at, moment) = plan {
            watch.lock().unwrap_or_else(PoisonError::into_inner).kill = Some((at, moment));
        }
        let lines = live(folder.path(), &ledger.orders(port, fresh), &plan, &channels, &mut counts);
        watch.lock().unwrap_or_else(PoisonError::into_inner).kill = None;
        compare(&mut ledger, lines);
    }
    // The last one lives: everything that is open comes to its end.
    let lines = live(folder.path(), &ledger.orders(port, Vec::new()), &Plan::Never, &channels, &mut counts);
    assert!(matches!(lines.last(), Some(Line::Done)), "the last process came to its end");
    compare(&mut ledger, lines);
    assert!(ledger.orders(port, Vec::new()).open.is_empty(), "every open flow came to its end");

    let seen = watch.lock().unwrap_or_else(PoisonError::into_inner);
    let twice: Vec<_> = seen.codes.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "{} codes were sent twice", twice.len());
    println!(
        "{counts:?}: {} answers acknowledged, {} flows restored as they were, {} with the answer in flight, \
         {} interrupted, {} callbacks kept, {} entries, {} codes, none sent twice",
        ledger.acknowledged,
        ledger.restored,
        ledger.went_on,
        ledger.interrupted,
        ledger.called_back,
        ledger.entries(),
        seen.codes.len()
    );
}

/// When to kill.
#[derive(Debug)]
enum Plan {
    /// After so many lines.
    Lines(u64),
    /// When so many codes have passed, at a moment of the next one's way.
    Code(u64, Moment),
    Never,
}

fn plan(random: &mut Random) -> Plan {
    match random.below(8) {
        0 => Plan::Code(random.below(4), Moment::Before),
        1 => Plan::Code(random.below(4), Moment::After),
        2 => Plan::Code(random.below(4), Moment::Sent),
        _ => Plan::Lines(random.below(56)),
    }
}

/// What happens while a process lives.
pub(crate) enum Happening {
    Told(Line),
    Asked(Sender<()>),
    Ended,
}

/// Runs a process until the plan kills it or it ends, and gives all that it told.
fn live(
    folder: &std::path::Path,
    orders: &Orders,
    plan: &Plan,
    channels: &(Sender<Happening>, Receiver<Happening>),
    counts: &mut Kills,
) -> Vec<Line> {
    let program = std::env::current_exe().expect("this program");
    let mut child =
        Command::new(program).env(child::FOLDER, folder).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a process");
    let mut stdin = child.stdin.take().expect("its input");
    stdin.write_all(serde_json::to_string(orders).expect("JSON").as_bytes()).expect("orders");
    drop(stdin);
    let stdout = child.stdout.take().expect("its output");
    let told = channels.0.clone();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let mut stdout = BufReader::new(stdout);
        while stdout.read_line(&mut text).is_ok_and(|read| read > 0) {
            // A line that the kill cut off was not told.
            if let (true, Ok(line)) = (text.ends_with('\n'), serde_json::from_str(&text))
                && told.send(Happening::Told(line)).is_err()
            {
                return;
            }
            text.clear();
        }
        let _ = told.send(Happening::Ended);
    });
    let lines = watch(&mut child, &channels.1, plan, counts);
    reader.join().expect("the reader");
    let status = child.wait().expect("its end");
    assert!(status.success() || status.code().is_none(), "the process failed: {status}");
    lines
}

fn watch(child: &mut Child, happenings: &Receiver<Happening>, plan: &Plan, counts: &mut Kills) -> Vec<Line> {
    let (mut lines, mut killed) = (Vec::new(), false);
    loop {
        let happening = happenings.recv().unwrap_or(Happening::Ended);
        match happening {
            Happening::Told(line) => {
                lines.push(line);
                if matches!(plan, Plan::Lines(at) if *at + 1 == lines.len() as u64) {
                    kill(child);
                    (killed, counts.between_lines) = (true, counts.between_lines + 1);
                }
            }
            Happening::Asked(gone) => {
                kill(child);
                match plan {
                    _ if killed => {}
                    Plan::Code(_, Moment::Before) => counts.before_the_provider += 1,
                    Plan::Code(_, Moment::After) => counts.after_the_provider += 1,
                    _ => counts.after_the_answer += 1,
                }
                killed = true;
                // Whoever asked may have gone with the process.
                let _ = gone.send(());
            }
            Happening::Ended => {
                if !killed && !matches!(plan, Plan::Never) {
                    counts.too_late += 1;
                }
                return lines;
            }
        }
    }
}

/// `kill -9`.
fn kill(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
}

/// Takes what a process told. That it lists every entry is known once it tells of something else.
fn compare(ledger: &mut Ledger, lines: Vec<Line>) {
    let mut found = BTreeMap::new();
    let listed = lines.iter().any(|line| !matches!(line, Line::Entry { .. }));
    for line in &lines {
        if let Line::Entry { data, .. } = line {
            found.insert(number_of(data), ());
        }
    }
    if listed {
        ledger.check_entries(&found);
    }
    for line in lines {
        ledger.take(line);
    }
}
