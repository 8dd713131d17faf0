//! Programs of HPL/SQL, kept for the engines that run them.

use super::DatabaseName;

#[derive(Debug, Clone, PartialEq)]
pub struct StoredProcedure {
    pub database: DatabaseName,
    /// As it was given: HPL/SQL folds names itself.
    pub name: String,
    pub owner_name: Option<String>,
    pub source: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Package {
    pub database: DatabaseName,
    /// As it was given: HPL/SQL folds names itself.
    pub name: String,
    pub owner_name: Option<String>,
    pub header: Option<String>,
    pub body: Option<String>,
}
