//! The OpenAPI document: made of the code of the paths.

use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{InfoBuilder, OpenApi, SecurityRequirement};

use crate::refusal::json_body;
use crate::routes::wire;

/// What the document begins with.
pub(crate) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("configflow")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Home Assistant's flow API. Commands and events go over the WebSocket at `/api/websocket`; see docs/server.md.",
        ))
        .build();
    let mut document = Shapes::openapi();
    document.info = info;
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components.get_or_insert_default().add_security_scheme("token", bearer);
    document.security = Some(vec![SecurityRequirement::new("token", Vec::<String>::new())]);
    document
}

/// Shapes of refusals, which several paths share.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(wire::AnswerErrors, wire::Message)))]
struct Shapes;

/// The OpenAPI document of the API.
#[must_use]
pub fn document() -> OpenApi {
    crate::routes::documented().into_openapi()
}

/// Gives the document. It describes what everybody may read in the sources, so it needs no token.
pub(crate) async fn serve() -> Response {
    json_body(axum::http::StatusCode::OK, &document()).into_response()
}
