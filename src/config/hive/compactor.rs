//! What the settings say of transactions and compactions.

use std::time::Duration;

use super::names::{Kind, duration, named};
use crate::model::compaction::KeptHistory;

/// See the names of the settings for what each is. Times are seconds where the database counts them.
#[derive(Debug, Clone)]
pub struct Compactor {
    pub initiates: bool,
    pub cleans: bool,
    pub cleans_aborts: bool,
    pub check_interval: Duration,
    pub cleaning_interval: Duration,
    /// Seconds that what was replaced stays.
    pub retention: i64,
    pub cleaning_attempts: i32,
    pub cleaning_retry: i64,
    pub aborted_count: i64,
    pub aborted_age: i64,
    pub delta_count: i64,
    pub delta_share: f64,
    pub compacts_insert_only: bool,
    pub failures: i64,
    pub failures_kept: i64,
    pub run_as: Option<String>,
    pub worker_patience: i64,
    pub pool_patience: i64,
    pub history: KeptHistory,
}

/// Limits of transactions.
#[derive(Debug, Clone, Copy)]
pub struct Transactions {
    /// In one call.
    pub opened: i64,
    /// At a time.
    pub open: i64,
    /// Seconds that a replayed one stays open.
    pub replayed_lease: i64,
    pub housekeeping: Duration,
}

/// What settings say, by their names.
pub(super) struct Values<'a> {
    pub text: &'a dyn Fn(&str) -> String,
}

impl Values<'_> {
    fn is(&self, name: &str) -> bool {
        (self.text)(name).eq_ignore_ascii_case("true")
    }

    fn number(&self, name: &str) -> i64 {
        (self.text)(name).parse::<i32>().map_or(0, |number| number.max(0)).into()
    }

    fn time(&self, name: &str) -> Duration {
        let unit = match named(name).map(|known| known.kind) {
            Some(Kind::Duration(unit)) => unit,
            _ => "s",
        };
        duration(&(self.text)(name), unit).unwrap_or_default()
    }

    fn seconds(&self, name: &str) -> i64 {
        i64::try_from(self.time(name).as_secs()).unwrap_or(i64::MAX)
    }

    pub fn compactor(&self) -> Compactor {
        let delayed = self.is("hive.compactor.delayed.cleanup.enabled");
        let failures = self.number("metastore.compactor.initiator.failed.compacts.threshold").max(1);
        let run_as = (self.text)("metastore.compactor.run.as.user");
        let shortest = Duration::from_millis(100);
        Compactor {
            initiates: self.is("metastore.compactor.initiator.on"),
            cleans: self.is("metastore.compactor.cleaner.on"),
            cleans_aborts: self.is("metastore.compactor.clean.aborts.using.cleaner"),
            check_interval: self.time("hive.compactor.check.interval").max(shortest),
            cleaning_interval: self.time("hive.compactor.cleaner.run.interval").max(shortest),
            retention: if delayed { self.seconds("hive.compactor.cleaner.retention.time.seconds") } else { 0 },
            cleaning_attempts: self.number("hive.compactor.cleaner.retry.maxattempts").clamp(1, 1000) as i32,
            cleaning_retry: self.seconds("hive.compactor.cleaner.retry.retentionTime"),
            aborted_count: self.number("hive.compactor.abortedtxn.threshold"),
            aborted_age: self.seconds("hive.compactor.aborted.txn.time.threshold"),
            delta_count: self.number("hive.compactor.delta.num.threshold"),
            delta_share: (self.text)("hive.compactor.delta.pct.threshold").parse().unwrap_or_default(),
            compacts_insert_only: self.is("hive.compactor.compact.insert.only"),
            failures,
            failures_kept: self.seconds("metastore.compactor.initiator.failed.retry.time"),
            run_as: Some(run_as).filter(|user| !user.is_empty()),
            worker_patience: self.seconds("hive.compactor.worker.timeout"),
            pool_patience: self.seconds("metastore.compactor.worker.pool.timeout"),
            history: KeptHistory {
                succeeded: self.number("metastore.compactor.history.retention.succeeded"),
                failed: self.number("metastore.compactor.history.retention.failed").max(failures),
                refused: self.number("metastore.compactor.history.retention.refused"),
                did_not_initiate: self.number("metastore.compactor.history.retention.did.not.initiate"),
                overtaken: self.seconds("metastore.compactor.history.retention.timeout"),
            },
        }
    }

    pub fn transactions(&self) -> Transactions {
        Transactions {
            opened: self.number("metastore.txn.max.open.batch").max(1),
            open: self.number("metastore.max.open.txns").max(1),
            replayed_lease: self.seconds("metastore.repl.txn.timeout").max(1),
            housekeeping: self.time("metastore.acid.housekeeper.interval").max(Duration::from_secs(1)),
        }
    }
}
