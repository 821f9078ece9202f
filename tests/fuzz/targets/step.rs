//! Any JSON lines as answers to the MS365 dialog, results of effects in between: no panic, no step that is not in the definition.
#![no_main]

use std::sync::LazyLock;

use configflow_core::{Definition, EffectOutcome, Event, Failure, Started, render, start, step};
use configflow_yaml::{Options, Source, load};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

static DEFINITION: LazyLock<Definition> = LazyLock::new(|| {
    let text = include_str!("../../../fixtures/flows/ms365_calendar.yaml");
    load(&Source::new("ms365_calendar.yaml", text), &Options::default()).expect("the definition loads").definition
});

fuzz_target!(|text: &str| {
    let mut transition = start(&DEFINITION, Started::by("user", "fuzz")).expect("the flow starts");
    for line in text.lines().take(32) {
        let event = match (transition.effects.run.as_ref(), line) {
            (Some(effect), line) if line.starts_with('!') => {
                Event::EffectDone { id: effect.id, outcome: EffectOutcome::failed(Failure::code(line.trim_start_matches('!'))) }
            }
            (Some(effect), _) => Event::EffectDone { id: effect.id, outcome: EffectOutcome::done(json!({"names": []})) },
            (None, "<") => Event::Back,
            (None, ">") => Event::Continued,
            (None, line) => Event::Answered { input: serde_json::from_str(line).unwrap_or(Value::Null) },
        };
        if let Ok(next) = step(&DEFINITION, &transition.state, event) {
            transition = next;
        }
        if transition.state.is_over() {
            return;
        }
        let dialog = DEFINITION.dialog(transition.state.kind()).expect("the dialog");
        assert!(transition.state.step().is_some_and(|name| dialog.step(name).is_some()));
        let _ = render(&DEFINITION, &transition.state);
    }
});
