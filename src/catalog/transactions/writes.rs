//! What transactions have written, as writers tell it: replication copies these files once the transaction commits.

use serde_json::json;

use super::super::events::{Change, InsertedFile};
use super::super::{Caller, Service};
use crate::error::Result;
use crate::model::{EventKind, TableName};

/// Files that a transaction has written to a table, or to the partition with these values.
#[derive(Debug, Clone)]
pub struct AcidWrite {
    pub transaction: i64,
    pub write_id: i64,
    pub values: Option<Vec<String>>,
    pub files: Vec<InsertedFile>,
}

/// All that a transaction has written to a table or partition: the last change that tells of it, with all the files.
#[derive(Debug, Clone)]
pub struct WriteEvent {
    pub table: TableName,
    pub write: Change,
}

impl Service {
    pub async fn record_acid_writes(&self, _caller: &Caller, table: &TableName, writes: Vec<AcidWrite>) -> Result<()> {
        let told = writes
            .into_iter()
            .map(|write| {
                let body = json!({
                    "transaction": write.transaction, "write_id": write.write_id, "files": write.files,
                });
                (write.values, body)
            })
            .collect();
        self.record_about_partitions(EventKind::AcidWrite, table, told).await?;
        Ok(())
    }

    /// What a transaction has written, as far as events tell it still: to all tables or to some, by their names.
    pub async fn write_events(
        &self,
        transaction: i64,
        database: Option<&str>,
        table: Option<&str>,
    ) -> Result<Vec<WriteEvent>> {
        let mut found: Vec<WriteEvent> = Vec::new();
        for (table, change) in self.acid_writes(transaction, database, table).await? {
            match found.iter_mut().find(|known| known.table == table && same_place(&known.write, &change)) {
                None => found.push(WriteEvent { table, write: change }),
                Some(known) => known.write = merged(&known.write, change),
            }
        }
        Ok(found)
    }
}

fn same_place(one: &Change, other: &Change) -> bool {
    match (one, other) {
        (
            Change::AcidWritten { partition: one, write_id: one_id, .. },
            Change::AcidWritten { partition: other, write_id: other_id, .. },
        ) => one_id == other_id && one.as_ref().map(|told| &told.values) == other.as_ref().map(|told| &told.values),
        _ => false,
    }
}

fn merged(earlier: &Change, mut later: Change) -> Change {
    if let (Change::AcidWritten { files: before, .. }, Change::AcidWritten { files, .. }) = (earlier, &mut later) {
        files.splice(0..0, before.iter().cloned());
    }
    later
}
