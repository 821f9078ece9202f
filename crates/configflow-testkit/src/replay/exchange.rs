//! One exchange: sent with what this run has in place of what was recorded, and compared.

use serde_json::{Map, Value, json};

use super::difference::{self, Difference};
use super::purpose::{self, Shown};
use super::python;
use super::recording::Exchange;
use super::run::Run;
use super::transport::{Request, Response, TransportError};

/// What came of an exchange: the status where there was one, and the first difference.
pub(super) struct Compared {
    pub(super) status: Option<u16>,
    pub(super) difference: Option<Difference>,
    /// Why it differs on purpose, as it does wherever it occurs.
    pub(super) purpose: Option<&'static str>,
}

/// The first difference, and why it is on purpose.
type Differs = (Option<Difference>, Option<&'static str>);

impl Run<'_> {
    /// Sends an exchange and compares what comes; none where it is not for a server to answer.
    pub(super) async fn exchange(&mut self, at: usize, exchange: &Exchange) -> Result<Option<Compared>, TransportError> {
        Ok(Some(match exchange.request.method.as_str() {
            "WS" => self.command(exchange).await?,
            "WS-EVENT" => {
                let (difference, purpose) = self.messages(&Value::Null, &exchange.response.body).await?;
                Compared { status: None, difference, purpose }
            }
            "INTERNAL" => self.internal(exchange).await?,
            outbound if outbound.starts_with("OUTBOUND") => return Ok(None),
            _ => self.http(at, exchange).await?,
        }))
    }

    async fn http(&mut self, at: usize, exchange: &Exchange) -> Result<Compared, TransportError> {
        let recorded = &exchange.request;
        self.lead_to(at, &recorded.path).await?;
        self.meet_entry(&recorded.body);
        let path = self.live_path(&recorded.path).await?;
        let body = match &recorded.raw_body {
            Some(raw) => Some(raw.clone()),
            None if recorded.body.is_null() => None,
            None => Some(self.live_body(&recorded.body).await?.to_string()),
        };
        let request = Request { method: recorded.method.clone(), path, headers: recorded.headers.clone(), body };
        let response = self.send(request).await?;
        self.ids.learn(&exchange.response.body, &response.body);
        self.look_for_definition(&exchange.response.body, &response);
        let wanted = exchange.response.status.unwrap_or(200);
        let expected = self.ids.value(&exchange.response.body);
        let difference = if wanted == response.status {
            difference::first(&expected, &response.body)
        } else {
            Some(other_status(wanted, &exchange.response.body, &response))
        };
        let flow_id = response.body["flow_id"].as_str().unwrap_or_default().to_owned();
        let before = self.shown.get(&flow_id);
        let purpose = difference.as_ref().and_then(|_| purpose::of_response(exchange, &expected, &response, before));
        self.shown.insert(flow_id, Shown { recorded: expected, found: response.body });
        Ok(Compared { status: Some(response.status), difference, purpose })
    }

    /// Remembers an integration that began a flow there, and that nothing handles here.
    fn look_for_definition(&mut self, recorded: &Value, response: &Response) {
        let begun = recorded["handler"].as_str().filter(|_| recorded["flow_id"].is_string());
        if let Some(handler) = begun
            && response.status == 404
            && response.body["message"] == "Invalid handler specified"
        {
            self.undefined.insert(handler.to_owned());
        }
    }

    /// What was started in process is started by the operator's own path. The recorded result is what the program saw, so only what
    /// a client sees of it is compared.
    async fn internal(&mut self, exchange: &Exchange) -> Result<Compared, TransportError> {
        let recorded = self.ids.value(&exchange.request.body);
        let data = match recorded.get("data") {
            Some(Value::String(text)) => python::value(text).unwrap_or_else(|| json!(text)),
            other => other.cloned().unwrap_or_default(),
        };
        let mut context = recorded["context"].clone();
        if let Some(key) = python::discovery_key(context["source"].as_str().unwrap_or_default(), &data) {
            context["discovery_key"] = key;
        }
        let body = json!({"handler": recorded["handler"], "source": context["source"], "context": context, "data": data});
        let response = self.post("/api/configflow/flows", &body).await?;
        self.look_for_definition(&exchange.response.body, &response);
        self.ids.learn(&exchange.response.body, &response.body);
        let wanted: Map<String, Value> = match self.ids.value(&exchange.response.body) {
            Value::Object(map) => {
                map.into_iter().filter(|(key, _)| !matches!(key.as_str(), "data" | "context" | "result")).collect()
            }
            _ => Map::new(),
        };
        let difference = if response.status == 200 {
            difference::first_of_part(&wanted, &response.body)
        } else {
            Some(other_status(200, &exchange.response.body, &response))
        };
        Ok(Compared { status: Some(response.status), difference, purpose: None })
    }

    async fn command(&mut self, exchange: &Exchange) -> Result<Compared, TransportError> {
        self.meet_entry(&exchange.request.body);
        let mut command = self.ids.value(&exchange.request.body);
        if let Value::Object(command) = &mut command {
            let id = command.get("id").and_then(Value::as_u64).unwrap_or(self.last_id + 1);
            self.last_id = id;
            command.insert("id".to_owned(), json!(id));
        }
        self.transport.command(command.clone()).await?;
        let (difference, purpose) = self.messages(&command, &exchange.response.body).await?;
        Ok(Compared { status: None, difference, purpose })
    }

    /// Waits for the recorded messages, and compares each: the first difference that is not on purpose, else the first that is.
    async fn messages(&mut self, command: &Value, recorded: &Value) -> Result<Differs, TransportError> {
        let (list, is_list) = match recorded {
            Value::Array(messages) => (messages.as_slice(), true),
            one => (std::slice::from_ref(one), false),
        };
        let mut meant = (None, None);
        for (at, recorded) in list.iter().enumerate() {
            let pointer = if is_list { format!("/{at}") } else { String::new() };
            let found = self.inbox.like(recorded, self.transport).await?;
            if let Some(found) = &found {
                self.ids.learn(recorded, found);
            }
            let expected = self.ids.value(recorded);
            let difference = match &found {
                Some(found) => difference::first(&expected, found),
                None => Some(Difference { pointer: String::new(), recorded: Some(expected.clone()), found: None }),
            };
            let Some(difference) = difference else { continue };
            let difference = Difference { pointer: format!("{pointer}{}", difference.pointer), ..difference };
            match purpose::of_message(command, &expected, found.as_ref()) {
                // What was refused has no events.
                Some(reason) if found.as_ref().is_some_and(|found| found["success"] == false) => {
                    return Ok((Some(difference), Some(reason)));
                }
                Some(reason) if meant.0.is_none() => meant = (Some(difference), Some(reason)),
                Some(_) => {}
                None => return Ok((Some(difference), None)),
            }
        }
        Ok(meant)
    }

    /// A recorded path with what this run has; a callback brings what the provider of this run returned.
    async fn live_path(&mut self, recorded: &str) -> Result<String, TransportError> {
        let (path, query) = recorded.split_once('?').unwrap_or((recorded, ""));
        if let Some(returned) = self.returned(recorded).await? {
            let query = returned.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
            return Ok(format!("{path}?{query}"));
        }
        let path = self.ids.text(path);
        Ok(if query.is_empty() { path } else { format!("{path}?{}", self.ids.text(query)) })
    }

    /// A recorded answer with what this run has: an address that was pasted becomes the one that the provider of this run returned.
    async fn live_body(&mut self, recorded: &Value) -> Result<Value, TransportError> {
        let mut body = self.ids.value(recorded);
        let pasted = recorded.get("url").and_then(Value::as_str);
        if let Some(pasted) = pasted
            && let Some(returned) = self.returned(pasted).await?
        {
            body["url"] = Value::String(returned);
        }
        Ok(body)
    }

    /// Where the login ends whose code a recorded address brings.
    async fn returned(&mut self, recorded: &str) -> Result<Option<String>, TransportError> {
        match self.ids.link(recorded) {
            Some(link) => self.transport.log_in(&link).await,
            None => Ok(None),
        }
    }
}

fn other_status(wanted: u16, recorded: &Value, response: &Response) -> Difference {
    Difference {
        pointer: String::new(),
        recorded: Some(json!({"status": wanted, "body": recorded})),
        found: Some(json!({"status": response.status, "body": response.body})),
    }
}
