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
