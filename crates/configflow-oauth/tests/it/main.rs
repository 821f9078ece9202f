//! Tests of the crate's public surface; those named `sec_…` cover the number of the security checklist. Not against real providers.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod authorize;
mod catalogue;
mod codes;
mod device;
mod discovery;
mod id_token;
mod pasted;
mod pasted_any;
mod pushed;
mod quirks;
mod redeem;
mod renew;
mod scopes;
mod secrecy;
mod support;
mod table;
mod transport;
