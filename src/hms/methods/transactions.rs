//! Transactions and write ids of ACID tables.

mod writes;

use propolis_thrift::{args, types};

use crate::catalog::transactions::statistics::ChangedRows;
use crate::catalog::transactions::write_ids::Reader;
use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::locks::{fold_keys, wire_rebuild};
use crate::hms::convert::tables::creation_metadata;
use crate::hms::convert::transactions::{abort_reason, kind, wire_info, wire_open, wire_write_ids};
use crate::hms::convert::{text, texts};
use crate::hms::error::Result;
use crate::model::transaction::{
    Abort, Commit, CommitParameter, Component, NewTransactions, Operation, Replicated, TransactionKind,
    TransactionSnapshot, WriteIdRequest, WriteIdSnapshot,
};

pub use writes::{add_write_notification_log, add_write_notification_log_in_batch, get_all_write_event_info};

pub async fn open_txns(call: &Call, args: args::OpenTxns) -> Result<types::OpenTxnsResponse> {
    let request = required(args.rqst, "request")?;
    let new = NewTransactions {
        count: request.num_txns.into(),
        kind: request.txn_type.map_or(Ok(TransactionKind::Default), kind)?,
        user: request.user.to_string(),
        host: request.hostname.to_string(),
        agent: text(request.agent_info),
        policy: text(request.repl_policy),
        source_ids: request.repl_src_txn_ids.unwrap_or_default(),
    };
    Ok(types::OpenTxnsResponse { txn_ids: call.catalog.open_transactions(&call.caller(), new).await? })
}

pub async fn commit_txn(call: &Call, args: args::CommitTxn) -> Result<()> {
    let request = required(args.rqst, "request")?;
    call.about(request.txnid);
    let replicated = match request.repl_last_id_info {
        None => None,
        Some(done) => Some(Replicated {
            database: call.database_in(done.catalog.as_ref(), Some(done.database))?,
            table: text(done.table),
            partitions: texts(done.partition_list),
            last_event: done.last_repl_id,
        }),
    };
    let mut writes = Vec::new();
    for write in request.write_event_infos.unwrap_or_default() {
        let table = call.table(Some(write.database), Some(write.table))?;
        writes.push((table, text(write.partition).unwrap_or_default(), write.write_id));
    }
    let commit = Commit {
        id: request.txnid,
        kind: request.txn_type.map(kind).transpose()?,
        policy: text(request.repl_policy),
        exclusive_write: request.excl_write_enabled.unwrap_or_default(),
        parameter: request.key_value.map(|set| CommitParameter {
            table_id: set.table_id,
            key: set.key.to_string(),
            value: set.value.to_string(),
        }),
        replicated,
        writes,
    };
    Ok(call.catalog.commit_transaction(&call.caller(), commit).await?)
}

pub async fn abort_txn(call: &Call, args: args::AbortTxn) -> Result<()> {
    let request = required(args.rqst, "request")?;
    call.about(request.txnid);
    let abort = Abort {
        id: request.txnid,
        kind: request.txn_type.map(kind).transpose()?,
        policy: text(request.repl_policy),
        reason: abort_reason(request.error_code),
    };
    Ok(call.catalog.abort_transaction(&call.caller(), abort).await?)
}

pub async fn abort_txns(call: &Call, args: args::AbortTxns) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let reason = abort_reason(request.error_code);
    Ok(call.catalog.abort_transactions(&call.caller(), &request.txn_ids, reason).await?)
}

pub async fn get_open_txns(call: &Call, _: args::GetOpenTxns) -> Result<types::GetOpenTxnsResponse> {
    Ok(wire_open(&call.catalog.transactions().await?, &[]))
}

pub async fn get_open_txns_req(call: &Call, args: args::GetOpenTxnsReq) -> Result<types::GetOpenTxnsResponse> {
    let request = required(args.get_open_txns_request, "request")?;
    let without = request.exclude_txn_types.unwrap_or_default().into_iter().map(kind);
    let without = without.collect::<Result<Vec<_>, _>>()?;
    Ok(wire_open(&call.catalog.transactions().await?, &without))
}

pub async fn get_open_txns_info(call: &Call, _: args::GetOpenTxnsInfo) -> Result<types::GetOpenTxnsInfoResponse> {
    let all = call.catalog.transactions().await?;
    Ok(types::GetOpenTxnsInfoResponse {
        txn_high_water_mark: all.high_water_mark,
        open_txns: all.uncommitted.iter().map(wire_info).collect(),
    })
}

pub async fn heartbeat_txn_range(
    call: &Call,
    args: args::HeartbeatTxnRange,
) -> Result<types::HeartbeatTxnRangeResponse> {
    let range = required(args.txns, "range of transactions")?;
    let (aborted, unknown) = call.catalog.heartbeat_transactions(range.min, range.max).await?;
    Ok(types::HeartbeatTxnRangeResponse {
        aborted: aborted.into_iter().collect(),
        nosuch: unknown.into_iter().collect(),
    })
}

pub async fn add_dynamic_partitions(call: &Call, args: args::AddDynamicPartitions) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.dbname), Some(request.tablename))?;
    let operation = match request.operation_type.unwrap_or(types::DataOperationType::UNSET) {
        types::DataOperationType::INSERT => Operation::Insert,
        types::DataOperationType::DELETE => Operation::Delete,
        // The most that it may be.
        types::DataOperationType::UPDATE | types::DataOperationType::UNSET => Operation::Update,
        other => {
            return Err(CatalogError::invalid_input(format!(
                "Dynamic partitions of {table}: {} is no operation that writes, which are 2 INSERT, 3 UPDATE and 4 DELETE",
                other.inner()
            ))
            .into());
        }
    };
    let written = request
        .partitionnames
        .iter()
        .map(|name| Component {
            table: table.clone(),
            partition: fold_keys(name),
            operation,
            write_id: (request.writeid != 0).then_some(request.writeid),
        })
        .collect();
    Ok(call.catalog.add_dynamic_partitions(&call.caller(), request.txnid, &table, written).await?)
}

pub async fn get_latest_txnid_in_conflict(call: &Call, args: args::GetLatestTxnidInConflict) -> Result<i64> {
    let id = required(args.txn_id, "transaction")?;
    Ok(call.catalog.latest_transaction_in_conflict(id).await?)
}

pub async fn seed_txn_id(call: &Call, args: args::SeedTxnId) -> Result<()> {
    let request = required(args.rqst, "request")?;
    Ok(call.catalog.seed_transactions(&call.caller(), request.seed_txn_id).await?)
}

pub async fn get_replayed_txns_for_policy(
    call: &Call,
    args: args::GetReplayedTxnsForPolicy,
) -> Result<types::ReplayedTxnsForPolicyResult> {
    let policy = required(args.policy_name, "policy name")?;
    let known = call.catalog.replayed_transactions(&policy).await?;
    let entries = known.into_iter().map(|(source, target)| (source.to_string().into(), target.to_string().into()));
    Ok(types::ReplayedTxnsForPolicyResult { repl_txn_map_entry: Some(entries.collect()) })
}

pub async fn allocate_table_write_ids(
    call: &Call,
    args: args::AllocateTableWriteIds,
) -> Result<types::AllocateTableWriteIdsResponse> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.db_name), Some(request.table_name))?;
    let wanted = match (request.repl_policy, request.src_txn_to_write_id_list) {
        (Some(policy), Some(list)) => WriteIdRequest::Replayed {
            policy: policy.to_string(),
            ids: list.into_iter().map(|one| (one.txn_id, one.write_id)).collect(),
        },
        (None, None) => WriteIdRequest::Transactions {
            ids: request.txn_ids.unwrap_or_default(),
            anew: request.reallocate.unwrap_or_default(),
        },
        _ => {
            return Err(CatalogError::invalid_input(format!(
                "Write ids in {table}: a replication's policy (replPolicy) and what its source gave out \
                 (srcTxnToWriteIdList) come together or not at all"
            ))
            .into());
        }
    };
    let allocated = call.catalog.allocate_write_ids(&call.caller(), &table, wanted).await?;
    let ids = allocated.into_iter().map(|(txn_id, write_id)| types::TxnToWriteId { txn_id, write_id });
    Ok(types::AllocateTableWriteIdsResponse { txn_to_write_ids: ids.collect() })
}

pub async fn get_max_allocated_table_write_id(
    call: &Call,
    args: args::GetMaxAllocatedTableWriteId,
) -> Result<types::MaxAllocatedTableWriteIdResponse> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.db_name), Some(request.table_name))?;
    Ok(types::MaxAllocatedTableWriteIdResponse { max_write_id: call.catalog.last_write_id(&table).await? })
}

pub async fn seed_write_id(call: &Call, args: args::SeedWriteId) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.db_name), Some(request.table_name))?;
    Ok(call.catalog.seed_write_ids(&call.caller(), &table, request.seed_write_id).await?)
}

pub async fn get_valid_write_ids(call: &Call, args: args::GetValidWriteIds) -> Result<types::GetValidWriteIdsResponse> {
    let request = required(args.rqst, "request")?;
    let named: Vec<_> =
        request.full_table_names.iter().map(|name| (name.to_string(), call.catalog.full_table_name(name))).collect();
    let reader = match (request.valid_txn_list, request.write_id) {
        (Some(list), _) => Reader::Snapshot(TransactionSnapshot::parse(&list)?),
        (None, Some(write_id)) => Reader::WriteId(write_id),
        (None, None) => Reader::Now,
    };
    let tables = call.catalog.valid_write_ids(&named, reader).await?;
    Ok(types::GetValidWriteIdsResponse { tbl_valid_write_ids: tables.iter().map(wire_write_ids).collect() })
}

pub async fn add_write_ids_to_min_history(call: &Call, args: args::AddWriteIdsToMinHistory) -> Result<()> {
    let id = required(args.txn_id, "transaction")?;
    let write_ids = required(args.write_ids, "write ids")?;
    let seen: Vec<_> =
        write_ids.into_iter().map(|(table, write_id)| (call.catalog.full_table_name(&table), write_id)).collect();
    Ok(call.catalog.note_seen_write_ids(&call.caller(), id, &seen).await?)
}

pub async fn repl_tbl_writeid_state(call: &Call, args: args::ReplTblWriteidState) -> Result<()> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.db_name), Some(request.table_name))?;
    let state = WriteIdSnapshot::parse(&request.valid_write_idlist)?;
    let who = (request.user.to_string(), request.host_name.to_string());
    let partitions = request.part_names.map(|names| texts(Some(names)));
    Ok(call.catalog.replicate_write_ids(&call.caller(), &table, &state, who, partitions).await?)
}

pub async fn get_materialization_invalidation_info(
    call: &Call,
    args: args::GetMaterializationInvalidationInfo,
) -> Result<types::Materialization> {
    let metadata = creation_metadata(required(args.creation_metadata, "creation metadata")?);
    let reader = TransactionSnapshot::parse(&required(args.valid_txn_list, "transaction list")?)?;
    let changed = call.catalog.materialization_changed(&metadata, &reader).await?;
    Ok(types::Materialization {
        source_tables_update_delete_modified: changed.rows,
        source_tables_compacted: changed.compacted,
    })
}

pub async fn get_lock_materialization_rebuild(
    call: &Call,
    args: args::GetLockMaterializationRebuild,
) -> Result<types::LockResponse> {
    let view = call.table(args.db_name, args.table_name)?;
    let id = required(args.txn_id, "transaction")?;
    Ok(wire_rebuild(id, call.catalog.lock_rebuild(&call.caller(), &view, id).await?))
}

pub async fn heartbeat_lock_materialization_rebuild(
    call: &Call,
    args: args::HeartbeatLockMaterializationRebuild,
) -> Result<bool> {
    let view = call.table(args.db_name, args.table_name)?;
    Ok(call.catalog.heartbeat_rebuild(&view, required(args.txn_id, "transaction")?).await?)
}

pub async fn update_transaction_statistics(call: &Call, args: args::UpdateTransactionStatistics) -> Result<()> {
    let request = required(args.req, "request")?;
    let rows =
        ChangedRows { inserted: request.insert_count, updated: request.updated_count, deleted: request.deleted_count };
    Ok(call.catalog.count_changed_rows(&call.caller(), request.table_id, rows).await?)
}
