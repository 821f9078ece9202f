//! Runs the effects of flows, and keeps flows in progress, entries and tokens.
//!
//! An [`Engine`] holds definitions and a [`Store`]. Whoever drives flows does so as a principal, by a [`Caller`]:
//! starts one, answers what it shows, asks again, gives it up. Effects run in tasks of the engine, so a client that hangs
//! up loses nothing. Time, ids and randomness are injected.
//!
//! What it is not: it serves no HTTP and reads no YAML.

mod account;
pub mod action;
mod builder;
mod callback;
mod caller;
mod credentials;
mod definitions;
mod detached;
mod driver;
mod error;
mod flows;
mod limits;
mod neighbours;
mod notice;
mod observe;
mod operate;
mod progress;
mod resume;
mod start;
pub mod store;
mod view;

pub use account::{AccountError, AccountHandle, Tended};
#[cfg(feature = "middleware")]
pub use account::{Authorize, AuthorizeError};
pub use action::{Action, ActionCall, Implementation};
pub use builder::{BuildError, Builder, Engine};
pub use callback::Callback;
pub use caller::{Caller, Start};
pub use credentials::CredentialError;
pub use definitions::DefinitionSource;
pub use error::FlowError;
pub use futures_util::future::BoxFuture;
pub use limits::Limits;
pub use notice::Notice;
pub use observe::{Observed, Observer};
pub use progress::InProgress;
pub use resume::Resumed;
pub use store::{Entry, KeptFlow, MemoryStore, Store, StoreError, Subentry, Token};
pub use view::{entry_storage, entry_view};
