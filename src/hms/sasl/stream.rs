//! What follows a login: frames of a length and that many bytes, which a layer may protect. Reads and writes go through
//! as if there were none.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::io::poll_read_buf;

/// Protects what goes over a connection.
pub trait Layer: Send + std::fmt::Debug {
    /// Bytes that [`Layer::wrap`] may be given at once.
    fn max_piece(&self) -> usize;
    fn wrap(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>>;
    fn unwrap(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>>;
}

/// Written bytes that make a frame before there is a flush.
const PIECE: usize = 256 << 10;
const READ_BYTES: usize = 8 << 10;
/// What a layer may add to a message.
const OVERHEAD: usize = 64 << 10;

/// A connection after its login.
#[derive(Debug)]
pub struct SaslStream<S> {
    inner: S,
    layer: Option<Box<dyn Layer>>,
    /// Bytes of a frame that is protected as a whole.
    limit: usize,
    /// As they came in.
    received: BytesMut,
    /// Of the frame that is being read, without a layer.
    frame_left: usize,
    /// Taken out of their frame.
    plain: BytesMut,
    written: BytesMut,
    /// In frames, to be sent.
    sending: BytesMut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> SaslStream<S> {
    /// `limit` is in bytes of a message.
    pub fn new(inner: S, layer: Option<Box<dyn Layer>>, limit: usize) -> Self {
        Self {
            inner,
            layer,
            limit: limit.saturating_add(OVERHEAD),
            received: BytesMut::new(),
            frame_left: 0,
            plain: BytesMut::new(),
            written: BytesMut::new(),
            sending: BytesMut::new(),
        }
    }

    /// Moves what it can of what came in to `plain`.
    fn unpack(&mut self) -> io::Result<()> {
        while self.plain.is_empty() {
            if self.frame_left == 0 {
                let Some(length) = self.received.first_chunk() else { return Ok(()) };
                let length = u32::from_be_bytes(*length) as usize;
                if self.layer.is_some() {
                    if length > self.limit {
                        return Err(io::Error::other("a frame is larger than the limit (setting thrift_max_request)"));
                    }
                    if self.received.len() < 4 + length {
                        return Ok(());
                    }
                }
                self.received.advance(4);
                self.frame_left = length;
                if length == 0 {
                    continue;
                }
            }
            let there = self.frame_left.min(self.received.len());
            if there == 0 {
                return Ok(());
            }
            self.plain = self.received.split_to(there);
            self.frame_left -= there;
            if let Some(layer) = &mut self.layer {
                self.plain = BytesMut::from(&layer.unwrap(&self.plain)?[..]);
            }
        }
        Ok(())
    }

    /// Makes a frame of what was written.
    fn pack(&mut self) -> io::Result<()> {
        let bytes = self.written.split();
        let wrapped;
        let frame = match &mut self.layer {
            None => &bytes[..],
            Some(layer) => {
                wrapped = layer.wrap(&bytes)?;
                &wrapped
            }
        };
        self.sending.extend_from_slice(&(frame.len() as u32).to_be_bytes());
        self.sending.extend_from_slice(frame);
        Ok(())
    }

    fn piece(&self) -> usize {
        self.layer.as_ref().map_or(PIECE, |layer| layer.max_piece().min(PIECE))
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.sending.is_empty() {
            let sent = ready!(Pin::new(&mut self.inner).poll_write(context, &self.sending))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sending.advance(sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for SaslStream<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            this.unpack()?;
            if !this.plain.is_empty() {
                let taken = this.plain.len().min(into.remaining());
                into.put_slice(&this.plain[..taken]);
                this.plain.advance(taken);
                return Poll::Ready(Ok(()));
            }
            // It grows with what has come in, never with what a length claims.
            this.received.reserve(READ_BYTES.max(this.received.len()));
            if ready!(poll_read_buf(Pin::new(&mut this.inner), context, &mut this.received))? == 0 {
                let whole = this.received.is_empty() && this.frame_left == 0;
                return Poll::Ready(if whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) });
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for SaslStream<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_send(context))?;
        let taken = bytes.len().min(this.piece() - this.written.len());
        this.written.extend_from_slice(&bytes[..taken]);
        if this.written.len() == this.piece() {
            this.pack()?;
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.written.is_empty() {
            this.pack()?;
        }
        ready!(this.poll_send(context))?;
        Pin::new(&mut this.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(context))?;
        Pin::new(&mut self.get_mut().inner).poll_shutdown(context)
    }
}
