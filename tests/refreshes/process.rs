//! A child as the parent sees it.

use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::child::FOLDER;
use crate::talk::{Order, Orders, Told};

/// A running child; it is killed when this is dropped.
pub(crate) struct Process {
    child: Child,
    orders: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts a child in a folder; gives it with the entry that it found.
    pub(crate) async fn start(folder: &Path, orders: &Orders) -> (Self, Option<String>) {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let mut stdin = child.stdin.take().expect("its input");
        stdin.write_all(format!("{}\n", serde_json::to_string(orders).expect("JSON")).as_bytes()).await.expect("orders");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut process = Self { child, orders: stdin, lines };
        match process.told().await {
            Some(Told::Ready { entry }) => (process, entry),
            other => panic!("the process is not ready: {other:?}"),
        }
    }

    pub(crate) async fn order(&mut self, order: &Order) {
        let line = format!("{}\n", serde_json::to_string(order).expect("JSON"));
        self.orders.write_all(line.as_bytes()).await.expect("the process listens");
    }

    /// What it tells next; none where it is gone. A line that a kill cut off was not told.
    pub(crate) async fn told(&mut self) -> Option<Told> {
        let line = self.lines.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }

    /// `kill -9`.
    pub(crate) async fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill().await;
    }

    /// Lets it end by itself.
    pub(crate) async fn ends(self) {
        let Self { mut child, orders, lines } = self;
        drop(orders);
        drop(lines);
        let status = child.wait().await.expect("its end");
        assert!(status.success(), "the process failed: {status}");
    }
}
