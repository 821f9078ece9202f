//! The listening socket: one that can be shut so that connections are refused, and whose connections can be reset.
//!
//! Invariant: while it is shut, the port stays bound by a socket that does not listen, so that no other process gets it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;

/// How many connections may wait.
const BACKLOG: u32 = 128;

/// What the door is, and what it shall be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    Open,
    Shut,
    /// It could not be opened again.
    Stuck,
}

/// The listener that is given to the server.
pub(crate) struct Door {
    held: Held,
    address: SocketAddr,
    wanted: watch::Receiver<Position>,
    actual: watch::Sender<Position>,
}

enum Held {
    Listening(TcpListener),
    Bound(TcpSocket),
    Nothing,
}

/// The handle that opens and shuts it.
pub(crate) struct DoorHandle {
    wanted: watch::Sender<Position>,
    actual: watch::Receiver<Position>,
}

impl Door {
    /// Binds a free port of 127.0.0.1.
    pub(crate) fn open() -> io::Result<(Self, DoorHandle)> {
        let socket = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = socket.local_addr()?;
        let held = Held::Listening(socket.listen(BACKLOG)?);
        let (wanted, wanted_receiver) = watch::channel(Position::Open);
        let (actual, actual_receiver) = watch::channel(Position::Open);
        Ok((Self { held, address, wanted: wanted_receiver, actual }, DoorHandle { wanted, actual: actual_receiver }))
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Makes the door what it shall be.
    fn turn(&mut self) {
        let wanted = *self.wanted.borrow_and_update();
        let held = std::mem::replace(&mut self.held, Held::Nothing);
        self.held = match (wanted, held) {
            (Position::Open, Held::Listening(listener)) => Held::Listening(listener),
            (Position::Open, Held::Bound(socket)) => socket.listen(BACKLOG).map_or(Held::Nothing, Held::Listening),
            (Position::Open, Held::Nothing) => {
                bound(self.address).and_then(|socket| socket.listen(BACKLOG)).map_or(Held::Nothing, Held::Listening)
            }
            (_, Held::Bound(socket)) => Held::Bound(socket),
            (_, other) => {
                drop(other);
                bound(self.address).map_or(Held::Nothing, Held::Bound)
            }
        };
        let actual = match (&self.held, wanted) {
            (Held::Listening(_), _) => Position::Open,
            (_, Position::Open) => Position::Stuck,
            _ => Position::Shut,
        };
        self.actual.send_replace(actual);
    }
}

impl DoorHandle {
    /// From the moment this returns, connections are refused.
    pub(crate) async fn shut(&self) {
        self.turn(Position::Shut).await;
    }

    /// From the moment this returns, connections are taken again; false if the port could not be had.
    pub(crate) async fn open(&self) -> bool {
        self.turn(Position::Open).await == Position::Open
    }

    async fn turn(&self, wanted: Position) -> Position {
        let mut actual = self.actual.clone();
        if *actual.borrow() == wanted && *self.wanted.borrow() == wanted {
            return wanted;
        }
        actual.mark_unchanged();
        self.wanted.send_replace(wanted);
        // An error means that the server has stopped: then nothing listens.
        match actual.changed().await {
            Ok(()) => *actual.borrow(),
            Err(_) => Position::Shut,
        }
    }
}

fn bound(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

impl Listener for Door {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            let turned = match &self.held {
                Held::Listening(listener) => tokio::select! {
                    turned = self.wanted.changed() => turned.is_ok(),
                    accepted = listener.accept() => {
                        // A connection that failed before it was taken is the client's affair.
                        if let Ok((stream, peer)) = accepted {
                            return (Line { stream, cut: Cut::default() }, peer);
                        }
                        continue;
                    }
                },
                _ => self.wanted.changed().await.is_ok(),
            };
            if turned {
                self.turn();
            } else {
                // The handle is gone: the server is about to stop, which drops this future.
                std::future::pending::<()>().await;
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

/// A connection that can be cut.
pub(crate) struct Line {
    stream: TcpStream,
    cut: Cut,
}

/// The handle that cuts a connection: what is written next resets it instead.
#[derive(Clone, Default)]
pub(crate) struct Cut(Arc<AtomicBool>);

impl Cut {
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Door>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().cut.clone()
    }
}

impl Line {
    fn check(&self) -> io::Result<()> {
        if !self.cut.0.load(Ordering::Acquire) {
            return Ok(());
        }
        // Without lingering, closing the socket sends a reset instead of an end.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
