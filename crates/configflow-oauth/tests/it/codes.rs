//! The list of all codes, pinned: a code that is public never changes its meaning.

use std::collections::BTreeSet;
use std::path::Path;

/// Reads every `"family.name"` of the functions named `code` in the sources, so that none is forgotten here.
fn codes(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            codes(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for function in text.split("pub fn code(&self) -> &'static str {").skip(1) {
            let body = function.split("\n    }").next().unwrap_or_default();
            found.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
}

#[test]
fn all_codes() {
    let mut found = BTreeSet::new();
    codes(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    for code in &found {
        let (family, name) = code.split_once('.').unwrap();
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(plain(family) && plain(name), "{code}");
    }
    insta::assert_snapshot!(found.into_iter().collect::<Vec<_>>().join("\n"));
}
