//! `/api/websocket`: commands, and events for whoever subscribes.
//!
//! A client says who it is first. Then each command is done in its turn, and its answer has its id; events of the engine go to the
//! subscriptions that asked for them. A client that is too slow for its events is closed, and subscribes again.

mod command;
mod outgoing;
mod session;
mod subscription;

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;

use crate::app::App;
use crate::places::Place;

/// Makes a WebSocket of a request.
pub(crate) async fn upgrade(State(app): State<App>, place: Option<Extension<Arc<Place>>>, upgrade: WebSocketUpgrade) -> Response {
    let limit = app.options.limits.socket_message;
    // A server of an embedder's has no places of ours.
    let place = place.map(|Extension(place)| place);
    upgrade.max_message_size(limit).max_frame_size(limit).on_upgrade(move |socket| session::run(app, socket, place))
}
