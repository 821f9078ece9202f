//! Recordings of Home Assistant, replayed against a server: what a client sees is what was recorded.
//!
//! A [`Recording`] is a list of exchanges. [`replay`] sends each request over a [`Transport`], with the ids and logins of this run in
//! place of the recorded ones, and compares what comes with what was recorded: objects without order, lists with it, what is made anew
//! in every run by its shape. Differences that are deliberate wherever they occur are rules with their reasons; those of one recording are
//! named one by one in `known.json`. A recording that this project has never seen needs no entry there.
//!
//! What it is not: it starts no server and no provider; the command `configflow replay` and the server's tests do.

mod difference;
mod events;
mod exchange;
mod http;
mod ids;
mod known;
mod purpose;
mod python;
mod recording;
mod report;
mod run;
mod told;
mod transport;
mod unrecorded;

pub use difference::Difference as ReplayDifference;
pub use http::{HttpTransport, Person};
pub(crate) use known::hangs;
pub use known::{deviations, script_of};
pub use recording::{Exchange, Recording, RecordingError};
pub use report::{Outcome, Report, Step};
pub use run::replay;
pub use transport::{Request, Response, Transport, TransportError};
