//! Expressions and texts: Jinja, compiled once at load, evaluated with a fuel limit.
//!
//! An [`Expr`] is a bare expression, a [`Template`] a value with expressions in it. Both are evaluated against a
//! [`Scope`]. An expression never yields "undefined": what is missing is `none`.

mod calls;
mod environment;
mod expression;
mod filters;
mod json;
mod path;
mod scope;
mod simple;
mod slices;
mod slug;
mod state_source;
mod template;
mod words;

pub use environment::{FILTERS, FUEL};
pub use expression::{EvalError, Expr, ExprError, Expressions, MAX_EXPRESSION};
pub use json::{is_omit, to_json};
pub use scope::{Scope, Source};
pub use template::{Part, Segment, Template, TextError, split_text};

pub(crate) use scope::StateSource;
