//! `configflow providers`.

use assert_cmd::Command;
use serde_json::Value;

fn configflow(arguments: &[&str]) -> assert_cmd::assert::Assert {
    Command::cargo_bin("configflow").expect("the command").arg("providers").args(arguments).assert()
}

const BROKEN: &str = "\
name: Small
title: Small
endpoints: { authorization: https://small.example/a, token: https://small.example/t }
methods: [device]
pkce: { support: confirmed }
token: { auth: post }
scopes: { order: given }
";

#[test]
fn the_built_in_ones_have_nothing_to_report() {
    let checked = configflow(&["check", "--builtin"]).success();
    let text = String::from_utf8_lossy(&checked.get_output().stdout).into_owned();
    assert!(text.lines().count() >= 45 && text.lines().all(|line| line.ends_with(": nothing to report")), "{text}");
}

#[test]
fn each_mistake_has_its_line_and_column() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("small.yaml");
    std::fs::write(&file, BROKEN).expect("written");
    let name = file.display().to_string();
    let checked = configflow(&["check", &name, "--format", "json"]).code(1);
    let found: Value = serde_json::from_slice(&checked.get_output().stdout).expect("JSON");
    let places: Vec<_> = found
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["code"].clone(), one["line"].clone(), one["column"].clone()))
        .collect();
    let expected = [
        ("catalogue.register", 1, 7),
        ("catalogue.source", 1, 7),
        ("catalogue.name", 1, 7),
        ("catalogue.method_endpoint", 4, 11),
    ];
    for (code, line, column) in expected {
        assert!(places.contains(&(code.into(), line.into(), column.into())), "{code} in {found:#}");
    }
    assert_eq!(places.len(), expected.len());
    let people = configflow(&["check", &name]).code(1);
    let text = String::from_utf8_lossy(&people.get_output().stdout).into_owned();
    assert!(
        text.contains("catalogue.method_endpoint") && text.contains("the method device needs a device authorization endpoint"),
        "{text}"
    );
}

#[test]
fn a_file_that_is_not_there_and_no_file_at_all() {
    let told = configflow(&["check", "/nowhere/small.yaml"]).code(2);
    assert!(String::from_utf8_lossy(&told.get_output().stderr).contains("file.unreadable"));
    configflow(&["check"]).code(2);
}

#[test]
fn the_page_has_every_integration() {
    let page = configflow(&["page"]).success();
    let text = String::from_utf8_lossy(&page.get_output().stdout).into_owned();
    assert!(text.starts_with("# Providers\n") && text.contains("`husqvarna_automower`") && text.contains("`onedrive`"));
}
