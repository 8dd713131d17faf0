//! Types with a name of their own, an old part of the metastore that hardly any client uses.

use super::Column;

#[derive(Debug, Clone, PartialEq)]
pub struct NamedType {
    pub name: String,
    /// What a list or a map has in it.
    pub type1: Option<String>,
    /// The values of a map.
    pub type2: Option<String>,
    /// Of a structure.
    pub fields: Vec<Column>,
}
