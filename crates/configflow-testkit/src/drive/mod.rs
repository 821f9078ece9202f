//! Runs a fixture.

mod error;
mod prepare;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use configflow_core::expr::{Expressions, Scope, Template};
use configflow_core::{FlowResult, Kind, StepError};
use configflow_engine::{Caller, Engine, FlowError, MemoryStore, Notice, Start, Store};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

pub use error::DriveError;
use prepare::{Prepared, prepare};

use crate::compare::{Difference, differences};
use crate::fixture::{Fixture, FixtureStep, StartStep};
use crate::flows::Flows;
use crate::mask::Mask;
use crate::simulated::{Behaviour, LogInError, Script, Simulated};
use crate::transition::Recorder;

/// How long a fixture waits for a progress to end.
const LONGEST_PROGRESS: Duration = Duration::from_secs(60);

/// The live values that texts of a fixture can name.
const LIVE: [&str; 7] = ["returned_url", "last_returned_url", "auth_url", "flow_id", "entry_id", "subentry_id", "result"];

/// Which provider a fixture meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    /// The simulated one.
    Simulated,
    /// The real one; then no step can log in by itself.
    Live,
}

/// What a run came to.
#[derive(Debug)]
pub struct Driven {
    /// Every transition, masked.
    pub transitions: Vec<Value>,
    /// What was not as expected.
    pub mismatches: Vec<Mismatch>,
    /// The entries that are stored in the end, masked, secrets left out.
    pub entries: Vec<Value>,
}

/// A step that was not as expected.
#[derive(Debug, Clone)]
pub struct Mismatch {
    /// Which step, from 0; none for the entries in the end.
    pub step: Option<usize>,
    /// What it is about.
    pub about: String,
    /// Where it differs.
    pub differences: Vec<Difference>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            Some(step) => writeln!(f, "step {step}: {}", self.about)?,
            None => writeln!(f, "{}", self.about)?,
        }
        for difference in &self.differences {
            writeln!(f, "  {}", difference.to_string().replace('\n', "\n  "))?;
        }
        Ok(())
    }
}

/// Runs a fixture to its end, whether its expectations hold or not.
///
/// # Errors
/// Where it cannot be run at all: no definition, a step that makes no sense.
pub async fn drive(fixture: &Fixture, flows: &Flows, provider: Provider) -> Result<Driven, DriveError> {
    let Prepared { engine, store, recorder, simulated, mask } = prepare(fixture, flows, provider).await?;
    let mut run = Run {
        fixture,
        notices: engine.notices(),
        caller: engine.caller("fixture"),
        engine,
        store,
        recorder,
        simulated,
        mask,
        mismatches: Vec::new(),
        flow_id: String::new(),
        shown: Value::Null,
        returned_url: String::new(),
    };
    match run.steps().await {
        Ok(()) => run.finish().await,
        Err(DriveError::Step { step, reason, .. }) => Err(DriveError::Step { step, reason, transitions: run.transitions() }),
        Err(error) => Err(error),
    }
}

struct Run<'f> {
    fixture: &'f Fixture,
    engine: Engine,
    caller: Caller,
    notices: Receiver<Notice>,
    store: Arc<MemoryStore>,
    recorder: Arc<Recorder>,
    simulated: Option<Simulated>,
    mask: Mask,
    mismatches: Vec<Mismatch>,
    flow_id: String,
    /// What was last shown.
    shown: Value,
    returned_url: String,
}

impl Run<'_> {
    async fn steps(&mut self) -> Result<(), DriveError> {
        let first = self.fixture.steps.first();
        if first.is_none_or(|step| step.start.is_none()) {
            let fixture = self.fixture;
            let start = Start {
                show_advanced_options: fixture.show_advanced_options,
                ..Start::source(&fixture.flow, &fixture.source, fixture.init.clone())
            };
            self.start(0, start).await?;
        }
        for (at, step) in self.fixture.steps.iter().enumerate() {
            self.step(at, step).await?;
        }
        Ok(())
    }

    async fn step(&mut self, at: usize, step: &FixtureStep) -> Result<(), DriveError> {
        if let Some(person) = step.person {
            self.change_person(person).await?;
        }
        if let Some(start) = &step.start {
            let start = self.further(at, start).await?;
            self.start(at, start).await?;
        }
        if let Some(expected) = &step.expect {
            let expected = self.live(at, expected).await?;
            self.compare(Some(at), step.about.as_deref().unwrap_or("what is shown differs"), &expected, &self.shown.clone());
        }
        if step.call_back {
            self.call_back(at).await?;
        }
        let mut refusal = None;
        if let Some(answer) = &step.answer {
            let answer = self.live(at, answer).await?;
            let outcome = self.caller.answer(&self.flow_id, answer.clone()).await;
            refusal = self.take(outcome, Some(&answer));
        }
        if step.again {
            let outcome = self.ask_again(at).await?;
            refusal = refusal.or(self.take(outcome, None));
        }
        if step.back {
            let outcome = self.caller.back(&self.flow_id).await;
            refusal = refusal.or(self.take(outcome, None));
        }
        if step.give_up {
            match self.caller.abort(&self.flow_id).await {
                Ok(()) => self.shown = json!({"message": "Flow aborted"}),
                Err(error) => refusal = Some(refused(&error)),
            }
        }
        match (&step.rejected, refusal) {
            (Some(expected), found) => {
                let about = step.about.as_deref().unwrap_or("the rejection differs");
                self.compare(Some(at), about, expected, &found.unwrap_or(Value::Null));
            }
            (None, Some(found)) => {
                self.compare(Some(at), "the answer was rejected", &json!({"rejected": null}), &json!({"rejected": found}))
            }
            (None, None) => {}
        }
        Ok(())
    }

    async fn change_person(&mut self, person: Behaviour) -> Result<(), DriveError> {
        if let Some(simulated) = &self.simulated {
            simulated.reset(Script { person, ..self.fixture.provider.clone() }).await?;
        }
        Ok(())
    }

    async fn start(&mut self, at: usize, start: Start) -> Result<(), DriveError> {
        match self.caller.start(start).await {
            Ok(shown) => self.show(&shown),
            Err(error) => {
                self.recorder.refused("", &Value::Null, &refused(&error));
                if self.fixture.steps.get(at).is_none_or(|step| step.rejected.is_none()) {
                    return Err(DriveError::step(at, format!("{error} ({})", error.code())));
                }
            }
        }
        Ok(())
    }

    async fn further(&mut self, at: usize, start: &StartStep) -> Result<Start, DriveError> {
        let mut ids = [None, None];
        for (id, text) in ids.iter_mut().zip([&start.entry_id, &start.subentry_id]) {
            if let Some(text) = text {
                let Value::String(live) = self.live(at, &Value::String(text.clone())).await? else {
                    return Err(DriveError::step(at, format!("`{text}` is of nothing: there is none yet")));
                };
                *id = Some(live);
            }
        }
        let [entry_id, subentry_id] = ids;
        let source = start.source.as_deref().unwrap_or("user");
        let base = Start { entry_id, ..Start::source(&self.fixture.flow, source, start.init.clone()) };
        let kind = match start.dialog.as_deref() {
            None | Some("config") => return Ok(base),
            Some("options") => Kind::Options,
            Some(kind) => Kind::Subentry { subentry_type: kind.to_owned() },
        };
        if base.entry_id.is_none() {
            return Err(DriveError::step(at, "this dialog is of an entry: name it with `entry_id`"));
        }
        Ok(Start { kind, subentry_id, ..base })
    }

    /// What is shown now; where that is a progress, what is shown once it is over.
    async fn ask_again(&mut self, at: usize) -> Result<Result<Arc<FlowResult>, FlowError>, DriveError> {
        let waiting = async {
            loop {
                match self.caller.get(&self.flow_id).await {
                    Ok(shown) if matches!(*shown, FlowResult::Progress(_)) => {}
                    outcome => return outcome,
                }
                // Listening began with the engine, so that no notice is missed; one too many only asks once more.
                if let Err(RecvError::Closed) = self.notices.recv().await {
                    return Err(FlowError::Closed);
                }
            }
        };
        let late = |_| DriveError::step(at, format!("the progress is not over after {} s", LONGEST_PROGRESS.as_secs()));
        tokio::time::timeout(LONGEST_PROGRESS, waiting).await.map_err(late)
    }

    async fn call_back(&mut self, at: usize) -> Result<(), DriveError> {
        let url = self.log_in(at).await?;
        if url.starts_with("http://127.0.0.1:") || url.starts_with("http://[::1]:") {
            return self.follow(at, &url).await;
        }
        let query = url.split_once('?').map(|(_, query)| query).unwrap_or_default();
        let outcome = self.engine.callback(query).await;
        outcome.map(|_| ()).map_err(|error| DriveError::step(at, format!("the callback found no flow: {error}")))
    }

    /// The browser is on this machine: it follows the redirect itself.
    async fn follow(&mut self, at: usize, url: &str) -> Result<(), DriveError> {
        let Some(simulated) = &self.simulated else { return Ok(()) };
        let answer = simulated.person().follow(url).await.map_err(|error| DriveError::step(at, error.to_string()))?;
        match answer.status {
            200 => Ok(()),
            status => Err(DriveError::step(at, format!("the listener on this machine answered with status {status}"))),
        }
    }

    /// What the person gets back from the provider by the link that is shown.
    async fn log_in(&mut self, at: usize) -> Result<String, DriveError> {
        let broken = |reason: String| DriveError::step(at, reason);
        let link = self.auth_url().ok_or_else(|| broken("no link is shown that could be opened".to_owned()))?;
        let simulated =
            self.simulated.as_ref().ok_or_else(|| broken("only the simulated provider logs in by itself".to_owned()))?;
        let returned = simulated.person().log_in(&link).await.map_err(|error: LogInError| broken(error.to_string()))?;
        self.returned_url.clone_from(&returned);
        Ok(returned)
    }

    fn auth_url(&self) -> Option<String> {
        let placeholder = self.shown.get("description_placeholders").and_then(|placeholders| placeholders.get("auth_url"));
        placeholder.or_else(|| self.shown.get("url")).and_then(Value::as_str).map(str::to_owned)
    }

    /// Puts live values where a fixture names them.
    async fn live(&mut self, at: usize, value: &Value) -> Result<Value, DriveError> {
        let text = value.to_string();
        if !text.contains("{{") {
            return Ok(value.clone());
        }
        let broken = |reason: String| DriveError::step(at, reason);
        let template = Template::value(value, &mut Expressions::default()).map_err(|error| broken(error.to_string()))?;
        let names: Vec<String> = template.expressions().iter().flat_map(|expr| expr.names()).collect();
        let mut live = Map::new();
        live.insert("flow_id".to_owned(), self.flow_id.clone().into());
        live.insert("last_returned_url".to_owned(), self.returned_url.clone().into());
        if names.iter().any(|name| name.split('.').next() == Some("returned_url")) {
            live.insert("returned_url".to_owned(), self.log_in(at).await?.into());
        }
        live.insert("auth_url".to_owned(), self.auth_url().into());
        let entry = self.store.entries(None).await.ok().and_then(|entries| entries.into_iter().next_back());
        let subentry = entry.as_ref().and_then(|entry| entry.subentries.last()).map(|subentry| subentry.subentry_id.clone());
        live.insert("entry_id".to_owned(), entry.map(|entry| entry.entry_id).into());
        live.insert("subentry_id".to_owned(), subentry.into());
        live.insert("result".to_owned(), self.shown.clone());
        let unknown = names.iter().find(|name| !LIVE.contains(&name.split('.').next().unwrap_or_default()));
        if let Some(name) = unknown {
            return Err(broken(format!("nothing live is called `{name}`; there are {}", LIVE.join(", "))));
        }
        template.eval(&Scope::of_map(live)).map_err(|error| broken(error.to_string()))
    }

    fn show(&mut self, result: &FlowResult) {
        self.shown = result.to_value();
        if let Some(flow_id) = self.shown.get("flow_id").and_then(Value::as_str) {
            self.flow_id = flow_id.to_owned();
            self.mask.hide(flow_id, "flow_id");
        }
        if let Some(entry_id) = self.shown.pointer("/result/entry_id").and_then(Value::as_str) {
            self.mask.hide(entry_id, "entry_id");
        }
    }

    /// Takes the outcome of a request: what is shown, or why it was refused.
    fn take(&mut self, outcome: Result<Arc<FlowResult>, FlowError>, input: Option<&Value>) -> Option<Value> {
        match outcome {
            Ok(shown) => {
                self.show(&shown);
                None
            }
            Err(error) => {
                let refusal = refused(&error);
                let step = self.shown.get("step_id").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.recorder.refused(&step, input.unwrap_or(&Value::Null), &refusal);
                Some(refusal)
            }
        }
    }

    fn compare(&mut self, step: Option<usize>, about: &str, expected: &Value, found: &Value) {
        let differences = differences(expected, found);
        if !differences.is_empty() {
            let masked = |value: &Value| self.mask.value(value);
            let differences = differences.into_iter().map(|difference| Difference {
                expected: masked(&difference.expected),
                found: difference.found.as_ref().map(masked),
                ..difference
            });
            self.mismatches.push(Mismatch { step, about: about.to_owned(), differences: differences.collect() });
        }
    }

    fn transitions(&self) -> Vec<Value> {
        self.recorder.take().iter().map(|transition| self.mask.value(transition)).collect()
    }

    async fn finish(mut self) -> Result<Driven, DriveError> {
        let stored = self.store.entries(None).await.unwrap_or_default();
        for entry in &stored {
            self.mask.hide(&entry.entry_id, "entry_id");
        }
        let entries: Vec<Value> = stored.iter().map(|entry| json!(entry)).collect();
        if let Some(expected) = &self.fixture.entries_after {
            let (expected, found) = (Value::Array(expected.clone()), Value::Array(entries.clone()));
            self.compare(None, "the entries in the end differ", &expected, &found);
        }
        let transitions = self.transitions();
        let secrets = self.recorder.secrets();
        let entries = entries.into_iter().map(|entry| self.mask.value(&secrets.without(&entry))).collect();
        Ok(Driven { transitions, mismatches: self.mismatches, entries })
    }
}

/// A refusal as a fixture expects it: its code, and what a client is told.
fn refused(error: &FlowError) -> Value {
    let mut refusal = json!({"code": error.code(), "text": error.to_string()});
    if let (FlowError::Step(StepError::Invalid(invalid)), Some(refusal)) = (error, refusal.as_object_mut())
        && let Value::Object(body) = invalid.body()
    {
        refusal.extend(body);
    }
    refusal
}
