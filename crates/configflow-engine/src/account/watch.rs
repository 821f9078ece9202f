//! What this process knows about tokens beside what is stored: how long it has seen them, and what failed lately.
//!
//! The hub's clock may jump, so a token is judged twice: by the clock, and by the time that has passed since this process first
//! saw it. One that only one of them calls good is renewed, and used as long as that does not succeed.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use configflow_oauth::TokenSet;
use time::OffsetDateTime;

use super::AccountKey;
use super::retry::fraction;

/// How long before its end a token is renewed at the latest.
const MARGIN: Duration = Duration::from_secs(60);
/// How much earlier it may be renewed, chosen at random: at most so much, and at most a tenth of its life.
const EARLIEST: Duration = Duration::from_secs(240);
/// A clock that is so far before the moment at which a token was got has been set back.
const LEEWAY: time::Duration = time::Duration::seconds(60);

/// A moment, by the hub's clock and by one that only goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    pub(super) by_clock: OffsetDateTime,
    pub(super) by_time: Instant,
}

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
    pub(super) fn condition(&self, account: &AccountKey, tokens: &TokenSet, now: Now) -> Condition {
        let token = self.tokens.hash_one((tokens.access().expose(), tokens.expires_at()));
        let mut seen = self.seen();
        let Some(expires_at) = tokens.expires_at() else {
            if seen.get(account).is_none_or(|seen| seen.token != token) {
                let new = Seen::new(token, seen.get(account));
                seen.insert(account.clone(), new);
            }
            return Condition::Fresh;
        };
        let by_clock = expires_at - now.by_clock;
        let known = seen.get(account).filter(|seen| seen.token == token);
        let (ends, early) = match known {
            Some(seen) => (seen.ends, seen.early),
            None => {
                let life = tokens.obtained_at().map(|at| expires_at - at);
                let left = positive(life.map_or(by_clock, |life| life.min(by_clock)));
                let early = (positive(life.unwrap_or(by_clock)) / 10).min(EARLIEST).mul_f64(fraction());
                let ends = now.by_time.checked_add(left);
                let new = Seen { ends, early, ..Seen::new(token, seen.get(account)) };
                seen.insert(account.clone(), new);
                (ends, early)
            }
        };
        let by_time = ends.map_or(Duration::MAX, |ends| ends.saturating_duration_since(now.by_time));
        let set_back = tokens.obtained_at().is_some_and(|at| now.by_clock + LEEWAY < at);
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
    pub(super) fn may_force(&self, account: &AccountKey, now: Now, pause: Duration) -> bool {
        let mut seen = self.seen();
        let Some(seen) = seen.get_mut(account) else { return true };
        if seen.forced.is_some_and(|then| now.by_time.saturating_duration_since(then) < pause) {
            return false;
        }
        seen.forced = Some(now.by_time);
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
    pub(super) fn pause(&self, account: &AccountKey, now: Now, wait: Duration, code: &str) {
        if let Some(seen) = self.seen().get_mut(account) {
            seen.pause = now.by_time.checked_add(wait).map(|until| (until, code.to_owned()));
        }
    }

    /// How much longer nothing is asked, and the code of the failure that is the reason.
    pub(super) fn paused(&self, account: &AccountKey, now: Now) -> Option<(Duration, String)> {
        let seen = self.seen();
        let (until, code) = seen.get(account)?.pause.as_ref()?;
        let left = until.saturating_duration_since(now.by_time);
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

    /// Clocks to be moved by hand.
    struct Clocks(Instant);

    impl Clocks {
        /// So many seconds after the beginning by the clock, and so many that have passed.
        fn at(&self, by_clock: i64, passed: u64) -> Now {
            let by_clock = OffsetDateTime::from_unix_timestamp(NOON + by_clock).expect("a moment");
            Now { by_clock, by_time: self.0 + Duration::from_secs(passed) }
        }
    }

    fn clocks() -> Clocks {
        Clocks(Instant::now())
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

    #[test]
    fn a_token_is_renewed_between_one_minute_and_five_before_its_end() {
        let (mut least, mut most) = (i64::MAX, i64::MIN);
        for _ in 0..200 {
            let (watch, tokens, clocks) = (Watch::default(), tokens(Some(0), 3_600), clocks());
            assert_eq!(watch.condition(&account(), &tokens, clocks.at(0, 0)), Condition::Fresh);
            let is_due = |seconds: &i64| {
                let now = clocks.at(*seconds, u64::try_from(*seconds).expect("later"));
                watch.condition(&account(), &tokens, now) == Condition::Due
            };
            let due = (0..3_600).find(is_due).expect("it is due some time");
            (least, most) = (least.min(due), most.max(due));
        }
        assert!(least >= 3_300 && most <= 3_540, "{least} to {most}");
        assert!(most - least > 60, "renewals are spread: {least} to {most}");
    }

    #[test]
    fn both_clocks_together_end_a_token() {
        let (watch, tokens, clocks) = (Watch::default(), tokens(Some(0), 3_600), clocks());
        let condition = |by_clock, passed| watch.condition(&account(), &tokens, clocks.at(by_clock, passed));
        assert_eq!(condition(0, 0), Condition::Fresh);
        assert_eq!(condition(3_590, 3_590), Condition::Due);
        assert_eq!(condition(3_600, 3_600), Condition::Ended);
    }

    #[test]
    fn a_clock_that_jumps_costs_a_renewal_and_no_token() {
        let (watch, token, clocks) = (Watch::default(), tokens(Some(0), 3_600), clocks());
        let condition = |by_clock, passed| watch.condition(&account(), &token, clocks.at(by_clock, passed));
        assert_eq!(condition(0, 0), Condition::Fresh);
        // Forwards: it is renewed early, and good until then.
        assert_eq!(condition(600 + 3_600, 0), Condition::Due);
        // Set back: the time that has passed counts, so it does not live ten minutes longer.
        assert_eq!(condition(3_000, 3_600), Condition::Due);
        // Set back before this process began: nobody can know its age.
        assert_eq!(Watch::default().condition(&account(), &token, clocks.at(-600, 0)), Condition::Due);
        // Ten minutes fast or slow from the beginning: nothing is different.
        for off in [-600, 600] {
            let (watch, token) = (Watch::default(), tokens(Some(off), 3_600 + off));
            assert_eq!(watch.condition(&account(), &token, clocks.at(off, 0)), Condition::Fresh);
        }
    }

    #[test]
    fn tokens_from_elsewhere_go_by_the_clock() {
        let (watch, clocks) = (Watch::default(), clocks());
        assert_eq!(watch.condition(&account(), &tokens(None, 3_600), clocks.at(0, 0)), Condition::Fresh);
        assert_eq!(watch.condition(&account(), &tokens(None, 30), clocks.at(0, 0)), Condition::Due);
        assert_eq!(watch.condition(&account(), &tokens(None, -1), clocks.at(0, 0)), Condition::Ended);
    }

    #[test]
    fn a_pause_ends_by_itself() {
        let (watch, tokens, clocks) = (Watch::default(), tokens(Some(0), 30), clocks());
        watch.condition(&account(), &tokens, clocks.at(0, 0));
        assert_eq!((watch.failed(&account()), watch.failed(&account())), (1, 2));
        watch.pause(&account(), clocks.at(0, 0), Duration::from_secs(7), "token.timeout");
        let paused = Some((Duration::from_secs(7), "token.timeout".to_owned()));
        assert_eq!(watch.paused(&account(), clocks.at(0, 0)), paused);
        assert_eq!(watch.paused(&account(), clocks.at(0, 7)), None);
    }

    #[test]
    fn a_token_is_not_renewed_again_and_again_for_a_401() {
        let (watch, clocks) = (Watch::default(), clocks());
        let minute = Duration::from_secs(60);
        let may = |tokens: &TokenSet, passed| {
            let now = clocks.at(0, passed);
            watch.condition(&account(), tokens, now);
            watch.may_force(&account(), now, minute)
        };
        assert!(may(&tokens(Some(0), 3_600), 0));
        assert!(!may(&tokens(Some(0), 3_700), 59), "the new token is refused too");
        assert!(may(&tokens(Some(0), 3_700), 60));
    }
}
