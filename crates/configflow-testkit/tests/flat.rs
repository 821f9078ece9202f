//! What one request costs does not grow with the flows in progress. Memory that is asked for is counted, not time: whatever walks over
//! all flows first gathers them.

use std::future::Future;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use configflow_engine::{Caller, Engine, Limits, MemoryStore, Start};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const DEFINITION: &str = "
domain: lamp
fields: { host: { type: string, required: true }, note: { type: string } }
config:
  user: { form: [host], do: [entry.unique: { id: \"{{ host }}\" }], then: second }
  zeroconf: { form: [host], then: second }
  second: { form: [note], then: { create_entry: { title: \"{{ host }}\", data: \"{{ answers }}\" } } }
";

/// How many flows there are at first, and at last.
const FEW: usize = 10;
const MANY: usize = 20_000;

/// How often each thing is done; the cheapest counts, since a table grows now and then.
const ROUNDS: usize = 16;

/// What each request asks for at least.
#[derive(Debug)]
struct Cost {
    start: AllocationInfo,
    unique_id: AllocationInfo,
    finish: AllocationInfo,
    progress: AllocationInfo,
    entries: AllocationInfo,
    handlers: AllocationInfo,
    abandoned: AllocationInfo,
}

struct Hub {
    runtime: Runtime,
    engine: Engine,
    caller: Caller,
    made: usize,
}

impl Hub {
    fn new() -> Self {
        let loaded = load(&Source::new("lamp.yaml", DEFINITION), &Options::default());
        let definition = loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition;
        let limits = Limits { flows: usize::MAX, flows_of_one: usize::MAX, ..Limits::default() };
        let builder = Engine::builder().definition(definition).limits(limits).store(Arc::new(MemoryStore::new()));
        let engine = builder.build().expect("an engine");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, caller: engine.caller("ada"), engine, made: 0 }
    }

    /// Starts flows that stay.
    fn fill(&self, flows: usize) {
        for _ in self.engine.flows_in_progress()..flows {
            self.runtime.block_on(self.caller.start(Start::user("lamp"))).expect("a form");
        }
    }

    /// What work asks for at least, of as many rounds as there are.
    fn least<F: Future>(&self, mut work: impl FnMut() -> F) -> AllocationInfo {
        let once = |work: &mut dyn FnMut() -> F| measure(|| drop(self.runtime.block_on(work())));
        let rounds = (0..ROUNDS).map(|_| once(&mut work));
        rounds.min_by_key(|info| (info.bytes_total, info.count_total)).expect("a round")
    }

    fn cost(&mut self) -> Cost {
        let (engine, caller) = (self.engine.clone(), self.caller.clone());
        let begun: Vec<String> = (0..ROUNDS).map(|_| self.begin()).collect();
        let mut answers = Vec::with_capacity(ROUNDS);
        for flow in &begun {
            self.made += 1;
            answers.push((flow.clone(), json!({"host": format!("host-{:08}", self.made)})));
        }
        let mut answers = answers.into_iter();
        let start = self.least(|| caller.start(Start::user("lamp")));
        let unique_id = self.least(|| {
            let (flow, answer) = answers.next().expect("a flow for each round");
            let caller = caller.clone();
            async move { caller.answer(&flow, answer).await.expect("the second form") }
        });
        let mut second = begun.into_iter();
        let finish = self.least(|| {
            let (caller, flow) = (caller.clone(), second.next().expect("a flow for each round"));
            async move { caller.answer(&flow, json!({})).await.expect("an entry") }
        });
        // Entries are not flows: as many are there as before.
        for entry in self.runtime.block_on(engine.store().entries(None)).expect("entries") {
            self.runtime.block_on(engine.remove_entry(&entry.entry_id)).expect("removed");
        }
        Cost {
            start,
            unique_id,
            finish,
            progress: self.least(|| std::future::ready(engine.listed())),
            entries: self.least(|| engine.store().entries(None)),
            handlers: self.least(|| engine.outlines()),
            abandoned: self.least(|| engine.give_up_abandoned()),
        }
    }

    fn begin(&self) -> String {
        let shown = self.runtime.block_on(self.caller.start(Start::user("lamp"))).expect("a form").to_value();
        shown["flow_id"].as_str().map(str::to_owned).expect("an id")
    }
}

#[test]
fn a_request_costs_as_much_beside_many_flows_as_beside_few() {
    let mut hub = Hub::new();
    hub.runtime.block_on(hub.engine.start(Start::source("lamp", "zeroconf", Value::Null))).expect("a discovery");
    hub.fill(FEW);
    let few = hub.cost();
    hub.fill(MANY);
    let many = hub.cost();
    assert_eq!(hub.engine.listed().len(), 1, "of all these flows, one is a discovery");
    for (what, few, many) in [
        ("a start", few.start, many.start),
        ("a unique-id check", few.unique_id, many.unique_id),
        ("the end of a flow", few.finish, many.finish),
        ("the list of flows in progress", few.progress, many.progress),
        ("the list of entries", few.entries, many.entries),
        ("the list of handlers", few.handlers, many.handlers),
        ("the search for flows that were left alone", few.abandoned, many.abandoned),
    ] {
        // A tree that is one level higher may take a node more.
        assert!(many.count_total <= few.count_total + 2, "{what}: {few:?}, then {many:?}");
        assert!(many.bytes_total <= few.bytes_total + 2_048, "{what}: {few:?}, then {many:?}");
    }
}
