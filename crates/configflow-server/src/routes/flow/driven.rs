//! What the three kinds of dialog have in common.

use axum::http::StatusCode;
use axum::response::Response;
use configflow_core::{Kind, StepError};
use configflow_engine::{FlowError, Start};
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Principal;
use crate::refusal::{Refusal, json_body};

/// Which of the three.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Config,
    Options,
    Subentry,
}

impl Family {
    fn has(self, kind: &Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Config, Kind::Config) | (Self::Options, Kind::Options) | (Self::Subentry, Kind::Subentry { .. })
        )
    }
}

/// The handlers of one kind of dialog once it has begun, under their path: what it shows, answers to it, its end.
macro_rules! paths {
    ($family:expr, $path:literal) => {
        /// What the dialog shows now.
        #[utoipa::path(
                            get,
                            path = $path,
                            tag = "flows",
                            params(("flow_id" = String, Path, description = "The flow")),
                            responses((status = 200, description = "What the flow shows", body = wire::FlowResult), wire::NoFlow)
                        )]
        pub(in crate::routes) async fn show(
            State(app): State<App>,
            principal: Principal,
            axum::extract::Path(flow_id): axum::extract::Path<String>,
        ) -> Result<Response, Refusal> {
            driven::show(&app, &principal, $family, &flow_id).await
        }

        /// Answers what the dialog shows.
        #[utoipa::path(
                            post,
                            path = $path,
                            tag = "flows",
                            params(("flow_id" = String, Path, description = "The flow")),
                            request_body = wire::AnswerBody,
                            responses(
                                (status = 200, description = "What the flow shows next", body = wire::FlowResult),
                                wire::RefusedAnswer, wire::NoFlow, wire::Busy
                            )
                        )]
        pub(in crate::routes) async fn answer(
            State(app): State<App>,
            principal: Principal,
            axum::extract::Path(flow_id): axum::extract::Path<String>,
            crate::request::Answers(answers): crate::request::Answers,
        ) -> Result<Response, Refusal> {
            driven::answer(&app, &principal, $family, &flow_id, answers).await
        }

        /// Gives the dialog up.
        #[utoipa::path(
                            delete,
                            path = $path,
                            tag = "flows",
                            params(("flow_id" = String, Path, description = "The flow")),
                            responses((status = 200, description = "It is over", body = wire::Message), wire::NoFlow)
                        )]
        pub(in crate::routes) async fn abort(
            State(app): State<App>,
            principal: Principal,
            axum::extract::Path(flow_id): axum::extract::Path<String>,
        ) -> Result<Response, Refusal> {
            driven::abort(&app, &principal, $family, &flow_id).await
        }
    };
}
pub(super) use paths;

/// Begins a flow.
pub(super) async fn start(app: &App, principal: &Principal, start: Start) -> Result<Response, Refusal> {
    let handler = match &start.kind {
        Kind::Config => start.handler.clone(),
        Kind::Options => start.entry_id.clone().unwrap_or_default(),
        Kind::Subentry { subentry_type } => subentry_type.clone(),
    };
    let shown = app.caller(principal).start(start).await.map_err(|error| unsupported(&handler, error))?;
    Ok(json_body(StatusCode::OK, &*shown))
}

/// The refusal of a start; a step that is not there is told in Home Assistant's words.
pub(in crate::routes) fn unsupported(handler: &str, error: FlowError) -> Refusal {
    match error {
        FlowError::Step(StepError::UnknownStep { step }) => {
            Refusal::bad(format!("Handler {handler} doesn't support step {step}"))
        }
        other => other.into(),
    }
}

/// What a flow shows.
pub(super) async fn show(app: &App, principal: &Principal, family: Family, flow_id: &str) -> Result<Response, Refusal> {
    belongs(app, family, flow_id)?;
    Ok(json_body(StatusCode::OK, &*app.caller(principal).get(flow_id).await?))
}

/// Answers what a flow shows.
pub(super) async fn answer(
    app: &App,
    principal: &Principal,
    family: Family,
    flow_id: &str,
    answers: Value,
) -> Result<Response, Refusal> {
    belongs(app, family, flow_id)?;
    Ok(json_body(StatusCode::OK, &*app.caller(principal).answer(flow_id, answers).await?))
}

/// Gives a flow up.
pub(super) async fn abort(app: &App, principal: &Principal, family: Family, flow_id: &str) -> Result<Response, Refusal> {
    belongs(app, family, flow_id)?;
    app.caller(principal).abort(flow_id).await?;
    Ok(json_body(StatusCode::OK, &json!({"message": "Flow aborted"})))
}

/// Refuses a flow of another kind: each kind has its own path.
fn belongs(app: &App, family: Family, flow_id: &str) -> Result<(), Refusal> {
    let kind = app.engine.kind_of(flow_id);
    if kind.is_some_and(|kind| family.has(&kind)) { Ok(()) } else { Err(Refusal::unknown_flow()) }
}
