//! Servers to be measured.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use configflow_engine::{Engine, Limits, MemoryStore};
use configflow_server::{Listen, OneToken, Options, router, serve};
use tempfile::TempDir;
use tracing_subscriber::EnvFilter;

/// The token of every server here.
pub(crate) const TOKEN: &str = "bench";

/// The argument by which this program becomes a server that keeps flows in memory.
pub(crate) const IN_MEMORY: &str = "--in-memory-server";

/// How many flows there may be.
const FLOWS: usize = 1_000_000;

/// What is set up here: two forms and an entry, with a unique id where the domain says so.
const DEFINITIONS: [(&str, &str); 2] = [("plain", ""), ("unique", "do: [entry.unique: { id: \"{{ host }}\" }],")];

/// Where a server keeps flows.
#[derive(Clone, Copy)]
pub(crate) enum Kept {
    /// In memory.
    InMemory,
    /// In the store of the command, on disk.
    OnDisk,
}

impl Kept {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InMemory => "in memory",
            Self::OnDisk => "on disk",
        }
    }
}

/// A running server; ended when it is dropped.
pub(crate) struct Server {
    child: Child,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) address: String,
    _folder: TempDir,
}

impl Server {
    /// A server of the definitions of this module.
    pub(crate) fn start(kept: Kept) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let flows = folder.path().join("flows");
        std::fs::create_dir(&flows).unwrap();
        for (domain, unique) in DEFINITIONS {
            std::fs::write(flows.join(format!("{domain}.yaml")), definition(domain, unique)).unwrap();
        }
        let command = match kept {
            Kept::OnDisk => of_folder(&flows, &folder.path().join("data")),
            Kept::InMemory => {
                let mut command = Command::new(std::env::current_exe().unwrap());
                command.arg(IN_MEMORY).arg(&flows);
                command
            }
        };
        Self::run(command, folder)
    }

    /// A process that says where it listens.
    pub(crate) fn run(mut command: Command, folder: TempDir) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, address, _folder: folder }
    }

    /// How much memory it has, in kB.
    pub(crate) fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The command as it serves a folder of definitions.
pub(crate) fn of_folder(flows: &Path, data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_configflow"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--max-connections", "100000"]);
    command.args(["--max-flows", &FLOWS.to_string(), "--max-flows-per-client", &FLOWS.to_string()]);
    command.arg("--flows").arg(flows).arg("--data").arg(data);
    command.env("CONFIGFLOW_TOKEN", TOKEN).env_remove("CONFIGFLOW_KEY").env_remove("CONFIGFLOW_LOG");
    command
}

pub(crate) fn definition(domain: &str, unique: &str) -> String {
    format!(
        "domain: {domain}
fields:
  host: {{ type: string, required: true }}
  port: {{ type: port, default: 8123, required: true }}
  ssl: {{ type: boolean, default: true }}
  note: {{ type: string }}
config:
  user: {{ form: [host, port, ssl, note], {unique} then: second }}
  second: {{ form: [note], then: {{ create_entry: {{ title: \"{{{{ host }}}}\", data: \"{{{{ answers }}}}\" }} }} }}
"
    )
}

/// Serves a folder of definitions, keeps flows in memory, and logs as the command does.
pub(crate) fn in_memory(flows: &Path) {
    tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_writer(std::io::stderr).init();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = Options::new(Arc::new(OneToken::new(TOKEN, "operator")));
        let limits = Limits { flows: FLOWS, flows_of_one: FLOWS, ..Limits::default() };
        let mut builder =
            Engine::builder().store(Arc::new(MemoryStore::new())).limits(limits).observer(Arc::clone(&options.meter) as _);
        let files: Vec<PathBuf> = std::fs::read_dir(flows).unwrap().map(|file| file.unwrap().path()).collect();
        for file in files {
            let source = configflow_yaml::Source::from_bytes("bench", std::fs::read(file).unwrap());
            builder = builder.definition(configflow_yaml::load(&source, &Default::default()).unwrap().definition);
        }
        let engine = builder.build().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("listening on http://{}", listener.local_addr().unwrap());
        serve(Listen::new(listener, &options), router(engine, options), std::future::pending()).await.unwrap();
    });
}
