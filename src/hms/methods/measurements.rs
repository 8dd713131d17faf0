//! Metrics of replication and runtime statistics.

use propolis_thrift::{args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::{seconds, text, wire, wire_option};
use crate::hms::error::Result;
use crate::model::measurement::{ReplicationMetrics, RuntimeStatistics, WhichMetrics};

pub async fn add_replication_metrics(call: &Call, args: args::AddReplicationMetrics) -> Result<()> {
    let sent = required(args.replication_metric_list, "list of metrics")?.replication_metric_list;
    // Empty texts are none: they change nothing.
    let given = |sent| text(sent).filter(|text| !text.is_empty());
    let all = sent
        .into_iter()
        .map(|sent| ReplicationMetrics {
            scheduled_execution_id: sent.scheduled_execution_id,
            policy: sent.policy.to_string(),
            dump_execution_id: sent.dump_execution_id,
            metadata: given(sent.metadata),
            progress: given(sent.progress),
            message_format: text(sent.message_format),
        })
        .collect();
    Ok(call.catalog.add_replication_metrics(&call.caller(), all).await?)
}

/// By policy, or else by scheduled execution, or else by dump.
pub async fn get_replication_metrics(
    call: &Call,
    args: args::GetReplicationMetrics,
) -> Result<types::ReplicationMetricList> {
    let request = required(args.rqst, "request")?;
    let mut which = WhichMetrics::default();
    match (request.policy, request.scheduled_execution_id) {
        (Some(policy), _) => which.policy = Some(policy.to_string()),
        (None, Some(id)) => which.scheduled_execution_id = Some(id),
        (None, None) => which.dump_execution_id = request.dump_execution_id,
    }
    let found = call.catalog.replication_metrics(&which).await?;
    Ok(types::ReplicationMetricList {
        replication_metric_list: found
            .iter()
            .map(|metrics| types::ReplicationMetrics {
                scheduled_execution_id: metrics.scheduled_execution_id,
                policy: wire(&metrics.policy),
                dump_execution_id: metrics.dump_execution_id,
                metadata: wire_option(metrics.metadata.as_ref()),
                progress: wire_option(metrics.progress.as_ref()),
                message_format: wire_option(metrics.message_format.as_ref()),
            })
            .collect(),
    })
}

pub async fn add_runtime_stats(call: &Call, args: args::AddRuntimeStats) -> Result<()> {
    let sent = required(args.stat, "statistics")?;
    let statistics = RuntimeStatistics { created_at: 0, weight: sent.weight, payload: sent.payload.to_vec() };
    Ok(call.catalog.add_runtime_statistics(&call.caller(), statistics).await?)
}

/// The newest, up to the one with which the sum of weights comes to the most that is asked for; a negative most is no
/// limit. A time of zero or less is now.
pub async fn get_runtime_stats(call: &Call, args: args::GetRuntimeStats) -> Result<Vec<types::RuntimeStat>> {
    let request = required(args.rqst, "request")?;
    let before = Some(request.max_create_time).filter(|time| *time > 0).map(i64::from);
    let weight = Some(request.max_weight).filter(|weight| *weight >= 0).map(|weight| i64::from(weight).max(1));
    let found = call.catalog.runtime_statistics(before, weight).await?;
    Ok(found
        .into_iter()
        .map(|statistics| types::RuntimeStat {
            create_time: Some(seconds(statistics.created_at)),
            weight: statistics.weight,
            payload: statistics.payload.into(),
        })
        .collect())
}
