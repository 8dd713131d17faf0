//! One connection: calls in, answers out, one after the other.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use futures::FutureExt;
use propolis_thrift::MethodInfo;
use propolis_thrift::codec::{self, ApplicationExceptionKind, DecodeError, EncodeError, Encoded, Protocol, Writer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use super::Limits;
use super::transport::{Incoming, ReadError, Reader};
use crate::auth::login::{LoggedIn, SharedLogin};
use crate::catalog::{Caller, Service};
use crate::error::{CatalogError, ErrorKind};
use crate::hms::Session;
use crate::hms::call::Call;
use crate::hms::methods::{self, Answer, Body};

#[derive(Clone)]
pub struct Connection {
    session: Arc<Session>,
    pub limits: Arc<Limits>,
    catalog: Service,
    pub login: SharedLogin,
    pub shutdown: CancellationToken,
}

/// What became of a call, for the log and the metrics.
struct Outcome {
    method: &'static str,
    object: Option<String>,
    failure: Option<String>,
}

impl Connection {
    pub fn new(
        peer: SocketAddr,
        limits: Arc<Limits>,
        catalog: Service,
        login: SharedLogin,
        shutdown: CancellationToken,
    ) -> Self {
        let session = Arc::new(Session::new(peer, Arc::clone(&login), None));
        Self { session, limits, catalog, login, shutdown }
    }

    /// The same for who logged in, with a session of its own.
    pub fn of(&self, who: LoggedIn) -> Self {
        let session = Session::new(self.session.peer, Arc::clone(&self.login), Some(who));
        Self { session: Arc::new(session), ..self.clone() }
    }

    /// The same for who says to be somebody, or nobody, with a session of its own.
    pub fn as_told(&self, user: Option<&str>) -> Result<Self, CatalogError> {
        let session = Session::new(self.session.peer, Arc::clone(&self.login), None);
        session.assume(Caller { user: user.map(str::to_owned), groups: Vec::new() })?;
        Ok(Self { session: Arc::new(session), ..self.clone() })
    }

    pub fn peer(&self) -> SocketAddr {
        self.session.peer
    }

    pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(self, mut stream: S) {
        let mut reader = Reader::default();
        loop {
            let next =
                tokio::time::timeout(self.limits.idle_timeout, reader.next(&mut stream, self.limits.max_request));
            let incoming = tokio::select! {
                () = self.shutdown.cancelled() => return,
                next = next => match next {
                    Ok(Ok(Some(incoming))) => incoming,
                    Ok(Ok(None)) => return,
                    Ok(Err(ReadError::Io(error))) => {
                        tracing::debug!(peer = %self.peer(), %error, "connection broken");
                        return;
                    }
                    Ok(Err(ReadError::Scan(error))) => {
                        metrics::counter!("propolis_thrift_malformed_total").increment(1);
                        tracing::warn!(peer = %self.peer(), %error, "connection closed");
                        return;
                    }
                    Err(_) => {
                        tracing::debug!(peer = %self.peer(), "idle connection closed");
                        return;
                    }
                },
            };
            if let Err(error) = self.handle(&mut stream, incoming).await {
                tracing::debug!(peer = %self.peer(), %error, "answer not delivered");
                return;
            }
        }
    }

    /// Carries out one call.
    pub async fn handle<S: AsyncWrite + Unpin>(&self, stream: &mut S, incoming: Incoming) -> std::io::Result<()> {
        let started = Instant::now();
        let to = Reply { protocol: incoming.protocol, framed: incoming.framed, limits: &self.limits };
        let call = match codec::decode_call(incoming.protocol, incoming.bytes) {
            Ok(call) => call,
            Err(DecodeError::NoMessage(message)) => return Err(std::io::Error::other(message)),
            Err(error) => return self.undecodable(stream, &to, error).await,
        };
        let context = Call::new(self.catalog.clone(), Arc::clone(&self.session));
        let oneway = MethodInfo::of(call.name).is_some_and(|method| method.oneway);
        let work = AssertUnwindSafe(methods::serve(&context, call.request)).catch_unwind();
        let answer = match tokio::time::timeout(self.limits.request_timeout, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => refused(call.name, "a defect in the server; see its log"),
            Err(_) => refused(call.name, "it took longer than thrift_request_timeout allows"),
        };
        let mut outcome = Outcome { method: call.name, object: context.object().map(str::to_owned), failure: None };
        let sent = if oneway { Ok(()) } else { to.send(stream, call.name, call.seq, answer, &mut outcome).await };
        self.log(&outcome, started.elapsed());
        sent
    }

    /// Answers a call with why it is not carried out.
    pub async fn refuse<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        incoming: Incoming,
        why: &str,
    ) -> std::io::Result<()> {
        let to = Reply { protocol: incoming.protocol, framed: incoming.framed, limits: &self.limits };
        let (name, seq) = match codec::decode_call(incoming.protocol, incoming.bytes) {
            Ok(call) => (call.name.to_owned(), call.seq),
            Err(DecodeError::UnknownMethod { name, seq } | DecodeError::Malformed { name, seq, .. }) => (name, seq),
            Err(DecodeError::NoMessage(message)) => return Err(std::io::Error::other(message)),
        };
        to.write(stream, to.exception(&name, seq, ApplicationExceptionKind::INTERNAL_ERROR, why)).await
    }

    async fn undecodable<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        to: &Reply<'_>,
        error: DecodeError,
    ) -> std::io::Result<()> {
        metrics::counter!("propolis_thrift_malformed_total").increment(1);
        tracing::info!(peer = %self.peer(), error = error.to_string(), "call refused");
        let message = error.to_string();
        let (name, seq, kind) = match error {
            DecodeError::UnknownMethod { name, seq } => (name, seq, ApplicationExceptionKind::UNKNOWN_METHOD),
            DecodeError::Malformed { name, seq, .. } => (name, seq, ApplicationExceptionKind::PROTOCOL_ERROR),
            DecodeError::NoMessage(_) => return Ok(()),
        };
        to.write(stream, codec::encode_exception(to.protocol, &name, seq, kind, &message).into()).await
    }

    fn log(&self, outcome: &Outcome, duration: Duration) {
        let status = if outcome.failure.is_none() { "ok" } else { "failed" };
        metrics::counter!("propolis_thrift_requests_total", "method" => outcome.method, "outcome" => status)
            .increment(1);
        metrics::histogram!("propolis_thrift_request_seconds", "method" => outcome.method).record(duration);
        tracing::info!(
            target: "propolis::request",
            method = outcome.method,
            caller = self.session.caller().user.as_deref().unwrap_or("-"),
            object = outcome.object.as_deref().unwrap_or("-"),
            outcome = outcome.failure.as_deref().unwrap_or("ok"),
            duration_us = duration.as_micros() as u64,
        );
    }
}

fn refused(method: &str, why: &str) -> Answer {
    Answer::Refused {
        kind: ApplicationExceptionKind::INTERNAL_ERROR,
        message: format!("Internal error processing {method}: {why}"),
    }
}

/// Where an answer goes.
struct Reply<'a> {
    protocol: Protocol,
    framed: bool,
    limits: &'a Limits,
}

impl Reply<'_> {
    async fn send<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        method: &'static str,
        seq: i32,
        answer: Answer,
        outcome: &mut Outcome,
    ) -> std::io::Result<()> {
        let answer = match answer {
            Answer::Streamed { mut body, refuse } => match self.stream(stream, method, seq, body.as_mut()).await? {
                Ok(()) => return Ok(()),
                Err(EncodeError::TooLong { .. }) => refuse(self.too_large(body.count()).into()),
            },
            answer => answer,
        };
        let encoded = match answer {
            Answer::Reply { reply, failure } => {
                outcome.failure = failure;
                codec::encode_reply(self.protocol, seq, &reply, self.limits.max_answer).unwrap_or_else(|_| {
                    let message = format!("Internal error processing {method}: {}", self.too_large(1).message);
                    outcome.failure = Some(message.clone());
                    self.exception(method, seq, ApplicationExceptionKind::INTERNAL_ERROR, &message)
                })
            }
            Answer::Refused { kind, message } => {
                let encoded = self.exception(method, seq, kind, &message);
                outcome.failure = Some(message);
                encoded
            }
            // What refuses an answer is never itself streamed.
            Answer::Streamed { .. } => return Ok(()),
        };
        self.write(stream, encoded).await
    }

    fn exception(&self, method: &str, seq: i32, kind: ApplicationExceptionKind, message: &str) -> Encoded {
        codec::encode_exception(self.protocol, method, seq, kind, message).into()
    }

    fn too_large(&self, objects: usize) -> CatalogError {
        let message = format!(
            "The answer with {objects} objects is larger than the limit of {} bytes (setting thrift_max_answer): ask \
             for fewer, by a filter or in parts",
            self.limits.max_answer
        );
        CatalogError::new(ErrorKind::LimitExceeded, message)
    }

    /// Writes an answer piece by piece. Nothing is sent of one that turns out too large.
    async fn stream<S: AsyncWrite + Unpin>(
        &self,
        stream: &mut S,
        method: &str,
        seq: i32,
        body: &mut dyn Body,
    ) -> std::io::Result<Result<(), EncodeError>> {
        let limit = self.limits.max_answer;
        let mut writer = Writer::new(self.protocol, usize::MAX);
        writer.begin_reply(method, seq);
        let length = writer.len() + body.size(self.protocol);
        if length > limit {
            return Ok(Err(EncodeError::TooLong { limit }));
        }
        if self.framed {
            self.write_bytes(stream, &(length as u32).to_be_bytes()[..]).await?;
        }
        let mut sent = 0;
        let mut more = true;
        while more {
            more = body.write_piece(&mut writer);
            let piece = writer.drain();
            sent += piece.len();
            self.write_bytes(stream, piece).await?;
        }
        if sent != length {
            // The client cannot find the end of this answer: nothing more can be said on the connection.
            return Err(std::io::Error::other(format!("{method} wrote {sent} bytes where {length} were announced")));
        }
        stream.flush().await?;
        Ok(Ok(()))
    }

    async fn write<S: AsyncWrite + Unpin>(&self, stream: &mut S, encoded: Encoded) -> std::io::Result<()> {
        if self.framed {
            let length = Bytes::copy_from_slice(&(encoded.len() as u32).to_be_bytes());
            self.write_bytes(stream, length.chain(encoded)).await?;
        } else {
            self.write_bytes(stream, encoded).await?;
        }
        stream.flush().await
    }

    /// A client that takes nothing for as long as it may be idle is given up.
    async fn write_bytes<S: AsyncWrite + Unpin>(&self, stream: &mut S, mut bytes: impl Buf) -> std::io::Result<()> {
        while bytes.has_remaining() {
            match tokio::time::timeout(self.limits.idle_timeout, stream.write_buf(&mut bytes)).await {
                Ok(Ok(0)) => return Err(std::io::ErrorKind::WriteZero.into()),
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(error),
                Err(_) => return Err(std::io::ErrorKind::TimedOut.into()),
            }
        }
        Ok(())
    }
}
