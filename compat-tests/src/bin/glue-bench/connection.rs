//! A connection to a server of the Glue API that costs the machine little: one socket, kept open where the server keeps
//! it, and calls signed as Amazon's clients sign them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use propolis_compat_tests::bench::measure::{self, Connection as _};
use ring::{digest, hmac};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(900);
/// A server may have closed a connection that was left for longer.
const IDLE: Duration = Duration::from_secs(1);
const REGION: &str = "us-east-1";
/// An error's text in a report.
const SHOWN: usize = 300;

#[derive(Debug, Clone)]
pub struct Key {
    pub id: String,
    pub secret: String,
}

pub struct Connection {
    address: String,
    key: Key,
    /// None before the first call, and after a reply that the server closes with; else with the time of the last reply.
    stream: Option<(BufReader<TcpStream>, Instant)>,
}

/// The bytes of a call: the operation's name, a line feed and the body.
pub fn encode(operation: &str, input: &Value) -> Bytes {
    format!("{operation}\n{input}").into()
}

impl Connection {
    pub fn new(address: &str, key: Key) -> Connection {
        Connection { address: address.to_owned(), key, stream: None }
    }

    pub fn result(&mut self, operation: &str, input: &Value) -> Result<Value> {
        let reply = self.call_and_keep(&encode(operation, input)).with_context(|| operation.to_owned())?;
        Ok(serde_json::from_slice(&reply)?)
    }

    fn open(&self) -> Result<BufReader<TcpStream>> {
        let cannot = || format!("cannot connect to {}", self.address);
        let resolved = self.address.to_socket_addrs().with_context(cannot)?.next().with_context(cannot)?;
        let stream = TcpStream::connect_timeout(&resolved, Duration::from_secs(10)).with_context(cannot)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(BufReader::with_capacity(256 * 1024, stream))
    }

    /// The head of a request, signed now.
    fn head(&self, operation: &str, body: &[u8]) -> String {
        let moment = humantime::format_rfc3339_seconds(SystemTime::now()).to_string().replace(['-', ':'], "");
        let (date, host) = (&moment[..8], &self.address);
        let headers = format!(
            "content-type:application/x-amz-json-1.1\nhost:{host}\nx-amz-date:{moment}\nx-amz-target:AWSGlue.{operation}\n"
        );
        let names = "content-type;host;x-amz-date;x-amz-target";
        let canonical = format!("POST\n/\n\n{headers}\n{names}\n{}", sha256(body));
        let scope = format!("{date}/{REGION}/glue/aws4_request");
        let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", sha256(canonical.as_bytes()));
        let secret = format!("AWS4{}", self.key.secret).into_bytes();
        let signature = scope.split('/').chain([text.as_str()]).fold(secret, |key, part| {
            hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), part.as_bytes()).as_ref().to_vec()
        });
        format!(
            "POST / HTTP/1.1\r\n{}authorization: AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, \
             Signature={}\r\ncontent-length: {}\r\n\r\n",
            headers.replace('\n', "\r\n"),
            self.key.id,
            hex(&signature),
            body.len()
        )
    }
}

impl measure::Connection for Connection {
    fn call(&mut self, request: &[u8]) -> Result<()> {
        self.call_and_keep(request).map(drop)
    }

    fn call_and_keep(&mut self, request: &[u8]) -> Result<Bytes> {
        let end = request.iter().position(|byte| *byte == b'\n').context("a call without an operation")?;
        let (operation, body) = (str::from_utf8(&request[..end])?, &request[end + 1..]);
        let whole = [self.head(operation, body).as_bytes(), body].concat();
        let mut stream = match self.stream.take().filter(|(_, last)| last.elapsed() < IDLE) {
            Some((stream, _)) => stream,
            None => self.open()?,
        };
        stream.get_mut().write_all(&whole)?;
        let reply = Reply::read(&mut stream)?;
        if reply.is_kept_open {
            self.stream = Some((stream, Instant::now()));
        }
        if reply.status != 200 {
            let text: String = String::from_utf8_lossy(&reply.body).chars().take(SHOWN).collect();
            bail!("{operation} is answered {}: {text}", reply.status);
        }
        Ok(reply.body)
    }
}

struct Reply {
    status: u16,
    body: Bytes,
    is_kept_open: bool,
}

impl Reply {
    fn read(stream: &mut impl BufRead) -> Result<Reply> {
        let first = line(stream)?;
        let mut words = first.split(' ');
        let version = words.next().unwrap_or_default();
        let status = words.next().and_then(|word| word.parse().ok()).with_context(|| format!("no status: {first}"))?;
        let (mut length, mut is_chunked, mut is_kept_open) = (None, false, version == "HTTP/1.1");
        loop {
            let header = line(stream)?.to_ascii_lowercase();
            match header.split_once(':').map(|(name, value)| (name, value.trim())) {
                None => break,
                Some(("content-length", value)) => length = Some(value.parse::<usize>()?),
                Some(("transfer-encoding", value)) => is_chunked = value == "chunked",
                Some(("connection", value)) => is_kept_open = value != "close",
                Some(_) => {}
            }
        }
        let mut body = Vec::new();
        if is_chunked {
            loop {
                let size = usize::from_str_radix(line(stream)?.trim(), 16)?;
                take(stream, size, &mut body)?;
                line(stream)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = length {
            take(stream, length, &mut body)?;
        } else {
            stream.read_to_end(&mut body)?;
            is_kept_open = false;
        }
        Ok(Reply { status, body: body.into(), is_kept_open })
    }
}

/// A line without its end.
fn line(stream: &mut impl BufRead) -> Result<String> {
    let mut text = String::new();
    ensure!(stream.read_line(&mut text)? > 0, "the server has closed the connection");
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn take(stream: &mut impl BufRead, length: usize, body: &mut Vec<u8>) -> Result<()> {
    let taken = stream.take(length as u64).read_to_end(body)?;
    ensure!(taken == length, "{taken} bytes came, not {length}");
    Ok(())
}

fn sha256(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_end_by_their_length_by_chunks_or_by_the_connection() {
        let cases = [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}rest", "{}", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\nrest", "{}", true),
            ("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", "{}", false),
            ("HTTP/1.0 200 OK\r\n\r\n{}", "{}", false),
        ];
        for (text, body, is_kept_open) in cases {
            let reply = Reply::read(&mut text.as_bytes()).ok();
            assert_eq!(
                reply.map(|reply| (reply.status, reply.body, reply.is_kept_open)),
                Some((200, Bytes::from(body), is_kept_open)),
                "{text}"
            );
        }
        assert!(Reply::read(&mut "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}".as_bytes()).is_err());
    }
}
