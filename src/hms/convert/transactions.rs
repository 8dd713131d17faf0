//! Transactions and write ids.

use bytes::Bytes;
use propolis_thrift::types;

use super::{wire, wire_option};
use crate::error::{CatalogError, Result};
use crate::model::transaction::{Transaction, TransactionKind, TransactionState, Transactions, WriteIdSnapshot};

pub fn kind(sent: types::TxnType) -> Result<TransactionKind> {
    match sent {
        types::TxnType::DEFAULT => Ok(TransactionKind::Default),
        types::TxnType::REPL_CREATED => Ok(TransactionKind::Replayed),
        types::TxnType::READ_ONLY => Ok(TransactionKind::ReadOnly),
        types::TxnType::COMPACTION => Ok(TransactionKind::Compaction),
        types::TxnType::MATER_VIEW_REBUILD => Ok(TransactionKind::MaterializedViewRebuild),
        types::TxnType::SOFT_DELETE => Ok(TransactionKind::SoftDelete),
        types::TxnType::REBALANCE_COMPACTION => Ok(TransactionKind::RebalanceCompaction),
        other => Err(CatalogError::invalid_input(format!(
            "{} is not a type of transaction: 0 DEFAULT, 1 REPL_CREATED, 2 READ_ONLY, 3 COMPACTION, 4 \
             MATER_VIEW_REBUILD, 5 SOFT_DELETE or 6 REBALANCE_COMPACTION",
            other.inner()
        ))),
    }
}

/// Why a client aborts a transaction: the codes of Hive's TxnErrorMsg. None where it does not say, or in a way not known.
pub fn abort_reason(code: Option<i64>) -> Option<&'static str> {
    Some(match code? {
        50001 => "abort by query command",
        50002 => "concurrent committed transaction",
        50003 => "write conflicts",
        50004 => "heartbeat time-out",
        50005 => "rollback",
        50006 => "compaction transaction abort",
        50007 => "msck transaction abort",
        50008 => "managed migration transaction abort",
        51000 => "Replication:default replication transaction abort",
        51001 => "Replication:replayed replication transaction abort",
        51002 => "Replication:abort of allocated txns for referring mapped write ids as aborted ones",
        51003 => "Replication:abort of txns while trying to fetch failover metadata",
        51004 => "Replication:abort of write txns for the db under replication",
        51005 => "Replication:abort of txns of the db after the wait for them ended",
        _ => return None,
    })
}

/// What is open or aborted, but for kinds that the client does not want to hear of.
pub fn wire_open(all: &Transactions, without: &[TransactionKind]) -> types::GetOpenTxnsResponse {
    let open = |transaction: &&Transaction| transaction.state == TransactionState::Open;
    let told: Vec<&Transaction> =
        all.uncommitted.iter().filter(|transaction| !without.contains(&transaction.kind)).collect();
    let aborted: Vec<bool> = told.iter().map(|transaction| transaction.state == TransactionState::Aborted).collect();
    types::GetOpenTxnsResponse {
        txn_high_water_mark: all.high_water_mark,
        open_txns: told.iter().map(|transaction| transaction.id).collect(),
        min_open_txn: all.uncommitted.iter().find(open).map(|transaction| transaction.id),
        aborted_bits: bits(&aborted),
    }
}

pub fn wire_info(transaction: &Transaction) -> types::TxnInfo {
    types::TxnInfo {
        id: transaction.id,
        state: match transaction.state {
            TransactionState::Open => types::TxnState::OPEN,
            TransactionState::Aborted => types::TxnState::ABORTED,
            TransactionState::Committed => types::TxnState::COMMITTED,
        },
        user: wire(&transaction.user),
        hostname: wire(&transaction.host),
        agent_info: wire_option(transaction.agent.as_ref()),
        heartbeat_count: None,
        meta_info: wire_option(transaction.abort_reason.as_ref()),
        started_time: Some(transaction.started_at),
        last_heartbeat_time: Some(transaction.heartbeat_at),
    }
}

pub fn wire_write_ids(snapshot: &WriteIdSnapshot) -> types::TableValidWriteIds {
    let invalid = snapshot.exceptions();
    let aborted: Vec<bool> = invalid.iter().map(|id| snapshot.is_aborted(*id)).collect();
    types::TableValidWriteIds {
        full_table_name: wire(&snapshot.table),
        write_id_high_water_mark: snapshot.high_water_mark(),
        invalid_write_ids: invalid,
        min_open_write_id: snapshot.min_open(),
        aborted_bits: bits(&aborted),
    }
}

/// As Java's BitSet writes itself: the first bit lowest in the first byte, without zero bytes at the end.
fn bits(set: &[bool]) -> Bytes {
    let mut bytes: Vec<u8> = set
        .chunks(8)
        .map(|chunk| chunk.iter().enumerate().fold(0, |byte, (place, bit)| byte | (u8::from(*bit) << place)))
        .collect();
    bytes.truncate(bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1));
    bytes.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_java() {
        assert_eq!(bits(&[]), Bytes::new());
        assert_eq!(bits(&[false; 9]), Bytes::new());
        assert_eq!(bits(&[true, false, true]), Bytes::from_static(&[0b101]));
        let mut long = [false; 20];
        long[9] = true;
        assert_eq!(bits(&long), Bytes::from_static(&[0, 0b10]));
    }
}
