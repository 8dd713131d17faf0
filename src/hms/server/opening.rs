//! The first bytes of a connection: they tell what is spoken on it, and whether there is a login to begin with.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::connection::Connection;
use super::http;
use super::transport::{ReadError, Reader};
use super::waiting::Place;
use crate::hms::sasl::{self, stream::SaslStream};

/// Of a call that is read only to be refused.
const MAX_REFUSED: usize = 1 << 20;
/// They tell all ways to speak apart, and no message is shorter.
const TELLING: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Speech {
    /// Thrift at once, framed or not.
    Thrift,
    Sasl,
    Http,
    /// The beginning of TLS, where it is not spoken.
    Tls,
}

impl Speech {
    fn of(bytes: &[u8]) -> Self {
        match bytes {
            // A frame begins like this where it has more than 16 MiB; then a message of Thrift does not look like the
            // end of a name's length.
            [sasl::START, 0, 0, 0, 0..=0x7f, ..] => Self::Sasl,
            [0x16, 3, 0..=4, _, _] => Self::Tls,
            [method @ .., next] if method.iter().all(u8::is_ascii_uppercase) && next.is_ascii() => Self::Http,
            [b'G' | b'P', b'E' | b'U', b'T', b' ', next, ..] if next.is_ascii() => Self::Http,
            _ => Self::Thrift,
        }
    }
}

/// Serves a connection to its end. `unknown` is held until somebody has logged in.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut stream: S,
    connection: Connection,
    unknown: Option<Place>,
) {
    let (login, limits) = (&connection.login, &connection.limits);
    let patience = if login.required() { limits.login_timeout } else { limits.idle_timeout };
    let mut bytes = BytesMut::with_capacity(64);
    let opening = async {
        while bytes.len() < TELLING {
            if stream.read_buf(&mut bytes).await? == 0 {
                break;
            }
        }
        Ok::<_, io::Error>(())
    };
    let opened = tokio::select! {
        () = connection.shutdown.cancelled() => return,
        opened = tokio::time::timeout(patience, opening) => opened,
    };
    if !matches!(opened, Ok(Ok(()))) || bytes.is_empty() {
        tracing::debug!(peer = %connection.peer(), "closed before a call");
        return;
    }
    let speech = Speech::of(&bytes[..bytes.len().min(TELLING)]);
    let stream = Rewound { first: bytes, then: stream };
    match speech {
        Speech::Http => http::serve(stream, connection, unknown).await,
        Speech::Tls => tracing::info!(
            peer = %connection.peer(),
            "a client speaks TLS, which is not served here: take it away there, or set tls_cert and tls_key"
        ),
        Speech::Thrift if !login.required() => connection.serve(stream).await,
        Speech::Thrift => {
            tracing::info!(peer = %connection.peer(), "a client that does not log in was refused");
            metrics::counter!("propolis_thrift_logins_total", "outcome" => "missing").increment(1);
            // The client is gone, or is told in vain.
            let _ = tokio::time::timeout(patience, refuse(stream, &connection)).await;
        }
        Speech::Sasl => log_in(stream, connection, unknown).await,
    }
}

async fn log_in<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, connection: Connection, unknown: Option<Place>) {
    let peer = connection.peer();
    let accepted = sasl::accept(&mut stream, &connection.login, peer.ip());
    let counted = |outcome| metrics::counter!("propolis_thrift_logins_total", "outcome" => outcome).increment(1);
    match tokio::time::timeout(connection.limits.login_timeout, accepted).await {
        Ok(Ok(sasl::Accepted { who, mechanism, layer })) => {
            drop(unknown);
            counted("ok");
            tracing::debug!(%peer, mechanism, user = who.user, real_user = who.real_user, "logged in");
            let limit = connection.limits.max_request;
            connection.of(who).serve(SaslStream::new(stream, layer, limit)).await;
        }
        // What the own probe of health tries.
        Ok(Err(sasl::Failure::Refused { mechanism, .. })) if mechanism == "ANONYMOUS" => {
            tracing::debug!(%peer, "an anonymous login was refused");
        }
        Ok(Err(failure)) => {
            counted("failed");
            // As a text, so that what the client sent cannot look like lines of the log.
            tracing::info!(%peer, failure = failure.to_string(), "a login failed");
        }
        Err(_) => {
            counted("failed");
            tracing::info!(%peer, "a login took too long");
        }
    }
}

/// Tells a client that calls at once that it has to log in: as the answer to its call, or in the words of SASL where that
/// cannot be read.
async fn refuse<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, connection: &Connection) -> io::Result<()> {
    match Reader::default().next(&mut stream, MAX_REFUSED).await {
        Ok(Some(incoming)) => {
            let why = format!("Log in first: this server takes {}", sasl::taken(&connection.login));
            connection.refuse(&mut stream, incoming, &why).await?;
        }
        Ok(None) | Err(ReadError::Io(_)) => return Ok(()),
        Err(ReadError::Scan(_)) => sasl::refuse(&mut stream, &connection.login).await?,
    }
    stream.shutdown().await
}

/// A stream some of which was read before.
#[derive(Debug)]
struct Rewound<S> {
    first: BytesMut,
    then: S,
}

impl<S: AsyncRead + Unpin> AsyncRead for Rewound<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.first.is_empty() {
            return Pin::new(&mut this.then).poll_read(context, into);
        }
        let taken = this.first.len().min(into.remaining());
        into.put_slice(&this.first[..taken]);
        this.first.advance(taken);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Rewound<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().then).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().then).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.then.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().then).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().then).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell() {
        for (bytes, speech) in [
            (&[0x80, 1, 0, 1, 0], Speech::Thrift),
            (&[0x82, 0x21, 1, 4, b'n'], Speech::Thrift),
            (&[0, 0, 0, 40, 0x80], Speech::Thrift),
            (&[1, 0, 0, 0, 0x80], Speech::Thrift),
            (&[b'P', b'O', b'S', b'T', 0x82], Speech::Thrift),
            (&[1, 0, 0, 0, 5], Speech::Sasl),
            (&[0x16, 3, 1, 2, 0], Speech::Tls),
            (b"POST ", Speech::Http),
            (b"GET /", Speech::Http),
            (b"OPTIO", Speech::Http),
            (b"HEAD ", Speech::Http),
        ] {
            assert_eq!(Speech::of(bytes), speech, "{bytes:?}");
        }
    }
}
