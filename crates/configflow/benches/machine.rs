//! Speed of loading and stepping, in process. Run with `cargo bench -p configflow`.
//!
//! The floor is what serde_json takes to parse and serialise the same bytes in the same run.

use configflow::core::{EffectOutcome, Event, Started};
use configflow::{Definition, Engine, Options, Source, Start, State, Value, load, start, step};
use divan::{Bencher, black_box};
use serde_json::json;

const FOUR_FIELDS: &str = "
domain: four
fields:
  host: { type: string, required: true }
  port: { type: port, default: 8123, required: true }
  ssl: { type: boolean, default: true }
  note: { type: string }
config:
  user: { form: [host, port, ssl, note], check: [{ when: host == 'bad', error: { host: invalid_host } }], then: second }
  second: { form: [note], then: { create_entry: { title: \"{{ host }}\", data: \"{{ answers }}\" } } }
";
const MS365: &str = include_str!("../../../fixtures/flows/ms365_calendar.yaml");
const ANSWER: &str = r#"{"host":"192.168.1.2","port":8123,"ssl":true,"note":"hello"}"#;

fn main() {
    divan::main();
}

fn definition(text: &str) -> Definition {
    match load(&Source::new("bench.yaml", text), &Options::default()) {
        Ok(loaded) => loaded.definition,
        Err(diagnostics) => panic!("{diagnostics}"),
    }
}

fn started(definition: &Definition) -> State {
    start(definition, Started::by("user", "01J0000000000000000000000")).expect("the flow starts").state
}

fn ms365_answer() -> Value {
    json!({
        "entity_name": "test", "client_id": "1234", "client_secret": "5678", "alt_auth_method": false, "enable_update": false,
        "basic_calendar": false, "groups": false, "shared_mailbox": "", "api_options": {"country": "Default"},
    })
}

#[divan::bench]
fn load_four_fields(bencher: Bencher<'_, '_>) {
    bencher.bench(|| definition(black_box(FOUR_FIELDS)));
}

#[divan::bench]
fn load_ms365_calendar(bencher: Bencher<'_, '_>) {
    bencher.bench(|| definition(black_box(MS365)));
}

#[divan::bench]
fn start_four_fields(bencher: Bencher<'_, '_>) {
    let definition = definition(FOUR_FIELDS);
    bencher.bench(|| start(&definition, Started::by("user", "01J0000000000000000000000")));
}

#[divan::bench]
fn step_four_fields(bencher: Bencher<'_, '_>) {
    let definition = definition(FOUR_FIELDS);
    let state = started(&definition);
    let input: Value = serde_json::from_str(ANSWER).expect("JSON");
    bencher.with_inputs(|| Event::Answered { input: input.clone() }).bench_values(|event| step(&definition, &state, event));
}

#[divan::bench]
fn step_four_fields_json_in_and_out(bencher: Bencher<'_, '_>) {
    let definition = definition(FOUR_FIELDS);
    let state = started(&definition);
    bencher.bench(|| {
        let input: Value = serde_json::from_str(black_box(ANSWER)).expect("JSON");
        let transition = step(&definition, &state, Event::Answered { input }).expect("the answer fits");
        serde_json::to_string(&transition.show).expect("a result")
    });
}

#[divan::bench]
fn floor_parse_and_serialise_the_same_bytes(bencher: Bencher<'_, '_>) {
    let definition = definition(FOUR_FIELDS);
    let state = started(&definition);
    let input: Value = serde_json::from_str(ANSWER).expect("JSON");
    let shown = step(&definition, &state, Event::Answered { input }).expect("the answer fits").show.map(|show| show.to_value());
    bencher.bench(|| {
        let input: Value = serde_json::from_str(black_box(ANSWER)).expect("JSON");
        black_box(&input);
        serde_json::to_string(black_box(&shown)).expect("a result")
    });
}

#[divan::bench]
fn step_ms365_user_in_the_machine(bencher: Bencher<'_, '_>) {
    let definition = definition(MS365);
    let state = started(&definition);
    let link =
        json!({"url": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?state=x", "redirect_uri": "https://x"});
    let input = ms365_answer();
    bencher.with_inputs(|| Event::Answered { input: input.clone() }).bench_values(|event| {
        let answered = step(&definition, &state, event).expect("the answer fits");
        let id = answered.effects.run.as_ref().expect("require_new runs").id;
        let new = step(&definition, &answered.state, Event::EffectDone { id, outcome: EffectOutcome::done(json!({})) })
            .expect("it is new");
        let id = new.effects.run.as_ref().expect("authorize runs").id;
        let outcome = EffectOutcome::Done { result: link.clone(), link: Some(link.clone()), account: None };
        step(&definition, &new.state, Event::EffectDone { id, outcome }).expect("the link is shown")
    });
}

#[divan::bench]
fn step_ms365_user_in_the_engine_up_to_its_link(bencher: Bencher<'_, '_>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let engine = runtime.block_on(async { Engine::builder().definition(definition(MS365)).build().expect("an engine") });
    let caller = engine.caller("bench");
    bencher
        .with_inputs(|| {
            runtime.block_on(caller.start(Start::user("ms365_calendar"))).expect("it starts").to_value()["flow_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
        .bench_values(|flow_id| {
            let shown = runtime.block_on(caller.answer(&flow_id, ms365_answer())).expect("the link is shown");
            assert_eq!(shown.step_id(), Some("request_default"));
            shown
        });
}
