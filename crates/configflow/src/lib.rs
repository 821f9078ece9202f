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
//!
//! What YAML cannot say well, such as a device's own protocol, is an action. Its signature is what the loader checks definitions
//! against, so it is registered before they are loaded.
//!
//! ```
//! use configflow::{Action, ActionCall, BoxFuture, Engine, Failure, Options, Repeat, Shape, Signature, Source, Start, Value, ValueKind};
//! use configflow::{FailureCode, Parameter, load};
//! use serde_json::json;
//!
//! struct Hello;
//!
//! impl Action for Hello {
//!     fn signature(&self) -> Signature {
//!         Signature {
//!             name: "lamp.hello".to_owned(),
//!             summary: "Asks a lamp for its name.".to_owned(),
//!             takes: vec![Parameter { name: "host".to_owned(), kind: ValueKind::String, required: true }],
//!             gives: Shape::Fields(vec![("name".to_owned(), ValueKind::String)]),
//!             fails: vec![FailureCode { code: "unreachable".to_owned(), fields: Vec::new() }],
//!             repeat: Repeat::Repeatable,
//!             account: false,
//!         }
//!     }
//!
//!     fn run<'a>(&'a self, call: ActionCall) -> BoxFuture<'a, Result<Value, Failure>> {
//!         Box::pin(async move {
//!             match call.parameters["host"].as_str() {
//!                 Some("lamp.local") => Ok(json!({"name": "Desk"})),
//!                 _ => Err(Failure::code("unreachable")),
//!             }
//!         })
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let builder = Engine::builder().action(Hello);
//! let options = Options { signatures: builder.signatures(), ..Options::default() };
//! let definition = load(&Source::new("lamp.yaml", r#"
//! domain: lamp
//! fields:
//!   host: { type: string, required: true }
//! config:
//!   user:
//!     form: [host]
//!     do:
//!       - lamp.hello: { host: "{{ host }}" }
//!         as: lamp
//!         on_error: { unreachable: { error: { host: cannot_connect } } }
//!     then: { create_entry: { title: "{{ lamp.name }}", data: "{{ answers }}" } }
//! "#), &options)?.definition;
//!
//! let hub = builder.definition(definition).build()?.caller("admin");
//! let form = hub.start(Start::user("lamp")).await?.to_value();
//! let flow_id = form["flow_id"].as_str().unwrap_or_default();
//! let again = hub.answer(flow_id, json!({"host": "nowhere"})).await?.to_value();
//! assert_eq!(again["errors"], json!({"host": "cannot_connect"}));
//! let created = hub.answer(flow_id, json!({"host": "lamp.local"})).await?.to_value();
//! assert_eq!(created["title"], "Desk");
//! # Ok(())
//! # }
//! ```

//! A linked account gives valid tokens for as long as its entry is there: renewed in time, by one of all tasks and processes that ask.
//! docs/accounts.md says what each failure means.
//!
//! ```
//! use configflow::{AccountError, Engine};
//!
//! async fn authorization(engine: &Engine, entry_id: &str) -> Result<String, AccountError> {
//!     let account = engine.account(entry_id);
//!     let token = account.access_token().await?;
//!     Ok(format!("Bearer {}", token.expose()))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::builder().build()?;
//! let error = authorization(&engine, "nothing").await.unwrap_err();
//! assert_eq!(error.code(), "account.unknown_entry");
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `reqwest`, a middleware authorises requests, and sends one again with a renewed token where the answer is 401. A
//! second 401 comes back as it is: [`AccountHandle::begin_reauth`] asks the person to link the account again, where it means that.
#![cfg_attr(
    feature = "reqwest",
    doc = r#"
```
use configflow::{Authorize, Engine};
use configflow::reqwest_middleware::ClientBuilder;

# #[tokio::main(flavor = "current_thread")]
# async fn main() -> Result<(), Box<dyn std::error::Error>> {
let engine = Engine::builder().build()?;
let authorize = Authorize::new(engine.account("nothing"), ["https://graph.microsoft.com"]);
let client = ClientBuilder::new(Default::default()).with(authorize).build();

// The token goes to the hosts that were named, and to no other.
let elsewhere = client.get("https://elsewhere.example/me").send().await.unwrap_err();
assert!(elsewhere.to_string().contains("not for this host"));
let not_linked = client.get("https://graph.microsoft.com/v1.0/me").send().await.unwrap_err();
assert!(not_linked.to_string().contains("the entry is not there"));
# Ok(())
# }
```
"#
)]

pub use configflow_core::signature::{FailureCode, Parameter, Repeat, Shape, Signature, Signatures, ValueKind};
pub use configflow_core::{
    Context, DataSchema, Definition, Event, Failure, FlowResult, Kind, Map, State, StepError, Transition, Value, render, start,
    step,
};
pub use configflow_engine::{
    AccountError, AccountHandle, Action, ActionCall, BoxFuture, Builder, Callback, Caller, Engine, Entry, FlowError,
    Implementation, Limits, MemoryStore, Notice, Observed, Observer, Resumed, Start, Store, StoreError, Subentry, Tended, Token,
    entry_view,
};
#[cfg(feature = "reqwest")]
pub use configflow_engine::{Authorize, AuthorizeError};
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
/// The middleware of requests that [`Authorize`] is one of.
#[cfg(feature = "reqwest")]
pub use reqwest_middleware;
