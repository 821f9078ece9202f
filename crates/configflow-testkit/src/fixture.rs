//! A JSON step fixture: a journal written by hand, with what is expected of each transition.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use configflow_engine::{Entry, Subentry};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use ulid::Ulid;

use crate::simulated::{Behaviour, Script};

/// A fixture as it is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Fixture {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: Option<String>,
    /// The integration whose dialog is driven.
    pub flow: String,
    /// How the first flow starts: `user`, `import`, `zeroconf`, …
    #[serde(default = "user")]
    pub source: String,
    /// The data that starts the first flow: a discovery, an import.
    #[serde(default)]
    pub init: Value,
    /// Whether advanced fields are shown.
    #[serde(default)]
    pub show_advanced_options: bool,
    /// What is known of the hub: `external_url`, `onboarded`, `country`, …
    #[serde(default)]
    pub hub: Map<String, Value>,
    /// Entries that are there before.
    #[serde(default)]
    pub entries: Vec<FixtureEntry>,
    /// What the simulated provider does.
    #[serde(default)]
    pub provider: Script,
    /// Client ids and secrets that the operator stored, for `application_credentials`.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// What the embedder's actions answer, in order; the last answer is repeated.
    #[serde(default)]
    pub actions: BTreeMap<String, Vec<ActionAnswer>>,
    /// The longest that an action may take, in seconds; for providers that hang.
    #[serde(default)]
    pub time_limit: Option<f64>,
    /// What happens, in order. The first flow starts by itself unless the first step starts one.
    pub steps: Vec<FixtureStep>,
    /// What is stored in the end: any part of each entry, in the order of their making.
    #[serde(default)]
    pub entries_after: Option<Vec<Value>>,
}

fn user() -> String {
    "user".to_owned()
}

/// A client id and secret that the operator stored.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credential {
    /// What it is called.
    pub name: String,
    /// The client id.
    pub client_id: String,
    /// The client secret; a made-up one.
    pub client_secret: String,
}

/// An entry that is there before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureEntry {
    /// Its integration; the fixture's own where absent.
    #[serde(default)]
    pub domain: Option<String>,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its data.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Its options.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// Its unique id.
    #[serde(default)]
    pub unique_id: Option<String>,
    /// How it came to be.
    #[serde(default = "user")]
    pub source: String,
    /// Its sub-entries.
    #[serde(default)]
    pub subentries: Vec<FixtureSubentry>,
}

impl FixtureEntry {
    /// The entry as it is stored before all of the run, the `at`th of them; of this integration where it names none. ULIDs sort by
    /// their time.
    #[must_use]
    pub fn stored(&self, at: u64, domain: &str) -> Entry {
        let now = time::OffsetDateTime::UNIX_EPOCH;
        let subentries = self.subentries.iter().enumerate().map(|(place, subentry)| Subentry {
            subentry_id: Ulid::from_parts(at, place as u128 + 1).to_string(),
            subentry_type: subentry.subentry_type.clone(),
            title: subentry.title.clone(),
            data: subentry.data.clone(),
            unique_id: subentry.unique_id.clone(),
            more: Map::new(),
        });
        Entry {
            entry_id: Ulid::from_parts(at, 0).to_string(),
            domain: self.domain.clone().unwrap_or_else(|| domain.to_owned()),
            title: self.title.clone(),
            data: self.data.clone(),
            options: self.options.clone(),
            unique_id: self.unique_id.clone(),
            source: self.source.clone(),
            version: 1,
            minor_version: 1,
            subentries: subentries.collect(),
            account_key: None,
            disabled_by: None,
            created_at: now,
            modified_at: now,
            more: Map::new(),
        }
    }
}

/// A sub-entry that is there before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureSubentry {
    /// Its type.
    pub subentry_type: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its data.
    #[serde(default)]
    pub data: Map<String, Value>,
    /// Its unique id.
    #[serde(default)]
    pub unique_id: Option<String>,
}

/// What an action of the embedder's answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActionAnswer {
    /// Its result.
    #[serde(default)]
    pub gives: Option<Value>,
    /// The code of its failure.
    #[serde(default)]
    pub fails: Option<String>,
    /// What `failure` has beside the code.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// One step: what is expected to be shown, then what is done. Texts may hold `{{ … }}` over the live values
/// `returned_url`, `last_returned_url`, `auth_url`, `flow_id`, `entry_id`, `subentry_id`, `result`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixtureStep {
    /// What it shows, in a sentence.
    #[serde(default)]
    pub about: Option<String>,
    /// Starts a flow first.
    #[serde(default)]
    pub start: Option<StartStep>,
    /// Any part of what is shown.
    #[serde(default)]
    pub expect: Option<Value>,
    /// What the person does at the provider from here on.
    #[serde(default)]
    pub person: Option<Behaviour>,
    /// Answers what is shown.
    #[serde(default)]
    pub answer: Option<Value>,
    /// The provider calls the hub back, or the listener on this machine: the person logs in by the link that is shown.
    #[serde(default)]
    pub call_back: bool,
    /// Asks again, as a client does after a notice. Where a progress is shown, waits until it is over.
    #[serde(default)]
    pub again: bool,
    /// Goes back to the form before.
    #[serde(default)]
    pub back: bool,
    /// Gives the flow up.
    #[serde(default)]
    pub give_up: bool,
    /// The answer is refused: any part of `{code, errors, message}`.
    #[serde(default)]
    pub rejected: Option<Value>,
}

/// A further flow.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StartStep {
    /// `config` (the default), `options`, or the type of a sub-entry.
    #[serde(default)]
    pub dialog: Option<String>,
    /// Its source; `user` where absent.
    #[serde(default)]
    pub source: Option<String>,
    /// The entry that it changes: `{{ entry_id }}`.
    #[serde(default)]
    pub entry_id: Option<String>,
    /// The sub-entry that it changes: `{{ subentry_id }}`.
    #[serde(default)]
    pub subentry_id: Option<String>,
    /// The data that starts it.
    #[serde(default)]
    pub init: Value,
}

/// Why a file is no fixture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FixtureError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::ErrorKind,
    },
    /// The file is larger than a fixture can be.
    #[error("{}: {length} bytes, at most {MAX_FIXTURE} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        length: usize,
    },
    /// What is in it is no fixture.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong, and what was expected.
        message: String,
    },
}

/// The largest fixture in bytes.
pub const MAX_FIXTURE: usize = 4 << 20;

impl FixtureError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "fixture.unreadable",
            Self::TooLarge { .. } => "fixture.too_large",
            Self::Broken { .. } => "fixture.broken",
        }
    }
}

impl Fixture {
    /// Reads a fixture from its file.
    ///
    /// # Errors
    /// [`FixtureError`] with line and column, for an unknown key as for anything else that does not fit.
    pub fn read(path: &Path) -> Result<Self, FixtureError> {
        let unreadable = |error: std::io::Error| FixtureError::Unreadable { path: path.to_owned(), reason: error.kind() };
        let length = std::fs::metadata(path).map_err(unreadable)?.len();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if length > MAX_FIXTURE {
            return Err(FixtureError::TooLarge { path: path.to_owned(), length });
        }
        Self::parse(&std::fs::read(path).map_err(unreadable)?, path)
    }

    /// Reads a fixture from its text; the path is for messages.
    ///
    /// # Errors
    /// As for [`Fixture::read`].
    pub fn parse(text: &[u8], path: &Path) -> Result<Self, FixtureError> {
        // An editor's byte-order mark is no part of the text.
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        if let Some(first) = text.iter().find(|byte| !byte.is_ascii_whitespace()).filter(|first| **first != b'{') {
            let before: Vec<u8> = text.iter().copied().take_while(|byte| byte != first).collect();
            let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
            let column = before.rsplit(|byte| *byte == b'\n').next().map_or(0, <[u8]>::len) + 1;
            let message = "expected a fixture: `{ \"flow\": …, \"steps\": […] }`".to_owned();
            return Err(FixtureError::Broken { path: path.to_owned(), line, column, message });
        }
        serde_json::from_slice(text).map_err(|error| {
            let message = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let message = message.strip_suffix(&place).unwrap_or(&message).to_owned();
            FixtureError::Broken { path: path.to_owned(), line: error.line(), column: error.column(), message }
        })
    }
}
