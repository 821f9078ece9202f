//! What a field of the file takes.

use configflow_core::field::{Extra, Shown, validate};
use configflow_core::{Definition, Event, FlowResult, Started, StepError, Transition, start, step};
use configflow_yaml::{Options, Source, load};
use serde_json::{Value, json};

/// What an answer to a field becomes.
fn taken(field: &str, answer: Value) -> Result<Value, Value> {
    let text = format!(
        "domain: x\nfields:\n  value: {field}\nconfig:\n  user: {{ form: [value], then: {{ create_entry: {{ title: x }} }} }}\n"
    );
    let loaded = load(&Source::new("fields.yaml", &text), &Options::default()).unwrap_or_else(|found| panic!("{found}"));
    let form = [Shown::of(&loaded.definition.fields["value"])];
    match validate(&form, Extra::Refuse, &json!({"value": answer})) {
        Ok(values) => Ok(values["value"].clone()),
        Err(invalid) => Err(invalid.body()["errors"]["value"].clone()),
    }
}

#[test]
fn a_type_beside_a_selector_converts_what_it_selects() {
    let number = "{ selector: { number: { min: 1, max: 9, mode: box } }, type: integer }";
    assert_eq!(taken(number, json!(2)), Ok(json!(2)));
    assert_eq!(taken(number, json!(2.0)), Ok(json!(2)));
    assert_eq!(taken(number, json!(12)), Err(json!("Value 12.0 is too large")));
    assert_eq!(taken("{ selector: { number: { mode: box } } }", json!(2)), Ok(json!(2.0)));
    assert_eq!(taken("{ selector: { text: {} }, type: port }", json!("8123")), Ok(json!(8123)));
    assert_eq!(taken("{ selector: { text: {} }, type: string, lower: true }", json!("ABC")), Ok(json!("abc")));
}

#[test]
fn a_range_beside_a_selector_has_its_own_words() {
    let percent = "{ selector: { number: { min: 0, max: 100 } }, type: float, above: 0, below: 100, message: extreme }";
    assert_eq!(taken(percent, json!(50)), Ok(json!(50.0)));
    assert_eq!(taken(percent, json!(0)), Err(json!("extreme")));
    assert_eq!(taken(percent, json!(101)), Err(json!("Value 101.0 is too large")));
}

#[test]
fn a_default_of_null_is_one_where_null_is_an_answer() {
    let fields =
        "{ value: { type: strict_string, nullable: true, default: null }, other: { type: strict_string, default: null } }";
    let shown = shown(fields, "[value, other]");
    assert_eq!(shown[0]["default"], json!(null));
    assert!(shown[0].get("default").is_some());
    assert!(shown[1].get("default").is_none());
}

/// The fields of a form as they are shown first.
fn shown(fields: &str, form: &str) -> Value {
    let (_, transition) =
        begun(&format!("domain: x\nfields: {fields}\nconfig:\n  user: {{ form: {form}, then: {{ abort: end }} }}\n"));
    fields_of(&transition)
}

fn begun(text: &str) -> (Definition, Transition) {
    let loaded = load(&Source::new("fields.yaml", text), &Options::default()).unwrap_or_else(|found| panic!("{found}"));
    let begun = start(&loaded.definition, Started::by("user", "f")).expect("the flow starts");
    (loaded.definition, begun)
}

fn fields_of(transition: &Transition) -> Value {
    match &transition.show {
        Some(FlowResult::Form(form)) => form.data_schema.to_value(),
        other => panic!("no form but {other:?}"),
    }
}

fn answered(definition: &Definition, before: &Transition, input: Value) -> Transition {
    step(definition, &before.state, Event::Answered { input }).expect("the answer fits")
}

#[test]
fn null_in_a_step_takes_away_what_the_field_says() {
    let fields = "{ value: { type: integer, min: 1, required: true, default: 3, suggested: 4 } }";
    let as_text = shown(fields, "[{ value: { type: null, min: null, selector: { text: {} }, default: null, suggested: null } }]");
    assert_eq!(
        as_text,
        json!([{
            "selector": {"text": {"multiline": false, "multiple": false}}, "name": "value", "required": true,
            "description": {"suggested_value": null},
        }])
    );
    // What the step says by itself has to fit the field as it is there, and not as it was.
    let chosen = shown(fields, "[{ value: { type: select, min: null, options: \"{{ ['a', 'b'] }}\", default: \"{{ 'a' }}\" } }]");
    assert_eq!(chosen[0]["options"], json!([["a", "a"], ["b", "b"]]));
    assert_eq!(chosen[0]["default"], json!("a"));
}

#[test]
fn settings_of_a_selector_follow_earlier_answers() {
    let (definition, first) = begun(
        r#"
domain: x
fields:
  entity: { selector: { entity: {} }, required: true }
  state: { selector: { state: { entity_id: "{{ entity }}", hide_states: ["{{ entity | upper }}", off] } }, required: true }
config:
  user: { form: [entity], then: second }
  second: { form: [state, { entity: { selector: { entity: { include_entities: ["{{ entity }}"] } } } }], then: { abort: end } }
"#,
    );
    let second = answered(&definition, &first, json!({"entity": "light.a"}));
    let fields = fields_of(&second);
    assert_eq!(
        fields[0]["selector"]["state"],
        json!({"entity_id": "light.a", "hide_states": ["LIGHT.A", "off"], "multiple": false})
    );
    assert_eq!(fields[1]["selector"]["entity"]["include_entities"], json!(["light.a"]));
    // The answer is held to what was shown.
    let other = json!({"state": "on", "entity": "light.b"});
    let refused = step(&definition, &second.state, Event::Answered { input: other }).expect_err("another entity is refused");
    assert!(
        matches!(refused, StepError::Invalid(invalid) if invalid.body()["errors"]["entity"] == "value must be one of ['light.a']")
    );
}

#[test]
fn a_field_may_be_called_like_a_name_of_the_language() {
    let (definition, first) = begun(
        r#"
domain: x
fields:
  label: { type: string, required: true }
  input: { type: string, required: true }
config:
  user:
    form: [label, input]
    check: [{ when: answers.label == 'wrong', error: { label: wrong } }]
    then: { abort: "{{ answers.label }}-{{ input.label }}-{{ answers.input }}" }
"#,
    );
    let again = answered(&definition, &first, json!({"label": "wrong", "input": "i"}));
    assert!(matches!(&again.show, Some(FlowResult::Form(form)) if form.errors["label"] == "wrong"));
    let ended = answered(&definition, &first, json!({"label": "l", "input": "i"}));
    assert!(matches!(&ended.show, Some(FlowResult::Abort(abort)) if abort.reason == "l-l-i"));
}

#[test]
fn no_field_is_called_base() {
    let text = "domain: x\nfields: { base: { type: string } }\nconfig: { user: { form: [base], then: { abort: end } } }\n";
    let Err(found) = load(&Source::new("fields.yaml", text), &Options::default()) else { panic!("no diagnostic") };
    assert!(found.to_string().contains("name.reserved"), "{found}");
}

/// What a form of these fields says of an answer.
fn refused(fields: &str, form: &str, answer: Value) -> Value {
    let (definition, transition) =
        begun(&format!("domain: x\nfields: {fields}\nconfig:\n  user: {{ form: {form}, then: {{ abort: end }} }}\n"));
    match step(&definition, &transition.state, Event::Answered { input: answer }) {
        Err(StepError::Invalid(invalid)) => invalid.body(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_with_a_group_is_said_alone() {
    let fields = "{ a: { type: integer, marker: { inclusive: in } }, b: { type: integer, marker: { inclusive: in } }, \
                  c: { type: integer, marker: { exclusive: ex } }, d: { type: integer, marker: { exclusive: ex } }, \
                  n: { type: integer, required: true } }";
    let form = "[a, b, c, d, n]";
    let two = "two or more values in the same group of exclusion 'ex' @ data[<ex>]";
    let some = "some but not all values in the same group of inclusion 'in' @ data[<in>]";
    let all_wrong = json!({"a": "x", "c": 1, "d": 2, "extra": 1});
    assert_eq!(refused(fields, form, all_wrong), json!({"errors": {"base": [two]}}), "what excludes goes first");
    assert_eq!(refused(fields, form, json!({"a": "x", "c": 1, "extra": 1})), json!({"errors": {"base": [some]}}));
    let rest = json!({"errors": {"n": "required key not provided", "base": ["extra keys not allowed @ data['extra']"]}});
    assert_eq!(refused(fields, form, json!({"a": 1, "b": 2, "c": 1, "extra": 1})), rest);
}

#[test]
fn what_the_step_suggests_is_all_that_is_said_of_a_field() {
    let text = "domain: x\nfields: { a: { type: string, advanced: true }, b: { type: string, description: { more: 1 } } }\n\
                config: { user: { form: [a, b], suggested: { a: s }, then: { abort: end } } }\n";
    let loaded = load(&Source::new("fields.yaml", text), &Options::default()).unwrap_or_else(|found| panic!("{found}"));
    let mut started = Started::by("user", "f");
    started.context.show_advanced_options = true;
    let shown = fields_of(&start(&loaded.definition, started).expect("the flow starts"));
    assert_eq!(shown[0]["description"], json!({"suggested_value": "s"}));
    assert_eq!(shown[1]["description"], json!({"more": 1}), "it suggests nothing of this one");
}
