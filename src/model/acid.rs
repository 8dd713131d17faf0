//! How the data of ACID tables lies in directories, and which of these a reader needs: the rules of Hive's AcidUtils.
//!
//! ```text
//! base_N              all that is visible up to write id N: written by INSERT OVERWRITE, or by a compaction
//! delta_A_B[_S]       rows that the write ids from A to B added, in statement S
//! delete_delta_A_B[_S]  rows that they deleted
//! …_vT                made by the compaction in transaction T, and nobody's business unless that committed
//! ```
//!
//! Files beside such directories are from the time before the table was an ACID one: the oldest base of all.

#[cfg(test)]
mod tests;

use std::cmp::Reverse;

use super::transaction::{TransactionSnapshot, WriteIdSnapshot};

/// The beginning of the only other directories that Hive's writers make beside these: what a UNION ALL wrote.
const UNION_DIRECTORY: &str = "HIVE_UNION_SUBDIR_";

/// A directory by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcidDirectory {
    pub name: String,
    pub kind: AcidDirectoryKind,
    /// The transaction of the compaction that made it; 0 for what writers wrote.
    pub made_by: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcidDirectoryKind {
    Base {
        write_id: i64,
        /// Before Hive 4 a file inside tells, and not the name.
        compacted: bool,
    },
    Delta {
        first: i64,
        last: i64,
        /// -1: of none, as what compactions make.
        statement: i32,
    },
}

/// Directories by what they are to somebody. What is in none of the lists is not visible (yet).
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Chosen<'a> {
    pub base: Option<&'a AcidDirectory>,
    pub deltas: Vec<&'a AcidDirectory>,
    /// What the base or a wider delta holds as well.
    pub obsolete: Vec<&'a AcidDirectory>,
    /// What nobody but aborted transactions wrote.
    pub aborted: Vec<&'a AcidDirectory>,
}

/// What somebody sees of a table.
#[derive(Debug)]
pub struct View<'a> {
    transactions: &'a TransactionSnapshot,
    write_ids: &'a WriteIdSnapshot,
    /// Write ids that are open or aborted, in order.
    invisible: Vec<i64>,
}

impl AcidDirectory {
    /// None for any other name.
    pub fn parse(name: &str) -> Option<Self> {
        let (rest, made_by) = match name.split_once("_v") {
            Some((rest, transaction)) => (rest, digits(transaction)?),
            None => (name, 0),
        };
        let kind = if let Some(write_id) = rest.strip_prefix("base_") {
            // The base of what was there before the table was an ACID one has the lowest number there is.
            let write_id = if write_id == i64::MIN.to_string() { i64::MIN } else { digits(write_id)? };
            AcidDirectoryKind::Base { write_id, compacted: made_by > 0 }
        } else {
            let range = rest.strip_prefix("delete_delta_").or_else(|| rest.strip_prefix("delta_"))?;
            let mut parts = range.split('_');
            let (first, last) = (digits(parts.next()?)?, digits(parts.next()?)?);
            let statement = parts.next().map_or(Some(-1), |statement| i32::try_from(digits(statement)?).ok())?;
            if parts.next().is_some() || last < first {
                return None;
            }
            AcidDirectoryKind::Delta { first, last, statement }
        };
        Some(Self { name: name.to_owned(), kind, made_by })
    }

    /// Whether it may hold what was written under a write id, if that was aborted: compactions leave such rows out.
    pub fn may_hold_aborted(&self, write_id: i64) -> bool {
        self.made_by == 0
            && match self.kind {
                AcidDirectoryKind::Base { write_id: of, compacted } => !compacted && of == write_id,
                AcidDirectoryKind::Delta { first, last, .. } => (first..=last).contains(&write_id),
            }
    }
}

/// Whether it is a directory with data from before a table was an ACID one, as far as one can be certain of that.
pub fn is_original_directory(name: &str) -> bool {
    name.starts_with(UNION_DIRECTORY)
}

fn digits(text: &str) -> Option<i64> {
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// How many of these, which are in order, lie between two numbers.
fn between(ids: &[i64], first: i64, last: i64) -> i64 {
    (ids.partition_point(|id| *id <= last) - ids.partition_point(|id| *id < first)) as i64
}

impl<'a> View<'a> {
    pub fn new(transactions: &'a TransactionSnapshot, write_ids: &'a WriteIdSnapshot) -> Self {
        Self { transactions, write_ids, invisible: write_ids.exceptions() }
    }
}

impl View<'_> {
    /// Whether something written under write ids from `first` to `last` is visible.
    fn sees_any(&self, first: i64, last: i64) -> bool {
        let last = last.min(self.write_ids.high_water_mark());
        first <= last && between(&self.invisible, first, last) < last - first + 1
    }

    fn all_aborted(&self, first: i64, last: i64) -> bool {
        between(self.write_ids.aborted(), first, last) == last - first + 1
    }

    fn sees_base(&self, write_id: i64, compacted: bool) -> bool {
        let below_all_open = self.write_ids.min_open().is_none_or(|open| write_id < open);
        match compacted {
            _ if write_id == i64::MIN => true,
            // It took in all up to there, and keeps no history: so nothing up to there may be open.
            true => below_all_open && write_id <= self.write_ids.high_water_mark(),
            false => self.write_ids.sees(write_id),
        }
    }

    /// For what reaches beyond the mark of this view it is too early to clean up.
    pub fn reaches(&self, directory: &AcidDirectory) -> bool {
        let last = match directory.kind {
            AcidDirectoryKind::Base { write_id, .. } => write_id,
            AcidDirectoryKind::Delta { last, .. } => last,
        };
        last <= self.write_ids.high_water_mark()
    }

    /// What a reader with this view reads, and what nobody needs who sees this much or more.
    pub fn choose<'a>(&self, directories: &'a [AcidDirectory]) -> Chosen<'a> {
        let mut chosen = Chosen::default();
        let mut bases: Vec<(i64, bool, &AcidDirectory)> = Vec::new();
        let mut deltas: Vec<(i64, i64, i32, &AcidDirectory)> = Vec::new();
        for directory in directories {
            if directory.made_by > 0 && !self.transactions.sees(directory.made_by) {
                if self.transactions.is_aborted(directory.made_by) {
                    chosen.aborted.push(directory);
                }
                continue;
            }
            match directory.kind {
                AcidDirectoryKind::Base { write_id, compacted } => {
                    if !compacted && self.write_ids.is_aborted(write_id) {
                        chosen.aborted.push(directory);
                    } else if self.sees_base(write_id, compacted) {
                        bases.push((write_id, compacted, directory));
                    }
                }
                AcidDirectoryKind::Delta { first, last, statement } => {
                    if self.all_aborted(first, last) {
                        chosen.aborted.push(directory);
                    } else if self.sees_any(first, last) {
                        deltas.push((first, last, statement, directory));
                    }
                }
            }
        }
        // Of two with one write id that of the compaction.
        let best = bases.iter().map(|(write_id, compacted, _)| (*write_id, *compacted)).max();
        for (write_id, compacted, directory) in bases {
            if best.is_some_and(|best| (write_id, compacted) < best) {
                chosen.obsolete.push(directory);
            } else if chosen.base.is_none_or(|base| base.name < directory.name) {
                // Which of several compactions with one result is taken does not matter: they all stay.
                chosen.base = Some(directory);
            }
        }
        self.choose_deltas(best.map_or(0, |(write_id, _)| write_id.max(0)), deltas, &mut chosen);
        chosen
    }

    /// The wider delta goes before the narrower; then what follows it. All statements of a transaction belong together,
    /// and so do what it added and what it deleted.
    fn choose_deltas<'a>(
        &self,
        from: i64,
        mut deltas: Vec<(i64, i64, i32, &'a AcidDirectory)>,
        chosen: &mut Chosen<'a>,
    ) {
        deltas.sort_by_key(|(first, last, statement, directory)| {
            (*first, Reverse(*last), *statement, directory.name.as_str())
        });
        let mut reached = from;
        let mut before: Option<(i64, i64, i32)> = None;
        for (first, last, statement, directory) in deltas {
            let same_write = before.is_some_and(|(_, other, of)| other == last && of >= 0) && last == reached;
            if last > reached {
                if self.sees_any(reached + 1, last) {
                    chosen.deltas.push(directory);
                    reached = last;
                    before = Some((first, last, statement));
                }
            } else if same_write || before == Some((first, last, statement)) {
                chosen.deltas.push(directory);
                before = Some((first, last, statement));
            } else {
                chosen.obsolete.push(directory);
            }
        }
    }
}
