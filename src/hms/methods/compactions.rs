//! The compaction queue.

mod order;

use propolis_thrift::{FastStr, args, types};

use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::compactions::{
    kind, metric_kind, new_compaction, partition, told, wire_compaction, wire_element, wire_kind,
};
use crate::hms::convert::{text, texts, wire};
use crate::hms::error::Result;
use crate::model::compaction::{CompactionFilter, CompactionMetric, CompactionState, CompactionWorker, Enqueued};
use crate::model::name::fold;

pub async fn compact(call: &Call, args: args::Compact) -> Result<()> {
    let new = new_compaction(call, required(args.rqst, "request")?)?;
    call.catalog.compact(&call.caller(), &new).await?;
    Ok(())
}

pub async fn compact2(call: &Call, args: args::Compact2) -> Result<types::CompactionResponse> {
    let new = new_compaction(call, required(args.rqst, "request")?)?;
    Ok(match call.catalog.compact(&call.caller(), &new).await? {
        Enqueued::New(id) => types::CompactionResponse {
            id,
            state: CompactionState::Initiated.as_str().into(),
            accepted: true,
            errormessage: None,
        },
        Enqueued::Refused { id, state } => types::CompactionResponse {
            id: -1,
            state: CompactionState::Refused.as_str().into(),
            accepted: false,
            errormessage: Some(
                format!("Compaction is already scheduled with state='{}' and id={id}", state.as_str()).into(),
            ),
        },
    })
}

pub async fn submit_for_cleanup(call: &Call, args: args::SubmitForCleanup) -> Result<bool> {
    let new = new_compaction(call, required(args.o1, "request")?)?;
    let (write_id, transaction) = (required(args.o2, "highest write id")?, required(args.o3, "transaction")?);
    call.catalog.submit_for_cleanup(&call.caller(), &new, write_id, transaction).await?;
    Ok(true)
}

/// The newest first, unless the client orders them otherwise.
pub async fn show_compact(call: &Call, args: args::ShowCompact) -> Result<types::ShowCompactResponse> {
    let request = required(args.rqst, "request")?;
    let given = |name: Option<FastStr>| name.filter(|name| !name.is_empty());
    let database = given(request.db_name).map(|name| call.database(Some(name))).transpose()?;
    let filter = CompactionFilter {
        id: request.id.filter(|id| *id > 0),
        pool: text(given(request.pool_name)),
        catalog: database.as_ref().map(|name| name.catalog.clone()),
        database: database.map(|name| name.database),
        table: given(request.tb_name).map(|name| fold(&name)),
        partition: partition(request.part_name),
        kind: request.r#type.map(kind).transpose()?,
        state: given(request.state).map(|name| state(&name)).transpose()?,
    };
    let order = order::parse(request.order.as_deref().unwrap_or_default())?;
    let mut compactions = call.catalog.compactions(&filter).await?;
    order::sort(&mut compactions, &order);
    if let Some(limit) = request.limit.filter(|limit| *limit > 0) {
        compactions.truncate(limit as usize);
    }
    Ok(types::ShowCompactResponse { compacts: compactions.iter().map(wire_element).collect() })
}

fn state(name: &str) -> Result<CompactionState> {
    let parsed = CompactionState::parse(name).or_else(|| CompactionState::parse(&name.to_lowercase()));
    Ok(parsed.ok_or_else(|| {
        let known: Vec<&str> = CompactionState::ALL.iter().map(|state| state.as_str()).collect();
        CatalogError::invalid_input(format!("{name:?} is no state of a compaction: {}", known.join(", ")))
    })?)
}

pub async fn abort_compactions(call: &Call, args: args::AbortCompactions) -> Result<types::AbortCompactResponse> {
    let request = required(args.rqst, "request")?;
    let outcomes = call.catalog.abort_compactions(&call.caller(), &request.compaction_ids).await?;
    let elements = outcomes.into_iter().map(|(id, outcome)| {
        let (status, message) = match outcome {
            Ok(()) => ("Success", "Successfully aborted compaction".to_owned()),
            Err(problem) => ("Error", problem),
        };
        let element = types::AbortCompactionResponseElement {
            compaction_id: id,
            status: Some(status.into()),
            message: Some(message.into()),
        };
        (id, element)
    });
    Ok(types::AbortCompactResponse { abortedcompacts: elements.collect() })
}

pub async fn get_latest_committed_compaction_info(
    call: &Call,
    args: args::GetLatestCommittedCompactionInfo,
) -> Result<types::GetLatestCommittedCompactionInfoResponse> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.dbname), Some(request.tablename))?;
    let partitions = texts(request.partitionnames);
    let found = call.catalog.latest_committed_compactions(&table, &partitions, request.last_compaction_id).await?;
    let compactions = found.into_iter().map(|(id, partition, kind)| types::CompactionInfoStruct {
        id,
        dbname: wire(&table.database),
        tablename: wire(&table.table),
        partitionname: partition.map(Into::into),
        r#type: wire_kind(kind),
        ..Default::default()
    });
    Ok(types::GetLatestCommittedCompactionInfoResponse { compactions: compactions.collect() })
}

pub async fn find_next_compact(
    call: &Call,
    args: args::FindNextCompact,
) -> Result<types::OptionalCompactionInfoStruct> {
    next(call, CompactionWorker { id: text(args.worker_id), ..Default::default() }).await
}

pub async fn find_next_compact2(
    call: &Call,
    args: args::FindNextCompact2,
) -> Result<types::OptionalCompactionInfoStruct> {
    let request = required(args.rqst, "request")?;
    let worker = CompactionWorker {
        id: text(request.worker_id),
        version: text(request.worker_version),
        pool: text(request.pool_name).filter(|pool| !pool.trim().is_empty()),
    };
    next(call, worker).await
}

async fn next(call: &Call, worker: CompactionWorker) -> Result<types::OptionalCompactionInfoStruct> {
    let taken = call.catalog.next_compaction(&call.caller(), &worker).await?;
    Ok(types::OptionalCompactionInfoStruct { ci: taken.map(wire_compaction) })
}

pub async fn mark_compacted(call: &Call, args: args::MarkCompacted) -> Result<()> {
    let id = required(args.cr, "compaction")?.id;
    Ok(call.catalog.compaction_compacted(&call.caller(), id).await?)
}

pub async fn mark_cleaned(call: &Call, args: args::MarkCleaned) -> Result<()> {
    let done = told(call, required(args.cr, "compaction")?)?;
    Ok(call.catalog.compaction_cleaned(&call.caller(), &done).await?)
}

pub async fn mark_failed(call: &Call, args: args::MarkFailed) -> Result<()> {
    let failed = told(call, required(args.cr, "compaction")?)?;
    Ok(call.catalog.compaction_failed(&call.caller(), &failed).await?)
}

pub async fn mark_refused(call: &Call, args: args::MarkRefused) -> Result<()> {
    let refused = told(call, required(args.cr, "compaction")?)?;
    Ok(call.catalog.compaction_refused(&call.caller(), &refused).await?)
}

pub async fn update_compactor_state(call: &Call, args: args::UpdateCompactorState) -> Result<()> {
    let working = told(call, required(args.cr, "compaction")?)?;
    let transaction = required(args.txn_id, "transaction")?;
    Ok(call.catalog.compaction_works(&call.caller(), &working, transaction).await?)
}

pub async fn set_hadoop_jobid(call: &Call, args: args::SetHadoopJobid) -> Result<()> {
    let id = required(args.cq_id, "compaction")?;
    Ok(call.catalog.set_compaction_job(&call.caller(), id, args.job_id.as_deref()).await?)
}

pub async fn find_columns_with_stats(call: &Call, args: args::FindColumnsWithStats) -> Result<Vec<FastStr>> {
    let of = told(call, required(args.cr, "compaction")?)?;
    let columns = call.catalog.columns_with_statistics(&of.table, of.partition.as_deref()).await?;
    Ok(columns.into_iter().map(Into::into).collect())
}

pub async fn update_compaction_metrics_data(call: &Call, args: args::UpdateCompactionMetricsData) -> Result<bool> {
    let sent = required(args.data, "data")?;
    let metric = CompactionMetric {
        table: call.table(Some(sent.dbname), Some(sent.tblname))?,
        partition: partition(sent.partitionname),
        kind: metric_kind(sent.r#type)?,
        value: sent.metricvalue,
        version: sent.version,
        threshold: sent.threshold,
    };
    call.catalog.put_compaction_metric(&call.caller(), &metric).await?;
    Ok(true)
}

pub async fn remove_compaction_metrics_data(call: &Call, args: args::RemoveCompactionMetricsData) -> Result<()> {
    let request = required(args.request, "request")?;
    let table = call.table(Some(request.db_name), Some(request.tbl_name))?;
    let (partition, kind) = (partition(request.partition_name), metric_kind(request.r#type)?);
    Ok(call.catalog.remove_compaction_metric(&call.caller(), &table, partition.as_deref(), kind).await?)
}
