//! How long to wait before a provider is asked again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(500);
/// The longest wait that is our own.
const LONGEST: Duration = Duration::from_secs(60);
/// The longest wait that a provider can ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

/// The wait after so many failures in a row: doubled each time, a random half of it left out, so that many who failed together do
/// not come back together. What the provider asks for (`Retry-After`) counts where it is longer, up to an hour.
pub(super) fn wait(failures: u32, asked: Option<Duration>) -> Duration {
    wait_at(failures, asked, fraction())
}

fn wait_at(failures: u32, asked: Option<Duration>, fraction: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let own = doubled.mul_f64(1.0 - fraction / 2.0);
    asked.map_or(own, |asked| own.max(asked.min(LONGEST_ASKED)))
}

/// A random number from 0 to 1, not for secrets.
pub(super) fn fraction() -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "a spread of waits needs no precision")]
    let fraction = RandomState::new().hash_one(0) as f64 / u64::MAX as f64;
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_are_spread() {
        assert_eq!(wait_at(1, None, 0.0), Duration::from_millis(500));
        assert_eq!(wait_at(2, None, 0.0), Duration::from_secs(1));
        assert_eq!(wait_at(2, None, 1.0), Duration::from_millis(500));
        assert_eq!(wait_at(1_000, None, 0.0), LONGEST);
        assert!((0..1_000).map(|_| fraction()).all(|fraction| (0.0..=1.0).contains(&fraction)));
        assert_ne!(fraction().to_bits(), fraction().to_bits());
    }

    #[test]
    fn what_is_asked_for_counts_within_bounds() {
        assert_eq!(wait_at(1, Some(Duration::from_secs(7)), 0.5), Duration::from_secs(7));
        assert_eq!(wait_at(8, Some(Duration::from_secs(1)), 0.0), LONGEST);
        assert_eq!(wait_at(1, Some(Duration::from_secs(86_400)), 0.0), LONGEST_ASKED);
    }
}
