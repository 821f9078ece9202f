//! Any bytes as a definition: diagnostics or a definition, never a panic; each diagnostic can be shown.
#![no_main]

use configflow_yaml::{Colour, Options, Source, human, load};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = Source::from_bytes("fuzz.yaml", bytes.to_vec());
    let diagnostics = match load(&source, &Options::default()) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics,
    };
    human(&source, &diagnostics, Colour::Plain);
});
