//! Column statistics: what a query planner is told about the values of a column, in a table or in one partition.

mod decimal;
mod hyperloglog;
mod kll;
mod merge;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use decimal::Decimal;
pub use hyperloglog::HyperLogLog;
pub use kll::Kll;
pub use merge::add_histogram;

/// The engine whose statistics are meant when a client names none.
pub const DEFAULT_ENGINE: &str = "hive";

/// Statistics of one column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnStatistics {
    pub column: String,
    /// The column's type as the writer understood it.
    pub column_type: String,
    /// When they were taken, in seconds since the epoch: as the client told, or when the server got them.
    pub analyzed_at: i64,
    pub nulls: i64,
    /// An estimate. None where the kind has no such number.
    pub distinct: Option<i64>,
    pub values: ValueStatistics,
    /// A sketch of the distinct values, as bytes that only its writer needs to understand; see [`HyperLogLog`].
    #[serde(skip)]
    pub bit_vector: Option<Bytes>,
    /// A sketch of the distribution (KLL), as bytes.
    #[serde(skip)]
    pub histogram: Option<Bytes>,
}

/// What depends on the kind. The kind is the writer's choice and is given back as it was written: engines differ in
/// how they speak of timestamps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValueStatistics {
    Boolean {
        trues: i64,
        falses: i64,
    },
    Long(Range<i64>),
    Double(Range<f64>),
    Decimal(Range<Decimal>),
    /// Days since the epoch.
    Date(Range<i64>),
    /// Seconds since the epoch.
    Timestamp(Range<i64>),
    /// In bytes.
    String {
        max_length: i64,
        average_length: f64,
    },
    Binary {
        max_length: i64,
        average_length: f64,
    },
}

/// The smallest and the largest value, where there is any and the writer told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Range<T> {
    pub low: Option<T>,
    pub high: Option<T>,
}

impl<T> Default for Range<T> {
    fn default() -> Self {
        Self { low: None, high: None }
    }
}

impl ValueStatistics {
    /// The kind, as it is stored.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Boolean { .. } => "boolean",
            Self::Long(_) => "long",
            Self::Double(_) => "double",
            Self::Decimal(_) => "decimal",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
            Self::String { .. } => "string",
            Self::Binary { .. } => "binary",
        }
    }

    /// Whether a column of this type can have statistics of this kind. Dates and timestamps were once told as longs, and
    /// some engines still do so. Of types whose statistics no contract defines, nested ones for instance, any will do.
    pub fn fits(&self, column_type: &str) -> bool {
        match base_type(column_type).as_str() {
            "boolean" => matches!(self, Self::Boolean { .. }),
            "tinyint" | "smallint" | "int" | "bigint" => matches!(self, Self::Long(_)),
            "float" | "double" => matches!(self, Self::Double(_)),
            "decimal" => matches!(self, Self::Decimal(_)),
            "date" => matches!(self, Self::Date(_) | Self::Long(_)),
            "timestamp" | "timestamplocaltz" => matches!(self, Self::Timestamp(_) | Self::Long(_)),
            "string" | "varchar" | "char" => matches!(self, Self::String { .. }),
            "binary" => matches!(self, Self::Binary { .. }),
            _ => true,
        }
    }
}

/// Whether it is the type of numbers.
pub fn is_number(column_type: &str) -> bool {
    matches!(
        base_type(column_type).as_str(),
        "tinyint" | "smallint" | "int" | "bigint" | "float" | "double" | "decimal"
    )
}

/// A type without its parameters, in lower case.
fn base_type(column_type: &str) -> String {
    let end = column_type.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(column_type.len());
    column_type[..end].to_ascii_lowercase()
}

/// Statistics of many partitions as one: see the catalog's aggregation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AggregatedStatistics {
    pub columns: Vec<ColumnStatistics>,
    /// How many of the partitions have statistics of every column that was asked for.
    pub partitions_found: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_fit_types() {
        let long = ValueStatistics::Long(Range::default());
        let timestamp = ValueStatistics::Timestamp(Range::default());
        let text = ValueStatistics::String { max_length: 1, average_length: 1.0 };
        for (kind, fitting) in [
            (&long, "bigint"),
            (&long, "INT"),
            (&long, "date"),
            (&long, "timestamp"),
            (&timestamp, "timestamp"),
            (&timestamp, "timestamp with local time zone"),
            (&text, "varchar(20)"),
            (&text, "array<int>"),
        ] {
            assert!(kind.fits(fitting), "{kind:?} {fitting}");
        }
        for (kind, unfitting) in [(&long, "string"), (&timestamp, "bigint"), (&text, "decimal(10,2)")] {
            assert!(!kind.fits(unfitting), "{kind:?} {unfitting}");
        }
    }
}
