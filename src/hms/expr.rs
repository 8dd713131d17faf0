//! Partition expressions, as the calls "by expression" bring them.
//!
//! Hive sends the tree of the condition as it has it in memory, written by the Kryo library: see [`kryo`] for the bytes,
//! [`graph`] for the objects, [`classes`] for what they hold, [`tree`] for what they mean. All other clients send the text
//! of a filter.

mod classes;
mod fields;
mod graph;
mod kryo;
mod tree;

#[cfg(test)]
mod tests;

use crate::error::CatalogError;
use crate::filter::Formula;

/// The longest expression read, in bytes. A list of a hundred thousand constants fits.
pub const MAX_EXPRESSION_BYTES: usize = 8 << 20;

/// The most objects in one, with those that are there more than once counted each time. A constant is two.
const MAX_OBJECTS: usize = 300_000;

#[derive(Debug, Clone, PartialEq)]
pub enum Sent<'a> {
    Filter(&'a str),
    Formula(Formula),
}

/// Why an expression cannot be read; a clause for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Not what Hive writes.
    #[error("{0}")]
    Malformed(String),
    /// A function or constant that is not known here.
    #[error("{0}")]
    Unknown(String),
}

type Result<T> = std::result::Result<T, Unreadable>;

fn malformed<T>(what: impl Into<String>) -> Result<T> {
    Err(Unreadable::Malformed(what.into()))
}

fn unknown<T>(what: impl Into<String>) -> Result<T> {
    Err(Unreadable::Unknown(what.into()))
}

/// Reads an expression in either form.
pub fn read(bytes: &[u8]) -> Result<Sent<'_>> {
    if bytes.len() > MAX_EXPRESSION_BYTES {
        return malformed(format!("it is {} bytes long; at most {MAX_EXPRESSION_BYTES} are read", bytes.len()));
    }
    // Kryo begins with the mark of a new object, or of a class by its name. No filter begins so.
    if bytes.first() != Some(&1) {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Sent::Filter(text)),
            Err(_) => malformed("it is neither the text of a filter nor written by Kryo"),
        };
    }
    tree::formula(&graph::read(bytes)?).map(Sent::Formula)
}

impl From<Unreadable> for CatalogError {
    fn from(why: Unreadable) -> Self {
        CatalogError::invalid_input(match why {
            Unreadable::Malformed(why) => format!("The partition expression cannot be read: {why}"),
            Unreadable::Unknown(why) => format!(
                "The partition expression cannot be evaluated: {why}. Comparisons, IN, BETWEEN, LIKE, IS NULL, AND, OR, \
                 NOT and casts of partition keys and constants can be"
            ),
        })
    }
}
