//! The paths of the API.

mod back;
mod callback;
mod entries;
mod fallback;
mod flow;
mod flow_handlers;
mod health;
mod operator;
mod prometheus;
mod schema;
pub(crate) mod wire;

pub(crate) use entries::{is_of, view, views};

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use configflow_engine::Engine;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::options::Options;
use crate::{metrics, socket};

/// The API of an engine, to be mounted at the root of a server.
pub fn router(engine: Engine, options: Options) -> Router {
    let app = App { engine, options: Arc::new(options) };
    let (router, _) = documented().split_for_parts();
    router
        .route("/api/websocket", get(socket::upgrade))
        .route("/api/configflow/openapi.json", get(crate::openapi::serve))
        .method_not_allowed_fallback(fallback::wrong_verb)
        .fallback(fallback::elsewhere)
        .layer(CatchPanicLayer::custom(fallback::panicked))
        .layer(from_fn_with_state(app.clone(), metrics::measure))
        .with_state(app)
}

/// Every path that the OpenAPI document describes.
pub(crate) fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(crate::openapi::head())
        .routes(routes!(flow::config::start))
        .routes(routes!(flow::config::show, flow::config::answer, flow::config::abort))
        .routes(routes!(flow::options::start))
        .routes(routes!(flow::options::show, flow::options::answer, flow::options::abort))
        .routes(routes!(flow::subentries::start))
        .routes(routes!(flow::subentries::show, flow::subentries::answer, flow::subentries::abort))
        .routes(routes!(flow_handlers::list))
        .routes(routes!(entries::list))
        .routes(routes!(entries::remove))
        .routes(routes!(entries::reload))
        .routes(routes!(callback::external))
        .routes(routes!(operator::start))
        .routes(routes!(operator::entries))
        .routes(routes!(schema::form))
        .routes(routes!(back::back))
        .routes(routes!(health::health))
        .routes(routes!(prometheus::metrics))
}
