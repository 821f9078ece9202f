//! A request from the wire to an endpoint and back, by way of the faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, Response, header};
use serde_json::{Map, json};
use tokio::sync::watch;
use url::Url;

use super::answer::{Answer, Content, Refusal};
use super::door::{Cut, DoorHandle};
use super::incoming::Incoming;
use super::place::Place;
use super::script::Effect;
use super::world::{Taken, World};

/// The largest body of a request that is read.
const LARGEST_REQUEST: usize = 1 << 20;

/// What the handler, the handle and the person share.
pub(crate) struct Site {
    world: Mutex<World>,
    pub(crate) door: DoorHandle,
    /// True when the server is to stop.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) port: u16,
}

impl Site {
    pub(crate) fn new(world: World, door: DoorHandle, stopping: watch::Receiver<bool>, port: u16) -> Self {
        Self { world: Mutex::new(world), door, stopping, port }
    }

    /// The world; a panic in a test elsewhere does not make it unusable.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn stopped(&self) {
        let mut stopping = self.stopping.clone();
        // An error means that the handle is gone, which is a stop too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    }

    /// Where a URL of the outside is served here.
    pub(crate) fn local(&self, url: &Url) -> Option<String> {
        let host = url.host_str().filter(|_| matches!(url.scheme(), "https" | "http"))?;
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Some(format!("http://127.0.0.1:{}/{}/{host}{port}{}{query}", self.port, url.scheme(), url.path()))
    }
}

/// What becomes of a request.
enum Outcome {
    Answer(Answer),
    /// No answer: the connection is reset.
    Reset,
    /// No answer: the connection stays open.
    Hang,
}

/// The one handler.
pub(crate) async fn handle(
    State(site): State<Arc<Site>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Some(url) = Incoming::original(&parts.uri) else {
        let text = "not a rewritten URL: expected a path such as /https/login.example/token";
        return Answer::text(text).with_status(404).into_response();
    };
    let Ok(body) = to_bytes(body, LARGEST_REQUEST).await else {
        return Answer::text("the request is too large").with_status(413).into_response();
    };
    let incoming = Incoming { method: parts.method.to_string(), url, headers: parts.headers, body: body.to_vec() };

    let (serial, outcome, goes_down, may_go_down) = {
        let mut world = site.world();
        let taken = world.take(&incoming);
        let outcome = outcome(&mut world, &taken, &incoming);
        (taken.serial, outcome, world.goes_down(), world.may_go_down())
    };
    if goes_down {
        site.door.shut().await;
    }
    let answer = match outcome {
        Outcome::Answer(answer) => answer,
        Outcome::Reset => {
            cut.cut();
            return Response::new(Body::empty());
        }
        Outcome::Hang => {
            site.stopped().await;
            cut.cut();
            return Response::new(Body::empty());
        }
    };
    site.world().note(serial, answer.status);
    let mut response = answer.into_response();
    if may_go_down {
        // A connection that is kept would get around the closed door.
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Carries a request out, unless a fault is before it.
fn outcome(world: &mut World, taken: &Taken, incoming: &Incoming) -> Outcome {
    for effect in &taken.effects {
        match effect {
            Effect::Hang => return Outcome::Hang,
            Effect::Reset | Effect::Refuse => return Outcome::Reset,
            Effect::AnswerLost => {
                let _ = world.answer(taken.place, incoming, &taken.effects);
                return Outcome::Reset;
            }
            _ => {}
        }
    }
    let canned = taken.effects.iter().find_map(|effect| canned(world, taken.place, incoming, effect));
    let answer = match canned {
        Some(answer) => answer,
        None => world.answer(taken.place, incoming, &taken.effects),
    };
    Outcome::Answer(answer.changed(&taken.effects))
}

/// The answer of a fault that has one.
fn canned(world: &mut World, place: Place, incoming: &Incoming, effect: &Effect) -> Option<Answer> {
    match effect {
        Effect::Status { status, body, content_type, headers } => {
            let mut answer = Answer::text(body.clone()).with_status(*status).with_header("content-type", content_type);
            for (name, value) in headers {
                answer = answer.with_header(name, value);
            }
            Some(answer)
        }
        Effect::Error { error, aadsts, description, status } => {
            let refusal = Refusal { error: error.clone(), aadsts: *aadsts, description: description.clone(), status: *status };
            Some(world.refuse(place, incoming, &refusal))
        }
        Effect::BodySize(size) => {
            let empty = json!({"padding": ""}).to_string().len();
            let padding = "x".repeat(size.saturating_sub(empty));
            Some(Answer::json(json!({"padding": padding})))
        }
        Effect::Redirect(to) => match Url::parse(to) {
            Ok(url) if place == Place::Authorize => Some(Answer::redirect(url, Map::new())),
            _ => Some(Answer { status: 307, headers: Vec::new(), content: Content::Empty }.with_header("location", to)),
        },
        _ => None,
    }
}
