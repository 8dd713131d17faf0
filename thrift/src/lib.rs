//! The wire contract of the Hive metastore: what Hive 1.2 to 4.2 declare in their Thrift IDLs, in one.
//!
//! [`types`] holds the structs and enums of the IDL, [`args`] a struct for each method's arguments, [`replies`] an enum
//! for each method's result and exceptions, [`methods`] a type for each method that ties these together, and [`codec`]
//! reads and writes them. Everything but `codec` is generated from `idl/hive_metastore.thrift`, and compiles for a
//! while: nothing that changes often belongs into this crate.
//!
//! # Generated types
//!
//! Strings are `FastStr`, binaries `Bytes`, lists `Vec`, sets and maps `AHashSet` and `AHashMap` (in random order). Enums
//! are integers in a newtype with constants, so that unknown values survive: `PrincipalType::USER`,
//! `PrincipalType(9)`, `.inner()`. Fields are `Option`s unless the IDL says required. `None` is not written at all;
//! Java's servers always write numbers and booleans that the IDL does not call optional (`createTime`, `retention`,
//! `numBuckets`, `compressed` and so on), and some clients rely on it: set them.
//!
//! A field with a default in the IDL (`optional string engine = "hive"`) is `Some` of that both when a message does not
//! have it and in `Default::default()`.
//!
//! # A server
//!
//! ```
//! use propolis_thrift::codec::{self, ApplicationExceptionKind, DecodeError, Encoded, Protocol};
//! use propolis_thrift::types::{Table, UnknownDbException};
//! use propolis_thrift::{Exception, ExceptionKind, Method, Reply, Request, args, methods};
//!
//! fn get_table(args: args::GetTable) -> Result<Table, Exception> {
//!     let name = args.tbl_name.unwrap_or_default();
//!     Err(Exception::NoSuchObject(format!("Table hive.default.{name} does not exist")))
//! }
//!
//! /// An exception that the method does not declare becomes a MetaException, if it declares that.
//! fn reply<M: Method>(result: Result<M::Ok, Exception>) -> Result<Reply, Exception> {
//!     M::reply(result).or_else(|undeclared| M::reply(Err(ExceptionKind::Meta.with(undeclared.to_string()))))
//! }
//!
//! macro_rules! dispatch {
//!     ($request:expr, { $($method:ident => $handler:path,)* }) => {
//!         match $request {
//!             $(Request::$method(args) => reply::<methods::$method>($handler(args)),)*
//!             other => other.refusal(Exception::Meta(format!("{} is not there yet", other.name()))),
//!         }
//!     };
//! }
//!
//! fn answer(protocol: Protocol, message: bytes::Bytes) -> Encoded {
//!     let (name, seq, kind, message) = match codec::decode_call(protocol, message) {
//!         Ok(call) => match dispatch!(call.request, { GetTable => get_table, }) {
//!             Ok(reply) => return codec::encode_reply(protocol, call.seq, &reply, 2 << 30).unwrap(),
//!             Err(e) => (call.name.to_string(), call.seq, ApplicationExceptionKind::INTERNAL_ERROR, e.to_string()),
//!         },
//!         Err(error) => match &error {
//!             DecodeError::UnknownMethod { name, seq } => {
//!                 (name.clone(), *seq, ApplicationExceptionKind::UNKNOWN_METHOD, error.to_string())
//!             }
//!             DecodeError::Malformed { name, seq, .. } => {
//!                 (name.clone(), *seq, ApplicationExceptionKind::PROTOCOL_ERROR, error.to_string())
//!             }
//!             DecodeError::NoMessage(_) => panic!("close the connection"),
//!         },
//!     };
//!     codec::encode_exception(protocol, &name, seq, kind, &message).into()
//! }
//!
//! // And its client:
//! let request = methods::GetTable::request(args::GetTable { dbname: Some("default".into()), tbl_name: Some("t".into()) });
//! let call = codec::encode_call(Protocol::Binary, 1, &request).unwrap();
//! let reply = answer(Protocol::Binary, call.into_bytes());
//! let error = codec::decode_result::<methods::GetTable>(Protocol::Binary, reply.into_bytes()).unwrap_err();
//! assert_eq!(error.to_string(), "NoSuchObjectException: Table hive.default.t does not exist");
//! ```

mod call;
pub mod codec;

#[allow(warnings, clippy::all, clippy::unwrap_used)]
#[rustfmt::skip]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/types.rs"));
}

pub use call::{Exception, ExceptionKind, METHODS, Method, MethodInfo, Reply, Request, methods};
pub use generated::types::{args, hive_metastore as types, replies};
pub use pilota::{AHashMap, AHashSet, FastStr};
