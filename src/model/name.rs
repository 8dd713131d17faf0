//! Names: folded once, on entry, to lower case without surrounding blanks (the metastore's rule).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{CatalogError, Result};

/// The catalog meant when a client names none.
pub const DEFAULT_CATALOG: &str = "hive";
/// The database that every catalog has.
pub const DEFAULT_DATABASE: &str = "default";
/// Longest name stored, in bytes: what the metastore's own schema allows for a table name.
pub const MAX_NAME_BYTES: usize = 256;

/// A name as it is stored and compared.
pub fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

/// A database within its catalog; both folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatabaseName {
    pub catalog: String,
    pub database: String,
}

impl DatabaseName {
    pub fn new(catalog: &str, database: &str) -> Self {
        Self { catalog: fold(catalog), database: fold(database) }
    }

    pub fn table(&self, table: &str) -> TableName {
        TableName { catalog: self.catalog.clone(), database: self.database.clone(), table: fold(table) }
    }
}

impl fmt::Display for DatabaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.catalog, self.database)
    }
}

/// A table within its database; all folded.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TableName {
    pub catalog: String,
    pub database: String,
    pub table: String,
}

impl TableName {
    pub fn new(catalog: &str, database: &str, table: &str) -> Self {
        Self { catalog: fold(catalog), database: fold(database), table: fold(table) }
    }

    pub fn database_name(&self) -> DatabaseName {
        DatabaseName { catalog: self.catalog.clone(), database: self.database.clone() }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.catalog, self.database, self.table)
    }
}

/// Catalog, function and role names: ASCII letters, digits and underscores.
pub fn check_word(what: &str, name: &str) -> Result<()> {
    check_length(what, name)?;
    match name.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '_') {
        None => Ok(()),
        Some(c) => Err(CatalogError::invalid_object(format!(
            "{name:?} is not a valid {what} name: {c:?} is not allowed, only ASCII letters, digits and _"
        ))),
    }
}

/// Database and table names may also hold ASCII punctuation (but for the backslash) and blanks, as Hive 4 allows.
pub fn check_object(what: &str, name: &str) -> Result<()> {
    check_length(what, name)?;
    match name.chars().find(|c| !(c.is_ascii_graphic() || *c == ' ') || *c == '\\') {
        None => Ok(()),
        Some(c) => Err(CatalogError::invalid_object(format!(
            "{name:?} is not a valid {what} name: {c:?} is not allowed, only printable ASCII without the backslash"
        ))),
    }
}

/// Names for faces whose own contract says what a name may hold: any text, as long as something is left of it.
pub fn check_given(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(CatalogError::invalid_object(format!("the {what} name is empty")));
    }
    Ok(())
}

/// Neither empty nor too long.
pub fn check_length(what: &str, name: &str) -> Result<()> {
    if name.is_empty() {
        return Err(CatalogError::invalid_object(format!("the {what} name is empty")));
    }
    if name.len() > MAX_NAME_BYTES {
        return Err(CatalogError::invalid_object(format!(
            "the {what} name that begins with {:?} has {} bytes; at most {MAX_NAME_BYTES} are allowed",
            name.chars().take(32).collect::<String>(),
            name.len()
        )));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_fold_to_lower_case_without_blanks() {
        assert_eq!(TableName::new("Hive", " Sales ", "Orders").to_string(), "hive.sales.orders");
    }

    #[test]
    fn words_and_objects_differ_in_punctuation() {
        assert!(check_word("function", "to_upper2").is_ok());
        assert!(check_word("function", "to-upper").is_err());
        assert!(check_object("table", "alter-tbl; x").is_ok());
        for bad in ["", "a\\b", "caf\u{e9}", "a\nb", &"x".repeat(257)] {
            assert!(check_object("table", bad).is_err(), "{bad:?}");
        }
    }
}
