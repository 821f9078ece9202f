//! An entry that Home Assistant linked: its token stands in its data, and is taken over when it is first asked for.
//!
//! That needs the client with which it was linked: `auth_implementation` names credentials that the operator stored. Otherwise the entry
//! is linked anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use configflow_core::expr::Template;
use configflow_core::{Change, Definition};
use serde_json::{Map, Value, json};

use super::{AccountError, AccountKey};
use crate::builder::{Engine, Inner};
use crate::store::{Commit, Entry, SealableToken, Token, Write};

/// What of Home Assistant's token is ours from then on.
const TAKEN: [&str; 6] = ["access_token", "refresh_token", "expires_at", "expires_in", "scope", "token_type"];

impl Inner {
    /// The entry with its account, which is taken over from the entry's data where it has none yet.
    pub(super) async fn account_of_entry(self: &Arc<Self>, entry: &Entry) -> Result<(Entry, AccountKey), AccountError> {
        if let Some(account) = AccountKey::of(entry) {
            return Ok((entry.clone(), account));
        }
        let adopted = self.adopt(entry).await?.ok_or(AccountError::NotLinked)?;
        let account = AccountKey::of(&adopted).ok_or(AccountError::NotLinked)?;
        Ok((adopted, account))
    }

    /// Takes the token over, in one transaction with the change of the entry's data.
    pub(super) async fn adopt(self: &Arc<Self>, entry: &Entry) -> Result<Option<Entry>, AccountError> {
        let turn = AccountKey { domain: entry.domain.clone(), key: entry.entry_id.clone() };
        let _turn = self.accounts.turns.turn(&turn).await;
        // Of many who ask at once the first one does it.
        let entry = self.store.entry(&entry.entry_id).await?.ok_or(AccountError::UnknownEntry)?;
        if entry.account_key.is_some() {
            return Ok(Some(entry));
        }
        let engine = Engine { inner: Arc::clone(self) };
        let Some(definition) = engine.definition(&entry.domain).await else { return Ok(None) };
        let Some((token, rest)) = self.token_in(&entry, &definition) else { return Ok(None) };
        let mut data = entry.data.clone();
        data.insert("token".to_owned(), Value::Object(rest));
        let change = Change { data: Some(data), ..Change::default() };
        let write = Write::Update { entry_id: entry.entry_id.clone(), change };
        let commit = Commit { flow_id: String::new(), now: self.clock.now(), write, token: Some(token) };
        let committed = self.store.commit(commit).await?;
        tracing::info!(entry_id = %entry.entry_id, "the token of an imported entry is taken over");
        Ok(Some(committed.entry))
    }

    /// The token in an entry's data, and what is left there of it.
    fn token_in(&self, entry: &Entry, definition: &Definition) -> Option<(Token, Map<String, Value>)> {
        let kept = entry.data.get("token")?.as_object()?;
        let implementation = entry.data.get("auth_implementation")?.as_str()?;
        let spec = definition.account.as_ref().filter(|account| account.credentials.is_some())?;
        let credentials = self.link.credentials.all();
        let (_, client) = credentials.into_iter().find(|(domain, one)| *domain == entry.domain && one.id == implementation)?;
        let provider = literal(&spec.provider)?.as_str()?.to_owned();
        let parameters = match &spec.parameters {
            None => BTreeMap::new(),
            Some(parameters) => parameters_of(literal(parameters)?.as_object()?),
        };
        let text = |name: &str| kept.get(name).and_then(Value::as_str);
        let expires_at = kept.get("expires_at").and_then(|at| at.as_i64().or_else(|| at.as_f64().and_then(whole)));
        let granted: Vec<&str> = text("scope").unwrap_or_default().split([' ', ',']).filter(|scope| !scope.is_empty()).collect();
        let rest: Map<String, Value> = kept
            .iter()
            .filter(|(name, _)| !TAKEN.contains(&name.as_str()) && *name != "id_token")
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let form = json!({
            "domain": entry.domain,
            "key": entry.entry_id,
            "provider": provider,
            "parameters": parameters,
            "client_id": client.client_id,
            "client_secret": client.client_secret.expose(),
            "scopes": scopes_of(definition),
            "account": {"provider": provider, "key": entry.entry_id, "username": null, "name": null, "unique_id": null, "scopes": granted},
            "tokens": {
                "version": 1,
                "access": text("access_token").filter(|token| !token.is_empty())?,
                "refresh": text("refresh_token").filter(|token| !token.is_empty()),
                "expires_at": expires_at,
                "scopes": granted,
                "token_type": text("token_type").unwrap_or("Bearer"),
                "extra": {},
            },
        });
        let form: SealableToken = serde_json::from_value(form).ok()?;
        Some((Token::from_sealable(form).ok()?, rest))
    }
}

/// A value that is written out.
fn literal(template: &Template) -> Option<&Value> {
    template.as_literal()
}

fn parameters_of(map: &Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    map.iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.clone(), text(value))).collect()
}

/// The scopes of the definition that are asked for in any case.
fn scopes_of(definition: &Definition) -> Vec<String> {
    let scopes = definition.account.iter().flat_map(|account| &account.scopes);
    let plain = scopes.filter(|scope| scope.when.is_none());
    plain.filter_map(|scope| literal(&scope.scope)?.as_str().map(str::to_owned)).collect()
}

/// Whole seconds of a moment that Python wrote as a fraction.
fn whole(seconds: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "the range was checked: 2^53 seconds are 285 million years")]
    (seconds.abs() < 9e15).then_some(seconds as i64)
}
