//! The words of an expression: names with their attributes, text literals, brackets, comparisons.

/// The words of an expression, taken one after the other.
pub(super) struct Words<'s> {
    words: Vec<&'s str>,
    at: usize,
}

/// The words, where all of them are of simple kinds.
pub(super) fn words(source: &str) -> Option<Words<'_>> {
    let (mut words, mut rest) = (Vec::new(), source.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' => 1,
            '=' | '!' if rest[1..].starts_with('=') => 2,
            // A backslash escapes: what the text is then, the template engine knows.
            '\'' | '"' => {
                let end = rest[1..].find([first, '\\', '\n']).filter(|end| rest[1 + end..].starts_with(first))?;
                end + 2
            }
            letter if letter.is_ascii_alphabetic() || letter == '_' => {
                rest.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != '.').unwrap_or(rest.len())
            }
            _ => return None,
        };
        words.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    Some(Words { words, at: 0 })
}

impl<'s> Words<'s> {
    fn next(&self) -> Option<&'s str> {
        self.words.get(self.at).copied()
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.next().is_none()
    }

    pub(super) fn next_is(&self, word: &str) -> bool {
        self.next() == Some(word)
    }

    pub(super) fn skip(&mut self) {
        self.at += 1;
    }

    /// Takes the next word where it is this one.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let found = self.next_is(word);
        self.at += usize::from(found);
        found
    }

    /// Takes a text literal.
    pub(super) fn text(&mut self) -> Option<String> {
        let word = self.next().filter(|word| word.starts_with(['\'', '"']))?;
        self.at += 1;
        Some(word[1..word.len() - 1].to_owned())
    }

    /// Takes a name with its attributes.
    pub(super) fn name(&mut self) -> Option<&'s str> {
        let word = self.next().filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_'))?;
        self.at += 1;
        Some(word)
    }

    /// Whether an operand ends here: nothing follows that would belong to it.
    pub(super) fn ends_operand(&self) -> bool {
        self.next().is_none_or(|word| matches!(word, "and" | "or" | "if" | "else" | ")"))
    }
}
