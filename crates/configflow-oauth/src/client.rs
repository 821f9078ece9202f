//! The client: the network, the clock and the random numbers in one handle, cheap to clone. Each operation is in its own file.
//!
//! Not a store: attempts and tokens are given back to the caller.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use time::{Duration, OffsetDateTime};
use url::Url;

use crate::catalogue::{Catalogue, Provider, Resolution, ResolveError, Resolved};
use crate::clock::{Clock, SystemClock};
use crate::entropy::{Entropy, SystemEntropy};
use crate::http::{ClientError, Http, HttpOptions};
use crate::jwks::KeySet;

/// The OAuth client. `Send + Sync`, and a clone shares its connections and keys.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    http: Http,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    keys: Mutex<HashMap<Url, Arc<KeySet>>>,
    resolved: Mutex<VecDeque<Kept>>,
}

/// A provider that was resolved with these parameters.
#[derive(Debug)]
struct Kept {
    given: BTreeMap<String, String>,
    resolved: Arc<Resolved>,
    /// When its issuer was asked; nothing if all comes from the provider's file.
    asked_at: Option<OffsetDateTime>,
}

/// How long an issuer's metadata is used before it is asked for again.
const METADATA_KEPT: Duration = Duration::hours(1);

/// How many resolved providers are kept: the flows of a hub use few.
const RESOLVED: usize = 32;

impl Client {
    /// A client with the machine's clock and random numbers.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn new(options: HttpOptions) -> Result<Self, ClientError> {
        Self::with(options, Arc::new(SystemClock), Arc::new(SystemEntropy))
    }

    /// A client with a given clock and random numbers.
    ///
    /// # Errors
    /// When the HTTP client cannot be built.
    pub fn with(options: HttpOptions, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Self, ClientError> {
        let http = Http::new(options)?;
        Ok(Self { inner: Arc::new(Inner { http, clock, entropy, keys: Mutex::default(), resolved: Mutex::default() }) })
    }

    /// Finds a provider, gives its parameters their values, and asks its issuer for metadata where that is needed.
    ///
    /// # Errors
    /// When there is no such provider, a parameter does not fit, or the metadata cannot be had.
    pub async fn resolve(
        &self,
        catalogue: &Catalogue,
        name: &str,
        parameters: &BTreeMap<String, String>,
    ) -> Result<Arc<Resolved>, ResolveError> {
        if let Some(resolved) = catalogue.provider(name).and_then(|provider| self.kept(provider, parameters)) {
            return Ok(resolved);
        }
        match catalogue.resolve(name, parameters)? {
            Resolution::Ready(resolved) => Ok(self.keep(parameters, Arc::from(resolved), None)),
            Resolution::Discover(provider) => {
                let resolved = self.discover(*provider).await?;
                Ok(self.keep(parameters, Arc::new(resolved), Some(self.now())))
            }
        }
    }

    /// What was resolved before. What an issuer says of itself may change, so it is forgotten after a while, and when the clock
    /// went back.
    fn kept(&self, provider: &Arc<Provider>, parameters: &BTreeMap<String, String>) -> Option<Arc<Resolved>> {
        let now = self.now();
        let mut kept = self.inner.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|kept| {
            kept.asked_at.is_none_or(|asked| {
                let age = now - asked;
                age >= Duration::ZERO && age < METADATA_KEPT
            })
        });
        let found = kept.iter().find(|kept| Arc::ptr_eq(&kept.resolved.provider, provider) && kept.given == *parameters);
        found.map(|kept| Arc::clone(&kept.resolved))
    }

    fn keep(&self, given: &BTreeMap<String, String>, resolved: Arc<Resolved>, asked_at: Option<OffsetDateTime>) -> Arc<Resolved> {
        let mut kept = self.inner.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == RESOLVED {
            kept.pop_front();
        }
        kept.push_back(Kept { given: given.clone(), resolved: Arc::clone(&resolved), asked_at });
        resolved
    }

    pub(crate) fn http(&self) -> &Http {
        &self.inner.http
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.inner.clock.now()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.inner.entropy.as_ref()
    }

    pub(crate) fn kept_keys(&self, url: &Url) -> Option<Arc<KeySet>> {
        self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner).get(url).cloned()
    }

    pub(crate) fn keep_keys(&self, url: &Url, keys: Arc<KeySet>) {
        self.inner.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(url.clone(), keys);
    }
}
