//! OAuth 2 client for linking accounts, and a catalogue of providers.
//!
//! It begins an attempt, diagnoses the returned address, redeems the code, checks who logged in, compares the scopes, and renews
//! and revokes tokens. It is not a store, not a server and no part of a flow: it knows no forms, keeps nothing, and neither waits
//! nor retries. The time and the random numbers are injected.
//!
//! ```
//! use std::{collections::BTreeMap, sync::Arc};
//! use configflow_oauth::{Account, Begin, Catalogue, Client, HttpOptions, Resolution, Returned, Secret};
//!
//! let Resolution::Ready(entra) = Catalogue::builtin().resolve("microsoft_entra", &BTreeMap::new())? else { unreachable!() };
//! let redirect_uri = entra.native().map(|native| native.redirect_uri.clone()).unwrap_or_default();
//! let account = Account::new(Arc::from(entra), "client", Some(Secret::new("secret")), vec!["User.Read".into()])?;
//!
//! let client = Client::new(HttpOptions::default())?;
//! let attempt = client.begin(&account, Begin { redirect_uri: &redirect_uri, flow: "flow", principal: "anna" })?;
//! assert!(attempt.url().starts_with("https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=client&"));
//!
//! let pasted = Returned::pasted("https://login.microsoftonline.com/common/wrongplace");
//! let error = client.read(&account, &attempt, &pasted).unwrap_err();
//! assert_eq!(error.code(), "link.url_moved_on");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod account;
mod authorize;
pub mod catalogue;
mod client;
mod clock;
mod device;
mod discovery;
mod entropy;
mod errors;
mod http;
mod id_token;
mod identity;
mod jwks;
mod returned;
mod scopes;
mod secret;
mod token;

pub use account::{Account, AccountError};
pub use authorize::{ATTEMPT_LIFETIME, Attempt, Begin, BeginError, SealableAttempt, SealableError, StateHash};
pub use catalogue::{Catalogue, CatalogueError, Provider, Resolution, ResolveError, Resolved};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use device::{DeviceAttempt, DeviceError, Poll, SealableDeviceAttempt};
pub use discovery::DiscoveryError;
pub use entropy::{Entropy, EntropyError, SystemEntropy};
pub use errors::{Blame, ErrorTable, ErrorTableError, Fields, ProviderError};
pub use http::{ClientError, HttpError, HttpOptions, Outbound, OutboundError};
pub use id_token::{IdTokenError, Identity};
pub use identity::ProfileError;
pub use returned::{AuthorizationCode, MOST_RETURNED_BYTES, Returned, ReturnedError};
pub use scopes::{ScopeReport, ScopeRules};
pub use secret::Secret;
pub use token::{Linked, RedeemError, RefreshError, Refreshed, RevokeError, SealableTokens, TokenError, TokenSet};
