//! The API over real HTTP and WebSockets on a free port of the loopback address.

mod callback;
mod credentials;
mod document;
mod entries;
mod errors;
mod flows;
mod form_schema;
mod frames;
mod hostile;
mod limits;
mod operator;
mod raw;
mod regressions;
mod secrets;
mod socket;
mod support;
mod transcripts;
