//! Slices written as calls, so that the names in them are reported.
//!
//! The template engine's list of the names of an expression leaves out what a slice is taken of: `secret[:4]` would name
//! nothing, and pass every check on secrets. `secret(none, 4)` has the same names, and all of them are listed. Such a text
//! is only ever asked for its names, never evaluated.

/// The expression with its slices as calls; none where it has no slice.
pub(super) fn as_calls(source: &str) -> Option<String> {
    let mut written = Text::default();
    let mut quote = None;
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        if let Some(open) = quote {
            written.push(c);
            match c {
                '\\' => chars.next().into_iter().for_each(|next| written.push(next)),
                _ if c == open => quote = None,
                _ => {}
            }
            continue;
        }
        match c {
            '"' | '\'' => {
                quote = Some(c);
                written.push(c);
            }
            '[' | '(' | '{' => written.open(c),
            ']' | ')' | '}' => written.close(c),
            ':' => written.colon(),
            _ => written.push(c),
        }
    }
    written.slices.then_some(written.text)
}

/// What was written so far, and the brackets that are open in it.
#[derive(Default)]
struct Text {
    text: String,
    open: Vec<Bracket>,
    slices: bool,
}

struct Bracket {
    kind: char,
    /// Where it stands in the text.
    at: usize,
    /// Where its last part begins.
    part: usize,
    slice: bool,
}

impl Text {
    fn push(&mut self, c: char) {
        self.text.push(c);
    }

    fn open(&mut self, kind: char) {
        self.open.push(Bracket { kind, at: self.text.len(), part: self.text.len() + 1, slice: false });
        self.text.push(kind);
    }

    /// Only a slice has a colon right inside square brackets.
    fn colon(&mut self) {
        match self.open.last_mut() {
            Some(bracket) if bracket.kind == '[' => {
                bracket.slice = true;
                self.slices = true;
                fill(&mut self.text, bracket.part);
                self.text.push(',');
                bracket.part = self.text.len();
            }
            _ => self.text.push(':'),
        }
    }

    fn close(&mut self, c: char) {
        match self.open.pop() {
            Some(bracket) if bracket.slice => {
                fill(&mut self.text, bracket.part);
                self.text.replace_range(bracket.at..=bracket.at, "(");
                self.text.push(')');
            }
            _ => self.text.push(c),
        }
    }
}

/// A part that was left out.
fn fill(text: &mut String, part: usize) {
    if text.get(part..).is_none_or(|part| part.trim().is_empty()) {
        text.push_str("none");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_become_calls_and_nothing_else_does() {
        for (source, expected) in [
            ("a[:4]", Some("a(none,4)")),
            ("a[b:c:d]", Some("a(b,c,d)")),
            ("a.b[ : ] ~ c[0]", Some("a.b( none, none) ~ c[0]")),
            ("f(x[x[1:]:y])", Some("f(x(x(1,none),y))")),
            ("{'a:b': [1, 2]}['k'] ~ '[1:2]'", None),
            ("[{'a': b}]", None),
            (r"'\'[' ~ a[1:]", Some(r"'\'[' ~ a(1,none)")),
            ("a[1", None),
        ] {
            assert_eq!(as_calls(source).as_deref(), expected, "{source}");
        }
    }
}
