//! Config flows for a home-automation core: the one crate that it depends on.
//!
//! A definition in YAML is [`load`]ed and checked; an [`Engine`] runs its dialogs, links accounts by OAuth 2, and keeps flows,
//! entries and tokens in a [`Store`]. A core registers its own [`Action`]s, and shows each [`FlowResult`] to its own front end.
//!
//! ```
//! use configflow::{Engine, FlowResult, Options, Source, Start, load};
//! use serde_json::json;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let definition = load(&Source::new("lamp.yaml", r#"
//! domain: lamp
//! fields:
//!   name: { type: string, required: true }
//! config:
//!   user:
//!     form: [name]
//!     then: { create_entry: { title: "{{ name }}", data: "{{ answers }}" } }
//! "#), &Options::default())?.definition;
//!
//! let engine = Engine::builder().definition(definition).build()?;
//! let hub = engine.caller("admin");
//! let form = hub.start(Start::user("lamp")).await?.to_value();
//! let flow_id = form["flow_id"].as_str().unwrap_or_default();
//!
//! let refused = hub.answer(flow_id, json!({})).await.unwrap_err();
//! assert_eq!(refused.code(), "flow.invalid_answer");
//! let created = hub.answer(flow_id, json!({"name": "Desk"})).await?;
//! assert!(matches!(&*created, FlowResult::CreateEntry(entry) if entry.title.as_deref() == Some("Desk")));
//! # Ok(())
//! # }
//! ```

pub use configflow_core::signature::{FailureCode, Parameter, Repeat, Shape, Signature, Signatures, ValueKind};
pub use configflow_core::{
    Context, DataSchema, Definition, Event, Failure, FlowResult, Kind, Map, State, StepError, Transition, Value, render, start,
    step,
};
pub use configflow_engine::{
    Action, ActionCall, Builder, Callback, Caller, Engine, Entry, FlowError, Implementation, Limits, MemoryStore, Notice,
    Observed, Observer, Resumed, Start, Store, StoreError, Subentry, Token, entry_view,
};
pub use configflow_oauth::{Catalogue, Clock, Entropy, Outbound, Secret, SystemClock, SystemEntropy};
pub use configflow_yaml::{Diagnostic, Diagnostics, Loaded, Options, Source, load};

/// The pure machine with all its parts.
pub use configflow_core as core;
/// The OAuth 2 backend with all its parts.
pub use configflow_oauth as oauth;
/// Flows, entries and tokens on disk, sealed (feature `sqlite`, which builds SQLite).
#[cfg(feature = "sqlite")]
pub use configflow_store as store;
/// The loader with all its parts.
pub use configflow_yaml as yaml;
