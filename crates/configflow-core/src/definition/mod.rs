//! A definition: one integration's dialogs, compiled.
//!
//! It is made once, by [`Definition::build`] from [`Parts`], and shared from then on. Everything in it is public to read,
//! so that checkers and painters of diagrams need no second model.

mod form;
mod integration_type;
mod outcome;
mod outline;
mod sequence;
mod step;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

pub use form::{Fixed, FormField, FormItem, FormSpec, OptionsSource};
pub use integration_type::IntegrationType;
pub use outcome::{CreateSpec, ErrorSpec, Handlers, Outcome, Reload, Rule, UpdateSpec};
pub use outline::Outline;
pub use sequence::{AccountSpec, Call, EachSpec, Op, ScopeSpec};
pub use step::{ExternalSpec, MenuItem, MenuSpec, Program, ProgressSpec, Show, Step};

use crate::expr::Template;
use crate::field::Field;
use crate::signature::Signature;
use crate::{Name, Value};

/// The texts of an integration in one language, in the shape of `translations/en.json`.
pub type Texts = Value;

/// A definition, compiled and shared. Cloning is cheap.
#[derive(Clone)]
pub struct Definition(Arc<Inner>);

struct Inner {
    parts: Parts,
    fingerprint: Fingerprint,
    outline: Arc<Outline>,
}

/// What a definition is made of.
#[derive(Debug, Clone, Default)]
pub struct Parts {
    /// The integration, which is also the flow's `handler`.
    pub domain: String,
    /// The version that entries are created with.
    pub version: u32,
    /// The minor version that entries are created with; 1 where the file says none.
    pub minor_version: u32,
    /// What kind of integration it is.
    pub integration_type: IntegrationType,
    /// At most one entry (`single_instance_allowed`).
    pub single_instance: bool,
    /// `network: local`: its actions may reach private addresses.
    pub local_network: bool,
    /// Fields by name; those inside sections stand in their section.
    pub fields: IndexMap<Name, Arc<Field>>,
    /// Formulas by name.
    pub lets: IndexMap<Name, Template>,
    /// Signatures of the actions that are used, built-in and the embedder's own.
    pub actions: IndexMap<String, Arc<Signature>>,
    /// The account that `link.*` links.
    pub account: Option<AccountSpec>,
    /// What handles a failure that its action does not.
    pub on_error: Handlers,
    /// The setup dialog.
    pub config: Option<Dialog>,
    /// The options dialog.
    pub options: Option<Dialog>,
    /// The dialogs of sub-entries by type.
    pub subentries: IndexMap<String, Dialog>,
    /// Texts by language.
    pub texts: IndexMap<String, Texts>,
    /// The text that the definition was read from: what its fingerprint is made of.
    pub source: String,
}

/// The sources that a setup flow can start from: steps of these names are entered from outside.
pub const SOURCES: [&str; 17] = [
    "user",
    "reauth",
    "reconfigure",
    "import",
    "zeroconf",
    "ssdp",
    "dhcp",
    "bluetooth",
    "homekit",
    "mqtt",
    "usb",
    "hassio",
    "esphome",
    "hardware",
    "discovery",
    "integration_discovery",
    "system",
];

/// What the name `hub` holds: the hub's settings, as they were when a flow began.
pub const HUB: [&str; 11] = [
    "latitude",
    "longitude",
    "elevation",
    "location_name",
    "country",
    "language",
    "time_zone",
    "currency",
    "onboarded",
    "external_url",
    "unit_system",
];

/// The steps of one dialog.
#[derive(Debug, Clone, Default)]
pub struct Dialog {
    steps: Vec<Arc<Step>>,
    index: HashMap<Name, usize>,
}

impl Dialog {
    /// A dialog of these steps. A later step of the same name replaces an earlier one, in its place.
    #[must_use]
    pub fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let mut dialog = Self::default();
        for step in steps {
            let step = Arc::new(step);
            match dialog.index.get(&step.name) {
                Some(&at) => dialog.steps[at] = step,
                None => {
                    dialog.index.insert(step.name.clone(), dialog.steps.len());
                    dialog.steps.push(step);
                }
            }
        }
        dialog
    }

    /// The step of this name.
    #[must_use]
    pub fn step(&self, name: &str) -> Option<&Arc<Step>> {
        self.index.get(name).map(|&at| &self.steps[at])
    }

    /// The steps in the order of the file.
    pub fn steps(&self) -> impl Iterator<Item = &Arc<Step>> {
        self.steps.iter()
    }
}

/// What changes when a definition changes in any way; kept by every flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint(u64);

/// Why parts are no definition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A rule goes to a step that its dialog lacks.
    #[error("step `{from}` of {dialog} goes to `{to}`, which does not exist")]
    NoStep {
        /// Which dialog.
        dialog: String,
        /// The step that goes there.
        from: Name,
        /// The step that is missing.
        to: Name,
    },
    /// A guard skips to beyond the end of its sequence.
    #[error("step `{step}` of {dialog} has a guard that leads nowhere")]
    Guard {
        /// Which dialog.
        dialog: String,
        /// The step.
        step: Name,
    },
}

impl BuildError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoStep { .. } => "definition.no_step",
            Self::Guard { .. } => "definition.guard",
        }
    }
}

impl Definition {
    /// Makes a definition of its parts.
    ///
    /// # Errors
    /// When a step goes where no step is. The loader reports such faults with their place in the file; this check protects
    /// the machine from parts that were put together by hand.
    pub fn build(mut parts: Parts) -> Result<Self, BuildError> {
        if let Some(dialog) = &mut parts.config {
            step::finish(dialog, "config")?;
        }
        if let Some(dialog) = &mut parts.options {
            step::finish(dialog, "options")?;
        }
        for (kind, dialog) in &mut parts.subentries {
            step::finish(dialog, &format!("subentries.{kind}"))?;
        }
        let digest = if parts.source.is_empty() {
            Sha256::digest(format!("{parts:?}").as_bytes())
        } else {
            Sha256::digest(parts.source.as_bytes())
        };
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        let outline = Arc::new(Outline::of(&parts));
        Ok(Self(Arc::new(Inner { parts, fingerprint: Fingerprint(u64::from_be_bytes(first)), outline })))
    }

    /// What is known of it without its steps.
    #[must_use]
    pub fn outline(&self) -> &Arc<Outline> {
        &self.0.outline
    }

    /// The fingerprint of this definition.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        self.0.fingerprint
    }

    /// The dialog of a kind of flow.
    #[must_use]
    pub fn dialog(&self, kind: &crate::Kind) -> Option<&Dialog> {
        match kind {
            crate::Kind::Config => self.config.as_ref(),
            crate::Kind::Options => self.options.as_ref(),
            crate::Kind::Subentry { subentry_type } => self.subentries.get(subentry_type),
        }
    }
}

impl std::ops::Deref for Definition {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Definition")
            .field("domain", &self.domain)
            .field("fingerprint", &self.0.fingerprint)
            .finish_non_exhaustive()
    }
}
