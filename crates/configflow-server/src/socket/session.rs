//! One client: who it is, its commands in their turn, its events.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, close_code};
use configflow_engine::Notice;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::command;
use super::outgoing::{Lost, Outgoing};
use super::subscription::Subscriptions;
use crate::HOME_ASSISTANT;
use crate::app::App;
use crate::ending::Ends;
use crate::places::Place;
use crate::request::parse;

/// Why clients are closed when the server stops.
const STOPPING: &str = "server.stopping";

/// How a session ended.
enum End {
    /// The client went away.
    Gone,
    /// It did not take its events in time.
    TooSlow,
    /// It sent what is no command.
    Unreadable(&'static str),
    /// The server stops.
    Stops,
}

impl From<Lost> for End {
    fn from(_: Lost) -> Self {
        Self::TooSlow
    }
}

/// What a session has at hand.
pub(super) struct Session {
    pub(super) app: App,
    pub(super) out: Outgoing,
    pub(super) subscriptions: Subscriptions,
    notices: Receiver<Notice>,
    last_id: u64,
}

/// Serves a client until it goes.
pub(super) async fn run(app: App, socket: WebSocket, place: Option<Arc<Place>>) {
    let meter = Arc::clone(&app.options.meter);
    meter.socket_opened();
    let limits = app.options.limits;
    // Held to the end, which a server that stops waits for.
    let mut ends = app.options.ending.hear();
    let (sink, mut incoming) = socket.split();
    let out = Outgoing::new(sink, limits.socket_queue);
    if out.send(&json!({"type": "auth_required", "ha_version": HOME_ASSISTANT})).is_ok() {
        let introduced = tokio::select! {
            introduced = timeout(limits.socket_auth, principal(&app, &mut incoming)) => introduced,
            () = ends.wait() => {
                out.close(close_code::AWAY, STOPPING).await;
                meter.socket_closed();
                return;
            }
            () = displaced(place.as_deref()) => Ok(Err("Too many connections")),
        };
        match introduced {
            Ok(Ok(principal)) => {
                place.iter().for_each(|place| place.keep());
                // From here on nothing is missed: whoever subscribes sees what happens after its answer.
                let notices = app.engine.notices();
                let subscriptions = Subscriptions::new(limits.subscriptions);
                let session = Session { app, out, subscriptions, notices, last_id: 0 };
                tracing::debug!(%principal, "a client is there");
                session.serve(incoming, &mut ends).await;
            }
            Ok(Err(message)) => {
                // That the client does not read it is its own affair.
                let _ = out.send(&json!({"type": "auth_invalid", "message": message}));
                out.end().await;
            }
            Err(_) => out.close(close_code::POLICY, "it took too long to say who it is").await,
        }
    }
    meter.socket_closed();
}

/// Ready when somebody else has the place of a client that has not said who it is.
async fn displaced(place: Option<&Place>) {
    match place {
        Some(place) => place.displaced().await,
        None => std::future::pending().await,
    }
}

/// Who the client is; or what it is told.
async fn principal(app: &App, incoming: &mut SplitStream<WebSocket>) -> Result<String, &'static str> {
    const UNREADABLE: &str = "Auth message incorrectly formatted";
    let text = loop {
        match incoming.next().await {
            Some(Ok(Message::Text(text))) => break text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            _ => return Err(UNREADABLE),
        }
    };
    let message = parse(text.as_bytes(), app.options.limits.depth).map_err(|_| UNREADABLE)?;
    let token = message.get("access_token").and_then(Value::as_str);
    match (message.get("type").and_then(Value::as_str), token) {
        (Some("auth"), Some(token)) => app.options.authenticate.principal(token).ok_or("Invalid access token or password"),
        _ => Err(UNREADABLE),
    }
}

impl Session {
    async fn serve(mut self, mut incoming: SplitStream<WebSocket>, ends: &mut Ends) {
        let end = match self.out.send(&json!({"type": "auth_ok", "ha_version": HOME_ASSISTANT})) {
            Ok(()) => self.exchange(&mut incoming, ends).await,
            Err(lost) => lost.into(),
        };
        match end {
            End::Gone => self.out.end().await,
            End::TooSlow => {
                self.app.options.meter.socket_lagged();
                self.out.close(close_code::POLICY, "socket.too_slow").await;
            }
            End::Stops => self.out.close(close_code::AWAY, STOPPING).await,
            End::Unreadable(reason) => self.out.close(close_code::POLICY, reason).await,
        }
    }

    async fn exchange(&mut self, incoming: &mut SplitStream<WebSocket>, ends: &mut Ends) -> End {
        let mut ping = interval(self.app.options.limits.socket_ping);
        ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ping.reset();
        let mut heard = true;
        loop {
            let done = tokio::select! {
                message = incoming.next() => {
                    heard = true;
                    match message {
                        Some(Ok(Message::Text(text))) => self.text(&text).await,
                        Some(Ok(Message::Binary(_))) => Err(End::Unreadable("socket.not_text")),
                        Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
                        Some(Ok(Message::Close(_)) | Err(_)) | None => Err(End::Gone),
                    }
                }
                notice = self.notices.recv() => match notice {
                    Ok(notice) => self.forward(&notice).await.map_err(End::from),
                    Err(RecvError::Lagged(_)) => Err(End::TooSlow),
                    Err(RecvError::Closed) => Err(End::Gone),
                },
                // A command that has begun has its answer before that.
                () = ends.wait() => Err(End::Stops),
                _ = ping.tick() => {
                    if std::mem::replace(&mut heard, false) { self.out.ping().map_err(End::from) } else { Err(End::Gone) }
                }
            };
            if let Err(end) = done {
                return end;
            }
        }
    }

    /// One message: a command, or a list of them.
    async fn text(&mut self, text: &str) -> Result<(), End> {
        match parse(text.as_bytes(), self.app.options.limits.depth) {
            Ok(Value::Array(commands)) => {
                for command in commands {
                    self.message(command).await?;
                }
                Ok(())
            }
            Ok(command) => self.message(command).await,
            Err(_) => Err(End::Unreadable("socket.not_json")),
        }
    }

    async fn message(&mut self, message: Value) -> Result<(), End> {
        let Some((id, kind, body)) = envelope(message) else {
            return Ok(self.out.error(0, "invalid_format", "Message incorrectly formatted.")?);
        };
        if id <= self.last_id {
            return Ok(self.out.error(id, "id_reuse", "Identifier values have to increase.")?);
        }
        self.last_id = id;
        let answered = command::run(self, id, &kind, &body).await;
        // What the command caused is told before its answer.
        self.catch_up().await?;
        match answered {
            Ok(command::Answer::Result(result)) => self.out.result(id, &result)?,
            Ok(command::Answer::ThenEvent(event)) => {
                self.out.result(id, &Value::Null)?;
                self.out.send(&json!({"id": id, "type": "event", "event": event}))?;
            }
            Ok(command::Answer::AfterEvent(event)) => {
                self.out.send(&json!({"id": id, "type": "event", "event": event}))?;
                self.out.result(id, &Value::Null)?;
            }
            Ok(command::Answer::Pong) => self.out.send(&json!({"id": id, "type": "pong"}))?,
            Err(error) => self.out.error(id, &error.code, &error.message)?,
        }
        Ok(())
    }

    /// Tells what has happened so far.
    async fn catch_up(&mut self) -> Result<(), End> {
        loop {
            match self.notices.try_recv() {
                Ok(notice) => self.forward(&notice).await?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Lagged(_)) => return Err(End::TooSlow),
                Err(TryRecvError::Closed) => return Err(End::Gone),
            }
        }
    }

    async fn forward(&self, notice: &Notice) -> Result<(), Lost> {
        for message in self.subscriptions.messages(&self.app.engine, notice).await {
            self.out.send(&message)?;
        }
        Ok(())
    }
}

/// The id, the type and the rest of a command.
fn envelope(message: Value) -> Option<(u64, String, Map<String, Value>)> {
    let Value::Object(mut body) = message else { return None };
    let id = body.remove("id")?.as_u64().filter(|id| *id > 0)?;
    match body.remove("type")? {
        Value::String(kind) => Some((id, kind, body)),
        _ => None,
    }
}
