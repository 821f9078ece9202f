//! What the helpers' definitions leave to the hub: what it knows of units and holidays, and ids.

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
            "sensor.check_unit" => check_unit,
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

/// Power is measured in watts, whatever else a hub knows.
fn check_unit(call: &ActionCall) -> Answer {
    let fits = call.text("device_class") != "power" || call.text("unit").ends_with('W');
    if fits { Ok(json!({})) } else { Err(Failure::code("unit_not_valid")) }
}

/// Germany as it was recorded.
fn holidays_of_country(call: &ActionCall) -> Answer {
    if call.text("country") != "DE" {
        return Ok(json!({"provinces": [], "languages": [], "default_language": "", "categories": []}));
    }
    let provinces = [
        ("BB", "Brandenburg"),
        ("BE", "Berlin"),
        ("BW", "Baden-Württemberg"),
        ("BY", "Bayern"),
        ("HB", "Bremen"),
        ("HE", "Hessen"),
        ("HH", "Hamburg"),
        ("MV", "Mecklenburg-Vorpommern"),
        ("NI", "Niedersachsen"),
        ("NW", "Nordrhein-Westfalen"),
        ("RP", "Rheinland-Pfalz"),
        ("SH", "Schleswig-Holstein"),
        ("SL", "Saarland"),
        ("SN", "Sachsen"),
        ("ST", "Sachsen-Anhalt"),
        ("TH", "Thüringen"),
        ("Augsburg", "Augsburg"),
    ];
    let provinces: Value = provinces.iter().map(|(value, label)| json!({"value": value, "label": label})).collect();
    let languages = ["de", "en_US", "th", "uk"];
    Ok(json!({"provinces": provinces, "languages": languages, "default_language": "de", "categories": ["catholic"]}))
}

/// Each is a date, or two with a comma between; what is removed may be the name of a holiday that there is.
fn check_holidays(call: &ActionCall) -> Answer {
    let given = |name: &str| call.parameters.get(name).and_then(Value::as_array).cloned().unwrap_or_default();
    let dates = |value: &Value| value.as_str().is_some_and(|text| text.split(',').all(is_date));
    if !given("add").iter().all(dates) {
        return Err(Failure::code("add_holiday_error"));
    }
    let known = |value: &Value| value == "Neujahr";
    if !given("remove").iter().all(|value| dates(value) || known(value)) {
        return Err(Failure::code("remove_holiday_error"));
    }
    Ok(json!({}))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let number = |part: &str, length: usize| (part.len() == length).then(|| part.parse::<u32>().ok()).flatten();
    number(year, 4).is_some()
        && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
        && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
}
