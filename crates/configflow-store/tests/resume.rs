//! Flows go on after their process ended, in an engine that begins with nothing but the store.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use configflow_core::signature::{Repeat, Shape, Signature, Signatures};
use configflow_core::{Definition, Failure};
use configflow_engine::{Action, ActionCall, Caller, Engine, FlowError, Resumed, Start};
use configflow_store::SqliteStore;
use configflow_yaml::{Options, Source, load};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

const LAMP: &str = "
domain: lamp
version: 1
fields:
  host: { type: string, required: true }
  port: { type: integer, required: true }
  pin:  { type: string, required: true, secret: true }
  name: { type: string, required: true }
config:
  user:
    form: [host, port]
    do:
      - entry.unique: { id: \"{{ host }}\" }
    then: pin
  pin:
    form: [pin]
    placeholders: { host: \"{{ host }}\" }
    do:
      - device.once: { pin: \"{{ pin }}\" }
        on_error: { interrupted: { error: { base: was_interrupted } }, any: { error: { base: failed } } }
    then: name
  name:
    form: [{ name: { suggested: \"{{ host }}\" } }]
    do:
      - device.again: { pin: \"{{ pin }}\" }
        as: told
    then: { create_entry: { title: \"{{ name }}\", data: \"{{ answers }}\" } }
";

/// An action that never ends where it is told to hang, and counts how often it began.
#[derive(Clone)]
struct Device {
    name: &'static str,
    repeat: Repeat,
    hangs: bool,
    begun: Arc<AtomicUsize>,
    begins: Arc<Notify>,
    /// A store that gets full while the action runs.
    fills: Option<Arc<SqliteStore>>,
}

impl Device {
    fn new(name: &'static str, repeat: Repeat, hangs: bool) -> Self {
        Self { name, repeat, hangs, begun: Arc::default(), begins: Arc::default(), fills: None }
    }
}

fn signature(name: &str, repeat: Repeat) -> Signature {
    let takes = configflow_core::signature::Parameter {
        name: "pin".to_owned(),
        kind: configflow_core::signature::ValueKind::Secret,
        required: true,
    };
    Signature {
        name: name.to_owned(),
        summary: String::new(),
        takes: vec![takes],
        gives: Shape::Open,
        fails: Vec::new(),
        repeat,
        account: false,
    }
}

impl Action for Device {
    fn signature(&self) -> Signature {
        signature(self.name, self.repeat)
    }

    fn run<'a>(&'a self, call: ActionCall) -> BoxFuture<'a, Result<Value, Failure>> {
        Box::pin(async move {
            assert_eq!(call.text("pin"), "4711", "the parameters are what they were");
            self.begun.fetch_add(1, Ordering::SeqCst);
            self.begins.notify_one();
            if self.hangs {
                std::future::pending::<()>().await;
            }
            if let Some(store) = &self.fills {
                store.limit_pages(1).await.expect("limited to what it has");
                return Ok(json!({"blob": "x".repeat(200_000)}));
            }
            Ok(json!({"well": true}))
        })
    }
}

fn definition(text: &str) -> Definition {
    let mut signatures = Signatures::default();
    signatures.register(signature("device.once", Repeat::Once));
    signatures.register(signature("device.again", Repeat::Repeatable));
    let loaded = load(&Source::new("lamp.yaml", text), &Options { signatures, ..Options::default() });
    loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition
}

/// A process: it ends when it is dropped, and what ran in it stops where it is.
struct Process {
    runtime: Runtime,
    engine: Engine,
    once: Device,
    again: Device,
}

impl Process {
    fn start(folder: &Path, text: &str, hangs: bool) -> (Self, Resumed) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let (once, again) =
            (Device::new("device.once", Repeat::Once, hangs), Device::new("device.again", Repeat::Repeatable, hangs));
        let store = Arc::new(SqliteStore::open(folder).expect("a store"));
        let builder = Engine::builder().store(store).action(once.clone()).action(again.clone());
        let engine = builder.definition(definition(text)).build().expect("an engine");
        let resumed = runtime.block_on(engine.resume()).expect("resumed");
        (Self { runtime, engine, once, again }, resumed)
    }

    fn caller(&self) -> Caller {
        self.engine.caller("anna")
    }

    fn run<T>(&self, future: impl Future<Output = Result<Arc<T>, FlowError>>) -> Value
    where
        T: serde::Serialize,
    {
        json!(*self.runtime.block_on(future).expect("a result"))
    }

    /// Begins a flow, and leads it to the form for the PIN.
    fn at_pin(&self, host: &str) -> (String, Value) {
        let first = self.run(self.caller().start(Start::user("lamp")));
        let flow = first["flow_id"].as_str().expect("an id").to_owned();
        let shown = self.run(self.caller().answer(&flow, json!({"host": host, "port": 80})));
        assert_eq!(shown["step_id"], "pin");
        (flow, shown)
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn a_flow_goes_on_where_it_stood_with_all_that_it_knew() {
    let folder = folder();
    let (first, _) = Process::start(folder.path(), LAMP, false);
    let (flow, shown) = first.at_pin("10.0.0.1");
    drop(first);

    let (second, resumed) = Process::start(folder.path(), LAMP, false);
    assert_eq!(resumed, Resumed { flows: 1, ..Resumed::default() });
    assert_eq!(second.run(second.caller().get(&flow)), shown, "the same form");
    let refused = second.runtime.block_on(second.engine.caller("bert").answer(&flow, json!({"pin": "4711"})));
    assert_eq!(refused.err().map(|error| error.code()), Some("flow.other_principal"));
    let other = second.run(second.caller().start(Start::user("lamp")));
    let other = other["flow_id"].as_str().expect("an id");
    let claimed = second.run(second.caller().answer(other, json!({"host": "10.0.0.1", "port": 80})));
    assert_eq!(claimed["reason"], "already_in_progress", "what the flow claimed is claimed still");

    let back = second.run(second.caller().back(&flow));
    assert_eq!(back["step_id"], "user");
    assert_eq!(back["data_schema"][0]["description"]["suggested_value"], "10.0.0.1");
    second.run(second.caller().answer(&flow, json!({"host": "10.0.0.1", "port": 80})));
    second.run(second.caller().answer(&flow, json!({"pin": "4711"})));
    drop(second);

    let (third, _) = Process::start(folder.path(), LAMP, false);
    let named = third.run(third.caller().get(&flow));
    assert_eq!(named["data_schema"][0]["description"]["suggested_value"], "10.0.0.1");
    let made = third.run(third.caller().answer(&flow, json!({"name": "Lamp"})));
    assert_eq!(made["type"], "create_entry");
    drop(third);
    let (fourth, resumed) = Process::start(folder.path(), LAMP, false);
    assert_eq!(resumed, Resumed::default());
    let entries = fourth.runtime.block_on(fourth.engine.store().entries(None)).expect("entries");
    assert_eq!(json!(entries[0].data), json!({"host": "10.0.0.1", "port": 80, "pin": "4711", "name": "Lamp"}));
}

#[test]
fn an_action_that_may_repeat_runs_again_and_one_that_may_not_fails() {
    let folder = folder();
    let (first, _) = Process::start(folder.path(), LAMP, true);
    let (flow, _) = first.at_pin("10.0.0.1");
    let caller = first.caller();
    let answered = flow.clone();
    first.runtime.spawn(async move { caller.answer(&answered, json!({"pin": "4711"})).await.map(|_| ()) });
    first.runtime.block_on(first.once.begins.notified());
    drop(first);

    let (second, _) = Process::start(folder.path(), LAMP, false);
    let shown = second.run(settled(&second, &flow, "pin"));
    assert_eq!(second.once.begun.load(Ordering::SeqCst), 0, "it is not run again");
    assert_eq!(shown["step_id"], "pin");
    let shown = second.run(second.caller().answer(&flow, json!({"pin": "4711"})));
    assert_eq!((&shown["step_id"], second.once.begun.load(Ordering::SeqCst)), (&json!("name"), 1), "but anew");
    drop(second);

    let (third, _) = Process::start(folder.path(), LAMP, true);
    let (caller, answered) = (third.caller(), flow.clone());
    third.runtime.spawn(async move { caller.answer(&answered, json!({"name": "Lamp"})).await.map(|_| ()) });
    third.runtime.block_on(third.again.begins.notified());
    drop(third);

    let (fourth, _) = Process::start(folder.path(), LAMP, false);
    let mut notices = fourth.engine.notices();
    let entry = fourth.runtime.block_on(async {
        loop {
            let entries = fourth.engine.store().entries(None).await.expect("entries");
            if let Some(entry) = entries.into_iter().next() {
                return entry;
            }
            notices.recv().await.expect("a notice");
        }
    });
    assert_eq!(fourth.again.begun.load(Ordering::SeqCst), 1, "it ran again, and the answer in flight came to its end");
    assert_eq!(entry.title, "Lamp");
}

/// What a flow shows once nothing runs in it.
async fn settled(process: &Process, flow: &str, step: &str) -> Result<Arc<configflow_core::FlowResult>, FlowError> {
    loop {
        match process.caller().answer(flow, json!({"nothing": 1})).await {
            Err(error) if error.code() == "flow.busy" => tokio::task::yield_now().await,
            Err(error) if error.code() == "flow.invalid_answer" => return process.caller().get(flow).await,
            other => panic!("{step}: {other:?}"),
        }
    }
}

/// What becomes of a flow that stands at the PIN when the definition changes to this.
fn after(change: impl Fn(&str) -> String) -> Value {
    let folder = folder();
    let (first, _) = Process::start(folder.path(), LAMP, false);
    let (flow, before) = first.at_pin("10.0.0.1");
    drop(first);
    let text = change(LAMP);
    assert_ne!(text, LAMP);
    let (second, resumed) = Process::start(folder.path(), &text, false);
    if resumed.changed == 0 {
        let shown = second.run(second.caller().get(&flow));
        assert_eq!(shown["flow_id"], before["flow_id"]);
        return shown;
    }
    let refused = second.runtime.block_on(second.engine.caller("bert").get(&flow));
    assert_eq!(refused.err().map(|error| error.code()), Some("flow.other_principal"));
    drop(second);
    // Nobody asked yet, so it is told after another restart too; and once only.
    let (third, _) = Process::start(folder.path(), &text, false);
    let told = third.run(third.caller().get(&flow));
    let again = third.runtime.block_on(third.caller().get(&flow));
    assert_eq!(again.err().map(|error| error.code()), Some("flow.unknown"));
    assert_eq!(third.engine.flows_in_progress(), 0);
    drop(third);
    assert_eq!(Process::start(folder.path(), &text, false).1, Resumed::default());
    told
}

#[test]
fn a_flow_goes_on_under_a_changed_definition_where_that_is_sound() {
    let shown =
        after(|text| text.replace("host: \"{{ host }}\" }\n    do", "host: \"{{ host }}\", port: \"{{ port }}\" }\n    do"));
    assert_eq!(shown["description_placeholders"], json!({"host": "10.0.0.1", "port": 80}), "{shown}");
    let shown = after(|text| text.replace("form: [pin]", "form: [pin, name]"));
    assert_eq!(shown["data_schema"][1]["name"], "name", "the form is the new one");
    let shown = after(|text| {
        text.replace("port: { type: integer, required: true }", "port: { type: integer, required: true, max: 100 }")
    });
    assert_eq!(shown["step_id"], "pin", "what was answered fits the new type: {shown}");
    let shown = after(|text| {
        text.replace("then: name", "then: extra")
            .replace("  name:\n    form", "  extra: { form: [], then: name }\n  name:\n    form")
    });
    assert_eq!(shown["step_id"], "pin", "a step more changes nothing");
}

#[test]
fn a_flow_ends_where_the_changed_definition_cannot_go_on() {
    let changed = |told: Value| assert_eq!((&told["type"], &told["reason"]), (&json!("abort"), &json!("definition_changed")));
    // Its step is gone.
    changed(after(|text| text.replace("then: pin", "then: code").replace("  pin:\n", "  code:\n")));
    // What was answered does not fit the field's new type.
    changed(after(|text| text.replace("host: { type: string, required: true }", "host: { type: integer, required: true }")));
    changed(after(|text| {
        text.replace("port: { type: integer, required: true }", "port: { type: integer, required: true, max: 10 }")
    }));
    // A name that is bound is gone.
    let gone = |text: &str| text.replace("  port: { type: integer, required: true }\n", "").replace("[host, port]", "[host]");
    changed(after(gone));
    // The whole integration is gone.
    changed(after(|text| text.replace("domain: lamp", "domain: another")));
}

#[test]
fn a_flow_in_progress_keeps_its_definition_while_its_process_lives() {
    let folder = folder();
    let (process, _) = Process::start(folder.path(), LAMP, false);
    let (flow, shown) = process.at_pin("10.0.0.1");
    process.engine.set_definition(definition(&LAMP.replace("then: pin", "then: code").replace("  pin:\n", "  code:\n")));
    assert_eq!(process.run(process.caller().get(&flow)), shown);
    assert_eq!(process.run(process.caller().answer(&flow, json!({"pin": "4711"})))["step_id"], "name");
}

#[test]
fn whoever_hangs_up_while_the_store_writes_loses_nothing() {
    let folder = folder();
    let (process, _) = Process::start(folder.path(), LAMP, false);
    for at in 0..20 {
        let started = process.run(process.caller().start(Start::user("lamp")));
        let flow = started["flow_id"].as_str().expect("an id").to_owned();
        process.runtime.block_on(async {
            let caller = process.caller();
            // Asked once, and dropped: the answer is on its way to the disk.
            let answer = caller.answer(&flow, json!({"host": format!("10.0.0.{at}"), "port": 80}));
            assert!(answer.now_or_never().is_none_or(|answered| answered.is_ok()));
            while json!(*caller.get(&flow).await.expect("the flow"))["step_id"] != "pin" {
                tokio::task::yield_now().await;
            }
        });
    }
}

#[test]
fn what_the_store_cannot_keep_is_not_acknowledged_and_can_be_answered_again() {
    let folder = folder();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let store = Arc::new(SqliteStore::open(folder.path()).expect("a store"));
    let once = Device { fills: Some(Arc::clone(&store)), ..Device::new("device.once", Repeat::Once, false) };
    let builder = Engine::builder().store(Arc::<SqliteStore>::clone(&store)).action(once.clone());
    let engine = builder
        .action(Device::new("device.again", Repeat::Repeatable, false))
        .definition(definition(LAMP))
        .build()
        .expect("an engine");
    let caller = engine.caller("anna");
    let large = "x".repeat(200_000);
    runtime.block_on(async {
        let started = json!(*caller.start(Start::user("lamp")).await.expect("started"));
        let flow = started["flow_id"].as_str().expect("an id");
        store.limit_pages(1).await.expect("limited to what it has");
        let full = caller.answer(flow, json!({"host": large, "port": 80})).await;
        assert_eq!(full.err().map(|error| error.code()), Some("store.failed"));
        assert_eq!(json!(*caller.get(flow).await.expect("the flow")), started, "it stands where it stood");
        let known = 1 + usize::from(caller.start(Start::user("lamp")).await.is_ok());
        assert_eq!(engine.flows_in_progress(), known, "no flow that nobody knows");

        store.limit_pages(100_000).await.expect("room again");
        let shown = json!(*caller.answer(flow, json!({"host": large, "port": 80})).await.expect("answered"));
        assert_eq!(shown["step_id"], "pin");

        // The action runs, and what came of it cannot be kept: nobody is told, and it is not run again.
        let full = caller.answer(flow, json!({"pin": "4711"})).await;
        assert_eq!(full.err().map(|error| error.code()), Some("store.failed"));
        let again = caller.answer(flow, json!({"pin": "4711"})).await;
        assert_eq!(again.err().map(|error| error.code()), Some("store.failed"), "the disk is still full");
        store.limit_pages(100_000).await.expect("room again");
        let shown = json!(*caller.answer(flow, json!({"pin": "4711"})).await.expect("answered"));
        assert_eq!((&shown["step_id"], once.begun.load(Ordering::SeqCst)), (&json!("name"), 1));
    });
}
