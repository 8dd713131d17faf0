//! Partitions for clients who keep the rules themselves: what they give is stored as it is. No location is found, no
//! folder made, moved or removed, no parameter added, no file counted.
//!
//! The calls take many partitions and do those that can be done: what fails is answered, with its place in the list, and
//! keeps none of the others back. All that is done is done in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::super::transactions::partitions as acid;
use super::super::{Caller, Service, now};
use super::alter::{changed_columns, share_storage};
use super::drop::forget;
use super::selection::stored_value;
use super::{Selection, check_values, events, no_partition, taken};
use crate::error::{CatalogError, Result};
use crate::model::partition::pack_values;
use crate::model::{Partition, PartitionBatch, Table, TableName};
use crate::store::partitions::{self, Part, Which};
use crate::store::{Transaction, privileges, statistics};

/// What was not done of a list: each with its place in it, in order, and the reason.
pub type Refused = Vec<(usize, CatalogError)>;

impl Service {
    /// Part of the list of partitions that an expression of Glue's grammar lets through, in order of their values.
    pub async fn part_of_partitions(
        &self,
        name: &TableName,
        expression: &str,
        part: &Part<'_>,
    ) -> Result<PartitionBatch> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let chosen = Selection::Expression(expression).resolve(&table)?;
        self.store.part_of_partitions(&mut connection, &table, &chosen.which(), part).await
    }

    /// The partitions with these values, in the order of the lists; those that are not there are left out.
    pub async fn registered_partitions(&self, name: &TableName, lists: &[Vec<String>]) -> Result<PartitionBatch> {
        let mut connection = self.store.read().await?;
        let table = self.table_of_partitions(&mut connection, name).await?;
        let wanted = lists.iter().map(|values| given_values(&table, values)).collect::<Result<Vec<_>>>()?;
        let batch = self.store.partitions(&mut connection, &table, &Which::Values(&distinct(&wanted)), None).await?;
        let found: HashMap<_, _> = batch.rows().map(|row| (row.packed_values, row)).collect();
        let mut ordered = batch.filter(|_| false);
        for values in &wanted {
            if let Some(row) = found.get(&pack_values(values)[..]) {
                ordered.push(*row);
            }
        }
        Ok(ordered)
    }

    /// The partition with these values.
    pub async fn registered_partition(&self, name: &TableName, values: &[String]) -> Result<PartitionBatch> {
        let batch = self.registered_partitions(name, &[values.to_vec()]).await?;
        if batch.is_empty() { Err(no_partition(&batch.table, values)) } else { Ok(batch) }
    }

    /// Stores new partitions; the time of creation is the server's. Refused are those that exist.
    pub async fn register_partitions(
        &self,
        _caller: &Caller,
        name: &TableName,
        given: Vec<Partition>,
    ) -> Result<Refused> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let now = now();
        let mut refused = Refused::new();
        let (mut places, mut accepted) = (HashMap::with_capacity(given.len()), Vec::with_capacity(given.len()));
        for (place, partition) in given.into_iter().enumerate() {
            match given_values(&table, &partition.values) {
                Err(error) => refused.push((place, error)),
                Ok(values) if places.contains_key(&pack_values(&values)) => {
                    refused.push((place, taken(&table, &values)));
                }
                Ok(values) => {
                    places.insert(pack_values(&values), place);
                    accepted.push(Partition { values, created_at: now, ..partition });
                }
            }
        }
        let mut batch = self.stored_batch(&mut transaction, &table, &accepted, &HashMap::new()).await?;
        if !batch.is_empty()
            && let Some(inserted) = partitions::insert(&mut transaction, &batch).await?
        {
            for (partition, row) in accepted.iter().zip(batch.rows()) {
                if !inserted.contains(row.packed_values) {
                    refused.push((places[row.packed_values], taken(&table, &partition.values)));
                }
            }
            batch = batch.filter(|row| inserted.contains(row.packed_values));
        }
        if !batch.is_empty() {
            events::record_added(&mut transaction, &batch).await?;
            transaction.commit().await?;
        }
        Ok(in_order(refused))
    }

    /// Replaces partitions, given by their values, by what `change` makes of the stored ones; one that gets other values
    /// keeps its statistics. They are replaced one after the other. Times of creation stay. Refused are those that are
    /// not there, or whose new values another partition has.
    pub async fn replace_partitions<T>(
        &self,
        _caller: &Caller,
        name: &TableName,
        given: Vec<(Vec<String>, T)>,
        mut change: impl FnMut(T, &Partition) -> Partition,
    ) -> Result<Refused> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let mut refused = Refused::new();
        let mut lists = Vec::with_capacity(given.len());
        for (place, (values, with)) in given.into_iter().enumerate() {
            match given_values(&table, &values) {
                Ok(values) => lists.push((place, values, with)),
                Err(error) => refused.push((place, error)),
            }
        }
        let wanted = distinct(lists.iter().map(|(_, values, _)| values));
        let before = self.store.partitions_for_update(&mut transaction, &table, &Which::Values(&wanted)).await?;
        // As they are after the changes before.
        let mut current: HashMap<_, _> =
            before.partitions()?.into_iter().map(|partition| (partition.values.clone(), partition)).collect();
        // Changes that leave the values are written together.
        let mut in_place: BTreeMap<Vec<String>, Partition> = BTreeMap::new();
        for (place, values, with) in lists {
            let Some(old) = current.get(&values) else {
                refused.push((place, no_partition(&table, &values)));
                continue;
            };
            let mut after = change(with, old);
            (after.created_at, after.write_id) = (old.created_at, old.write_id);
            after.values = match given_values(&table, &after.values) {
                Ok(values) => values,
                Err(error) => {
                    refused.push((place, error));
                    continue;
                }
            };
            let moves = after.values != values;
            if moves || in_place.contains_key(&values) {
                self.write_in_place(&mut transaction, &table, std::mem::take(&mut in_place)).await?;
            }
            if !moves {
                current.insert(values.clone(), after.clone());
                in_place.insert(values, after);
                continue;
            }
            let target = [after.values.clone()];
            let is_taken = current.contains_key(&after.values)
                || partitions::count(&mut transaction, &table, &Which::Values(&target)).await? > 0;
            if is_taken {
                refused.push((place, taken(&table, &after.values)));
                continue;
            }
            current.remove(&values);
            current.insert(after.values.clone(), after.clone());
            self.write_moved(&mut transaction, &table, values, after).await?;
        }
        self.write_in_place(&mut transaction, &table, in_place).await?;
        transaction.commit().await?;
        Ok(in_order(refused))
    }

    /// Partitions that are there, by their values, get all else.
    async fn write_in_place(
        &self,
        transaction: &mut Transaction,
        table: &Arc<Table>,
        changed: BTreeMap<Vec<String>, Partition>,
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        let (values, after): (Vec<_>, Vec<_>) = changed.into_iter().unzip();
        let before = self.store.partitions_for_update(transaction, table, &Which::Values(&values)).await?;
        let old = before.partitions()?;
        let after = share_storage(after, &old);
        for (columns, values) in changed_columns(&old, &after) {
            statistics::delete_from_partitions(transaction, table.id, None, &values, Some(&columns)).await?;
        }
        let after = self.stored_batch(transaction, table, &after, &before.storage).await?;
        partitions::update(transaction, &after).await?;
        events::record_altered(transaction, &before, &after).await
    }

    /// A partition that is there gets other values, which are free, and all else.
    async fn write_moved(
        &self,
        transaction: &mut Transaction,
        table: &Arc<Table>,
        old_values: Vec<String>,
        after: Partition,
    ) -> Result<()> {
        let new_values = after.values.clone();
        let which = [old_values];
        let before = self.store.partitions_for_update(transaction, table, &Which::Values(&which)).await?;
        let old = before.partitions()?;
        let after = share_storage(vec![after], &old);
        let gone = changed_columns(&old, &after).into_keys().next();
        let after = self.stored_batch(transaction, table, &after, &before.storage).await?;
        let [old_values] = &which;
        partitions::rename(transaction, old_values, &after).await?;
        if let Some(columns) = gone {
            statistics::delete_from_partitions(transaction, table.id, None, &which, Some(&columns)).await?;
        }
        statistics::rename_partition(transaction, table.id, old_values, &new_values).await?;
        privileges::rename_partition(transaction, table.id, old_values, &new_values).await?;
        acid::rename(transaction, table, old_values, &new_values).await?;
        events::record_altered(transaction, &before, &after).await
    }

    /// Forgets partitions, given by their values. Refused are those that are not there.
    pub async fn unregister_partitions(
        &self,
        _caller: &Caller,
        name: &TableName,
        given: &[Vec<String>],
    ) -> Result<Refused> {
        let mut transaction = self.store.begin().await?;
        let table = self.table_for_partitions(&mut transaction, name).await?;
        let mut refused = Refused::new();
        let mut lists = Vec::with_capacity(given.len());
        for (place, values) in given.iter().enumerate() {
            match given_values(&table, values) {
                Ok(values) => lists.push((place, values)),
                Err(error) => refused.push((place, error)),
            }
        }
        let wanted = distinct(lists.iter().map(|(_, values)| values));
        let gone = self.store.delete_partitions(&mut transaction, &table, &Which::Values(&wanted)).await?;
        let mut found: HashSet<&[u8]> = gone.rows().map(|row| row.packed_values).collect();
        for (place, values) in &lists {
            if !found.remove(&pack_values(values)[..]) {
                refused.push((*place, no_partition(&table, values)));
            }
        }
        if !gone.is_empty() {
            forget(&mut transaction, &gone).await?;
            transaction.commit().await?;
        }
        Ok(in_order(refused))
    }
}

/// The values as they are stored. A table without partition keys may have partitions all the same, of any number of
/// values: there are clients who never declare the keys.
pub(in crate::catalog) fn given_values(table: &Table, values: &[String]) -> Result<Vec<String>> {
    if table.is_partitioned() {
        return check_values(table, values);
    }
    if values.is_empty() {
        return Err(CatalogError::invalid_input(format!(
            "A partition of table {} needs at least one value",
            table.name
        )));
    }
    Ok(values.iter().map(|value| stored_value(value)).collect())
}

fn distinct<'a>(lists: impl IntoIterator<Item = &'a Vec<String>>) -> Vec<Vec<String>> {
    let mut lists: Vec<Vec<String>> = lists.into_iter().cloned().collect();
    lists.sort_unstable();
    lists.dedup();
    lists
}

fn in_order(mut refused: Refused) -> Refused {
    refused.sort_by_key(|(place, _)| *place);
    refused
}
