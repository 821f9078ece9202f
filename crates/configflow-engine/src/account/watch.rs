//! What this process knows about tokens beside what is stored: how long it has seen them, and what failed lately.
//!
//! The hub's clock may jump, so a token is judged twice: by the clock, and by the time that has passed since this process first
//! saw it. One that only one of them calls good is renewed, and used as long as that does not succeed.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use configflow_oauth::TokenSet;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::AccountKey;
use super::retry::fraction;

/// How long before its end a token is renewed at the latest.
const MARGIN: Duration = Duration::from_secs(60);
/// How much earlier it may be renewed, chosen at random: at most so much, and at most a tenth of its life.
const EARLIEST: Duration = Duration::from_secs(240);
/// A clock that is so far before the moment at which a token was got has been set back.
const LEEWAY: time::Duration = time::Duration::seconds(60);

/// How good a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    /// It can be used.
    Fresh,
    /// It can be used, and is to be renewed.
    Due,
    /// It has ended.
    Ended,
}

/// What is known of the tokens of every account.
#[derive(Default)]
pub(super) struct Watch {
    seen: Mutex<HashMap<AccountKey, Seen>>,
    tokens: RandomState,
}

struct Seen {
    /// Which token, without being it.
    token: u64,
    /// When it ends by the time that has passed; none if it does not end.
    ends: Option<Instant>,
    /// How much earlier than it must it is renewed.
    early: Duration,
    failures: u32,
    /// When a token was last renewed since another one was refused.
    forced: Option<Instant>,
    /// The last failure, and until when nothing is asked.
    pause: Option<(Instant, String)>,
}

impl Seen {
    fn new(token: u64, before: Option<&Self>) -> Self {
        let forced = before.and_then(|before| before.forced);
        Self { token, ends: None, early: Duration::ZERO, failures: 0, forced, pause: None }
    }
}

impl Watch {
    fn seen(&self) -> MutexGuard<'_, HashMap<AccountKey, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How good a token is now.
    pub(super) fn condition(&self, account: &AccountKey, tokens: &TokenSet, now: OffsetDateTime) -> Condition {
        let token = self.tokens.hash_one((tokens.access().expose(), tokens.expires_at()));
        let mut seen = self.seen();
        let Some(expires_at) = tokens.expires_at() else {
            if seen.get(account).is_none_or(|seen| seen.token != token) {
                let new = Seen::new(token, seen.get(account));
                seen.insert(account.clone(), new);
            }
            return Condition::Fresh;
        };
        let by_clock = expires_at - now;
        let known = seen.get(account).filter(|seen| seen.token == token);
        let (ends, early) = match known {
            Some(seen) => (seen.ends, seen.early),
            None => {
                let life = tokens.obtained_at().map(|at| expires_at - at);
                let left = positive(life.map_or(by_clock, |life| life.min(by_clock)));
                let early = (positive(life.unwrap_or(by_clock)) / 10).min(EARLIEST).mul_f64(fraction());
                let ends = Instant::now().checked_add(left);
                let new = Seen { ends, early, ..Seen::new(token, seen.get(account)) };
                seen.insert(account.clone(), new);
                (ends, early)
            }
        };
        let by_time = ends.map_or(Duration::MAX, |ends| ends.saturating_duration_since(Instant::now()));
        let set_back = tokens.obtained_at().is_some_and(|at| now + LEEWAY < at);
        let by_clock = positive(by_clock);
        if by_clock.is_zero() && by_time.is_zero() {
            Condition::Ended
        } else if set_back || by_clock.min(by_time) <= MARGIN + early {
            Condition::Due
        } else {
            Condition::Fresh
        }
    }

    /// Whether a token that looks good may be renewed since it was refused; not again before so long.
    pub(super) fn may_force(&self, account: &AccountKey, pause: Duration) -> bool {
        let now = Instant::now();
        let mut seen = self.seen();
        let Some(seen) = seen.get_mut(account) else { return true };
        if seen.forced.is_some_and(|then| now.saturating_duration_since(then) < pause) {
            return false;
        }
        seen.forced = Some(now);
        true
    }

    /// Counts a failure, and gives the number of those in a row.
    pub(super) fn failed(&self, account: &AccountKey) -> u32 {
        let mut seen = self.seen();
        let Some(seen) = seen.get_mut(account) else { return 1 };
        seen.failures = seen.failures.saturating_add(1);
        seen.failures
    }

    /// Asks nothing for a while.
    pub(super) fn pause(&self, account: &AccountKey, wait: Duration, code: &str) {
        if let Some(seen) = self.seen().get_mut(account) {
            seen.pause = Instant::now().checked_add(wait).map(|until| (until, code.to_owned()));
        }
    }

    /// How much longer nothing is asked, and the code of the failure that is the reason.
    pub(super) fn paused(&self, account: &AccountKey) -> Option<(Duration, String)> {
        let seen = self.seen();
        let (until, code) = seen.get(account)?.pause.as_ref()?;
        let left = until.saturating_duration_since(Instant::now());
        (!left.is_zero()).then(|| (left, code.clone()))
    }

    pub(super) fn forget(&self, account: &AccountKey) {
        self.seen().remove(account);
    }
}

fn positive(duration: time::Duration) -> Duration {
    Duration::try_from(duration).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOON: i64 = 1_795_435_200;

    fn at(seconds: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(NOON + seconds).expect("a moment")
    }

    fn account() -> AccountKey {
        AccountKey { domain: "d".to_owned(), key: "k".to_owned() }
    }

    fn tokens(obtained_at: Option<i64>, expires_at: i64) -> TokenSet {
        let form = json!({
            "version": 1, "access": "a", "refresh": "r", "obtained_at": obtained_at.map(|at| NOON + at),
            "expires_at": NOON + expires_at, "scopes": [], "token_type": "Bearer", "extra": {},
        });
        TokenSet::from_sealable(serde_json::from_value(form).expect("tokens")).expect("tokens")
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_between_one_minute_and_five_before_its_end() {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for _ in 0..200 {
            let (watch, tokens) = (Watch::default(), tokens(Some(0), 3_600));
            assert_eq!(watch.condition(&account(), &tokens, at(0)), Condition::Fresh);
            // Both clocks go on together.
            let early = watch.seen().get(&account()).expect("seen").early;
            let due = 3_600 - 60 - i64::try_from(early.as_secs()).expect("small");
            (least, most) = (least.min(due), most.max(due));
        }
        assert!(least >= 3_300 && most <= 3_540, "{least} to {most}");
        assert!(most - least > 60, "renewals are spread: {least} to {most}");
    }

    #[tokio::test(start_paused = true)]
    async fn both_clocks_together_end_a_token() {
        let (watch, tokens) = (Watch::default(), tokens(Some(0), 3_600));
        assert_eq!(watch.condition(&account(), &tokens, at(0)), Condition::Fresh);
        tokio::time::advance(Duration::from_secs(3_590)).await;
        assert_eq!(watch.condition(&account(), &tokens, at(3_590)), Condition::Due);
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(watch.condition(&account(), &tokens, at(3_600)), Condition::Ended);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_jumps_costs_a_renewal_and_no_token() {
        let watch = Watch::default();
        let tokens = tokens(Some(0), 3_600);
        assert_eq!(watch.condition(&account(), &tokens, at(0)), Condition::Fresh);
        // Forwards: it is renewed early, and good until then.
        assert_eq!(watch.condition(&account(), &tokens, at(600 + 3_600)), Condition::Due);
        // Ten minutes fast or slow from the beginning: nothing is different.
        for off in [-600, 600] {
            let (watch, tokens) = (Watch::default(), self::tokens(Some(off), 3_600 + off));
            assert_eq!(watch.condition(&account(), &tokens, at(off)), Condition::Fresh);
        }
        // Set back: the time that has passed counts, so it does not live ten minutes longer.
        tokio::time::advance(Duration::from_secs(3_600)).await;
        assert_eq!(watch.condition(&account(), &tokens, at(3_000)), Condition::Due);
        // Set back before this process began: nobody can know its age.
        assert_eq!(Watch::default().condition(&account(), &tokens, at(-600)), Condition::Due);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_from_elsewhere_go_by_the_clock() {
        let watch = Watch::default();
        assert_eq!(watch.condition(&account(), &tokens(None, 3_600), at(0)), Condition::Fresh);
        assert_eq!(watch.condition(&account(), &tokens(None, 30), at(0)), Condition::Due);
        assert_eq!(watch.condition(&account(), &tokens(None, -1), at(0)), Condition::Ended);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_by_itself() {
        let (watch, tokens) = (Watch::default(), tokens(Some(0), 30));
        watch.condition(&account(), &tokens, at(0));
        assert_eq!((watch.failed(&account()), watch.failed(&account())), (1, 2));
        watch.pause(&account(), Duration::from_secs(7), "token.timeout");
        assert_eq!(watch.paused(&account()), Some((Duration::from_secs(7), "token.timeout".to_owned())));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(watch.paused(&account()), None);
    }
}
