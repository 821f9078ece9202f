//! How a field is marked on the wire and checked, where it is neither plainly required nor plainly optional.

use super::Shown;
use super::fault::Faults;
use crate::Map;

/// A mark of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Marker {
    /// Required or optional, as `required` says.
    #[default]
    Usual,
    /// Optional, and not called so.
    Plain,
    /// Taken, checked and forgotten.
    Removed,
    /// Answered with all others of its group, or not at all.
    Inclusive(String),
    /// Answered alone of its group, or not at all.
    Exclusive(String),
}

impl Marker {
    /// The key that says so on the wire.
    pub(super) fn on_wire(&self) -> Option<&'static str> {
        match self {
            Self::Usual => Some("optional"),
            Self::Plain | Self::Removed => None,
            Self::Inclusive(_) => Some("inclusive"),
            Self::Exclusive(_) => Some("exclusive"),
        }
    }
}

/// What is wrong with the groups of a form.
pub(super) fn groups(form: &[Shown<'_>], answered: &Map, faults: &mut Faults) {
    let mut seen: Vec<&Marker> = Vec::new();
    for shown in form {
        let marker = &shown.field.marker;
        if seen.contains(&marker) {
            continue;
        }
        seen.push(marker);
        let of_group = || form.iter().filter(|other| other.field.marker == *marker);
        let given = of_group().filter(|other| answered.contains_key(&*other.field.name)).count();
        match marker {
            Marker::Inclusive(group) if given > 0 && given < of_group().count() => {
                faults.whole(&format!("some but not all values in the same group of inclusion '{group}' @ data[<{group}>]"));
            }
            Marker::Exclusive(group) if given > 1 => {
                faults.whole(&format!("two or more values in the same group of exclusion '{group}' @ data[<{group}>]"));
            }
            _ => {}
        }
    }
}
