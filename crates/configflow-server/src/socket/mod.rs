//! `/api/websocket`: commands, and events for whoever subscribes.
//!
//! A client says who it is first. Then each command is done in its turn, and its answer has its id; events of the engine go to the
//! subscriptions that asked for them. A client that is too slow for its events is closed, and subscribes again.

mod command;
mod outgoing;
mod session;
mod subscription;

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;

use crate::app::App;

/// Makes a WebSocket of a request.
pub(crate) async fn upgrade(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    let limit = app.options.limits.socket_message;
    upgrade.max_message_size(limit).max_frame_size(limit).on_upgrade(move |socket| session::run(app, socket))
}
