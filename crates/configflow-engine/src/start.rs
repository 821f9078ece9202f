//! Begins flows.

use std::sync::Arc;

use configflow_core::{Context, DISCOVERIES, FlowResult, Kind, Started, StepError, start};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::builder::{Engine, Inner};
use crate::caller::Start;
use crate::detached::detached;
use crate::error::FlowError;
use crate::flows::Flow;
use crate::operate::reauth_claim;
use crate::store::Entry;

impl Engine {
    /// Starts a flow that nobody drives yet: a discovery, a reauth, an import. The first principal that drives it keeps it. A
    /// reauth of an entry that has one in progress gives back what that one shows.
    ///
    /// # Errors
    /// An unknown handler or entry; as many flows in progress as may be.
    pub async fn start(&self, request: Start) -> Result<Arc<FlowResult>, FlowError> {
        self.inner.start(request, None).await
    }
}

/// The unique id of what was found where nothing tells it apart; ignoring it ignores whatever is found so.
const FOUND: &str = "default_discovery_unique_id";

impl Inner {
    pub(crate) async fn start(self: &Arc<Self>, request: Start, principal: Option<String>) -> Result<Arc<FlowResult>, FlowError> {
        let unknown = |handler: &str| FlowError::UnknownHandler { handler: handler.to_owned() };
        let entry = match &request.entry_id {
            Some(entry_id) => Some(self.entry(entry_id).await?),
            None => None,
        };
        let domain = if request.kind == Kind::Config {
            request.handler.as_str()
        } else {
            entry.as_ref().map_or("", |entry| &entry.domain)
        };
        let engine = Engine { inner: Arc::clone(self) };
        let definition = engine.definition(domain).await.ok_or_else(|| unknown(domain))?;
        if definition.dialog(&request.kind).is_none() {
            return Err(match &request.kind {
                Kind::Subentry { subentry_type } => unknown(subentry_type),
                Kind::Config | Kind::Options => unknown(domain),
            });
        }
        if let Some(entry) = &entry
            && entry.domain != domain
            && definition.dialog(&request.kind).is_some_and(|dialog| dialog.step(&request.source).is_some())
        {
            return Err(FlowError::UnknownEntry);
        }
        let subentry = match (&request.subentry_id, &entry) {
            (Some(id), Some(entry)) => json!(entry.subentry(id).ok_or(FlowError::UnknownSubentry)?),
            _ => Value::Null,
        };
        let reauth = match &entry {
            Some(entry) if request.kind == Kind::Config && request.source == "reauth" => Some(reauth_claim(&entry.entry_id)),
            _ => None,
        };
        if let Some(under_way) = reauth.as_ref().and_then(|claim| self.flows.of_unique_id(domain, claim).into_iter().next()) {
            return Ok(Arc::new(configflow_core::render(&under_way.definition, &under_way.state())?));
        }
        let account = match &entry {
            Some(entry) => self.account_of(entry).await?,
            None => Value::Null,
        };
        let flow_id = if request.kind == Kind::Config { self.ulid()? } else { self.hex_id()? };
        let mut started = Started {
            flow_id,
            context: context(&request, entry.as_ref()),
            kind: request.kind,
            init: Arc::new(request.init),
            entry: Arc::new(entry.as_ref().map_or(Value::Null, entry_name)),
            subentry: Arc::new(subentry),
            hub: self.hub(),
            account: Arc::new(account),
        };
        let is_new = started.kind == Kind::Config && request.entry_id.is_none();
        if definition.single_instance && is_new {
            // What was ignored may still be set up by hand, and by nothing else.
            let entries = self.store.entries(Some(domain)).await?;
            if entries.iter().any(|entry| entry.source != "ignore" || request.source != "user") {
                return Ok(Arc::new(ended(&started.flow_id, domain, "single_instance_allowed", Some("homeassistant"))));
            }
        }
        let flow_id = started.flow_id.clone();
        let without_step = |source: &str| {
            let dialog = definition.dialog(&Kind::Config).filter(|_| is_new && DISCOVERIES.contains(&source));
            dialog.is_some_and(|dialog| dialog.step(source).is_none())
        };
        if without_step(&request.source) {
            if let Some(reason) = self.found_before(domain).await? {
                return Ok(Arc::new(ended(&flow_id, domain, reason, None)));
            }
            started.context.unique_id = Some(FOUND.to_owned());
        }
        let transition = match start(&definition, started) {
            // A person may ask for what nobody can set up by hand; that is an answer, not a mistake.
            Err(StepError::UnknownStep { .. }) if is_new && request.source == "user" => {
                return Ok(Arc::new(ended(&flow_id, domain, "not_implemented", None)));
            }
            other => other?,
        };
        let flow = Arc::new(Flow::new(definition, transition.state.clone(), principal, self.clock.now()));
        self.flows.insert(Arc::clone(&flow), &self.limits)?;
        if let Some(unique_id) = &transition.state.context().unique_id {
            self.flows.claim(&flow.definition.domain, unique_id, &flow.id);
        }
        if let Some(claim) = reauth {
            self.flows.claim(&flow.definition.domain, &claim, &flow.id);
            flow.claims(&claim);
        }
        let state = flow.state();
        tracing::debug!(flow_id = %flow.id, handler = %state.handler(), source = %state.context().source, "a flow began");
        let (waiter, shown) = oneshot::channel();
        let (inner, span) = (Arc::clone(self), flow.span());
        let begun = async move {
            let settled = {
                let _turn = flow.turn.lock().await;
                inner.settle(&flow, None, None, None, transition, Some(waiter)).await
            };
            match settled {
                Ok(Some(effect)) => inner.run(&flow, effect),
                Ok(None) => {}
                Err(error) => {
                    // It was never there: nobody was told its id.
                    inner.flows.remove(&flow);
                    return Err(error);
                }
            }
            Ok(())
        };
        detached(span, begun).await?;
        shown.await.unwrap_or(Err(FlowError::Closed))
    }
}

impl Inner {
    /// Why what was found, and is told apart from nothing, is not to be set up: there is an entry, or a flow is under way.
    async fn found_before(&self, domain: &str) -> Result<Option<&'static str>, FlowError> {
        let entries = self.store.entries(Some(domain)).await?;
        if entries.iter().any(|entry| entry.source != "ignore" || entry.unique_id.as_deref() == Some(FOUND)) {
            return Ok(Some("already_configured"));
        }
        let under_way = self.flows.of_domain(domain).iter().any(|flow| *flow.state().kind() == Kind::Config);
        Ok(under_way.then_some("already_in_progress"))
    }
}

fn context(request: &Start, entry: Option<&Entry>) -> Context {
    let reauth = request.source == "reauth";
    let name = entry.filter(|_| reauth).map(|entry| json!({"name": entry.title}));
    let given = |key: &str| request.context.get(key).filter(|value| !value.is_null()).cloned();
    let text = |key: &str| given(key).and_then(|value| value.as_str().map(str::to_owned));
    Context {
        source: request.source.clone(),
        entry_id: request.entry_id.clone(),
        subentry_id: request.subentry_id.clone(),
        show_advanced_options: request.show_advanced_options,
        unique_id: entry
            .filter(|_| request.kind == Kind::Config)
            .and_then(|entry| entry.unique_id.clone())
            .or_else(|| text("unique_id")),
        title_placeholders: name.or_else(|| given("title_placeholders")).and_then(|name| name.as_object().cloned()),
        configuration_url: text("configuration_url"),
        discovery_key: given("discovery_key"),
        ..Context::default()
    }
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

fn ended(flow_id: &str, domain: &str, reason: &str, translation_domain: Option<&str>) -> FlowResult {
    FlowResult::Abort(configflow_core::Abort {
        flow_id: flow_id.to_owned(),
        handler: Value::String(domain.to_owned()),
        reason: reason.to_owned(),
        description_placeholders: None,
        translation_domain: translation_domain.map(str::to_owned),
    })
}
