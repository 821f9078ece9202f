//! The names that an expression reads, constants in brackets understood: `hi['token']` is `hi.token`, and
//! `answers_of('user').host` is `answers_of.host` of the step `user`.

use configflow_core::expr::Expr;

use super::trace::Reads;

impl Reads {
    /// What an expression reads.
    pub(crate) fn of(expr: &Expr) -> Self {
        let source = expr.source();
        if !source.contains(['\'', '"']) {
            let bare = source.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
            return Self { names: expr.names(), answers_of: Vec::new(), bare };
        }
        let (plain, answers_of) = dotted(source);
        let names = Expr::compile(&plain).map_or_else(|_| expr.names(), |plain| plain.names());
        Self { names, answers_of, bare: false }
    }
}

/// The expression with constants in brackets as attributes, and `answers_of(…)` of constants as a name; and those constants.
fn dotted(source: &str) -> (String, Vec<String>) {
    let (mut plain, mut steps, mut at) = (String::with_capacity(source.len()), Vec::new(), 0);
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let behind_name = plain.ends_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ')' | ']'));
        if c == '\'' || c == '"' {
            let length = literal(rest).map_or(rest.len(), |text| text.len() + 2);
            plain.push_str(&rest[..length]);
            at += length;
        } else if c == '['
            && behind_name
            && let Some((key, length)) = subscript(rest)
        {
            plain.push('.');
            plain.push_str(key);
            at += length;
        } else if c == '('
            && plain.ends_with("answers_of")
            && let Some((mut named, length)) = constants(rest)
        {
            steps.append(&mut named);
            at += length;
        } else {
            plain.push(c);
            at += c.len_utf8();
        }
    }
    (plain, steps)
}

/// The text of a literal at the beginning, if it has no escapes.
fn literal(text: &str) -> Option<&str> {
    let quote = text.chars().next()?;
    let inner = &text[1..];
    let inner = &inner[..inner.find(quote)?];
    (!inner.contains('\\')).then_some(inner)
}

/// `['name']` at the beginning: the name, and how long it is written.
fn subscript(text: &str) -> Option<(&str, usize)> {
    let inner = text[1..].trim_start();
    let key = literal(inner).filter(|_| inner.starts_with(['\'', '"']))?;
    let is_name = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let rest = inner[key.len() + 2..].trim_start().strip_prefix(']')?;
    is_name.then_some((key, text.len() - rest.len()))
}

/// `('a', 'b')` at the beginning: the texts, and how long it is written.
fn constants(text: &str) -> Option<(Vec<String>, usize)> {
    let (mut rest, mut all) = (text[1..].trim_start(), Vec::new());
    while rest.starts_with(['\'', '"']) {
        let constant = literal(rest)?;
        all.push(constant.to_owned());
        rest = rest[constant.len() + 2..].trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    let rest = rest.strip_prefix(')')?;
    Some((all, text.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_in_brackets_are_attributes() {
        for (source, names) in [
            ("hi['token']", "hi.token"),
            ("hi[ \"token\" ].x ~ 'a[\"b\"]'", "hi.token.x"),
            ("hi['a b']", "hi"),
            ("hi[key]", "hi key"),
            ("answers_of('user', 'pick')['host']", "answers_of.host"),
            ("['a'] + x", "x"),
        ] {
            let reads = Reads::of(&Expr::compile(source).expect("it compiles"));
            assert_eq!(reads.names.into_iter().collect::<Vec<_>>().join(" "), names, "{source}");
        }
        let reads = Reads::of(&Expr::compile("answers_of('user', \"pick\").host").expect("it compiles"));
        assert_eq!(reads.answers_of, ["user", "pick"]);
    }
}
