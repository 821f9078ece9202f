//! Reading the catalogue's YAML with tight limits. Not the language of definitions.

use serde::de::DeserializeOwned;

const MOST_BYTES: usize = 256 * 1024;

/// Reads a document strictly; the error is one line for people.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    if text.len() > MOST_BYTES {
        return Err(format!("the file is larger than {MOST_BYTES} bytes"));
    }
    let options = serde_yaml::options! {
        budget: serde_yaml::budget! { max_nodes: 20_000, max_depth: 32, max_documents: 1, max_aliases: 0, max_anchors: 0 },
        strict_booleans: true,
    };
    serde_yaml::from_str_with_options(text, options).map_err(|error| {
        let text = error.to_string();
        text.lines().next().unwrap_or("unreadable").to_owned()
    })
}
