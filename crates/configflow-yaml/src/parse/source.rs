//! A file, or what stands for one.

use crate::node::Span;

/// A text with the name under which messages mention it.
#[derive(Debug, Clone)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
}

impl Source {
    /// A text.
    #[must_use]
    pub fn new(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), bytes: text.as_bytes().to_vec() }
    }

    /// Bytes that may be no text.
    #[must_use]
    pub fn from_bytes(name: &str, bytes: Vec<u8>) -> Self {
        Self { name: name.to_owned(), bytes }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The text, without a byte-order mark.
    ///
    /// # Errors
    /// The place of the first byte that is no UTF-8.
    pub fn text(&self) -> Result<&str, Span> {
        let bytes = self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes);
        std::str::from_utf8(bytes).map_err(|error| {
            let at = error.valid_up_to();
            let before = String::from_utf8_lossy(&bytes[..at]);
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            Span { start: at, end: at + 1, line, column, end_line: line, end_column: column + 1 }
        })
    }

    /// The text as far as it is one, for messages.
    #[must_use]
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.bytes)).into_owned()
    }

    /// The place of the first character.
    #[must_use]
    pub fn start(&self) -> Span {
        Span { start: 0, end: 0, line: 1, column: 1, end_line: 1, end_column: 1 }
    }
}
