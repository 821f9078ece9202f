//! A server around the API: connections are counted, heads of requests have a time limit, and the end is orderly.

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_service::Service;

use crate::ending::Ending;
use crate::metrics::Meter;
use crate::options::{Options, ServerLimits};
use crate::places::{Full, Place, Places};

/// What a connection beyond the limit is told.
const FULL: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nconnection: close\r\nretry-after: 5\r\n\
content-length: 89\r\n\r\n{\"message\":\"as many connections are open as may be\",\"code\":\"server.too_many_connections\"}";

/// How a server listens.
pub struct Listen {
    /// Where.
    pub listener: TcpListener,
    /// What connections may take.
    pub limits: ServerLimits,
    /// Counts connections that are refused.
    pub meter: Arc<Meter>,
    /// Tells WebSockets of the end.
    ending: Arc<Ending>,
}

impl Listen {
    /// Listens with the limits of the API.
    #[must_use]
    pub fn new(listener: TcpListener, options: &Options) -> Self {
        Self { listener, limits: options.limits, meter: Arc::clone(&options.meter), ending: Arc::clone(&options.ending) }
    }
}

/// Serves until `stop` is ready; then takes no more connections, closes WebSockets with 1001 (RFC 6455 §7.4.1: going away), and lets
/// requests end within the time that they have.
///
/// # Errors
/// Where the listener fails for good.
pub async fn serve(listen: Listen, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    let Listen { listener, limits, meter, ending } = listen;
    let places = Places::new(limits.connections);
    let (closing, closes) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) if passes(&error) => continue,
            Err(error) => {
                // Most often no more files may be open; some will be closed.
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                continue;
            }
        };
        let place = match places.take() {
            Ok(place) => place,
            Err(Full) => {
                meter.connection_refused();
                connections.spawn(async move { turn_away(stream).await });
                continue;
            }
        };
        let (router, closes) = (router.clone(), closes.clone());
        connections.spawn(connection(stream, router, limits, closes, place));
    }
    drop(listener);
    closing.send_replace(true);
    let farewell = async {
        let requests = async { while connections.join_next().await.is_some() {} };
        tokio::join!(requests, ending.tell());
    };
    if tokio::time::timeout(limits.farewell, farewell).await.is_err() {
        tracing::warn!("some requests did not end in time");
    }
    connections.shutdown().await;
    Ok(())
}

/// Whether an error is of one connection only.
fn passes(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn turn_away(mut stream: TcpStream) {
    // Whether the client reads it is its own affair.
    let told = async {
        let _ = stream.write_all(FULL).await;
        let _ = stream.shutdown().await;
    };
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), told).await;
}

async fn connection(
    stream: TcpStream,
    router: Router,
    limits: ServerLimits,
    mut closes: watch::Receiver<bool>,
    place: Arc<Place>,
) {
    // Small answers should not wait for more to come.
    let _ = stream.set_nodelay(true);
    let of_requests = Arc::clone(&place);
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let (mut router, busy) = (router.clone(), of_requests.busy());
        let mut request: Request = request.map(Body::new);
        // Whoever shows a token keeps the place, and a WebSocket takes it along.
        request.extensions_mut().insert(Arc::clone(&of_requests));
        async move {
            let response = router.call(request).await;
            drop(busy);
            response
        }
    });
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_time)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let mut closing = false;
    loop {
        tokio::select! {
            ended = serving.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection ended badly");
                }
                return;
            }
            () = place.displaced() => return,
            _ = closes.wait_for(|closes| *closes), if !closing => {
                closing = true;
                serving.as_mut().graceful_shutdown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_has_the_length_that_it_says() {
        let text = std::str::from_utf8(FULL).expect("text");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).expect("a length");
        assert_eq!(length.parse(), Ok(body.len()));
        assert!(serde_json::from_str::<serde_json::Value>(body).is_ok());
    }
}
