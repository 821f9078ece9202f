//! Bodies as the OpenAPI document describes them. Results of flows are made by the machine; these are their shapes.
#![expect(dead_code, reason = "the document is made of the shapes; the bodies are made elsewhere")]

use serde_json::Value;
use utoipa::{IntoResponses, ToSchema};

/// What begins a setup dialog.
#[derive(ToSchema)]
pub(crate) struct StartConfig {
    /// The integration.
    handler: String,
    /// Whether the client shows advanced fields; also as one of the words that mean yes or no.
    #[schema(required = false)]
    show_advanced_options: Option<Value>,
    /// The entry that is changed.
    entry_id: Option<String>,
}

/// What begins an options dialog.
#[derive(ToSchema)]
pub(crate) struct StartOptions {
    /// The entry.
    handler: String,
    /// Whether the client shows advanced fields.
    #[schema(required = false)]
    show_advanced_options: Option<Value>,
}

/// What begins a dialog about a sub-entry.
#[derive(ToSchema)]
pub(crate) struct StartSubentry {
    /// The entry, and the type of the sub-entry.
    #[schema(min_items = 2, max_items = 2)]
    handler: Vec<String>,
    /// Whether the client shows advanced fields.
    #[schema(required = false)]
    show_advanced_options: Option<Value>,
    /// The sub-entry that is changed.
    subentry_id: Option<String>,
}

/// What begins a dialog from any source.
#[derive(ToSchema)]
pub(crate) struct StartAny {
    /// The integration.
    handler: String,
    /// `user`, `reauth`, `reconfigure`, `import`, or a source of discoveries.
    source: String,
    /// `entry_id`, `unique_id`, `title_placeholders`, `configuration_url`, `discovery_key`.
    #[schema(value_type = Option<Object>)]
    context: Option<Value>,
    /// What was discovered or is imported: the name `init` of the definition.
    #[schema(required = false)]
    data: Option<Value>,
}

/// The answers of a form by field, or `next_step_id` of a menu.
#[derive(ToSchema)]
#[schema(value_type = Object)]
pub(crate) struct AnswerBody(Value);

/// What a flow shows; which keys there are beside these depends on `type`.
#[derive(ToSchema)]
pub(crate) struct FlowResult {
    /// `form`, `menu`, `external`, `external_done`, `progress`, `create_entry` or `abort`.
    r#type: ResultType,
    /// The flow.
    flow_id: String,
    /// A domain, an entry id, or an entry id and a sub-entry type.
    handler: Value,
    /// Of a form: its fields. Of a menu: its choices as a field.
    #[schema(required = false)]
    data_schema: Option<Vec<Value>>,
    /// Of a form: keys of texts by field.
    #[schema(value_type = Option<Object>, required = false)]
    errors: Option<Value>,
    /// What the step's texts mention.
    #[schema(value_type = Option<Object>, required = false)]
    description_placeholders: Option<Value>,
    /// The step.
    #[schema(required = false)]
    step_id: Option<String>,
    /// Of an abort: the key of its text.
    #[schema(required = false)]
    reason: Option<String>,
    /// Of a new entry: the entry.
    #[schema(required = false, value_type = Option<Object>)]
    result: Option<Value>,
}

/// The closed set of results.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(crate) enum ResultType {
    Form,
    Menu,
    External,
    ExternalDone,
    Progress,
    CreateEntry,
    Abort,
}

/// An entry, without its data.
#[derive(ToSchema)]
pub(crate) struct Entry {
    /// Its id.
    entry_id: String,
    /// The integration.
    domain: String,
    /// Its title.
    title: String,
    /// How its flow was started.
    source: String,
    /// `loaded`, or `not_loaded` where it is disabled or ignored.
    state: String,
    /// Whether it has an options dialog.
    supports_options: bool,
    /// Whether it has a dialog that changes it.
    supports_reconfigure: bool,
    /// The types of its sub-entries.
    #[schema(value_type = Object)]
    supported_subentry_types: Value,
    /// Who disabled it.
    disabled_by: Option<String>,
    /// When it was made, in seconds since 1970.
    created_at: f64,
    /// When it was last changed, in seconds since 1970.
    modified_at: f64,
    /// How many sub-entries it has.
    num_subentries: u64,
}

/// An entry as Home Assistant stores it, its secrets hidden.
#[derive(ToSchema)]
pub(crate) struct StoredEntry {
    /// Its id.
    entry_id: String,
    /// The integration.
    domain: String,
    /// Its title.
    title: String,
    /// What the integration needs.
    #[schema(value_type = Object)]
    data: Value,
    /// What may be changed by an options dialog.
    #[schema(value_type = Object)]
    options: Value,
    /// What it is in the world.
    unique_id: Option<String>,
    /// What belongs to it.
    subentries: Vec<Value>,
    /// The version of its data.
    version: u32,
    /// The minor version of its data.
    minor_version: u32,
    /// When it was made, ISO 8601.
    created_at: String,
    /// When it was last changed, ISO 8601.
    modified_at: String,
    /// How its account is, where that was asked for.
    account: Option<LinkedAccount>,
}

/// How the account of an entry is.
#[derive(ToSchema)]
pub(crate) struct LinkedAccount {
    /// `linked`, or `reauth_required`.
    state: String,
    /// Why it has to be linked again: a code.
    detail: Option<String>,
    /// The provider.
    provider: Option<String>,
    /// With which name the person logs in.
    username: Option<String>,
    /// When the client secret ends, where that was recorded; RFC 3339.
    client_secret_expires: Option<String>,
    /// Whether that is soon, or over.
    client_secret_expires_soon: Option<bool>,
}

/// Whether the hub must be restarted; never here.
#[derive(ToSchema)]
pub(crate) struct RequireRestart {
    /// False.
    require_restart: bool,
}

/// A text, and a code where Home Assistant has no text of its own.
#[derive(ToSchema)]
pub(crate) struct Message {
    /// What happened.
    message: String,
    /// The stable code.
    #[schema(required = false)]
    code: Option<String>,
}

/// What is wrong with an answer: texts by field, and a list of texts under `base`; or a message where it is no map.
#[derive(ToSchema)]
pub(crate) struct AnswerErrors {
    /// Texts by field.
    #[schema(value_type = Option<Object>, required = false)]
    errors: Option<Value>,
    /// What is wrong with the body as a whole.
    #[schema(required = false)]
    message: Option<String>,
    /// The stable code.
    #[schema(required = false)]
    code: Option<String>,
}

/// The server is there.
#[derive(ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    status: String,
    /// The version of this program.
    version: String,
}

/// A body that is refused.
#[derive(IntoResponses)]
pub(crate) enum Refused {
    /// The body is not as expected.
    #[response(status = 400)]
    Bad(Message),
    /// No good token.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// The body took too long to arrive.
    #[response(status = 408)]
    Slow(Message),
    /// The body is too large.
    #[response(status = 413)]
    Large(Message),
}

/// An answer that is refused; the form stays.
#[derive(IntoResponses)]
pub(crate) enum RefusedAnswer {
    /// The answer does not fit the form.
    #[response(status = 400)]
    Bad(AnswerErrors),
    /// The body took too long to arrive.
    #[response(status = 408)]
    Slow(Message),
    /// The body is too large.
    #[response(status = 413)]
    Large(Message),
}

/// Nothing handles it.
#[derive(IntoResponses)]
pub(crate) enum NoHandler {
    /// No integration, entry or sub-entry of this name.
    #[response(status = 404)]
    NotFound(Message),
}

/// There are too many flows.
#[derive(IntoResponses)]
pub(crate) enum TooMany {
    /// As many flows of this client are in progress as may be.
    #[response(status = 429)]
    OfOne(Message),
    /// As many flows are in progress as may be, or the store does not answer.
    #[response(status = 503)]
    OfAll(Message),
}

/// The flow is not there, or not for this client.
#[derive(IntoResponses)]
pub(crate) enum NoFlow {
    /// No good token.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// Another principal began the flow.
    #[response(status = 403)]
    Foreign(Message),
    /// No flow in progress has this id.
    #[response(status = 404)]
    NotFound(Message),
    /// The store does not answer.
    #[response(status = 503)]
    Store(Message),
}

/// The flow cannot take an answer now.
#[derive(IntoResponses)]
pub(crate) enum Busy {
    /// An effect runs, or the step waits for its provider.
    #[response(status = 409)]
    Busy(Message),
}

/// No good token.
#[derive(IntoResponses)]
pub(crate) enum Closed {
    /// No good token.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
}

/// The entry is not there.
#[derive(IntoResponses)]
pub(crate) enum NoEntry {
    /// No good token.
    #[response(status = 401, content_type = "text/plain")]
    Unauthorized(String),
    /// No entry has this id.
    #[response(status = 404)]
    NotFound(Message),
    /// The store does not answer.
    #[response(status = 503)]
    Store(Message),
}
