//! The way to the token endpoint, on which the test stands: it lets requests pass to the provider, or answers in its place.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What becomes of a request.
#[derive(Clone, Debug)]
pub(crate) enum Fate {
    /// The provider answers it.
    Passes,
    /// Nobody listens.
    Refused,
    /// It is answered by these bytes, and the connection ends.
    Answered(Vec<u8>),
    /// It is never answered.
    Silence,
    /// The provider carries it out, and its answer is lost.
    AnswerLost,
}

struct Inside {
    fate: Fate,
    /// The grant types that came.
    grants: Vec<String>,
}

/// The way.
pub(crate) struct Way {
    inside: Arc<Mutex<Inside>>,
    provider: u16,
    port: u16,
    listening: Mutex<Option<JoinHandle<()>>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Way {
    /// A way to the provider on this port.
    pub(crate) async fn to(provider: u16) -> Self {
        let inside = Arc::new(Mutex::new(Inside { fate: Fate::Passes, grants: Vec::new() }));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let way = Self { inside, provider, port, listening: Mutex::default() };
        way.listen(listener);
        way
    }

    fn listen(&self, listener: TcpListener) {
        let (inside, provider) = (Arc::clone(&self.inside), self.provider);
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let inside = Arc::clone(&inside);
                // A connection that breaks is what is tested.
                tokio::spawn(async move { pass(stream, provider, &inside).await });
            }
        });
        *locked(&self.listening) = Some(listening);
    }

    /// From now on requests have this fate.
    pub(crate) async fn is(&self, fate: Fate) {
        let refused = matches!(fate, Fate::Refused);
        locked(&self.inside).fate = fate;
        let listening = locked(&self.listening).take();
        match listening {
            Some(listening) if refused => {
                listening.abort();
                assert!(listening.await.is_err(), "nobody listens any more");
            }
            None if !refused => self.listen(TcpListener::bind(("127.0.0.1", self.port)).await.expect("the port again")),
            other => *locked(&self.listening) = other,
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many requests of a grant came.
    pub(crate) fn sent(&self, grant: &str) -> usize {
        locked(&self.inside).grants.iter().filter(|sent| *sent == grant).count()
    }
}

async fn pass(mut from: TcpStream, provider: u16, inside: &Mutex<Inside>) -> std::io::Result<()> {
    let Some((head, body)) = request(&mut from).await? else { return Ok(()) };
    let grant = url::form_urlencoded::parse(&body).find(|(name, _)| name == "grant_type").map(|(_, grant)| grant.into_owned());
    let fate = {
        let mut inside = locked(inside);
        inside.grants.push(grant.unwrap_or_default());
        inside.fate.clone()
    };
    match fate {
        Fate::Refused => Ok(()),
        Fate::Silence => from.read(&mut [0]).await.map(|_| ()),
        Fate::Answered(answer) => {
            from.write_all(&answer).await?;
            from.shutdown().await
        }
        Fate::Passes | Fate::AnswerLost => {
            let mut to = TcpStream::connect(("127.0.0.1", provider)).await?;
            to.write_all(&head).await?;
            to.write_all(&body).await?;
            let mut answer = Vec::new();
            to.read_to_end(&mut answer).await?;
            if matches!(fate, Fate::Passes) {
                from.write_all(&answer).await?;
            }
            from.shutdown().await
        }
    }
}

/// One request, on its way to the simulated provider; its connection ends with it.
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
