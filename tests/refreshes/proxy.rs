//! The way to the provider, on which the parent stands: it counts refreshes, and kills while one is under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

/// Where on its way a refresh meets the kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Moment {
    /// It arrived, and the provider has not seen it.
    Before,
    /// The provider answered, and the answer has not arrived.
    After,
    /// The answer was sent on.
    Sent,
}

/// Asks for a kill, and waits until the process is gone.
pub(crate) type Strike = oneshot::Sender<()>;

#[derive(Default)]
struct Seen {
    /// How many refreshes came.
    refreshes: u64,
    /// How many of them the provider carried out.
    carried_out: u64,
    /// At how many more refreshes, and when, to kill.
    kill: Option<(u64, Moment)>,
}

/// The proxy.
#[derive(Clone)]
pub(crate) struct Proxy {
    seen: Arc<Mutex<Seen>>,
    port: u16,
}

impl Proxy {
    /// Starts a proxy to the provider at this port; it says by the channel when to kill.
    pub(crate) async fn start(provider: u16, strikes: mpsc::UnboundedSender<Strike>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let proxy = Self { seen: Arc::default(), port };
        let passing = proxy.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (proxy, strikes) = (passing.clone(), strikes.clone());
                // A connection that breaks is a process that was killed.
                tokio::spawn(async move { proxy.pass(stream, provider, &strikes).await });
            }
        });
        proxy
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many refreshes came, and how many of them the provider carried out.
    pub(crate) fn refreshes(&self) -> (u64, u64) {
        let seen = self.seen();
        (seen.refreshes, seen.carried_out)
    }

    /// Kills at a moment of the refresh after so many more, or never.
    pub(crate) fn kill_at(&self, kill: Option<(u64, Moment)>) {
        self.seen().kill = kill;
    }

    async fn pass(&self, mut from: TcpStream, provider: u16, strikes: &mpsc::UnboundedSender<Strike>) -> std::io::Result<()> {
        let Some((head, body)) = request(&mut from).await? else { return Ok(()) };
        let refreshes = body.windows(24).any(|window| window == b"grant_type=refresh_token");
        let moment = if refreshes { self.moment() } else { None };
        let strike = async |at: Moment| {
            if moment == Some(at) {
                let (gone, wait) = oneshot::channel();
                if strikes.send(gone).is_ok() {
                    // Whoever kills says when it is done, or is gone itself.
                    let _ = wait.await;
                }
            }
        };
        strike(Moment::Before).await;
        if moment == Some(Moment::Before) {
            return Ok(());
        }
        let mut to = TcpStream::connect(("127.0.0.1", provider)).await?;
        to.write_all(&head).await?;
        to.write_all(&body).await?;
        let mut answer = Vec::new();
        to.read_to_end(&mut answer).await?;
        if refreshes && answer.starts_with(b"HTTP/1.1 200") {
            self.seen().carried_out += 1;
        }
        strike(Moment::After).await;
        from.write_all(&answer).await?;
        from.shutdown().await?;
        strike(Moment::Sent).await;
        Ok(())
    }

    fn moment(&self) -> Option<Moment> {
        let mut seen = self.seen();
        seen.refreshes += 1;
        match &mut seen.kill {
            Some((0, moment)) => {
                let moment = *moment;
                // What the process asks for before it is gone is not the moment again.
                seen.kill = None;
                Some(moment)
            }
            Some((more, _)) => {
                *more -= 1;
                None
            }
            None => None,
        }
    }
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
