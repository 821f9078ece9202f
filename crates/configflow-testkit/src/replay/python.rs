//! What a recording wrote as Python does: `ZeroconfServiceInfo(ip_address=IPv4Address('192.168.1.50'), port=80, …)`.

use serde_json::{Map, Value, json};

/// The value that a text writes: dictionaries, lists, texts, numbers, and calls as the map of their arguments.
pub(super) fn value(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text.trim() };
    let value = reader.value()?;
    reader.rest.is_empty().then_some(value)
}

/// What Home Assistant remembers of a discovery.
pub(super) fn discovery_key(source: &str, data: &Value) -> Option<Value> {
    match source {
        "zeroconf" => Some(json!({"domain": "zeroconf", "key": [data.get("type")?, data.get("name")?], "version": 1})),
        _ => None,
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn skip(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn value(&mut self) -> Option<Value> {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next()? {
            '\'' | '"' => self.text().map(Value::String),
            '[' => self.items("[", "]").map(Value::Array),
            '(' => self.items("(", ")").map(Value::Array),
            '{' => self.map(),
            c if c.is_ascii_digit() || c == '-' => self.number(),
            _ => self.named(),
        }
    }

    fn text(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut text = String::new();
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => {
                    text.push(c);
                    escaped = false;
                }
                '\\' => escaped = true,
                c if c == quote => {
                    self.rest = self.rest[at + 1..].trim_start();
                    return Some(text);
                }
                c => text.push(c),
            }
        }
        None
    }

    fn number(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c))).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        serde_json::from_str(number).ok()
    }

    fn items(&mut self, open: &str, close: &str) -> Option<Vec<Value>> {
        self.skip(open).then_some(())?;
        let mut items = Vec::new();
        while !self.skip(close) {
            items.push(self.value()?);
            self.skip(",");
        }
        Some(items)
    }

    fn map(&mut self) -> Option<Value> {
        self.skip("{").then_some(())?;
        let mut map = Map::new();
        while !self.skip("}") {
            let key = self.value()?;
            self.skip(":").then_some(())?;
            let value = self.value()?;
            map.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), value);
            self.skip(",");
        }
        Some(Value::Object(map))
    }

    fn name(&mut self) -> Option<&'t str> {
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.')).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    /// A constant, or a call.
    fn named(&mut self) -> Option<Value> {
        let name = self.name()?;
        if !self.rest.starts_with('(') {
            return Some(match name {
                "None" => Value::Null,
                "True" => json!(true),
                "False" => json!(false),
                _ => return None,
            });
        }
        self.skip("(");
        let (mut fields, mut plain) = (Map::new(), Vec::new());
        while !self.skip(")") {
            let before = self.rest;
            match self.name().filter(|_| self.rest.starts_with('=')) {
                Some(field) => {
                    self.skip("=");
                    let value = self.value()?;
                    fields.insert(field.to_owned(), value);
                }
                None => {
                    self.rest = before;
                    plain.push(self.value()?);
                }
            }
            self.skip(",");
        }
        if fields.is_empty() {
            return Some(if name == "set" || plain.len() != 1 { Value::Array(plain) } else { plain.remove(0) });
        }
        // What a program reads as a property of a discovery.
        if let Some(host) = fields.get("ip_address").cloned() {
            fields.insert("host".to_owned(), host);
        }
        Some(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_maps_of_their_arguments() {
        let text = "Info(ip=IPv4Address('1.2.3.4'), ips=[IPv4Address('1.2.3.4')], port=80, up={'UDN': 's1'}, x=None, s=set(), n='a\\'b')";
        assert_eq!(
            value(text),
            Some(json!({"ip": "1.2.3.4", "ips": ["1.2.3.4"], "port": 80, "up": {"UDN": "s1"}, "x": null, "s": [], "n": "a'b"}))
        );
        assert_eq!(value("Info(ip=").as_ref(), None);
    }
}
