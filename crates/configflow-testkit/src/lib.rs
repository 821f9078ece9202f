//! Fixtures, snapshots, coverage and a simulated provider for testing flows.
//!
//! A [`Fixture`] is a journal written by hand: which flow, then for each step what is expected and what is answered.
//! [`drive`] runs it against the simulated provider and gives back every transition, ids and times masked. The transitions
//! of a fixture are a snapshot: [`snapshot`] compares them with the stored one.

mod canaries;
mod compare;
pub mod contract;
mod definition_schema;
mod drive;
mod fixture;
mod flows;
mod mask;
pub mod recorded;
pub mod replay;
pub mod schema;
mod scripted;
mod secrets;
pub mod simulated;
pub mod snapshot;
mod transition;

pub use canaries::{Canaries, Found};
pub use compare::{Difference, differences};
pub use drive::{DriveError, Driven, Mismatch, Provider, drive};
pub use fixture::{
    ActionAnswer, Credential, Fixture, FixtureEntry, FixtureError, FixtureStep, FixtureSubentry, MAX_FIXTURE, StartStep,
};
pub use flows::{Flows, FlowsError};
pub use mask::Mask;
pub use scripted::Scripted;
