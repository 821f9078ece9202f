//! Whose turn it is to refresh a token, within this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::AccountKey;

/// Turns by account.
#[derive(Default)]
pub(super) struct Turns {
    turns: Mutex<HashMap<AccountKey, Arc<tokio::sync::Mutex<()>>>>,
}

impl Turns {
    /// Waits for the turn; it ends when it is dropped.
    pub(super) async fn turn(&self, account: &AccountKey) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Turns that nobody holds or waits for are forgotten.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(account.clone()).or_default())
        };
        turn.lock_owned().await
    }
}
