//! Memory for lists, sets and maps that are being read.
//!
//! The generated code reserves whatever a container claims to hold, and fills lists through raw pointers, which leaks
//! them when an element cannot be read. `build/` rewrites both: room is asked for here, and elements are pushed.

use pilota::thrift::{TInputProtocol, ThriftException};
use pilota::{AHashMap, AHashSet};

pub fn list<T>(input: &mut impl TInputProtocol, size: usize) -> Result<Vec<T>, ThriftException> {
    charge(input, size, size_of::<T>())?;
    Ok(Vec::with_capacity(size))
}

pub fn set<T>(input: &mut impl TInputProtocol, size: usize) -> Result<AHashSet<T>, ThriftException> {
    charge(input, size, 2 * size_of::<T>() + 2)?;
    Ok(AHashSet::with_capacity(size))
}

pub fn map<K, V>(input: &mut impl TInputProtocol, size: usize) -> Result<AHashMap<K, V>, ThriftException> {
    charge(input, size, 2 * size_of::<(K, V)>() + 2)?;
    Ok(AHashMap::with_capacity(size))
}

/// Pilota's trait has no method for this. The generated code calls `get_bytes` only to keep unknown fields, which is
/// off, so [`super::reader::Reader`] takes it as the announcement of memory, and refuses what is too much.
fn charge(input: &mut impl TInputProtocol, size: usize, each: usize) -> Result<(), ThriftException> {
    input.get_bytes(None, size.saturating_mul(each)).map(drop)
}
