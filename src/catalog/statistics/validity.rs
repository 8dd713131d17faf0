//! Statistics of ACID tables: whose they are, and who is to see them. The rules are those of Hive's `ObjectStore`.
//!
//! An ACID table without partitions, and each partition of one, has the write id that its statistics are of. A query
//! sees them where its snapshot sees that write. Who changes them says within which write, so that of two writes at once
//! neither passes its own statistics off as those of both.

use super::accurate;
pub use super::accurate::PARAMETER as COLUMN_STATS_ACCURATE;
use crate::error::{CatalogError, Result};
use crate::model::transaction::WriteIdSnapshot;
use crate::model::{Parameters, Table};

/// The write of an ACID table within which a client changes it; nothing where it says none.
#[derive(Debug, Clone, Default)]
pub struct Write {
    /// From 1.
    pub id: Option<i64>,
    /// The writes that the client sees.
    pub seen: Option<WriteIdSnapshot>,
}

impl Write {
    /// As clients send it: ids below 1 are none, and so is an empty list.
    pub fn new(id: Option<i64>, list: Option<&str>) -> Result<Self> {
        Ok(Self { id: id.filter(|id| *id > 0), seen: snapshot(list)? })
    }

    /// The write that makes a table, before which there is none.
    pub(in crate::catalog) fn first(table: &Table) -> Self {
        let name = format!("{}.{}", table.name.database, table.name.table);
        let id = Some(table.write_id).filter(|id| *id > 0);
        Self { id, seen: id.map(|id| WriteIdSnapshot::new(name, id, None, &[])) }
    }

    /// Settles the parameters and the write id of an ACID table or partition that changes. Statistics that another write
    /// at the same time may have changed are not exact any more. Without a write nothing can become exact.
    pub(in crate::catalog) fn settle(
        &self,
        before: (&Parameters, i64),
        after: (&mut Parameters, &mut i64),
        what: Changed,
    ) -> Result<()> {
        let ((old, old_id), (new, new_id)) = (before, after);
        if let (Some(id), Some(seen)) = (self.id, &self.seen) {
            if old_id > 0 && !seen.sees(old_id) && !seen.is_aborted(old_id) {
                new.remove(accurate::PARAMETER);
            }
            *new_id = id;
            return Ok(());
        }
        *new_id = old_id;
        let same = || old.get(accurate::PARAMETER) == new.get(accurate::PARAMETER);
        if accurate::has_basic(new) && (what == Changed::Columns || !same()) {
            return Err(CatalogError::invalid_input(
                "Statistics of a transactional table cannot be changed without its write: give writeId and \
                 validWriteIdList",
            ));
        }
        if what == Changed::Columns && old_id > 0 {
            new.remove(accurate::PARAMETER);
        }
        Ok(())
    }

    /// Settles the same for a table or partition whose data is gone: its basic statistics are exact, but for those of an
    /// ACID table without a write.
    pub(in crate::catalog) fn settle_truncated(
        &self,
        table: &Table,
        parameters: &mut Parameters,
        write_id: &mut i64,
    ) -> Result<()> {
        if table.is_transactional() && (self.id.is_none() || self.seen.is_none()) {
            parameters.remove(accurate::PARAMETER);
            return Ok(());
        }
        accurate::only_basic(parameters);
        if table.is_transactional() {
            let old_id = *write_id;
            self.settle((&Parameters::new(), old_id), (parameters, write_id), Changed::Definition)?;
        }
        Ok(())
    }
}

/// What of an ACID table or partition changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::catalog) enum Changed {
    Definition,
    /// Statistics of its columns.
    Columns,
}

/// A list of valid write ids as clients send it; none where it is null or empty.
pub fn snapshot(list: Option<&str>) -> Result<Option<WriteIdSnapshot>> {
    list.filter(|list| !list.is_empty()).map(WriteIdSnapshot::parse).transpose()
}

/// Whether statistics of an ACID table or partition are good for a query that sees these writes.
pub fn are_valid(parameters: &Parameters, write_id: i64, seen: &WriteIdSnapshot) -> bool {
    write_id < 1 || accurate::has_basic(parameters) && seen.sees(write_id)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const EXACT: &str = r#"{"BASIC_STATS":"true","COLUMN_STATS":{"a":"true"}}"#;

    fn exact() -> Parameters {
        Parameters::from([(accurate::PARAMETER.to_owned(), EXACT.to_owned())])
    }

    fn write(list: &str) -> Write {
        Write::new(Some(6), Some(list)).unwrap()
    }

    /// The parameters and the write id after a change of what had the write id 5.
    fn settled(write: &Write, what: Changed) -> Result<(Parameters, i64)> {
        let (mut parameters, mut id) = (exact(), 9);
        write.settle((&exact(), 5), (&mut parameters, &mut id), what)?;
        Ok((parameters, id))
    }

    #[test]
    fn a_writer_replaces_what_it_sees_or_was_aborted() {
        for list in ["d.t:6:9223372036854775807::", "d.t:6:5::5"] {
            assert_eq!(settled(&write(list), Changed::Columns).unwrap(), (exact(), 6), "{list}");
        }
        for list in ["d.t:4:9223372036854775807::", "d.t:6:5:5:"] {
            assert_eq!(settled(&write(list), Changed::Columns).unwrap(), (Parameters::new(), 6), "{list}");
        }
    }

    #[test]
    fn without_a_write_nothing_becomes_exact() {
        let none = Write::default();
        assert_eq!(settled(&none, Changed::Definition).unwrap(), (exact(), 5));
        assert!(settled(&none, Changed::Columns).unwrap_err().message.contains("writeId"));
        let (mut parameters, mut id) = (exact(), 9);
        assert!(none.settle((&Parameters::new(), 5), (&mut parameters, &mut id), Changed::Definition).is_err());
    }

    #[test]
    fn readers_see_what_their_snapshot_sees() {
        let seen = snapshot(Some("d.t:6:3:3:")).unwrap().unwrap();
        assert!(are_valid(&exact(), 5, &seen) && are_valid(&exact(), 0, &seen));
        assert!(!are_valid(&exact(), 3, &seen) && !are_valid(&exact(), 7, &seen));
        assert!(!are_valid(&Parameters::new(), 5, &seen) && are_valid(&Parameters::new(), -1, &seen));
        assert!(snapshot(Some("")).unwrap().is_none() && snapshot(Some("6:3")).is_err());
    }
}
