//! The settings of Hive's that a client may change for its own connection (`setMetaConf`), and what others read of them.
//!
//! Names and defaults are those of Hive 4; each also goes by the name that it had before. What Propolis has no use for
//! is kept all the same: clients set it on the way in and fail where they may not.

use regex::Regex;

use crate::error::{CatalogError, Result};

/// Longest value that is kept, in bytes.
const MAX_VALUE: usize = 4096;

/// One setting of a connection.
#[derive(Debug)]
pub struct MetaConf {
    pub name: &'static str,
    old_name: &'static str,
    pub default: &'static str,
    /// None where a value is right, else what it must be.
    wrong: fn(&str) -> Option<&'static str>,
}

pub static DISALLOW_INCOMPATIBLE_COLUMN_CHANGES: MetaConf = MetaConf {
    name: "metastore.disallow.incompatible.col.type.changes",
    old_name: "hive.metastore.disallow.incompatible.col.type.changes",
    default: "true",
    wrong: not_boolean,
};

pub static PARTITION_NAME_PATTERN: MetaConf = MetaConf {
    name: "metastore.partition.name.whitelist.pattern",
    old_name: "hive.metastore.partition.name.whitelist.pattern",
    default: "",
    wrong: |value| Regex::new(value).is_err().then_some("a regular expression"),
};

static ALL: [&MetaConf; 8] = [
    &DISALLOW_INCOMPATIBLE_COLUMN_CHANGES,
    &PARTITION_NAME_PATTERN,
    &MetaConf {
        name: "metastore.try.direct.sql",
        old_name: "hive.metastore.try.direct.sql",
        default: "true",
        wrong: not_boolean,
    },
    &MetaConf {
        name: "metastore.try.direct.sql.ddl",
        old_name: "hive.metastore.try.direct.sql.ddl",
        default: "true",
        wrong: not_boolean,
    },
    &MetaConf {
        name: "metastore.client.socket.timeout",
        old_name: "hive.metastore.client.socket.timeout",
        default: "600s",
        wrong: not_duration,
    },
    &MetaConf {
        name: "metastore.partition.order.expr",
        old_name: "hive.metastore.partition.order.expr",
        default: "\"PART_NAME\" asc",
        wrong: |_| None,
    },
    &MetaConf {
        name: "metastore.client.capability.check",
        old_name: "hive.metastore.client.capability.check",
        default: "true",
        wrong: not_boolean,
    },
    &MetaConf {
        name: "metastore.expression.proxy",
        old_name: "hive.metastore.expression.proxy",
        default: "org.apache.hadoop.hive.ql.optimizer.ppr.PartitionExpressionForMetastore",
        wrong: |_| None,
    },
];

impl MetaConf {
    /// The setting that goes by this name, new or old.
    pub fn named(name: &str) -> Result<&'static Self> {
        ALL.into_iter()
            .find(|conf| conf.name == name || conf.old_name == name)
            .ok_or_else(|| CatalogError::invalid_input(format!("Invalid configuration key {name}")))
    }

    pub fn check(&self, value: &str) -> Result<()> {
        let expected = if value.len() > MAX_VALUE { Some("at most 4096 bytes long") } else { (self.wrong)(value) };
        match expected {
            None => Ok(()),
            Some(expected) => {
                let shown: String = value.chars().take(64).collect();
                Err(CatalogError::invalid_input(format!(
                    "Invalid configuration value {shown} for key {}: it must be {expected}",
                    self.name
                )))
            }
        }
    }
}

fn not_boolean(value: &str) -> Option<&'static str> {
    let known = ["true", "false"].iter().any(|known| value.eq_ignore_ascii_case(known));
    (!known).then_some("true or false")
}

/// A duration as Hive writes it: a number of seconds, or a number with a unit.
fn not_duration(value: &str) -> Option<&'static str> {
    const UNITS: [&str; 25] = [
        "",
        "d",
        "day",
        "days",
        "h",
        "hour",
        "hours",
        "m",
        "min",
        "minute",
        "minutes",
        "s",
        "sec",
        "second",
        "seconds",
        "ms",
        "msec",
        "millisecond",
        "milliseconds",
        "us",
        "usec",
        "microsecond",
        "microseconds",
        "ns",
        "nsec",
    ];
    let value = value.trim();
    let digits = value.len() - value.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = value.split_at(digits);
    let known = number.parse::<i64>().is_ok() && UNITS.contains(&unit.trim().to_lowercase().as_str());
    (!known).then_some("a duration such as 600, 600s or 10m")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_valid_values() {
        for conf in ALL {
            conf.check(conf.default).unwrap();
            assert_eq!(MetaConf::named(conf.old_name).unwrap().name, conf.name);
        }
    }

    #[test]
    fn durations_are_hives() {
        for good in ["600", "600s", " 10 min", "5MS", "0"] {
            assert_eq!(not_duration(good), None, "{good:?}");
        }
        for bad in ["", "s", "-1s", "10 parsecs", "1.5s", "99999999999999999999"] {
            assert!(not_duration(bad).is_some(), "{bad:?}");
        }
    }
}
