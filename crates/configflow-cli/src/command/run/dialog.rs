//! Goes through a flow with a person.

use std::sync::Arc;

use configflow_core::{FlowResult, StepError};
use configflow_engine::{Engine, FlowError, Notice, Start};
use configflow_testkit::simulated::Simulated;
use serde_json::{Map, Value, json};

use super::ask::{Ask, Gone, Question};
use super::errors::Errors;
use super::field::{Place, ask_all, names};
use super::link;
use super::secrets::Secrets;
use super::texts::Texts;
use crate::outcome::{Outcome, complain, say};

/// A flow and the person in front of it.
pub(super) struct Dialog {
    pub(super) engine: Engine,
    pub(super) domain: String,
    pub(super) texts: Texts,
    pub(super) secrets: Secrets,
    pub(super) simulated: Option<Simulated>,
    /// Whether the simulated provider is what links lead to: only where an account is linked.
    pub(super) logs_in: bool,
    /// The data that starts the flow.
    pub(super) init: Value,
    pub(super) ask: Ask,
    pub(super) flow_id: String,
    /// What was last sent to which form: shown again where something in it was wrong.
    pub(super) typed: Option<(String, Map<String, Value>)>,
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
        let start = Start::source(&self.domain, source, self.init.clone());
        let mut shown = match self.ask.interrupt().or(caller.start(start)).await {
            Ok(Ok(shown)) => shown,
            Ok(Err(error)) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Outcome::Broken;
            }
            Err(_) => return Outcome::Interrupted,
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
                    if let Err(error) = caller.abort(&self.flow_id).await {
                        complain(format_args!("error[{}]: {error}", error.code()));
                    }
                    return match gone {
                        Gone::Interrupted => Outcome::Interrupted,
                        Gone::Declined => Outcome::Differs,
                        Gone::Closed => Outcome::Broken,
                    };
                }
            }
        }
    }

    fn heading(&self, value: &Value) {
        let (step, placeholders) = (value["step_id"].as_str().unwrap_or_default(), &value["description_placeholders"]);
        say(format_args!("\n## {}", self.texts.title(step, placeholders)));
        match self.texts.description(step, placeholders) {
            Some(description) => say(description),
            None => list(placeholders),
        }
    }

    async fn form(&mut self, value: &Value) -> Result<Next, Gone> {
        let step = value["step_id"].as_str().unwrap_or_default();
        let placeholders = &value["description_placeholders"];
        self.heading(value);
        let link = placeholders["auth_url"].as_str();
        if let Some(url) = link {
            link::print(url);
        }
        let mut errors = value["errors"].as_object().cloned().unwrap_or_default();
        let typed = self.typed.take().filter(|(form, _)| form == step && !errors.is_empty());
        let mut typed = typed.map(|(_, typed)| typed).unwrap_or_default();
        let schema = &value["data_schema"];
        loop {
            let answers = self.answers(step, link, schema, placeholders, &Errors::of(&errors), &typed).await?;
            self.secrets.learn(&answers);
            typed.clone_from(&answers);
            let caller = self.engine.caller("terminal");
            match self.ask.interrupt().or(caller.answer(&self.flow_id, Value::Object(answers))).await? {
                Ok(shown) => {
                    self.typed = Some((step.to_owned(), typed));
                    return Ok(Next::Shown(shown));
                }
                Err(FlowError::Step(StepError::Invalid(invalid))) => errors = invalid.errors(),
                Err(error) => {
                    complain(format_args!("error[{}]: {error}", error.code()));
                    return Ok(Next::Over(Outcome::Broken));
                }
            }
        }
    }

    /// One round of a form.
    async fn answers(
        &self,
        step: &str,
        link: Option<&str>,
        schema: &Value,
        placeholders: &Value,
        errors: &Errors,
        typed: &Map<String, Value>,
    ) -> Result<Map<String, Value>, Gone> {
        let place = Place { texts: &self.texts, step, section: None, placeholders, secrets: &self.secrets, errors };
        let shown = names(schema);
        let simulated = link.filter(|_| self.logs_in);
        // What belongs to no field comes first; the rest stands beside its field, unless no field is asked.
        place.complain_of_the_rest(if simulated.is_some() { &[] } else { &shown });
        if let Some(url) = simulated
            && self.offers_login()?
        {
            return self.logged_in(url, schema).await;
        }
        if shown.is_empty() {
            let on = self.ask.confirm(&Question::of("Go on?"), true)?;
            return if on { Ok(Map::new()) } else { Err(Gone::Declined) };
        }
        let none = Errors::default();
        let errors = if simulated.is_some() { &none } else { errors };
        ask_all(&self.ask, &Place { errors, ..place }, schema, typed)
    }

    fn offers_login(&self) -> Result<bool, Gone> {
        self.ask.confirm(&Question::of("Log in at the simulated provider?"), true)
    }

    /// What the person brings back from the simulated provider: a pasted URL, or nothing where the hub was called back.
    async fn logged_in(&self, url: &str, schema: &Value) -> Result<Map<String, Value>, Gone> {
        let Some(simulated) = &self.simulated else { return Ok(Map::new()) };
        let returned = match self.ask.interrupt().or(simulated.person().log_in(url)).await? {
            Ok(returned) => returned,
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                return Err(Gone::Closed);
            }
        };
        // A browser on this machine follows the redirect itself; where nobody listens, its address is pasted.
        if let Ok(followed) = self.ask.interrupt().or(simulated.person().follow(&returned)).await? {
            say(format_args!("The listener on this machine answered with status {}.", followed.status));
            return Ok(Map::new());
        }
        if let Some(field) = pasted_into(schema) {
            return Ok(Map::from_iter([(field.to_owned(), Value::String(returned))]));
        }
        let query = returned.split_once('?').map(|(_, query)| query).unwrap_or_default();
        if let Err(error) = self.ask.interrupt().or(self.engine.callback(query)).await? {
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
        let chosen = self.ask.select_named(&Question::of("What next?"), &labels, &steps)?;
        self.sent(json!({"next_step_id": steps.get(chosen)})).await
    }

    async fn external(&self, value: &Value) -> Result<Next, Gone> {
        self.heading(value);
        let url = value["url"].as_str().unwrap_or_default();
        link::print(url);
        if self.logs_in && self.offers_login()? {
            self.logged_in(url, &Value::Null).await?;
            return self.again().await;
        }
        if !self.ask.confirm(&Question::of("Are you back from that page?"), true)? {
            return Err(Gone::Declined);
        }
        self.sent(json!({})).await
    }

    async fn progress(&self, value: &Value) -> Result<Next, Gone> {
        let placeholders = &value["description_placeholders"];
        say(format_args!("\n… {}", self.texts.progress(value["progress_action"].as_str().unwrap_or_default(), placeholders)));
        list(placeholders);
        if let Some(page) = placeholders["verification_uri_complete"].as_str().or(placeholders["verification_uri"].as_str()) {
            link::print(page);
        }
        let mut notices = self.engine.notices();
        loop {
            let caller = self.engine.caller("terminal");
            let shown = self.ask.interrupt().or(caller.get(&self.flow_id)).await?;
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
                match self.ask.interrupt().or(notices.recv()).await? {
                    Ok(Notice::FlowProgressed { flow_id, .. } | Notice::FlowRemoved { flow_id, .. })
                        if flow_id == self.flow_id =>
                    {
                        break;
                    }
                    Ok(_) => {}
                    // Some were missed; one of them may have been ours.
                    Err(_) => break,
                }
            }
        }
    }

    async fn again(&self) -> Result<Next, Gone> {
        let caller = self.engine.caller("terminal");
        match self.ask.interrupt().or(caller.get(&self.flow_id)).await? {
            Ok(shown) => Ok(Next::Shown(shown)),
            Err(error) => {
                complain(format_args!("error[{}]: {error}", error.code()));
                Ok(Next::Over(Outcome::Broken))
            }
        }
    }

    async fn sent(&self, answer: Value) -> Result<Next, Gone> {
        let caller = self.engine.caller("terminal");
        match self.ask.interrupt().or(caller.answer(&self.flow_id, answer)).await? {
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
            let placeholders = &value["description_placeholders"];
            match self.texts.abort(reason, placeholders) {
                Some(text) => say(format_args!("\nEnded: {text}")),
                None => {
                    say(format_args!("\nEnded: {reason}"));
                    list(placeholders);
                }
            }
            let good = matches!(reason, "reconfigure_successful" | "reauth_successful");
            return if good { Outcome::Fine } else { Outcome::Differs };
        }
        say(format_args!("\nCreated: {}", self.secrets.hide_in(value["title"].as_str().unwrap_or_default())));
        for entry in self.engine.store().entries(None).await.unwrap_or_default() {
            let shown = json!({"title": entry.title, "data": entry.data, "options": entry.options});
            say(format_args!("{:#}", self.secrets.hide(&shown)));
        }
        Outcome::Fine
    }
}

/// What a text would have said, where there is none: what a person has to know stands in the placeholders.
fn list(placeholders: &Value) {
    for (name, value) in placeholders.as_object().into_iter().flatten() {
        match value {
            // The link is shown by itself.
            _ if name == "auth_url" => {}
            // A picture: the terminal draws its own of the address.
            Value::String(text) if text.is_empty() || text.starts_with("data:") => {}
            Value::Null => {}
            Value::String(text) => say(format_args!("  {name}: {text}")),
            other => say(format_args!("  {name}: {other}")),
        }
    }
}

/// The field that takes an address: the first one for a text.
fn pasted_into(schema: &Value) -> Option<&str> {
    let field = schema.as_array()?.iter().find(|field| field["type"] == "string" || field["selector"].get("text").is_some())?;
    field["name"].as_str()
}
