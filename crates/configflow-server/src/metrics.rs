//! What is counted, for Prometheus: requests, flows, effects, sockets. No label holds anything that a client chose.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use configflow_core::{EffectOutcome, Event, FlowResult};
use configflow_engine::{Observed, Observer};

use crate::app::App;

/// The upper bounds of the buckets of durations, in seconds.
const BUCKETS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0];

/// Counts. An engine tells it every transition where it is the engine's observer.
#[derive(Default)]
pub struct Meter {
    counts: Mutex<Counts>,
    sockets: AtomicI64,
    lagged: AtomicU64,
    refused_connections: AtomicU64,
}

#[derive(Default)]
struct Counts {
    /// By path, verb and status.
    requests: Tally<(&'static str, u16)>,
    durations: Histogram,
    /// By domain and source.
    started: BTreeMap<String, Tally<()>>,
    /// By domain and how.
    ended: Tally<&'static str>,
    /// By action and outcome.
    effects: Tally<&'static str>,
}

/// Counts by a text and something small.
type Tally<K> = BTreeMap<String, BTreeMap<K, u64>>;

/// Counts one. What was counted before is found without a copy of its text.
fn count<K: Ord>(tally: &mut Tally<K>, text: &str, key: K) {
    if let Some(counts) = tally.get_mut(text) {
        *counts.entry(key).or_default() += 1;
    } else {
        tally.insert(text.to_owned(), BTreeMap::from([(key, 1)]));
    }
}

#[derive(Default)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    sum: f64,
    count: u64,
}

/// Every count with its labels.
fn each<K: Copy>(tally: &Tally<K>) -> impl Iterator<Item = (&String, K, &u64)> {
    tally.iter().flat_map(|(text, counts)| counts.iter().map(move |(key, count)| (text, *key, count)))
}

impl Meter {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, verb: &'static str, path: &str, status: u16, seconds: f64) {
        let mut counts = self.counts();
        count(&mut counts.requests, path, (verb, status));
        counts.durations.observe(seconds);
    }

    pub(crate) fn socket_opened(&self) {
        self.sockets.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn socket_closed(&self) {
        self.sockets.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn socket_lagged(&self) {
        self.lagged.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn connection_refused(&self) {
        self.refused_connections.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it in the text format of Prometheus.
    pub(crate) fn render(&self, flows: usize) -> String {
        let counts = self.counts();
        let mut text = Text(String::new());
        text.family("configflow_http_requests_total", "counter", "Requests by verb, path and status.");
        for (path, (verb, status), count) in each(&counts.requests) {
            let labels = format!("method=\"{verb}\",path=\"{}\",status=\"{status}\"", escaped(path));
            text.sample("configflow_http_requests_total", &labels, count);
        }
        counts.durations.render(&mut text);
        text.family("configflow_flows_started_total", "counter", "Flows by integration and source.");
        for (domain, source, count) in counts
            .started
            .iter()
            .flat_map(|(domain, sources)| each(sources).map(move |(source, (), count)| (domain, source, count)))
        {
            let labels = format!("domain=\"{}\",source=\"{}\"", escaped(domain), escaped(source));
            text.sample("configflow_flows_started_total", &labels, count);
        }
        text.family("configflow_flows_ended_total", "counter", "Flows by integration and how they ended.");
        for (domain, how, count) in each(&counts.ended) {
            let labels = format!("domain=\"{}\",result=\"{}\"", escaped(domain), escaped(how));
            text.sample("configflow_flows_ended_total", &labels, count);
        }
        text.family("configflow_effects_total", "counter", "Effects by action and outcome.");
        for (action, outcome, count) in each(&counts.effects) {
            let labels = format!("action=\"{}\",outcome=\"{outcome}\"", escaped(action));
            text.sample("configflow_effects_total", &labels, count);
        }
        drop(counts);
        text.family("configflow_flows_in_progress", "gauge", "Flows in progress.");
        text.sample("configflow_flows_in_progress", "", flows);
        text.family("configflow_websockets", "gauge", "Open WebSockets.");
        text.sample("configflow_websockets", "", self.sockets.load(Ordering::Relaxed));
        text.family("configflow_websockets_too_slow_total", "counter", "WebSockets closed since their client was too slow.");
        text.sample("configflow_websockets_too_slow_total", "", self.lagged.load(Ordering::Relaxed));
        text.family("configflow_connections_refused_total", "counter", "Connections beyond the limit.");
        text.sample("configflow_connections_refused_total", "", self.refused_connections.load(Ordering::Relaxed));
        text.0
    }
}

impl Observer for Meter {
    fn transition(&self, observed: &Observed<'_>) {
        let state = observed.after;
        let mut counts = self.counts();
        if observed.before.is_none() {
            let source = &state.context().source;
            match counts.started.get_mut(observed.domain) {
                Some(sources) => count(sources, source, ()),
                None => count(counts.started.entry(observed.domain.to_owned()).or_default(), source, ()),
            }
        }
        if let (Some(Event::EffectDone { outcome, .. }), Some(action)) = (observed.event, observed.action) {
            let outcome = match outcome {
                EffectOutcome::Done { .. } => "done",
                EffectOutcome::Failed { .. } => "failed",
                EffectOutcome::Abort { .. } => "abort",
            };
            count(&mut counts.effects, action, outcome);
        }
        if state.is_over() {
            let how = match (observed.show, observed.event) {
                (Some(result @ FlowResult::CreateEntry(_)), _) => result.type_name(),
                (Some(FlowResult::Abort(_)), _) => "abort",
                _ => "given_up",
            };
            count(&mut counts.ended, observed.domain, how);
        }
    }
}

impl Histogram {
    fn observe(&mut self, seconds: f64) {
        for (bucket, bound) in self.buckets.iter_mut().zip(BUCKETS) {
            if seconds <= bound {
                *bucket += 1;
            }
        }
        self.sum += seconds;
        self.count += 1;
    }

    fn render(&self, text: &mut Text) {
        const NAME: &str = "configflow_http_request_duration_seconds";
        text.family(NAME, "histogram", "How long requests took.");
        for (count, bound) in self.buckets.iter().zip(BUCKETS) {
            text.sample(&format!("{NAME}_bucket"), &format!("le=\"{bound}\""), count);
        }
        text.sample(&format!("{NAME}_bucket"), "le=\"+Inf\"", self.count);
        text.sample(&format!("{NAME}_sum"), "", self.sum);
        text.sample(&format!("{NAME}_count"), "", self.count);
    }
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a text cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl std::fmt::Display) {
        let labels = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Counts a request under the path of its route; what is no route counts as one.
pub(crate) async fn measure(State(app): State<App>, request: Request, next: Next) -> Response {
    const VERBS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let verb = VERBS.into_iter().find(|verb| request.method() == verb).unwrap_or("other");
    let path = request.extensions().get::<MatchedPath>().cloned();
    let began = Instant::now();
    let response = next.run(request).await;
    let took = began.elapsed();
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    app.options.meter.request(verb, path, response.status().as_u16(), took.as_secs_f64());
    tracing::debug!(verb, path, status = response.status().as_u16(), micros = took.as_micros(), "a request was answered");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_cannot_break_out() {
        let meter = Meter::default();
        meter.request("GET", "/a\"b\\c", 200, 0.02);
        let text = meter.render(3);
        assert!(text.contains("configflow_http_requests_total{method=\"GET\",path=\"/a\\\"b\\\\c\",status=\"200\"} 1"), "{text}");
        assert!(text.contains("configflow_http_request_duration_seconds_bucket{le=\"0.005\"} 0"));
        assert!(text.contains("configflow_http_request_duration_seconds_bucket{le=\"0.025\"} 1"));
        assert!(text.contains("configflow_flows_in_progress 3"));
    }
}
