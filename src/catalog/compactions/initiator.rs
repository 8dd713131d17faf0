//! Finding what needs a compaction: tables and partitions with many deltas, or with large ones beside their base.

use super::super::Service;
use super::layout::Place;
use crate::error::{CatalogError, Result};
use crate::model::acid::{AcidDirectory, AcidDirectoryKind, View};
use crate::model::compaction::{CompactionKind, CompactionState, Enqueued, NewCompaction};
use crate::model::parameters::is_true;
use crate::model::{Parameters, TableName};
use crate::store::housekeeping::{self, Job};
use crate::store::transactions::components;
use crate::store::{Connection, compactions, transactions};
use crate::warehouse::{Location, WarehouseErrorKind};

/// Tables and partitions that one round looks at; the rest waits for the next.
const BATCH: i64 = 1000;

/// Tables' own thresholds have the names of the settings behind this.
const OWN_THRESHOLD: &str = "compactorthreshold.";

const NEVER: [&str; 2] = ["no_auto_compaction", "NO_AUTO_COMPACTION"];

/// The parameter that names the pool whose workers do it.
const POOL: &str = "hive.compactor.worker.pool";

/// Marks what replication has not filled yet.
const REPLICATION_PENDING: &str = "hive.repl.first.inc.pending";

impl Service {
    /// One round, unless another server is at it or was lately. Says how many compactions were enqueued.
    pub async fn initiate(&self) -> Result<usize> {
        let mut turn = self.store.begin().await?;
        if !housekeeping::alone(&mut turn, Job::Initiating).await? {
            return Ok(0);
        }
        let every = self.rules.hive.compactor.check_interval;
        let begun = housekeeping::begin(&mut *self.store.read().await?, Job::Initiating, every).await?;
        let Some(since) = begun else {
            return Ok(0);
        };
        // What is being committed just now comes next time, if not twice.
        let enqueued = self.initiate_since(since.map(|seconds| seconds.saturating_add(60))).await?;
        turn.commit().await?;
        Ok(enqueued)
    }

    /// Looks at what was written to in the last seconds (None: ever).
    async fn initiate_since(&self, seconds: Option<i64>) -> Result<usize> {
        let rules = &self.rules.hive.compactor;
        let (littered, written) = {
            let mut connection = self.store.read().await?;
            let littered = match rules.cleans_aborts {
                false => components::littered(&mut connection, rules.aborted_count, rules.aborted_age, BATCH).await?,
                true => Vec::new(),
            };
            (littered, components::written(&mut connection, seconds, BATCH).await?)
        };
        let mut places: Vec<(TableName, String, Option<CompactionKind>)> = littered
            .into_iter()
            .map(|place| {
                let kind = if place.many { CompactionKind::Major } else { CompactionKind::Minor };
                (place.table, place.partition, Some(kind))
            })
            .collect();
        for (table, partition) in written {
            if !places.iter().any(|(known, of, _)| *known == table && *of == partition) {
                places.push((table, partition, None));
            }
        }
        let mut enqueued = 0;
        for (table, partition, kind) in places {
            let partition = Some(partition).filter(|name| !name.is_empty());
            let outcome = self.initiate_for(&table, partition.as_deref(), kind).await;
            match outcome {
                Ok(true) => enqueued += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(%table, partition, %error, "whether a compaction is needed could not be found out");
                    self.not_initiated(table, partition, &error.to_string()).await?;
                }
            }
        }
        metrics::counter!("propolis_compactions_initiated_total").increment(enqueued as u64);
        Ok(enqueued)
    }

    async fn not_initiated(&self, table: TableName, partition: Option<String>, problem: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        let new = NewCompaction::new(table, partition, CompactionKind::Major);
        let ids = transactions::tables::ids(&mut transaction, &[&new.table]).await?;
        let state = CompactionState::DidNotInitiate;
        compactions::insert_ended(&mut transaction, super::only(ids)?, &new, state, Some(problem)).await?;
        transaction.commit().await
    }

    async fn initiate_for(
        &self,
        table: &TableName,
        partition: Option<&str>,
        wanted: Option<CompactionKind>,
    ) -> Result<bool> {
        let rules = &self.rules.hive.compactor;
        let mut connection = self.store.read().await?;
        let Some(place) = self.acid_place(&mut connection, table, partition).await? else {
            return Ok(false);
        };
        let database = self.store.get_database(&mut connection, &table.database_name()).await?;
        let database = database.map(|database| database.parameters.clone()).unwrap_or_default();
        if !is_eligible(&place, &database, rules.compacts_insert_only) {
            return Ok(false);
        }
        if compactions::keeps_failing(&mut connection, table, partition, rules.failures, rules.failures_kept).await? {
            return Err(CatalogError::invalid_operation(format!(
                "Compaction is not initiated since last {} consecutive compaction attempts failed",
                rules.failures
            )));
        }
        let kind = match wanted {
            Some(kind) => Some(kind),
            None => self.needed(&mut connection, table, &place).await?,
        };
        drop(connection);
        let Some(kind) = kind else {
            return Ok(false);
        };
        let pool = place.table.parameters.get(POOL).or_else(|| database.get(POOL)).cloned();
        let new = NewCompaction {
            run_as: rules.run_as.clone().or_else(|| place.table.owner_name.clone()),
            pool,
            initiator_id: Some(format!("propolis-{}", std::process::id())),
            initiator_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            ..NewCompaction::new(table.clone(), partition.map(str::to_owned), kind)
        };
        let mut transaction = self.store.begin().await?;
        let enqueued = self.enqueue(&mut transaction, &new).await?;
        transaction.commit().await?;
        Ok(matches!(enqueued, Enqueued::New(_)))
    }

    /// By what a compaction would see now.
    async fn needed(
        &self,
        connection: &mut Connection,
        table: &TableName,
        place: &Place,
    ) -> Result<Option<CompactionKind>> {
        let common = transactions::common(connection).await?;
        let all = self.table_write_ids(connection, table, &common.transactions, None).await?;
        let below = all.min_open().map(|open| open - 1);
        let write_ids = self.table_write_ids(connection, table, &common.transactions, below).await?;
        let listing = self.listing(&place.location).await?;
        let view = View::new(&common.transactions, &write_ids);
        let chosen = view.choose(&listing.directories);

        let mut delta_size = 0;
        for delta in &chosen.deltas {
            delta_size += self.size(&place.location.join(&delta.name)?).await?;
        }
        let base_size = match chosen.base {
            Some(base) => self.size(&place.location.join(&base.name)?).await?,
            None => {
                let mut size = 0;
                for name in &listing.originals {
                    size += self.size(&place.location.join(name)?).await?;
                }
                size
            }
        };
        let is_base = |one: &&AcidDirectory| matches!(one.kind, AcidDirectoryKind::Base { .. });
        let found = Found {
            deltas: chosen.deltas.len() as i64,
            delta_size,
            base_size,
            several_bases: chosen.obsolete.iter().any(is_base),
        };
        let rules = &self.rules.hive.compactor;
        let share = own_threshold(&place.table.parameters, "hive.compactor.delta.pct.threshold", rules.delta_share)?;
        let count = own_threshold(&place.table.parameters, "hive.compactor.delta.num.threshold", rules.delta_count)?;
        Ok(found.needs(share, count))
    }

    /// In bytes; of what is gone already, 0.
    async fn size(&self, location: &Location) -> Result<u64> {
        match self.warehouse.file_stats(location).await {
            Ok(stats) => Ok(stats.map_or(0, |stats| stats.total_size)),
            Err(error) if error.kind == WarehouseErrorKind::NotFound => Ok(0),
            Err(error) => Err(error.into()),
        }
    }
}

/// What a compaction would have to work with. Sizes are bytes.
#[derive(Debug, Clone, Copy)]
struct Found {
    deltas: i64,
    delta_size: u64,
    base_size: u64,
    several_bases: bool,
}

impl Found {
    /// As Hive's Initiator decides.
    fn needs(self, share: f64, count: i64) -> Option<CompactionKind> {
        let no_base = self.base_size == 0 && self.delta_size > 0;
        let large = self.delta_size as f64 > self.base_size as f64 * share;
        if !no_base && (large || self.delta_size == 0 && self.several_bases) {
            return Some(CompactionKind::Major);
        }
        let kind = if no_base { CompactionKind::Major } else { CompactionKind::Minor };
        (self.deltas > count).then_some(kind)
    }
}

fn own_threshold<T: std::str::FromStr>(table: &Parameters, name: &str, usual: T) -> Result<T> {
    match table.get(&format!("{OWN_THRESHOLD}{name}")) {
        None => Ok(usual),
        Some(text) => text.trim().parse().map_err(|_| {
            CatalogError::invalid_input(format!("The table's parameter {OWN_THRESHOLD}{name} is no number: {text:?}"))
        }),
    }
}

fn is_eligible(place: &Place, database: &Parameters, insert_only_too: bool) -> bool {
    let table = &place.table.parameters;
    let never = |parameters| NEVER.iter().any(|name| is_true(parameters, name));
    let insert_only =
        table.get("transactional_properties").is_some_and(|kind| kind.eq_ignore_ascii_case("insert_only"));
    is_true(table, "transactional")
        && !place.above_partitions
        && (insert_only_too || !insert_only)
        && ![table, database]
            .into_iter()
            .any(|parameters| never(parameters) || is_true(parameters, REPLICATION_PENDING))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_hives() {
        let needs = |deltas, delta_size, base_size, several_bases| {
            Found { deltas, delta_size, base_size, several_bases }.needs(0.1, 10)
        };
        use CompactionKind::{Major, Minor};
        for (found, kind) in [
            (needs(0, 0, 0, false), None),
            (needs(10, 50, 0, false), None),
            (needs(11, 50, 0, false), Some(Major)),
            (needs(1, 11, 100, false), Some(Major)),
            (needs(10, 10, 100, false), None),
            (needs(11, 10, 100, false), Some(Minor)),
            (needs(0, 0, 100, true), Some(Major)),
            (needs(0, 0, 100, false), None),
            // All deltas and the base are empty.
            (needs(11, 0, 0, false), Some(Minor)),
        ] {
            assert_eq!(found, kind);
        }
    }
}
