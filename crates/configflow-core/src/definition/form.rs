//! What a form asks for: fields by name, with what this step says differently about them.

use std::sync::Arc;

use crate::Name;
use crate::expr::{Expr, Template};
use crate::field::{Extra, Field, Shown};
use crate::result::DataSchema;

/// The form of a step.
#[derive(Debug, Clone)]
pub struct FormSpec {
    /// Fields in the order of the screen.
    pub items: Vec<FormItem>,
    /// What happens to keys that no field has; `form: any` takes them.
    pub extra: Extra,
    /// `defaults:` of the step.
    pub defaults: Option<Template>,
    /// `suggested:` of the step.
    pub suggested: Option<Template>,
    /// Made by [`super::Definition::build`].
    pub fixed: Fixed,
}

/// What of a form is the same at every showing.
#[derive(Debug, Clone, Default)]
pub struct Fixed {
    /// The serialised form, where nothing in it is computed.
    pub(crate) schema: Option<DataSchema>,
    /// The names of its fields, where none stands under a condition.
    pub(crate) asked: Option<Arc<[Name]>>,
}

impl Default for FormSpec {
    fn default() -> Self {
        Self { items: Vec::new(), extra: Extra::Refuse, defaults: None, suggested: None, fixed: Fixed::default() }
    }
}

impl FormSpec {
    /// A form of these fields, shown as they are.
    #[must_use]
    pub fn of(fields: impl IntoIterator<Item = Arc<Field>>) -> Self {
        let items = fields.into_iter().map(|field| FormItem::Field(Box::new(FormField::of(field)))).collect();
        Self { items, ..Self::default() }
    }

    /// The fields as they are shown, where nothing in the form is computed.
    pub(crate) fn fixed_fields(&self) -> Option<Vec<Shown<'_>>> {
        self.fixed.schema.as_ref()?;
        Some(self.fields().map(|field| Shown::of(&field.field)).collect())
    }

    /// Every field that the form can show.
    pub fn fields(&self) -> impl Iterator<Item = &FormField> {
        self.items.iter().flat_map(|item| match item {
            FormItem::Field(field) => std::slice::from_ref(&**field),
            FormItem::When { fields, .. } => fields.as_slice(),
        })
    }
}

/// One item of a form.
#[derive(Debug, Clone)]
pub enum FormItem {
    /// A field that is always shown.
    Field(Box<FormField>),
    /// Fields that are shown only where a condition holds.
    When {
        /// The condition.
        when: Expr,
        /// The fields.
        fields: Vec<FormField>,
    },
}

/// A field as one step shows it.
#[derive(Debug, Clone)]
pub struct FormField {
    /// The field, with the step's fixed overrides in it.
    pub field: Arc<Field>,
    /// A computed condition under which it must be answered.
    pub required: Option<Expr>,
    /// What fills in for a missing answer here; literal null is none.
    pub default: Option<Template>,
    /// What is shown but not filled in here; literal null is shown as null.
    pub suggested: Option<Template>,
    /// The field's own default, where it is computed; `defaults:` of the step goes before it.
    pub own_default: Option<Template>,
    /// The field's own suggestion, where it is computed; `suggested:` of the step goes before it.
    pub own_suggested: Option<Template>,
    /// Settings of its selector computed when the form is shown.
    pub settings: Option<Template>,
    /// Options computed when the form is shown.
    pub options: Option<OptionsSource>,
    /// The fields of a section.
    pub section: Vec<FormField>,
}

impl FormField {
    /// A field shown as it is.
    #[must_use]
    pub fn of(field: Arc<Field>) -> Self {
        let section =
            field.section().iter().flat_map(|section| section.fields.iter()).map(|inner| Self::of(Arc::clone(inner))).collect();
        Self {
            field,
            required: None,
            default: None,
            suggested: None,
            own_default: None,
            own_suggested: None,
            settings: None,
            options: None,
            section,
        }
    }

    /// Whether nothing of it is computed.
    #[must_use]
    pub fn is_fixed(&self) -> bool {
        self.required.is_none()
            && self.default.is_none()
            && self.suggested.is_none()
            && self.own_default.is_none()
            && self.own_suggested.is_none()
            && self.settings.is_none()
            && self.options.is_none()
            && self.section.iter().all(Self::is_fixed)
    }
}

/// Options computed from what is known when the form is shown.
#[derive(Debug, Clone)]
pub struct OptionsSource {
    /// A list, or a map of value to label.
    pub from: Template,
    /// The value of each `item`; the item itself where absent.
    pub value: Option<Template>,
    /// The label of each `item`; its value where absent.
    pub label: Option<Template>,
    /// Only items for which this holds.
    pub when: Option<Expr>,
}
