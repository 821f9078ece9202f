//! Callbacks of providers: kept for the flow that they belong to.

use std::sync::Arc;

use configflow_core::definition::Show;
use configflow_core::{Event, Position};

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

    /// The paths at which whoever was on a page elsewhere comes back, as external steps declare them: see [`Engine::came_back`].
    pub async fn external_paths(&self) -> Vec<String> {
        self.outlines().await.iter().flat_map(|outline| outline.external_paths.clone()).collect()
    }

    /// Somebody came back from a page elsewhere to the path that the step on show declares: goes on with the flow that `flow_id` names,
    /// whose answer is the query. A step that links an account is not gone on with: its provider's callback does that.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`] where the flow that the query names shows no such step.
    pub async fn came_back(&self, path: &str, query: &str) -> Result<Callback, FlowError> {
        let pairs = || url::form_urlencoded::parse(query.as_bytes());
        let (_, flow_id) = pairs().find(|(name, _)| name == "flow_id").ok_or(FlowError::UnknownFlow)?;
        let flow = self.inner.flows.get(&flow_id).ok_or(FlowError::UnknownFlow)?;
        let state = flow.state();
        let step = flow.definition.dialog(state.kind()).zip(state.step()).and_then(|(dialog, step)| dialog.step(step));
        let waits = step.is_some_and(|step| match (&step.show, state.position()) {
            // One that is done with is gone on with by whoever drives the flow.
            (Show::External(external), Position::Showing { .. }) => external.callback_path.as_deref() == Some(path),
            _ => false,
        });
        if !waits {
            return Err(FlowError::UnknownFlow);
        }
        let answer: serde_json::Map<_, _> = pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        self.inner.apply_detached(flow, Event::Answered { input: answer.into() }).await?;
        Ok(Callback { flow_id: flow_id.into_owned() })
    }

    /// Stores what a provider's callback brought, for the flow that it belongs to. Needs no principal: nothing is redeemed
    /// until the principal who drives the flow asks.
    ///
    /// # Errors
    /// [`FlowError::UnknownFlow`] where no attempt under way has this `state`, [`FlowError::EmptyCallback`] where it brings
    /// nothing: the attempt is then as it was.
    pub async fn callback(&self, query: &str) -> Result<Callback, FlowError> {
        self.returned(query, |_| true).await
    }

    /// The same for a callback that came to a path of the hub: it has to be that of the attempt's redirect URI, so that an
    /// answer meant for one provider is not taken for another's (RFC 9700 §4.4).
    ///
    /// # Errors
    /// As for [`Engine::callback`].
    pub async fn callback_at(&self, path: &str, query: &str) -> Result<Callback, FlowError> {
        // A gateway in front of the hub may have taken its own prefix away.
        let prefix =
            self.inner.external_url().and_then(|hub| Some(url::Url::parse(&hub).ok()?.path().trim_end_matches('/').to_owned()));
        let prefix = prefix.unwrap_or_default();
        self.returned(query, |redirect| redirect.path() == path || redirect.path().strip_prefix(prefix.as_str()) == Some(path))
            .await
    }

    /// Keeps what came back for the attempt that it belongs to, where its redirect URI is the one at which it came.
    pub(crate) async fn returned(&self, query: &str, is_here: impl Fn(&url::Url) -> bool) -> Result<Callback, FlowError> {
        let now = self.inner.clock.now();
        if !url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "code" | "error")) {
            let awaited = self.inner.link.awaits(query, now, is_here);
            return Err(if awaited { FlowError::EmptyCallback } else { FlowError::UnknownFlow });
        }
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
