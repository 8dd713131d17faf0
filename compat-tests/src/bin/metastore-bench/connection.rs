//! A connection to a metastore that costs the machine little: calls are sent as bytes made before, and a reply is taken
//! off the wire by its structure, without objects made of it.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use propolis_compat_tests::bench::measure::{self, Connection as _};
use propolis_thrift::Method;
use propolis_thrift::codec::{self, Protocol};

/// Some calls of Apache's server take minutes under load.
const PATIENCE: Duration = Duration::from_secs(900);
const BUFFER: usize = 256 * 1024;
/// Deeper than any reply of the IDL.
const MAX_DEPTH: u32 = 32;

/// Unframed, binary protocol: what every metastore answers without settings.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Whether bytes stay in the buffer until the reply's end.
    keep: bool,
}

/// The bytes of a call.
pub fn encode<M: Method>(args: M::Args) -> Result<Bytes> {
    Ok(codec::encode_call(Protocol::Binary, 0, &M::request(args))?.into_bytes())
}

pub fn decode<M: Method>(reply: Bytes) -> Result<M::Ok> {
    codec::decode_result::<M>(Protocol::Binary, reply).with_context(|| M::NAME)
}

impl measure::Connection for Connection {
    fn call(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request)?;
        self.take_reply()
    }

    fn call_and_keep(&mut self, request: &[u8]) -> Result<Bytes> {
        self.stream.write_all(request)?;
        let before = self.start;
        self.keep = true;
        let taken = self.take_reply();
        self.keep = false;
        taken?;
        Ok(Bytes::copy_from_slice(&self.buffer[before..self.start]))
    }
}

impl Connection {
    pub fn open(address: &str) -> Result<Connection> {
        let cannot = || format!("cannot connect to {address}");
        let resolved = address.to_socket_addrs().with_context(cannot)?.next().with_context(cannot)?;
        let stream = TcpStream::connect_timeout(&resolved, Duration::from_secs(10)).with_context(cannot)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Connection { stream, buffer: vec![0; BUFFER], start: 0, end: 0, keep: false })
    }

    pub fn result<M: Method>(&mut self, args: M::Args) -> Result<M::Ok> {
        let reply = self.call_and_keep(&encode::<M>(args)?).with_context(|| M::NAME)?;
        decode::<M>(reply)
    }

    fn take_reply(&mut self) -> Result<()> {
        let header = self.i32()? as u32;
        ensure!(
            header >> 16 == 0x8001,
            "the reply does not begin with a message of the binary protocol: {header:#010x}"
        );
        let name = self.length()?;
        self.discard(name)?;
        self.discard(4)?;
        match header & 0xff {
            2 => {}
            3 => bail!("{}", self.exception()?),
            other => bail!("a message of type {other} is not a reply"),
        }
        loop {
            let ttype = self.u8()?;
            if ttype == 0 {
                return Ok(());
            }
            let id = self.i16()?;
            if id != 0 {
                let text = self.exception()?;
                self.skip(12, 0)?;
                bail!("{text}");
            }
            self.skip(ttype, 0)?;
        }
    }

    /// Reads a struct to its end; its first string is the message.
    fn exception(&mut self) -> Result<String> {
        let mut text = None;
        loop {
            let ttype = self.u8()?;
            if ttype == 0 {
                return Ok(text.unwrap_or_else(|| "an exception without a message".to_owned()));
            }
            self.discard(2)?;
            if ttype == 11 && text.is_none() {
                let length = self.length()?;
                self.need(length)?;
                text = Some(String::from_utf8_lossy(&self.buffer[self.start..self.start + length]).into_owned());
                self.start += length;
            } else {
                self.skip(ttype, 0)?;
            }
        }
    }

    fn skip(&mut self, ttype: u8, depth: u32) -> Result<()> {
        ensure!(depth < MAX_DEPTH, "the reply is nested too deep");
        match ttype {
            2 | 3 => self.discard(1)?,
            6 => self.discard(2)?,
            8 => self.discard(4)?,
            4 | 10 => self.discard(8)?,
            11 => {
                let length = self.length()?;
                self.discard(length)?;
            }
            12 => loop {
                let field = self.u8()?;
                if field == 0 {
                    break;
                }
                self.discard(2)?;
                self.skip(field, depth + 1)?;
            },
            13 => {
                let (key, value, size) = (self.u8()?, self.u8()?, self.length()?);
                for _ in 0..size {
                    self.skip(key, depth + 1)?;
                    self.skip(value, depth + 1)?;
                }
            }
            14 | 15 => {
                let (element, size) = (self.u8()?, self.length()?);
                for _ in 0..size {
                    self.skip(element, depth + 1)?;
                }
            }
            other => bail!("the reply has a value of type {other}, which the protocol has not"),
        }
        Ok(())
    }

    fn u8(&mut self) -> io::Result<u8> {
        self.need(1)?;
        let value = self.buffer[self.start];
        self.start += 1;
        Ok(value)
    }

    fn i16(&mut self) -> io::Result<i16> {
        Ok(i16::from_be_bytes([self.u8()?, self.u8()?]))
    }

    fn i32(&mut self) -> io::Result<i32> {
        self.need(4)?;
        let bytes = &self.buffer[self.start..self.start + 4];
        let value = i32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        self.start += 4;
        Ok(value)
    }

    fn length(&mut self) -> Result<usize> {
        usize::try_from(self.i32()?).context("the reply has a negative length")
    }

    fn discard(&mut self, count: usize) -> io::Result<()> {
        self.need(count)?;
        self.start += count;
        Ok(())
    }

    #[inline]
    fn need(&mut self, count: usize) -> io::Result<()> {
        if self.end - self.start < count { self.fill(count) } else { Ok(()) }
    }

    #[cold]
    fn fill(&mut self, count: usize) -> io::Result<()> {
        if !self.keep {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        while self.end - self.start < count {
            if self.buffer.len() - self.end < BUFFER / 2 {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => return Err(io::Error::new(ErrorKind::UnexpectedEof, "the server closed the connection")),
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::net::TcpListener;

    use propolis_thrift::codec::{ApplicationExceptionKind, encode_exception, encode_reply};
    use propolis_thrift::types::Table;
    use propolis_thrift::{Exception, FastStr, Reply, args, methods};

    use super::*;

    /// A server that answers each call, whatever it is, with the next of these replies.
    fn answering(replies: Vec<Bytes>) -> Connection {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for reply in replies {
                let _ = stream.read(&mut [0; 1024]).unwrap();
                stream.write_all(&reply).unwrap();
            }
        });
        Connection::open(&address).unwrap()
    }

    fn reply(reply: &Reply) -> Bytes {
        encode_reply(Protocol::Binary, 0, reply, usize::MAX).unwrap().into_bytes()
    }

    /// Longer than the buffer.
    fn names() -> Vec<FastStr> {
        (0..50_000).map(|i| FastStr::from(format!("table number {i}"))).collect()
    }

    #[test]
    fn replies_are_taken_whole_one_after_the_other() {
        let table = Table { table_name: Some("t".into()), parameters: Some(Default::default()), ..Default::default() };
        let list = reply(&methods::GetTables::reply(Ok(names())).unwrap());
        let mut connection = answering(vec![
            list.clone(),
            reply(&methods::GetTable::reply(Ok(table.clone())).unwrap()),
            reply(&methods::DropTable::reply(Ok(())).unwrap()),
            list,
        ]);
        let call = encode::<methods::GetAllDatabases>(args::GetAllDatabases {}).unwrap();
        connection.call(&call).unwrap();
        assert_eq!(connection.result::<methods::GetTable>(args::GetTable::default()).unwrap(), table);
        connection.call(&call).unwrap();
        let kept = connection.call_and_keep(&call).unwrap();
        assert_eq!(decode::<methods::GetTables>(kept).unwrap(), names());
    }

    #[test]
    fn exceptions_are_errors_and_the_connection_lives_on() {
        let gone = Exception::NoSuchObject("no table t".to_owned());
        let unknown = "Invalid method name: 'f'";
        let mut connection = answering(vec![
            reply(&methods::GetTable::reply(Err(gone)).unwrap()),
            encode_exception(Protocol::Binary, "f", 0, ApplicationExceptionKind::UNKNOWN_METHOD, unknown),
            reply(&methods::DropTable::reply(Ok(())).unwrap()),
        ]);
        let call = encode::<methods::GetAllDatabases>(args::GetAllDatabases {}).unwrap();
        assert_eq!(connection.call(&call).unwrap_err().to_string(), "no table t");
        assert_eq!(connection.call(&call).unwrap_err().to_string(), unknown);
        connection.call(&call).unwrap();
        assert!(connection.call(&call).is_err(), "the server has gone");
    }
}
