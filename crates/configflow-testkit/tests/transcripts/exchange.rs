//! A recording as it was written down: requests with their responses.

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// What was recorded.
pub(crate) struct Transcript {
    pub(crate) exchanges: Vec<Exchange>,
    /// The entries that were stored in the end.
    pub(crate) entries_after: Vec<Value>,
}

/// One request and what came of it.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) request: Request,
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A request. Its ids are those of the recording until the replay puts ours in their place.
#[derive(Clone)]
pub(crate) struct Request {
    /// An HTTP verb, `WS`, `WS-EVENT`, `INTERNAL` or `OUTBOUND …`.
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl Transcript {
    pub(crate) fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(fixtures().join(format!("transcripts/{name}.json"))).expect("a recording");
        let mut recording: Value = serde_json::from_str(&text).expect("JSON");
        let list = |value: Value| if let Value::Array(items) = value { items } else { Vec::new() };
        let exchanges = list(recording["exchanges"].take()).into_iter().map(Exchange::of).collect();
        Self { exchanges, entries_after: list(recording["entries_after"].take()) }
    }
}

impl Exchange {
    fn of(mut recorded: Value) -> Self {
        let mut request = recorded["request"].take();
        let response = &mut recorded["response"];
        let is_http = response.get("status").is_some();
        let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            request: Request { method: text(&request["method"]), path: text(&request["path"]), body: request["body"].take() },
            status,
            body: if is_http { response["body"].take() } else { response.take() },
        }
    }
}

impl Request {
    /// The id of the flow that the request is about; none where it starts one, or is about something else.
    pub(crate) fn flow_id(&self) -> Option<&str> {
        let (_, tail) = self.path.split_once("/flow/")?;
        (!tail.is_empty() && !tail.contains('/')).then_some(tail)
    }

    /// Whether it starts a flow.
    pub(crate) fn starts_flow(&self) -> bool {
        self.method == "POST" && self.path.ends_with("/flow")
    }

    /// Whether it is a provider's callback.
    pub(crate) fn is_callback(&self) -> bool {
        self.method == "GET" && (self.path.starts_with("/auth/external/callback") || self.path.starts_with("/api/ms365"))
    }
}
