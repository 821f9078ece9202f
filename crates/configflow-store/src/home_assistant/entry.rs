//! One entry of the file.

use configflow_engine::{Entry, Subentry};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::moment;

type Object = Map<String, Value>;

/// What the file has of every entry and nothing here reads, with what Home Assistant fills in for files of before.
fn unread() -> [(&'static str, Value); 3] {
    [("discovery_keys", json!({})), ("pref_disable_new_entities", json!(false)), ("pref_disable_polling", json!(false))]
}

/// The entry; or the field that is not as expected.
pub(super) fn read(mut found: Object) -> Result<Entry, &'static str> {
    let subentries = match found.remove("subentries") {
        None => Vec::new(),
        Some(Value::Array(list)) => list.into_iter().map(subentry).collect::<Option<_>>().ok_or("subentries")?,
        Some(_) => return Err("subentries"),
    };
    let created_at = moment_of(&mut found, "created_at")?;
    let mut entry = Entry {
        entry_id: text(&mut found, "entry_id")?,
        domain: text(&mut found, "domain")?,
        title: text(&mut found, "title")?,
        data: object(&mut found, "data")?,
        options: object(&mut found, "options")?,
        unique_id: unique_id(found.remove("unique_id")).ok_or("unique_id")?,
        source: text(&mut found, "source")?,
        version: number(&mut found, "version")?,
        minor_version: number(&mut found, "minor_version")?,
        subentries,
        account_key: None,
        disabled_by: match found.remove("disabled_by") {
            None | Some(Value::Null) => None,
            Some(Value::String(who)) => Some(who),
            Some(_) => return Err("disabled_by"),
        },
        created_at: created_at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
        modified_at: OffsetDateTime::UNIX_EPOCH,
        more: Map::new(),
    };
    entry.modified_at = moment_of(&mut found, "modified_at")?.unwrap_or(entry.created_at);
    for (name, usual) in unread() {
        let value = found.remove(name).unwrap_or_else(|| usual.clone());
        if value != usual {
            entry.more.insert(name.to_owned(), value);
        }
    }
    entry.more.extend(found);
    Ok(entry)
}

/// The entry in the order of Home Assistant's own file.
pub(super) fn write(entry: Entry) -> Object {
    let mut more = entry.more;
    let [discovery_keys, new_entities, polling] =
        unread().map(|(name, usual)| (name.to_owned(), more.remove(name).unwrap_or(usual)));
    let fields = [
        ("created_at", json!(moment::write(entry.created_at))),
        ("data", Value::Object(entry.data)),
        ("disabled_by", json!(entry.disabled_by)),
    ];
    let mut written: Object = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    written.extend([discovery_keys]);
    let fields = [
        ("domain", json!(entry.domain)),
        ("entry_id", json!(entry.entry_id)),
        ("minor_version", json!(entry.minor_version)),
        ("modified_at", json!(moment::write(entry.modified_at))),
        ("options", Value::Object(entry.options)),
    ];
    written.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    written.extend([new_entities, polling]);
    let fields = [
        ("source", json!(entry.source)),
        ("subentries", entry.subentries.into_iter().map(write_subentry).collect()),
        ("title", json!(entry.title)),
        ("unique_id", json!(entry.unique_id)),
        ("version", json!(entry.version)),
    ];
    written.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    written.extend(more);
    written
}

fn subentry(found: Value) -> Option<Subentry> {
    let Value::Object(mut found) = found else { return None };
    Some(Subentry {
        data: object(&mut found, "data").ok()?,
        subentry_id: text(&mut found, "subentry_id").ok()?,
        subentry_type: text(&mut found, "subentry_type").ok()?,
        title: text(&mut found, "title").ok()?,
        unique_id: unique_id(found.remove("unique_id"))?,
        more: found,
    })
}

fn write_subentry(subentry: Subentry) -> Value {
    let mut written = json!({
        "data": subentry.data,
        "subentry_id": subentry.subentry_id,
        "subentry_type": subentry.subentry_type,
        "title": subentry.title,
        "unique_id": subentry.unique_id,
    });
    if let Value::Object(written) = &mut written {
        written.extend(subentry.more);
    }
    written
}

fn text(found: &mut Object, name: &'static str) -> Result<String, &'static str> {
    match found.remove(name) {
        Some(Value::String(text)) => Ok(text),
        _ => Err(name),
    }
}

fn object(found: &mut Object, name: &'static str) -> Result<Object, &'static str> {
    match found.remove(name) {
        Some(Value::Object(object)) => Ok(object),
        None => Ok(Object::new()),
        Some(_) => Err(name),
    }
}

fn number(found: &mut Object, name: &'static str) -> Result<u32, &'static str> {
    match found.remove(name) {
        // Files of before have no minor versions.
        None => Ok(1),
        Some(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()).ok_or(name),
    }
}

fn moment_of(found: &mut Object, name: &'static str) -> Result<Option<OffsetDateTime>, &'static str> {
    match found.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => moment::read(&text).map(Some).ok_or(name),
        Some(_) => Err(name),
    }
}

/// A unique id. Old integrations wrote numbers; they become texts, as unique ids are here.
fn unique_id(found: Option<Value>) -> Option<Option<String>> {
    match found {
        None | Some(Value::Null) => Some(None),
        Some(Value::String(id)) => Some(Some(id)),
        Some(Value::Number(id)) => Some(Some(id.to_string())),
        Some(_) => None,
    }
}
