//! The process that is killed: it goes on with the flows that are open, starts others, and tells everything that it is told.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use configflow_core::FlowResult;
use configflow_engine::{Caller, Engine, FlowError, Start};
use configflow_oauth::Outbound;
use configflow_store::SqliteStore;
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};

use crate::line::{Line, Orders};

/// Set for the process that is killed: the folder of its store.
pub(crate) const FOLDER: &str = "CONFIGFLOW_KILL_FOLDER";

const DEFINITION: &str = include_str!("account.yaml");

pub(crate) fn run(folder: &Path) {
    let mut orders = String::new();
    std::io::stdin().read_to_string(&mut orders).expect("orders");
    let orders: Orders = serde_json::from_str(&orders).expect("orders");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(live(folder, orders));
}

fn tell(line: &Line) {
    let text = serde_json::to_string(line).expect("JSON");
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).expect("told");
}

async fn live(folder: &Path, orders: Orders) {
    let store = Arc::new(SqliteStore::open(folder).expect("a store"));
    let source = Source::new("account.yaml", DEFINITION);
    let definition = load(&source, &Options::default()).map_err(|error| format!("{error:?}")).expect("sound").definition;
    let outbound = Outbound::new().everything_else(&format!("http://127.0.0.1:{}", orders.port)).expect("an address");
    let engine = Engine::builder()
        .definition(definition)
        .store(store)
        .outbound(outbound.clone())
        .hub(json!({"external_url": "https://hub.example"}))
        .build()
        .expect("an engine");
    let resumed = engine.resume().await.expect("resumed");
    assert_eq!((resumed.changed, resumed.unreadable.len()), (0, 0));

    for entry in engine.store().entries(None).await.expect("entries") {
        let token = match &entry.account_key {
            Some(key) => engine.store().token(&entry.domain, key).await.expect("a token"),
            None => None,
        };
        let linked = token.is_some_and(|token| token.tokens.access().expose().starts_with("sim-access-"));
        tell(&Line::Entry { id: entry.entry_id, data: Value::Object(entry.data), linked });
    }
    let caller = engine.caller("anna");
    let mut dialogs = Vec::new();
    for (number, flow, called_back) in orders.open {
        let shown = match caller.get(&flow).await {
            Ok(shown) => Some(shown),
            Err(FlowError::UnknownFlow) => None,
            Err(error) => panic!("{error}"),
        };
        tell(&Line::Now { number, flow: flow.clone(), shown: shown.as_ref().map(|shown| json!(**shown)) });
        let dialog = Dialog { engine: engine.clone(), caller: caller.clone(), outbound: outbound.clone(), number };
        if let Some(shown) = shown {
            dialogs.push(tokio::spawn(async move { dialog.go_on(shown, called_back).await }));
        }
    }
    for number in orders.fresh {
        let dialog = Dialog { engine: engine.clone(), caller: caller.clone(), outbound: outbound.clone(), number };
        dialogs.push(tokio::spawn(async move { dialog.start().await }));
    }
    for dialog in dialogs {
        dialog.await.expect("a dialog");
    }
    tell(&Line::Done);
}

/// The person in front of one flow.
struct Dialog {
    engine: Engine,
    caller: Caller,
    outbound: Outbound,
    number: u64,
}

impl Dialog {
    async fn start(self) {
        tell(&Line::Starts { number: self.number });
        let shown = self.caller.start(Start::user("account")).await.expect("started");
        self.tell_shown(&shown);
        self.go_on(shown, false).await;
    }

    fn tell_shown(&self, shown: &FlowResult) {
        let shown = json!(shown);
        let flow = shown["flow_id"].as_str().unwrap_or_default().to_owned();
        tell(&Line::Shown { number: self.number, flow, shown });
    }

    async fn go_on(self, mut shown: Arc<FlowResult>, mut called_back: bool) {
        let number = self.number;
        loop {
            let FlowResult::Form(form) = &*shown else { return };
            let flow = form.flow_id.clone();
            let answer = match form.step_id.as_str() {
                "user" => json!({"name": format!("name-{number}"), "paste": number.is_multiple_of(2)}),
                "second" => json!({"password": format!("password-{number}")}),
                "last" => json!({"note": format!("note-{number}")}),
                "called_back" if called_back => json!({}),
                step => {
                    let placeholders = json!(form.description_placeholders);
                    let back = self.log_in(placeholders["url"].as_str().unwrap_or_default()).await;
                    if step == "pasted" {
                        json!({"url": back})
                    } else {
                        let query = back.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
                        tell(&Line::CallsBack { number });
                        match self.engine.callback(&query).await {
                            Ok(_) => tell(&Line::CalledBack { number }),
                            // After a restart the form may still show an attempt that was spent.
                            Err(FlowError::UnknownFlow) => {}
                            Err(error) => panic!("{error}"),
                        }
                        json!({})
                    }
                }
            };
            called_back = false;
            tell(&Line::Tries { number, step: form.step_id.clone() });
            shown = self.answer(&flow, answer, &shown).await;
            self.tell_shown(&shown);
        }
    }

    /// Answers; a flow that is still busy with what it did before the restart is asked until it is not.
    async fn answer(&self, flow: &str, answer: Value, shown: &Arc<FlowResult>) -> Arc<FlowResult> {
        match self.caller.answer(flow, answer).await {
            Ok(shown) => shown,
            Err(error) if error.code() == "flow.busy" || error.code() == "flow.invalid_answer" => loop {
                // The answer was meant for a form that is gone by now.
                let now = self.caller.get(flow).await.expect("the flow");
                if json!(now) != json!(shown) || error.code() == "flow.invalid_answer" {
                    return now;
                }
                if self.caller.answer(flow, Value::Null).await.err().is_none_or(|error| error.code() != "flow.busy") {
                    return self.caller.get(flow).await.expect("the flow");
                }
                tokio::task::yield_now().await;
            },
            Err(error) => panic!("{error}"),
        }
    }

    /// Logs in, and gives the address to which the provider sends the person back.
    async fn log_in(&self, url: &str) -> String {
        let url = url::Url::parse(url).expect("an address");
        let local = self.outbound.rewrite(&url).expect("the simulated provider");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        let answer = client.get(local).send().await.expect("the login page");
        let location = answer.headers().get("location").expect("a way back");
        location.to_str().expect("a text").to_owned()
    }
}
