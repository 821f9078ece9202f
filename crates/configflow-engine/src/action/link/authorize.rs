//! `link.authorize`: begins an attempt.

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::{Account as Linkable, Attempt, Begin};
use serde_json::{Map, Value, json};

use super::attempts::Live;
use super::failure;
use super::loopback::{Addresses, Listener};
use super::record::Linking;
use super::way::Way;
use crate::action::text;
use crate::builder::Inner;
use crate::callback::CALLBACK_PATH;
use crate::flows::Flow;

/// Where the text of `no_url_available` sends people, as recorded.
const NO_URL_DOCS: &str = "https://www.home-assistant.io/more-info/no-url-available";

impl Inner {
    pub(super) async fn link_authorize(&self, flow: &Flow, parameters: &Map<String, Value>, account: &Account) -> EffectOutcome {
        let (linkable, implementation) = match self.linkable(flow, account, text(parameters, "implementation")).await {
            Ok(found) => found,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        let path = text(parameters, "callback_path").unwrap_or(CALLBACK_PATH);
        let provider = linkable.provider();
        let (way, redirect_uri) = match text(parameters, "redirect") {
            Some("native") => (Way::Paste, provider.native().map(|native| native.redirect_uri.clone())),
            Some("paste") if provider.native().is_none() => match Addresses::of(provider).unheard(&*self.entropy) {
                Ok(address) => (Way::Paste, address),
                Err(error) => return EffectOutcome::failed(failure::of("link.entropy", &error.to_string(), Map::new())),
            },
            Some("paste") => (Way::Paste, self.redirect_of(provider, Way::Paste, path)),
            Some("loopback") => (Way::Loopback, self.redirect_of(provider, Way::Loopback, path)),
            _ => (Way::Callback, self.redirect_of(provider, Way::Callback, path)),
        };
        let Some(redirect_uri) = redirect_uri else {
            let placeholders = Map::from_iter([("docs_url".to_owned(), NO_URL_DOCS.into())]);
            return EffectOutcome::Abort { reason: "no_url_available".to_owned(), placeholders: Some(placeholders) };
        };
        let key = self.account_key(flow, account).await;
        self.link.attempts.try_by(&flow.id, way);
        match self.begin(flow, linkable, &redirect_uri, key).await {
            Ok(link) => {
                let mut result = link.clone();
                if let (Some(result), Some(one)) = (result.as_object_mut(), &implementation) {
                    result.insert("implementation".to_owned(), one.id.clone().into());
                    result.insert("implementation_name".to_owned(), one.called().into());
                }
                EffectOutcome::Done { result, link: Some(link), account: None }
            }
            Err(failure) => EffectOutcome::failed(failure),
        }
    }

    /// Begins an attempt by the way that the flow tries, its parameters sent beforehand where the provider takes them so, and gives
    /// its public part: the name `link`. An answer that arrives on this machine has a listener of its own for each attempt.
    pub(super) async fn begin(&self, flow: &Flow, account: Linkable, redirect_uri: &str, key: String) -> Result<Value, Failure> {
        let attempts = &self.link.attempts;
        let way = attempts.way(&flow.id);
        let listener = match way {
            Some(Way::Loopback) => {
                let opened = Listener::open(&Addresses::of(account.provider()), self.me.clone());
                Some(opened.map_err(|_| no_listener())?)
            }
            _ => None,
        };
        let redirect_uri = listener.as_ref().map_or(redirect_uri, Listener::redirect_uri);
        let principal = flow.principal();
        let begin = Begin { redirect_uri, flow: &flow.id, principal: &principal };
        let attempt = self.link.client.start(&account, begin).await;
        let attempt = attempt.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))?;
        let link = self.name_of(flow, &attempt);
        attempts.begin(&flow.id, Live { account: Linking::Resolved(Box::new(account)), attempt, key, returned: None });
        attempts.listen(&flow.id, listener);
        Ok(link)
    }

    /// What the name `link` says of an attempt.
    pub(super) fn name_of(&self, flow: &Flow, attempt: &Attempt) -> Value {
        let mut link = json!({"url": attempt.url(), "redirect_uri": attempt.redirect_uri()});
        if let Some(way) = self.link.attempts.way(&flow.id) {
            link["method"] = way.as_str().into();
        }
        link
    }

    /// Whether the link that a flow shows can no longer be answered: nobody listens for it any more, or it has expired. What was
    /// brought already counts.
    pub(super) fn is_unheard(&self, flow: &Flow) -> bool {
        let attempts = &self.link.attempts;
        let expired = attempts.look(&flow.id, |live| self.clock.now() >= live.attempt.expires_at());
        expired == Some(true) || (attempts.way(&flow.id) == Some(Way::Loopback) && !attempts.listens(&flow.id))
    }

    /// Listens again after a restart for the answer of a flow that waited for one on this machine. Where that cannot be, its link
    /// is replaced when it goes on; until then what the browser could not open can be pasted.
    pub(crate) fn listen_again(&self, flow: &Flow) {
        let attempts = &self.link.attempts;
        if attempts.way(&flow.id) != Some(Way::Loopback) {
            return;
        }
        let waits = attempts.look(&flow.id, |live| live.returned.is_none().then(|| live.attempt.redirect_uri().to_owned()));
        let Some(redirect_uri) = waits.flatten() else { return };
        match Listener::again(&redirect_uri, self.me.clone()) {
            Ok(listener) => attempts.listen(&flow.id, Some(listener)),
            Err(error) => tracing::info!(flow_id = %flow.id, kind = %error.kind(), "nobody can listen where somebody did before"),
        }
    }
}

fn no_listener() -> Failure {
    Failure::code("no_listener").with("text", "this machine has no loopback address to listen at; choose another way of linking")
}
