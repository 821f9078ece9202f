//! Home Assistant's flow API over HTTP and WebSocket, for [`configflow_engine::Engine`].
//!
//! [`router`] is an axum `Router` that a core mounts in a server of its own; [`serve`] is a whole server around it, with its limits
//! on connections, headers and shutdown. Who may use the API, an [`Authenticate`] says.
//!
//! What it is not: it decides nothing about flows (the engine does), and it reads no definition.
//!
//! ```
//! use std::sync::Arc;
//! use configflow_engine::Engine;
//! use configflow_server::{OneToken, Options, router};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = Engine::builder().build()?;
//! let options = Options::new(Arc::new(OneToken::new("a long random token", "admin")));
//! let app: axum::Router = axum::Router::new().merge(router(engine, options));
//! # let _ = app;
//! # Ok(()) }
//! ```

mod app;
mod auth;
mod ending;
mod form_schema;
mod listen;
mod metrics;
mod openapi;
mod options;
mod places;
mod refusal;
mod request;
mod routes;
mod socket;

pub use auth::{Authenticate, OneToken};
pub use listen::{Listen, serve};
pub use metrics::Meter;
pub use openapi::document;
pub use options::{Options, ServerLimits};
pub use routes::router;

/// The release of Home Assistant whose API this is.
pub const HOME_ASSISTANT: &str = "2026.2.3";
