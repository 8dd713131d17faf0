//! What a reader sees, as texts that go to clients and come back: Hive's classes `ValidReadTxnList`,
//! `ValidReaderWriteIdList` and `ValidTxnWriteIdList`.
//!
//! ```text
//! HIGH:MIN_OPEN:OPEN,OPEN:ABORTED,ABORTED          a transaction list
//! NAME:HIGH:MIN_OPEN:OPEN,OPEN:ABORTED,ABORTED     write ids of a table
//! TRANSACTION$WRITE_IDS$WRITE_IDS                  write ids of several
//! ```
//!
//! From Hive 4 on, `ValidReadTxnList` writes five and more ids in a row as `FIRST-LAST`. The releases before cannot read
//! that, and nothing needs to be written so.

use std::fmt;

use crate::error::{CatalogError, Result, excerpt};

/// The most ids that a text may stand for, all its lists together: a range is short however long it is.
const MAX_IDS: usize = 1 << 20;

/// Which ids are visible: those up to the high-water mark but for the exceptions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ids {
    high_water_mark: i64,
    min_open: Option<i64>,
    /// In order, as are the aborted.
    open: Vec<i64>,
    aborted: Vec<i64>,
}

/// The transactions that a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionSnapshot(Ids);

/// The write ids of a table that a reader sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteIdSnapshot {
    /// `database.table`, as the client writes it.
    pub table: String,
    ids: Ids,
}

/// The write ids of tables that a transaction sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteIdSnapshots {
    pub transaction: Option<i64>,
    pub tables: Vec<WriteIdSnapshot>,
}

impl Ids {
    fn new(high_water_mark: i64, min_open: Option<i64>, mut open: Vec<i64>, mut aborted: Vec<i64>) -> Self {
        open.sort_unstable();
        aborted.sort_unstable();
        Self { high_water_mark, min_open, open, aborted }
    }

    /// `room` is for so many ids.
    fn parse(text: &str, room: &mut usize) -> Option<Self> {
        let mut parts = text.split(':');
        let high_water_mark = parts.next()?.parse().ok()?;
        let min_open: i64 = parts.next()?.parse().ok()?;
        let mut list = || {
            let mut ids = Vec::new();
            for id in parts.next().unwrap_or_default().split(',').filter(|id| !id.is_empty()) {
                let (first, last) = id.split_once('-').unwrap_or((id, id));
                let (first, last): (i64, i64) = (first.parse().ok()?, last.parse().ok()?);
                let more = usize::try_from(last.checked_sub(first)?).ok()?;
                *room = room.checked_sub(more)?.checked_sub(1)?;
                ids.extend(first..=last);
            }
            Some(ids)
        };
        let (open, aborted) = (list()?, list()?);
        if parts.next().is_some() {
            return None;
        }
        Some(Self::new(high_water_mark, (min_open != i64::MAX).then_some(min_open), open, aborted))
    }

    fn sees(&self, id: i64) -> bool {
        id <= self.high_water_mark && self.open.binary_search(&id).is_err() && !self.is_aborted(id)
    }

    fn is_aborted(&self, id: i64) -> bool {
        self.aborted.binary_search(&id).is_ok()
    }

    fn exceptions(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.open.iter().chain(&self.aborted).copied().collect();
        all.sort_unstable();
        all
    }
}

impl fmt::Display for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |ids: &[i64]| ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        let min_open = self.min_open.unwrap_or(i64::MAX);
        write!(f, "{}:{min_open}:{}:{}", self.high_water_mark, list(&self.open), list(&self.aborted))
    }
}

impl TransactionSnapshot {
    pub fn new(high_water_mark: i64, open: Vec<i64>, aborted: Vec<i64>) -> Self {
        let min_open = open.iter().min().copied();
        Self(Ids::new(high_water_mark, min_open, open, aborted))
    }

    /// An empty text sees everything.
    pub fn parse(text: &str) -> Result<Self> {
        if text.is_empty() {
            return Ok(Self::new(i64::MAX, Vec::new(), Vec::new()));
        }
        Ids::parse(text, &mut { MAX_IDS }).map(Self).ok_or_else(|| {
            CatalogError::invalid_input(format!(
                "{:?} is not a transaction list, which looks like HIGH:MIN_OPEN:OPEN,…:ABORTED,…",
                excerpt(text)
            ))
        })
    }

    pub fn high_water_mark(&self) -> i64 {
        self.0.high_water_mark
    }

    /// Whether it was committed when the snapshot was taken.
    pub fn sees(&self, id: i64) -> bool {
        self.0.sees(id)
    }

    pub fn is_aborted(&self, id: i64) -> bool {
        self.0.is_aborted(id)
    }

    /// What was open or aborted, in order.
    pub fn exceptions(&self) -> Vec<i64> {
        self.0.exceptions()
    }
}

impl fmt::Display for TransactionSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl WriteIdSnapshot {
    /// Of ids that are not visible, in order, each with whether it was aborted. `min_open` may lie above the mark.
    pub fn new(table: String, high_water_mark: i64, min_open: Option<i64>, invisible: &[(i64, bool)]) -> Self {
        let those = |aborted: bool| invisible.iter().filter(|(_, is)| *is == aborted).map(|(id, _)| *id).collect();
        Self { table, ids: Ids::new(high_water_mark, min_open, those(false), those(true)) }
    }

    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_within(text, &mut { MAX_IDS })
    }

    fn parse_within(text: &str, room: &mut usize) -> Result<Self> {
        let parsed = text.split_once(':').and_then(|(table, ids)| {
            let ids = Ids::parse(ids, room)?;
            Some(Self { table: table.to_owned(), ids })
        });
        parsed.ok_or_else(|| {
            CatalogError::invalid_input(format!(
                "{:?} is not a write id list, which looks like DATABASE.TABLE:HIGH:MIN_OPEN:OPEN,…:ABORTED,…",
                excerpt(text)
            ))
        })
    }

    pub fn high_water_mark(&self) -> i64 {
        self.ids.high_water_mark
    }

    pub fn min_open(&self) -> Option<i64> {
        self.ids.min_open
    }

    /// Whether what was written with this id is visible.
    pub fn sees(&self, id: i64) -> bool {
        self.ids.sees(id)
    }

    pub fn is_aborted(&self, id: i64) -> bool {
        self.ids.is_aborted(id)
    }

    pub fn aborted(&self) -> &[i64] {
        &self.ids.aborted
    }

    /// What was open or aborted, in order.
    pub fn exceptions(&self) -> Vec<i64> {
        self.ids.exceptions()
    }
}

impl fmt::Display for WriteIdSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.table, self.ids)
    }
}

impl WriteIdSnapshots {
    /// The number of the transaction may be missing.
    pub fn parse(text: &str) -> Result<Self> {
        let mut room = MAX_IDS;
        let mut parts = text.split('$').peekable();
        let transaction = parts.peek().and_then(|first| first.parse().ok());
        if transaction.is_some() || parts.peek().is_some_and(|first| first.is_empty()) {
            parts.next();
        }
        Ok(Self {
            transaction,
            tables: parts.map(|part| WriteIdSnapshot::parse_within(part, &mut room)).collect::<Result<_>>()?,
        })
    }
}

impl fmt::Display for WriteIdSnapshots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.transaction.unwrap_or_default())?;
        self.tables.iter().try_for_each(|table| write!(f, "${table}"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_those_of_hive() {
        let open = TransactionSnapshot::new(10, vec![5], vec![3]);
        assert_eq!(open.to_string(), "10:5:5:3");
        assert_eq!(TransactionSnapshot::parse("10:5:5:3").unwrap(), open);
        assert!(open.sees(10) && open.sees(4) && !open.sees(5) && !open.sees(3) && !open.sees(11));
        assert!(open.is_aborted(3) && !open.is_aborted(5));
        let all = TransactionSnapshot::parse("1:9223372036854775807::").unwrap();
        assert_eq!(all.to_string(), "1:9223372036854775807::");
        assert!(TransactionSnapshot::parse("").unwrap().sees(i64::MAX));
        // Java leaves out empty parts at the end when it splits, so they may be missing.
        assert_eq!(TransactionSnapshot::parse("1:9223372036854775807").unwrap(), all);
        let ranges = TransactionSnapshot::parse("30:5:5,13-16:2-4,7,8-9").unwrap();
        assert_eq!(ranges.to_string(), "30:5:5,13,14,15,16:2,3,4,7,8,9");
        for bad in [
            "x",
            "1",
            "1:x::",
            "1:2:3,x:",
            "1:2:3:4:5",
            "1:2:3;4:",
            "1:2:4-3:",
            "1:2:-3:",
            "1:2:1-9223372036854775807:",
        ] {
            assert!(TransactionSnapshot::parse(bad).is_err(), "{bad}");
        }

        let text = "7$db.t:5:2:2,4:3$db.u:1:9223372036854775807::";
        let several = WriteIdSnapshots::parse(text).unwrap();
        assert_eq!((several.transaction, several.tables.len()), (Some(7), 2));
        assert_eq!(several.tables[0].exceptions(), [2, 3, 4]);
        assert_eq!(several.to_string(), text);
        assert!(WriteIdSnapshots::parse("7$db.t").is_err());
        // Each would do alone.
        let large = ["$db.t:1:1:1-600000:"; 2].concat();
        assert!(WriteIdSnapshots::parse(&large[..large.len() / 2]).is_ok() && WriteIdSnapshots::parse(&large).is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            high in 0..i64::MAX,
            open in proptest::collection::btree_set(0..1000i64, 0..20),
            aborted in proptest::collection::btree_set(1000..2000i64, 0..20),
        ) {
            let (open, aborted): (Vec<_>, Vec<_>) = (open.into_iter().collect(), aborted.into_iter().collect());
            let snapshot = TransactionSnapshot::new(high, open.clone(), aborted.clone());
            prop_assert_eq!(TransactionSnapshot::parse(&snapshot.to_string()).unwrap(), snapshot.clone());
            for id in 0..2000 {
                prop_assert_eq!(snapshot.sees(id), id <= high && !open.contains(&id) && !aborted.contains(&id));
            }
        }

        #[test]
        fn nothing_panics(text in "[0-9:,$a.-]{0,40}") {
            let _ = TransactionSnapshot::parse(&text);
            let _ = WriteIdSnapshot::parse(&text);
            let _ = WriteIdSnapshots::parse(&text);
        }
    }
}
