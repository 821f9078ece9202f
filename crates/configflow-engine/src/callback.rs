//! Callbacks of providers: kept for the flow that they belong to.

use std::sync::Arc;

use configflow_core::Event;

use crate::builder::Engine;
use crate::error::FlowError;

/// Where callbacks arrive unless a definition says otherwise.
pub(crate) const CALLBACK_PATH: &str = "/auth/external/callback";

/// Whether a callback belongs to a flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The flow that it came for.
    pub flow_id: String,
}

impl Engine {
    /// The paths at which definitions want callbacks, beside `/auth/external/callback`: each `callback_path` of a `link.authorize`
    /// that is not computed.
    pub async fn callback_paths(&self) -> Vec<String> {
        let mut paths = vec![CALLBACK_PATH.to_owned()];
        for outline in self.outlines().await {
            for path in &outline.callback_paths {
                if !paths.contains(path) {
                    paths.push(path.clone());
                }
            }
        }
        paths
    }

    /// Stores what a provider's callback brought, for the flow that it belongs to. Needs no principal: nothing is redeemed
    /// until the principal who drives the flow asks.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`] where no attempt under way has this `state`, [`FlowError::EmptyCallback`] where it brings
    /// nothing: the attempt is then as it was.
    pub async fn callback(&self, query: &str) -> Result<Callback, FlowError> {
        self.returned(None, query).await
    }

    /// The same for a callback that came to a path of the hub: it has to be that of the attempt's redirect URI, so that an
    /// answer meant for one provider is not taken for another's (RFC 9700 §4.4).
    ///
    /// # Errors
    /// As for [`Engine::callback`].
    pub async fn callback_at(&self, path: &str, query: &str) -> Result<Callback, FlowError> {
        self.returned(Some(path), query).await
    }

    async fn returned(&self, path: Option<&str>, query: &str) -> Result<Callback, FlowError> {
        if !url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "code" | "error")) {
            return Err(FlowError::EmptyCallback);
        }
        // A gateway in front of the hub may have taken its own prefix away.
        let prefix =
            self.inner.external_url().and_then(|hub| Some(url::Url::parse(&hub).ok()?.path().trim_end_matches('/').to_owned()));
        let prefix = prefix.unwrap_or_default();
        let is_here =
            |redirect: &str| path.is_none_or(|path| redirect == path || redirect.strip_prefix(prefix.as_str()) == Some(path));
        let now = self.inner.clock.now();
        let flow_id = self.inner.link.returned(query, now, is_here).ok_or(FlowError::UnknownFlow)?;
        let flow = self.inner.flows.get(&flow_id).ok_or(FlowError::UnknownFlow)?;
        self.inner.keep_link(&flow).await?;
        self.inner.apply_detached(Arc::clone(&flow), Event::Returned { error: error_of(query) }).await?;
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
