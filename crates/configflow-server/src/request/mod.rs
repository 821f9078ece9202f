//! What comes in: bodies that are bounded in size, time and depth, and the checks of what begins a flow.

mod body;
mod index;
mod json;

pub(crate) use body::{Answers, Document};
pub(crate) use index::{boolean, optional_text, required_text, type_and_entry};
pub(crate) use json::parse;
