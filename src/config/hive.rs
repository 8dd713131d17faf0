//! Settings by the names that Hive's own metastore has for them, so that those who run one can bring theirs along: the
//! section `[hive]` of the settings file, and variables such as `PROPOLIS_HIVE__METASTORE_LIMIT_PARTITION_REQUEST`, with
//! dots as underscores. Names from before Hive 3 (`hive.metastore.…`) do as well.
//!
//! Some are other names for settings of the flat list, some are rules of their own, and some are about what there is
//! no need for here: those are known so that nobody has to take them out. All others are refused, by name.

mod compactor;
mod names;
mod read;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub use compactor::{Compactor, Transactions};
pub use names::{Kind, Name, all, named};
pub(super) use read::{SECTION, collect, is_origin, variable_prefix};

/// What the settings of Hive's say, read and checked; see [`all`] for what each is.
#[derive(Debug, Clone)]
pub struct Hive {
    /// What was given, by today's names.
    pub given: BTreeMap<&'static str, String>,
    pub default_catalog: String,
    /// None deletes what is dropped at once.
    pub trash: Option<Trash>,
    pub storage_checks: bool,
    pub in_test: bool,
    /// Whether what clients see and make depends on the capabilities that they name.
    pub translates: bool,
    pub translated_location: TranslatedLocation,
    pub gathers_statistics: bool,
    /// Parameters of a table that its new partitions get; `*` is all.
    pub inherited_parameters: Vec<String>,
    /// How long marks on partitions are good for; none is as long as events.
    pub mark_lifetime: Option<Duration>,
    /// Whether statistics are shown with their bit vectors, and with their histograms.
    pub shows_bit_vectors: bool,
    pub shows_histograms: bool,
    pub distinct_values: DistinctValues,
    /// Whether events are told zipped.
    pub zips_events: bool,
    /// Whether the schema of a table is only told where it is kept here, and not in its files.
    pub reads_no_schemas: bool,
    /// The SerDes whose tables have their columns kept here.
    pub kept_schemas: Vec<String>,
    pub scheduled_queries: ScheduledQueries,
    pub runtime_statistics_kept: Duration,
    pub replication_metrics_kept: Duration,
    pub compactor: Compactor,
    pub transactions: Transactions,
}

/// How the distinct values of many partitions are guessed where there are no bit vectors to count them by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DistinctValues {
    /// By how densely those of each partition fill its range.
    pub by_density: bool,
    /// Else from 0, the largest number of a partition, to 1, the sum of all.
    pub tuner: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledQueries {
    pub enabled: bool,
    /// How long an execution may be silent.
    pub patience: Duration,
    pub executions_kept: Duration,
    /// Failures in a row after which a query is switched off; 0 for never.
    pub disabled_after: u32,
    /// The most failures in a row that count for skipping times; 0 skips none.
    pub skipped_after: u32,
}

/// How long dropped data can be brought back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trash {
    pub kept: Duration,
    /// How often the current folder is put aside as one of a time.
    pub checkpoint: Duration,
}

/// Where a table lies that came as a managed one and became external, when the folder of its name is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TranslatedLocation {
    /// In that folder.
    Force,
    Prohibit,
    /// `NAME_1`, `NAME_2` and so on.
    Suffix,
    /// `1_NAME`, `2_NAME` and so on.
    Prefix,
}

impl Default for Hive {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Hive {
    /// What a setting says, or its default.
    pub fn value(&self, known: &Name) -> &str {
        self.given.get(known.name).map_or(known.default, |given| given.trim())
    }

    /// Of values that were checked.
    pub fn new(given: BTreeMap<&'static str, String>) -> Self {
        let text = |name: &str| match given.get(name) {
            Some(given) => given.trim().to_owned(),
            None => named(name).map(|known| known.default.to_owned()).unwrap_or_default(),
        };
        let is = |name: &str| text(name).eq_ignore_ascii_case("true");
        let list = |name: &str| {
            let text = text(name);
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect::<Vec<_>>()
        };
        let count = |name: &str| text(name).parse::<i32>().map_or(0, |number| number.max(0) as u32);
        let time = |name: &str, unit| names::duration(&text(name), unit).unwrap_or_default();
        let span = |name: &str| names::duration(&text(name), "s").filter(|span| !span.is_zero());
        Self {
            default_catalog: text("metastore.catalog.default").to_lowercase(),
            trash: trash(&text("fs.trash.interval"), &text("fs.trash.checkpoint.interval")),
            storage_checks: is("metastore.authorization.storage.checks"),
            in_test: is("hive.in.test"),
            translates: !text("metastore.metadata.transformer.class").is_empty(),
            translated_location: match text("metastore.metadata.transformer.location.mode").as_str() {
                "prohibit" => TranslatedLocation::Prohibit,
                "seqsuffix" => TranslatedLocation::Suffix,
                "seqprefix" => TranslatedLocation::Prefix,
                _ => TranslatedLocation::Force,
            },
            gathers_statistics: is("metastore.stats.autogather"),
            inherited_parameters: list("metastore.partition.inherit.table.properties"),
            mark_lifetime: span("metastore.event.expiry.duration"),
            shows_bit_vectors: is("metastore.stats.fetch.bitvector"),
            shows_histograms: is("metastore.stats.fetch.kll"),
            distinct_values: DistinctValues {
                by_density: is("metastore.stats.ndv.densityfunction"),
                tuner: text("metastore.stats.ndv.tuner").parse().unwrap_or_default(),
            },
            zips_events: text("metastore.event.message.factory").contains(".gzip."),
            reads_no_schemas: given.contains_key("metastore.storage.schema.reader.impl"),
            kept_schemas: list("metastore.serdes.using.metastore.for.schema"),
            scheduled_queries: ScheduledQueries {
                enabled: is("metastore.scheduled.queries.enabled"),
                patience: time("metastore.scheduled.queries.execution.timeout", "s"),
                executions_kept: time("metastore.scheduled.queries.execution.max.age", "s"),
                disabled_after: count("metastore.scheduled.queries.autodisable.count"),
                skipped_after: count("metastore.scheduled.queries.skip.opportunities.after.failures"),
            },
            runtime_statistics_kept: time("metastore.runtime.stats.max.age", "s"),
            replication_metrics_kept: time("metastore.repl.metrics.max.age", "d"),
            compactor: compactor::Values { text: &text }.compactor(),
            transactions: compactor::Values { text: &text }.transactions(),
            given,
        }
    }
}

/// Hadoop's two settings: minutes, and 0 for none. Checkpoints are no rarer than data is kept.
fn trash(kept: &str, checkpoint: &str) -> Option<Trash> {
    let minutes = |text: &str| Duration::from_secs_f64(text.parse::<f64>().unwrap_or_default() * 60.0);
    let kept = Some(minutes(kept)).filter(|kept| !kept.is_zero())?;
    let checkpoint = Some(minutes(checkpoint)).filter(|span| !span.is_zero() && *span <= kept).unwrap_or(kept);
    Some(Trash { kept, checkpoint })
}

impl Name {
    /// Refuses what is no value of this setting.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        self.kind.check(value).map_err(|expected| format!("{value:?} is wrong: {expected}."))
    }

    /// Whether it goes by this name, now or before Hive 3.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.old_name() == Some(name)
    }

    /// The name before Hive 3.
    pub fn old_name(&self) -> Option<&'static str> {
        Some(self.old_name).filter(|name| !name.is_empty())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_what_they_are_in_the_list() {
        let hive = Hive::default();
        assert_eq!(hive.default_catalog, "hive");
        assert_eq!(hive.trash, None);
        assert!(hive.gathers_statistics && !hive.translates && !hive.storage_checks && !hive.reads_no_schemas);
        assert!(hive.kept_schemas.iter().any(|serde| serde.ends_with("OrcSerde")));
    }

    #[test]
    fn trash_is_in_minutes() {
        let seconds =
            |kept, checkpoint| trash(kept, checkpoint).map(|trash| (trash.kept.as_secs(), trash.checkpoint.as_secs()));
        assert_eq!(seconds("0", "5"), None);
        assert_eq!(seconds("30", "0"), Some((1800, 1800)));
        assert_eq!(seconds("1.5", "0.5"), Some((90, 30)));
        assert_eq!(seconds("1", "5"), Some((60, 60)), "checkpoints are no rarer");
    }
}
