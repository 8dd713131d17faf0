//! Three changes in the code that pilota generates.
//!
//! - Lists are filled with `push` instead of raw writes, which leak what was read when a later element cannot be read.
//! - Containers ask `codec::memory` for their memory instead of reserving what the message claims.
//! - Decoding from asynchronous streams is left out. Messages are whole when they are decoded, and it is a third of the
//!   code to compile.

const ASYNC: &str = "fn decode_async<";
const NO_ASYNC: &str = "fn decode_async<'a, T: ::pilota::thrift::TAsyncInputProtocol>(
    _: &'a mut T,
) -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = ::std::result::Result<Self, ::pilota::thrift::ThriftException>> + Send + 'a>> {
    ::std::boxed::Box::pin(::std::future::ready(crate::codec::no_async()))
}

";

pub fn rewrite(code: &str) -> Result<String, String> {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(ASYNC) {
        let end = rest[at..].find("fn size<").ok_or("decode_async is not followed by size")?;
        out += &rest[..at];
        out += NO_ASYNC;
        rest = &rest[at + end..];
    }
    out += rest;

    for (from, to) in [
        ("::std::vec::Vec::with_capacity(list_ident.size)", "crate::codec::memory::list(__protocol, list_ident.size)?"),
        (
            "::pilota::AHashSet::with_capacity(list_ident.size)",
            "crate::codec::memory::set(__protocol, list_ident.size)?",
        ),
        ("::pilota::AHashMap::with_capacity(map_ident.size)", "crate::codec::memory::map(__protocol, map_ident.size)?"),
        ("val.as_mut_ptr().offset(i as isize).write(", "val.push("),
        ("val.set_len(list_ident.size);", ""),
    ] {
        if !out.contains(from) {
            return Err(format!("pilota does not generate {from} any more"));
        }
        out = out.replace(from, to);
    }
    for left in ["with_capacity(", "set_len(", "as_mut_ptr("] {
        if out.contains(left) {
            return Err(format!("pilota generates another {left}"));
        }
    }
    Ok(out)
}
