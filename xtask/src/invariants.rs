//! What must hold of the tree: the arrows between crates, the core's purity, and habits that keep rooms small.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::security;

/// Which crates of ours each one may depend on (for running, not for tests).
const ARROWS: [(&str, &[&str]); 9] = [
    ("configflow-core", &[]),
    ("configflow-oauth", &[]),
    ("configflow-yaml", &["configflow-core"]),
    ("configflow-engine", &["configflow-core", "configflow-oauth"]),
    ("configflow-store", &["configflow-core", "configflow-oauth", "configflow-engine"]),
    ("configflow-server", &["configflow-core", "configflow-oauth", "configflow-engine"]),
    ("configflow", &["configflow-core", "configflow-oauth", "configflow-yaml", "configflow-engine"]),
    ("configflow-testkit", &["configflow-core", "configflow-oauth", "configflow-yaml", "configflow-engine"]),
    (
        "configflow-cli",
        &[
            "configflow-core",
            "configflow-oauth",
            "configflow-yaml",
            "configflow-engine",
            "configflow-store",
            "configflow-server",
            "configflow-testkit",
        ],
    ),
];

/// All that the core depends on: nothing of it knows a clock, a file or a network.
const CORE: [&str; 10] = ["base64", "indexmap", "minijinja", "regex", "serde", "serde_json", "sha1", "sha2", "thiserror", "url"];

/// File names that say nothing of what is in them.
const NAMELESS: [&str; 6] = ["utils.rs", "util.rs", "helpers.rs", "helper.rs", "common.rs", "manager.rs"];

/// What may not stand in a source file, and why.
const WORDS: [(&str, &str); 5] = [
    (concat!("to", "do!("), "a stub"),
    (concat!("unimpl", "emented!("), "a stub"),
    (concat!("#[ign", "ore"), "a test that does not run"),
    (concat!("thread::", "sleep"), "a wait instead of an event"),
    (concat!("#[al", "low("), "use `#[expect(…, reason)]`"),
];

/// The longest source file in lines, tests aside.
const LONGEST: usize = 600;

/// Checks everything, and says what does not hold.
pub(crate) fn check() -> ExitCode {
    let root = root();
    let mut faults = arrows(&dependencies(&root));
    let texts: Vec<String> = sources(&root)
        .iter()
        .map(|file| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            let name = file.strip_prefix(&root).unwrap_or(file).display().to_string();
            faults.extend(source(&name, &text));
            text
        })
        .collect();
    let page = std::fs::read_to_string(root.join("docs/security.md")).unwrap_or_default();
    // The checker's own samples are no tests of ours.
    let others = texts.iter().map(String::as_str).filter(|text| !text.starts_with(security::HEAD));
    faults.extend(security::check(&page, others));
    for fault in &faults {
        println!("{fault}");
    }
    println!("invariants: {}", if faults.is_empty() { "all hold".to_owned() } else { format!("{} do not hold", faults.len()) });
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).to_owned()
}

/// What each crate of ours depends on, by cargo's own word.
fn dependencies(root: &Path) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    for (name, _) in ARROWS {
        let arguments =
            ["tree", "--quiet", "--package", name, "--edges", "normal", "--depth", "1", "--prefix", "none", "--format", "{lib}"];
        let output = Command::new("cargo").args(arguments).current_dir(root).output();
        let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let names = text.lines().skip(1).map(|line| line.trim().to_owned()).filter(|line| !line.is_empty());
        found.insert(name.to_owned(), names.collect());
    }
    found
}

fn arrows(dependencies: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let mut faults = Vec::new();
    for (name, allowed) in ARROWS {
        let found = dependencies.get(name).map(Vec::as_slice).unwrap_or_default();
        if found.is_empty() {
            faults.push(format!("{name}: cargo lists no dependency of it, so nothing was checked"));
        }
        let ours = found.iter().map(|found| found.replace('_', "-")).filter(|found| found.starts_with("configflow"));
        for wrong in ours.filter(|found| !allowed.contains(&found.as_str())) {
            faults.push(format!(
                "{name} depends on {wrong}; it may depend on {}",
                if allowed.is_empty() { "none of ours".to_owned() } else { allowed.join(", ") }
            ));
        }
    }
    for wrong in dependencies.get("configflow-core").into_iter().flatten().filter(|found| !CORE.contains(&found.as_str())) {
        faults.push(format!("configflow-core depends on {wrong}; it may depend on {}", CORE.join(", ")));
    }
    faults
}

fn sources(root: &Path) -> Vec<PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![root.join("crates"), root.join("tests"), root.join("xtask")]);
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn source(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let lines = text.lines().count();
    let is_test = name.contains("/tests/") || name.contains("/benches/") || name.starts_with("tests/");
    if lines > LONGEST && !is_test {
        faults.push(format!("{name}: {lines} lines; a file has at most {LONGEST}, so that it can be read top to bottom"));
    }
    if NAMELESS.iter().any(|nameless| name.ends_with(&format!("/{nameless}"))) {
        faults.push(format!("{name}: a name that says what is in it was expected"));
    }
    for (at, line) in text.lines().enumerate() {
        for (word, why) in WORDS {
            if line.contains(word) {
                faults.push(format!("{name}:{}: `{word}`: {why}", at + 1));
            }
        }
        if is_test && line.contains(concat!("time::", "sleep(")) {
            faults.push(format!("{name}:{}: a test that sleeps", at + 1));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(core: &[&str], yaml: &[&str]) -> BTreeMap<String, Vec<String>> {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        let mut all: BTreeMap<String, Vec<String>> =
            ARROWS.iter().map(|(name, _)| ((*name).to_owned(), names(&["serde"]))).collect();
        all.insert("configflow-core".to_owned(), names(core));
        all.insert("configflow-yaml".to_owned(), names(yaml));
        all
    }

    #[test]
    fn an_arrow_that_points_the_other_way_is_found() {
        assert_eq!(arrows(&tree(&["serde"], &["configflow_core"])), Vec::<String>::new());
        assert_eq!(arrows(&tree(&["serde"], &["configflow_engine"])).len(), 1);
        assert_eq!(arrows(&tree(&["tokio"], &["configflow_core"])).len(), 1);
        assert_eq!(arrows(&tree(&[], &["configflow_core"])).len(), 1, "nothing listed is nothing checked");
    }

    #[test]
    fn habits_that_slip_are_found() {
        assert!(source("crates/a/src/b.rs", "fn main() {}\n").is_empty());
        for (word, _) in WORDS {
            assert_eq!(source("crates/a/src/b.rs", word).len(), 1, "{word}");
        }
        assert_eq!(source("crates/a/src/utils.rs", "").len(), 1);
        assert_eq!(source("crates/a/src/b.rs", &"\n".repeat(LONGEST + 1)).len(), 1);
        assert_eq!(source("crates/a/tests/b.rs", concat!("tokio::time::", "sleep(x)")).len(), 1);
    }
}
