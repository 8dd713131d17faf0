//! Partition predicates, table filters and name patterns.
//!
//! A filter text, of Hive's grammar or of Glue's, becomes a [`Predicate`] over the partition keys of one table, and so does
//! a [`Formula`], a condition as a query engine has it. The predicate can be printed as SQL, which does the work, and
//! evaluated in memory, which is what the SQL is tested against. The same syntax over a table's own fields is a
//! [`TableFilter`]; the patterns of `get_tables` and its like are [`NamePattern`]s.
//!
//! # How values compare
//! In filters, the *key's type* decides, never how the constant is written. A stored value is text; one that is no value of the
//! key's type (`__HIVE_DEFAULT_PARTITION__` under an integer key) matches no comparison, not even `!=`.
//!
//! | key type | compared | a stored value counts when it is |
//! |---|---|---|
//! | tinyint, smallint, int, bigint | as numbers, of any size | a whole number of at most 100 characters |
//! | decimal, float, double | as decimal numbers, exactly | a decimal number, exponent of at most two digits |
//! | date | as dates | `yyyy-mm-dd`, alone or before a blank or `T` |
//! | timestamp | as timestamps, to the last digit | `yyyy-mm-dd`, or with ` hh:mm:ss[.fraction]` |
//! | boolean | `false` before `true`, in any case | one of these two words |
//! | string, varchar, char and all others | by bytes | anything |
//!
//! On a string key a number is the text of its digits, so `dt = 20230505` finds `20230505`. The constant
//! `__HIVE_DEFAULT_PARTITION__` compares with the stored text under every type: it is how a filter asks for null.
//! LIKE looks at the stored text under every type.

mod expression;
mod formula;
mod lexer;
mod name;
mod number;
mod parser;
mod pattern;
mod predicate;
mod ranges;
mod regular;
mod sql;
mod table;
mod tree;
mod undecided;
mod value;

#[cfg(test)]
mod tests;

pub use formula::{Formula, Literal};
pub use lexer::Op;
pub use name::NamePattern;
pub use pattern::LikeDialect;
pub use predicate::{PartitionKey, Predicate};
pub use sql::SqlPredicate;
pub use table::TableFilter;

use crate::error::excerpt;

/// The longest filter text read, in bytes. A hundred thousand constants of a hundred bytes fit.
pub const MAX_FILTER_BYTES: usize = 32 << 20;

/// How deep AND and OR may alternate; parentheses that change nothing do not count.
pub const MAX_DEPTH: usize = 200;

/// How many conditions a filter may have. IN lists, and chains of `k = a or k = b`, count once whatever their length.
pub const MAX_CONDITIONS: usize = 10_000;

/// A filter or pattern that cannot be used: the message is a sentence for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}{}", .position.map(|at| format!(" (at character {at})")).unwrap_or_default())]
pub struct FilterError {
    pub message: String,
    /// Where in the filter, in characters, from 1.
    pub position: Option<usize>,
}

impl FilterError {
    fn new(message: impl Into<String>) -> Self {
        FilterError { message: message.into(), position: None }
    }

    /// An error at a byte offset of `text`.
    fn at(text: &str, offset: usize, message: impl Into<String>) -> Self {
        let characters = text.get(..offset).unwrap_or(text).chars().count();
        FilterError { message: message.into(), position: Some(characters + 1) }
    }
}
