//! Tables and databases kept in memory, for a server that is the only one over its database.
//!
//! What is read here is never older than the last commit that was answered. A reader may have loaded an object before a
//! change of it and come to keep it after; so each reader notes how many changes were committed before it loaded, and
//! keeps nothing when there were more since.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use moka::sync::Cache;

use crate::model::{Database, DatabaseName, Table, TableName};

/// Some kilobytes each; a thousand columns make some hundred.
const TABLES: u64 = 20_000;
const DATABASES: u64 = 5_000;

/// Objects that a transaction changes, to be forgotten when it ends.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub tables: Vec<TableName>,
    pub databases: Vec<DatabaseName>,
    /// Whether there are others besides.
    pub everything: bool,
}

#[derive(Debug)]
pub(super) struct ObjectCache {
    tables: Cache<TableName, Arc<Table>>,
    databases: Cache<DatabaseName, Arc<Database>>,
    /// How many times something was forgotten.
    forgotten: AtomicU64,
    /// Held shared while something is kept, alone while something is forgotten.
    keeping: RwLock<()>,
}

impl ObjectCache {
    pub fn new() -> Self {
        Self {
            tables: Cache::new(TABLES),
            databases: Cache::new(DATABASES),
            forgotten: AtomicU64::new(0),
            keeping: RwLock::new(()),
        }
    }

    pub fn table(&self, name: &TableName) -> Option<Arc<Table>> {
        self.tables.get(name)
    }

    pub fn database(&self, name: &DatabaseName) -> Option<Arc<Database>> {
        self.databases.get(name)
    }

    /// To be noted before an object is loaded, and given when it is kept.
    pub fn moment(&self) -> u64 {
        self.forgotten.load(Ordering::Acquire)
    }

    pub fn keep_table(&self, moment: u64, table: &Arc<Table>) {
        let _kept = self.keeping.read().unwrap_or_else(PoisonError::into_inner);
        if self.moment() == moment {
            self.tables.insert(table.name.clone(), Arc::clone(table));
        }
    }

    pub fn keep_database(&self, moment: u64, database: &Arc<Database>) {
        let _kept = self.keeping.read().unwrap_or_else(PoisonError::into_inner);
        if self.moment() == moment {
            self.databases.insert(database.name.clone(), Arc::clone(database));
        }
    }

    pub fn forget(&self, changes: &Changes) {
        let _alone = self.keeping.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::Release);
        for name in &changes.tables {
            self.tables.invalidate(name);
        }
        for name in &changes.databases {
            self.databases.invalidate(name);
        }
    }

    /// Forgets everything: after a commit of which nobody knows what it changed, or whether it came through.
    pub fn clear(&self) {
        let _alone = self.keeping.write().unwrap_or_else(PoisonError::into_inner);
        self.forgotten.fetch_add(1, Ordering::Release);
        self.tables.invalidate_all();
        self.databases.invalidate_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn database(version: i64) -> Arc<Database> {
        Arc::new(Database {
            id: 1,
            name: DatabaseName::new("hive", "d"),
            description: None,
            location: None,
            managed_location: None,
            parameters: Default::default(),
            owner_name: None,
            owner_type: None,
            created_at: 0,
            kind: "NATIVE".into(),
            connector_name: None,
            remote_name: None,
            implicit: false,
            extra: Default::default(),
            version,
        })
    }

    #[test]
    fn what_was_loaded_before_a_change_is_not_kept_after_it() {
        let cache = ObjectCache::new();
        let name = DatabaseName::new("hive", "d");
        let moment = cache.moment();
        cache.forget(&Changes { databases: vec![name.clone()], ..Changes::default() });
        cache.keep_database(moment, &database(1));
        assert!(cache.database(&name).is_none());
        cache.keep_database(cache.moment(), &database(2));
        assert_eq!(cache.database(&name).unwrap().version, 2);
        cache.clear();
        assert!(cache.database(&name).is_none());
    }
}
