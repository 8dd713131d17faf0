//! The names of Hive's that are known, and what each is.

mod compactor;

use std::time::Duration;

use regex::Regex;

/// One setting of Hive's.
#[derive(Debug)]
pub struct Name {
    /// Since Hive 3.
    pub name: &'static str,
    /// Before; empty where it is the same, or there was none.
    pub(super) old_name: &'static str,
    pub kind: Kind,
    pub default: &'static str,
    /// Whether clients may change it for their connection, by `setMetaConf`.
    pub per_connection: bool,
    pub doc: &'static str,
}

/// What values a setting has.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Boolean,
    /// A whole number, negative for no limit.
    Integer,
    /// Minutes, with a fraction or without.
    Minutes,
    /// A number from 0 to 1.
    Fraction,
    /// A number with a unit; the default unit is this one.
    Duration(&'static str),
    Pattern,
    OneOf(&'static [&'static str]),
    /// The class of Hive's that is built in here, or blank for none.
    Class(&'static str),
    Text,
    /// Another name for this setting of the flat list; the function says how it is written there, None for unset.
    Setting(&'static str, fn(&str) -> Result<Option<String>, String>),
}

impl Kind {
    /// Refuses what is no value of this kind; the error says what is expected.
    pub fn check(&self, value: &str) -> Result<(), String> {
        let value = value.trim();
        let expect = |right: bool, expected: &str| if right { Ok(()) } else { Err(expected.to_owned()) };
        match self {
            Self::Boolean => {
                let known = ["true", "false"].iter().any(|known| value.eq_ignore_ascii_case(known));
                expect(known, "it must be true or false")
            }
            Self::Integer => expect(value.parse::<i32>().is_ok(), "it must be a whole number"),
            Self::Minutes => {
                let right = value.parse::<f64>().is_ok_and(|minutes| (0.0..1e9).contains(&minutes));
                expect(right, "it must be a number of minutes")
            }
            Self::Fraction => {
                let right = value.parse::<f64>().is_ok_and(|number| (0.0..=1.0).contains(&number));
                expect(right, "it must be a number from 0 to 1")
            }
            Self::Duration(unit) => {
                expect(duration(value, unit).is_some(), "it must be a duration such as 600, 600s or 10m")
            }
            Self::Pattern => expect(Regex::new(value).is_ok(), "it must be a regular expression"),
            Self::OneOf(known) => expect(known.contains(&value), &format!("it must be one of {}", known.join(", "))),
            Self::Class(built_in) => {
                let expected = format!("no class of Java's can be loaded here: give {built_in}, or a blank for none");
                expect(value.is_empty() || value == *built_in, &expected)
            }
            Self::Text => Ok(()),
            Self::Setting(_, write) => write(value).map(drop),
        }
    }
}

/// All of them, in the order of the reference.
pub fn all() -> impl Iterator<Item = &'static Name> {
    NAMES.iter().chain(compactor::NAMES)
}

/// The setting that goes by this name, new or old.
pub fn named(name: &str) -> Option<&'static Name> {
    all().find(|known| known.is_called(name))
}

/// A duration as Hive writes it: a number, with a unit or in `unit`.
pub fn duration(text: &str, unit: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, written) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| i64::try_from(*number).is_ok())?;
    let written = written.trim().to_lowercase();
    Some(match if written.is_empty() { unit } else { &written } {
        "d" | "day" | "days" => Duration::from_secs(number.checked_mul(24 * 3600)?),
        "h" | "hour" | "hours" => Duration::from_secs(number.checked_mul(3600)?),
        "m" | "min" | "minute" | "minutes" => Duration::from_secs(number.checked_mul(60)?),
        "s" | "sec" | "second" | "seconds" => Duration::from_secs(number),
        "ms" | "msec" | "millisecond" | "milliseconds" => Duration::from_millis(number),
        "us" | "usec" | "microsecond" | "microseconds" => Duration::from_micros(number),
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The classes of Hive's that write events.
const JSON_MESSAGES: &str = "org.apache.hadoop.hive.metastore.messaging.json.JSONMessageEncoder";
const ZIPPED_MESSAGES: &str = "org.apache.hadoop.hive.metastore.messaging.json.gzip.GzipJSONMessageEncoder";

fn same(value: &str) -> Result<Option<String>, String> {
    Ok(Some(value.to_owned()))
}

/// A place: Hive takes a plain path, here it is a URL.
fn place(value: &str) -> Result<Option<String>, String> {
    Ok(Some(match value.strip_prefix("file:").unwrap_or(value) {
        path if path.starts_with('/') && !path.starts_with("//") => format!("file://{path}"),
        _ => value.to_owned(),
    }))
}

fn seconds(value: &str) -> Result<Option<String>, String> {
    match duration(value, "s") {
        Some(span) if span.as_secs() > 0 => Ok(Some(format!("{}s", span.as_secs()))),
        _ => Err("it must be a duration of a second or more, such as 300, 300s or 5m".to_owned()),
    }
}

/// Negative is no limit.
fn limit(value: &str) -> Result<Option<String>, String> {
    match value.parse::<i32>() {
        Ok(number) if number < 0 => Ok(None),
        Ok(number) if number > 0 => Ok(Some(number.to_string())),
        _ => Err("it must be a whole number: -1 for no limit, or 1 and more".to_owned()),
    }
}

fn path(value: &str) -> Result<Option<String>, String> {
    Ok(Some(format!("/{}", value.trim_start_matches('/'))))
}

const fn new(name: &'static str, old_name: &'static str, kind: Kind, default: &'static str, doc: &'static str) -> Name {
    Name { name, old_name, kind, default, per_connection: false, doc }
}

const fn per_connection(
    name: &'static str,
    old_name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Name {
    Name { name, old_name, kind, default, per_connection: true, doc }
}

/// Those that are about no part in particular.
const NAMES: &[Name] = &[
    // Other names for settings of the flat list.
    new(
        "metastore.warehouse.dir",
        "hive.metastore.warehouse.dir",
        Kind::Setting("warehouse", place),
        "",
        "Is `warehouse`.",
    ),
    new(
        "metastore.warehouse.external.dir",
        "hive.metastore.warehouse.external.dir",
        Kind::Setting("external_warehouse", place),
        "",
        "Is `external_warehouse`.",
    ),
    new(
        "metastore.limit.partition.request",
        "hive.metastore.limit.partition.request",
        Kind::Setting("max_partitions", limit),
        "-1",
        "Is `max_partitions`; -1 is no limit.",
    ),
    new("metastore.txn.timeout", "hive.txn.timeout", Kind::Setting("lock_lease", seconds), "", "Is `lock_lease`."),
    new(
        "metastore.event.db.listener.timetolive",
        "hive.metastore.event.db.listener.timetolive",
        Kind::Setting("event_retention", seconds),
        "",
        "Is `event_retention`.",
    ),
    new(
        "metastore.users.in.admin.role",
        "hive.users.in.admin.role",
        Kind::Setting("admin_users", same),
        "",
        "Is `admin_users`.",
    ),
    new(
        "metastore.server.thrift.http.path",
        "hive.metastore.server.thrift.http.path",
        Kind::Setting("thrift_http_path", path),
        "",
        "Is `thrift_http_path`.",
    ),
    // Rules of their own.
    per_connection(
        "metastore.disallow.incompatible.col.type.changes",
        "hive.metastore.disallow.incompatible.col.type.changes",
        Kind::Boolean,
        "true",
        "Whether a column cannot change to a type that does not read the data written with the old one. Spark wants \
         it off for what it changes itself.",
    ),
    per_connection(
        "metastore.partition.name.whitelist.pattern",
        "hive.metastore.partition.name.whitelist.pattern",
        Kind::Pattern,
        "",
        "What values of new partitions have to match as a whole. Empty: anything.",
    ),
    new(
        "metastore.catalog.default",
        "",
        Kind::Text,
        "hive",
        "The catalog that calls mean which name none. It has to be made, as any other.",
    ),
    new(
        "metastore.metadata.transformer.class",
        "",
        Kind::Class("org.apache.hadoop.hive.metastore.MetastoreDefaultTransformer"),
        "",
        "With this class, as Hive 4 has it: new managed tables that are not transactional become external ones, and \
         tables are shown by the capabilities that a client names. Here it is off unless asked for.",
    ),
    new(
        "metastore.metadata.transformer.location.mode",
        "",
        Kind::OneOf(&["force", "prohibit", "seqsuffix", "seqprefix"]),
        "force",
        "Where such a table lies when the folder of its name is there already.",
    ),
    new(
        "fs.trash.interval",
        "",
        Kind::Minutes,
        "0",
        "Minutes that the data of what is dropped is kept in a trash folder: `.Trash` in the home directory of the \
         server's user, on S3 `/user/USER/.Trash` of the bucket. 0: data is deleted at once, as always with \
         `ifPurge` and for tables with `auto.purge`. What cannot be moved there stays where it is.",
    ),
    new(
        "fs.trash.checkpoint.interval",
        "",
        Kind::Minutes,
        "0",
        "Minutes after which `Current` in the trash is put aside under the time. 0: as `fs.trash.interval`.",
    ),
    new(
        "metastore.authorization.storage.checks",
        "hive.metastore.authorization.storage.checks",
        Kind::Boolean,
        "false",
        "Whether only who may write the folder above can drop a managed table, a partition or a database: by owner, \
         group and mode of local folders, as if the caller were no superuser.",
    ),
    new(
        "metastore.event.expiry.duration",
        "hive.metastore.event.expiry.duration",
        Kind::Duration("s"),
        "0",
        "How long partitions are marked for an event (`markPartitionForEvent`). 0: as long as `event_retention`.",
    ),
    new(
        "metastore.event.message.factory",
        "hive.metastore.event.message.factory",
        Kind::OneOf(&[JSON_MESSAGES, ZIPPED_MESSAGES]),
        JSON_MESSAGES,
        "How events are told: as JSON, which Hive reads since release 1.2, or the same zipped, which is Hive 4's default.",
    ),
    new(
        "metastore.stats.autogather",
        "hive.stats.autogather",
        Kind::Boolean,
        "true",
        "Whether the files of a new table or partition are counted into its parameters.",
    ),
    new(
        "metastore.stats.fetch.bitvector",
        "hive.stats.fetch.bitvector",
        Kind::Boolean,
        "true",
        "Whether column statistics are shown with their bit vectors.",
    ),
    new(
        "metastore.stats.fetch.kll",
        "hive.stats.fetch.kll",
        Kind::Boolean,
        "true",
        "Whether column statistics are shown with their histograms.",
    ),
    new(
        "metastore.stats.ndv.densityfunction",
        "hive.metastore.stats.ndv.densityfunction",
        Kind::Boolean,
        "false",
        "Whether the distinct values of many partitions without bit vectors are guessed from how densely those of each \
         fill its range.",
    ),
    new(
        "metastore.stats.ndv.tuner",
        "hive.metastore.stats.ndv.tuner",
        Kind::Fraction,
        "0.0",
        "Where the guess lies otherwise: 0 is the largest number of one partition, 1 the sum of all.",
    ),
    new(
        "metastore.partition.inherit.table.properties",
        "hive.metastore.partition.inherit.table.properties",
        Kind::Text,
        "",
        "Parameters of a table, with commas between them, that its new partitions get too; `*` is all.",
    ),
    new(
        "metastore.storage.schema.reader.impl",
        "",
        Kind::Text,
        "",
        "When set, to whatever: `get_fields` and `get_schema` refuse tables whose columns are kept in their files, \
         since no class of Java's can be loaded here. Unset: the columns kept here are told.",
    ),
    new(
        "metastore.serdes.using.metastore.for.schema",
        "hive.serdes.using.metastore.for.schema",
        Kind::Text,
        "org.apache.hadoop.hive.ql.io.orc.OrcSerde,org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe,\
         org.apache.hadoop.hive.serde2.columnar.ColumnarSerDe,\
         org.apache.hadoop.hive.serde2.dynamic_type.DynamicSerDe,\
         org.apache.hadoop.hive.serde2.MetadataTypedColumnsetSerDe,\
         org.apache.hadoop.hive.serde2.columnar.LazyBinaryColumnarSerDe,\
         org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe,\
         org.apache.hadoop.hive.serde2.lazybinary.LazyBinarySerDe,org.apache.hadoop.hive.serde2.OpenCSVSerde",
        "The SerDes whose tables have their columns kept here, for the setting above.",
    ),
    new(
        "metastore.scheduled.queries.enabled",
        "hive.metastore.scheduled.queries.enabled",
        Kind::Boolean,
        "true",
        "Whether scheduled queries can be made and polled.",
    ),
    new(
        "metastore.scheduled.queries.execution.timeout",
        "hive.metastore.scheduled.queries.progress.timeout",
        Kind::Duration("s"),
        "120s",
        "How long a scheduled query may run without a word of its progress. Then it counts as timed out.",
    ),
    new(
        "metastore.scheduled.queries.execution.max.age",
        "hive.metastore.scheduled.queries.execution.max.age",
        Kind::Duration("s"),
        "30d",
        "How long it is remembered that a scheduled query ran.",
    ),
    new(
        "metastore.scheduled.queries.autodisable.count",
        "",
        Kind::Integer,
        "0",
        "After so many failures in a row a scheduled query is switched off. 0 or less: never.",
    ),
    new(
        "metastore.scheduled.queries.skip.opportunities.after.failures",
        "",
        Kind::Integer,
        "0",
        "After N failures in a row N-1 times of a scheduled query's are skipped, with N at most this. 0: none.",
    ),
    new(
        "metastore.runtime.stats.max.age",
        "hive.metastore.runtime.stats.max.age",
        Kind::Duration("s"),
        "3d",
        "How long runtime statistics of queries are kept.",
    ),
    new(
        "metastore.repl.metrics.max.age",
        "hive.metastore.repl.metrics.max.age",
        Kind::Duration("d"),
        "7d",
        "How long metrics of replication are kept.",
    ),
    new("hive.in.test", "", Kind::Boolean, "false", "Asks clients for the capability that Hive's own tests have."),
    // Known, with nothing to do here.
    per_connection(
        "metastore.client.capability.check",
        "hive.metastore.client.capability.check",
        Kind::Boolean,
        "true",
        "Whether tables that need more of a client than reading files are only given to clients that can do it.",
    ),
    per_connection(
        "metastore.expression.proxy",
        "hive.metastore.expression.proxy",
        Kind::Text,
        "org.apache.hadoop.hive.ql.optimizer.ppr.PartitionExpressionForMetastore",
        "No effect: expressions are read here without a class of Java's.",
    ),
    per_connection(
        "metastore.client.socket.timeout",
        "hive.metastore.client.socket.timeout",
        Kind::Duration("s"),
        "600s",
        "No effect: it is the client's. See `thrift_request_timeout`.",
    ),
    per_connection(
        "metastore.partition.order.expr",
        "hive.metastore.partition.order.expr",
        Kind::Text,
        "\"PART_NAME\" asc",
        "No effect: partitions come in the order of their values.",
    ),
    per_connection(
        "metastore.try.direct.sql",
        "hive.metastore.try.direct.sql",
        Kind::Boolean,
        "true",
        "No effect: there is nothing but SQL here.",
    ),
    per_connection(
        "metastore.try.direct.sql.ddl",
        "hive.metastore.try.direct.sql.ddl",
        Kind::Boolean,
        "true",
        "No effect, likewise.",
    ),
    new(
        "metastore.integral.jdo.pushdown",
        "hive.metastore.integral.jdo.pushdown",
        Kind::Boolean,
        "false",
        "No effect: filters on numbers always go to the database.",
    ),
    new(
        "metastore.batch.retrieve.max",
        "hive.metastore.batch.retrieve.max",
        Kind::Integer,
        "300",
        "No effect here: clients ask for it, and split their requests by it.",
    ),
    new(
        "metastore.batch.retrieve.table.partition.max",
        "hive.metastore.batch.retrieve.table.partition.max",
        Kind::Integer,
        "1000",
        "No effect, likewise.",
    ),
    new(
        "metastore.event.clean.freq",
        "hive.metastore.event.clean.freq",
        Kind::Duration("s"),
        "0",
        "No effect: a mark that has expired counts no longer, whether it was removed or not.",
    ),
    new(
        "metastore.task.threads.always",
        "",
        Kind::Text,
        "",
        "No effect: housekeeping is always done, by one server at a time.",
    ),
    new("metastore.task.threads.remote", "", Kind::Text, "", "No effect, likewise."),
    new(
        "metastore.aggregate.stats.cache.enabled",
        "hive.metastore.aggregate.stats.cache.enabled",
        Kind::Boolean,
        "false",
        "No effect: statistics are merged when they are asked for.",
    ),
    new(
        "metastore.server.thrift.transport.mode",
        "hive.metastore.server.thrift.transport.mode",
        Kind::OneOf(&["binary", "http"]),
        "binary",
        "No effect: the Thrift port takes both.",
    ),
    new(
        "metastore.execute.setugi",
        "hive.metastore.execute.setugi",
        Kind::Boolean,
        "true",
        "No effect: `set_ugi` names the caller; see `thrift_auth` for who is believed.",
    ),
];

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_given_once_and_defaults_are_values() {
        let mut seen = HashSet::new();
        for known in all() {
            for name in [Some(known.name), known.old_name()].into_iter().flatten() {
                assert!(seen.insert(name), "{name}");
                assert_eq!(named(name).unwrap().name, known.name);
            }
            if !known.default.is_empty() {
                known.check(known.default).unwrap();
            }
        }
    }

    #[test]
    fn durations_are_hives() {
        assert_eq!(duration("600", "s"), Some(Duration::from_secs(600)));
        assert_eq!(duration(" 10 min", "s"), Some(Duration::from_secs(600)));
        assert_eq!(duration("5MS", "s"), Some(Duration::from_millis(5)));
        for bad in ["", "s", "-1s", "10 parsecs", "1.5s", "99999999999999999999"] {
            assert_eq!(duration(bad, "s"), None, "{bad:?}");
        }
    }

    #[test]
    fn places_become_urls() {
        for (given, url) in [
            ("/user/hive/warehouse", "file:///user/hive/warehouse"),
            ("file:/w", "file:///w"),
            ("file:///w", "file:///w"),
            ("s3a://b/w", "s3a://b/w"),
        ] {
            assert_eq!(place(given).unwrap().unwrap(), url);
        }
    }
}
