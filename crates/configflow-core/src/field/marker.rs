//! How a field is marked on the wire and checked, where it is neither plainly required nor plainly optional.

use super::Shown;
use super::fault::{Faults, Path};
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

/// Whether the groups of a form are answered as they have to be. What is wrong with exclusive ones is said for each, with
/// inclusive ones for the first.
pub(super) fn groups(form: &[Shown<'_>], answered: &Map, path: Option<&Path<'_>>, faults: &mut Faults) -> bool {
    let exclusive = |marker: &Marker| match marker {
        Marker::Exclusive(group) => Some(group.clone()),
        _ => None,
    };
    let inclusive = |marker: &Marker| match marker {
        Marker::Inclusive(group) => Some(group.clone()),
        _ => None,
    };
    let two =
        group_names(form, exclusive).into_iter().filter(|group| given(form, answered, &Marker::Exclusive(group.clone())).0 > 1);
    let mut fine = true;
    for group in two {
        faults.group(path, &group, &format!("two or more values in the same group of exclusion '{group}'"));
        fine = false;
    }
    if !fine {
        return false;
    }
    let some = group_names(form, inclusive).into_iter().find(|group| {
        let (given, of) = given(form, answered, &Marker::Inclusive(group.clone()));
        given > 0 && given < of
    });
    if let Some(group) = some {
        faults.group(path, &group, &format!("some but not all values in the same group of inclusion '{group}'"));
        return false;
    }
    true
}

/// The groups of one sort, in the order of the form.
fn group_names(form: &[Shown<'_>], of: impl Fn(&Marker) -> Option<String>) -> Vec<String> {
    let mut names = Vec::new();
    for name in form.iter().filter_map(|shown| of(&shown.field.marker)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// How many fields of a group are answered, and how many it has.
fn given(form: &[Shown<'_>], answered: &Map, marker: &Marker) -> (usize, usize) {
    let of_group = || form.iter().filter(|shown| shown.field.marker == *marker);
    (of_group().filter(|shown| answered.contains_key(&*shown.field.name)).count(), of_group().count())
}
