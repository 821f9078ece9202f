//! What Jinja says of a text that is no template: its brackets and strings, where an expression breaks off, and which blocks are open.
//!
//! The templates of answers are kept, not run; only what cannot be read at all is refused, in the texts of Jinja's own parser.

/// Tags that stand alone, or whose blocks are not looked into.
const TAGS: &[&str] = &[
    "autoescape",
    "block",
    "break",
    "call",
    "continue",
    "do",
    "endautoescape",
    "endblock",
    "endcall",
    "endfilter",
    "endmacro",
    "endset",
    "endtrans",
    "endwith",
    "extends",
    "filter",
    "from",
    "import",
    "include",
    "macro",
    "raw",
    "endraw",
    "set",
    "trans",
    "pluralize",
    "with",
];
/// Words after which something has to follow.
const WORDS: &[&str] = &["and", "or", "not", "if", "else", "in", "elif"];

/// Why a text is no template.
pub(super) fn fault(text: &str) -> Option<String> {
    read(text).err()
}

fn read(text: &str) -> Result<(), String> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut open) = (0, Vec::<Block>::new());
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('{', '#') => at = comment(&chars, at + 2)?,
            ('{', '{') => {
                let part = part(&chars, at + 2, '}')?;
                match &part.end {
                    None => return Err(breaks_off(&part, "end of print statement")),
                    Some(_) if part.tokens.is_empty() => {
                        return Err("Expected an expression, got 'end of print statement'".to_owned());
                    }
                    Some(end) => at = *end,
                }
            }
            ('{', '%') => {
                let part = part(&chars, at + 2, '%')?;
                let Some(end) = part.end else { return Err(breaks_off(&part, "end of statement block")) };
                at = end;
                match &part.tokens[..] {
                    [Token::Name(tag), ..] if tag == "raw" => return Ok(()),
                    [Token::Name(tag), ..] => tags(tag, &mut open)?,
                    _ => return Err("tag name expected".to_owned()),
                }
            }
            _ => at += 1,
        }
    }
    match open.last() {
        Some(block) => Err(format!("Unexpected end of template. {}", block.wanted())),
        None => Ok(()),
    }
}

fn comment(chars: &[char], from: usize) -> Result<usize, String> {
    let end = chars[from..].windows(2).position(|pair| pair == ['#', '}']);
    end.map(|end| from + end + 2).ok_or_else(|| "Missing end of comment tag".to_owned())
}

/// A block that is open.
struct Block {
    tag: &'static str,
    has_else: bool,
}

impl Block {
    fn wanted(&self) -> String {
        let tags = match (self.tag, self.has_else) {
            ("if", false) => "'elif' or 'else' or 'endif'",
            ("if", true) => "'endif'",
            (_, false) => "'endfor' or 'else'",
            (_, true) => "'endfor'",
        };
        format!(
            "Jinja was looking for the following tags: {tags}. The innermost block that needs to be closed is '{}'.",
            self.tag
        )
    }
}

fn tags(tag: &str, open: &mut Vec<Block>) -> Result<(), String> {
    match (tag, open.last_mut()) {
        ("if", _) => open.push(Block { tag: "if", has_else: false }),
        ("for", _) => open.push(Block { tag: "for", has_else: false }),
        ("endif", Some(Block { tag: "if", .. })) | ("endfor", Some(Block { tag: "for", .. })) => _ = open.pop(),
        ("elif", Some(Block { tag: "if", has_else: false })) => {}
        ("else", Some(block)) if !block.has_else => block.has_else = true,
        (known, _) if TAGS.contains(&known) => {}
        (_, None) => return Err(format!("Encountered unknown tag '{tag}'.")),
        (_, Some(block)) => return Err(format!("Encountered unknown tag '{tag}'. {}", block.wanted())),
    }
    Ok(())
}

enum Token {
    Name(String),
    /// A number, a text, or a bracket that closes.
    Value,
    Mark(char),
}

impl Token {
    /// Whether an expression may end here.
    fn is_operand(&self) -> bool {
        match self {
            Self::Name(name) => !WORDS.contains(&name.as_str()) && name != "is",
            Self::Value => true,
            Self::Mark(_) => false,
        }
    }
}

/// A bracket that is open.
struct Bracket {
    mark: char,
    /// Whether it holds what a call is given.
    calls: bool,
    /// Whether a colon came after the last comma.
    colon: bool,
}

/// What stands between two pairs of braces.
struct Part {
    tokens: Vec<Token>,
    open: Vec<Bracket>,
    /// Where it ends, past its braces; none where the text breaks off.
    end: Option<usize>,
}

fn part(chars: &[char], from: usize, closes: char) -> Result<Part, String> {
    let mut part = Part { tokens: Vec::new(), open: Vec::new(), end: None };
    let mut at = from;
    // The mark that takes the white space away.
    if matches!(chars.get(at), Some('-' | '+')) {
        at += 1;
    }
    while let Some(&c) = chars.get(at) {
        let next = chars.get(at + 1).copied();
        let ends = |at: usize| chars.get(at) == Some(&closes) && chars.get(at + 1) == Some(&'}');
        if part.open.is_empty() && (ends(at) || (matches!(c, '-' | '+') && ends(at + 1))) {
            part.end = Some(if ends(at) { at + 2 } else { at + 3 });
            return Ok(part);
        }
        match c {
            c if c.is_whitespace() => at += 1,
            '"' | '\'' => {
                at = text_end(chars, at).ok_or_else(|| format!("unexpected char {} at {at}", quoted(c)))?;
                part.tokens.push(Token::Value);
            }
            c if c.is_alphabetic() || c == '_' => {
                let name: String = chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                at += name.chars().count();
                part.tokens.push(Token::Name(name));
            }
            c if c.is_ascii_digit() => {
                at += chars[at..].iter().take_while(|c| c.is_alphanumeric() || **c == '_').count();
                part.tokens.push(Token::Value);
            }
            '(' | '[' | '{' => {
                let calls = part.tokens.last().is_some_and(Token::is_operand);
                part.open.push(Bracket { mark: c, calls, colon: false });
                part.tokens.push(Token::Mark(c));
                at += 1;
            }
            ')' | ']' | '}' => {
                let Some(bracket) = part.open.pop() else { return Err(format!("unexpected '{c}'")) };
                let wanted = match bracket.mark {
                    '(' => ')',
                    '[' => ']',
                    _ => '}',
                };
                if wanted != c {
                    return Err(format!("unexpected '{c}', expected '{wanted}'"));
                }
                part.tokens.push(Token::Value);
                at += 1;
            }
            '!' if next != Some('=') => return Err(format!("unexpected char '!' at {at}")),
            '@' | '?' | '$' | '&' | '^' | '`' | '\\' | '#' => return Err(format!("unexpected char {} at {at}", quoted(c))),
            _ => {
                if let Some(bracket) = part.open.last_mut() {
                    bracket.colon = c == ':' || (bracket.colon && c != ',');
                }
                part.tokens.push(Token::Mark(c));
                at += 1;
            }
        }
    }
    Ok(part)
}

/// Past the end of a text that begins here.
fn text_end(chars: &[char], from: usize) -> Option<usize> {
    let mut at = from + 1;
    while let Some(&c) = chars.get(at) {
        match c {
            '\\' => at += 2,
            c if c == chars[from] => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// A character as Python writes it.
fn quoted(c: char) -> String {
    match c {
        '\'' => "\"'\"".to_owned(),
        '\\' => r"'\\'".to_owned(),
        c => format!("'{c}'"),
    }
}

/// What is missing where the text breaks off.
fn breaks_off(part: &Part, end: &str) -> String {
    let wanted = match part.tokens.last() {
        Some(Token::Mark('.')) => return "expected name or number".to_owned(),
        Some(Token::Mark('|')) => "name",
        Some(Token::Name(name)) if name == "is" => "name",
        Some(token) if token.is_operand() => match part.open.last() {
            None => end,
            Some(Bracket { mark: '(', calls: false, .. }) => ")",
            Some(Bracket { mark: '{', colon: false, .. }) => ":",
            Some(_) => ",",
        },
        _ => return "unexpected 'end of template'".to_owned(),
    };
    format!("unexpected end of template, expected '{wanted}'.")
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn faults_have_the_texts_of_jinja() {
        let all = [
            ("{{", "unexpected 'end of template'"),
            ("{{ 1", "unexpected end of template, expected 'end of print statement'."),
            ("{{ 1 + ", "unexpected 'end of template'"),
            ("{{ }}", "Expected an expression, got 'end of print statement'"),
            ("{{ a.", "expected name or number"),
            ("{{ (1", "unexpected end of template, expected ')'."),
            ("{{ f(1", "unexpected end of template, expected ','."),
            ("{{ f(", "unexpected 'end of template'"),
            ("{{ [1", "unexpected end of template, expected ','."),
            ("{{ {\"a\"", "unexpected end of template, expected ':'."),
            ("{{ {\"a\":1", "unexpected end of template, expected ','."),
            ("{{ a |", "unexpected end of template, expected 'name'."),
            ("{{ a is", "unexpected end of template, expected 'name'."),
            ("{{ a and", "unexpected 'end of template'"),
            ("{{ a if b", "unexpected end of template, expected 'end of print statement'."),
            ("{{ \"x", "unexpected char '\"' at 3"),
            ("{{ 1 is defined and f(\"x", "unexpected char '\"' at 22"),
            ("{{ a }", "unexpected '}'"),
            ("{{ (1 }}", "unexpected '}', expected ')'"),
            ("{{ [1 }}", "unexpected '}', expected ']'"),
            ("{{ a] }}", "unexpected ']'"),
            ("{{ @ }}", "unexpected char '@' at 3"),
            ("{{ ! }}", "unexpected char '!' at 3"),
            ("{# a", "Missing end of comment tag"),
            ("{% x %}", "Encountered unknown tag 'x'."),
            ("{% endif %}", "Encountered unknown tag 'endif'."),
            ("{% if", "unexpected 'end of template'"),
            (
                "{% if a %}",
                "Unexpected end of template. Jinja was looking for the following tags: 'elif' or 'else' or 'endif'. The innermost block that needs to be closed is 'if'.",
            ),
            (
                "{% if a %}{% else %}",
                "Unexpected end of template. Jinja was looking for the following tags: 'endif'. The innermost block that needs to be closed is 'if'.",
            ),
            (
                "{% for x in y %}",
                "Unexpected end of template. Jinja was looking for the following tags: 'endfor' or 'else'. The innermost block that needs to be closed is 'for'.",
            ),
            ("{{ x }} {{", "unexpected 'end of template'"),
        ];
        for (text, wanted) in all {
            assert_eq!(fault(text).as_deref(), Some(wanted), "{text}");
        }
    }

    #[test]
    fn templates_are_taken() {
        let all = [
            "",
            "plain",
            "}}",
            "%}",
            "{",
            "{{ states('sensor.x') | float(0) > 5 }}",
            "{{- a -}}",
            "{%- set x = {'a': 1} %}{{ x }}",
            "{{ {'a': {'b': 1}}}}",
            "{% if a != b %}1{% elif c %}2{% else %}3{% endif %}",
            "{% raw %}{{ {% endraw %}",
            "{# {{ #}x",
            "{% for k, v in x.items() %}{% if v %}{{ k }}{% endif %}{% else %}-{% endfor %}",
            "{{ 'it\\'s }}' }}",
            "{{ x[1:2] ~ 1.5e3 }}",
            "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}",
            "{{ a if b else c }}",
            "{{ now().strftime('%H:%M') }}",
            "{{ 5 // 2 % 2 }}",
        ];
        for text in all {
            assert_eq!(fault(text), None, "{text}");
        }
    }
}
