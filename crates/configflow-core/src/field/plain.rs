//! Plain types: a base, and what is asked of its value.

use serde_json::json;

use super::Options;
use super::{moment, python};
use crate::{Map, Value};

/// What the value is.
#[derive(Debug, Clone, PartialEq)]
pub enum Base {
    /// A text; numbers and truth values become one (`cv.string`).
    String,
    /// A text and nothing else.
    StrictString,
    /// Whatever it is, as Python prints it.
    CoerceString,
    /// A day: `YYYY-MM-DD`.
    Date,
    /// A moment in UTC: `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
    Datetime,
    /// This value and no other.
    Constant(Value),
    /// One of the values of an enumeration of this name.
    Enumeration(String, Options),
    /// A whole number and nothing else; `true` passes, as in Python.
    Integer,
    /// A number with a point and nothing else.
    Float,
    /// A whole number, out of a text too.
    CoerceInteger,
    /// A number, out of a text too.
    CoerceFloat,
    /// `true` or `false`, and the words for them (`cv.boolean`).
    Boolean,
    /// `true` or `false` and nothing else.
    StrictBoolean,
    /// One of the options.
    Select(Options),
    /// Several of the options.
    MultiSelect(Options),
    /// Days, hours, minutes, seconds and milliseconds, which become seconds.
    TimePeriod,
}

/// What a text has to look like.
#[derive(Debug, Clone)]
pub enum Shape {
    /// It begins with a match of a regular expression.
    Matches(regex::Regex),
    /// A URL with a scheme and a host.
    Url,
    /// An e-mail address.
    Email,
}

impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Matches(one), Self::Matches(other)) => one.as_str() == other.as_str(),
            (Self::Url, Self::Url) | (Self::Email, Self::Email) => true,
            _ => false,
        }
    }
}

impl Shape {
    /// # Errors
    /// The text of what was expected.
    fn check(&self, text: &str) -> Result<(), String> {
        let (fits, expected) = match self {
            Self::Matches(pattern) => (
                pattern.find(text).is_some_and(|found| found.start() == 0),
                format!("does not match regular expression {}", pattern.as_str()),
            ),
            Self::Url => (url::Url::parse(text).is_ok_and(|url| url.has_host()), "expected a URL".to_owned()),
            Self::Email => {
                let parts = text
                    .rsplit_once('@')
                    .filter(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace));
                (parts.is_some(), "expected an email address".to_owned())
            }
        };
        if fits { Ok(()) } else { Err(expected) }
    }
}

/// What is done to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// White space at its ends goes.
    Strip,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// The first letter upper case, the rest lower case.
    Capitalize,
    /// The first letter of each word upper case, the rest lower case.
    Title,
}

impl Text {
    fn name(self) -> &'static str {
        match self {
            Self::Strip => "strip",
            Self::Lower => "lower",
            Self::Upper => "upper",
            Self::Capitalize => "capitalize",
            Self::Title => "title",
        }
    }
}

/// A plain type.
#[derive(Debug, Clone, PartialEq)]
pub struct Plain {
    /// What the value is.
    pub base: Base,
    /// What is done to a text.
    pub text: Option<Text>,
    /// The least, and whether it is allowed itself.
    pub min: Option<(serde_json::Number, bool)>,
    /// The most, and whether it is allowed itself.
    pub max: Option<(serde_json::Number, bool)>,
    /// A number outside is moved to the edge instead of refused.
    pub clamp: bool,
    /// The least and the most characters.
    pub length: (Option<usize>, Option<usize>),
    /// What a text has to look like.
    pub shape: Option<Shape>,
    /// Whether null is allowed.
    pub nullable: bool,
    /// What is said of a number out of range, instead of where the edge is.
    pub message: Option<String>,
}

impl Plain {
    /// A type of which nothing else is asked.
    #[must_use]
    pub fn new(base: Base) -> Self {
        Self {
            base,
            text: None,
            min: None,
            max: None,
            clamp: false,
            length: (None, None),
            shape: None,
            nullable: false,
            message: None,
        }
    }

    pub(super) fn options(&self) -> Option<&Options> {
        match &self.base {
            Base::Select(options) | Base::MultiSelect(options) | Base::Enumeration(_, options) => Some(options),
            _ => None,
        }
    }

    /// The value that an answer becomes.
    ///
    /// # Errors
    /// The recorded text of what is wrong with it.
    pub(super) fn convert(&self, value: &Value, options: Option<&Options>) -> Result<Value, String> {
        if self.nullable {
            if value.is_null() {
                return Ok(Value::Null);
            }
            return self.checked(value, options).map_err(|_| "not a valid value".to_owned());
        }
        self.checked(value, options)
    }

    fn checked(&self, value: &Value, options: Option<&Options>) -> Result<Value, String> {
        let mut value = self.based(value, options)?;
        if let (Some(text), Value::String(string)) = (self.text, &mut value) {
            *string = match text {
                Text::Strip => string.trim().to_owned(),
                Text::Lower => string.to_lowercase(),
                Text::Upper => string.to_uppercase(),
                Text::Capitalize => capitalized(string),
                Text::Title => titled(string),
            };
        }
        self.ranged(&mut value).map_err(|text| self.message.clone().unwrap_or(text))?;
        if let Value::String(string) = &value {
            let length = string.chars().count();
            if let Some(least) = self.length.0.filter(|least| length < *least) {
                return Err(format!("length of value must be at least {least}"));
            }
            if let Some(most) = self.length.1.filter(|most| length > *most) {
                return Err(format!("length of value must be at most {most}"));
            }
            if let Some(shape) = &self.shape {
                shape.check(string)?;
            }
        }
        Ok(value)
    }

    fn based(&self, value: &Value, options: Option<&Options>) -> Result<Value, String> {
        let expected = |what: &str| Err(format!("expected {what}"));
        match &self.base {
            Base::String => match value {
                Value::Null => Err("string value is None".to_owned()),
                Value::Array(_) | Value::Object(_) => Err("value should be a string".to_owned()),
                scalar => Ok(Value::String(python::text(scalar))),
            },
            Base::StrictString => {
                if value.is_string() {
                    Ok(value.clone())
                } else {
                    expected("str")
                }
            }
            Base::Integer => {
                if value.is_i64() || value.is_u64() || value.is_boolean() {
                    Ok(value.clone())
                } else {
                    expected("int")
                }
            }
            Base::Float => {
                if value.is_f64() {
                    Ok(value.clone())
                } else {
                    expected("float")
                }
            }
            Base::CoerceInteger => python::to_int(value).map(Value::from).ok_or_else(|| "expected int".to_owned()),
            Base::CoerceFloat => python::to_float(value).map(Value::from).ok_or_else(|| "expected float".to_owned()),
            Base::StrictBoolean => {
                if value.is_boolean() {
                    Ok(value.clone())
                } else {
                    expected("bool")
                }
            }
            Base::Boolean => boolean(value),
            Base::CoerceString => Ok(Value::String(python::text(value))),
            Base::Date | Base::Datetime => {
                let fits = |text: &str| if self.base == Base::Date { moment::is_date(text) } else { moment::is_utc_stamp(text) };
                match value {
                    Value::String(text) if fits(text) => Ok(value.clone()),
                    _ => Err(format!("value does not match expected format {}", self.format())),
                }
            }
            Base::Constant(constant) if python::equal(constant, value) => Ok(value.clone()),
            Base::Constant(_) => Err("not a valid value".to_owned()),
            Base::Enumeration(_, options) if value.is_string() && options.contains(value) => Ok(value.clone()),
            Base::Enumeration(name, options) => {
                let listed: Vec<String> = options.pairs().map(|(value, _)| python::repr(value)).collect();
                Err(format!("expected {name} or one of {}", listed.join(", ")))
            }
            Base::Select(own) => {
                let options = options.unwrap_or(own);
                if options.contains(value) { Ok(value.clone()) } else { Err(options.expected()) }
            }
            Base::MultiSelect(own) => {
                let options = options.unwrap_or(own);
                let Value::Array(chosen) = value else { return Err("Not a list".to_owned()) };
                match chosen.iter().find(|one| !options.contains(one)) {
                    Some(one) => Err(format!("{} is not a valid option", python::text(one))),
                    None => Ok(value.clone()),
                }
            }
            // A map of parts, which the kind of the field takes apart.
            Base::TimePeriod => expected("dict"),
        }
    }

    /// The format of a date or a moment, as it is recorded.
    fn format(&self) -> &'static str {
        if self.base == Base::Date { "%Y-%m-%d" } else { "%Y-%m-%dT%H:%M:%S.%fZ" }
    }

    fn ranged(&self, value: &mut Value) -> Result<(), String> {
        let number = match value {
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        let Some(number) = number else { return Ok(()) };
        if let Some((least, included)) = &self.min {
            let edge = least.as_f64().unwrap_or(f64::MIN);
            if number < edge || (!included && number <= edge) {
                if !self.clamp {
                    return Err(if *included {
                        format!("value must be at least {least}")
                    } else {
                        format!("value must be higher than {least}")
                    });
                }
                *value = Value::Number(least.clone());
            }
        }
        if let Some((most, included)) = &self.max {
            let edge = most.as_f64().unwrap_or(f64::MAX);
            if number > edge || (!included && number >= edge) {
                if !self.clamp {
                    return Err(if *included {
                        format!("value must be at most {most}")
                    } else {
                        format!("value must be lower than {most}")
                    });
                }
                *value = Value::Number(most.clone());
            }
        }
        Ok(())
    }

    /// What the wire says of it.
    pub(super) fn describe(&self, options: Option<&Options>) -> Map {
        let mut map = Map::new();
        let kind = match &self.base {
            Base::String | Base::StrictString | Base::CoerceString => "string",
            Base::Date | Base::Datetime => "datetime",
            Base::Constant(_) => "constant",
            Base::Integer | Base::CoerceInteger => "integer",
            Base::Float | Base::CoerceFloat => "float",
            Base::Boolean | Base::StrictBoolean => "boolean",
            Base::Select(_) | Base::Enumeration(..) => "select",
            Base::MultiSelect(_) => "multi_select",
            Base::TimePeriod => "positive_time_period_dict",
        };
        map.insert("type".to_owned(), kind.into());
        match &self.base {
            Base::Date | Base::Datetime => _ = map.insert("format".to_owned(), self.format().into()),
            Base::Constant(value) => _ = map.insert("value".to_owned(), value.clone()),
            Base::Enumeration(_, options) => _ = map.insert("options".to_owned(), options.as_pairs()),
            Base::Select(own) => _ = map.insert("options".to_owned(), options.unwrap_or(own).as_pairs()),
            Base::MultiSelect(own) => _ = map.insert("options".to_owned(), options.unwrap_or(own).as_written()),
            _ => {}
        }
        if let Some(text) = self.text {
            map.insert(text.name().to_owned(), true.into());
        }
        map.extend(self.edges());
        let length = [("lengthMin", self.length.0), ("lengthMax", self.length.1)];
        map.extend(length.into_iter().filter_map(|(key, length)| Some((key.to_owned(), json!(length?)))));
        if self.nullable {
            map.insert("allow_none".to_owned(), true.into());
        }
        map
    }
}

impl Plain {
    /// The edges of its range, as the wire names them.
    pub(super) fn edges(&self) -> impl Iterator<Item = (String, Value)> + '_ {
        let range = [("valueMin", &self.min), ("valueMax", &self.max)];
        range.into_iter().filter_map(|(key, edge)| Some((key.to_owned(), json!(edge.as_ref()?.0))))
    }
}

/// `str.capitalize()`.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters.flat_map(char::to_lowercase)).collect()).unwrap_or_default()
}

/// `str.title()`: a letter after anything but a letter begins a word.
fn titled(text: &str) -> String {
    let mut inside = false;
    let mut titled = String::with_capacity(text.len());
    for letter in text.chars() {
        match (letter.is_alphabetic(), inside) {
            (true, false) => titled.extend(letter.to_uppercase()),
            _ => titled.extend(letter.to_lowercase()),
        }
        inside = letter.is_alphabetic();
    }
    titled
}

/// The words for true and false.
fn boolean(value: &Value) -> Result<Value, String> {
    let invalid = |value: &str| Err(format!("invalid boolean value {value}"));
    match value {
        Value::Bool(_) => Ok(value.clone()),
        Value::Number(_) => Ok(Value::Bool(python::truth(value))),
        Value::String(text) => {
            let word = text.to_lowercase();
            match word.trim() {
                "1" | "true" | "yes" | "on" | "enable" => Ok(Value::Bool(true)),
                "0" | "false" | "no" | "off" | "disable" => Ok(Value::Bool(false)),
                other => invalid(other),
            }
        }
        other => invalid(&python::text(other)),
    }
}
