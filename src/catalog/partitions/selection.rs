//! Which partitions a caller means.

use crate::error::{CatalogError, Result};
use crate::filter::{Formula, LikeDialect, PartitionKey, Predicate};
use crate::model::Table;
use crate::model::partition::PartitionNamer;
use crate::model::partition_name::{DEFAULT_PARTITION, parse_partition_name};
use crate::store::partitions::Which;

/// Which partitions of a table.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    All,
    /// Those with these names; names of no partition are passed over.
    Names(&'a [String]),
    /// Those with these values; lists of another length than the keys are passed over.
    Values(&'a [Vec<String>]),
    /// Those whose values begin with these; the empty string stands for any value.
    Prefix(&'a [String]),
    /// Those that a filter lets through; an empty one lets all through.
    Filter(&'a str, LikeDialect),
    /// The same in Glue's grammar.
    Expression(&'a str),
    /// Those for which a formula holds.
    Formula(&'a Formula),
}

/// A selection, read with the keys of one table in hand.
#[derive(Debug)]
pub(super) enum Chosen {
    All,
    Values(Vec<Vec<String>>),
    Prefix(Vec<String>),
    Matching(Box<Predicate>),
}

impl Selection<'_> {
    pub(super) fn resolve(&self, table: &Table) -> Result<Chosen> {
        Ok(match self {
            Self::All => Chosen::All,
            Self::Names(names) => {
                let namer = PartitionNamer::new(&table.partition_key_names());
                Chosen::Values(distinct(names.iter().filter_map(|name| values_of_name(&namer, name))))
            }
            Self::Values(lists) => {
                let fitting = lists.iter().filter(|values| values.len() == table.partition_keys.len());
                Chosen::Values(distinct(fitting.map(|values| values.iter().map(|v| stored_value(v)).collect())))
            }
            Self::Prefix(values) => {
                check_prefix(table, values)?;
                Chosen::Prefix(values.to_vec())
            }
            Self::Filter(text, like) => Chosen::matching(Predicate::parse(text, &keys(table), *like)?),
            Self::Formula(formula) => Chosen::matching(Predicate::of(formula, &keys(table))?),
            Self::Expression(text) => Chosen::matching(Predicate::parse_expression(text, &keys(table))?),
        })
    }
}

pub(super) fn keys(table: &Table) -> Vec<PartitionKey<'_>> {
    table.partition_keys.iter().map(|key| PartitionKey { name: &key.name, type_name: &key.type_name }).collect()
}

impl Chosen {
    fn matching(predicate: Predicate) -> Self {
        if predicate.is_all() { Self::All } else { Self::Matching(Box::new(predicate)) }
    }

    pub fn which(&self) -> Which<'_> {
        match self {
            Self::All => Which::All,
            Self::Values(values) => Which::Values(values),
            Self::Prefix(values) => Which::Prefix(values),
            Self::Matching(predicate) => Which::Matching(predicate),
        }
    }

    /// How many partitions were named one by one; None where they are described.
    pub fn named(&self) -> Option<usize> {
        match self {
            Self::Values(values) => Some(values.len()),
            _ => None,
        }
    }
}

/// A value as it is stored: a null value has a name of its own, and the empty value is no other.
pub(super) fn stored_value(value: &str) -> String {
    if value.is_empty() { DEFAULT_PARTITION } else { value }.to_owned()
}

/// The values in a partition's name; None where it is not exactly the name that this table gives to a partition.
pub(super) fn values_of_name(namer: &PartitionNamer, name: &str) -> Option<Vec<String>> {
    let values: Vec<String> = parse_partition_name(name).ok()?.into_iter().map(|(_, value)| value).collect();
    (namer.name(values.iter().map(String::as_str)) == name).then_some(values)
}

/// Each once, and in order, which is the order of the index.
fn distinct(lists: impl Iterator<Item = Vec<String>>) -> Vec<Vec<String>> {
    let mut lists: Vec<_> = lists.collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

fn check_prefix(table: &Table, values: &[String]) -> Result<()> {
    let keys = table.partition_keys.len();
    if values.is_empty() {
        return Err(CatalogError::invalid_input(format!(
            "No partition values given for table {}: give at least one, where empty means any",
            table.name
        )));
    }
    if values.len() > keys {
        return Err(CatalogError::invalid_input(format!(
            "{} partition values given for table {}, which has {keys} partition keys",
            values.len(),
            table.name
        )));
    }
    Ok(())
}
