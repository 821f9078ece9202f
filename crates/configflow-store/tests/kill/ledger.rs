//! What was acknowledged, and whether what is there after a kill agrees.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::line::{Line, Orders};

/// A flow as its person knows it.
#[derive(Debug, Clone)]
struct Known {
    flow: String,
    /// What was last acknowledged.
    shown: Value,
    /// What was answered after that, and not acknowledged.
    tried: bool,
    /// A callback was acknowledged, and nothing was answered since.
    called_back: bool,
}

/// Everything that was acknowledged.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    open: BTreeMap<u64, Known>,
    /// Everything that was told of each flow, for a failure's report.
    history: BTreeMap<u64, Vec<String>>,
    /// Entries that were acknowledged, or may have been made: by flow number.
    made: BTreeMap<u64, bool>,
    pub(crate) acknowledged: u64,
    pub(crate) restored: u64,
    pub(crate) went_on: u64,
    pub(crate) interrupted: u64,
    pub(crate) called_back: u64,
}

impl Ledger {
    pub(crate) fn orders(&self, port: u16, fresh: Vec<u64>) -> Orders {
        let open = self.open.iter().map(|(number, known)| (*number, known.flow.clone(), known.called_back)).collect();
        Orders { port, open, fresh }
    }

    /// How many flows are open.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// How many entries were acknowledged.
    pub(crate) fn entries(&self) -> usize {
        self.made.values().filter(|sure| **sure).count()
    }

    /// Takes a line, and compares it with what is known.
    pub(crate) fn take(&mut self, line: Line) {
        if let Some(number) = line.number() {
            self.history.entry(number).or_default().push(serde_json::to_string(&line).unwrap_or_default());
        }
        match line {
            Line::Entry { id, data, linked } => self.entry(&id, &data, linked),
            Line::Now { number, flow, shown } => self.now(number, &flow, shown),
            Line::Starts { .. } | Line::CallsBack { .. } | Line::Done => {}
            Line::CalledBack { number } => {
                if let Some(known) = self.open.get_mut(&number) {
                    known.called_back = true;
                }
            }
            Line::Tries { number, step } => {
                let known = self.open.get_mut(&number).expect("an open flow");
                assert_eq!(known.shown["step_id"], json!(step));
                known.tried = true;
                if step == "last" {
                    self.made.insert(number, false);
                }
            }
            Line::Shown { number, flow, shown } => {
                self.acknowledged += 1;
                if shown["errors"]["base"] == json!("interrupted") {
                    self.interrupted += 1;
                }
                if self.open.get(&number).is_some_and(|known| known.called_back) {
                    self.called_back += 1;
                    let lost = shown["errors"]["base"] == json!("returned_url");
                    assert!(!lost, "the callback of flow {number} was acknowledged and is lost\n{}", self.told(number));
                }
                if shown["type"] == json!("form") {
                    self.open.insert(number, Known { flow, shown, tried: false, called_back: false });
                } else {
                    assert_eq!(shown["type"], json!("create_entry"), "flow {number} ended with {shown}");
                    self.open.remove(&number);
                    self.made.insert(number, true);
                }
            }
        }
    }

    /// The entries that the process before said it made must all have come by now.
    pub(crate) fn check_entries(&self, found: &BTreeMap<u64, ()>) {
        for (number, sure) in &self.made {
            assert!(!sure || found.contains_key(number), "the entry of flow {number} was acknowledged and is gone");
        }
    }

    fn told(&self, number: u64) -> String {
        self.history.get(&number).map(|told| told.join("\n")).unwrap_or_default()
    }

    fn entry(&mut self, id: &str, data: &Value, linked: bool) {
        let number = number_of(data);
        let whole = json!({
            "name": format!("name-{number}"),
            "paste": number.is_multiple_of(2),
            "password": format!("password-{number}"),
            "note": format!("note-{number}"),
        });
        assert_eq!(*data, whole, "entry {id} is not whole");
        assert!(linked, "entry {id} has no token");
        assert!(self.made.contains_key(&number), "entry {id} was never asked for");
    }

    fn now(&mut self, number: u64, flow: &str, shown: Option<Value>) {
        let known = self.open.get(&number).expect("an open flow").clone();
        assert_eq!(known.flow, flow);
        let before = quiet(&known.shown);
        let Some(shown) = shown else {
            assert!(known.tried && before["step_id"] == json!("last"), "flow {number} is gone, and stood at {before}");
            // Its entry was written, and nobody was told.
            self.open.remove(&number);
            self.made.insert(number, true);
            return;
        };
        let step = shown["step_id"].as_str().unwrap_or_default();
        let is_link = |step: &Value| *step == json!("pasted") || *step == json!("called_back");
        if shown == before {
            self.restored += 1;
        } else if known.tried && is_link(&before["step_id"]) && shown["step_id"] == before["step_id"] {
            // The code may have been sent: a fresh attempt stands in its place, and everything else is the same.
            assert_eq!(without_address(&shown), without_address(&before), "flow {number}");
            assert_ne!(shown, before);
            self.restored += 1;
        } else {
            assert!(known.tried, "flow {number} shows {shown}, and showed {before}\n{}", self.told(number));
            let next = match before["step_id"].as_str().unwrap_or_default() {
                "user" => "second",
                "second" if number.is_multiple_of(2) => "pasted",
                "second" => "called_back",
                "pasted" | "called_back" => "last",
                other => panic!("flow {number} went on from {other} to {step}"),
            };
            assert_eq!(step, next, "flow {number}: an answer is fully there or not at all");
            self.went_on += 1;
        }
        // What shows the same step may still be busy with the answer in flight.
        let tried = known.tried && shown["step_id"] == before["step_id"];
        // An answer that was in flight may have spent what the callback brought.
        let called_back = known.called_back && !known.tried;
        self.open.insert(number, Known { flow: flow.to_owned(), shown, tried, called_back });
    }
}

/// The flow that an entry was made by.
pub(crate) fn number_of(data: &Value) -> u64 {
    let name = data["name"].as_str().and_then(|name| name.strip_prefix("name-"));
    name.and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

/// A result as somebody sees it who asks again: without the errors of the answer before.
fn quiet(shown: &Value) -> Value {
    let mut shown = shown.clone();
    shown["errors"] = json!({});
    shown
}

fn without_address(shown: &Value) -> Value {
    let mut shown = quiet(shown);
    shown["description_placeholders"] = Value::Null;
    shown
}
