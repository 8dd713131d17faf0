//! Bytes to calls and replies to bytes, for both protocols, and the same for clients.
//!
//! This is the only place that compiles pilota's generic coding functions for a protocol, once, behind functions that
//! are not generic: a crate that calls these does not compile 300 methods again.
//!
//! What is decoded here should be one message whose extent a structural scanner has already found and checked
//! (the server needs it anyway, to know where an unframed message ends). Decoding itself does not depend on that: any
//! bytes end in a value or a [`DecodeError`], without panics, and with memory in proportion to their length.

mod compact;
mod encoded;
pub(crate) mod memory;
mod parts;
mod reader;
pub(crate) mod releases;
mod writer;

use bytes::Bytes;
use pilota::thrift::{ApplicationException, Message, TInputProtocol, TMessageType, ThriftException};

pub use encoded::Encoded;
pub use parts::*;
pub use pilota::thrift::{ApplicationExceptionKind, TType};
pub(crate) use reader::Reader;
pub use writer::Writer;

use crate::call::{Exception, Method, MethodInfo, Reply, Request};

/// How values are laid out in bytes. Binary is the strict kind, with a version in its first bytes, which every client
/// has been sending for a decade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Binary,
    Compact,
}

/// A call, decoded.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The method's name as the client sent it; also in [`crate::METHODS`].
    pub name: &'static str,
    /// To be repeated in the reply.
    pub seq: i32,
    pub request: Request,
}

/// Why a message is not a call. In the first two cases the message was well enough to be answered with
/// [`encode_exception`], and the connection lives on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Answer with [`ApplicationExceptionKind::UNKNOWN_METHOD`].
    #[error("Invalid method name: '{name}'")]
    UnknownMethod { name: String, seq: i32 },
    /// Arguments that do not fit the IDL. Answer with [`ApplicationExceptionKind::PROTOCOL_ERROR`].
    #[error("The arguments of {name} cannot be read: {message}")]
    Malformed { name: String, seq: i32, message: String },
    /// Not even the header of a message: nobody can be answered.
    #[error("Not a Thrift message: {0}")]
    NoMessage(String),
}

/// Why a message cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than `limit` bytes, or a string or container in it beyond the protocol's 2^31 - 1.
    #[error("the answer is longer than the limit of {limit} bytes")]
    TooLong { limit: usize },
}

/// What a client gets back.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CallError {
    /// An exception that the method declares.
    #[error("{0}")]
    Exception(Exception),
    /// The server did not carry out the call.
    #[error("{message} (TApplicationException {})", kind.as_i32())]
    Application { kind: ApplicationExceptionKind, message: String },
    #[error("The reply cannot be read: {0}")]
    Malformed(String),
}

/// Decodes one whole message of a client. Its type may be call or oneway.
pub fn decode_call(protocol: Protocol, message: Bytes) -> Result<Call, DecodeError> {
    let mut reader = Reader::new(protocol, message);
    let head = reader.read_message_begin().map_err(|e| DecodeError::NoMessage(text(&e)))?;
    let (name, seq) = (head.name, head.sequence_number);
    let malformed = |message: String| DecodeError::Malformed { name: name.to_string(), seq, message };
    if !matches!(head.message_type, TMessageType::Call | TMessageType::OneWay) {
        return Err(malformed(format!("a message of type {:?} is not a call", head.message_type)));
    }
    let Some(decoded) = Request::decode(&name, &mut reader) else {
        return Err(DecodeError::UnknownMethod { name: name.to_string(), seq });
    };
    let request = decoded.map_err(|e| malformed(text(&e)))?;
    if reader.remaining() > 0 {
        return Err(malformed(format!("{} bytes are left over", reader.remaining())));
    }
    Ok(Call { name: request.name(), seq, request })
}

/// Encodes a reply of at most `limit` bytes.
pub fn encode_reply(protocol: Protocol, seq: i32, reply: &Reply, limit: usize) -> Result<Encoded, EncodeError> {
    let mut writer = Writer::new(protocol, limit);
    writer.begin_reply(reply.name(), seq);
    reply.encode(&mut writer);
    writer.finish()
}

/// Encodes a TApplicationException: an error that is not the method's own.
pub fn encode_exception(
    protocol: Protocol,
    name: &str,
    seq: i32,
    kind: ApplicationExceptionKind,
    message: &str,
) -> Bytes {
    let mut writer = Writer::new(protocol, usize::MAX);
    writer.begin_message(name, TMessageType::Exception, seq);
    writer.begin_struct();
    writer.field(TType::Binary, 1);
    writer.string(message);
    writer.field(TType::I32, 2);
    writer.i32(kind.as_i32());
    writer.end_struct();
    writer.finish().unwrap_or_default().into_bytes()
}

/// The client's half of [`decode_call`].
pub fn encode_call(protocol: Protocol, seq: i32, request: &Request) -> Result<Encoded, EncodeError> {
    let mut writer = Writer::new(protocol, i32::MAX as usize);
    let kind = if MethodInfo::of(request.name()).is_some_and(|method| method.oneway) {
        TMessageType::OneWay
    } else {
        TMessageType::Call
    };
    writer.begin_message(request.name(), kind, seq);
    request.encode(&mut writer);
    writer.finish()
}

/// The client's half of [`encode_reply`] and [`encode_exception`]: the sequence number, and the reply to `method` or the
/// TApplicationException.
pub fn decode_reply(protocol: Protocol, message: Bytes, method: &str) -> Result<(i32, Reply), CallError> {
    let malformed = |e: ThriftException| CallError::Malformed(text(&e));
    let mut reader = Reader::new(protocol, message);
    let head = reader.read_message_begin().map_err(malformed)?;
    if head.message_type == TMessageType::Exception {
        let exception = ApplicationException::decode(&mut reader).map_err(malformed)?;
        return Err(CallError::Application { kind: exception.kind(), message: exception.message().to_string() });
    }
    if head.name != method || head.message_type != TMessageType::Reply {
        return Err(CallError::Malformed(format!("it is a {:?} of {}", head.message_type, head.name)));
    }
    let reply = Reply::decode(method, &mut reader)
        .ok_or_else(|| CallError::Malformed(format!("{method} is not a method")))?
        .map_err(malformed)?;
    Ok((head.sequence_number, reply))
}

/// [`decode_reply`] for a method that is known at compile time.
///
/// ```no_run
/// # use propolis_thrift::{codec::{self, CallError, Protocol}, methods, types::Table};
/// # let bytes = bytes::Bytes::new();
/// let table: Result<Table, CallError> = codec::decode_result::<methods::GetTable>(Protocol::Binary, bytes);
/// ```
pub fn decode_result<M: Method>(protocol: Protocol, message: Bytes) -> Result<M::Ok, CallError> {
    let (_, reply) = decode_reply(protocol, message, M::NAME)?;
    match M::result(reply) {
        Some(result) => result.map_err(CallError::Exception),
        None => Err(CallError::Malformed(format!("it is not one of {}", M::NAME))),
    }
}

/// What is left of asynchronous decoding: pilota's trait has it, and nothing calls it.
pub(crate) fn no_async<T>() -> Result<T, ThriftException> {
    Err(reader::invalid("messages are decoded when they are whole"))
}

fn text(error: &ThriftException) -> String {
    match error {
        ThriftException::Application(e) => e.message().to_string(),
        ThriftException::Protocol(e) => e.message().to_string(),
        ThriftException::Transport(e) => e.to_string(),
    }
}

/// Pilota's traits can count the length of a message before it is written or read. Nothing here asks for it.
macro_rules! no_lengths {
    ($protocol:ty) => {
        impl pilota::thrift::TLengthProtocol for $protocol {
            $crate::codec::no_lengths! { @
                message_begin_len(&pilota::thrift::TMessageIdentifier) message_end_len()
                struct_begin_len(&pilota::thrift::TStructIdentifier) struct_end_len()
                field_begin_len(pilota::thrift::TType, Option<i16>) field_end_len() field_stop_len()
                bool_len(bool) bytes_len(&[u8]) bytes_vec_len(&[u8]) byte_len(u8) uuid_len([u8; 16])
                i8_len(i8) i16_len(i16) i32_len(i32) i64_len(i64) double_len(f64)
                string_len(&str) faststr_len(&pilota::FastStr)
                list_begin_len(pilota::thrift::TListIdentifier) list_end_len()
                set_begin_len(pilota::thrift::TSetIdentifier) set_end_len()
                map_begin_len(pilota::thrift::TMapIdentifier) map_end_len()
            }
        }
    };
    (@ $($name:ident($($arg:ty),*))*) => {
        $(fn $name(&mut self $(, _: $arg)*) -> usize { 0 })*
    };
}
use no_lengths;
