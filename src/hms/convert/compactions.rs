//! Compactions.

use propolis_thrift::{AHashMap, FastStr, types};

use super::{text, wire, wire_option};
use crate::catalog::compactions::Told;
use crate::error::{CatalogError, Result};
use crate::hms::call::Call;
use crate::hms::convert::locks::fold_keys;
use crate::hms::error;
use crate::model::compaction::{Compaction, CompactionKind, MetricKind, NewCompaction, pack_properties};

pub fn kind(sent: types::CompactionType) -> Result<CompactionKind> {
    match sent {
        types::CompactionType::MINOR => Ok(CompactionKind::Minor),
        types::CompactionType::MAJOR => Ok(CompactionKind::Major),
        types::CompactionType::REBALANCE => Ok(CompactionKind::Rebalance),
        types::CompactionType::ABORT_TXN_CLEANUP => Ok(CompactionKind::AbortCleanup),
        types::CompactionType::SMART_OPTIMIZE => Ok(CompactionKind::SmartOptimize),
        other => Err(CatalogError::invalid_input(format!(
            "{} is not a type of compaction: 1 MINOR, 2 MAJOR, 3 REBALANCE, 4 ABORT_TXN_CLEANUP or 5 SMART_OPTIMIZE",
            other.inner()
        ))),
    }
}

pub fn wire_kind(kind: CompactionKind) -> types::CompactionType {
    match kind {
        CompactionKind::Minor => types::CompactionType::MINOR,
        CompactionKind::Major => types::CompactionType::MAJOR,
        CompactionKind::Rebalance => types::CompactionType::REBALANCE,
        CompactionKind::AbortCleanup => types::CompactionType::ABORT_TXN_CLEANUP,
        CompactionKind::SmartOptimize => types::CompactionType::SMART_OPTIMIZE,
    }
}

pub fn metric_kind(sent: types::CompactionMetricsMetricType) -> Result<MetricKind> {
    match sent {
        types::CompactionMetricsMetricType::NUM_OBSOLETE_DELTAS => Ok(MetricKind::ObsoleteDeltas),
        types::CompactionMetricsMetricType::NUM_DELTAS => Ok(MetricKind::Deltas),
        types::CompactionMetricsMetricType::NUM_SMALL_DELTAS => Ok(MetricKind::SmallDeltas),
        other => Err(CatalogError::invalid_input(format!(
            "{} is not a metric of compaction: 0 NUM_OBSOLETE_DELTAS, 1 NUM_DELTAS or 2 NUM_SMALL_DELTAS",
            other.inner()
        ))),
    }
}

pub fn partition(sent: Option<FastStr>) -> Option<String> {
    text(sent).filter(|name| !name.is_empty()).map(|name| fold_keys(&name))
}

pub fn new_compaction(call: &Call, sent: types::CompactionRequest) -> error::Result<NewCompaction> {
    Ok(NewCompaction {
        table: call.table(Some(sent.dbname), Some(sent.tablename))?,
        partition: partition(sent.partitionname),
        kind: kind(sent.r#type)?,
        properties: sent.properties.as_ref().map(packed),
        run_as: text(sent.runas),
        pool: text(sent.pool_name).filter(|pool| !pool.trim().is_empty()),
        buckets: sent.number_of_buckets.filter(|count| *count > 0),
        order_by: text(sent.order_by_clause),
        initiator_id: text(sent.initiator_id),
        initiator_version: text(sent.initiator_version),
    })
}

pub fn told(call: &Call, sent: types::CompactionInfoStruct) -> error::Result<Told> {
    Ok(Told {
        id: sent.id,
        table: call.table(Some(sent.dbname), Some(sent.tablename))?,
        partition: partition(sent.partitionname),
        kind: kind(sent.r#type)?,
        run_as: text(sent.runas),
        highest_write_id: sent.highest_write_id.filter(|id| *id > 0),
        error: text(sent.error_message),
    })
}

/// As workers get it.
pub fn wire_compaction(compaction: Compaction) -> types::CompactionInfoStruct {
    types::CompactionInfoStruct {
        id: compaction.id,
        dbname: wire(&compaction.table.database),
        tablename: wire(&compaction.table.table),
        partitionname: wire_option(compaction.partition.as_ref()),
        r#type: wire_kind(compaction.kind),
        runas: wire_option(compaction.run_as.as_ref()),
        properties: wire_option(compaction.properties.as_ref()),
        toomanyaborts: Some(false),
        state: Some(wire(compaction.state.letter())),
        worker_id: wire_option(compaction.worker_id.as_ref()),
        start: compaction.started_at,
        highest_write_id: Some(compaction.highest_write_id.unwrap_or_default()),
        error_message: wire_option(compaction.error.as_ref()),
        hasoldabort: Some(false),
        enqueue_time: Some(compaction.enqueued_at),
        retry_retention: Some(0),
        poolname: wire_option(compaction.pool.as_ref()),
        number_of_buckets: Some(compaction.buckets.unwrap_or_default()),
        order_by_clause: wire_option(compaction.order_by.as_ref()),
    }
}

/// As one shows it.
pub fn wire_element(compaction: &Compaction) -> types::ShowCompactResponseElement {
    types::ShowCompactResponseElement {
        dbname: wire(&compaction.table.database),
        tablename: wire(&compaction.table.table),
        partitionname: wire_option(compaction.partition.as_ref()),
        r#type: wire_kind(compaction.kind),
        state: wire(compaction.state.as_str()),
        workerid: wire_option(compaction.worker_id.as_ref()),
        start: compaction.started_at,
        run_as: wire_option(compaction.run_as.as_ref()),
        hightest_txn_id: None,
        meta_info: None,
        end_time: compaction.ended_at,
        hadoop_job_id: wire_option(compaction.hadoop_job_id.as_ref()),
        id: Some(compaction.id),
        error_message: wire_option(compaction.error.as_ref()),
        enqueue_time: Some(compaction.enqueued_at),
        worker_version: wire_option(compaction.worker_version.as_ref()),
        initiator_id: wire_option(compaction.initiator_id.as_ref()),
        initiator_version: wire_option(compaction.initiator_version.as_ref()),
        cleaner_start: None,
        pool_name: wire_option(compaction.pool.as_ref()),
        next_txn_id: compaction.next_transaction_id,
        txn_id: compaction.transaction_id,
        commit_time: compaction.committed_at,
        hightest_write_id: compaction.highest_write_id,
    }
}

/// In the order of the keys.
fn packed(map: &AHashMap<FastStr, FastStr>) -> String {
    let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    entries.sort_unstable();
    pack_properties(entries)
}
