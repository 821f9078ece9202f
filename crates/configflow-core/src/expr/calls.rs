//! Calls in an expression that must fail whenever it is evaluated: of a method, which values do not have, and of a filter with
//! too few or too many arguments.

use minijinja::{Error, ErrorKind, Value};

use super::environment::ENVIRONMENT;
use super::expression::ExprError;

/// The first call that cannot work.
pub(super) fn wrong_call(source: &str) -> Option<ExprError> {
    let tokens = tokens(source);
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at)).copied();
        if !is_name(token) {
            continue;
        }
        let arguments = tokens.get(at + 1).filter(|next| **next == "(").map(|_| Arguments::of(&tokens[at + 2..]));
        let detail = match before(1) {
            Some(".") if arguments.is_some() => Some(format!("values have no methods, so `.{token}(…)` has no value")),
            Some("|") => wrong_filter(token, arguments.unwrap_or_default()),
            _ => None,
        };
        if let Some(detail) = detail {
            return Some(ExprError::Call { detail, word: (*token).to_owned() });
        }
    }
    None
}

/// What stands between the brackets of a call.
#[derive(Default, Clone, Copy)]
struct Arguments {
    count: usize,
    named: bool,
}

impl Arguments {
    /// Of the tokens behind the opening bracket.
    fn of(tokens: &[&str]) -> Self {
        let (mut depth, mut arguments, mut empty) = (0_usize, Self::default(), true);
        for token in tokens {
            match *token {
                ")" if depth == 0 => break,
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    arguments.count += usize::from(!empty);
                    empty = true;
                    continue;
                }
                "=" if depth == 0 => arguments.named = true,
                _ => {}
            }
            empty = false;
        }
        arguments.count += usize::from(!empty);
        arguments
    }
}

fn wrong_filter(name: &str, arguments: Arguments) -> Option<String> {
    if arguments.named {
        return None;
    }
    let mut state = ENVIRONMENT.empty_state();
    let mut failed = |value: Value| -> Option<ErrorKind> {
        let values = vec![value; arguments.count + 1];
        state.apply_filter(name, &values).err().map(|error: Error| error.kind())
    };
    // Which values it takes is not known: whatever it says of any of them about the number of its arguments holds.
    let values = [Value::from(""), Value::from(0), Value::from(Vec::<Value>::new()), Value::from_iter([("a", 0)])];
    values.into_iter().find_map(|value| match failed(value) {
        Some(ErrorKind::MissingArgument) => Some(format!("the filter `{name}` needs more arguments")),
        Some(ErrorKind::TooManyArguments) => Some(format!("the filter `{name}` takes fewer arguments")),
        _ => None,
    })
}

fn is_name(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Names, numbers, text literals, and every other letter by itself; `==`, `!=`, `<=` and `>=` as one.
fn tokens(source: &str) -> Vec<&str> {
    let (mut tokens, mut rest) = (Vec::new(), source.trim_start());
    while let Some(first) = rest.chars().next() {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let length = match first {
            '\'' | '"' => literal(rest, first),
            '=' | '!' | '<' | '>' if rest[1..].starts_with('=') => 2,
            c if c.is_ascii_digit() => rest.find(|c: char| !is_part(c) && c != '.').unwrap_or(rest.len()),
            c if is_part(c) => rest.find(|c: char| !is_part(c)).unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// How long a text literal is, its quotes included.
fn literal(text: &str, quote: char) -> usize {
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => _ = letters.next(),
            _ if letter == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use crate::expr::{Expr, ExprError};

    #[test]
    fn what_fails_whenever_it_is_evaluated_does_not_compile() {
        for (bad, word) in [
            ("host.upper()", "upper"),
            ("host.split(',')[0]", "split"),
            ("entry.data.get('x')", "get"),
            ("host | replace('a')", "replace"),
            ("host | upper('x')", "upper"),
            ("answers | merge", "merge"),
            ("answers | without('a', 'b')", "without"),
            ("('a.b(' ~ host) | mac(1)", "mac"),
        ] {
            let error = Expr::compile(bad);
            assert!(matches!(&error, Err(ExprError::Call { word: found, .. }) if found == word), "{bad}: {error:?}");
        }
    }

    #[test]
    fn every_filter_compiles_as_it_is_documented() {
        for good in [
            "host | replace('a', 'b')",
            "host | default('x')",
            "host | default",
            "list | join(', ')",
            "list | join",
            "list | map('upper') | list",
            "list | map(attribute='name') | join",
            "list | select('none')",
            "list | selectattr('a', 'eq', 1) | first",
            "list | rejectattr('a')",
            "list | batch(3)",
            "list | slice(3, 0)",
            "list | sort",
            "list | sort(attribute='a')",
            "list | groupby('a')",
            "list | sum",
            "x | round",
            "x | round(2)",
            "x | int",
            "x | float | abs",
            "x | string | trim | trim('a')",
            "x | split(',')",
            "x | split(',', 2)",
            "x | lines",
            "x | indent(2)",
            "x | title | capitalize | lower",
            "map | items | list",
            "map | dictsort",
            "map | attr('a')",
            "x | bool",
            "x | format(1, 2)",
            "map | merge(other) | without('a') | pick(['a', 'b'])",
            "x | url_join('a') | url",
            "x | mac",
            "x | slugify",
            "x | sha1 ~ (x | sha256) ~ (x | base64)",
            "x | is_ip",
            "x | is_link_local",
            "f(x).y",
            "'a.upper()'",
            "x | min",
            "x | tojson",
            "x | unique",
            "x | chain(y)",
            "x | zip(y)",
            "x | reverse | last | length",
            "x | pprint",
            "x | escape",
            "x | urlencode",
        ] {
            let result = Expr::compile(good);
            assert!(!matches!(result, Err(ExprError::Call { .. })), "{good}: {result:?}");
        }
    }
}
