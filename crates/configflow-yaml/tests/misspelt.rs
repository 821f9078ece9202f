//! One slip of the finger in one key of a definition is one error, at that key.
//!
//! The keys of every definition that is shipped are misspelt in turn. What a key is, decides what is expected: a key of the
//! language must be reported where it stands; a name that the file itself chose may be reported where it is used, since nobody
//! knows which of the two places is the wrong one; a key that may be anything is no mistake.

use std::collections::HashMap;
use std::path::Path;

use configflow_yaml::{Diagnostics, Node, NodeValue, Options, Severity, Source, Span, load, parse};

/// What a key of the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// One of the language, or one that names something.
    Known,
    /// The name of something that the file defines.
    Defines,
    /// A key that may be called anything: of data, placeholders, headers, options.
    Free,
}

/// Keys whose values are maps of the author's own.
const FREE: [&str; 16] = [
    "placeholders",
    "title_placeholders",
    "data",
    "data_updates",
    "options",
    "options_updates",
    "headers",
    "query",
    "json",
    "match",
    "update",
    "subentries",
    "description",
    "next_flow",
    "choices",
    "parameters",
];

/// Keys whose values are maps of names that the file defines.
const DEFINES: [&str; 9] = ["fields", "let", "blocks", "config", "actions", "takes", "gives", "extract", "subentries"];

#[test]
fn a_misspelt_key_is_one_error_at_its_place() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    let (mut faults, mut tried) = (String::new(), 0);
    // Of keys that stand under the same key, three are tried.
    let mut often: HashMap<String, usize> = HashMap::new();
    for file in std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("readable");
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let root = parse(&Source::new(&name, &text)).expect("it is YAML");
        let mut keys = Vec::new();
        collect(&root, &mut Vec::new(), &mut keys);
        for (span, key, path) in keys {
            let last: Vec<&str> = path.rsplit('.').take(2).collect();
            let count = often.entry(last.join(".")).or_default();
            *count += 1;
            if *count > 3 {
                continue;
            }
            let Some(misspelt) = misspell(&text[span.start..span.end]) else { continue };
            let changed = format!("{}{misspelt}{}", &text[..span.start], &text[span.end..]);
            let found = diagnostics(&Source::new(&name, &changed));
            tried += 1;
            if let Some(fault) = fault(&found, key, span) {
                faults.push_str(&format!("{name}: {path} as `{misspelt}`: {fault}\n{found}\n\n"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(tried > 300, "only {tried} keys were tried");
}

/// What is wrong with what was found.
fn fault(found: &Diagnostics, key: Key, span: Span) -> Option<String> {
    let errors: Vec<_> = found.iter().filter(|one| one.severity == Severity::Error).collect();
    match (key, errors.as_slice()) {
        (Key::Known, [one]) if (one.span.line, one.span.column) == (span.line, span.column) && found.len() == 1 => None,
        (Key::Known, all) => {
            Some(format!("{} errors of {}, expected one at {}:{}", all.len(), found.len(), span.line, span.column))
        }
        (Key::Defines, all) if all.len() > 1 => Some(format!("{} errors, expected one", all.len())),
        (Key::Defines, _) => None,
        (Key::Free, all) if all.len() > 1 => Some(format!("{} errors, expected one at most", all.len())),
        (Key::Free, _) => None,
    }
}

fn diagnostics(source: &Source) -> Diagnostics {
    match load(source, &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(found) => found,
    }
}

/// Every key with its place, what it is, and the way to it.
fn collect<'n>(node: &'n Node, way: &mut Vec<&'n str>, keys: &mut Vec<(Span, Key, String)>) {
    match &node.value {
        NodeValue::List(items) => items.iter().for_each(|item| collect(item, way, keys)),
        NodeValue::Map(entries) => {
            for (key, value) in entries {
                let Some(name) = key.as_str() else { continue };
                keys.push((key.span, kind(way, name), format!("{}.{name}", way.join("."))));
                way.push(name);
                collect(value, way, keys);
                way.pop();
            }
        }
        _ => {}
    }
}

/// What a key is by the way to it.
fn kind(way: &[&str], name: &str) -> Key {
    let parent = way.last().copied().unwrap_or_default();
    // A choice with computed options has keys of the language; one of a map of values to labels has none.
    if parent == "options" && matches!(name, "in" | "value" | "label" | "when") {
        return Key::Known;
    }
    // The top-level `options` is a dialog.
    if way.len() == 1 && matches!(parent, "options" | "subentries" | "parameters") {
        return Key::Defines;
    }
    if way.first() == Some(&"subentries") && way.len() == 2 {
        return Key::Defines;
    }
    if way.len() > 1 && (FREE.contains(&parent) || (way[0] == "let" && way.len() > 1)) {
        return Key::Free;
    }
    if DEFINES.contains(&parent) && (way.len() == 1 || parent != "config") {
        return Key::Defines;
    }
    Key::Known
}

/// The key with two letters in the wrong order.
fn misspell(key: &str) -> Option<String> {
    let letters: Vec<char> = key.chars().collect();
    let at = (0..letters.len().checked_sub(1)?).rev().find(|at| {
        let pair = (letters[*at], letters[at + 1]);
        pair.0 != pair.1 && pair.0.is_alphanumeric() && pair.1.is_alphanumeric()
    })?;
    let mut letters = letters;
    letters.swap(at, at + 1);
    Some(letters.into_iter().collect())
}
