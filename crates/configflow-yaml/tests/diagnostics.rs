//! Every diagnostic: a file that has the mistake, and the same file mended.
//!
//! A new case is two new files in `tests/diagnostics/`: `CODE.yaml` and `CODE.mended.yaml`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use configflow_yaml::{Colour, Diagnostics, KnownProvider, Options, Source, codes, human, load};

/// Codes that no small text file can have; `hostile.rs` has those of them that a file can have at all.
const ELSEWHERE: [&str; 3] = ["definition.not_sound", "yaml.not_utf8", "yaml.too_large"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diagnostics")
}

fn read(name: &str) -> Source {
    let bytes = std::fs::read(folder().join(name)).unwrap_or_else(|_| panic!("tests/diagnostics/{name} is there"));
    Source::from_bytes(name, bytes)
}

fn diagnostics(source: &Source) -> Diagnostics {
    let provider = |name: &str, parameters: &[&str]| KnownProvider {
        name: name.to_owned(),
        parameters: parameters.iter().map(|name| ((*name).to_owned(), Vec::new())).collect(),
        required: Vec::new(),
    };
    let providers = [
        provider("acme_cloud", &[]),
        provider("google", &[]),
        provider("iotty", &[]),
        provider("microsoft_entra", &["cloud", "tenant"]),
    ];
    let options = Options { providers: Some(providers.into()), methods_of: Some(methods_of), ..Options::default() };
    match load(source, &options) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    }
}

/// The ways of linking that the providers of these files have.
fn methods_of(provider: &str) -> Option<Vec<String>> {
    let methods: &[&str] = match provider {
        "iotty" => &["callback"],
        "google" => &["callback", "loopback", "device"],
        _ => return None,
    };
    Some(methods.iter().map(|&name| name.to_owned()).collect())
}

fn names() -> Vec<&'static str> {
    codes().iter().map(|code| code.as_str()).filter(|code| !ELSEWHERE.contains(code)).collect()
}

#[test]
fn every_code_is_reported_where_its_mistake_is() {
    let mut all = String::new();
    for code in names() {
        let source = read(&format!("{code}.yaml"));
        let found = diagnostics(&source);
        assert!(found.iter().any(|diagnostic| diagnostic.code.as_str() == code), "{code}.yaml does not report it, but:\n{found}");
        let shown = human(&source, &found, Colour::Plain);
        assert!(shown.lines().all(|line| line.chars().count() < 2_000), "{code}: a line is too long");
        all.push_str(&format!("== {code}\n{shown}\n"));
    }
    insta::assert_snapshot!("human", all);
}

#[test]
fn one_mistake_is_one_diagnostic() {
    // Where one mistake has two sides, both are said: these are all.
    let two = ["file.no_dialog", "include.parameter"];
    let mut faults = String::new();
    for code in names().into_iter().filter(|code| !two.contains(code)) {
        let found = diagnostics(&read(&format!("{code}.yaml")));
        if found.len() != 1 {
            faults.push_str(&format!("{code}:\n{found}\n"));
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn every_mended_file_is_sound() {
    for code in names() {
        let source = read(&format!("{code}.mended.yaml"));
        let found = diagnostics(&source);
        assert!(found.is_empty(), "{}", human(&source, &found, Colour::Plain));
    }
}

#[test]
fn no_file_is_left_over_and_no_code_changes_its_name() {
    let wanted: BTreeSet<String> =
        names().iter().flat_map(|code| [format!("{code}.yaml"), format!("{code}.mended.yaml")]).collect();
    let files = std::fs::read_dir(folder()).expect("the folder is there").map(|file| file.expect("a file").file_name());
    let found: BTreeSet<String> = files.map(|name| name.to_string_lossy().into_owned()).collect();
    assert_eq!(found, wanted);
    let all: Vec<String> = codes().iter().map(|code| format!("{code}: {}", code.summary())).collect();
    insta::assert_snapshot!("codes", all.join("\n"));
}

#[test]
fn every_code_is_documented_with_its_files() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/diagnostics.md");
    let expected = documentation();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &expected).expect("written");
    }
    let found = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(found == expected, "docs/diagnostics.md is not what the files say; write it anew with UPDATE_DOCS=1");
}

/// docs/diagnostics.md: a section for each code, made of its files.
fn documentation() -> String {
    let mut page = String::from(
        "# Diagnostics\n\nEvery code that `configflow check` can report, with a file that has the mistake, what is said of it, and the file \
         mended. Codes do not change their meaning. The page is made of `crates/configflow-yaml/tests/diagnostics/`.\n",
    );
    for code in codes() {
        page.push_str(&format!("\n## `{code}`\n\n{}.\n", capital(code.summary())));
        if ELSEWHERE.contains(&code.as_str()) {
            continue;
        }
        let (bad, mended) = (read(&format!("{code}.yaml")), read(&format!("{code}.mended.yaml")));
        let shorten = |text: String| {
            text.lines()
                .map(|line| {
                    if line.chars().count() > 160 {
                        line.chars().take(120).chain(" …".chars()).collect()
                    } else {
                        line.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join("\n")
        };
        page.push_str(&format!("\n```yaml\n{}\n```\n", shorten(bad.lossy())));
        page.push_str(&format!("\n```text\n{}\n```\n", shorten(human(&bad, &diagnostics(&bad), Colour::Plain))));
        page.push_str(&format!("\nMended:\n\n```yaml\n{}\n```\n", shorten(mended.lossy())));
    }
    page
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
