//! Functions that engines load by class name.

use serde::{Deserialize, Serialize};

use super::{DatabaseName, Extra, PrincipalType};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub id: i64,
    pub database: DatabaseName,
    /// Folded.
    pub name: String,
    /// A class for Hive and Spark; engines that keep functions of their own put other texts here, of any length.
    pub class_name: String,
    pub owner_name: Option<String>,
    pub owner_type: Option<PrincipalType>,
    pub created_at: i64,
    /// What must be loaded before the class, in order.
    pub resources: Vec<Resource>,
    /// See [`Table::extra`](super::Table::extra).
    #[serde(default)]
    pub extra: Extra,
}

/// A file that a function needs at run time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub kind: ResourceKind,
    pub uri: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ResourceKind {
    Jar,
    File,
    Archive,
}
