//! What is logged, on standard error.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterExt, FilterFn, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// How to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Logs on standard error what CONFIGFLOW_LOG says; `info` where it is not set.
pub(super) fn to_stderr(format: Format) {
    let wanted = EnvFilter::try_from_env("CONFIGFLOW_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = wanted.and(no_secrets());
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let layer: Box<dyn Layer<Registry> + Send + Sync> = match format {
        Format::Text => layer.with_filter(filter).boxed(),
        Format::Json => layer.json().with_filter(filter).boxed(),
    };
    // Somebody who embeds the command may log already.
    let _ = tracing_subscriber::registry().with(layer).try_init();
}

/// Libraries write what goes over the wire at their finer levels: headers, frames, statements. Whatever is asked for, of theirs no more
/// than `info` is logged.
fn no_secrets() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    fn fits(metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO || is_ours(metadata.target())
    }
    filter_fn(fits as fn(&Metadata<'_>) -> bool).with_max_level_hint(LevelFilter::TRACE)
}

fn is_ours(target: &str) -> bool {
    target.split("::").next().is_some_and(|name| name == "configflow" || name.starts_with("configflow_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_crates_are_ours() {
        assert!(is_ours("configflow") && is_ours("configflow_engine::driver"));
        assert!(!is_ours("tungstenite::protocol") && !is_ours("configflowers") && !is_ours("log"));
    }
}
