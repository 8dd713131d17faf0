//! What is called: requests, replies, exceptions, and the table of methods. All of it is made from the IDL.

use pilota::thrift::{Message, ThriftException};

use crate::codec::{Reader, Writer};
use crate::{args, replies, types};

/// A method of the IDL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MethodInfo {
    pub name: &'static str,
    /// The client waits for no reply and must not be sent one.
    pub oneway: bool,
    pub throws: &'static [ExceptionKind],
}

/// A method of the IDL, as a type: see the types in [`crate::methods`].
pub trait Method {
    const NAME: &'static str;
    const ONEWAY: bool;
    const THROWS: &'static [ExceptionKind];
    /// A struct of [`crate::args`]; every field is an `Option`, since Java clients send nulls.
    type Args;
    type Ok;

    fn request(args: Self::Args) -> Request;

    /// The reply for a result. An exception that the IDL does not declare for this method comes back as the error:
    /// clients could not read it.
    fn reply(result: Result<Self::Ok, Exception>) -> Result<Reply, Exception>;

    /// The reverse of [`Method::reply`], for clients; `None` when the reply is another method's.
    fn result(reply: Reply) -> Option<Result<Self::Ok, Exception>>;
}

macro_rules! define_exceptions {
    ($($kind:ident $struct:ident $idl:literal;)*) => {
        /// The exceptions that methods declare, without the message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ExceptionKind { $($kind,)* }

        /// An exception that methods declare, with the message for the caller.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Exception { $($kind(String),)* }

        impl ExceptionKind {
            pub const ALL: &[ExceptionKind] = &[$(Self::$kind,)*];

            /// The name in the IDL: `NoSuchObjectException`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $idl,)* }
            }

            pub fn with(self, message: impl Into<String>) -> Exception {
                match self { $(Self::$kind => Exception::$kind(message.into()),)* }
            }
        }

        impl Exception {
            pub fn kind(&self) -> ExceptionKind {
                match self { $(Self::$kind(_) => ExceptionKind::$kind,)* }
            }

            pub fn message(&self) -> &str {
                match self { $(Self::$kind(message) => message,)* }
            }
        }

        $(impl From<String> for types::$struct {
            fn from(message: String) -> Self {
                types::$struct { message: Some(message.into()) }
            }
        }

        impl From<types::$struct> for String {
            fn from(exception: types::$struct) -> Self {
                exception.message.unwrap_or_default().to_string()
            }
        })*
    };
}

macro_rules! define_methods {
    ($($method:ident $name:literal $oneway:literal $ok:ty [$($throws:ident)*];)*) => {
        /// Every method, sorted by name.
        pub const METHODS: &[MethodInfo] = &[
            $(MethodInfo { name: $name, oneway: $oneway, throws: &[$(ExceptionKind::$throws,)*] },)*
        ];

        /// A call of a method.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum Request { $($method(args::$method),)* }

        /// A method's result, or an exception that it declares.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum Reply { $($method(replies::$method),)* }

        type Decode<T> = fn(&mut Reader) -> Result<T, ThriftException>;

        impl Request {
            pub fn name(&self) -> &'static str {
                match self { $(Self::$method(_) => $name,)* }
            }

            /// The reply that throws this exception, whichever method was called: see [`Method::reply`].
            pub fn refusal(&self, exception: Exception) -> Result<Reply, Exception> {
                match self { $(Self::$method(_) => methods::$method::reply(Err(exception)),)* }
            }

            pub(crate) fn encode(&self, writer: &mut Writer) {
                // This fails only when the writer is over its limit, which the writer reports itself.
                let _ = match self { $(Self::$method(args) => args.encode(writer),)* };
            }

            /// `None` when there is no such method.
            pub(crate) fn decode(method: &str, reader: &mut Reader) -> Option<Result<Self, ThriftException>> {
                const DECODE: &[Decode<Request>] = &[$(|reader| Message::decode(reader).map(Request::$method),)*];
                Some(DECODE[index(method)?](reader))
            }
        }

        impl Reply {
            pub fn name(&self) -> &'static str {
                match self { $(Self::$method(_) => $name,)* }
            }

            pub(crate) fn encode(&self, writer: &mut Writer) {
                // As above.
                let _ = match self { $(Self::$method(reply) => reply.encode(writer),)* };
            }

            pub(crate) fn decode(method: &str, reader: &mut Reader) -> Option<Result<Self, ThriftException>> {
                const DECODE: &[Decode<Reply>] = &[$(|reader| Message::decode(reader).map(Reply::$method),)*];
                Some(DECODE[index(method)?](reader))
            }
        }

        pub mod methods {
            use super::*;

            $(#[doc = concat!("`", $name, "`")]
            #[derive(Clone, Copy, Debug)]
            pub struct $method;

            impl Method for $method {
                const NAME: &'static str = $name;
                const ONEWAY: bool = $oneway;
                const THROWS: &'static [ExceptionKind] = &[$(ExceptionKind::$throws,)*];
                type Args = args::$method;
                type Ok = $ok;

                fn request(args: Self::Args) -> Request {
                    Request::$method(args)
                }

                fn reply(result: Result<Self::Ok, Exception>) -> Result<Reply, Exception> {
                    Ok(Reply::$method(match result {
                        Ok(ok) => replies::$method::Ok(ok),
                        $(Err(Exception::$throws(message)) => replies::$method::$throws(message.into()),)*
                        Err(undeclared) => return Err(undeclared),
                    }))
                }

                fn result(reply: Reply) -> Option<Result<Self::Ok, Exception>> {
                    match reply {
                        Reply::$method(replies::$method::Ok(ok)) => Some(Ok(ok)),
                        $(Reply::$method(replies::$method::$throws(e)) => Some(Err(Exception::$throws(e.into()))),)*
                        _ => None,
                    }
                }
            })*
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));

impl MethodInfo {
    /// The method of that name.
    pub fn of(name: &str) -> Option<&'static MethodInfo> {
        index(name).map(|at| &METHODS[at])
    }

    pub fn declares(&self, kind: ExceptionKind) -> bool {
        self.throws.contains(&kind)
    }
}

impl std::fmt::Display for ExceptionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind(), self.message())
    }
}

impl std::error::Error for Exception {}

fn index(name: &str) -> Option<usize> {
    METHODS.binary_search_by(|method| method.name.cmp(name)).ok()
}
