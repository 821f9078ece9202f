//! Recordings of Home Assistant, replayed against a server: what a client sees is what was recorded.
//!
//! A [`Recording`] is a list of exchanges. [`replay`] sends each request over a [`Transport`], with the ids and logins of this run in
//! place of the recorded ones, and compares what comes with what was recorded: objects without order, lists with it, what is made anew
//! in every run by its shape. Differences that are deliberate are named one by one in `deviations.json`.
//!
//! What it is not: it starts no server and no provider; the command `configflow replay` and the server's tests do.

mod difference;
mod events;
mod exchange;
mod http;
mod ids;
mod known;
mod python;
mod recording;
mod report;
mod run;
mod transport;

pub use difference::Difference as ReplayDifference;
pub use http::{HttpTransport, Person};
pub use known::{deviations, script_of};
pub use recording::{Exchange, Recording, RecordingError};
pub use report::{Outcome, Report, Step};
pub use run::replay;
pub use transport::{Request, Response, Transport, TransportError};
