#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

fn parse(name: &str) -> Option<(AcidDirectoryKind, i64)> {
    AcidDirectory::parse(name).map(|directory| (directory.kind, directory.made_by))
}

#[test]
fn names_are_hives() {
    let base = |write_id, compacted| AcidDirectoryKind::Base { write_id, compacted };
    let delta = |first, last, statement| AcidDirectoryKind::Delta { first, last, statement };
    for (name, kind, made_by) in [
        ("base_0000005", base(5, false), 0),
        ("base_0000005_v0000010", base(5, true), 10),
        ("base_-9223372036854775808", base(i64::MIN, false), 0),
        ("delta_0000001_0000003", delta(1, 3, -1), 0),
        ("delta_0000002_0000002_0004", delta(2, 2, 4), 0),
        ("delete_delta_0000002_0000002_0000", delta(2, 2, 0), 0),
        ("delete_delta_0000001_0000003_v0000009", delta(1, 3, -1), 9),
        ("delta_12345678_12345678_0000", delta(12_345_678, 12_345_678, 0), 0),
    ] {
        assert_eq!(parse(name), Some((kind, made_by)), "{name}");
    }
    for other in [
        "base_",
        "base_x",
        "base_-5",
        "base_5_vx",
        "base_5_v",
        "delta_1",
        "delta_3_1",
        "delta_1_2_3_4",
        "delta__2",
        "deltas_1_2",
        "_tmp_base_1",
        "000000_0",
        "p=1",
        "delta_1_99999999999999999999",
        "base_5_v1_v2",
        "",
    ] {
        assert_eq!(parse(other), None, "{other}");
    }
    assert!(is_original_directory("HIVE_UNION_SUBDIR_1") && !is_original_directory("sub"));
}

/// What a view makes of directories: base, deltas, obsolete, aborted.
fn chosen(names: &[&str], transactions: &str, write_ids: &str) -> [Vec<String>; 4] {
    let directories: Vec<AcidDirectory> = names.iter().map(|name| AcidDirectory::parse(name).unwrap()).collect();
    let (transactions, write_ids) =
        (TransactionSnapshot::parse(transactions).unwrap(), WriteIdSnapshot::parse(write_ids).unwrap());
    let view = View::new(&transactions, &write_ids);
    let chosen = view.choose(&directories);
    let names = |list: &[&AcidDirectory]| list.iter().map(|directory| directory.name.clone()).collect();
    [
        names(&chosen.base.into_iter().collect::<Vec<_>>()),
        names(&chosen.deltas),
        names(&chosen.obsolete),
        names(&chosen.aborted),
    ]
}

#[test]
fn readers_choose_as_in_hive() {
    const ALL: &str = "100:9223372036854775807::";
    let case = |names: &[&str], transactions, write_ids, expected: [&str; 4]| {
        assert_eq!(chosen(names, transactions, write_ids).map(|list| list.join(" ")), expected, "{names:?}");
    };
    // A base takes the place of what is below it, and a wider delta that of narrower ones.
    case(
        &[
            "base_5",
            "base_10_v7",
            "delta_3_3",
            "delta_11_15_v8",
            "delta_12_12_0",
            "delta_16_16_0",
            "delete_delta_16_16_0",
        ],
        ALL,
        "t:20:9223372036854775807::",
        ["base_10_v7", "delta_11_15_v8 delete_delta_16_16_0 delta_16_16_0", "base_5 delta_3_3 delta_12_12_0", ""],
    );
    // A compaction that is not committed for the reader is not there; one that was aborted is rubbish.
    case(
        &["base_5_v50", "base_5_v60", "delta_5_5_0"],
        "70:50:50:60",
        "t:5:9223372036854775807::",
        ["", "delta_5_5_0", "", "base_5_v60"],
    );
    // A compacted base with something open in it is of no use, one that INSERT OVERWRITE wrote is.
    case(&["base_5_v7", "delta_2_2_0"], ALL, "t:9:3:3:", ["", "delta_2_2_0", "", ""]);
    case(&["base_5", "delta_2_2_0"], ALL, "t:9:3:3:", ["base_5", "", "delta_2_2_0", ""]);
    case(&["base_5", "delta_2_2_0"], ALL, "t:9:9223372036854775807::5", ["", "delta_2_2_0", "", "base_5"]);
    // All statements of one write; none of it after a compaction of that write alone.
    case(
        &["delta_4_4_0", "delta_4_4_1", "delete_delta_4_4_0"],
        ALL,
        "t:4:9223372036854775807::",
        ["", "delete_delta_4_4_0 delta_4_4_0 delta_4_4_1", "", ""],
    );
    case(&["delta_4_4_v9", "delta_4_4_0"], ALL, "t:4:9223372036854775807::", ["", "delta_4_4_v9", "delta_4_4_0", ""]);
    // Of a batch some writes may be aborted or open.
    case(&["delta_1_4", "delta_5_6"], ALL, "t:6:2:2:1,5,6", ["", "delta_1_4", "", "delta_5_6"]);
}

/// Rows in a directory: by the write and its statement.
type Rows = BTreeSet<(i64, i32)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Aborted,
    /// With the number of the newest transaction then.
    Committed(i64),
    /// Aborted, and nobody remembers.
    Forgotten,
}

#[derive(Debug)]
struct Transaction {
    state: State,
    /// As `HIGH:MIN_OPEN:OPEN:ABORTED` when it was opened.
    snapshot: TransactionSnapshot,
    write_ids: Vec<i64>,
    overwrites: bool,
    /// What it reads from, as it found that when it was opened: it may come back to it until it ends.
    reads: BTreeSet<String>,
    /// Its own rubbish may still be there.
    component: bool,
    /// Of a compaction: up to where.
    compacts: Option<i64>,
    cleaned: bool,
}

#[derive(Debug, Clone)]
enum Step {
    Open,
    Write { who: usize, statements: i32, deletes: bool, overwrites: bool },
    Batch { count: i64 },
    End { who: usize, commit: bool },
    Compact { major: bool },
    Clean,
    CleanAborted,
}

#[derive(Debug, Default)]
struct World {
    transactions: BTreeMap<i64, Transaction>,
    directories: BTreeMap<String, Rows>,
    last_write_id: i64,
    writers: BTreeMap<i64, i64>,
}

impl World {
    fn newest(&self) -> i64 {
        self.transactions.len() as i64
    }

    fn min_open(&self) -> i64 {
        let open = self.transactions.iter().find(|(_, transaction)| transaction.state == State::Open);
        open.map_or(self.newest() + 1, |(id, _)| *id)
    }

    /// What somebody sees who comes now.
    fn now(&self) -> TransactionSnapshot {
        let those = |state| {
            let those = self.transactions.iter().filter(move |(_, transaction)| transaction.state == state);
            those.map(|(id, _)| *id).collect()
        };
        TransactionSnapshot::new(self.newest(), those(State::Open), those(State::Aborted))
    }

    /// What all see, now and later: as the catalog has it in `transactions::common`.
    fn common(&self) -> TransactionSnapshot {
        let open = self.min_open();
        let below = || self.transactions.iter().filter(|(id, _)| **id < open);
        let unsettled = below().filter(|(_, one)| matches!(one.state, State::Committed(at) if at >= open));
        let aborted = below().filter(|(_, one)| one.state == State::Aborted);
        TransactionSnapshot::new(open - 1, unsettled.map(|(id, _)| *id).collect(), aborted.map(|(id, _)| *id).collect())
    }

    fn write_ids(&self, seen: &TransactionSnapshot, highest: Option<i64>) -> WriteIdSnapshot {
        let within = || self.writers.iter().filter(|(_, writer)| **writer <= seen.high_water_mark());
        let mark = within().map(|(write_id, _)| *write_id).max().unwrap_or_default();
        let mark = highest.map_or(mark, |highest| mark.min(highest));
        let invisible: Vec<(i64, bool)> = self
            .writers
            .iter()
            .filter(|(write_id, writer)| **write_id <= mark && !seen.sees(**writer))
            .map(|(write_id, writer)| (*write_id, seen.is_aborted(*writer)))
            .collect();
        let min_open = invisible.iter().find(|(_, aborted)| !aborted).map(|(write_id, _)| *write_id);
        WriteIdSnapshot::new("t".to_owned(), mark, min_open, &invisible)
    }

    fn listing(&self) -> Vec<AcidDirectory> {
        self.directories.keys().map(|name| AcidDirectory::parse(name).unwrap()).collect()
    }

    fn read(&self, seen: &TransactionSnapshot) -> (BTreeSet<String>, Vec<(i64, i32)>) {
        let write_ids = self.write_ids(seen, None);
        let listing = self.listing();
        let view = View::new(seen, &write_ids);
        let chosen = view.choose(&listing);
        let names: BTreeSet<String> =
            chosen.base.into_iter().chain(chosen.deltas).map(|directory| directory.name.clone()).collect();
        let rows = names.iter().flat_map(|name| &self.directories[name]);
        let mut rows: Vec<_> = rows.filter(|(write_id, _)| write_ids.sees(*write_id)).copied().collect();
        rows.sort_unstable();
        (names, rows)
    }

    /// What has to be read, from what happened.
    fn expected(&self, seen: &TransactionSnapshot, written: &BTreeMap<i64, Rows>) -> Vec<(i64, i32)> {
        let visible = |write_id: &i64| {
            let writer = self.writers[write_id];
            let state = self.transactions[&writer].state;
            seen.sees(writer) && matches!(state, State::Committed(_))
        };
        let overwritten =
            written.keys().filter(|id| self.transactions[&self.writers[id]].overwrites && visible(id)).max();
        let rows = written.iter().filter(|(id, _)| visible(id) && overwritten.is_none_or(|from| *id >= from));
        rows.flat_map(|(_, rows)| rows.iter().copied()).collect()
    }

    fn open(&mut self) -> i64 {
        let snapshot = self.now();
        let id = self.newest() + 1;
        let (reads, _) = self.read(&snapshot);
        self.transactions.insert(
            id,
            Transaction {
                state: State::Open,
                snapshot,
                write_ids: Vec::new(),
                overwrites: false,
                reads,
                component: true,
                compacts: None,
                cleaned: false,
            },
        );
        id
    }

    fn allocate(&mut self, id: i64) -> i64 {
        self.last_write_id += 1;
        self.writers.insert(self.last_write_id, id);
        self.transactions.get_mut(&id).unwrap().write_ids.push(self.last_write_id);
        self.last_write_id
    }

    fn some_open(&self, who: usize, writer: bool) -> Option<i64> {
        let fits = |one: &Transaction| {
            one.state == State::Open && (!writer || one.compacts.is_none() && one.write_ids.is_empty())
        };
        let open: Vec<i64> = self.transactions.iter().filter(|(_, one)| fits(one)).map(|(id, _)| *id).collect();
        (!open.is_empty()).then(|| open[who % open.len()])
    }

    fn compact(&mut self, major: bool) {
        if self.transactions.values().any(|one| one.state == State::Open && one.compacts.is_some()) {
            return;
        }
        let seen = self.now();
        let all = self.write_ids(&seen, None);
        let mark = all.min_open().map_or(all.high_water_mark(), |open| open - 1);
        let write_ids = self.write_ids(&seen, Some(mark));
        let listing = self.listing();
        let view = View::new(&seen, &write_ids);
        let chosen = view.choose(&listing);
        let reaches = |directory: &&AcidDirectory| view.reaches(directory);
        let enough = if major { 1 } else { 2 };
        let adding = chosen.deltas.iter().filter(|delta| delta.name.starts_with("delta_")).count();
        if adding < enough || !chosen.deltas.iter().all(reaches) {
            return;
        }
        let (mut lowest, mut highest, mut rows) = (i64::MAX, 0, Rows::new());
        for delta in &chosen.deltas {
            let AcidDirectoryKind::Delta { first, last, .. } = delta.kind else { unreachable!() };
            (lowest, highest) = (lowest.min(first), highest.max(last));
        }
        let sources = chosen.deltas.iter().chain(chosen.base.as_ref().filter(|_| major));
        for source in sources {
            rows.extend(self.directories[&source.name].iter().filter(|(write_id, _)| write_ids.sees(*write_id)));
        }
        let id = self.open();
        let one = self.transactions.get_mut(&id).unwrap();
        one.compacts = Some(mark);
        let name = if major { format!("base_{mark}_v{id}") } else { format!("delta_{lowest}_{highest}_v{id}") };
        self.directories.insert(name, rows);
    }

    fn delete(&mut self, names: Vec<String>) {
        for name in names {
            self.directories.remove(&name);
        }
    }

    /// What aborted transactions left is gone, so they may be forgotten.
    fn settle(&mut self, below: i64) {
        let listing = self.listing();
        let open = self.min_open();
        for (id, one) in self.transactions.iter_mut().filter(|(id, _)| **id < below) {
            if one.state == State::Aborted {
                one.component &= listing.iter().any(|directory| {
                    directory.made_by == *id
                        || one.write_ids.iter().any(|write_id| directory.may_hold_aborted(*write_id))
                });
            }
        }
        for (_, one) in self.transactions.iter_mut().filter(|(id, _)| **id < open) {
            if one.state == State::Aborted && !one.component {
                one.state = State::Forgotten;
            }
        }
    }

    fn clean(&mut self) {
        let open = self.min_open();
        let ready = self.transactions.iter().find(|(_, one)| {
            one.compacts.is_some() && !one.cleaned && matches!(one.state, State::Committed(at) if at < open)
        });
        let Some((id, highest)) = ready.map(|(id, one)| (*id, one.compacts)) else { return };
        let seen = self.common();
        let write_ids = self.write_ids(&seen, highest);
        let view = View::new(&seen, &write_ids);
        let listing: Vec<AcidDirectory> = self.listing().into_iter().filter(|one| view.reaches(one)).collect();
        let chosen = view.choose(&listing);
        let gone = chosen.obsolete.iter().chain(&chosen.aborted).map(|directory| directory.name.clone()).collect();
        self.delete(gone);
        self.transactions.get_mut(&id).unwrap().cleaned = true;
        self.settle(open);
    }

    fn clean_aborted(&mut self) {
        let seen = self.now();
        let write_ids = self.write_ids(&seen, None);
        let listing = self.listing();
        let gone = View::new(&seen, &write_ids).choose(&listing).aborted.iter().map(|one| one.name.clone()).collect();
        self.delete(gone);
        self.settle(i64::MAX);
    }

    fn step(&mut self, step: &Step, written: &mut BTreeMap<i64, Rows>) {
        match *step {
            Step::Open => _ = self.open(),
            Step::Write { who, statements, deletes, overwrites } => {
                let Some(id) = self.some_open(who, true) else { return };
                let write_id = self.allocate(id);
                self.transactions.get_mut(&id).unwrap().overwrites = overwrites;
                let statements = if overwrites { 1 } else { statements };
                for statement in 0..statements {
                    let row = (write_id, statement);
                    let name = if overwrites {
                        format!("base_{write_id:07}")
                    } else {
                        format!("delta_{write_id:07}_{write_id:07}_{statement:04}")
                    };
                    self.directories.insert(name, [row].into());
                    written.entry(write_id).or_default().insert(row);
                }
                if deletes && !overwrites {
                    self.directories.insert(format!("delete_delta_{write_id:07}_{write_id:07}_0000"), Rows::new());
                }
            }
            Step::Batch { count } => {
                let ids: Vec<i64> = (0..count).map(|_| self.open()).collect();
                let write_ids: Vec<i64> = ids.into_iter().map(|id| self.allocate(id)).collect();
                let rows: Rows = write_ids.iter().map(|write_id| (*write_id, 0)).collect();
                for row in &rows {
                    written.entry(row.0).or_default().insert(*row);
                }
                self.directories
                    .insert(format!("delta_{:07}_{:07}", write_ids[0], write_ids[write_ids.len() - 1]), rows);
            }
            Step::End { who, commit } => {
                let Some(id) = self.some_open(who, false) else { return };
                let newest = self.newest();
                let one = self.transactions.get_mut(&id).unwrap();
                one.state = if commit { State::Committed(newest) } else { State::Aborted };
            }
            Step::Compact { major } => self.compact(major),
            Step::Clean => self.clean(),
            Step::CleanAborted => self.clean_aborted(),
        }
    }
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::Open),
        6 => (any::<usize>(), 1..3i32, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
            |(who, statements, deletes, overwrites)| Step::Write { who, statements, deletes, overwrites }),
        1 => (1..4i64).prop_map(|count| Step::Batch { count }),
        6 => (any::<usize>(), prop::bool::weighted(0.75)).prop_map(|(who, commit)| Step::End { who, commit }),
        4 => any::<bool>().prop_map(|major| Step::Compact { major }),
        3 => Just(Step::Clean),
        2 => Just(Step::CleanAborted),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if std::env::var_os("PROPTEST_CASES").is_some() {
        ProptestConfig::default().cases
    } else {
        500
    }))]

    /// Whatever happens, in whatever order: everybody reads what was committed when they came, once, and finds what
    /// they have begun to read; and in the end nothing is left lying.
    #[test]
    fn nothing_is_deleted_that_somebody_reads(steps in prop::collection::vec(step(), 1..80)) {
        let (mut world, mut written) = (World::default(), BTreeMap::new());
        for step in &steps {
            world.step(step, &mut written);
            for (id, reader) in world.transactions.iter().filter(|(_, one)| one.state == State::Open) {
                for name in &reader.reads {
                    prop_assert!(world.directories.contains_key(name), "{id} reads {name}, which is gone after {step:?}");
                }
                let (_, rows) = world.read(&reader.snapshot);
                prop_assert_eq!(rows, world.expected(&reader.snapshot, &written), "{} after {:?}", id, step);
            }
            let (_, rows) = world.read(&world.now());
            prop_assert_eq!(rows, world.expected(&world.now(), &written), "a new reader after {:?}", step);
        }
        for id in 1..=world.newest() {
            if world.transactions[&id].state == State::Open {
                world.transactions.get_mut(&id).unwrap().state = State::Aborted;
            }
        }
        world.clean_aborted();
        for _ in 0..world.newest() {
            world.clean();
        }
        let left = world.transactions.values().filter(|one| one.state == State::Aborted && one.compacts.is_some());
        prop_assert_eq!(left.count(), 0, "an aborted compaction left something: {:?}", world.directories);
    }
}
