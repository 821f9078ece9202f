//! Drives flows on behalf of a principal.

use std::sync::Arc;

use configflow_core::{Event, FlowResult, Kind, render};
use serde_json::{Map, Value};

use crate::builder::{Engine, Inner};
use crate::detached::detached;
use crate::error::FlowError;
use crate::flows::Flow;

/// What a flow is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Which dialog.
    pub kind: Kind,
    /// The integration of a setup flow; taken from the entry otherwise.
    pub handler: String,
    /// `user`, `reauth`, `reconfigure`, `import`, a discovery source.
    pub source: String,
    /// The entry to change.
    pub entry_id: Option<String>,
    /// The sub-entry to change.
    pub subentry_id: Option<String>,
    /// The data that starts it.
    pub init: Value,
    /// What is known of the flow beside its source: `unique_id`, `title_placeholders`, `configuration_url`, `discovery_key`.
    pub context: Map<String, Value>,
    /// Whether the client shows advanced fields.
    pub show_advanced_options: bool,
}

impl Start {
    /// A setup flow by a person.
    #[must_use]
    pub fn user(handler: &str) -> Self {
        Self {
            kind: Kind::Config,
            handler: handler.to_owned(),
            source: "user".to_owned(),
            entry_id: None,
            subentry_id: None,
            init: Value::Null,
            context: Map::new(),
            show_advanced_options: false,
        }
    }

    /// A setup flow of another source: an import, a discovery.
    #[must_use]
    pub fn source(handler: &str, source: &str, init: Value) -> Self {
        Self { source: source.to_owned(), init, ..Self::user(handler) }
    }

    /// A flow that changes an entry: `reconfigure` or `reauth`.
    #[must_use]
    pub fn entry(handler: &str, source: &str, entry_id: &str) -> Self {
        Self { source: source.to_owned(), entry_id: Some(entry_id.to_owned()), ..Self::user(handler) }
    }

    /// An options flow.
    #[must_use]
    pub fn options(entry_id: &str) -> Self {
        Self { kind: Kind::Options, entry_id: Some(entry_id.to_owned()), ..Self::user("") }
    }

    /// A flow that makes a sub-entry, or changes one.
    #[must_use]
    pub fn subentry(entry_id: &str, subentry_type: &str, subentry_id: Option<&str>) -> Self {
        Self {
            kind: Kind::Subentry { subentry_type: subentry_type.to_owned() },
            source: if subentry_id.is_some() { "reconfigure" } else { "user" }.to_owned(),
            entry_id: Some(entry_id.to_owned()),
            subentry_id: subentry_id.map(str::to_owned),
            ..Self::user("")
        }
    }
}

/// Drives flows as one principal.
#[derive(Clone)]
pub struct Caller {
    engine: Engine,
    principal: String,
}

impl Caller {
    pub(crate) fn new(engine: Engine, principal: &str) -> Self {
        Self { engine, principal: principal.to_owned() }
    }

    fn inner(&self) -> &Arc<Inner> {
        &self.engine.inner
    }

    fn flow(&self, flow_id: &str) -> Result<Arc<Flow>, FlowError> {
        let inner = self.inner();
        inner.flows.driven_by(flow_id, &self.principal, inner.clock.now())
    }

    /// Starts a flow, and gives what it shows first.
    ///
    /// # Errors
    /// An unknown handler or entry; as many flows in progress as may be.
    pub async fn start(&self, request: Start) -> Result<Arc<FlowResult>, FlowError> {
        self.inner().start(request, Some(self.principal.clone())).await
    }

    /// Answers what a flow shows, and gives what it shows next.
    ///
    /// # Errors
    /// Where the answer does not fit: the flow then stands where it stood.
    pub async fn answer(&self, flow_id: &str, input: Value) -> Result<Arc<FlowResult>, FlowError> {
        self.drive(flow_id, Event::Answered { input }).await
    }

    /// What a flow shows now; goes on where that is all it waits for.
    ///
    /// # Errors
    /// An unknown flow.
    pub async fn get(&self, flow_id: &str) -> Result<Arc<FlowResult>, FlowError> {
        if let Some(result) = self.inner().definition_changed(flow_id, &self.principal).await? {
            return Ok(result);
        }
        let flow = self.flow(flow_id)?;
        if matches!(flow.state().position(), configflow_core::Position::Ready { .. }) {
            return self.drive(flow_id, Event::Continued).await;
        }
        Ok(Arc::new(render(&flow.definition, &flow.state())?))
    }

    /// Goes back to the form before.
    ///
    /// # Errors
    /// Where there is none, or the flow is busy.
    pub async fn back(&self, flow_id: &str) -> Result<Arc<FlowResult>, FlowError> {
        self.drive(flow_id, Event::Back).await
    }

    /// Gives a flow up.
    ///
    /// # Errors
    /// An unknown flow, or one whose entry is being written.
    pub async fn abort(&self, flow_id: &str) -> Result<(), FlowError> {
        if self.inner().definition_changed(flow_id, &self.principal).await?.is_some() {
            return Ok(());
        }
        let flow = self.flow(flow_id)?;
        self.inner().apply_detached(flow, Event::Cancelled).await
    }

    async fn drive(&self, flow_id: &str, event: Event) -> Result<Arc<FlowResult>, FlowError> {
        if let Some(result) = self.inner().definition_changed(flow_id, &self.principal).await? {
            return Ok(result);
        }
        let flow = self.flow(flow_id)?;
        let (inner, span) = (Arc::clone(self.inner()), flow.span());
        detached(span, async move { inner.apply_and_wait(&flow, event).await }).await
    }
}
