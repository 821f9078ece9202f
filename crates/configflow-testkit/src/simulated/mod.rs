//! A simulated provider: OAuth 2, OpenID Connect and an API, on loopback, without account or network.
//!
//! A client reaches it by a rewrite of the URLs that it sends out: `https://login.example/token` goes to
//! `http://127.0.0.1:PORT/https/login.example/token`. So the server knows which origin is meant, and answers as that origin: issuers,
//! keys and endpoints are the original ones. It is strict where providers are, and what goes wrong is scripted.
//!
//! It is not a provider to be trusted: its keys are public, its codes are counted. Nothing sleeps in it.
//!
//! ```
//! use configflow_testkit::simulated::{Script, Simulated};
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let provider = Simulated::start(Script::default()).await?;
//! let back = provider
//!     .person()
//!     .log_in(
//!         "https://login.example/authorize?client_id=hub&response_type=code&redirect_uri=https://hub.example/back\
//!          &state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
//!     )
//!     .await?;
//! assert!(back.starts_with("https://hub.example/back?code=sim-code-"));
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aadsts;
mod answer;
mod api;
mod authorize;
mod device;
mod door;
mod get;
mod id_token;
mod incoming;
mod ledger;
mod metadata;
mod person;
mod place;
mod recorded;
mod scopes;
mod script;
mod serve;
mod signing;
mod token;
mod world;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;
use url::Url;

pub use person::{CalledBack, LogInError, Person};
pub use place::Place;
pub use recorded::Recorded;
pub use script::{
    Account, ApiAnswer, ApiBody, Behaviour, ClientSecret, Device, DeviceEnd, Effect, Fault, Grant, OldRefreshToken, Paths,
    Script, Signing,
};

use door::{Cut, Door};
use serve::Site;
use signing::Keys;
use world::World;

/// The running provider; dropping it stops it.
pub struct Simulated {
    site: Arc<Site>,
    stop: watch::Sender<bool>,
}

/// Why the provider does not start, or not again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No port of 127.0.0.1 could be had.
    #[error("no port of the loopback address could be had")]
    Port(#[source] std::io::Error),
    /// The keys that sign ID tokens cannot be used.
    #[error("the keys that sign ID tokens cannot be used")]
    Keys,
}

impl StartError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Port(_) => "simulated.no_port",
            Self::Keys => "simulated.keys",
        }
    }
}

impl Simulated {
    /// Starts a provider on a free port of 127.0.0.1. To be called within a tokio runtime.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(script: Script) -> Result<Self, StartError> {
        let keys = Keys::new().map_err(|_| StartError::Keys)?;
        let world = World::new(script, Arc::new(keys));
        let (door, handle) = Door::open().map_err(StartError::Port)?;
        let (stop, stopping) = watch::channel(false);
        let goes_down = world.goes_down();
        let site = Arc::new(Site::new(world, handle, stopping, door.address().port()));
        let service =
            Router::new().fallback(serve::handle).with_state(Arc::clone(&site)).into_make_service_with_connect_info::<Cut>();
        let signal = {
            let site = Arc::clone(&site);
            async move { site.stopped().await }
        };
        // The server ends when the signal comes; that it then fails to end well concerns nobody.
        tokio::spawn(async move {
            let _ = axum::serve(door, service).with_graceful_shutdown(signal).await;
        });
        if goes_down {
            site.door.shut().await;
        }
        Ok(Self { site, stop })
    }

    /// Begins anew with another script: nothing given out before is known, nothing is recorded, and the port stays.
    ///
    /// # Errors
    /// When connections were refused and the port cannot be had again.
    pub async fn reset(&self, script: Script) -> Result<(), StartError> {
        let goes_down = {
            let mut world = self.site.world();
            world.reset(script);
            world.goes_down()
        };
        if goes_down {
            self.site.door.shut().await;
        } else if !self.site.door.open().await {
            return Err(StartError::Port(std::io::ErrorKind::AddrInUse.into()));
        }
        Ok(())
    }

    /// The rewrites that lead a client here: what a URL begins with, and what that is replaced by. Plain `http` is left alone: it is
    /// that of the hub itself.
    #[must_use]
    pub fn rewrites(&self) -> Vec<(String, String)> {
        vec![("https://".to_owned(), format!("http://127.0.0.1:{}/https/", self.port()))]
    }

    /// The rewrite for one origin such as `https://login.example`, for clients that rewrite whole origins.
    #[must_use]
    pub fn rewrite_of(&self, origin: &Url) -> Option<(String, String)> {
        let mut root = origin.clone();
        root.set_path("/");
        root.set_query(None);
        root.set_fragment(None);
        Some((root.to_string(), self.site.local(&root)?))
    }

    /// Where a URL of the outside is served here.
    #[must_use]
    pub fn local_url(&self, url: &Url) -> Option<String> {
        self.site.local(url)
    }

    /// The port of 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.site.port
    }

    /// The person who logs in.
    #[must_use]
    pub fn person(&self) -> Person {
        Person::new(Arc::clone(&self.site))
    }

    /// How often each code came to the token endpoint since the start or the last reset: a number for each code.
    #[must_use]
    pub fn redemptions(&self) -> Vec<u32> {
        self.site.world().ledger.redemptions()
    }

    /// The requests that came in since the start or the last reset, in order, without their secrets.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.site.world().requests()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated").field("port", &self.port()).finish_non_exhaustive()
    }
}
