//! What a field takes.

use std::sync::Arc;

use super::dictionary;
use super::fault::{Faults, Path};
use super::form::Unshowable;
use super::plain::{Base, Plain};
use super::selector::Selector;
use super::{Field, Options};
use crate::{Map, Value};

/// What a field takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A plain type.
    Plain(Plain),
    /// A selector; a plain type beside it converts what it selects.
    Selector {
        /// What is shown.
        selector: Selector,
        /// What converts the answer, where the file names a type too.
        convert: Option<Plain>,
    },
    /// Fields under a heading.
    Section(Section),
}

/// Fields under a heading.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// Whether clients show it folded.
    pub collapsed: bool,
    /// Its fields.
    pub fields: Vec<Arc<Field>>,
}

impl Kind {
    /// The options to choose from, where there are some.
    #[must_use]
    pub fn options(&self) -> Option<&Options> {
        match self {
            Self::Plain(plain) => plain.options(),
            Self::Selector { selector, .. } => selector.options(),
            Self::Section(_) => None,
        }
    }

    /// The value that an answer becomes, or what is wrong with it.
    pub(super) fn convert(
        &self,
        value: &Value,
        options: Option<&Options>,
        path: &Path<'_>,
        faults: &mut Faults,
    ) -> Option<Value> {
        match self {
            Self::Plain(Plain { base: Base::TimePeriod, .. }) => {
                let duration = dictionary::duration(value, false, path, faults)?;
                Some(dictionary::seconds(&duration).into())
            }
            Self::Plain(plain) => plain.convert(value, options).map_err(|text| faults.value(path, &text)).ok(),
            Self::Selector { selector, convert } => {
                let selected = selector.convert(value, options, path, faults)?;
                match convert {
                    Some(plain) => plain.convert(&selected, options).map_err(|text| faults.value(path, &text)).ok(),
                    None => Some(selected),
                }
            }
            Self::Section(_) => None,
        }
    }

    /// What the wire says of it, before name and marker.
    pub(super) fn describe(&self, options: Option<&Options>) -> Result<Map, Unshowable> {
        match self {
            Self::Plain(plain) => Ok(plain.describe(options)),
            Self::Selector { selector, convert } => {
                let mut map = Map::from_iter([("selector".to_owned(), selector.describe(options))]);
                map.extend(convert.iter().flat_map(Plain::edges));
                Ok(map)
            }
            Self::Section(_) => Ok(Map::new()),
        }
    }
}
