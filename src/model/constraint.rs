//! Constraints: what engines may count on in a table's data, or are to hold up.

use serde::{Deserialize, Serialize};

use super::TableName;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConstraintKind {
    PrimaryKey,
    ForeignKey,
    Unique,
    NotNull,
    Default,
    Check,
}

impl ConstraintKind {
    pub const ALL: [Self; 6] =
        [Self::PrimaryKey, Self::ForeignKey, Self::Unique, Self::NotNull, Self::Default, Self::Check];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::PrimaryKey => "PRIMARY_KEY",
            Self::ForeignKey => "FOREIGN_KEY",
            Self::Unique => "UNIQUE",
            Self::NotNull => "NOT_NULL",
            Self::Default => "DEFAULT",
            Self::Check => "CHECK",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// What made-up names begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::PrimaryKey => "pk",
            Self::ForeignKey => "fk",
            Self::Unique => "uk",
            Self::NotNull => "nn",
            Self::Default => "dc",
            Self::Check => "cc",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Constraint {
    pub table: TableName,
    /// Folded; empty where the client leaves it to the server.
    pub name: String,
    pub kind: ConstraintKind,
    /// In the order of the key, folded. A check on the table as a whole has none.
    pub columns: Vec<String>,
    /// What a foreign key refers to.
    pub parent: Option<Parent>,
    /// The value of a default, the condition of a check.
    pub expression: Option<String>,
    pub enabled: bool,
    pub validated: bool,
    /// Whether engines may rewrite queries by it.
    pub relied_on: bool,
}

/// The other end of a foreign key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parent {
    pub table: TableName,
    /// One for each column of the foreign key.
    pub columns: Vec<String>,
    /// The key that it refers to; set by the server.
    pub key: Option<String>,
    pub update_rule: i32,
    pub delete_rule: i32,
}
