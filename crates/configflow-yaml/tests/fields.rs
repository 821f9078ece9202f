//! What a field of the file takes.

use configflow_core::field::{Extra, Shown, validate};
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
