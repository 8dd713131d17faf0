//! Locks of transactions, and who may change what at the same time.

use propolis_thrift::types::{DataOperationType, LockState, LockType};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use super::*;
use crate::support::texts;

/// `table` or `table.partition` in `db`.
fn component(path: &str, kind: LockType, operation: DataOperationType) -> types::LockComponent {
    let mut names = path.splitn(2, '.').map(FastStr::new);
    types::LockComponent {
        r#type: kind,
        level: types::LockLevel::TABLE,
        dbname: "db".into(),
        tablename: names.next(),
        partitionname: names.next(),
        operation_type: Some(operation),
        is_transactional: Some(true),
        ..Default::default()
    }
}

async fn lock(
    client: &mut Client,
    id: i64,
    components: Vec<types::LockComponent>,
) -> Result<types::LockResponse, CallError> {
    let request = types::LockRequest {
        component: components,
        txnid: Some(id),
        user: "ada".into(),
        hostname: "here".into(),
        ..Default::default()
    };
    client.call::<methods::Lock>(args::Lock { rqst: Some(request) }).await
}

/// Locks as an update does, which goes together with others' until one commits.
async fn update(client: &mut Client, id: i64, path: &str) {
    let component = component(path, LockType::SHARED_WRITE, DataOperationType::UPDATE);
    assert_eq!(lock(client, id, vec![component]).await.unwrap().state, LockState::ACQUIRED);
}

async fn check(client: &mut Client, lock: i64) -> Result<LockState, CallError> {
    let request = types::CheckLockRequest { lockid: lock, ..Default::default() };
    client.call::<methods::CheckLock>(args::CheckLock { rqst: Some(request) }).await.map(|answer| answer.state)
}

async fn show(client: &mut Client, id: Option<i64>) -> Vec<types::ShowLocksResponseElement> {
    let request = types::ShowLocksRequest { txnid: id, ..Default::default() };
    client.call::<methods::ShowLocks>(args::ShowLocks { rqst: Some(request) }).await.unwrap().locks.unwrap()
}

#[tokio::test]
async fn of_two_that_change_the_same_the_first_to_commit_wins() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for (first, second, conflict) in
        [("t", "t", true), ("t.p=1", "t.P=1", true), ("t.p=1", "t.p=2", false), ("t.p=1", "u.p=1", false)]
    {
        let ids = open(&mut client, 2).await;
        update(&mut client, ids[0], first).await;
        update(&mut client, ids[1], second).await;
        commit(&mut client, ids[1]).await.unwrap();
        let outcome = commit(&mut client, ids[0]).await;
        if conflict {
            let message = thrown(outcome, ExceptionKind::TxnAborted);
            assert!(message.contains("write conflict on db/t"), "{message}");
            let aborted = info(&mut client).await.pop().unwrap();
            assert_eq!((aborted.id, aborted.meta_info.as_deref()), (ids[0], Some("write conflicts")));
        } else {
            outcome.unwrap();
        }
    }
    // One after the other there is no conflict.
    for _ in 0..2 {
        let id = open_one(&mut client).await;
        update(&mut client, id, "t").await;
        commit(&mut client, id).await.unwrap();
    }
    assert_eq!(show(&mut client, None).await, []);
}

#[tokio::test]
async fn inserts_go_together_and_locks_may_take_the_place_of_conflicts() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 3).await;
    let insert = component("t", LockType::SHARED_READ, DataOperationType::INSERT);
    lock(&mut client, ids[0], vec![insert]).await.unwrap();
    update(&mut client, ids[1], "t").await;
    update(&mut client, ids[2], "t").await;
    let latest = |id| args::GetLatestTxnidInConflict { txn_id: Some(id) };
    assert_eq!(client.call::<methods::GetLatestTxnidInConflict>(latest(ids[1])).await.unwrap(), 0);
    commit(&mut client, ids[0]).await.unwrap();
    assert_eq!(client.call::<methods::GetLatestTxnidInConflict>(latest(ids[1])).await.unwrap(), ids[0]);
    commit(&mut client, ids[1]).await.unwrap();
    assert_eq!(client.call::<methods::GetLatestTxnidInConflict>(latest(ids[2])).await.unwrap(), ids[1]);
    let exclusive = types::CommitTxnRequest { txnid: ids[2], excl_write_enabled: Some(true), ..Default::default() };
    commit_with(&mut client, exclusive).await.unwrap();
}

#[tokio::test]
async fn dynamic_partitions_conflict_by_partition() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 3).await;
    for (id, partitions) in [(ids[0], ["p=1", "p=2"]), (ids[1], ["p=3", "p=4"]), (ids[2], ["p=5", "p=1"])] {
        let dynamic = types::LockComponent {
            is_dynamic_partition_write: Some(true),
            ..component("t", LockType::SHARED_WRITE, DataOperationType::UPDATE)
        };
        lock(&mut client, id, vec![dynamic]).await.unwrap();
        let write_id = allocate(&mut client, "db.t", &[id]).await.unwrap()[0].1;
        let request = types::AddDynamicPartitions {
            txnid: id,
            writeid: write_id,
            dbname: "DB".into(),
            tablename: "T".into(),
            partitionnames: texts(&partitions),
            operation_type: Some(DataOperationType::UPDATE),
        };
        let call = args::AddDynamicPartitions { rqst: Some(request) };
        // Told twice is told once.
        client.call::<methods::AddDynamicPartitions>(call.clone()).await.unwrap();
        client.call::<methods::AddDynamicPartitions>(call).await.unwrap();
    }
    commit(&mut client, ids[0]).await.unwrap();
    commit(&mut client, ids[1]).await.unwrap();
    let message = thrown(commit(&mut client, ids[2]).await, ExceptionKind::TxnAborted);
    assert!(message.contains("db/t/p=1"), "{message}");
    let late =
        types::AddDynamicPartitions { txnid: ids[2], dbname: "db".into(), tablename: "t".into(), ..Default::default() };
    thrown(
        client.call::<methods::AddDynamicPartitions>(args::AddDynamicPartitions { rqst: Some(late) }).await,
        ExceptionKind::TxnAborted,
    );
}

/// Of many that overlap and change the same, one commits.
#[tokio::test]
async fn of_many_at_once_one_commits() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 12).await;
    for id in &ids {
        update(&mut client, *id, "t").await;
    }
    let mut committers = tokio::task::JoinSet::new();
    for id in ids {
        let mut client = server.client().await;
        committers.spawn(async move { commit(&mut client, id).await.is_ok() });
    }
    let committed = committers.join_all().await.into_iter().filter(|done| *done).count();
    assert_eq!(committed, 1);
}

#[tokio::test]
async fn locks_live_and_end_with_their_transaction() {
    let server = Server::start_with(Options { lock_lease: 1, ..Default::default() }).await;
    let mut client = server.client().await;
    let ids = open(&mut client, 2).await;
    let exclusive = |path| component(path, LockType::EXCLUSIVE, DataOperationType::INSERT);
    let held = lock(&mut client, ids[0], vec![exclusive("t")]).await.unwrap();
    // Locks of one transaction do not hinder each other.
    assert_eq!(lock(&mut client, ids[0], vec![exclusive("t")]).await.unwrap().state, LockState::ACQUIRED);
    let waiting = lock(&mut client, ids[1], vec![exclusive("t")]).await.unwrap();
    assert_eq!(waiting.state, LockState::WAITING);
    let shown = show(&mut client, Some(ids[1])).await;
    assert_eq!((shown.len(), shown[0].txnid, shown[0].blocked_by_ext_id), (1, Some(ids[1]), Some(held.lockid)));

    let unlock = |id| args::Unlock { rqst: Some(types::UnlockRequest { lockid: id }) };
    thrown(client.call::<methods::Unlock>(unlock(held.lockid)).await, ExceptionKind::TxnOpen);
    // Who waits may give up.
    client.call::<methods::Unlock>(unlock(waiting.lockid)).await.unwrap();
    let waiting = lock(&mut client, ids[1], vec![exclusive("t")]).await.unwrap().lockid;

    // To ask keeps the transaction that waits; the other is aborted when its time is over, and its locks with it.
    let mut state = LockState::WAITING;
    while state == LockState::WAITING {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        server.catalog.tidy().await.unwrap();
        state = check(&mut client, waiting).await.unwrap();
    }
    assert_eq!(state, LockState::ACQUIRED);
    thrown(check(&mut client, held.lockid).await, ExceptionKind::NoSuchLock);
    thrown(lock(&mut client, ids[0], vec![exclusive("t")]).await, ExceptionKind::TxnAborted);
    thrown(lock(&mut client, 99, vec![exclusive("t")]).await, ExceptionKind::NoSuchTxn);
    commit(&mut client, ids[1]).await.unwrap();
    assert_eq!(show(&mut client, None).await, []);
    thrown(lock(&mut client, ids[1], vec![exclusive("t")]).await, ExceptionKind::NoSuchTxn);
}
