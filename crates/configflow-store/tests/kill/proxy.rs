//! The way to the provider, on which the parent stands: it counts codes, and kills while one is under way.

use std::collections::HashMap;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::parent::Happening;

/// Where on its way a code meets the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It arrived, and the provider has not seen it.
    Before,
    /// The provider answered, and the answer has not arrived.
    After,
    /// The answer was sent on.
    Sent,
}

/// What the proxy was asked to do, and what it saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// How often each code was sent.
    pub(crate) codes: HashMap<String, u32>,
    /// At how many more codes, and when, to kill.
    pub(crate) kill: Option<(u64, Moment)>,
}

pub(crate) type Watch = Arc<Mutex<Seen>>;

/// Starts the proxy; gives its port. It says by `kill` when the moment has come, and waits until the process is gone.
pub(crate) async fn start(provider: u16, watch: Watch, kill: Sender<Happening>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (watch, kill) = (Arc::clone(&watch), kill.clone());
            tokio::spawn(async move {
                // A connection that breaks is a process that was killed.
                let _ = pass(stream, provider, &watch, &kill).await;
            });
        }
    });
    port
}

async fn pass(mut from: TcpStream, provider: u16, watch: &Watch, kill: &Sender<Happening>) -> std::io::Result<()> {
    let Some((head, body)) = request(&mut from).await? else { return Ok(()) };
    let code = url::form_urlencoded::parse(&body).find(|(name, _)| name == "code").map(|(_, code)| code.into_owned());
    let moment = code.and_then(|code| {
        let mut seen = watch.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.codes.entry(code).or_default() += 1;
        match &mut seen.kill {
            Some((0, moment)) => Some(*moment),
            Some((more, _)) => {
                *more -= 1;
                None
            }
            None => None,
        }
    });
    let strike = async |at: Moment| {
        if moment == Some(at) {
            let (gone, wait) = channel();
            if kill.send(Happening::Asked(gone)).is_ok() {
                // The kill is an event of another thread, which answers at once.
                let _ = tokio::task::spawn_blocking(move || wait.recv()).await;
            }
        }
    };
    strike(Moment::Before).await;
    let mut to = TcpStream::connect(("127.0.0.1", provider)).await?;
    to.write_all(&head).await?;
    to.write_all(&body).await?;
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).await?;
    strike(Moment::After).await;
    from.write_all(&answer).await?;
    from.shutdown().await?;
    strike(Moment::Sent).await;
    Ok(())
}

/// One request; its connection ends with it.
async fn request(from: &mut TcpStream) -> std::io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut read = Vec::new();
    let end = loop {
        if let Some(at) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            break at;
        }
        if from.read_buf(&mut read).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&read[..end]).into_owned();
    let mut body = read.split_off(end + 4);
    let is = |line: &str, name: &str| line.to_ascii_lowercase().starts_with(name);
    let length = head.lines().find(|line| is(line, "content-length:")).and_then(|line| line.split(':').nth(1));
    let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
    while body.len() < length {
        if from.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let kept: Vec<&str> = head.lines().filter(|line| !is(line, "connection:")).collect();
    Ok(Some((format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).into_bytes(), body)))
}
