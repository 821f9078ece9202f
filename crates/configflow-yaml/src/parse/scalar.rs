//! What a plain scalar is, by YAML 1.2's core schema, but for numbers with a leading zero and whole numbers
//! that do not fit, which stay texts: they are identifiers, of which no digit may be lost.

use crate::node::NodeValue;

/// The value of a scalar without quotes.
pub(super) fn plain(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return NodeValue::Null,
        "true" | "True" | "TRUE" => return NodeValue::Bool(true),
        "false" | "False" | "FALSE" => return NodeValue::Bool(false),
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let first = digits.bytes().next().unwrap_or_default();
    if !first.is_ascii_digit() && first != b'.' {
        return NodeValue::String(text.to_owned());
    }
    let radix = |prefix: &str, radix| text.strip_prefix(prefix).and_then(|digits| i64::from_str_radix(digits, radix).ok());
    if let Some(number) = radix("0x", 16).or_else(|| radix("0o", 8)) {
        return NodeValue::Int(number);
    }
    let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    if leading_zero || !numeric || !digits.bytes().any(|byte| byte.is_ascii_digit()) {
        return NodeValue::String(text.to_owned());
    }
    if let Ok(number) = text.parse::<i64>() {
        return NodeValue::Int(number);
    }
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return NodeValue::String(text.to_owned());
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => NodeValue::Float(number),
        _ => NodeValue::String(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_words() {
        assert_eq!(plain("12"), NodeValue::Int(12));
        assert_eq!(plain("-8"), NodeValue::Int(-8));
        assert_eq!(plain("0.5"), NodeValue::Float(0.5));
        assert_eq!(plain("1e3"), NodeValue::Float(1000.0));
        assert_eq!(plain("0x1f"), NodeValue::Int(31));
        assert_eq!(plain("true"), NodeValue::Bool(true));
        assert_eq!(plain("~"), NodeValue::Null);
        for text in [
            "012",
            "no",
            "yes",
            "on",
            "1.2.3",
            "2024-01-01",
            "12:30",
            "-",
            ".",
            "+",
            "0x",
            "1_000",
            ".inf",
            "12345678901234567890",
        ] {
            assert_eq!(plain(text), NodeValue::String(text.to_owned()), "{text}");
        }
    }
}
