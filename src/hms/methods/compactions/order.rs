//! The order in which compactions are shown: `"CC_TABLE" ASC, "CC_START" DESC`, as Hive's servers send it.

use std::cmp::Ordering;

use crate::error::{CatalogError, Result};
use crate::model::compaction::Compaction;

/// A column of Hive's COMPACTION_QUEUE, by its name without the prefix, and whether it goes from high to low.
pub type Order = Vec<(Column, bool)>;

type Column = fn(&Compaction, &Compaction) -> Ordering;

pub fn parse(text: &str) -> Result<Order> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(parse_column).collect()
}

fn parse_column(part: &str) -> Result<(Column, bool)> {
    let refuse = || {
        CatalogError::invalid_input(format!(
            "Compactions cannot be ordered by {part:?}: columns are those of Hive's COMPACTION_QUEUE, such as CC_TABLE, \
             each with ASC or DESC"
        ))
    };
    let mut words = part.split_whitespace();
    let name = words.next().ok_or_else(refuse)?.trim_matches(['"', '`']).to_ascii_lowercase();
    let descending = match words.next().map(str::to_ascii_lowercase).as_deref() {
        None | Some("asc") => false,
        Some("desc") => true,
        Some(_) => return Err(refuse()),
    };
    let name = name.strip_prefix("cc_").or_else(|| name.strip_prefix("cq_")).unwrap_or(&name);
    let column: Column = match name {
        "id" => |a, b| a.id.cmp(&b.id),
        "database" => |a, b| a.table.database.cmp(&b.table.database),
        "table" => |a, b| a.table.table.cmp(&b.table.table),
        "partition" => |a, b| a.partition.cmp(&b.partition),
        "type" => |a, b| a.kind.as_str().cmp(b.kind.as_str()),
        "state" => |a, b| a.state.as_str().cmp(b.state.as_str()),
        "worker_id" => |a, b| a.worker_id.cmp(&b.worker_id),
        "worker_version" => |a, b| a.worker_version.cmp(&b.worker_version),
        "initiator_id" => |a, b| a.initiator_id.cmp(&b.initiator_id),
        "initiator_version" => |a, b| a.initiator_version.cmp(&b.initiator_version),
        "enqueue_time" => |a, b| a.enqueued_at.cmp(&b.enqueued_at),
        "start" => |a, b| a.started_at.cmp(&b.started_at),
        "end" => |a, b| a.ended_at.cmp(&b.ended_at),
        "commit_time" => |a, b| a.committed_at.cmp(&b.committed_at),
        "run_as" => |a, b| a.run_as.cmp(&b.run_as),
        "hadoop_job_id" => |a, b| a.hadoop_job_id.cmp(&b.hadoop_job_id),
        "error_message" => |a, b| a.error.cmp(&b.error),
        "pool_name" => |a, b| a.pool.cmp(&b.pool),
        "txn_id" => |a, b| a.transaction_id.cmp(&b.transaction_id),
        "next_txn_id" => |a, b| a.next_transaction_id.cmp(&b.next_transaction_id),
        "highest_write_id" => |a, b| a.highest_write_id.cmp(&b.highest_write_id),
        _ => return Err(refuse()),
    };
    Ok((column, descending))
}

/// What is equal keeps its order.
pub fn sort(compactions: &mut [Compaction], order: &Order) {
    compactions.sort_by(|a, b| {
        let compared = order.iter().map(|(column, descending)| {
            let ordering = column(a, b);
            if *descending { ordering.reverse() } else { ordering }
        });
        compared.fold(Ordering::Equal, Ordering::then)
    });
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_hive_sends_them() {
        assert!(parse("").unwrap().is_empty());
        let order = parse("\"CC_TABLE\" DESC, `start`,cc_id asc").unwrap();
        assert_eq!(order.iter().map(|(_, descending)| *descending).collect::<Vec<_>>(), [true, false, false]);
        for bad in ["nothing", "id up", "id; drop table"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
