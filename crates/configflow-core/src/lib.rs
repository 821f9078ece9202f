//! The pure machine of configflow.
//!
//! A flow is a journal of events over this machine: [`start`] makes the first transition, [`step`] every other one, and
//! [`render`] says what a client that asks again should see. Nothing here reads a clock, a file, the network or a source of
//! randomness: time, identifiers, HTTP answers and what a person typed all arrive inside an [`Event`], and what has to be
//! done in the world leaves as an [`Effect`].
//!
//! What it is not: it does not read YAML (`configflow-yaml` does), and it runs no effect (`configflow-engine` does).
//!
//! ```
//! use configflow_core::{definition::*, start, step, Event, FlowResult, Started};
//! use serde_json::json;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let definition = Definition::build(Parts {
//!     domain: "hello".into(),
//!     config: Some(Dialog::new([Step {
//!         show: Show::Form(FormSpec::default()),
//!         then: vec![Op::Decide(Rule::always(Outcome::Abort { reason: "bye".into(), placeholders: None }))],
//!         ..Step::named("user")
//!     }])),
//!     ..Parts::default()
//! })?;
//! let shown = start(&definition, Started::by("user", "01J"))?;
//! assert!(matches!(shown.show, Some(FlowResult::Form(_))));
//! let ended = step(&definition, &shown.state, Event::Answered { input: json!({}) })?;
//! assert!(matches!(ended.show, Some(FlowResult::Abort(abort)) if abort.reason == "bye"));
//! # Ok(()) }
//! ```

mod bindings;
pub mod definition;
mod effect;
mod event;
pub mod expr;
pub mod field;
mod machine;
mod result;
pub mod signature;
mod state;

pub use definition::Definition;
pub use effect::{Account, Change, Effect, EffectId, Effects, Finish, Work};
pub use event::{Event, Failure, Outcome as EffectOutcome, Started};
pub use machine::{DISCOVERIES, StepError, Transition, adopt, render, rerun, start, step};
pub use result::{
    Abort, CreateEntry, DataSchema, External, ExternalDone, FlowResult, Form, Menu, MenuOptions, Progress, ProgressDone,
};
pub use state::{Context, Kind, Position, STATE_VERSION, State};

/// A JSON value: what answers, entries and results are made of.
pub type Value = serde_json::Value;
/// A JSON object that keeps the order of its keys.
pub type Map = serde_json::Map<String, Value>;
/// A name shared by everything that mentions it.
pub type Name = std::sync::Arc<str>;
