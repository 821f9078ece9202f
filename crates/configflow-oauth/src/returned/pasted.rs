//! Tidying of what a person pasted: white space, line breaks, brackets and quotes around an address. Not its judgement.

use zeroize::Zeroizing;

const PAIRS: [(char, char); 9] =
    [('<', '>'), ('"', '"'), ('\'', '\''), ('`', '`'), ('(', ')'), ('[', ']'), ('“', '”'), ('‘', '’'), ('«', '»')];

/// The address without what mail programs, terminals and people put around it and into it.
pub(super) fn tidy(text: &str) -> Zeroizing<String> {
    let mut inner = trimmed(text);
    while let Some(unwrapped) = unwrapped(inner) {
        inner = trimmed(unwrapped);
    }
    // RFC 3986, appendix C: the prefix is a custom of plain texts.
    if let Some((prefix, rest)) = inner.split_at_checked(4)
        && prefix.eq_ignore_ascii_case("url:")
    {
        inner = trimmed(rest);
    }
    Zeroizing::new(inner.split(['\r', '\n']).map(trimmed).collect())
}

fn unwrapped(text: &str) -> Option<&str> {
    PAIRS.iter().find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches(|character: char| character.is_whitespace() || is_invisible(character))
}

/// Zero-width characters and marks of direction that travel with copied texts.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\0')
}

/// Whether a text that is no address looks like the code, or like the query, of one.
pub(super) fn is_part(text: &str) -> bool {
    let query = text.trim_start_matches(['?', '&', '#']);
    if ["code=", "state=", "error=", "session_state="].iter().any(|start| query.starts_with(start)) {
        return true;
    }
    text.len() >= 16 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!*+/=$%".contains(&byte)) && !is_host(text)
}

/// Whether it begins like `login.example.com/…`: an address whose beginning is missing.
fn is_host(text: &str) -> bool {
    let name = text.split('/').next().unwrap_or_default();
    let mut labels = name.rsplit('.');
    let last = labels.next().unwrap_or_default();
    labels.next().is_some()
        && (2..=12).contains(&last.len())
        && last.bytes().all(|byte| byte.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappings_come_off() {
        for text in [
            "https://a.example/x",
            "  https://a.example/x\n",
            "<https://a.example/x>",
            "\"https://a.example/x\"",
            "“https://a.example/x”",
            "<URL:https://a.example/x>",
            "\u{feff}https://a.exam\r\n   ple/x\u{200b}",
            "'<https://a.example/x>'",
        ] {
            assert_eq!(tidy(text).as_str(), "https://a.example/x", "{text:?}");
        }
        assert_eq!(tidy("\"").as_str(), "\"");
        assert_eq!(tidy("<>").as_str(), "");
    }

    #[test]
    fn parts_of_an_address() {
        assert!(is_part("0.AXoAzzzzzzzzzzzzzzz-zzz_zz"));
        assert!(is_part("4/0AX4XfWhzzzzzzzzzzzzz"));
        assert!(is_part("?code=x&state=y"));
        assert!(is_part("code=x"));
        assert!(!is_part("hello"));
        assert!(!is_part("here is the address of it"));
        assert!(!is_part("login.example.com/common/oauth2/nativeclient"));
    }
}
