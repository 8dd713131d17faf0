//! Partitions.

mod add;
mod alter;
mod drop;
mod get;
mod list;
mod marks;
mod names;
mod specs;

use propolis_thrift::{FastStr, types};
use regex::Regex;

use crate::error::CatalogError;
use crate::filter::LikeDialect;
use crate::hms::call::Call;
use crate::hms::convert::partitions::wire_partition;
use crate::hms::convert::privileges::wire_privilege_set;
use crate::hms::convert::storage::wire_columns;
use crate::hms::convert::texts;
use crate::hms::encode::Wrap;
use crate::hms::encode::partitions::PartitionList;
use crate::hms::error::Result;
use crate::hms::methods::Body;
use crate::hms::methods::projection::like_pattern;
use crate::hms::session::meta_conf::PARTITION_NAME_PATTERN;
use crate::model::partition_name::{parse_partition_name, partition_name};
use crate::model::{PartitionBatch, TableName};

pub use add::*;
pub use alter::*;
pub use drop::*;
pub use get::*;
pub use list::*;
pub use marks::*;
pub use names::*;
pub use specs::*;

/// How many are asked for: negative means all.
fn limit(max: Option<impl Into<i64>>) -> Option<i64> {
    max.map(Into::into).filter(|max| *max >= 0)
}

/// The one partition of a batch.
fn one(batch: &PartitionBatch) -> Result<types::Partition> {
    let mut partitions = whole(batch)?;
    Ok(partitions.pop().ok_or_else(|| CatalogError::internal("a partition was looked for and not given back"))?)
}

fn whole(batch: &PartitionBatch) -> Result<Vec<types::Partition>> {
    let name = &batch.table.name;
    Ok(batch.partitions()?.iter().map(|partition| wire_partition(partition, name)).collect())
}

/// Who wants to see privileges beside partitions. Apache's server shows them in lists when both parts are given.
struct Viewer {
    user: Option<FastStr>,
    groups: Option<Vec<FastStr>>,
}

/// A list of partitions, each with what the viewer may do with it where the table keeps that.
async fn with_privileges(call: &Call, batch: PartitionBatch, viewer: Viewer, wrap: Wrap) -> Result<Box<dyn Body>> {
    let privileges = match (viewer.user, viewer.groups) {
        (Some(user), Some(groups)) => {
            call.catalog.partition_privileges(&batch.table, Some(&user), &texts(Some(groups))).await?
        }
        _ => None,
    };
    let Some(privileges) = privileges else {
        return Ok(Box::new(PartitionList::new(batch, wrap)));
    };
    let mut partitions = whole(&batch)?;
    for partition in &mut partitions {
        let set = privileges.of(&texts(partition.values.clone()));
        partition.privileges = Some(wire_privilege_set(set));
    }
    Ok(Box::new(PartitionList::whole(partitions, wrap)))
}

/// Hides the number of buckets from a client that would not keep to it, where it is to be hidden.
fn hide_buckets(partitions: &mut [types::Partition], hidden: bool) {
    let bucketed = partitions.iter_mut().filter_map(|partition| partition.sd.as_mut());
    for sd in bucketed.filter(|sd| hidden && sd.num_buckets.is_some_and(|number| number > 0)) {
        sd.num_buckets = Some(-1);
    }
}

/// What newer requests may leave out of the partitions that they get.
#[derive(Default)]
struct Omitted {
    columns: bool,
    include: Option<FastStr>,
    exclude: Option<FastStr>,
}

impl Omitted {
    fn is_nothing(&self) -> bool {
        let set = |pattern: &Option<FastStr>| pattern.as_ref().is_some_and(|pattern| !pattern.is_empty());
        !self.columns && !set(&self.include) && !set(&self.exclude)
    }

    fn apply(self, batch: PartitionBatch, wrap: Wrap) -> Result<Box<dyn Body>> {
        let batch = match (like_pattern(self.include.as_deref())?, like_pattern(self.exclude.as_deref())?) {
            (None, None) => batch,
            (include, exclude) => batch.filter_parameters(|key| {
                include.as_ref().is_none_or(|pattern| pattern.is_match(key))
                    && !exclude.as_ref().is_some_and(|pattern| pattern.is_match(key))
            }),
        };
        Ok(Box::new(if self.columns {
            PartitionList::without_columns(batch, wrap)
        } else {
            PartitionList::new(batch, wrap)
        }))
    }
}

/// The values in the name of a partition of this table, in the order of its keys. The parts of the name may be in any
/// order, and parts of other keys are passed over, but keys are written in lower case.
async fn values_of(call: &Call, table: &TableName, name: &str) -> Result<Vec<String>> {
    let table = call.catalog.get_table(table).await?;
    let keys = table.partition_key_names();
    if keys.is_empty() {
        return Err(CatalogError::invalid_input(format!("Table {} is not partitioned", table.name)).into());
    }
    let parts = parse_partition_name(name).unwrap_or_default();
    let written: Vec<&str> = name.split('/').filter(|part| !part.is_empty()).collect();
    let value = |key: &str| {
        let prefix = partition_name(&[key], &["-"]);
        let at = written.iter().position(|part| part.starts_with(prefix.trim_end_matches('-')))?;
        parts.get(at).map(|(_, value)| value.clone())
    };
    Ok(keys.iter().map(|key| value(key)).collect::<Option<_>>().ok_or_else(|| {
        CatalogError::not_found(format!(
            "{name:?} does not name a partition of table {}, whose partition keys are {}",
            table.name,
            keys.join(", ")
        ))
    })?)
}

/// The columns of partitions that a client sends without: those that it sends once for all, else the table's.
async fn columns_for_all(
    call: &Call,
    table: &TableName,
    skips: Option<bool>,
    sent: Option<Vec<types::FieldSchema>>,
) -> Result<Option<Vec<types::FieldSchema>>> {
    if sent.is_some() || !skips.unwrap_or_default() {
        return Ok(sent);
    }
    Ok(Some(wire_columns(&call.catalog.get_table(table).await?.storage.columns)))
}

/// Refuses values that the session's pattern for partition names does not allow.
fn check_characters(call: &Call, values: &[String]) -> Result<()> {
    let text = call.meta_conf(PARTITION_NAME_PATTERN)?;
    if text.is_empty() {
        return Ok(());
    }
    let pattern = Regex::new(&format!("^(?:{text})$")).map_err(|error| {
        CatalogError::invalid_input(format!("{text:?} is not a pattern for partition names: {error}"))
    })?;
    match values.iter().find(|value| !pattern.is_match(value)) {
        None => Ok(()),
        Some(value) => Err(CatalogError::invalid_input(format!(
            "Partition value {value:?} contains a character not matched by the whitelist pattern {text:?}. To allow \
             it, change {}",
            PARTITION_NAME_PATTERN
        ))
        .into()),
    }
}

/// For calls that clients of all releases make alike, so that only the pattern itself tells which LIKE is meant.
const EITHER: LikeDialect = LikeDialect::Auto;
