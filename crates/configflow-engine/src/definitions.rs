//! Definitions: those that were given whole, and those that a source compiles when they are first needed.
//!
//! Compiling takes a while, so it is done on threads for such work, a few at a time, and no flow that has its definition waits
//! for it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use configflow_core::Definition;
use configflow_core::definition::Outline;
use futures_util::future::BoxFuture;
use tokio::sync::Semaphore;

use crate::builder::Engine;

/// Where definitions come from that are compiled when they are first needed: a folder of files, a database.
///
/// A definition that was given to the engine whole comes before one of a source.
pub trait DefinitionSource: Send + Sync + 'static {
    /// The definition of a domain where it is compiled already. Answers at once.
    fn compiled(&self, domain: &str) -> Option<Definition>;

    /// The definition of a domain, compiled now where it is not yet; none where there is none, or it is broken. May take its
    /// time: the engine calls it on a thread for such work. Before it returns, it may register the actions that the definition
    /// needs with the engine that asks.
    fn compile(&self, engine: &Engine, domain: &str) -> Option<Definition>;

    /// The outline of a domain where it is known already. Answers at once.
    fn outline(&self, domain: &str) -> Option<Arc<Outline>>;

    /// The outline of every definition that can be used. Waits until that is known of each.
    fn outlines(&self) -> BoxFuture<'_, Vec<Arc<Outline>>>;
}

/// The definitions of an engine.
pub(crate) struct Definitions {
    given: RwLock<HashMap<String, Definition>>,
    source: Option<Arc<dyn DefinitionSource>>,
    /// How many may be compiled at once.
    compiling: Semaphore,
}

impl Definitions {
    pub(crate) fn new(given: HashMap<String, Definition>, source: Option<Arc<dyn DefinitionSource>>) -> Self {
        let at_once = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { given: RwLock::new(given), source, compiling: Semaphore::new(at_once) }
    }

    fn given(&self, domain: &str) -> Option<Definition> {
        self.given.read().unwrap_or_else(PoisonError::into_inner).get(domain).cloned()
    }

    /// A definition that needs not be compiled first.
    fn ready(&self, domain: &str) -> Option<Definition> {
        self.given(domain).or_else(|| self.source.as_ref()?.compiled(domain))
    }
}

impl Engine {
    /// The definition of a domain; compiled now where its source has not done so yet.
    pub async fn definition(&self, domain: &str) -> Option<Definition> {
        let definitions = &self.inner.definitions;
        if let Some(ready) = definitions.ready(domain) {
            return Some(ready);
        }
        let source = Arc::clone(definitions.source.as_ref()?);
        let _turn = definitions.compiling.acquire().await.ok()?;
        // Whoever had the turn before may have compiled the same one.
        if let Some(ready) = source.compiled(domain) {
            return Some(ready);
        }
        let (engine, wanted) = (self.clone(), domain.to_owned());
        let compiled = tokio::task::spawn_blocking(move || source.compile(&engine, &wanted)).await;
        compiled.unwrap_or_else(|error| {
            tracing::error!(domain, %error, "the definition cannot be compiled");
            None
        })
    }

    /// What is known of the definition of a domain without its steps.
    pub async fn outline(&self, domain: &str) -> Option<Arc<Outline>> {
        let definitions = &self.inner.definitions;
        if let Some(given) = definitions.given(domain) {
            return Some(Arc::clone(given.outline()));
        }
        match definitions.source.as_ref()?.outline(domain) {
            Some(outline) => Some(outline),
            None => self.definition(domain).await.map(|definition| Arc::clone(definition.outline())),
        }
    }

    /// The outline of every definition, in the order of their domains.
    pub async fn outlines(&self) -> Vec<Arc<Outline>> {
        let definitions = &self.inner.definitions;
        let mut all = match &definitions.source {
            Some(source) => source.outlines().await,
            None => Vec::new(),
        };
        let given = definitions.given.read().unwrap_or_else(PoisonError::into_inner);
        all.retain(|outline| !given.contains_key(&outline.domain));
        all.extend(given.values().map(|definition| Arc::clone(definition.outline())));
        drop(given);
        all.sort_by(|one, other| one.domain.cmp(&other.domain));
        all
    }

    /// Adds or replaces a definition. Flows in progress keep the one that they began with.
    pub fn set_definition(&self, definition: Definition) {
        let mut given = self.inner.definitions.given.write().unwrap_or_else(PoisonError::into_inner);
        given.insert(definition.domain.clone(), definition);
    }

    /// Forgets the definition of a domain that was given whole. Flows in progress keep it; entries stay.
    pub fn remove_definition(&self, domain: &str) {
        self.inner.definitions.given.write().unwrap_or_else(PoisonError::into_inner).remove(domain);
    }
}
