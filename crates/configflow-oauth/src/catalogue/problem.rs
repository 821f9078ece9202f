//! What is wrong with a provider's file, and where in it. Not lines and columns: a place is a route of names and numbers, which
//! whoever has the text turns into a line.

use std::fmt;

/// One thing that is wrong with a provider's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The stable code.
    pub code: &'static str,
    /// How bad it is.
    pub gravity: Gravity,
    /// Where it is, from the top of the file.
    pub route: Vec<Step>,
    /// What is wrong, and what was expected.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gravity {
    /// The provider cannot be used.
    Error,
    /// It can, but the entry lacks what a reader needs.
    Warning,
}

/// A step of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of a mapping.
    Key(String),
    /// An item of a list, counted from 0.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// The problems of one file, while they are looked for.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes an error.
    pub(crate) fn error<const N: usize>(&mut self, code: &'static str, route: [Step; N], message: impl Into<String>) {
        self.note(Gravity::Error, code, route, message);
    }

    /// Notes a warning.
    pub(crate) fn warning<const N: usize>(&mut self, code: &'static str, route: [Step; N], message: impl Into<String>) {
        self.note(Gravity::Warning, code, route, message);
    }

    /// Notes an error at a place that was worked out.
    pub(crate) fn at(&mut self, code: &'static str, place: &[Step], message: impl Into<String>) {
        self.0.push(Problem { code, gravity: Gravity::Error, route: place.to_vec(), message: message.into() });
    }

    fn note<const N: usize>(&mut self, gravity: Gravity, code: &'static str, route: [Step; N], message: impl Into<String>) {
        self.0.push(Problem { code, gravity, route: route.into(), message: message.into() });
    }

    /// Whether an error was noted.
    pub(crate) fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.gravity == Gravity::Error)
    }

    pub(crate) fn into_vec(self) -> Vec<Problem> {
        self.0
    }
}

/// A route, from its steps.
macro_rules! route {
    ($($step:expr),* $(,)?) => { [$($crate::catalogue::problem::Step::from($step)),*] };
}
pub(crate) use route;
