//! A certified provider with rotation: refreshes without end, and kills in between.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher};

use crate::parent::Parent;
use crate::process::Process;
use crate::proxy::Moment;
use crate::talk::{Order, Told};

/// How many refreshes where nobody says otherwise.
const REFRESHES: u64 = 300;
/// A process is killed after at most so many.
const BETWEEN: u64 = 40;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().and_then(|text| text.parse().ok())
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// What happened.
#[derive(Debug, Default)]
struct Figures {
    kills_between_lines: u64,
    kills_on_the_way: BTreeMap<Moment, u64>,
    /// Processes that found a refresh in which the one before had died.
    interrupted: u64,
    linked_again: u64,
}

pub(crate) async fn run() {
    let seed = number("CONFIGFLOW_SEED").unwrap_or_else(|| std::hash::RandomState::new().build_hasher().finish());
    let wanted = number("CONFIGFLOW_REFRESHES").unwrap_or(REFRESHES);
    println!("CONFIGFLOW_SEED={seed} CONFIGFLOW_REFRESHES={wanted}");
    let mut random = Random(seed);
    // Tokens of half a minute are renewed whenever one is asked for.
    let mut parent = Parent::real(30).await;
    let entry = parent.linked().await;
    let mut figures = Figures::default();
    while parent.proxy.refreshes().1 < wanted {
        let (process, found) = parent.process().await;
        assert_eq!(found.as_deref(), Some(entry.as_str()), "the entry is there");
        lives(&mut parent, process, &entry, &mut random, &mut figures).await;
    }
    // The last one lives: the account is linked.
    let (mut process, found) = parent.process().await;
    assert_eq!(found.as_deref(), Some(entry.as_str()));
    process.order(&Order::Go(1)).await;
    if let Some(Told::Failed { code, detail }) = process.told().await {
        again(&parent, &mut process, &entry, &code, detail.as_deref(), &mut figures).await;
        process.order(&Order::Go(1)).await;
        assert!(matches!(process.told().await, Some(Told::Got { .. })), "the account is linked");
    }
    assert!(matches!(process.told().await, Some(Told::Done)));
    process.ends().await;
    let (sent, carried_out) = parent.proxy.refreshes();
    assert_eq!(parent.counted(), Some(carried_out), "the provider counts the same");
    assert_eq!(figures.interrupted, figures.linked_again, "each ended in a reauth that began by itself");
    println!("{sent} refreshes sent, {carried_out} carried out; {figures:?}");
}

/// A process refreshes until it is killed.
async fn lives(parent: &mut Parent, mut process: Process, entry: &str, random: &mut Random, figures: &mut Figures) {
    let after = random.below(BETWEEN);
    let moment = match random.below(4) {
        0 => Some(Moment::Before),
        1 => Some(Moment::After),
        2 => Some(Moment::Sent),
        _ => None,
    };
    let mut lines = 0;
    process.order(&Order::Go(1)).await;
    match process.told().await {
        Some(Told::Got { .. }) => {}
        Some(Told::Failed { code, detail }) => {
            again(parent, &mut process, entry, &code, detail.as_deref(), figures).await;
            process.order(&Order::Go(1)).await;
            assert!(matches!(process.told().await, Some(Told::Got { .. })), "linked again, it works");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(process.told().await, Some(Told::Done)));
    parent.proxy.kill_at(moment.map(|moment| (after, moment)));
    process.order(&Order::Go(usize::try_from(BETWEEN).expect("few"))).await;
    loop {
        tokio::select! {
            gone = parent.strikes.recv() => {
                process.kill().await;
                parent.proxy.kill_at(None);
                *figures.kills_on_the_way.entry(moment.expect("a moment")).or_default() += 1;
                // The proxy may have gone on by itself.
                let _ = gone.expect("the proxy is there").send(());
                return;
            }
            told = process.told() => {
                assert!(matches!(told, Some(Told::Got { .. })), "{told:?}");
                lines += 1;
                if moment.is_none() && lines > after {
                    // It is on its way to the next one.
                    process.kill().await;
                    figures.kills_between_lines += 1;
                    return;
                }
            }
        }
    }
}

/// The account has to be linked again, for the one reason that there can be, and a reauth has begun.
async fn again(parent: &Parent, process: &mut Process, entry: &str, code: &str, detail: Option<&str>, figures: &mut Figures) {
    assert_eq!((code, detail), ("account.reauth_required", Some("token.refresh_interrupted")));
    figures.interrupted += 1;
    assert!(matches!(process.told().await, Some(Told::Done)));
    assert_eq!(parent.links(process, Order::LinkAgain).await, entry, "the entry stays");
    figures.linked_again += 1;
}
