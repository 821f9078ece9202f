//! `configflow schema`.

use crate::SchemaOf;
use crate::outcome::{Outcome, say};

pub(crate) fn run(what: SchemaOf) -> Outcome {
    let schema = match what {
        SchemaOf::Definition => configflow_testkit::schema::definition(),
        SchemaOf::Fixture => configflow_testkit::schema::fixture(),
        SchemaOf::Provider => configflow_testkit::schema::provider(),
        SchemaOf::Result => configflow_testkit::schema::result(),
    };
    say(format_args!("{schema:#}"));
    Outcome::Fine
}
