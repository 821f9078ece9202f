//! What the helpers' definitions leave to the hub: what it knows of holidays, and ids.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use configflow_core::Failure;
use configflow_core::signature::Signature;
use configflow_engine::{Action, ActionCall};
use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};

/// What a call comes to.
type Answer = Result<Value, Failure>;

/// An action that needs no waiting.
pub struct AtOnce {
    signature: Signature,
    does: fn(&ActionCall) -> Answer,
}

impl AtOnce {
    /// The action of a signature; none where it is not one of the helpers'.
    #[must_use]
    pub fn of(signature: Signature) -> Option<Self> {
        let does = match signature.name.as_str() {
            "scrape.new_id" => new_id,
            "workday.country" => holidays_of_country,
            "workday.check" => check_holidays,
            _ => return None,
        };
        Some(Self { signature, does })
    }
}

impl Action for AtOnce {
    fn signature(&self) -> Signature {
        self.signature.clone()
    }

    fn run(&self, call: ActionCall) -> BoxFuture<'_, Answer> {
        Box::pin(ready((self.does)(&call)))
    }
}

/// Ids that are never the same twice; a hub's are random.
fn new_id(_: &ActionCall) -> Answer {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    Ok(json!({"id": format!("00000000-0000-1000-8000-{:012}", COUNT.fetch_add(1, Ordering::Relaxed))}))
}

/// What there is to choose from in each country, as the Python package `holidays` 0.84 (MIT) knows it, which Home Assistant asks.
static COUNTRIES: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(include_str!("holidays.json")).unwrap_or_default());

/// Nothing for no country, and for one that is not known.
fn holidays_of_country(call: &ActionCall) -> Answer {
    let known = &COUNTRIES[call.text("country")];
    let list = |key: &str| known.get(key).cloned().unwrap_or_else(|| json!([]));
    let default_language = known.get("default_language").cloned().unwrap_or_else(|| json!(""));
    Ok(json!({
        "provinces": list("provinces"),
        "languages": list("languages"),
        "default_language": default_language,
        "categories": list("categories"),
    }))
}

/// Each is a date, or two with a comma between; what is removed may be a part of the name of a holiday that there is.
fn check_holidays(call: &ActionCall) -> Answer {
    let given = |name: &str| call.parameters.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let names: &[&str] = if call.text("country") == "DE" { &GERMAN } else { &[] };
    for (list, what, names) in [("add", "add_holiday", &[][..]), ("remove", "remove_holiday", names)] {
        for value in given(list) {
            let text = value.as_str().unwrap_or_default();
            let wanted = text.to_lowercase();
            match text.split_once(',').filter(|(first, _)| !first.is_empty()) {
                Some((first, last)) if !(is_date(first) && is_date(last)) => {
                    return Err(Failure::code(&format!("{what}_range_error")));
                }
                Some(_) => {}
                None if is_date(text) || names.iter().any(|name| name.to_lowercase().contains(&wanted)) => {}
                None => return Err(Failure::code(&format!("{what}_error"))),
            }
        }
    }
    Ok(json!({}))
}

/// The holidays of all of Germany.
const GERMAN: [&str; 9] = [
    "Christi Himmelfahrt",
    "Erster Mai",
    "Erster Weihnachtstag",
    "Karfreitag",
    "Neujahr",
    "Ostermontag",
    "Pfingstmontag",
    "Tag der Deutschen Einheit",
    "Zweiter Weihnachtstag",
];

/// A day as Python's `strptime` takes one by `%Y-%m-%d`: months and days may have one digit.
fn is_date(text: &str) -> bool {
    let digits = |text: &str, lengths: &[usize]| {
        let fits = lengths.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let parts = (digits(year, &[4]), digits(month, &[1, 2]), digits(day, &[1, 2]));
    let (Some(year @ 1..), Some(month @ 1..=12), Some(day @ 1..)) = parts else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u16::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    day <= days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_told_from_what_is_none() {
        for day in ["2024-01-01", "2024-02-29", "2024-1-1"] {
            assert!(is_date(day), "{day}");
        }
        for none in
            ["", "2023-02-29", "2024-13-01", "20241231", "2024-05", "2024-01-32", "x", "2024-00-01", "0000-01-01", "+024-01-01"]
        {
            assert!(!is_date(none), "{none}");
        }
    }

    #[test]
    fn what_is_known_of_countries_can_be_read() {
        assert_eq!(COUNTRIES["DE"]["default_language"], "de");
        assert!(COUNTRIES["AF"].get("provinces").is_none());
        assert!(COUNTRIES["US"]["provinces"].as_array().is_some_and(|provinces| provinces.len() > 50));
    }
}
