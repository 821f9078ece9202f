//! The API over real HTTP and WebSockets on a free port of the loopback address.

mod support;
mod transcripts;
