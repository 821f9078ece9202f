//! `configflow graph`: every shipped definition can be drawn, in both forms.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

fn flows() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    let files = std::fs::read_dir(folder).expect("the folder is there").map(|entry| entry.expect("a file").path());
    let mut flows: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|extension| extension == "yaml")).collect();
    flows.sort();
    flows
}

fn graph(file: &Path, format: &str) -> String {
    let output = Command::cargo_bin("configflow")
        .expect("the command is built")
        .arg("graph")
        .arg(file)
        .args(["--format", format])
        .output();
    let output = output.expect("it runs");
    assert!(output.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The names of the steps under `config:`, by their indentation.
fn steps(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).expect("readable");
    let config =
        text.lines().skip_while(|line| *line != "config:").skip(1).take_while(|line| line.is_empty() || line.starts_with(' '));
    let step = |line: &str| {
        Some(line.strip_prefix("  ")?.split_once(':').filter(|(name, _)| !name.starts_with([' ', '#']))?.0.to_owned())
    };
    config.filter_map(step).collect()
}

#[test]
fn every_step_is_in_the_mermaid_text() {
    for file in flows() {
        let text = graph(&file, "mermaid");
        assert!(text.starts_with("flowchart TD\n"), "{text}");
        for step in steps(&file) {
            assert!(text.contains(&format!("    {step}")), "{}: no {step} in\n{text}", file.display());
        }
    }
}

#[test]
fn every_picture_is_well_formed_and_shows_every_step() {
    for file in flows() {
        let svg = graph(&file, "svg");
        let (mut open, mut rest) = (Vec::new(), svg.as_str());
        while let Some((_, tag)) = rest.split_once('<') {
            let (tag, after) = tag.split_once('>').expect("a tag is closed");
            rest = after;
            let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default().trim_end_matches('/');
            match tag {
                _ if tag.starts_with(['?', '!']) || tag.ends_with('/') => {}
                _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name.to_owned()), "{}", file.display()),
                _ => open.push(name.to_owned()),
            }
        }
        assert!(open.is_empty(), "{}: {open:?} are not closed", file.display());
        for step in steps(&file) {
            assert!(svg.contains(&step), "{}: no {step}", file.display());
        }
    }
}

#[test]
fn the_threshold_dialog_is_drawn_as_it_is_written() {
    let file = flows().into_iter().find(|file| file.ends_with("threshold.yaml")).expect("the definition is there");
    let text = graph(&file, "mermaid");
    for line in [
        "    start_user --> user",
        "    user -.->|\"lower is none and upper is none → base: need_lower_upper\"| user",
        "    user --> end_create_entry",
    ] {
        assert!(text.lines().any(|found| found == line), "no {line} in\n{text}");
    }
}

#[test]
fn the_text_of_two_dialogs_is_as_it_was() {
    for name in ["threshold", "ms365_calendar"] {
        let file = flows().into_iter().find(|file| file.ends_with(format!("{name}.yaml"))).expect("the definition is there");
        insta::assert_snapshot!(name, graph(&file, "mermaid"));
    }
}

/// Names and conditions that mean something to Mermaid: words of its own as steps, reasons that differ only in what an id
/// cannot hold, and a directive, quotes and an entity in labels.
const HOSTILE: &str = r##"
domain: odd
fields: { kind: { type: select, options: [a, b] } }
config:
  user: { form: [kind], then: end }
  end:
    form: []
    then:
      - { when: "kind == 'a' or kind == \"b\"", abort: not-1 }
      - { when: "kind == '%%{z' and 1 < 2", abort: not_1 }
      - { when: "kind == '`q`;'", step: default }
      - create_entry: { title: t, data: "{{ answers }}" }
  default: { menu: [style, end] }
  style: { then: { abort: "#1 & more" } }
"##;

#[test]
fn what_means_something_to_mermaid_is_escaped() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("odd.yaml");
    std::fs::write(&file, HOSTILE).expect("written");
    let text = graph(&file, "mermaid");
    insta::assert_snapshot!("hostile", text);
    let (nodes, edges): (Vec<&str>, Vec<&str>) = text.lines().skip(1).partition(|line| !line.contains("->"));
    let ids: Vec<&str> = nodes
        .iter()
        .map(|line| line.trim_start().split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default())
        .collect();
    let unique: std::collections::HashSet<&&str> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "two nodes share an id in\n{text}");
    for word in ["end", "default", "style"] {
        assert!(!ids.contains(&word), "`{word}` is a word of Mermaid's");
    }
    for edge in edges {
        let ends = [edge.split_whitespace().next(), edge.split_whitespace().next_back()];
        assert!(ends.iter().flatten().all(|end| ids.contains(end)), "no such node: {edge}");
    }
}

#[test]
fn a_dialog_that_is_not_there_and_a_broken_definition_exit_with_two() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.yaml");
    std::fs::write(&file, "domain: x\nconfig:\n  user: { then: nowhere }\n").expect("written");
    let ran = |arguments: &[&str]| {
        let output = Command::cargo_bin("configflow").expect("built").arg("graph").args(arguments).output().expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = ran(&[&file.display().to_string()]);
    assert!(code == Some(2) && said.contains("step.unknown"), "{code:?} {said}");
    let lamp = flows().into_iter().find(|file| file.ends_with("acme_lamp.yaml")).expect("the definition is there");
    let (code, said) = ran(&[&lamp.display().to_string(), "--dialog", "options"]);
    assert!(code == Some(2) && said.contains("graph.no_dialog"), "{code:?} {said}");
}
