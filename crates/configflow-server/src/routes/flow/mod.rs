//! Dialogs over HTTP: setup, options, sub-entries. The three differ in what begins them; see [`driven`] for the rest.

pub(super) mod config;
mod driven;
pub(super) use driven::unsupported;
pub(super) mod options;
pub(super) mod subentries;
