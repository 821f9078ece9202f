//! A replay from its first exchange to its last.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::difference;
use super::events::Inbox;
use super::exchange::Compared;
use super::ids::{self, Ids};
use super::known::{self, Known};
use super::purpose::Shown;
use super::recording::Recording;
use super::report::{Outcome, Report, Step};
use super::transport::{Request, Response, Transport, TransportError};
use super::unrecorded;

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
        undefined: BTreeSet::new(),
        shown: BTreeMap::new(),
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
    /// Integrations that no definition handles.
    pub(super) undefined: BTreeSet<String>,
    /// What was shown last of each flow of ours.
    pub(super) shown: BTreeMap<String, Shown>,
    /// Flows of ours that may still be in progress: the path of each.
    open: Vec<String>,
}

impl Run<'_> {
    async fn all(&mut self, recording: &Recording) -> Result<Report, TransportError> {
        let mut steps = Vec::with_capacity(recording.exchanges.len());
        for command in unrecorded::subscriptions(recording) {
            self.last_id = command["id"].as_u64().unwrap_or_default();
            self.transport.command(command).await?;
            self.inbox.like(&json!({"id": self.last_id, "type": "result"}), self.transport).await?;
        }
        for (at, exchange) in recording.exchanges.iter().enumerate() {
            self.before(recording, at).await?;
            if self.known.skipped.contains_key(&at.to_string()) {
                continue;
            }
            if let Some(Compared { status, difference, purpose }) = self.exchange(at, exchange).await? {
                steps.push(Step { exchange: Some(at), outcome: self.outcome(&at.to_string(), difference, purpose), status });
            }
        }
        if let Some(recorded) = &recording.entries_after
            && let Some(stored) = self.transport.stored().await?
        {
            let recorded = Value::Array(recorded.clone());
            self.ids.learn(&recorded, &stored);
            let difference = difference::first(&self.ids.value(&recorded), &stored);
            steps.push(Step { exchange: None, outcome: self.outcome("entries_after", difference, None), status: Some(200) });
        }
        Ok(Report { name: recording.name.clone(), steps, undefined: std::mem::take(&mut self.undefined) })
    }

    fn outcome(&self, exchange: &str, difference: Option<difference::Difference>, purpose: Option<&'static str>) -> Outcome {
        match (difference, self.known.deviations.get(exchange).cloned().or_else(|| purpose.map(str::to_owned))) {
            (None, None) => Outcome::Matched,
            (None, Some(reason)) => Outcome::Unexpected { reason },
            (Some(_), Some(reason)) => Outcome::Deliberate { reason },
            (Some(difference), None) => Outcome::Differs(difference),
        }
    }

    /// What happened before an exchange without being recorded.
    async fn before(&mut self, recording: &Recording, at: usize) -> Result<(), TransportError> {
        let reauths = unrecorded::reauths(recording, at, &|flow_id| self.ids.ours(flow_id).is_some());
        for reauth in reauths {
            let known = reauth.entry_id.as_deref().and_then(|entry_id| self.ids.ours(entry_id)).map(str::to_owned);
            let Some(entry_id) = known.or_else(|| self.last_entry.clone()) else { continue };
            let body = json!({"handler": reauth.handler, "source": "reauth", "context": {"entry_id": entry_id}});
            let response = self.post("/api/configflow/flows", &body).await?;
            if let Some(ours) = response.body["flow_id"].as_str() {
                self.ids.is(&reauth.flow_id, ours);
            }
        }
        if let Some((entry_id, recorded)) = unrecorded::subentry(&recording.exchanges[at])
            && self.ids.ours(recorded).is_none()
        {
            let entry_id = self.ids.ours(entry_id).map_or_else(|| self.last_entry.clone(), |ours| Some(ours.to_owned()));
            let stored = self.transport.stored().await?.unwrap_or_default();
            let mut entries = stored.as_array().into_iter().flatten();
            let own = entries.find(|entry| entry["entry_id"].as_str() == entry_id.as_deref());
            let known = |subentry: &&Value| subentry["subentry_id"].as_str().is_some_and(|id| self.ids.stands_for_any(id));
            let all = own.and_then(|entry| entry["subentries"].as_array()).into_iter().flatten();
            // The form shows what the sub-entry has; where it does not, it is the one that was made last.
            let response = &recording.exchanges[at].response.body;
            let last = all.filter(|subentry| !known(subentry)).max_by_key(|subentry| unrecorded::likeness(subentry, response));
            let last = last.and_then(|subentry| subentry["subentry_id"].as_str());
            if let Some(ours) = last {
                self.ids.is(recorded, ours);
            }
        }
        Ok(())
    }

    /// Begins the flow that a recorded path names, where no exchange did.
    pub(super) async fn lead_to(&mut self, at: usize, path: &str) -> Result<(), TransportError> {
        let Some(flow_id) = unrecorded::flow_in(path) else { return Ok(()) };
        if let Some(ours) = self.ids.ours(flow_id).map(str::to_owned) {
            if self.known.lead_first == Some(at) {
                for answer in self.known.lead.clone().iter().skip(1) {
                    self.post(&format!("{FLOW}/{ours}"), answer).await?;
                }
            }
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
