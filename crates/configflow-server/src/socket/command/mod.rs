//! The commands, by their type.

mod credentials;
mod entries;
mod events;
mod fields;
mod flows;
mod subentries;

use configflow_engine::{CredentialError, FlowError, StoreError};
use serde_json::{Map, Value};

use super::session::Session;

/// The answer to a command that was done.
pub(super) enum Answer {
    /// A result.
    Result(Value),
    /// A result without a value, then the first event of a subscription.
    ThenEvent(Value),
    /// The first event of a subscription, then a result without a value.
    AfterEvent(Value),
    /// `pong`.
    Pong,
}

/// Why a command was not done.
pub(super) struct CommandError {
    pub(super) code: String,
    pub(super) message: String,
}

impl CommandError {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }

    fn no_entry() -> Self {
        Self::new("not_found", "Config entry not found")
    }

    fn no_subentry() -> Self {
        Self::new("not_found", "Config subentry not found")
    }
}

impl From<FlowError> for CommandError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::UnknownEntry | FlowError::UnknownFlow => Self::no_entry(),
            FlowError::UnknownSubentry => Self::no_subentry(),
            FlowError::NoUniqueId => Self::new("no_unique_id", "Specified flow has no unique ID."),
            other => Self::new(other.code(), other.to_string()),
        }
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<CredentialError> for CommandError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::NotTaken { domain } => {
                Self::new("invalid_format", format!("No application_credentials platform for {domain}"))
            }
            CredentialError::Unknown { id } => Self::new("not_found", format!("Unable to find application_credentials_id {id}")),
            CredentialError::InUse { domain } => {
                Self::new("home_assistant_error", format!("Cannot delete credential in use by integration {domain}"))
            }
            other => Self::new(other.code(), other.to_string()),
        }
    }
}

type Done = Result<Answer, CommandError>;

/// Does a command.
pub(super) async fn run(session: &mut Session, id: u64, kind: &str, body: &Map<String, Value>) -> Done {
    match kind {
        "ping" => Ok(Answer::Pong),
        "supported_features" => Ok(Answer::Result(Value::Null)),
        "subscribe_events" => events::subscribe(session, id, body),
        "unsubscribe_events" => events::unsubscribe(session, body),
        "config_entries/get" => entries::get(session, body).await,
        "config_entries/get_single" => entries::get_single(session, body).await,
        "config_entries/update" => entries::update(session, body).await,
        "config_entries/disable" => entries::disable(session, body).await,
        "config_entries/subscribe" => entries::subscribe(session, id, body).await,
        "config_entries/ignore_flow" => flows::ignore(session, body).await,
        "config_entries/flow/progress" => flows::progress(session, body),
        "config_entries/flow/subscribe" => flows::subscribe(session, id, body),
        "config_entries/subentries/list" => subentries::list(session, body).await,
        "config_entries/subentries/update" => subentries::update(session, body).await,
        "config_entries/subentries/delete" => subentries::delete(session, body).await,
        "application_credentials/config" => credentials::config(session, body).await,
        "application_credentials/config_entry" => credentials::config_entry(session, body).await,
        "application_credentials/create" => credentials::create(session, body).await,
        "application_credentials/list" => credentials::list(session, body),
        "application_credentials/delete" => credentials::delete(session, body).await,
        _ => Err(CommandError::new("unknown_command", "Unknown command.")),
    }
}
