//! Where token requests and answers differ from the standard, each as the provider's file says. Not the judgement of an answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use oauth2::HttpRequest;
use serde_json::{Map, Value};
use url::form_urlencoded;
use zeroize::Zeroizing;

use crate::http::HttpError;
use crate::secret::Secret;

/// What an answer's outer object must not say of the tokens inside it.
const OF_TOKENS: [&str; 6] = ["access_token", "refresh_token", "token_type", "expires_in", "scope", "id_token"];

/// RFC 6749 §2.3.1: both halves are form-encoded first.
pub(crate) fn basic(client_id: &str, secret: &Secret) -> Result<HeaderValue, HttpError> {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = Zeroizing::new(format!("{}:{}", encode(client_id), Zeroizing::new(encode(secret.expose())).as_str()));
    let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
    let mut value = HeaderValue::from_str(&value).map_err(|_| HttpError::Connect)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A request whose form becomes a JSON object.
pub(super) fn as_json(request: HttpRequest) -> HttpRequest {
    let (mut parts, form) = request.into_parts();
    let json = json_of_form(&Zeroizing::new(form));
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    HttpRequest::from_parts(parts, json.as_bytes().to_vec())
}

/// The JSON object with the parameters of a form.
pub(super) fn json_of_form(form: &[u8]) -> Zeroizing<String> {
    let quoted = |text: &str| Zeroizing::new(Value::from(text).to_string());
    let mut json = Zeroizing::new(String::from("{"));
    for (name, value) in form_urlencoded::parse(form) {
        let value = Zeroizing::new(value.into_owned());
        if json.len() > 1 {
            json.push(',');
        }
        json.push_str(&quoted(&name));
        json.push(':');
        json.push_str(&quoted(&value));
    }
    json.push('}');
    json
}

/// An answer whose tokens stand in a field of it: that field's object, with the fields beside it that say nothing of tokens. Any
/// other answer stays as it is.
pub(super) fn unwrapped(body: Zeroizing<Vec<u8>>, within: &[String]) -> Zeroizing<Vec<u8>> {
    let Some(first) = within.first() else {
        return body;
    };
    let Ok(mut outer) = serde_json::from_slice::<Map<String, Value>>(&body) else {
        return body;
    };
    let mut inner = outer.remove(first).unwrap_or_default();
    for name in within.iter().skip(1) {
        inner = inner.get_mut(name).map(Value::take).unwrap_or_default();
    }
    let Value::Object(inner) = inner else {
        return body;
    };
    if !inner.contains_key("access_token") {
        return body;
    }
    outer.retain(|name, _| !OF_TOKENS.contains(&name.as_str()));
    outer.extend(inner);
    serde_json::to_vec(&outer).map_or(body, Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn within(path: &[&str], answer: &Value) -> Value {
        let path: Vec<_> = path.iter().map(|&name| name.to_owned()).collect();
        serde_json::from_slice(&unwrapped(Zeroizing::new(answer.to_string().into_bytes()), &path)).unwrap()
    }

    #[test]
    fn tokens_are_taken_out_of_a_field() {
        let answer = json!({ "status": 0, "body": { "access_token": "a", "userid": 7 } });
        assert_eq!(within(&["body"], &answer), json!({ "status": 0, "access_token": "a", "userid": 7 }));
        let answer =
            json!({ "access_token": "bot", "refresh_token": "bot", "scope": "x", "user": { "deep": { "access_token": "a" } } });
        assert_eq!(within(&["user", "deep"], &answer), json!({ "access_token": "a" }));
    }

    #[test]
    fn an_answer_without_them_stays() {
        for answer in [json!({ "access_token": "a" }), json!({ "body": { "error": "x" }, "status": 1 }), json!({ "body": [] })] {
            assert_eq!(within(&["body"], &answer), answer);
        }
        assert_eq!(unwrapped(Zeroizing::new(b"<html>".to_vec()), &["body".to_owned()]).as_slice(), b"<html>");
    }

    #[test]
    fn a_form_becomes_json() {
        assert_eq!(json_of_form(b"a=1&b=x%22%0Ay+z").as_str(), r#"{"a":"1","b":"x\"\ny z"}"#);
        assert_eq!(json_of_form(b"").as_str(), "{}");
    }
}
