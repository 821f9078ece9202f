//! The OpenAPI document: made of the code of the paths.

use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi, OpenApiBuilder, SecurityRequirement};

use crate::refusal::json_body;

/// What the document begins with.
pub(crate) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("configflow")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "Home Assistant's flow API. Commands and events go over the WebSocket at `/api/websocket`; see docs/server.md.",
        ))
        .build();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    OpenApiBuilder::new()
        .info(info)
        .components(Some(ComponentsBuilder::new().security_scheme("token", bearer).build()))
        .security(Some([SecurityRequirement::new("token", Vec::<String>::new())]))
        .build()
}

/// The OpenAPI document of the API.
#[must_use]
pub fn document() -> OpenApi {
    crate::routes::documented().into_openapi()
}

/// Gives the document. It describes what everybody may read in the sources, so it needs no token.
pub(crate) async fn serve() -> Response {
    json_body(axum::http::StatusCode::OK, &document()).into_response()
}
