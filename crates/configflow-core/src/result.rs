//! What a client sees: Home Assistant's flow results, on its wire.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::{Map, Value};

/// One of the closed set of results.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FlowResult {
    /// A form.
    Form(Form),
    /// A choice of steps.
    Menu(Menu),
    /// A page elsewhere.
    External(External),
    /// That page did its part; ask again.
    ExternalDone(ExternalDone),
    /// Something is being done.
    Progress(Progress),
    /// It was done; ask again.
    ProgressDone(ProgressDone),
    /// The end, with an entry.
    CreateEntry(CreateEntry),
    /// The end, with a reason.
    Abort(Abort),
}

impl FlowResult {
    /// Whether the flow is over.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::CreateEntry(_) | Self::Abort(_))
    }

    /// The name of the type on the wire.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Form(_) => "form",
            Self::Menu(_) => "menu",
            Self::External(_) => "external",
            Self::ExternalDone(_) => "external_done",
            Self::Progress(_) => "progress",
            Self::ProgressDone(_) => "progress_done",
            Self::CreateEntry(_) => "create_entry",
            Self::Abort(_) => "abort",
        }
    }

    /// The step that is shown, where one is.
    #[must_use]
    pub fn step_id(&self) -> Option<&str> {
        match self {
            Self::Form(Form { step_id, .. })
            | Self::Menu(Menu { step_id, .. })
            | Self::External(External { step_id, .. })
            | Self::ExternalDone(ExternalDone { step_id, .. })
            | Self::Progress(Progress { step_id, .. })
            | Self::ProgressDone(ProgressDone { step_id, .. }) => Some(step_id),
            Self::CreateEntry(_) | Self::Abort(_) => None,
        }
    }

    /// The result as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_string(self).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }
}

/// A form.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct Form {
    pub flow_id: String,
    pub handler: Value,
    pub data_schema: DataSchema,
    pub errors: Map,
    pub description_placeholders: Option<Map>,
    pub last_step: Option<bool>,
    pub preview: Option<String>,
    pub step_id: String,
}

/// A choice of steps.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct Menu {
    pub flow_id: String,
    pub handler: Value,
    pub data_schema: DataSchema,
    pub menu_options: MenuOptions,
    pub description_placeholders: Option<Map>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub sort: bool,
    pub step_id: String,
}

/// The choices of a menu.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum MenuOptions {
    /// Steps, whose labels are in the texts.
    List(Vec<String>),
    /// Steps with their labels.
    Labels(Map),
}

/// A page elsewhere.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct External {
    pub flow_id: String,
    pub handler: Value,
    pub url: String,
    pub description_placeholders: Option<Map>,
    pub step_id: String,
}

/// An external page did its part.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct ExternalDone {
    pub flow_id: String,
    pub handler: Value,
    pub step_id: String,
}

/// Something is being done.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct Progress {
    pub flow_id: String,
    pub handler: Value,
    pub progress_action: String,
    pub description_placeholders: Option<Map>,
    pub step_id: String,
}

/// It was done.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct ProgressDone {
    pub flow_id: String,
    pub handler: Value,
    pub step_id: String,
}

/// The end, with an entry. Which keys there are depends on the kind of flow.
#[derive(Debug, Clone, Serialize)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct CreateEntry {
    pub flow_id: String,
    pub handler: Value,
    pub description: Option<String>,
    pub description_placeholders: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minor_version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Map>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subentries: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_flow: Option<Value>,
    /// Of a sub-entry; null where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_id: Option<Value>,
    /// The entry as the store shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<Value>,
}

/// The end, with a reason.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the keys of the wire, described in docs/wire.md")]
pub struct Abort {
    pub flow_id: String,
    pub handler: Value,
    pub reason: String,
    pub description_placeholders: Option<Map>,
    /// Whose text the reason has, where it is not the handler's; such an abort has no placeholders on the wire.
    pub translation_domain: Option<String>,
}

impl Serialize for Abort {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("flow_id", &self.flow_id)?;
        map.serialize_entry("handler", &self.handler)?;
        map.serialize_entry("reason", &self.reason)?;
        match &self.translation_domain {
            Some(domain) => map.serialize_entry("translation_domain", domain)?,
            None => map.serialize_entry("description_placeholders", &self.description_placeholders)?,
        }
        map.end()
    }
}

/// A serialised form: made once where nothing in it is computed, else for each showing.
#[derive(Debug, Clone)]
pub enum DataSchema {
    /// Made once.
    Fixed(Arc<RawValue>),
    /// Made for this showing.
    Computed(Value),
}

impl DataSchema {
    /// Serialises a form whose fields do not change.
    pub(crate) fn fixed(value: Value) -> Self {
        match serde_json::value::to_raw_value(&value) {
            Ok(raw) => Self::Fixed(raw.into()),
            Err(_) => Self::Computed(value),
        }
    }

    /// The fields as a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Fixed(raw) => serde_json::from_str(raw.get()).unwrap_or_default(),
            Self::Computed(value) => value.clone(),
        }
    }
}

impl Serialize for DataSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(raw) => raw.serialize(serializer),
            Self::Computed(value) => value.serialize(serializer),
        }
    }
}
