//! Linked accounts over the store on disk: faults of the token endpoint, reauth by itself, wrong accounts, what another system linked,
//! and how accounts end.

mod clock;
mod ends;
mod failing;
mod faults;
mod handle;
mod imported;
mod reauth;
mod support;
mod unsaved;
mod way;
mod wrong_account;
