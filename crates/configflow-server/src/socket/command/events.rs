//! `subscribe_events`, `unsubscribe_events`.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Answer, CommandError, Done};
use crate::socket::session::Session;
use crate::socket::subscription::{Full, Subscription};

pub(super) fn subscribe(session: &mut Session, id: u64, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let event_type = fields.text("event_type").filter(|wanted| wanted != "*");
    fields.end()?;
    session.subscriptions.add(id, Subscription::Events(event_type))?;
    Ok(Answer::Result(Value::Null))
}

pub(super) fn unsubscribe(session: &mut Session, body: &Map<String, Value>) -> Done {
    let mut fields = Fields::of(body);
    let subscription = fields.number("subscription");
    fields.end()?;
    if session.subscriptions.remove(subscription) {
        Ok(Answer::Result(Value::Null))
    } else {
        Err(CommandError::new("not_found", "Subscription not found."))
    }
}

impl From<Full> for CommandError {
    fn from(_: Full) -> Self {
        Self::new("too_many_subscriptions", "This connection holds as many subscriptions as it may.")
    }
}
