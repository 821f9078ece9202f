//! Puts an engine together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use configflow_core::Definition;
use configflow_core::signature::Signatures;
use configflow_oauth::{Catalogue, Clock, Entropy, EntropyError, Outbound, SystemClock, SystemEntropy};
use serde_json::{Value, json};
use tokio::sync::broadcast;

use crate::action::{Action, Actions, Http, Link, Network};
use crate::caller::Caller;
use crate::definitions::{DefinitionSource, Definitions};
use crate::error::FlowError;
use crate::flows::Flows;
use crate::limits::Limits;
use crate::notice::Notice;
use crate::observe::Observer;
use crate::store::{Entry, MemoryStore, Store, StoreError};

/// Runs flows. Cloning is cheap.
#[derive(Clone)]
pub struct Engine {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) definitions: Definitions,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) flows: Flows,
    pub(crate) actions: Actions,
    pub(crate) http: Http,
    pub(crate) link: Link,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) limits: Limits,
    pub(crate) hub: RwLock<Arc<Value>>,
    last_ulid: Mutex<ulid::Ulid>,
    pub(crate) notices: broadcast::Sender<Notice>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// Settings of an [`Engine`].
pub struct Builder {
    definitions: HashMap<String, Definition>,
    source: Option<Arc<dyn DefinitionSource>>,
    store: Arc<dyn Store>,
    catalogue: Catalogue,
    actions: Actions,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    outbound: Outbound,
    limits: Limits,
    hub: Value,
    network: Network,
    observer: Option<Arc<dyn Observer>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            definitions: HashMap::new(),
            source: None,
            store: Arc::new(MemoryStore::new()),
            catalogue: Catalogue::builtin(),
            actions: Actions::default(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            outbound: Outbound::default(),
            limits: Limits::default(),
            hub: json!({}),
            network: Network::default(),
            observer: None,
        }
    }
}

impl Builder {
    /// Adds a definition; it handles its domain.
    #[must_use]
    pub fn definition(mut self, definition: Definition) -> Self {
        self.definitions.insert(definition.domain.clone(), definition);
        self
    }

    /// Adds definitions that are compiled when they are first needed.
    #[must_use]
    pub fn source(mut self, source: Arc<dyn DefinitionSource>) -> Self {
        self.source = Some(source);
        self
    }

    /// Keeps flows, entries and tokens here; in memory by default.
    #[must_use]
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    /// The providers that accounts can be linked with; the built-in catalogue by default.
    #[must_use]
    pub fn catalogue(mut self, catalogue: Catalogue) -> Self {
        self.catalogue = catalogue;
        self
    }

    /// Registers an action of the embedder's.
    #[must_use]
    pub fn action(self, action: impl Action) -> Self {
        self.actions.register(Arc::new(action));
        self
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Where random bytes come from; a cryptographic generator by default.
    #[must_use]
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Where requests go that begin with certain prefixes: gateways and test servers.
    #[must_use]
    pub fn outbound(mut self, outbound: Outbound) -> Self {
        self.outbound = outbound;
        self
    }

    /// Time and size limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What the name `hub` holds: location, country, language, time_zone, currency, onboarded, external_url.
    #[must_use]
    pub fn hub(mut self, hub: Value) -> Self {
        self.hub = hub;
        self
    }

    /// Overrules `network: local` of every definition: no private address is reached.
    #[must_use]
    pub fn refuse_local(mut self) -> Self {
        self.network.refuse_local = true;
        self
    }

    /// Lets `http.request` of every definition reach a host, wherever its address is, loopback included. The host as it stands in
    /// a URL: a name, or an address (IPv6 in brackets).
    #[must_use]
    pub fn allow_host(mut self, host: &str) -> Self {
        self.network.allowed_hosts.push(host.to_ascii_lowercase());
        self
    }

    /// Watches transitions.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// The signatures of the actions that were registered, for the loader.
    #[must_use]
    pub fn signatures(&self) -> Signatures {
        self.actions.signatures()
    }

    /// The engine.
    ///
    /// # Errors
    /// Where no HTTP client can be made, such as on a machine without CA certificates.
    pub fn build(self) -> Result<Engine, BuildError> {
        let http = Http::new(&self.outbound, &self.limits, self.network).map_err(|_| BuildError)?;
        let link = Link::new(self.catalogue, self.outbound, &self.limits, Arc::clone(&self.clock), Arc::clone(&self.entropy))
            .map_err(|_| BuildError)?;
        Ok(Engine {
            inner: Arc::new(Inner {
                definitions: Definitions::new(self.definitions, self.source),
                store: self.store,
                flows: Flows::default(),
                actions: self.actions,
                http,
                link,
                clock: self.clock,
                entropy: self.entropy,
                limits: self.limits,
                hub: RwLock::new(Arc::new(self.hub)),
                last_ulid: Mutex::new(ulid::Ulid::nil()),
                notices: broadcast::Sender::new(1024),
                observer: self.observer,
            }),
        })
    }
}

/// Why an engine cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no HTTP client can be made: the machine has no usable CA certificates")]
pub struct BuildError;

impl BuildError {
    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "engine.no_http_client"
    }
}

impl Engine {
    /// Settings to begin with.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Drives flows as a principal. Who that is, the embedder has checked.
    #[must_use]
    pub fn caller(&self, principal: &str) -> Caller {
        Caller::new(self.clone(), principal)
    }

    /// Registers an action of the embedder's, or replaces one.
    pub fn set_action(&self, action: impl Action) {
        self.inner.actions.register(Arc::new(action));
    }

    /// Whether an embedder's action of this name is registered.
    #[must_use]
    pub fn has_action(&self, name: &str) -> bool {
        self.inner.actions.get(name).is_some()
    }

    /// Replaces what `hub` holds for flows that begin from now on.
    pub fn set_hub(&self, hub: Value) {
        *self.inner.hub.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(hub);
    }

    /// What happens, from now on. A slow listener misses notices, never events.
    #[must_use]
    pub fn notices(&self) -> broadcast::Receiver<Notice> {
        self.inner.notices.subscribe()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.inner.store
    }

    /// How many flows are in progress.
    #[must_use]
    pub fn flows_in_progress(&self) -> usize {
        self.inner.flows.len()
    }
}

impl Inner {
    pub(crate) fn hub(&self) -> Arc<Value> {
        Arc::clone(&self.hub.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The hub's address as the world sees it.
    pub(crate) fn external_url(&self) -> Option<String> {
        self.hub().get("external_url").and_then(Value::as_str).map(|url| url.trim_end_matches('/').to_owned())
    }

    pub(crate) fn notify(&self, notice: Notice) {
        // Nobody listening is no fault.
        let _ = self.notices.send(notice);
    }

    /// A ULID of now, for flows and entries. Those of one millisecond go up too, so that ids sort by the time of their making.
    pub(crate) fn ulid(&self) -> Result<String, EntropyError> {
        let mut random = [0; 16];
        self.entropy.fill(&mut random[..10])?;
        let millis = u64::try_from(self.clock.now().unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        let fresh = ulid::Ulid::from_parts(millis, u128::from_le_bytes(random));
        let mut last = self.last_ulid.lock().unwrap_or_else(PoisonError::into_inner);
        let next = match last.increment() {
            Some(higher) if last.timestamp_ms() == millis => higher,
            _ => fresh,
        };
        *last = next;
        Ok(next.to_string())
    }

    /// 32 hex digits, for options and sub-entry flows.
    pub(crate) fn hex_id(&self) -> Result<String, EntropyError> {
        let mut random = [0; 16];
        self.entropy.fill(&mut random)?;
        Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    pub(crate) async fn entry(&self, entry_id: &str) -> Result<Entry, FlowError> {
        self.store.entry(entry_id).await?.ok_or(FlowError::UnknownEntry)
    }
}

impl From<StoreError> for configflow_core::EffectOutcome {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::AlreadyConfigured => Self::Abort { reason: "already_configured".to_owned(), placeholders: None },
            other => Self::failed(configflow_core::Failure::code(other.code()).with("text", other.to_string())),
        }
    }
}
