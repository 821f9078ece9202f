//! A replay from its first exchange to its last.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::difference;
use super::events::Inbox;
use super::exchange::Compared;
use super::ids::{self, Ids};
use super::known::{self, Known};
use super::recording::Recording;
use super::report::{Outcome, Report, Step};
use super::transport::{Request, Response, Transport, TransportError};

const FLOW: &str = "/api/config/config_entries/flow";

/// Replays a recording, and takes back what it made.
///
/// # Errors
/// Where the server cannot be reached or does not take the token.
pub async fn replay(recording: &Recording, transport: &mut dyn Transport) -> Result<Report, TransportError> {
    let mut run = Run {
        transport,
        known: known::of(&recording.name),
        ids: Ids::default(),
        inbox: Inbox::default(),
        last_id: 0,
        last_entry: None,
        pending: None,
        open: Vec::new(),
    };
    let before = run.entries().await?;
    let report = run.all(recording).await;
    run.take_back(&before).await?;
    report
}

/// A replay under way.
pub(super) struct Run<'t> {
    pub(super) transport: &'t mut dyn Transport,
    known: Known,
    pub(super) ids: Ids,
    pub(super) inbox: Inbox,
    pub(super) last_id: u64,
    /// Our id of the entry that was made last.
    last_entry: Option<String>,
    /// A flow that was begun in process, and whose recorded id is not known yet.
    pending: Option<String>,
    /// Flows of ours that may still be in progress: the path of each.
    open: Vec<String>,
}

impl Run<'_> {
    async fn all(&mut self, recording: &Recording) -> Result<Report, TransportError> {
        let mut steps = Vec::with_capacity(recording.exchanges.len());
        if let Some(command) = self.known.subscribed.clone() {
            self.last_id = command["id"].as_u64().unwrap_or_default();
            self.transport.command(command).await?;
            self.inbox.like(&json!({"id": self.last_id, "type": "result"}), self.transport).await?;
        }
        for (at, exchange) in recording.exchanges.iter().enumerate() {
            self.before(at).await?;
            if self.known.skipped.contains_key(&at.to_string()) {
                continue;
            }
            if let Some(Compared { status, difference }) = self.exchange(at, exchange).await? {
                steps.push(Step { exchange: Some(at), outcome: self.outcome(&at.to_string(), difference), status });
            }
        }
        if let Some(recorded) = &recording.entries_after
            && let Some(stored) = self.stored().await?
        {
            let recorded = Value::Array(recorded.clone());
            self.ids.learn(&recorded, &stored);
            let difference = difference::first(&self.ids.value(&recorded), &stored);
            steps.push(Step { exchange: None, outcome: self.outcome("entries_after", difference), status: Some(200) });
        }
        Ok(Report { name: recording.name.clone(), steps })
    }

    fn outcome(&self, exchange: &str, difference: Option<difference::Difference>) -> Outcome {
        match (difference, self.known.deviations.get(exchange).cloned()) {
            (None, None) => Outcome::Matched,
            (None, Some(reason)) => Outcome::Unexpected { reason },
            (Some(_), Some(reason)) => Outcome::Deliberate { reason },
            (Some(difference), None) => Outcome::Differs(difference),
        }
    }

    /// What happened in process before an exchange.
    async fn before(&mut self, at: usize) -> Result<(), TransportError> {
        if self.known.reauth.contains(&at)
            && let Some(entry_id) = self.last_entry.clone()
        {
            let handler = self.entries().await?.into_iter().find(|(id, _)| *id == entry_id).map(|(_, domain)| domain);
            let body = json!({"handler": handler, "source": "reauth", "context": {"entry_id": entry_id}});
            let response = self.post("/api/configflow/flows", &body).await?;
            self.pending = response.body["flow_id"].as_str().map(str::to_owned);
        }
        if let Some(recorded) = self.known.subentry.get(&at.to_string()).cloned() {
            let stored = self.stored().await?.unwrap_or_default();
            let entries = stored.as_array().into_iter().flatten();
            let own = entries.into_iter().find(|entry| entry["entry_id"].as_str() == self.last_entry.as_deref());
            if let Some(ours) = own.and_then(|entry| entry["subentries"][0]["subentry_id"].as_str()) {
                self.ids.is(&recorded, ours);
            }
        }
        Ok(())
    }

    /// Begins the flow that a recorded path names, where no exchange did.
    pub(super) async fn lead_to(&mut self, at: usize, path: &str) -> Result<(), TransportError> {
        let Some(flow_id) = path.rsplit_once("/flow/").map(|(_, rest)| rest).filter(|id| id.len() >= 26 && !id.contains('/'))
        else {
            return Ok(());
        };
        if let Some(ours) = self.ids.ours(flow_id).map(str::to_owned) {
            if self.known.lead_first == Some(at) {
                for answer in self.known.lead.clone().iter().skip(1) {
                    self.post(&format!("{FLOW}/{ours}"), answer).await?;
                }
            }
            return Ok(());
        }
        if let Some(pending) = self.pending.take() {
            self.ids.is(flow_id, &pending);
            return Ok(());
        }
        let lead = self.known.lead.clone();
        let Some((start, answers)) = lead.split_first() else { return Ok(()) };
        let shown = self.post(FLOW, start).await?;
        let ours = shown.body["flow_id"].as_str().unwrap_or_default().to_owned();
        for answer in answers {
            self.post(&format!("{FLOW}/{ours}"), answer).await?;
        }
        if !ours.is_empty() {
            self.ids.is(flow_id, &ours);
        }
        Ok(())
    }

    /// An entry that a request names and no answer did was made in process: it is the one that was made last.
    pub(super) fn meet_entry(&mut self, body: &Value) {
        let named = [&body["handler"], &body["handler"][0], &body["entry_id"]].into_iter().find_map(Value::as_str);
        if let (Some(named), Some(last)) = (named, &self.last_entry)
            && ids::is_id(named)
            && self.ids.ours(named).is_none()
        {
            self.ids.is(named, last);
        }
    }

    /// Sends a request, and remembers what it made.
    pub(super) async fn send(&mut self, request: Request) -> Result<Response, TransportError> {
        let path = request.path.split('?').next().unwrap_or_default().to_owned();
        let response = self.transport.send(request).await?;
        if let Some(flow_id) = response.body.get("flow_id").and_then(Value::as_str) {
            let family = path.split_once("/flow").map_or("/api/config/config_entries", |(family, _)| family);
            let family = if family.ends_with("/configflow") { "/api/config/config_entries" } else { family };
            let own = format!("{family}/flow/{flow_id}");
            self.open.retain(|open| *open != own);
            if !matches!(response.body["type"].as_str(), Some("abort" | "create_entry")) {
                self.open.push(own);
            }
        }
        if let Some(entry_id) = response.body.pointer("/result/entry_id").and_then(Value::as_str) {
            self.last_entry = Some(entry_id.to_owned());
        }
        Ok(response)
    }

    pub(super) async fn post(&mut self, path: &str, body: &Value) -> Result<Response, TransportError> {
        let request =
            Request { method: "POST".to_owned(), path: path.to_owned(), headers: BTreeMap::new(), body: Some(body.to_string()) };
        self.send(request).await
    }

    async fn bare(&mut self, method: &str, path: &str) -> Result<Response, TransportError> {
        let request = Request { method: method.to_owned(), path: path.to_owned(), headers: BTreeMap::new(), body: None };
        self.transport.send(request).await
    }

    /// The ids and domains of the entries.
    async fn entries(&mut self) -> Result<Vec<(String, String)>, TransportError> {
        let response = self.bare("GET", "/api/config/config_entries/entry").await?;
        if response.status == 401 {
            return Err(TransportError::Unauthorized);
        }
        let entries = response.body.as_array().into_iter().flatten();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        Ok(entries.map(|entry| (text(entry, "entry_id"), text(entry, "domain"))).collect())
    }

    /// The entries as they are stored; none where the server has no path for that.
    async fn stored(&mut self) -> Result<Option<Value>, TransportError> {
        let response = self.bare("GET", "/api/configflow/entries?include=data").await?;
        Ok((response.status == 200).then_some(response.body))
    }

    /// Gives up the flows that are left, and removes the entries and credentials that were made, so that the next recording finds the
    /// server as this one did.
    async fn take_back(&mut self, before: &[(String, String)]) -> Result<(), TransportError> {
        for path in std::mem::take(&mut self.open) {
            self.bare("DELETE", &path).await?;
        }
        for (entry_id, _) in self.entries().await? {
            if !before.iter().any(|(known, _)| *known == entry_id) {
                self.bare("DELETE", &format!("/api/config/config_entries/entry/{entry_id}")).await?;
            }
        }
        if self.last_id > 0 {
            self.forget_credentials().await?;
            self.transport.hang_up().await;
            self.inbox.clear();
        }
        Ok(())
    }

    async fn forget_credentials(&mut self) -> Result<(), TransportError> {
        let list = self.ask(json!({"type": "application_credentials/list"})).await?;
        let ids: Vec<String> =
            list.as_array().into_iter().flatten().filter_map(|one| one["id"].as_str().map(str::to_owned)).collect();
        for id in ids {
            self.ask(json!({"type": "application_credentials/delete", "application_credentials_id": id})).await?;
        }
        Ok(())
    }

    /// The result of a command.
    async fn ask(&mut self, mut command: Value) -> Result<Value, TransportError> {
        self.last_id += 1;
        command["id"] = json!(self.last_id);
        self.transport.command(command).await?;
        let answer = self.inbox.like(&json!({"id": self.last_id, "type": "result"}), self.transport).await?;
        Ok(answer.map(|answer| answer["result"].clone()).unwrap_or_default())
    }
}
