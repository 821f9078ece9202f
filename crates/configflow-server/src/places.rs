//! Places for connections. Whoever has shown a good token keeps its place; where all are taken, the stranger that has been there the
//! longest and asks nothing gives way to whoever comes. So connections that say nothing do not keep others out, however many there are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// As many connections as may be are open, and none of them gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// The places of a server.
#[derive(Debug)]
pub(crate) struct Places {
    limit: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    next: u64,
    /// How many have a place.
    count: usize,
    /// Those that have shown no token, in the order of their coming.
    strangers: BTreeMap<u64, Arc<Seat>>,
}

/// What is known of a connection.
#[derive(Debug, Default)]
struct Seat {
    /// Requests that are being answered.
    busy: AtomicUsize,
    /// Whether a good token was shown.
    known: AtomicBool,
    /// It has lost its place.
    lost: AtomicBool,
    displaced: Notify,
}

/// The place of a connection, given back when the last holder drops it.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    id: u64,
    seat: Arc<Seat>,
}

impl Places {
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default() })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a connection; where all are taken, that of a stranger.
    ///
    /// # Errors
    /// Where none gives way.
    pub(crate) fn take(self: &Arc<Self>) -> Result<Arc<Place>, Full> {
        let mut taken = self.taken();
        if taken.count >= self.limit {
            let idle = taken.strangers.iter().find(|(_, seat)| seat.busy.load(Ordering::Acquire) == 0);
            let id = idle.map(|(id, _)| *id).ok_or(Full)?;
            if let Some(seat) = taken.strangers.remove(&id) {
                seat.lost.store(true, Ordering::Release);
                seat.displaced.notify_one();
            }
        } else {
            taken.count += 1;
        }
        let id = taken.next;
        taken.next += 1;
        let seat = Arc::new(Seat::default());
        taken.strangers.insert(id, Arc::clone(&seat));
        Ok(Arc::new(Place { places: Arc::clone(self), id, seat }))
    }
}

impl Place {
    /// A good token was shown: the place is kept.
    pub(crate) fn keep(&self) {
        if !self.seat.known.swap(true, Ordering::AcqRel) {
            self.places.taken().strangers.remove(&self.id);
        }
    }

    /// A request is being answered until what this gives is dropped.
    pub(crate) fn busy(self: &Arc<Self>) -> Busy {
        self.seat.busy.fetch_add(1, Ordering::AcqRel);
        Busy(Arc::clone(&self.seat))
    }

    /// Ready when somebody else has the place.
    pub(crate) async fn displaced(&self) {
        self.seat.displaced.notified().await;
        // For whoever waits as well: the connection and what was made of it.
        self.seat.displaced.notify_one();
    }
}

/// A request that is being answered.
pub(crate) struct Busy(Arc<Seat>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.strangers.remove(&self.id);
        // Whoever was displaced gave its place away then.
        if !self.seat.lost.load(Ordering::Acquire) {
            taken.count = taken.count.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_displaced(place: &Place) -> bool {
        place.seat.lost.load(Ordering::Acquire)
    }

    #[test]
    fn the_oldest_stranger_that_asks_nothing_gives_way() {
        let places = Places::new(3);
        let (known, asking, silent) = (places.take(), places.take(), places.take());
        let (known, asking, silent) = (known.expect("a place"), asking.expect("a place"), silent.expect("a place"));
        known.keep();
        let busy = asking.busy();
        let fourth = places.take().expect("the place of the silent one");
        assert!(is_displaced(&silent) && !is_displaced(&known) && !is_displaced(&asking));
        fourth.keep();
        assert_eq!(places.take().map(|_| ()), Err(Full), "nobody gives way");
        drop(busy);
        assert!(places.take().is_ok() && is_displaced(&asking));
    }

    #[test]
    fn places_are_given_back_once() {
        let places = Places::new(1);
        for _ in 0..3 {
            let one = places.take().expect("a place");
            let other = places.take().expect("its place");
            assert!(is_displaced(&one));
            drop(one);
            assert_eq!(places.taken().count, 1, "the place is the other's");
            other.keep();
            assert_eq!(places.take().map(|_| ()), Err(Full));
            drop(other);
            assert_eq!(places.taken().count, 0);
        }
    }
}
