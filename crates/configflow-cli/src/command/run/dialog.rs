//! Goes through a flow with a person.

use std::sync::Arc;

use configflow_core::{Definition, FlowResult, StepError};
use configflow_engine::{Engine, FlowError, Notice, Start};
use configflow_testkit::simulated::Simulated;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Gone};
use super::field::{Place, ask_all};
use super::link;
use super::texts::Texts;
use crate::outcome::{Outcome, complain, say};

/// A flow and the person in front of it.
pub(super) struct Dialog {
    pub(super) engine: Engine,
    pub(super) definition: Definition,
    pub(super) texts: Texts,
    pub(super) simulated: Option<Simulated>,
    pub(super) ask: Ask,
    pub(super) flow_id: String,
}

/// What comes next.
enum Next {
    /// This is shown.
    Shown(Arc<FlowResult>),
    /// The flow is over.
    Over(Outcome),
}

impl Dialog {
    pub(super) async fn run(mut self, source: &str) -> Outcome {
        let caller = self.engine.caller("terminal");
        let start = Start::source(&self.definition.domain, source, Value::Null);
        let mut shown = match caller.start(start).await {
            Ok(shown) => shown,
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Outcome::Broken;
            }
        };
        loop {
            let value = shown.to_value();
            value["flow_id"].as_str().unwrap_or_default().clone_into(&mut self.flow_id);
            let next = match &*shown {
                FlowResult::Form(_) => self.form(&value).await,
                FlowResult::Menu(_) => self.menu(&value).await,
                FlowResult::External(_) => self.external(&value).await,
                FlowResult::Progress(_) => self.progress(&value).await,
                FlowResult::ExternalDone(_) | FlowResult::ProgressDone(_) => self.again().await,
                FlowResult::CreateEntry(_) | FlowResult::Abort(_) => Ok(Next::Over(self.over(&value).await)),
            };
            match next {
                Ok(Next::Shown(next)) => shown = next,
                Ok(Next::Over(outcome)) => return outcome,
                Err(gone) => {
                    // Nothing of the flow stays behind.
                    let _ = caller.abort(&self.flow_id).await;
                    return match gone {
                        Gone::Interrupted => Outcome::Interrupted,
                        Gone::Closed => Outcome::Broken,
                    };
                }
            }
        }
    }

    fn heading(&self, value: &Value) {
        let (step, placeholders) = (value["step_id"].as_str().unwrap_or_default(), &value["description_placeholders"]);
        say(format_args!("\n## {}", self.texts.title(step, placeholders)));
        if let Some(description) = self.texts.description(step, placeholders) {
            say(description);
        }
    }

    async fn form(&self, value: &Value) -> Result<Next, Gone> {
        let step = value["step_id"].as_str().unwrap_or_default();
        let placeholders = &value["description_placeholders"];
        self.heading(value);
        let link = placeholders["auth_url"].as_str();
        if let Some(url) = link {
            link::print(url);
        }
        let mut errors: Map<String, Value> = value["errors"].as_object().cloned().unwrap_or_default();
        let mut typed = Map::new();
        loop {
            for (field, key) in &errors {
                let text = key.as_str().map_or_else(|| key.to_string(), |key| self.texts.error(key, placeholders));
                let place = if field == "base" { String::new() } else { format!("{}: ", self.texts.field(step, None, field)) };
                say(format_args!("! {place}{text}"));
            }
            let schema = &value["data_schema"];
            let is_empty = schema.as_array().is_none_or(Vec::is_empty);
            let answers = match link {
                Some(url) if self.simulated.is_some() && self.offers_login()? => self.logged_in(url, schema).await?,
                _ if is_empty => {
                    self.ask.confirm("Go on?", true).and_then(|yes| if yes { Ok(Map::new()) } else { Err(Gone::Interrupted) })?
                }
                _ => {
                    let secret = |name: &str| self.is_secret(name);
                    let place = Place { texts: &self.texts, step, section: None, secret: &secret };
                    ask_all(&self.ask, &place, schema, &typed)?
                }
            };
            typed.clone_from(&answers);
            match self.engine.caller("terminal").answer(&self.flow_id, Value::Object(answers)).await {
                Ok(shown) => return Ok(Next::Shown(shown)),
                Err(FlowError::Step(StepError::Invalid(invalid))) => errors = invalid.errors(),
                Err(error) => {
                    complain(format_args!("error[{}]: {error}", error.code()));
                    return Ok(Next::Over(Outcome::Broken));
                }
            }
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        let mut open: Vec<_> = self.definition.fields.values().cloned().collect();
        while let Some(field) = open.pop() {
            if &*field.name == name && field.secret && !field.transient {
                return true;
            }
            open.extend(field.section().into_iter().flat_map(|section| section.fields.iter().cloned()));
        }
        false
    }

    fn offers_login(&self) -> Result<bool, Gone> {
        self.ask.confirm("Log in at the simulated provider?", true)
    }

    /// What the person brings back from the simulated provider: a pasted URL, or nothing where the hub was called back.
    async fn logged_in(&self, url: &str, schema: &Value) -> Result<Map<String, Value>, Gone> {
        let Some(simulated) = &self.simulated else { return Ok(Map::new()) };
        let returned = match simulated.person().log_in(url).await {
            Ok(returned) => returned,
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Err(Gone::Closed);
            }
        };
        if let Some(field) = schema.pointer("/0/name").and_then(Value::as_str) {
            return Ok(Map::from_iter([(field.to_owned(), Value::String(returned))]));
        }
        let query = returned.split_once('?').map(|(_, query)| query).unwrap_or_default();
        if let Err(error) = self.engine.callback(query).await {
            complain(format_args!("error[{}]: {error}", error.code()));
        }
        Ok(Map::new())
    }

    async fn menu(&self, value: &Value) -> Result<Next, Gone> {
        self.heading(value);
        let step = value["step_id"].as_str().unwrap_or_default();
        let (steps, labels): (Vec<String>, Vec<String>) = match &value["menu_options"] {
            Value::Object(map) => {
                map.iter().map(|(step, label)| (step.clone(), label.as_str().unwrap_or(step).to_owned())).unzip()
            }
            Value::Array(items) => {
                items.iter().filter_map(Value::as_str).map(|option| (option.to_owned(), self.texts.menu(step, option))).unzip()
            }
            _ => (Vec::new(), Vec::new()),
        };
        let chosen = self.ask.select("What next?", &labels, 0)?;
        self.sent(json!({"next_step_id": steps.get(chosen)})).await
    }

    async fn external(&self, value: &Value) -> Result<Next, Gone> {
        self.heading(value);
        let url = value["url"].as_str().unwrap_or_default();
        link::print(url);
        if self.simulated.is_some() && self.offers_login()? {
            self.logged_in(url, &Value::Null).await?;
            return self.again().await;
        }
        self.ask.confirm("Are you back from that page?", true)?;
        self.sent(json!({})).await
    }

    async fn progress(&self, value: &Value) -> Result<Next, Gone> {
        let placeholders = &value["description_placeholders"];
        say(format_args!("\n… {}", self.texts.progress(value["progress_action"].as_str().unwrap_or_default(), placeholders)));
        for (name, text) in placeholders.as_object().into_iter().flatten() {
            say(format_args!("  {name}: {}", text.as_str().map_or_else(|| text.to_string(), str::to_owned)));
        }
        let mut notices = self.engine.notices();
        loop {
            let shown = self.engine.caller("terminal").get(&self.flow_id).await;
            match shown {
                Ok(shown) if matches!(&*shown, FlowResult::Progress(_)) => {}
                Ok(shown) => return Ok(Next::Shown(shown)),
                Err(error) => {
                    complain(format_args!("error[{}]: {error}", error.code()));
                    return Ok(Next::Over(Outcome::Broken));
                }
            }
            // The engine says when there is something new.
            loop {
                tokio::select! {
                    notice = notices.recv() => match notice {
                        Ok(Notice::FlowProgressed { flow_id, .. } | Notice::FlowRemoved { flow_id }) if flow_id == self.flow_id => break,
                        Ok(_) => {}
                        Err(_) => break,
                    },
                    _ = tokio::signal::ctrl_c() => return Err(Gone::Interrupted),
                }
            }
        }
    }

    async fn again(&self) -> Result<Next, Gone> {
        match self.engine.caller("terminal").get(&self.flow_id).await {
            Ok(shown) => Ok(Next::Shown(shown)),
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                Ok(Next::Over(Outcome::Broken))
            }
        }
    }

    async fn sent(&self, answer: Value) -> Result<Next, Gone> {
        match self.engine.caller("terminal").answer(&self.flow_id, answer).await {
            Ok(shown) => Ok(Next::Shown(shown)),
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                self.again().await
            }
        }
    }

    /// Says how the flow ended.
    async fn over(&self, value: &Value) -> Outcome {
        if value["type"] == "abort" {
            let reason = value["reason"].as_str().unwrap_or_default();
            say(format_args!("\nEnded: {}", self.texts.abort(reason, &value["description_placeholders"])));
            let good = matches!(reason, "reconfigure_successful" | "reauth_successful");
            return if good { Outcome::Fine } else { Outcome::Differs };
        }
        say(format_args!("\nCreated: {}", value["title"].as_str().unwrap_or_default()));
        for entry in self.engine.store().entries(None).await.unwrap_or_default() {
            let shown = |map: &Map<String, Value>| -> Map<String, Value> {
                map.iter()
                    .map(|(name, value)| (name.clone(), if self.is_secret(name) { "<secret>".into() } else { value.clone() }))
                    .collect()
            };
            say(format_args!(
                "{:#}",
                json!({"title": entry.title, "data": shown(&entry.data), "options": shown(&entry.options)})
            ));
        }
        Outcome::Fine
    }
}
