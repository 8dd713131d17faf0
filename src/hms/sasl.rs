//! Logging in by SASL (RFC 4422), as Thrift's `TSaslServerTransport` has it: messages of a status, a length and that many
//! bytes go to and fro until one side refuses or the server completes. Then come frames; see [`stream`].

mod digest;
mod gssapi;
mod plain;
pub mod stream;
pub mod token;

use std::net::IpAddr;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use self::digest::Digest;
use self::gssapi::Gssapi;
use self::stream::Layer;
use crate::auth::login::{LoggedIn, Login};
use crate::error::{CatalogError, ErrorKind};

pub const START: u8 = 1;
const OK: u8 = 2;
const BAD: u8 = 3;
const ERROR: u8 = 4;
const COMPLETE: u8 = 5;

/// A ticket with a long list of groups has 64 KiB.
const MAX_MESSAGE: usize = 256 << 10;
const MAX_MECHANISM: usize = 20;
/// The longest of the mechanisms here has four.
const MAX_STEPS: usize = 8;

/// Why a login came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error("the client broke the login off: {0}")]
    Abandoned(String),
    /// The client was told so.
    #[error("{mechanism}: {error}")]
    Refused { mechanism: String, error: CatalogError },
}

/// Where a mechanism has got to.
enum Step {
    /// Bytes for the client, who has to answer.
    Challenge(Vec<u8>),
    /// Who it is, the last bytes for the client, and what protects the connection from now on.
    Done { who: LoggedIn, last: Vec<u8>, layer: Option<Box<dyn Layer>> },
}

enum Mechanism {
    Plain,
    Digest(Digest),
    Gssapi(Gssapi),
}

impl Mechanism {
    fn named(name: &str, login: &Login) -> Result<Self, CatalogError> {
        match name {
            "PLAIN" if login.by_password() => return Ok(Self::Plain),
            "DIGEST-MD5" if login.by_sasl() => return Ok(Self::Digest(Digest::new(&login.protections)?)),
            "GSSAPI" => {
                if let Some(kerberos) = &login.kerberos {
                    return Ok(Self::Gssapi(Gssapi::new(kerberos.context())));
                }
            }
            _ => {}
        }
        Err(refusal(&format!("Unsupported mechanism type {name}: this server takes {}", taken(login))))
    }

    async fn step(&mut self, login: &Login, from: IpAddr, response: &[u8]) -> Result<Step, CatalogError> {
        match self {
            Self::Plain => plain::step(login, from, response).await,
            Self::Digest(digest) => digest.step(login, response).await,
            Self::Gssapi(gssapi) => gssapi.step(login, from, response).await,
        }
    }
}

/// What a client may try instead.
pub fn taken(login: &Login) -> String {
    let ways = [
        (login.by_password(), "PLAIN"),
        (login.kerberos.is_some(), "GSSAPI"),
        (login.by_sasl(), "DIGEST-MD5 with a delegation token"),
        (login.jwt.is_some(), "a bearer token over HTTP"),
    ];
    let ways: Vec<_> = ways.into_iter().filter_map(|(taken, way)| taken.then_some(way)).collect();
    if ways.is_empty() { "no login (thrift_auth is none)".to_owned() } else { ways.join(", ") }
}

/// A login that is done.
pub struct Accepted {
    pub who: LoggedIn,
    pub mechanism: String,
    /// What protects the connection from now on.
    pub layer: Option<Box<dyn Layer>>,
}

/// Carries out a login whose first byte has not been read yet.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    login: &Login,
    from: IpAddr,
) -> Result<Accepted, Failure> {
    let (status, name) = receive(stream, MAX_MECHANISM).await?;
    let mechanism = String::from_utf8_lossy(&name).into_owned();
    if status != START {
        return Err(Failure::Abandoned(format!("it began with the status {status}")));
    }
    match exchange(stream, login, from, &mechanism).await {
        Ok(done) => Ok(done),
        Err(Failure::Refused { mechanism, error }) => {
            let status = if error.kind == ErrorKind::PermissionDenied { BAD } else { ERROR };
            send(stream, status, error.message.as_bytes()).await?;
            Err(Failure::Refused { mechanism, error })
        }
        Err(failure) => Err(failure),
    }
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    login: &Login,
    from: IpAddr,
    name: &str,
) -> Result<Accepted, Failure> {
    let refused = |error| Failure::Refused { mechanism: name.to_owned(), error };
    let mut mechanism = Mechanism::named(name, login).map_err(refused)?;
    for _ in 0..MAX_STEPS {
        let (status, response) = receive(stream, MAX_MESSAGE).await?;
        if status != OK && status != COMPLETE {
            return Err(Failure::Abandoned(String::from_utf8_lossy(&response).into_owned()));
        }
        match mechanism.step(login, from, &response).await.map_err(refused)? {
            Step::Challenge(challenge) => send(stream, OK, &challenge).await?,
            Step::Done { who, last, layer } => {
                send(stream, COMPLETE, &last).await?;
                return Ok(Accepted { who, mechanism: name.to_owned(), layer });
            }
        }
    }
    Err(refused(refusal("the login takes too many steps")))
}

/// Tells a client that speaks Thrift without a login, or the other way round, what is wrong. Such a client may not
/// understand it; its log will show it.
pub async fn refuse<S: AsyncWrite + Unpin>(stream: &mut S, login: &Login) -> std::io::Result<()> {
    send(stream, BAD, format!("This server takes {}", taken(login)).as_bytes()).await
}

async fn receive<S: AsyncRead + Unpin>(stream: &mut S, limit: usize) -> std::io::Result<(u8, Vec<u8>)> {
    let status = stream.read_u8().await?;
    let length = stream.read_u32().await? as usize;
    if length > limit {
        return Err(std::io::Error::other(format!("a message of the login has more than {limit} bytes")));
    }
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await?;
    Ok((status, payload))
}

async fn send<S: AsyncWrite + Unpin>(stream: &mut S, status: u8, payload: &[u8]) -> std::io::Result<()> {
    let mut message = Vec::with_capacity(5 + payload.len());
    message.push(status);
    message.extend_from_slice(&(payload.len() as u32).to_be_bytes());
    message.extend_from_slice(payload);
    stream.write_all(&message).await?;
    stream.flush().await
}

fn refusal(message: &str) -> CatalogError {
    CatalogError::new(ErrorKind::PermissionDenied, message)
}
