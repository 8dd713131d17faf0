//! Catalogs and databases.

use serde::{Deserialize, Serialize};

use super::{DatabaseName, Extra, Parameters, PrincipalType};

/// The top of the tree. Times are seconds since the epoch, here and everywhere in the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Catalog {
    pub id: i64,
    pub name: String,
    pub description: Option<String>,
    pub location: String,
    pub parameters: Parameters,
    pub created_at: i64,
    #[serde(default)]
    pub updated_at: i64,
    /// See [`Table::extra`](super::Table::extra).
    #[serde(default)]
    pub extra: Extra,
}

/// The key in [`Database::extra`] of a database that came without a location and got the default one.
pub const LOCATION_BY_DEFAULT: &str = "location_by_default";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub id: i64,
    pub name: DatabaseName,
    pub description: Option<String>,
    /// Where its external tables go, and its managed ones too where `managed_location` is unset and it is not the
    /// default folder of the external warehouse.
    pub location: Option<String>,
    pub managed_location: Option<String>,
    pub parameters: Parameters,
    pub owner_name: Option<String>,
    pub owner_type: Option<PrincipalType>,
    pub created_at: i64,
    /// NATIVE, or REMOTE for one that a data connector serves.
    pub kind: String,
    pub connector_name: Option<String>,
    pub remote_name: Option<String>,
    /// Whether the server made it by itself and no client has changed it since.
    #[serde(default)]
    pub implicit: bool,
    /// See [`Table::extra`](super::Table::extra).
    #[serde(default)]
    pub extra: Extra,
    /// Grows with each change.
    pub version: i64,
}
