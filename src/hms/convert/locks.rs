//! Locks.

use propolis_thrift::types;

use super::{text, wire, wire_option};
use crate::error::{CatalogError, Result};
use crate::model::DatabaseName;
use crate::model::lock::{LockComponent, LockEntry, LockKind, LockState};
use crate::model::name::fold;
use crate::model::transaction::{Component, Operation};

/// Hive looks at the names, not at the level beside them: no table means the database.
pub fn component(sent: &types::LockComponent, database: DatabaseName) -> Result<LockComponent> {
    let given = |name: Option<String>| name.filter(|name| !name.is_empty());
    Ok(LockComponent {
        database,
        table: given(text(sent.tablename.clone())).map(|name| fold(&name)),
        partition: given(text(sent.partitionname.clone())).map(|name| fold_keys(&name)),
        kind: kind(sent.r#type)?,
    })
}

/// What the transaction of a lock request is going to write, by the operations that go with the locks. Of dynamic
/// partitions is known later which; until then the table stands for them, once.
pub fn writes(sent: &[types::LockComponent], locked: &[LockComponent]) -> Result<Vec<Component>> {
    let mut writes: Vec<Component> = Vec::new();
    for (sent, locked) in sent.iter().zip(locked) {
        let Some(table) = &locked.table else { continue };
        let Some(operation) = operation(sent, locked.kind)? else { continue };
        let table = locked.database.table(table);
        let dynamic = sent.is_dynamic_partition_write.unwrap_or_default();
        if dynamic
            && let Some(whole) = writes.iter_mut().find(|other| other.partition.is_empty() && other.table == table)
        {
            if operation != Operation::Insert {
                whole.operation = Operation::Update;
            }
            continue;
        }
        let (operation, partition) = match (dynamic, &locked.partition) {
            (false, partition) => (operation, partition.clone().unwrap_or_default()),
            (true, _) if operation == Operation::Insert => (operation, String::new()),
            (true, _) => (Operation::Update, String::new()),
        };
        writes.push(Component { table, partition, operation, write_id: None });
    }
    Ok(writes)
}

/// None: what is done is no business of transactions. Clients from before there were operations mean the lock.
fn operation(sent: &types::LockComponent, kind: LockKind) -> Result<Option<Operation>> {
    if sent.is_transactional == Some(false) {
        return Ok(None);
    }
    let unset = types::DataOperationType::UNSET;
    match (sent.operation_type.unwrap_or(unset), kind) {
        (types::DataOperationType::SELECT | types::DataOperationType::NO_TXN, _) => Ok(None),
        (types::DataOperationType::UNSET, LockKind::SharedRead) => Ok(None),
        (types::DataOperationType::UNSET, LockKind::Exclusive) => Ok(Some(Operation::Insert)),
        (types::DataOperationType::UNSET, _) => Ok(Some(Operation::Update)),
        (types::DataOperationType::INSERT, _) => Ok(Some(Operation::Insert)),
        (types::DataOperationType::UPDATE, _) => Ok(Some(Operation::Update)),
        (types::DataOperationType::DELETE, _) => Ok(Some(Operation::Delete)),
        (other, _) => Err(CatalogError::invalid_input(format!(
            "{} is not a type of operation: 1 SELECT, 2 INSERT, 3 UPDATE, 4 DELETE, 5 UNSET or 6 NO_TXN",
            other.inner()
        ))),
    }
}

/// A partition name with its keys in lower case; its values keep theirs.
pub fn fold_keys(name: &str) -> String {
    let parts: Vec<String> = name
        .split('/')
        .map(|part| match part.split_once('=') {
            Some((key, value)) => format!("{}={value}", key.to_lowercase()),
            None => part.to_owned(),
        })
        .collect();
    parts.join("/")
}

fn kind(sent: types::LockType) -> Result<LockKind> {
    match sent {
        types::LockType::SHARED_READ => Ok(LockKind::SharedRead),
        types::LockType::SHARED_WRITE => Ok(LockKind::SharedWrite),
        types::LockType::EXCL_WRITE => Ok(LockKind::ExclusiveWrite),
        types::LockType::EXCLUSIVE => Ok(LockKind::Exclusive),
        other => Err(CatalogError::invalid_input(format!(
            "{} is not a type of lock: 1 SHARED_READ, 2 SHARED_WRITE, 3 EXCLUSIVE or 4 EXCL_WRITE",
            other.inner()
        ))),
    }
}

fn wire_kind(kind: LockKind) -> types::LockType {
    match kind {
        LockKind::SharedRead => types::LockType::SHARED_READ,
        LockKind::SharedWrite => types::LockType::SHARED_WRITE,
        LockKind::ExclusiveWrite => types::LockType::EXCL_WRITE,
        LockKind::Exclusive => types::LockType::EXCLUSIVE,
    }
}

pub fn wire_response(id: i64, state: LockState) -> types::LockResponse {
    let (state, message) = match state {
        LockState::Acquired => (types::LockState::ACQUIRED, None),
        LockState::Waiting => (types::LockState::WAITING, None),
        LockState::GivenUp => {
            let message = "Unable to acquire the locks at once: others hold or wait for locks that conflict";
            (types::LockState::NOT_ACQUIRED, Some(wire(message)))
        }
    };
    types::LockResponse { lockid: id, state, error_message: message }
}

/// Of the lease to rebuild a materialized view, which goes by its transaction.
pub fn wire_rebuild(transaction: i64, acquired: bool) -> types::LockResponse {
    let state = if acquired { types::LockState::ACQUIRED } else { types::LockState::NOT_ACQUIRED };
    types::LockResponse { lockid: transaction, state, error_message: None }
}

pub fn wire_entry(entry: &LockEntry) -> types::ShowLocksResponseElement {
    let component = &entry.component;
    types::ShowLocksResponseElement {
        lockid: entry.lock_id,
        dbname: wire(&component.database.database),
        tablename: wire_option(component.table.as_ref()),
        partname: wire_option(component.partition.as_ref()),
        state: if entry.acquired_at.is_some() { types::LockState::ACQUIRED } else { types::LockState::WAITING },
        r#type: wire_kind(component.kind),
        // 0 is no transaction.
        txnid: Some(entry.transaction_id.unwrap_or_default()),
        lastheartbeat: entry.heartbeat_at,
        acquiredat: entry.acquired_at,
        user: wire(&entry.user),
        hostname: wire(&entry.host),
        heartbeat_count: None,
        agent_info: wire_option(entry.agent.as_ref()),
        blocked_by_ext_id: entry.waits_for.map(|(id, _)| id),
        blocked_by_int_id: entry.waits_for.map(|(_, position)| position.into()),
        lock_id_internal: Some(entry.position.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_keys_fold_and_values_do_not() {
        assert_eq!(fold_keys("Ds=Today/City=Ulm=x"), "ds=Today/city=Ulm=x");
    }
}
