//! What a replay came to.

use std::collections::BTreeSet;
use std::fmt;

use super::difference::Difference;

/// What a replay came to.
#[derive(Debug, Clone)]
pub struct Report {
    /// The recording.
    pub name: String,
    /// Each exchange that was compared.
    pub steps: Vec<Step>,
    /// Integrations that the recording sets up and no definition handles.
    pub undefined: BTreeSet<String>,
}

/// One exchange.
#[derive(Debug, Clone)]
pub struct Step {
    /// Its place in the recording, from 0; none for the entries in the end.
    pub exchange: Option<usize>,
    /// What came of it.
    pub outcome: Outcome,
    /// The status that came, where one did.
    pub status: Option<u16>,
}

/// What came of an exchange.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It is as recorded.
    Matched,
    /// It differs on purpose.
    Deliberate {
        /// Why.
        reason: String,
    },
    /// It is as recorded, though it is said to differ on purpose.
    Unexpected {
        /// Why it was said to differ.
        reason: String,
    },
    /// It differs.
    Differs(Difference),
}

impl Report {
    /// How many are as recorded.
    #[must_use]
    pub fn matched(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.outcome, Outcome::Matched | Outcome::Unexpected { .. })).count()
    }

    /// How many differ on purpose.
    #[must_use]
    pub fn deliberate(&self) -> usize {
        self.steps.iter().filter(|step| matches!(step.outcome, Outcome::Deliberate { .. })).count()
    }

    /// How many were compared.
    #[must_use]
    pub fn total(&self) -> usize {
        self.steps.len()
    }

    /// Whether all is as recorded, apart from what differs on purpose.
    #[must_use]
    pub fn is_fine(&self) -> bool {
        self.first_difference().is_none()
    }

    /// The first difference that nobody meant.
    #[must_use]
    pub fn first_difference(&self) -> Option<(&Step, &Difference)> {
        self.steps.iter().find_map(|step| match &step.outcome {
            Outcome::Differs(difference) => Some((step, difference)),
            _ => None,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}/{} matched", self.name, self.matched(), self.total())?;
        if self.deliberate() > 0 {
            write!(f, ", {} differ on purpose", self.deliberate())?;
        }
        for handler in &self.undefined {
            write!(f, "\n  no definition handles `{handler}`")?;
        }
        if let Some((step, difference)) = self.first_difference() {
            match step.exchange {
                Some(at) => write!(f, "\n  exchange {at}: {difference}")?,
                None => write!(f, "\n  entries in the end: {difference}")?,
            }
        }
        Ok(())
    }
}
