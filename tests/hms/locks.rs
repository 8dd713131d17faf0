//! Locks.

mod model;

use std::time::Duration;

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{LockComponent, LockLevel, LockState, LockType};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Options, Server, text, thrown};

/// `db`, `db.table` or `db.table.partition`.
fn component(path: &str, kind: LockType) -> LockComponent {
    let mut names = path.splitn(3, '.').map(FastStr::new);
    let (dbname, tablename, partitionname) = (names.next().unwrap(), names.next(), names.next());
    let level = match (&tablename, &partitionname) {
        (None, _) => LockLevel::DB,
        (_, None) => LockLevel::TABLE,
        _ => LockLevel::PARTITION,
    };
    LockComponent { r#type: kind, level, dbname, tablename, partitionname, ..Default::default() }
}

fn request(components: Vec<LockComponent>) -> types::LockRequest {
    types::LockRequest { component: components, user: "ada".into(), hostname: "here".into(), ..Default::default() }
}

async fn lock(client: &mut Client, request: types::LockRequest) -> Result<types::LockResponse, CallError> {
    client.call::<methods::Lock>(args::Lock { rqst: Some(request) }).await
}

async fn lock_one(client: &mut Client, path: &str, kind: LockType) -> (i64, LockState) {
    let answer = lock(client, request(vec![component(path, kind)])).await.unwrap();
    (answer.lockid, answer.state)
}

async fn check(client: &mut Client, id: i64) -> Result<LockState, CallError> {
    let request = types::CheckLockRequest { lockid: id, ..Default::default() };
    client.call::<methods::CheckLock>(args::CheckLock { rqst: Some(request) }).await.map(|answer| answer.state)
}

async fn unlock(client: &mut Client, id: i64) -> Result<(), CallError> {
    client.call::<methods::Unlock>(args::Unlock { rqst: Some(types::UnlockRequest { lockid: id }) }).await
}

async fn heartbeat(client: &mut Client, lock: Option<i64>, transaction: Option<i64>) -> Result<(), CallError> {
    let ids = types::HeartbeatRequest { lockid: lock, txnid: transaction };
    client.call::<methods::Heartbeat>(args::Heartbeat { ids: Some(ids) }).await
}

async fn show(client: &mut Client, request: types::ShowLocksRequest) -> Vec<types::ShowLocksResponseElement> {
    client.call::<methods::ShowLocks>(args::ShowLocks { rqst: Some(request) }).await.unwrap().locks.unwrap()
}

#[tokio::test]
async fn kinds_go_together_as_in_hive() {
    let server = Server::start().await;
    const KINDS: [LockType; 4] =
        [LockType::SHARED_READ, LockType::SHARED_WRITE, LockType::EXCL_WRITE, LockType::EXCLUSIVE];
    // A row for the kind that is held, a column for the kind that is wanted; + for those that go together.
    let same = ["+++.", "++..", "+...", "...."];
    // A database that is read and a table in it that is locked exclusively, or the other way round, go together.
    let wanted_below = ["++++", "++..", "+...", "...."];
    let wanted_above = ["+++.", "++..", "+...", "+..."];
    let mut cases = tokio::task::JoinSet::new();
    for (held, wanted, matrix) in [
        ("d#", "d#", same),
        ("d#.t", "d#.t", same),
        ("d#.t.p=1", "d#.t.p=1", same),
        ("d#.t", "d#.t.p=1", same),
        ("d#.t.p=1", "d#.t", same),
        ("d#", "d#.t", wanted_below),
        ("d#", "d#.t.p=1", wanted_below),
        ("d#.t", "d#", wanted_above),
        ("d#.t.p=1", "d#", wanted_above),
        ("D#.T.P=a", "@hive#d#.t.p=a", same),
    ] {
        let mut client = server.client().await;
        let case = cases.len();
        cases.spawn(async move {
            for (i, held_kind) in KINDS.into_iter().enumerate() {
                for (j, wanted_kind) in KINDS.into_iter().enumerate() {
                    // A database for each pair.
                    let path = |path: &str| {
                        let (before, after) = path.rsplit_once('#').unwrap();
                        format!("{before}{case}{i}{j}{after}")
                    };
                    let (_, state) = lock_one(&mut client, &path(held), held_kind).await;
                    assert_eq!(state, LockState::ACQUIRED);
                    let (_, state) = lock_one(&mut client, &path(wanted), wanted_kind).await;
                    let together = matrix[i].as_bytes()[j] == b'+';
                    let expected = if together { LockState::ACQUIRED } else { LockState::WAITING };
                    assert_eq!(state, expected, "{held_kind:?} on {held} held, {wanted_kind:?} on {wanted} wanted");
                }
            }
        });
    }
    while let Some(outcome) = cases.join_next().await {
        outcome.unwrap();
    }
}

#[tokio::test]
async fn different_objects_lock_apart() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for path in ["d.t", "d.u", "e.t", "f.t.p=1", "f.t.p=2", "f.t.p=a", "f.t.p=A", "g", "@other#g"] {
        let (_, state) = lock_one(&mut client, path, LockType::EXCLUSIVE).await;
        assert_eq!(state, LockState::ACQUIRED, "{path}");
    }
}

#[tokio::test]
async fn a_request_gets_all_or_waits_for_all() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (held, _) = lock_one(&mut client, "d.b", LockType::EXCLUSIVE).await;
    let both = request(vec![component("d.a", LockType::EXCLUSIVE), component("d.b", LockType::EXCLUSIVE)]);
    let waiting = lock(&mut client, both).await.unwrap();
    assert_eq!(waiting.state, LockState::WAITING);

    let shown = show(&mut client, types::ShowLocksRequest { dbname: text("D"), ..Default::default() }).await;
    let seen: Vec<_> = shown
        .iter()
        .map(|lock| (lock.lockid, lock.tablename.as_deref().unwrap(), lock.state, lock.blocked_by_ext_id))
        .collect();
    assert_eq!(
        seen,
        [
            (held, "b", LockState::ACQUIRED, None),
            (waiting.lockid, "a", LockState::WAITING, None),
            (waiting.lockid, "b", LockState::WAITING, Some(held)),
        ]
    );
    let one = &shown[0];
    assert_eq!((one.user.as_str(), one.hostname.as_str(), one.txnid), ("ada", "here", Some(0)));
    assert!(one.acquiredat.is_some() && one.lastheartbeat > 1_600_000_000_000);
    let only = types::ShowLocksRequest { dbname: text("d"), tablename: text("A"), ..Default::default() };
    assert_eq!(show(&mut client, only).await.len(), 1);

    unlock(&mut client, held).await.unwrap();
    assert_eq!(check(&mut client, waiting.lockid).await.unwrap(), LockState::ACQUIRED);
}

#[tokio::test]
async fn requests_are_served_in_their_order() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (reader, _) = lock_one(&mut client, "d.t", LockType::SHARED_READ).await;
    let (writer, state) = lock_one(&mut client, "d.t", LockType::EXCLUSIVE).await;
    assert_eq!(state, LockState::WAITING);
    // It would go together with the first reader, but may not pass the writer.
    let (late, state) = lock_one(&mut client, "d.t", LockType::SHARED_READ).await;
    assert_eq!(state, LockState::WAITING);
    unlock(&mut client, reader).await.unwrap();
    assert_eq!(check(&mut client, late).await.unwrap(), LockState::WAITING);
    assert_eq!(check(&mut client, writer).await.unwrap(), LockState::ACQUIRED);
    assert_eq!(check(&mut client, late).await.unwrap(), LockState::WAITING);
    unlock(&mut client, writer).await.unwrap();
    assert_eq!(check(&mut client, late).await.unwrap(), LockState::ACQUIRED);
}

#[tokio::test]
async fn who_will_not_wait_is_told_at_once_and_leaves_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (held, _) = lock_one(&mut client, "d.t", LockType::EXCLUSIVE).await;
    let read = types::LockRequest {
        zero_wait_read_enabled: Some(true),
        ..request(vec![component("d.t", LockType::SHARED_READ)])
    };
    let answer = lock(&mut client, read.clone()).await.unwrap();
    assert_eq!(answer.state, LockState::NOT_ACQUIRED);
    assert!(answer.error_message.is_some());
    assert_eq!(show(&mut client, Default::default()).await.len(), 1);
    unlock(&mut client, held).await.unwrap();
    assert_eq!(lock(&mut client, read).await.unwrap().state, LockState::ACQUIRED);
}

#[tokio::test]
async fn locks_end_without_a_heartbeat() {
    let server = Server::start_with(Options { lock_lease: 2, ..Default::default() }).await;
    let mut client = server.client().await;
    let (dead, _) = lock_one(&mut client, "nowhere.t", LockType::EXCLUSIVE).await;
    let (alive, _) = lock_one(&mut client, "nowhere.u", LockType::EXCLUSIVE).await;
    let (after_dead, state) = lock_one(&mut client, "nowhere.t", LockType::EXCLUSIVE).await;
    assert_eq!(state, LockState::WAITING);
    let (after_alive, _) = lock_one(&mut client, "nowhere.u", LockType::EXCLUSIVE).await;
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        heartbeat(&mut client, Some(alive), None).await.unwrap();
        heartbeat(&mut client, Some(after_dead), None).await.unwrap();
        assert_eq!(check(&mut client, after_alive).await.unwrap(), LockState::WAITING);
    }
    assert_eq!(check(&mut client, after_dead).await.unwrap(), LockState::ACQUIRED);
    let message = thrown(check(&mut client, dead).await, ExceptionKind::NoSuchLock);
    assert!(message.contains(&format!("no lock {dead}")) && message.contains("lock_lease"), "{message}");
    thrown(heartbeat(&mut client, Some(dead), None).await, ExceptionKind::NoSuchLock);
    unlock(&mut client, dead).await.unwrap();
    assert!(show(&mut client, Default::default()).await.iter().all(|lock| lock.lockid != dead));
    unlock(&mut client, alive).await.unwrap();
    assert_eq!(check(&mut client, after_alive).await.unwrap(), LockState::ACQUIRED);
}

#[tokio::test]
async fn of_many_at_once_one_holds_the_lock() {
    let server = Server::start().await;
    // The third kind of request locks the same table by its database.
    const PATHS: [&str; 3] = ["d.t", "d.t", "d"];
    let inside = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let mut lockers = tokio::task::JoinSet::new();
    for locker in 0..16 {
        let mut client = server.client().await;
        let inside = inside.clone();
        lockers.spawn(async move {
            for round in 0..4 {
                let (id, mut state) = lock_one(&mut client, PATHS[(locker + round) % 3], LockType::EXCLUSIVE).await;
                while state == LockState::WAITING {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    state = check(&mut client, id).await.unwrap();
                }
                assert_eq!(state, LockState::ACQUIRED);
                assert_eq!(inside.fetch_add(1, std::sync::atomic::Ordering::SeqCst), 0, "two hold the lock");
                tokio::task::yield_now().await;
                inside.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
                unlock(&mut client, id).await.unwrap();
            }
        });
    }
    while let Some(outcome) = lockers.join_next().await {
        outcome.unwrap();
    }
    assert_eq!(show(&mut server.client().await, Default::default()).await, []);
}

/// Each asks once: exactly the first in line has it.
#[tokio::test]
async fn of_sixteen_that_ask_once_one_gets_it() {
    let server = Server::start().await;
    let mut lockers = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let mut client = server.client().await;
        lockers.spawn(async move { lock_one(&mut client, "d.t", LockType::EXCLUSIVE).await });
    }
    let mut answers = lockers.join_all().await;
    answers.sort_by_key(|(id, _)| *id);
    let holders: Vec<bool> = answers.iter().map(|(_, state)| *state == LockState::ACQUIRED).collect();
    assert_eq!(holders, std::array::from_fn::<_, 16, _>(|place| place == 0));
}

#[tokio::test]
async fn a_hundred_thousand_partitions_lock_at_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let all: Vec<_> = (0..100_000).map(|i| component(&format!("d.t.p={i}"), LockType::SHARED_WRITE)).collect();
    let first = lock(&mut client, request(all.clone())).await.unwrap();
    assert_eq!(first.state, LockState::ACQUIRED);
    let second = lock(&mut client, request(all)).await.unwrap();
    assert_eq!(second.state, LockState::ACQUIRED);
    let (_, state) = lock_one(&mut client, "d.t.p=77", LockType::EXCL_WRITE).await;
    assert_eq!(state, LockState::WAITING);
}

#[tokio::test]
async fn bad_requests_lock_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let good = || component("d.t", LockType::EXCLUSIVE);
    for bad in [
        vec![],
        vec![good(), LockComponent { r#type: LockType::from(9), ..good() }],
        vec![good(), LockComponent { dbname: "".into(), ..good() }],
        vec![good(), LockComponent { dbname: "@broken".into(), ..good() }],
        vec![good(), LockComponent { tablename: None, partitionname: text("p=1"), ..good() }],
        vec![good(), LockComponent { tablename: text(&"x".repeat(300)), ..good() }],
        vec![good(), LockComponent { partitionname: text(&"x".repeat(3000)), ..good() }],
        vec![good(), LockComponent { tablename: text("nul\0"), ..good() }],
    ] {
        let refused = lock(&mut client, request(bad.clone())).await;
        assert!(matches!(refused, Err(CallError::Application { .. })), "{bad:?}: {refused:?}");
    }
    let of_transaction = types::LockRequest { txnid: Some(7), ..request(vec![good()]) };
    let message = thrown(lock(&mut client, of_transaction).await, ExceptionKind::NoSuchTxn);
    assert!(message.contains("txnid:7"), "{message}");
    assert_eq!(show(&mut client, Default::default()).await, []);

    thrown(check(&mut client, 12345).await, ExceptionKind::NoSuchLock);
    thrown(heartbeat(&mut client, Some(12345), None).await, ExceptionKind::NoSuchLock);
    thrown(heartbeat(&mut client, None, Some(7)).await, ExceptionKind::NoSuchTxn);
    heartbeat(&mut client, Some(0), Some(0)).await.unwrap();
    unlock(&mut client, 12345).await.unwrap();
}
