//! `configflow serve` and `configflow replay`, as processes.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::CommandCargoExt;
use configflow_testkit::simulated::{Script, Simulated};
use serde_json::{Value, json};

const FLOW: &str = "/api/config/config_entries/flow";

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

fn configflow() -> Command {
    let mut command = Command::cargo_bin("configflow").expect("the command is built");
    command.env_remove("CONFIGFLOW_TOKEN").env_remove("CONFIGFLOW_KEY").env("CONFIGFLOW_LOG", "info");
    command
}

/// A running server; killed when it is dropped.
struct Server {
    child: Child,
    base: String,
    errors: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(flows: &Path, data: &Path, token: Option<&str>) -> Self {
        Self::start_with(flows, data, token, &[])
    }

    fn start_with(flows: &Path, data: &Path, token: Option<&str>, more: &[&str]) -> Self {
        let mut command = configflow();
        command.args(["serve", "--listen", "127.0.0.1:0", "--external-url", "https://ha.example.org", "--log-format", "json"]);
        command.arg("--flows").arg(flows).arg("--data").arg(data).args(more);
        if let Some(token) = token {
            command.env("CONFIGFLOW_TOKEN", token);
        }
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        lines.read_line(&mut line).expect("a line");
        let base = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?}")).to_owned();
        let errors = BufReader::new(child.stderr.take().expect("its errors"));
        Self { child, base, errors }
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status().expect("a shell");
        assert!(sent.success());
    }

    /// Reads what it says on standard error until a line has this text.
    fn until(&mut self, text: &str) -> String {
        let mut said = String::new();
        loop {
            let mut line = String::new();
            assert!(self.errors.read_line(&mut line).expect("a line") > 0, "it ended before it said {text:?}:\n{said}");
            said.push_str(&line);
            if line.contains(text) {
                return said;
            }
        }
    }

    /// Asks it to stop, and says how it ended and how long that took.
    fn stop(mut self) -> (Option<i32>, Duration, String) {
        let began = Instant::now();
        self.signal("TERM");
        let status = self.child.wait().expect("it ends");
        let mut said = String::new();
        self.errors.read_to_string(&mut said).expect("text");
        (status.code(), began.elapsed(), said)
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a verb");
        let mut request = client.request(method, format!("{}{path}", self.base)).bearer_auth(token);
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let text = response.text().await.expect("text");
        (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with one small definition.
fn flows(folder: &Path) -> PathBuf {
    let flows = folder.join("flows");
    std::fs::create_dir_all(&flows).expect("a folder");
    std::fs::copy(fixtures().join("flows/threshold.yaml"), flows.join("threshold.yaml")).expect("copied");
    flows
}

#[tokio::test]
async fn a_token_is_made_and_a_flow_survives_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (flows(folder.path()), folder.path().join("data"));
    let server = Server::start(&flows, &data, None);
    let file = data.join("token");
    let token = std::fs::read_to_string(&file).expect("the token").trim().to_owned();
    assert_eq!(std::fs::metadata(&file).expect("the file").permissions().mode() & 0o777, 0o600);
    assert!(token.len() >= 40);
    assert_eq!(server.send("wrong", "POST", FLOW, Some(json!({"handler": "threshold"}))).await.0, 401);
    let (status, form) = server.send(&token, "POST", FLOW, Some(json!({"handler": "threshold"}))).await;
    assert_eq!((status, &form["type"]), (200, &json!("form")));
    let (code, took, _) = server.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");

    let server = Server::start(&flows, &data, None);
    let path = format!("{FLOW}/{}", form["flow_id"].as_str().expect("an id"));
    let answer = json!({"name": "T", "entity_id": "sensor.power", "lower": 1});
    let (status, made) = server.send(&token, "POST", &path, Some(answer)).await;
    assert_eq!((status, &made["type"]), (200, &json!("create_entry")), "{made}");
    drop(server);
    let server = Server::start(&flows, &data, Some("from-the-environment"));
    assert_eq!(server.send(&token, "GET", "/api/config/config_entries/entry", None).await.0, 401, "the environment's counts");
    let (_, entries) = server.send("from-the-environment", "GET", "/api/config/config_entries/entry", None).await;
    assert_eq!(entries[0]["title"], "T");
}

#[tokio::test]
async fn definitions_are_read_again_and_a_broken_one_leaves_the_others() {
    let folder = tempfile::tempdir().expect("a folder");
    let flows = flows(folder.path());
    std::fs::write(flows.join("broken.yaml"), "domain: broken\nconfig:\n  user: { form: [nothing] }\n").expect("written");
    let mut server = Server::start(&flows, &folder.path().join("data"), Some("t"));
    let said = server.until("definitions were read");
    assert!(said.contains("field.unknown") && said.contains("broken.yaml"), "{said}");
    let handlers = "/api/config/config_entries/flow_handlers";
    assert_eq!(server.send("t", "GET", handlers, None).await.1, json!(["threshold"]));

    let good = "domain: broken\nconfig:\n  user: { form: [], then: { create_entry: { title: B, data: {} } } }\n";
    std::fs::write(flows.join("broken.yaml"), good).expect("written");
    server.signal("HUP");
    server.until("definitions were read");
    assert_eq!(server.send("t", "GET", handlers, None).await.1, json!(["broken", "threshold"]));

    // What was good once stays where its file is broken later, and goes where its file goes.
    std::fs::write(flows.join("broken.yaml"), "domain: [").expect("written");
    std::fs::remove_file(flows.join("threshold.yaml")).expect("removed");
    server.signal("HUP");
    server.until("definitions were read");
    assert_eq!(server.send("t", "GET", handlers, None).await.1, json!(["broken"]));
    let (code, _, said) = server.stop();
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_step_is_called_back_and_listened_for_over_http() {
    let folder = tempfile::tempdir().expect("a folder");
    let (flows, data) = (flows(folder.path()), folder.path().join("data"));
    std::fs::copy(fixtures().join("flows/ms365_calendar_link.yaml"), flows.join("ms365_calendar_link.yaml")).expect("copied");
    let provider = Simulated::start(Script::default()).await.expect("started");
    let rewrite = format!("https://=http://127.0.0.1:{}/https/", provider.port());
    let server = Server::start_with(&flows, &data, Some("t"), &["--local-browser", "--outbound-rewrite", &rewrite]);
    for way in ["callback", "loopback"] {
        let (_, form) = server.send("t", "POST", FLOW, Some(json!({"handler": "ms365_calendar_link"}))).await;
        let path = format!("{FLOW}/{}", form["flow_id"].as_str().expect("an id"));
        let answer =
            json!({"entity_name": way, "client_id": "1", "client_secret": "made-up", "api_options": {"country": "Default"}});
        let (_, menu) = server.send("t", "POST", &path, Some(answer)).await;
        assert_eq!(
            menu["menu_options"],
            json!(["account_callback", "account_loopback", "account_device", "account_paste"]),
            "{menu}"
        );
        let (_, form) = server.send("t", "POST", &path, Some(json!({"next_step_id": format!("account_{way}")}))).await;
        let link = form["description_placeholders"]["auth_url"].as_str().unwrap_or_else(|| panic!("{form}"));
        let status = match way {
            "callback" => provider.person().call_back(link, &server.base).await.expect("called back").status,
            _ => {
                let back = provider.person().log_in(link).await.expect("back");
                provider.person().follow(&back).await.expect("somebody listens").status
            }
        };
        assert_eq!(status, 200);
        let (_, made) = server.send("t", "POST", &path, Some(json!({}))).await;
        assert_eq!((&made["type"], &made["title"]), (&json!("create_entry"), &json!(way)), "{made}");
    }
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    let data = folder.path().join("data");
    for (arguments, code) in [
        (vec!["--flows".to_owned(), missing.display().to_string()], "serve.flows"),
        (
            vec!["--flows".to_owned(), folder.path().display().to_string(), "--outbound-rewrite".to_owned(), "x".to_owned()],
            "outbound.not_a_rewrite",
        ),
        (
            vec![
                "--flows".to_owned(),
                folder.path().display().to_string(),
                "--outbound-rewrite".to_owned(),
                "https://a.example=http://b.example".to_owned(),
            ],
            "outbound.not_https",
        ),
    ] {
        let mut command = configflow();
        command.args(["serve", "--listen", "127.0.0.1:0"]).arg("--data").arg(&data).args(arguments);
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("error[{code}]")), "{said}");
        assert!(output.stdout.is_empty());
    }
}

fn replay(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = configflow().arg("replay").args(arguments).output().expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_replay_says_what_matches_and_where_the_first_difference_is() {
    let recording = |name: &str| fixtures().join(format!("transcripts/{name}.json")).display().to_string();
    let (good, known) = (recording("helper_threshold"), recording("ms365_state_mismatch"));
    let (code, said, errors) = replay(&[&good, &known]);
    assert_eq!(code, Some(0), "{said}{errors}");
    assert_eq!(
        said,
        "helper_threshold: 11/11 matched\nms365_state_mismatch: 4/7 matched, 3 differ on purpose\n\
         all: 15/18 matched, 3 differ on purpose\n"
    );

    let folder = tempfile::tempdir().expect("a folder");
    let text = std::fs::read_to_string(&good).expect("a recording").replace("need_lower_upper", "another_key");
    let changed = folder.path().join("changed.json");
    std::fs::write(&changed, text).expect("written");
    let changed = changed.display().to_string();
    let flows = fixtures().join("flows").display().to_string();
    let (code, said, _) = replay(&[&changed, "--flows", &flows]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("at /errors/base: recorded \"another_key\", found \"need_lower_upper\""), "{said}");

    std::fs::write(&changed, "{}").expect("written");
    let (code, _, errors) = replay(&[&changed, "--flows", &flows]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("error[recording.malformed]"), "{errors}");
}

#[test]
fn a_replay_meets_a_running_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&flows(folder.path()), &folder.path().join("data"), Some("t"));
    let recording = fixtures().join("transcripts/helper_threshold.json").display().to_string();
    for _ in 0..2 {
        let (code, said, errors) = replay(&[&recording, "--url", &server.base, "--token", "t"]);
        assert_eq!((code, said.as_str()), (Some(0), "helper_threshold: 11/11 matched\n"), "{errors}");
    }
    let (code, _, errors) = replay(&[&recording, "--url", &server.base, "--token", "wrong"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("error[replay.unauthorized]"), "{errors}");
    let (code, _, errors) = replay(&[&recording, "--url", "http://127.0.0.1:1", "--token", "t"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("error[replay.unreachable]"), "{errors}");
}
