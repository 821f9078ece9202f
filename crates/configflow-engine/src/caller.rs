//! Drives flows on behalf of a principal.

use std::sync::Arc;

use configflow_core::{Context, Event, FlowResult, Kind, Started, render, start};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::builder::{Engine, Inner};
use crate::error::FlowError;
use crate::flows::Flow;
use crate::notice::Notice;
use crate::store::Entry;

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

/// Whether a callback belongs to a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The flow that it came for.
    pub flow_id: String,
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
        let flow = self.inner().flows.get(flow_id).ok_or(FlowError::UnknownFlow)?;
        flow.admit(&self.principal)?;
        Ok(flow)
    }

    /// Starts a flow, and gives what it shows first.
    ///
    /// # Errors
    /// An unknown handler or entry; as many flows in progress as may be.
    pub async fn start(&self, request: Start) -> Result<Arc<FlowResult>, FlowError> {
        let inner = self.inner();
        let unknown = |handler: &str| FlowError::UnknownHandler { handler: handler.to_owned() };
        let entry = match &request.entry_id {
            Some(entry_id) => Some(inner.entry(entry_id).await?),
            None => None,
        };
        let domain = if request.kind == Kind::Config {
            request.handler.as_str()
        } else {
            entry.as_ref().map_or("", |entry| &entry.domain)
        };
        let definition = inner.definition(domain).ok_or_else(|| unknown(domain))?;
        if definition.dialog(&request.kind).is_none() {
            return Err(match &request.kind {
                Kind::Subentry { subentry_type } => unknown(subentry_type),
                _ => unknown(domain),
            });
        }
        let subentry = match (&request.subentry_id, &entry) {
            (Some(id), Some(entry)) => json!(entry.subentry(id).ok_or(FlowError::UnknownSubentry)?),
            _ => Value::Null,
        };
        let reauth = match &entry {
            Some(entry) if request.kind == Kind::Config && request.source == "reauth" => Some(reauth_claim(&entry.entry_id)),
            _ => None,
        };
        if let Some(under_way) = reauth.as_ref().and_then(|claim| inner.flows.of_unique_id(domain, claim).into_iter().next()) {
            // An account is linked again once at a time.
            return Ok(Arc::new(render(&under_way.definition, &under_way.state())?));
        }
        let account = match &entry {
            Some(entry) => inner.link.account_of(&*inner.store, entry).await?,
            None => Value::Null,
        };
        let flow_id = if request.kind == Kind::Config { inner.ulid()? } else { inner.hex_id()? };
        let started = Started {
            flow_id,
            context: context(&request, entry.as_ref()),
            kind: request.kind,
            init: Arc::new(request.init),
            entry: Arc::new(entry.as_ref().map_or(Value::Null, entry_name)),
            subentry: Arc::new(subentry),
            hub: inner.hub(),
            account: Arc::new(account),
        };
        if definition.single_instance && started.kind == Kind::Config && request.entry_id.is_none() {
            let has_one = inner.store.entries(Some(domain)).await?.iter().any(|entry| entry.source != "ignore");
            if has_one {
                return Ok(Arc::new(single_instance(&started.flow_id, domain)));
            }
        }
        let transition = start(&definition, started)?;
        let flow = Arc::new(Flow::new(definition, transition.state.clone(), Some(self.principal.clone())));
        inner.flows.insert(Arc::clone(&flow), inner.limits.flows)?;
        if let Some(claim) = reauth {
            inner.flows.claim(&flow.definition.domain, &claim, &flow.id);
            flow.claims(&claim);
        }
        inner.notify(Notice::FlowAdded { flow_id: flow.id.clone() });
        let (waiter, shown) = oneshot::channel();
        let begun = {
            let _turn = flow.turn.lock().await;
            inner.settle(&flow, None, None, None, transition, Some(waiter)).await
        };
        match begun {
            Ok(Some(effect)) => inner.run(&flow, effect),
            Ok(None) => {}
            Err(error) => {
                // It was never there: nobody was told its id.
                inner.flows.remove(&flow);
                return Err(error);
            }
        }
        shown.await.unwrap_or(Err(FlowError::Closed))
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
        self.inner().apply(&flow, Event::Cancelled).await
    }

    async fn drive(&self, flow_id: &str, event: Event) -> Result<Arc<FlowResult>, FlowError> {
        if let Some(result) = self.inner().definition_changed(flow_id, &self.principal).await? {
            return Ok(result);
        }
        let flow = self.flow(flow_id)?;
        self.inner().apply_and_wait(&flow, event).await
    }
}

impl Engine {
    /// Stores what a provider's callback brought, for the flow that it belongs to. Needs no principal: nothing is redeemed
    /// until the principal who drives the flow asks.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`] where no attempt under way has this `state`, [`FlowError::EmptyCallback`] where it brings
    /// nothing: the attempt is then as it was.
    pub async fn callback(&self, query: &str) -> Result<Callback, FlowError> {
        if !url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "code" | "error")) {
            return Err(FlowError::EmptyCallback);
        }
        let flow_id = self.inner.link.returned(query, self.inner.clock.now()).ok_or(FlowError::UnknownFlow)?;
        let flow = self.inner.flows.get(&flow_id).ok_or(FlowError::UnknownFlow)?;
        self.inner.keep_link(&flow).await?;
        self.inner.apply(&flow, Event::Returned { error: error_of(query) }).await?;
        self.inner.progressed(&flow);
        Ok(Callback { flow_id })
    }
}

/// The error code of a callback. Whoever calls back is nobody we know, so only what can be a code is kept.
fn error_of(query: &str) -> Option<String> {
    let (_, error) = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "error")?;
    let plain = error.len() <= 48 && error.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'-'));
    Some(if plain { error.into_owned() } else { "unknown_error".to_owned() })
}

fn context(request: &Start, entry: Option<&Entry>) -> Context {
    let reauth = request.source == "reauth";
    let name = entry.filter(|_| reauth).map(|entry| json!({"name": entry.title}));
    Context {
        source: request.source.clone(),
        entry_id: request.entry_id.clone(),
        subentry_id: request.subentry_id.clone(),
        show_advanced_options: request.show_advanced_options,
        unique_id: entry.filter(|_| request.kind == Kind::Config).and_then(|entry| entry.unique_id.clone()),
        title_placeholders: name.and_then(|name| name.as_object().cloned()),
        ..Context::default()
    }
}

/// What a reauth of an entry claims.
fn reauth_claim(entry_id: &str) -> String {
    format!("reauth {entry_id}")
}

/// The name `entry` of expressions.
fn entry_name(entry: &Entry) -> Value {
    json!({
        "entry_id": entry.entry_id,
        "domain": entry.domain,
        "title": entry.title,
        "unique_id": entry.unique_id,
        "source": entry.source,
        "data": entry.data,
        "options": entry.options,
        "subentries": entry.subentries,
    })
}

fn single_instance(flow_id: &str, domain: &str) -> FlowResult {
    FlowResult::Abort(configflow_core::Abort {
        flow_id: flow_id.to_owned(),
        handler: Value::String(domain.to_owned()),
        reason: "single_instance_allowed".to_owned(),
        description_placeholders: None,
        translation_domain: Some("homeassistant".to_owned()),
    })
}
