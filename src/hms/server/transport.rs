//! Takes whole messages off a connection, whichever way the client frames them: told apart by their first bytes.

use bytes::{Buf, Bytes, BytesMut};
use propolis_thrift::codec::Protocol;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::scan::{ScanError, Scanner};

/// First byte of a message in the strict binary protocol, and in the compact one.
const BINARY: u8 = 0x80;
const COMPACT: u8 = 0x82;
/// Room for the next read: what a connection costs while it waits.
const READ_BYTES: usize = 8 << 10;

/// A message as it came.
#[derive(Debug)]
pub struct Incoming {
    pub protocol: Protocol,
    pub framed: bool,
    pub bytes: Bytes,
}

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Scan(#[from] ScanError),
    #[error("the connection broke: {0}")]
    Io(#[from] std::io::Error),
}

/// The bytes of a connection that are not yet taken.
#[derive(Debug, Default)]
pub struct Reader {
    buffer: BytesMut,
}

impl Reader {
    /// The next message, or None where the client has closed the connection between two of them.
    pub async fn next<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        limit: usize,
    ) -> Result<Option<Incoming>, ReadError> {
        // Five bytes tell all four ways apart, and no message is shorter.
        while self.buffer.len() < 5 {
            if !self.fill(stream).await? {
                return if self.buffer.is_empty() { Ok(None) } else { Err(broken()) };
            }
        }
        match self.buffer[0] {
            BINARY => self.unframed(stream, Protocol::Binary, limit).await.map(Some),
            COMPACT => self.unframed(stream, Protocol::Compact, limit).await.map(Some),
            _ => self.framed(stream, limit).await.map(Some),
        }
    }

    async fn unframed<S: AsyncRead + Unpin>(
        &mut self,
        stream: &mut S,
        protocol: Protocol,
        limit: usize,
    ) -> Result<Incoming, ReadError> {
        let mut scanner = Scanner::new(protocol, limit);
        loop {
            if let Some(length) = scanner.advance(&self.buffer)? {
                return Ok(Incoming { protocol, framed: false, bytes: self.buffer.split_to(length).freeze() });
            }
            if !self.fill(stream).await? {
                return Err(broken());
            }
        }
    }

    async fn framed<S: AsyncRead + Unpin>(&mut self, stream: &mut S, limit: usize) -> Result<Incoming, ReadError> {
        let length = u32::from_be_bytes([self.buffer[0], self.buffer[1], self.buffer[2], self.buffer[3]]) as usize;
        let protocol = match self.buffer[4] {
            BINARY => Protocol::Binary,
            COMPACT => Protocol::Compact,
            _ => {
                return Err(ScanError::Malformed("its first bytes are those of no Thrift transport served here").into());
            }
        };
        if length > limit {
            return Err(ScanError::TooLarge { limit }.into());
        }
        while self.buffer.len() < 4 + length {
            if !self.fill(stream).await? {
                return Err(broken());
            }
        }
        self.buffer.advance(4);
        Ok(Incoming { protocol, framed: true, bytes: self.buffer.split_to(length).freeze() })
    }

    /// Reads what is there; false at the end of the stream.
    async fn fill<S: AsyncRead + Unpin>(&mut self, stream: &mut S) -> Result<bool, ReadError> {
        // The buffer grows with what has come in, never with what a length claims.
        self.buffer.reserve(READ_BYTES.max(self.buffer.len()));
        Ok(stream.read_buf(&mut self.buffer).await? > 0)
    }
}

fn broken() -> ReadError {
    std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()
}
