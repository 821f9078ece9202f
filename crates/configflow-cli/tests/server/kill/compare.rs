//! What is there after a kill, held against what was acknowledged.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::person::{Pending, Person, Stored, Way, name, quiet};
use crate::support::Served;

/// How many flows were found how.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// As they were.
    pub(crate) restored: u64,
    /// At the same step with a fresh link, since nobody knows whether the code was sent.
    pub(crate) interrupted: u64,
    /// With the answer that was on its way.
    pub(crate) went_on: u64,
    /// Ended, since their definition changed.
    pub(crate) changed: u64,
    /// Over, as what was on its way had asked.
    pub(crate) over: u64,
}

/// Compares everything that the persons know with what a fresh server has, and lets them know it.
pub(crate) async fn compare(persons: &mut [Person], server: &Served, way: &Way, found: &mut Found) {
    let listed = server.send("GET", "/api/configflow/entries?include=data", None).await.expect("an answer");
    let listed = listed.body.as_array().expect("a list").clone();
    let mut entries: BTreeMap<String, Value> = BTreeMap::new();
    for entry in listed {
        let name = entry["data"]["name"].as_str().expect("a name").to_owned();
        assert!(entries.insert(name.clone(), entry).is_none(), "{name} has two entries");
    }
    for person in persons.iter_mut() {
        for (number, stored) in &person.done {
            let entry = entries.remove(&name(*number));
            match (stored, entry) {
                (Some(stored), Some(entry)) => exact(*number, stored, &entry),
                (None, None) => {}
                (stored, entry) => panic!("account {number}: known as {stored:?}, found as {entry:?}"),
            }
        }
        own(person, entries.remove(&name(person.number)), server, way, found).await;
    }
    assert!(entries.is_empty(), "nobody asked for {entries:?}");
}

/// An entry is as it was acknowledged, to the last value.
fn exact(number: u64, stored: &Stored, entry: &Value) {
    assert_eq!(entry["entry_id"], json!(stored.id));
    assert_eq!(entry["data"], whole(number), "entry of account {number}");
    assert_eq!(entry["options"], stored.options, "options of account {number}");
}

fn whole(number: u64) -> Value {
    json!({
        "name": name(number), "paste": number.is_multiple_of(2), "password": "**secret**", "note": format!("note-{number}"),
        "serial": "s-1",
    })
}

/// The account that a person was at.
async fn own(person: &mut Person, entry: Option<Value>, server: &Served, way: &Way, found: &mut Found) {
    let number = person.number;
    let shown = match &person.open {
        Some(open) => {
            let came = server.send("GET", &open.path, None).await.expect("an answer");
            assert!(matches!(came.status, 200 | 404), "{}\n{}", came.whole, person.told());
            (came.status == 200).then_some(came.body)
        }
        None => None,
    };
    person.history.push(format!("killed, with {:?} on its way", person.pending));
    let pending = std::mem::replace(&mut person.pending, Pending::Nothing);
    let is_setup = person.entry.is_none();
    match (&mut person.entry, entry) {
        (None, None) => {}
        (Some(_), None) => {
            assert_eq!(pending, Pending::Remove, "the entry was acknowledged and is gone\n{}", person.told());
            found.over += 1;
            person.entry = None;
            person.next();
            return;
        }
        (None, Some(entry)) => {
            let is_last = person.open.as_ref().is_some_and(|open| open.shown["step_id"] == json!("last"));
            assert!(pending == Pending::Answer && is_last, "nobody asked for {entry}\n{}", person.told());
            let id = entry["entry_id"].as_str().expect("an id").to_owned();
            let stored = Stored { id, options: json!({}), wanted: None };
            exact(number, &stored, &entry);
            assert!(shown.is_none(), "the entry is there, and its flow shows {shown:?}\n{}", person.told());
            (person.entry, person.open) = (Some(stored), None);
            found.over += 1;
            return;
        }
        (Some(stored), Some(entry)) => {
            let came_through = stored.wanted.as_ref().is_some_and(|wanted| entry["options"] == *wanted);
            if came_through {
                stored.options = stored.wanted.take().unwrap_or_default();
            }
            exact(number, stored, &entry);
            if came_through {
                assert!(shown.is_none(), "the options are written, and their flow shows {shown:?}\n{}", person.told());
                person.open = None;
                found.over += 1;
                return;
            }
            stored.wanted = None;
        }
    }
    let Some(open) = person.open.clone() else { return };
    let Some(shown) = shown else {
        assert_eq!(pending, Pending::GiveUp, "the flow is gone, and showed {}\n{}", open.shown, person.told());
        found.over += 1;
        person.next();
        return;
    };
    let step = open.shown["step_id"].as_str().unwrap_or_default().to_owned();
    let runs = pending == Pending::Answer || open.unsettled || open.shown["type"] == json!("progress");
    if shown["type"] == json!("abort") {
        assert_eq!(shown["reason"], json!("definition_changed"), "{}", person.told());
        let other = open.versions.iter().any(|version| *version != way.version);
        let has_no_such_step = is_setup && step == other_name(way.version);
        assert!(other && (runs || has_no_such_step), "the flow could have gone on at {step}\n{}", person.told());
        found.changed += 1;
        person.begin_anew();
        return;
    }
    let now = quiet(&shown);
    if now == open.shown {
        found.restored += 1;
    } else if runs && now["step_id"] == open.shown["step_id"] {
        // The code may have been sent: a fresh attempt stands in its place, and everything else is the same.
        assert!(matches!(step.as_str(), "pasted" | "called_back"), "{now}\n{}", person.told());
        assert_eq!(without_address(&now), without_address(&open.shown), "{}", person.told());
        found.interrupted += 1;
    } else {
        assert!(runs, "shows {now}, and showed {}\n{}", open.shown, person.told());
        let next = now["step_id"].as_str().unwrap_or_default();
        assert!(follows(&step, next, number), "an answer is fully there or not at all: {next} after {step}\n{}", person.told());
        found.went_on += 1;
    }
    let same = now["step_id"] == open.shown["step_id"];
    // An answer on its way may have spent what the callback brought.
    person.called_back = person.called_back && pending != Pending::Answer && same;
    person.take_in_place(way, shown);
    if let Some(open) = &mut person.open {
        open.unsettled = runs && same;
    }
}

/// What the definition of the other version calls the step that this one's has under another name.
fn other_name(version: usize) -> &'static str {
    super::SECOND[1 - version]
}

/// Whether one step can be shown after another without an answer in between.
fn follows(step: &str, next: &str, number: u64) -> bool {
    match step {
        "user" => next == "checking" || super::SECOND.contains(&next),
        "checking" => super::SECOND.contains(&next),
        "second" | "other" => next == if number.is_multiple_of(2) { "pasted" } else { "called_back" },
        "pasted" | "called_back" => next == "last",
        _ => false,
    }
}

fn without_address(shown: &Value) -> Value {
    let mut shown = shown.clone();
    shown["description_placeholders"] = Value::Null;
    shown
}
