//! Every input that was recorded for every kind of field: the schema takes and refuses it as the form does, with few exceptions.

use std::collections::BTreeMap;

use configflow_yaml::{Options, Source, load, parse};
use serde_json::{Value, json};

use super::{of, plain_of};

/// Kinds that no client can show, so that they have no form.
const UNSHOWABLE: [&str; 8] =
    ["vol_email", "vol_url", "vol_fqdnurl", "vol_any_str_none", "vol_dict", "vol_list", "vol_nested_dict", "vol_list_of_str"];

/// How many inputs of a kind the schema takes or refuses otherwise, and why.
const EXCEPTIONS: [(&str, usize, &str); 11] = [
    ("vol_int", 2, "for a schema 1.0 is a whole number"),
    ("vol_any_none_int", 2, "for a schema 1.0 is a whole number"),
    ("vol_float", 9, "for a schema 1 is a number like 1.0"),
    ("vol_markers", 2, "groups of fields that go together, or exclude each other, are not on the wire"),
    ("vol_allow_extra", 1, "that other keys are taken is not on the wire"),
    ("vol_remove_extra", 1, "that other keys are forgotten is not on the wire"),
    ("sel_choose", 2, "which choice is meant, only the form looks up; one was recorded with a fault of the recorder's"),
    ("sel_color_temp_kelvin", 2, "the edges of a number are not looked at in a text"),
    ("sel_duration_full", 1, "whether all parts together are negative is not said by a schema"),
    ("sel_entity", 2, "a number that reads like an id"),
    ("sel_template", 1, "whether a template is well formed is not said by a schema"),
];

fn fixture(name: &str) -> String {
    let file = format!("{}/../../fixtures/validation/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(file).expect("a fixture")
}

/// The inputs of a kind that the schema takes or refuses otherwise than the form, of how many.
fn differing(kind: &Value, recorded: &Value) -> (Vec<String>, usize) {
    let names: Vec<&String> = kind["fields"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let definition = json!({
        "domain": "matrix", "fields": kind["fields"],
        "config": {"user": {"form": names, "then": {"create_entry": {"title": "t", "data": "{{ answers }}"}}}},
    });
    let loaded = load(&Source::new("kind.yaml", &definition.to_string()), &Options::default()).expect("sound").definition;
    let schema = of("user", &recorded["data_schema"], &|name| plain_of(&loaded, name));
    assert!(jsonschema::meta::is_valid(&schema), "{schema}");
    let validator = jsonschema::draft202012::new(&schema).expect("a schema");
    let probes = recorded["probes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let differs = |probe: &&Value| (probe["status"] == 200) != validator.is_valid(&probe["input"]);
    let name = |probe: &Value| format!("{} {}", if probe["status"] == 200 { "refuses" } else { "takes" }, probe["input"]);
    (probes.iter().filter(differs).map(name).collect(), probes.len())
}

#[test]
fn the_schema_takes_what_the_form_takes_and_refuses_what_it_refuses() {
    let matrix: Value = serde_json::from_str(&fixture("schema_matrix.json")).expect("JSON");
    let kinds = parse(&Source::new("kinds.yaml", &fixture("kinds.yaml"))).expect("YAML").to_json();
    let (mut wrong, mut same, mut total) = (Vec::new(), 0, 0);
    let exceptions: BTreeMap<&str, usize> = EXCEPTIONS.iter().map(|(name, count, _)| (*name, *count)).collect();
    for recorded in matrix["schemas"].as_array().expect("schemas") {
        let name = recorded["schema"].as_str().expect("a name");
        if UNSHOWABLE.contains(&name) {
            continue;
        }
        let (inputs, all) = differing(&kinds[name], recorded);
        total += all;
        same += all - inputs.len();
        if inputs.len() != exceptions.get(name).copied().unwrap_or_default() {
            wrong.push(format!("{name} {}: {}", inputs.len(), inputs.join("  ")));
        }
    }
    assert!(wrong.is_empty(), "{same} of {total}; known: {EXCEPTIONS:?}\n{}", wrong.join("\n"));
    assert_eq!((same, total), (5_999, 6_024), "docs/server.md has these figures");
}
