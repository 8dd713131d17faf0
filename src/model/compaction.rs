//! Compactions: files of an ACID table that are to be put together, or were.

use super::TableName;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionKind {
    Minor,
    Major,
    Rebalance,
    /// Removes what aborted transactions left.
    AbortCleanup,
    SmartOptimize,
}

impl CompactionKind {
    pub const ALL: [Self; 5] = [Self::Minor, Self::Major, Self::Rebalance, Self::AbortCleanup, Self::SmartOptimize];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minor => "minor",
            Self::Major => "major",
            Self::Rebalance => "rebalance",
            Self::AbortCleanup => "abort_cleanup",
            Self::SmartOptimize => "smart_optimize",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Where a compaction is: the first three wait for something to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompactionState {
    Initiated,
    Working,
    ReadyForCleaning,
    Succeeded,
    Failed,
    DidNotInitiate,
    Refused,
    Aborted,
}

impl CompactionState {
    pub const ALL: [Self; 8] = [
        Self::Initiated,
        Self::Working,
        Self::ReadyForCleaning,
        Self::Succeeded,
        Self::Failed,
        Self::DidNotInitiate,
        Self::Refused,
        Self::Aborted,
    ];

    /// The name that Hive shows, and that the database has.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Initiated => "initiated",
            Self::Working => "working",
            Self::ReadyForCleaning => "ready for cleaning",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::DidNotInitiate => "did not initiate",
            Self::Refused => "refused",
            Self::Aborted => "aborted",
        }
    }

    /// Hive's letter for it, which workers get.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Initiated => "i",
            Self::Working => "w",
            Self::ReadyForCleaning => "r",
            Self::Succeeded => "s",
            Self::Failed => "f",
            Self::DidNotInitiate => "a",
            Self::Refused => "c",
            Self::Aborted => "x",
        }
    }

    /// From its name or letter.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text || state.letter() == text)
    }
}

/// Asks for a compaction.
#[derive(Debug, Clone)]
pub struct NewCompaction {
    pub table: TableName,
    pub partition: Option<String>,
    pub kind: CompactionKind,
    /// As Hive's workers read them.
    pub properties: Option<String>,
    pub run_as: Option<String>,
    /// The workers that may do it; None: all.
    pub pool: Option<String>,
    pub buckets: Option<i32>,
    pub order_by: Option<String>,
    pub initiator_id: Option<String>,
    pub initiator_version: Option<String>,
}

impl NewCompaction {
    /// With nothing said but what is to be done.
    pub fn new(table: TableName, partition: Option<String>, kind: CompactionKind) -> Self {
        Self {
            table,
            partition,
            kind,
            properties: None,
            run_as: None,
            pool: None,
            buckets: None,
            order_by: None,
            initiator_id: None,
            initiator_version: None,
        }
    }
}

/// Times are milliseconds since the epoch.
#[derive(Debug, Clone)]
pub struct Compaction {
    pub id: i64,
    pub table: TableName,
    pub partition: Option<String>,
    pub kind: CompactionKind,
    pub state: CompactionState,
    pub properties: Option<String>,
    pub run_as: Option<String>,
    pub pool: Option<String>,
    pub buckets: Option<i32>,
    pub order_by: Option<String>,
    pub enqueued_at: i64,
    pub initiator_id: Option<String>,
    pub initiator_version: Option<String>,
    pub worker_id: Option<String>,
    pub worker_version: Option<String>,
    pub started_at: Option<i64>,
    /// Up to where it compacts.
    pub highest_write_id: Option<i64>,
    pub transaction_id: Option<i64>,
    /// The newest transaction when its own committed.
    pub next_transaction_id: Option<i64>,
    pub committed_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub hadoop_job_id: Option<String>,
    pub error: Option<String>,
}

/// Properties as Hive's StringableMap writes them and workers read them: their number, then each key and value behind its
/// length, all with colons between. Lengths are Java's, in UTF-16.
pub fn pack_properties<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str), IntoIter: ExactSizeIterator>) -> String {
    let pairs = pairs.into_iter();
    let mut packed = format!("{}:", pairs.len());
    for text in pairs.flat_map(|(key, value)| [key, value]) {
        packed.push_str(&format!("{}:{text}", text.encode_utf16().count()));
    }
    packed
}

impl Compaction {
    /// One of its properties.
    pub fn property(&self, key: &str) -> Option<String> {
        property(self.properties.as_deref()?, key)
    }
}

fn property(packed: &str, wanted: &str) -> Option<String> {
    let mut rest = packed.split_once(':')?.1;
    loop {
        let key = text(&mut rest)?;
        let value = text(&mut rest)?;
        if key == wanted {
            return Some(value);
        }
    }
}

fn text(rest: &mut &str) -> Option<String> {
    let (length, after) = rest.split_once(':')?;
    let length: usize = length.parse().ok()?;
    let mut units = 0;
    let end = after.char_indices().find(|(_, c)| {
        let ends = units >= length;
        units += c.len_utf16();
        ends
    });
    let (text, tail) = after.split_at(end.map_or(after.len(), |(place, _)| place));
    *rest = tail;
    (text.encode_utf16().count() == length).then(|| text.to_owned())
}

/// Who asks for work.
#[derive(Debug, Clone, Default)]
pub struct CompactionWorker {
    pub id: Option<String>,
    pub version: Option<String>,
    /// None: takes what no pool is named for, and what its pool left lying.
    pub pool: Option<String>,
}

/// Compactions that are remembered of a table or partition.
#[derive(Debug, Clone, Copy)]
pub struct KeptHistory {
    pub succeeded: i64,
    /// The aborted ones too.
    pub failed: i64,
    pub refused: i64,
    pub did_not_initiate: i64,
    /// Seconds that all but the first are kept once a later one succeeded.
    pub overtaken: i64,
}

/// Which compactions to list. What is None matches all.
#[derive(Debug, Clone, Default)]
pub struct CompactionFilter {
    pub id: Option<i64>,
    pub pool: Option<String>,
    pub catalog: Option<String>,
    pub database: Option<String>,
    pub table: Option<String>,
    pub partition: Option<String>,
    pub kind: Option<CompactionKind>,
    pub state: Option<CompactionState>,
}

/// What became of a request.
#[derive(Debug, Clone)]
pub enum Enqueued {
    New(i64),
    /// There is one already.
    Refused {
        id: i64,
        state: CompactionState,
    },
}

/// What compactors measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    ObsoleteDeltas,
    Deltas,
    SmallDeltas,
}

impl MetricKind {
    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ObsoleteDeltas => "obsolete_deltas",
            Self::Deltas => "deltas",
            Self::SmallDeltas => "small_deltas",
        }
    }
}

#[derive(Debug, Clone)]
pub struct CompactionMetric {
    pub table: TableName,
    pub partition: Option<String>,
    pub kind: MetricKind,
    pub value: i32,
    pub version: i32,
    /// Below that it is of no interest.
    pub threshold: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_packed_as_hive_does() {
        assert_eq!(pack_properties([]), "0:");
        assert_eq!(pack_properties([("a", "1"), ("bc", "")]), "2:1:a1:12:bc0:");
        assert_eq!(pack_properties([("k", "ü𝄞")]), "1:1:k3:ü𝄞");
        let read = |packed: &str, key: &str| property(packed, key);
        assert_eq!(read("2:1:a1:12:bc0:", "bc").as_deref(), Some(""));
        assert_eq!(read(&pack_properties([("k", "ü𝄞"), ("l:", "2:x")]), "l:").as_deref(), Some("2:x"));
        for damaged in ["", "1", "1:", "1:1", "1:9:a1:1", "1:1:a", "1:x:a"] {
            assert_eq!(read(damaged, "a"), None, "{damaged}");
        }
    }
}
