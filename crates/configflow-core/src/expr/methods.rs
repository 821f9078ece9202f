//! Methods of texts and maps, as the ecosystem's authors write them in their templates: `entity_id.split('.')`, `data.get('host')`.
//!
//! None of them changes its value, since nothing in an expression does.

use minijinja::value::{Rest, ValueKind, from_args};
use minijinja::{Error, ErrorKind, Value};

use crate::field::{capitalized, titled};

/// The methods that texts have.
pub const TEXT_METHODS: [&str; 9] =
    ["split", "strip", "lower", "upper", "capitalize", "title", "replace", "startswith", "endswith"];

/// The methods that maps have.
pub const MAP_METHODS: [&str; 4] = ["items", "keys", "values", "get"];

/// Calls a method that a value does not have by itself.
pub(super) fn call(value: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    match (value.kind(), value.as_str()) {
        (_, Some(text)) => of_text(text, method, args),
        (ValueKind::Map, _) => of_map(value, method, args),
        _ => Err(Error::from(ErrorKind::UnknownMethod)),
    }
}

fn of_text(text: &str, method: &str, args: &[Value]) -> Result<Value, Error> {
    let nothing = |args: &[Value]| from_args::<()>(args);
    Ok(match method {
        "split" => {
            let (separator, most): (Option<&str>, Option<usize>) = from_args(args)?;
            match (separator, most) {
                (Some(""), _) => return Err(Error::new(ErrorKind::InvalidOperation, "empty separator")),
                (Some(separator), Some(most)) => text.splitn(most + 1, separator).map(Value::from).collect(),
                (Some(separator), None) => text.split(separator).map(Value::from).collect(),
                (None, _) => text.split_whitespace().map(Value::from).collect(),
            }
        }
        "strip" => {
            let (of,): (Option<&str>,) = from_args(args)?;
            Value::from(of.map_or_else(|| text.trim(), |of| text.trim_matches(|letter| of.contains(letter))))
        }
        "lower" => nothing(args).map(|()| Value::from(text.to_lowercase()))?,
        "upper" => nothing(args).map(|()| Value::from(text.to_uppercase()))?,
        "capitalize" => nothing(args).map(|()| Value::from(capitalized(text)))?,
        "title" => nothing(args).map(|()| Value::from(titled(text)))?,
        "replace" => {
            let (from, to): (&str, &str) = from_args(args)?;
            Value::from(text.replace(from, to))
        }
        "startswith" | "endswith" => {
            let (parts,): (Rest<Value>,) = from_args(args)?;
            let fits = |part: &str| if method == "startswith" { text.starts_with(part) } else { text.ends_with(part) };
            Value::from(parts.iter().any(|part| part.as_str().is_some_and(fits)))
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

fn of_map(map: &Value, method: &str, args: &[Value]) -> Result<Value, Error> {
    let keys = || map.try_iter();
    Ok(match method {
        "keys" => from_args::<()>(args).and_then(|()| keys())?.collect(),
        "values" => from_args::<()>(args).and_then(|()| keys())?.map(|key| map.get_item(&key)).collect::<Result<_, _>>()?,
        "items" => from_args::<()>(args)
            .and_then(|()| keys())?
            .map(|key| Ok(Value::from_iter([key.clone(), map.get_item(&key)?])))
            .collect::<Result<_, Error>>()?,
        "get" => {
            let (key, otherwise): (&Value, Option<Value>) = from_args(args)?;
            let found = map.get_item(key)?;
            if found.is_undefined() { otherwise.unwrap_or_else(|| Value::from(())) } else { found }
        }
        _ => return Err(Error::from(ErrorKind::UnknownMethod)),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{MAP_METHODS, TEXT_METHODS};
    use crate::expr::{EvalError, Expr, Scope, to_json};

    fn eval(expression: &str) -> Result<Value, EvalError> {
        let names = json!({"id": "sensor.power", "map": {"x": 1, "y": [2]}, "list": [1]});
        let scope = Scope::of_map(names.as_object().cloned().unwrap_or_default());
        let value = Expr::compile(expression).expect("compiles").eval(&scope)?;
        Ok(to_json(&value).expect("has a JSON form"))
    }

    #[test]
    fn texts_have_their_methods() {
        assert_eq!(eval("id.split('.')[1]"), Ok(json!("power")));
        assert_eq!(eval("'a,b,c'.split(',', 1)"), Ok(json!(["a", "b,c"])));
        assert_eq!(eval("' a  b '.split()"), Ok(json!(["a", "b"])));
        assert_eq!(eval("' a '.strip() ~ 'xax'.strip('x')"), Ok(json!("aa")));
        assert_eq!(eval("id.upper().lower().replace('.', '-')"), Ok(json!("sensor-power")));
        assert_eq!(eval("'aB'.capitalize() ~ 'ab cd'.title()"), Ok(json!("AbAb Cd")));
        assert_eq!(eval("id.startswith('light.', 'sensor.') and not id.endswith('x')"), Ok(json!(true)));
        assert!(eval("id.split('')").is_err());
    }

    #[test]
    fn maps_have_their_methods() {
        assert_eq!(eval("map.keys()"), Ok(json!(["x", "y"])));
        assert_eq!(eval("map.values()"), Ok(json!([1, [2]])));
        assert_eq!(eval("map.items()"), Ok(json!([["x", 1], ["y", [2]]])));
        assert_eq!(eval("[map.get('x'), map.get('z'), map.get('z', 3)]"), Ok(json!([1, null, 3])));
    }

    #[test]
    fn no_method_is_missing_and_none_is_made_up() {
        for method in TEXT_METHODS {
            let args = if method == "replace" {
                "'a', 'b'"
            } else if method.ends_with("with") {
                "'a'"
            } else {
                ""
            };
            assert!(eval(&format!("id.{method}({args})")).is_ok(), "{method}");
        }
        for method in MAP_METHODS {
            let args = if method == "get" { "'x'" } else { "" };
            assert!(eval(&format!("map.{method}({args})")).is_ok(), "{method}");
        }
        for wrong in ["id.format()", "map.update({})", "list.append(2)", "id.upper(1)"] {
            assert!(eval(wrong).is_err(), "{wrong}");
        }
    }
}
