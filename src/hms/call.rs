//! One call under way: who asks for what of which catalog, and the names in it.

use std::sync::{Arc, OnceLock};

use propolis_thrift::FastStr;

use super::Session;
use super::error::Result;
use super::session::meta_conf;
use crate::catalog::{Caller, Service};
use crate::error::CatalogError;
use crate::model::name::fold;
use crate::model::{DatabaseName, TableName};

/// What a handler works with.
#[derive(Debug)]
pub struct Call {
    pub catalog: Service,
    pub session: Arc<Session>,
    object: OnceLock<String>,
}

impl Call {
    pub fn new(catalog: Service, session: Arc<Session>) -> Self {
        Self { catalog, session, object: OnceLock::new() }
    }

    pub fn caller(&self) -> Caller {
        self.session.caller()
    }

    /// What a setting of Hive's is on this connection: as the client set it, else the server.
    pub fn meta_conf(&self, name: &str) -> Result<String> {
        let known = meta_conf::named(name)?;
        let set = self.session.meta_conf(known.name);
        Ok(set.unwrap_or_else(|| self.catalog.rules().hive.value(known).to_owned()))
    }

    /// The catalog of calls that name none.
    pub fn default_catalog(&self) -> &str {
        &self.catalog.rules().hive.default_catalog
    }

    /// What the call is about, for the log.
    pub fn object(&self) -> Option<&str> {
        self.object.get().map(String::as_str)
    }

    /// Names what the call is about; the first to do so wins.
    pub fn about(&self, object: impl ToString) {
        self.object.get_or_init(|| object.to_string());
    }

    /// The database of a call without a catalog field: the name may be packed as `@CATALOG#DATABASE`.
    pub fn database(&self, packed: Option<FastStr>) -> Result<DatabaseName> {
        let packed = packed.ok_or_else(|| null("database name"))?;
        let (catalog, database) = self.unpack(&packed)?;
        let name = DatabaseName::new(&catalog, &database.ok_or_else(|| null("database name"))?);
        self.about(&name);
        Ok(name)
    }

    /// The database of a request with an optional catalog field.
    pub fn database_in(&self, catalog: Option<&FastStr>, database: Option<FastStr>) -> Result<DatabaseName> {
        match catalog {
            None => self.database(database),
            Some(catalog) => {
                let database = database.ok_or_else(|| null("database name"))?;
                let name = DatabaseName::new(catalog, unpack(&database)?.1.as_deref().unwrap_or_default());
                self.about(&name);
                Ok(name)
            }
        }
    }

    /// The table of a call without a catalog field.
    pub fn table(&self, database: Option<FastStr>, table: Option<FastStr>) -> Result<TableName> {
        self.table_in(None, database, table)
    }

    /// The table of a request with an optional catalog field.
    pub fn table_in(
        &self,
        catalog: Option<&FastStr>,
        database: Option<FastStr>,
        table: Option<FastStr>,
    ) -> Result<TableName> {
        let table = table.ok_or_else(|| null("table name"))?;
        let packed = database.ok_or_else(|| null("database name"))?;
        let (packed_catalog, database) = self.unpack(&packed)?;
        let catalog = catalog.map_or(packed_catalog, |catalog| catalog.to_string());
        let name = TableName::new(&catalog, &database.ok_or_else(|| null("database name"))?, &table);
        self.about(&name);
        Ok(name)
    }

    /// A database pattern without a catalog field: the catalog, and the pattern, where None means all.
    pub fn database_pattern(&self, packed: Option<FastStr>) -> Result<(String, Option<String>)> {
        match packed {
            None => Ok((self.default_catalog().to_owned(), None)),
            Some(packed) => self.unpack(&packed),
        }
    }

    fn unpack(&self, packed: &str) -> Result<(String, Option<String>)> {
        let (catalog, database) = unpack(packed)?;
        Ok((catalog.unwrap_or_else(|| self.default_catalog().to_owned()), database))
    }
}

/// The error for an argument that may not be null.
pub fn null(what: &str) -> CatalogError {
    CatalogError::invalid_input(format!("The {what} is missing: null is not allowed here"))
}

/// An argument that may not be null.
pub fn required<T>(argument: Option<T>, what: &str) -> Result<T> {
    Ok(argument.ok_or_else(|| null(what))?)
}

/// Splits `@CATALOG#DATABASE`. `@CATALOG#` has no database, `@CATALOG#!` the empty name, and a name without `@` no
/// catalog.
fn unpack(packed: &str) -> Result<(Option<String>, Option<String>)> {
    let Some(rest) = packed.strip_prefix('@') else {
        return Ok((None, Some(packed.to_owned())));
    };
    let (catalog, database) = rest.split_once('#').ok_or_else(|| {
        CatalogError::invalid_input(format!("{packed:?} is not a database name: after @CATALOG there must be a #"))
    })?;
    let database = match database {
        "" => None,
        "!" => Some(String::new()),
        name => Some(name.to_owned()),
    };
    Ok((Some(fold(catalog)), database))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn packed_names_carry_a_catalog() {
        let unpacked = |text: &str| unpack(text).unwrap();
        assert_eq!(unpacked("sales"), (None, Some("sales".into())));
        assert_eq!(unpacked("@Other#sales"), (Some("other".into()), Some("sales".into())));
        assert_eq!(unpacked("@other#"), (Some("other".into()), None));
        assert_eq!(unpacked("@other#!"), (Some("other".into()), Some(String::new())));
        assert!(unpack("@other").is_err());
    }
}
