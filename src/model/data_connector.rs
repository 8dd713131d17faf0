//! Connections to other systems, whose databases engines read through them.

use super::{Parameters, PrincipalType};

#[derive(Debug, Clone, PartialEq)]
pub struct DataConnector {
    /// Folded.
    pub name: String,
    /// Which system it is of, such as `mysql` or `hivejdbc`.
    pub kind: Option<String>,
    pub url: Option<String>,
    pub description: Option<String>,
    pub parameters: Parameters,
    pub owner_name: Option<String>,
    pub owner_type: Option<PrincipalType>,
    pub created_at: i64,
}
