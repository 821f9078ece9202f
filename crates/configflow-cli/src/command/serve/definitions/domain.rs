//! The domain of a definition that nobody has read yet.

/// The domain that a file says it handles, where that can be seen without reading it as YAML: a plain `domain:` at the beginning
/// of a line. It is a guess, which the loader confirms; a file without one is read before anybody is told that no definition
/// handles a domain.
pub(super) fn guess(bytes: &[u8]) -> Option<&str> {
    let value = bytes.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"domain:"))?;
    let value = std::str::from_utf8(value).ok()?.strip_prefix([' ', '\t'])?.split(" #").next()?.trim();
    let plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    plain.then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_is_guessed_and_nothing_else() {
        for text in ["domain: lamp", "# a lamp\ndomain:  lamp  # the lamp\r\nversion: 2\n", "version: 2\ndomain: lamp\n"] {
            assert_eq!(guess(text.as_bytes()), Some("lamp"), "{text}");
        }
        for text in ["", "domain:", "domain:lamp", "domain: \"lamp\"", "{domain: lamp}", "domain: &a lamp", " domain: lamp"] {
            assert_eq!(guess(text.as_bytes()), None, "{text}");
        }
    }
}
