//! Every definition that is shipped loads without an error and without a warning.

use std::path::Path;

use configflow_yaml::{Colour, Options, Source, human, load};

#[test]
fn every_flow_of_the_fixtures_loads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/flows");
    let (mut loaded, mut faults) = (0, String::new());
    for file in std::fs::read_dir(folder).expect("the folder is there").map(|file| file.expect("a file").path()) {
        if file.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let source = Source::from_bytes(&file.display().to_string(), std::fs::read(&file).expect("readable"));
        match load(&source, &Options::default()) {
            Ok(definition) if definition.warnings.is_empty() => {}
            Ok(definition) => faults.push_str(&human(&source, &definition.warnings, Colour::Plain)),
            Err(diagnostics) => faults.push_str(&human(&source, &diagnostics, Colour::Plain)),
        }
        loaded += 1;
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(loaded >= 6, "only {loaded} definitions were found");
}

#[test]
fn every_definition_in_the_documentation_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut loaded, mut faults) = (0, String::new());
    for page in ["README.md", "docs/language.md"] {
        let text = std::fs::read_to_string(root.join(page)).expect("the page is there");
        let blocks = text.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        for block in blocks.filter(|block| block.starts_with("domain:")) {
            let source = Source::new(page, block);
            match load(&source, &Options::default()) {
                Ok(definition) if definition.warnings.is_empty() => {}
                Ok(definition) => faults.push_str(&human(&source, &definition.warnings, Colour::Plain)),
                Err(diagnostics) => faults.push_str(&human(&source, &diagnostics, Colour::Plain)),
            }
            loaded += 1;
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(loaded >= 4, "only {loaded} definitions were found");
}
