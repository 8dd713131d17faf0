//! Objects around the catalog that are kept as they were defined.

use serde_json::{Map, Value};

/// Where a resource is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceKey {
    /// The tree that it belongs to; empty where all share one.
    pub scope: String,
    /// As in its ARN: `job`, `crawler`, `devEndpoint`.
    pub kind: &'static str,
    /// The name of what it is a part of, such as the job of a run; empty where it stands alone.
    pub parent: String,
    pub name: String,
}

impl ResourceKey {
    pub fn new(scope: &str, kind: &'static str, name: &str) -> Self {
        Self { scope: scope.to_owned(), kind, parent: String::new(), name: name.to_owned() }
    }

    pub fn part_of(scope: &str, kind: &'static str, parent: &str, name: &str) -> Self {
        Self { parent: parent.to_owned(), ..Self::new(scope, kind, name) }
    }

    /// What its tags are kept under.
    pub fn tagged(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }
}

/// A classifier, a crawler, a connection, a job and so on.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    pub parent: String,
    pub name: String,
    /// Its definition, in the field names of the API that it comes from.
    pub document: Map<String, Value>,
    /// Grows with each change; 1 for a new one.
    pub version: i64,
    /// Seconds since the epoch, with a fraction.
    pub created_at: f64,
    /// Seconds since the epoch, with a fraction.
    pub updated_at: f64,
}
