//! Partition indexes.

/// An index over partition keys, as a client defined it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionIndex {
    pub name: String,
    /// Names of partition keys.
    pub keys: Vec<String>,
}
