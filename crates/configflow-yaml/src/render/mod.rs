//! Diagnostics for people and for programs.

mod human;
mod json;

pub use human::{Colour, human};
pub use json::json;
