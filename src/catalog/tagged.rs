//! Tags of databases, tables and catalogs: where they are, and that they go with what they are on, whichever face
//! removes it.

use std::collections::BTreeMap;

use super::resources::set_tags;
use crate::error::Result;
use crate::model::name::DEFAULT_CATALOG;
use crate::model::{DatabaseName, TableName};
use crate::store::{Connection, tags};

/// What tags are on.
pub(super) struct Tagged {
    scope: String,
    /// The part of its ARN behind the account.
    resource: String,
}

impl Tagged {
    pub fn catalog(catalog: &str) -> Self {
        Self::new(catalog, "catalog", "")
    }

    pub fn database(name: &DatabaseName) -> Self {
        Self::new(&name.catalog, "database", &name.database)
    }

    pub fn table(name: &TableName) -> Self {
        Self::new(&name.catalog, "table", &format!("{}/{}", name.database, name.table))
    }

    /// All tables of a database.
    fn tables(name: &DatabaseName) -> Self {
        Self::new(&name.catalog, "table", &name.database)
    }

    /// The root of a tree that is kept apart is called `account_region`; other catalogs are all of one tree.
    fn new(catalog: &str, kind: &str, path: &str) -> Self {
        let (root, below) = catalog.split_once('/').map_or((catalog, None), |(root, below)| (root, Some(below)));
        let tree = root
            .split_once('_')
            .filter(|(account, _)| account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()));
        let (scope, child) = match tree {
            Some((account, region)) => (format!("{account}/{}", region.replace('_', "-")), below),
            None => (String::new(), Some(catalog).filter(|catalog| *catalog != DEFAULT_CATALOG)),
        };
        let parts = [Some(kind), child, Some(path)].into_iter().flatten().filter(|part| !part.is_empty());
        Self { scope, resource: parts.collect::<Vec<_>>().join("/") }
    }

    pub async fn set(&self, connection: &mut Connection, tags: &BTreeMap<String, String>) -> Result<()> {
        match tags.is_empty() {
            true => Ok(()),
            false => set_tags(connection, &self.scope, &self.resource, tags).await,
        }
    }

    pub async fn clear(&self, connection: &mut Connection) -> Result<()> {
        tags::clear(connection, &self.scope, &self.resource).await
    }

    pub async fn rename(&self, connection: &mut Connection, new: &Self) -> Result<()> {
        tags::rename(connection, &self.scope, &self.resource, &new.resource).await
    }
}

/// The tags of a database and of its tables follow its name.
pub(super) async fn rename_database(connection: &mut Connection, old: &DatabaseName, new: &DatabaseName) -> Result<()> {
    Tagged::database(old).rename(connection, &Tagged::database(new)).await?;
    Tagged::tables(old).rename(connection, &Tagged::tables(new)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_at_the_arn_in_its_tree() {
        let place = |tagged: Tagged| (tagged.scope, tagged.resource);
        let owned = |scope: &str, resource: &str| (scope.to_owned(), resource.to_owned());
        assert_eq!(place(Tagged::table(&TableName::new("hive", "d", "t"))), owned("", "table/d/t"));
        assert_eq!(place(Tagged::database(&DatabaseName::new("other", "d"))), owned("", "database/other/d"));
        assert_eq!(place(Tagged::catalog("other")), owned("", "catalog/other"));
        let tree = "123456789012_us_east_1";
        let scope = "123456789012/us-east-1";
        assert_eq!(place(Tagged::database(&DatabaseName::new(tree, "d"))), owned(scope, "database/d"));
        assert_eq!(place(Tagged::catalog(&format!("{tree}/c"))), owned(scope, "catalog/c"));
    }
}
