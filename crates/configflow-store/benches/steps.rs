//! What it costs to keep a step: in memory, on disk, and with many flows at once, which share one transaction.

use std::sync::Arc;

use configflow_engine::{Caller, Engine, MemoryStore, Start, Store};
use configflow_store::SqliteStore;
use configflow_yaml::{Options, Source, load};
use divan::Bencher;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

/// Two forms that lead to each other, so that a flow can be answered for as long as it is measured.
const DEFINITION: &str = "
domain: bench
version: 1
fields: { host: { type: string, required: true }, port: { type: integer, required: true } }
config:
  user: { form: [host], then: second }
  second: { form: [port], then: user }
";

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

fn caller(store: Arc<dyn Store>) -> Caller {
    let loaded = load(&Source::new("bench.yaml", DEFINITION), &Options::default());
    let definition = loaded.map_err(|error| format!("{error:?}")).expect("a definition").definition;
    Engine::builder().definition(definition).store(store).build().expect("an engine").caller("bench")
}

async fn started(caller: &Caller) -> String {
    let shown = caller.start(Start::user("bench")).await.expect("started");
    json!(*shown)["flow_id"].as_str().unwrap_or_default().to_owned()
}

/// Two answers.
async fn answer(caller: &Caller, flow: &str) {
    caller.answer(flow, json!({"host": "lamp.local"})).await.expect("answered");
    caller.answer(flow, json!({"port": 80})).await.expect("answered");
}

#[divan::bench]
fn two_steps_in_memory(bencher: Bencher<'_, '_>) {
    let runtime = runtime();
    let caller = caller(Arc::new(MemoryStore::new()));
    let flow = runtime.block_on(started(&caller));
    bencher.bench(|| runtime.block_on(answer(&caller, &flow)));
}

#[divan::bench]
fn two_steps_on_disk(bencher: Bencher<'_, '_>) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().expect("a folder"));
    let caller = caller(Arc::new(SqliteStore::open(folder.path()).expect("a store")));
    let flow = runtime.block_on(started(&caller));
    bencher.bench(|| runtime.block_on(answer(&caller, &flow)));
}

#[divan::bench(args = [8, 64])]
fn two_steps_of_many_flows_on_disk(bencher: Bencher<'_, '_>, flows: usize) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().expect("a folder"));
    let caller = caller(Arc::new(SqliteStore::open(folder.path()).expect("a store")));
    let ids = runtime.block_on(async {
        let mut ids = Vec::with_capacity(flows);
        for _ in 0..flows {
            ids.push(started(&caller).await);
        }
        ids
    });
    bencher.counter(divan::counter::ItemsCount::new(flows * 2)).bench(|| {
        runtime.block_on(futures_util::future::join_all(ids.iter().map(|flow| answer(&caller, flow))));
    });
}

#[divan::bench(args = [100, 10_000])]
fn one_step_beside_many_flows(bencher: Bencher<'_, '_>, beside: usize) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().expect("a folder"));
    let caller = caller(Arc::new(SqliteStore::open(folder.path()).expect("a store")));
    let flow = runtime.block_on(async {
        futures_util::future::join_all((1..beside).map(|_| started(&caller))).await;
        started(&caller).await
    });
    bencher.bench(|| runtime.block_on(answer(&caller, &flow)));
}
