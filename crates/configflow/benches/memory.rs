//! Memory of flows in progress: starts 100,000 and answers their first form, and prints bytes per flow beside the answer itself.
//! Run with `cargo bench -p configflow --bench memory`.

#![expect(clippy::print_stdout, reason = "a benchmark says what it measured")]

use configflow::core::{Event, Started};
use configflow::{Options, Source, State, load, start, step};
use serde_json::json;

const FLOWS: usize = 100_000;

/// Bytes of memory that the process holds.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn main() {
    let text = "
domain: four
fields:
  host: { type: string, required: true }
  port: { type: port, default: 8123, required: true }
  ssl: { type: boolean, default: true }
  note: { type: string }
config:
  user: { form: [host, port, ssl, note], then: second }
  second: { form: [note], then: { abort: done } }
";
    let definition = match load(&Source::new("bench.yaml", text), &Options::default()) {
        Ok(loaded) => loaded.definition,
        Err(diagnostics) => panic!("{diagnostics}"),
    };
    for answered in [false, true] {
        let before = resident();
        let flows: Vec<State> = (0..FLOWS)
            .map(|at| {
                let state = start(&definition, Started::by("user", &format!("01J{at:023}"))).expect("the flow starts").state;
                if !answered {
                    return state;
                }
                let input = json!({"host": "192.168.1.2", "port": 8123, "ssl": true, "note": "hello"});
                step(&definition, &state, Event::Answered { input }).expect("the answer fits").state
            })
            .collect();
        let bytes = resident().saturating_sub(before) / flows.len();
        let at = if answered { "second form" } else { "first form" };
        println!("{FLOWS} flows at their {at}: {bytes} bytes each");
    }
}
