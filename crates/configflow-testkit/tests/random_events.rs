//! Random sequences of events never panic, never lead to a step that the definition does not name, and never show a secret.
//! A rejected event changes nothing, and a state means the same after it was stored.

use std::path::Path;

use configflow_core::definition::Show;
use configflow_core::{
    Context, Definition, EffectOutcome, Event, Failure, FlowResult, Kind, Position, Started, State, Work, adopt, render, rerun,
    start, step,
};
use configflow_testkit::Flows;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const DOMAINS: [&str; 6] = ["ms365_calendar", "threshold", "iotty", "acme_thermostat", "acme_cloud", "acme_lamp"];
const SECRET: &str = "canary-4711";

/// What to do next, by numbers: what they mean depends on where the flow stands.
#[derive(Debug, Clone)]
struct Choice {
    kind: u8,
    first: u16,
    second: u16,
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    prop::collection::vec(
        (any::<u8>(), any::<u16>(), any::<u16>()).prop_map(|(kind, first, second)| Choice { kind, first, second }),
        1..40,
    )
}

fn definition(domain: &str) -> Definition {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    Flows::in_folder(&folder).get(domain).expect("the definition loads")
}

/// How flows of a definition can start.
fn starts(definition: &Definition, choice: u16) -> Started {
    let mut entry_points: Vec<(Kind, String)> = Vec::new();
    for source in ["user", "reauth", "reconfigure", "import", "zeroconf"] {
        if definition.config.as_ref().is_some_and(|dialog| dialog.step(source).is_some()) {
            entry_points.push((Kind::Config, source.to_owned()));
        }
    }
    if definition.options.is_some() {
        entry_points.push((Kind::Options, "user".to_owned()));
    }
    entry_points
        .extend(definition.subentries.keys().map(|kind| (Kind::Subentry { subentry_type: kind.clone() }, "user".to_owned())));
    let (kind, source) = entry_points[usize::from(choice) % entry_points.len()].clone();
    let entry = json!({"entry_id": "e", "title": "Entry", "data": {"entity_name": "x", "client_secret": SECRET, "api_key": SECRET, "host": "h"}, "options": {}});
    Started {
        kind,
        context: Context { source, entry_id: Some("e".to_owned()), ..Context::default() },
        entry: std::sync::Arc::new(entry),
        init: std::sync::Arc::new(
            json!({"host": "10.0.0.1", "name": "n", "properties": {"id": "i"}, "data": {"entity_name": "x"}}),
        ),
        ..Started::by("user", "flow")
    }
}

/// An answer that often fits what is shown.
fn answer(shown: &Value, choice: &Choice) -> Value {
    if choice.second.is_multiple_of(17) {
        return [Value::Null, json!([]), json!("x"), json!({"nothing": 1}), json!({}), json!(7)][usize::from(choice.first) % 6]
            .clone();
    }
    if let Some(options) = shown["menu_options"].as_array() {
        return json!({"next_step_id": options.get(usize::from(choice.first) % options.len().max(1))});
    }
    Value::Object(fields(&shown["data_schema"], usize::from(choice.first)))
}

fn fields(schema: &Value, seed: usize) -> Map<String, Value> {
    let mut answer = Map::new();
    for (at, field) in schema.as_array().into_iter().flatten().enumerate() {
        let name = field["name"].as_str().unwrap_or_default();
        let pick = seed.wrapping_add(at * 31);
        if field["required"] == false && pick.is_multiple_of(3) {
            continue;
        }
        let value = match field["type"].as_str() {
            Some("expandable") => Value::Object(fields(&field["schema"], pick)),
            Some("boolean") => json!(pick.is_multiple_of(2)),
            Some("integer") => json!(pick % 700),
            Some("select") => field["options"]
                .get(pick % field["options"].as_array().map_or(1, Vec::len).max(1))
                .and_then(|pair| pair.get(0))
                .cloned()
                .unwrap_or_default(),
            Some("multi_select") => {
                field["options"].as_array().map(|all| all.iter().take(pick % 3).cloned().collect()).unwrap_or_default()
            }
            _ if name.contains("secret") || name == "api_key" || name == "pin" => json!(SECRET),
            _ if field["selector"].get("number").is_some() => json!(pick % 90),
            _ if field["selector"].get("entity").is_some() => json!("sensor.x"),
            _ => json!(["", "text", "https://example.org/?code=1"][pick % 3]),
        };
        answer.insert(name.to_owned(), value);
    }
    answer
}

/// What an effect may come to.
fn outcome(work: &Work, choice: &Choice) -> EffectOutcome {
    let Work::Action { action, .. } = work else {
        return match choice.first % 5 {
            0 => EffectOutcome::failed(Failure::code("store.failed")),
            1 => EffectOutcome::Abort { reason: "already_configured".to_owned(), placeholders: None },
            _ => EffectOutcome::done(json!({"entry": {"entry_id": "new"}})),
        };
    };
    let codes: Vec<String> = configflow_core::signature::builtin(action)
        .into_iter()
        .flat_map(|signature| signature.fails.clone())
        .map(|failure| failure.code)
        .collect();
    match choice.first % 4 {
        0 if !codes.is_empty() => {
            EffectOutcome::failed(Failure::code(&codes[usize::from(choice.second) % codes.len()]).with("reason", "denied"))
        }
        1 if choice.second.is_multiple_of(9) => EffectOutcome::failed(Failure::code("timeout")),
        2 if choice.second.is_multiple_of(9) => EffectOutcome::Abort { reason: "stopped".to_owned(), placeholders: None },
        _ => EffectOutcome::Done {
            result: json!({
                "names": ["a", "b"], "devices": [{"id": 1, "name": "n", "room": "r", "online": true}], "count": 2, "first": "one",
                "available": {"one": "One", "two": "Two"}, "mac": "AA:BB:CC:DD:EE:FF", "name": "lamp", "locked": true, "user_code": "X",
            }),
            link: Some(json!({"url": "https://login.example/authorize?state=1", "redirect_uri": "https://x.example"})),
            account: Some(json!({"api": "https://api.example", "username": "ada"})),
        },
    }
}

fn check_state(definition: &Definition, state: &State) -> Result<(), TestCaseError> {
    let dialog = definition.dialog(state.kind()).expect("the dialog that it started in");
    if let Some(name) = state.step() {
        prop_assert!(dialog.step(name).is_some(), "step {name} is not in the definition");
    }
    let stored = serde_json::to_string(state).expect("a state can be stored");
    let back: State = serde_json::from_str(&stored).expect("and read again");
    prop_assert_eq!(&stored, &serde_json::to_string(&back).expect("stored again"));
    let debug = format!("{state:?}");
    prop_assert!(!debug.contains(SECRET));
    if !state.is_over()
        && let (Ok(one), Ok(two)) = (render(definition, state), render(definition, &back))
    {
        prop_assert_eq!(one.to_value(), two.to_value());
        check_shown(&one)?;
    }
    Ok(())
}

/// Whether two effects are the same, secret parameters included.
fn same(one: &Work, two: &Work) -> bool {
    match (one, two) {
        (
            Work::Action { action, parameters, account, repeat },
            Work::Action { action: other, parameters: others, account: others_account, repeat: others_repeat },
        ) => action == other && parameters == others && account == others_account && repeat == others_repeat,
        _ => false,
    }
}

fn check_shown(shown: &FlowResult) -> Result<(), TestCaseError> {
    let text = shown.to_value().to_string();
    prop_assert!(!text.contains(SECRET), "a secret is shown: {text}");
    Ok(())
}

/// The same definition in another text: its fingerprint is another one, and whoever waits for an answer goes on.
fn check_adopted(definition: &Definition, state: &State) -> Result<(), TestCaseError> {
    let mut parts = (**definition).clone();
    parts.source.push_str("\n# a remark\n");
    let changed = Definition::build(parts).expect("the same parts");
    prop_assert!(changed.fingerprint() != definition.fingerprint());
    // Random results link accounts of definitions that have none; no engine does.
    let links = definition.account.is_some() || state.link().is_none();
    if let (true, Position::Showing { .. }, Ok(shown)) = (links, state.position(), render(definition, state)) {
        let adopted = adopt(&changed, state.clone()).expect("nothing is missing");
        prop_assert_eq!(render(&changed, &adopted).expect("shown").to_value(), shown.to_value());
        prop_assert_eq!(adopted.can_go_back(), state.can_go_back());
    }
    Ok(())
}

fn run(domain: &str, choices: &[Choice]) -> Result<(), TestCaseError> {
    let definition = definition(domain);
    let first = &choices[0];
    let mut transition = start(&definition, starts(&definition, first.first)).expect("an entry point that is there");
    let mut shown = Value::Null;
    for choice in choices {
        if let Some(show) = &transition.show {
            check_shown(show)?;
            shown = show.to_value();
        }
        check_state(&definition, &transition.state)?;
        check_adopted(&definition, &transition.state)?;
        if transition.state.is_over() {
            return Ok(());
        }
        let effect = transition.effects.run.take();
        if let (Some(effect), Position::Running { .. }) = (&effect, transition.state.position()) {
            // After a restart the same effect is asked for, with the same parameters.
            let again = rerun(&definition, &transition.state).expect("a stored state").expect("the effect that it waits for");
            prop_assert_eq!(again.id, effect.id);
            prop_assert!(same(&again.work, &effect.work));
        }
        let event = match (&effect, choice.kind % 8) {
            (Some(effect), 0..=5) => Event::EffectDone { id: effect.id, outcome: outcome(&effect.work, choice) },
            (_, 0..=4) => Event::Answered { input: answer(&shown, choice) },
            (_, 5) => Event::Continued,
            (_, 6) if choice.first.is_multiple_of(5) => {
                Event::Returned { error: choice.second.is_multiple_of(2).then(|| "access_denied".to_owned()) }
            }
            (_, 6) => Event::Back,
            (_, _) if choice.first.is_multiple_of(13) => Event::Cancelled,
            _ => Event::EffectDone { id: configflow_core::EffectId(99), outcome: EffectOutcome::done(Value::Null) },
        };
        let before = serde_json::to_string(&transition.state).expect("a state can be stored");
        match step(&definition, &transition.state, event) {
            Ok(next) => {
                // An effect that was not awaited here is still awaited there.
                let running = next.state.effect();
                let pending = effect.filter(|effect| running == Some(effect.id));
                transition = next;
                if transition.effects.run.is_none() {
                    transition.effects.run = pending;
                }
            }
            Err(error) => {
                prop_assert!(!error.code().is_empty() && !error.to_string().contains(SECRET));
                prop_assert_eq!(before, serde_json::to_string(&transition.state).expect("a state can be stored"));
                transition.effects.run = effect;
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn random_events_keep_every_promise(domain in 0..DOMAINS.len(), choices in choices()) {
        run(DOMAINS[domain], &choices)?;
    }
}

#[test]
fn the_definitions_show_every_kind_of_step() {
    let mut kinds = std::collections::BTreeSet::new();
    for domain in DOMAINS {
        for step in definition(domain).config.iter().flat_map(|dialog| dialog.steps().cloned().collect::<Vec<_>>()) {
            kinds.insert(match step.show {
                Show::Nothing => "nothing",
                Show::Form(_) => "form",
                Show::Menu(_) => "menu",
                Show::External(_) => "external",
                Show::Progress(_) => "progress",
            });
        }
    }
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}
