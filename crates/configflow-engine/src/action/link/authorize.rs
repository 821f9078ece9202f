//! `link.authorize`: begins an attempt.

use configflow_core::{Account, EffectOutcome, Failure};
use configflow_oauth::{Account as Linkable, Begin};
use serde_json::{Map, Value, json};

use super::attempts::Live;
use super::failure;
use super::record::Linking;
use crate::action::text;
use crate::builder::Inner;
use crate::flows::Flow;

/// Where the text of `no_url_available` sends people, as recorded.
const NO_URL_DOCS: &str = "https://www.home-assistant.io/more-info/no-url-available";

impl Inner {
    pub(super) async fn link_authorize(&self, flow: &Flow, parameters: &Map<String, Value>, account: &Account) -> EffectOutcome {
        let (linkable, implementation) = match self.linkable(flow, account, text(parameters, "implementation")).await {
            Ok(found) => found,
            Err(failure) => return EffectOutcome::failed(failure),
        };
        let native = text(parameters, "redirect") == Some("native");
        let redirect_uri = if native {
            linkable.provider().native().map(|native| native.redirect_uri.clone())
        } else {
            let path = text(parameters, "callback_path").unwrap_or("/auth/external/callback");
            self.external_url().map(|hub| format!("{hub}{path}"))
        };
        let Some(redirect_uri) = redirect_uri else {
            let placeholders = Map::from_iter([("docs_url".to_owned(), NO_URL_DOCS.into())]);
            return EffectOutcome::Abort { reason: "no_url_available".to_owned(), placeholders: Some(placeholders) };
        };
        let key = self.account_key(flow, account).await;
        match self.begin(flow, linkable, &redirect_uri, key) {
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

    /// Begins an attempt, and gives its public part: the name `link`.
    pub(super) fn begin(&self, flow: &Flow, account: Linkable, redirect_uri: &str, key: String) -> Result<Value, Failure> {
        let principal = flow.principal();
        let begin = Begin { redirect_uri, flow: &flow.id, principal: &principal };
        let attempt = self.link.client.begin(&account, begin);
        let attempt = attempt.map_err(|error| failure::of(error.code(), &error.to_string(), error.public_fields()))?;
        let link = json!({"url": attempt.url(), "redirect_uri": attempt.redirect_uri()});
        self.link.attempts.begin(&flow.id, Live { account: Linking::Resolved(Box::new(account)), attempt, key, returned: None });
        Ok(link)
    }
}
