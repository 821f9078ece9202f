//! Tokens end (RFC 7009 §2.1).

use std::sync::Arc;

use configflow_oauth::RevokeError;
use tokio::time::sleep;
use tracing::Instrument;

use super::retry;
use crate::builder::Inner;
use crate::notice::Notice;
use crate::store::Token;

/// How often a provider that does not answer is asked.
const TRIES: u32 = 5;

impl Inner {
    /// Revokes a token where its provider can. That it cannot is no fault of the person who removes an entry: the first try is waited
    /// for, and further ones are made behind their back. What fails for good is told.
    pub(crate) async fn revoke(self: &Arc<Self>, token: Token) {
        if let Err(again) = self.try_to_revoke(&token, 1).await {
            let inner = Arc::clone(self);
            let later = async move {
                let mut again = again;
                for attempt in 2..=TRIES {
                    sleep(again).await;
                    match inner.try_to_revoke(&token, attempt).await {
                        Ok(()) => return,
                        Err(wait) => again = wait,
                    }
                }
            };
            tokio::spawn(later.in_current_span());
        }
    }

    /// Revokes a token; an error is how long to wait before the next try.
    async fn try_to_revoke(&self, token: &Token, attempt: u32) -> Result<(), std::time::Duration> {
        let (code, asked, is_final) = match self.link.account(token).await {
            Ok(account) => match self.link.client.revoke(&account, &token.tokens).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let (asked, is_final) = match &error {
                        RevokeError::Token(error) => (error.retry_after(), error.is_final()),
                        _ => (None, true),
                    };
                    (error.code().to_owned(), asked, is_final)
                }
            },
            Err(error) => (error.detail().unwrap_or(error.code()).to_owned(), None, true),
        };
        if is_final || attempt == TRIES {
            tracing::warn!(domain = token.domain, code, "the token was not revoked");
            self.notify(Notice::NotRevoked { domain: token.domain.clone(), code });
            return Ok(());
        }
        tracing::info!(domain = token.domain, code, "the token was not revoked yet");
        Err(retry::wait(attempt, asked))
    }
}
