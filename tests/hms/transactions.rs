//! Transactions and write ids.

mod conflicts;
mod replication;
mod views;

use std::collections::BTreeSet;

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{self, TxnState, TxnType};
use propolis_thrift::{ExceptionKind, FastStr, args, methods};

use crate::support::{Client, Options, Server, table, text, thrown};

pub async fn open(client: &mut Client, count: i32) -> Vec<i64> {
    open_as(client, types::OpenTxnRequest { num_txns: count, ..Default::default() }).await.unwrap()
}

pub async fn open_one(client: &mut Client) -> i64 {
    open(client, 1).await[0]
}

pub async fn open_as(client: &mut Client, request: types::OpenTxnRequest) -> Result<Vec<i64>, CallError> {
    let request = types::OpenTxnRequest { user: "ada".into(), hostname: "here".into(), ..request };
    client.call::<methods::OpenTxns>(args::OpenTxns { rqst: Some(request) }).await.map(|answer| answer.txn_ids)
}

async fn open_kind(client: &mut Client, kind: TxnType) -> i64 {
    open_as(client, types::OpenTxnRequest { num_txns: 1, txn_type: Some(kind), ..Default::default() }).await.unwrap()[0]
}

pub async fn commit_with(client: &mut Client, request: types::CommitTxnRequest) -> Result<(), CallError> {
    client.call::<methods::CommitTxn>(args::CommitTxn { rqst: Some(request) }).await
}

pub async fn commit(client: &mut Client, id: i64) -> Result<(), CallError> {
    commit_with(client, types::CommitTxnRequest { txnid: id, ..Default::default() }).await
}

pub async fn abort(client: &mut Client, id: i64) -> Result<(), CallError> {
    let request = types::AbortTxnRequest { txnid: id, ..Default::default() };
    client.call::<methods::AbortTxn>(args::AbortTxn { rqst: Some(request) }).await
}

async fn get_open(client: &mut Client) -> types::GetOpenTxnsResponse {
    client.call::<methods::GetOpenTxns>(args::GetOpenTxns {}).await.unwrap()
}

pub async fn info(client: &mut Client) -> Vec<types::TxnInfo> {
    client.call::<methods::GetOpenTxnsInfo>(args::GetOpenTxnsInfo {}).await.unwrap().open_txns
}

pub async fn allocate(client: &mut Client, table: &str, ids: &[i64]) -> Result<Vec<(i64, i64)>, CallError> {
    let request = types::AllocateTableWriteIdsRequest { txn_ids: Some(ids.to_vec()), ..in_table(table) };
    allocate_as(client, request).await
}

pub fn in_table(table: &str) -> types::AllocateTableWriteIdsRequest {
    let (db, table) = table.split_once('.').unwrap();
    types::AllocateTableWriteIdsRequest {
        db_name: FastStr::new(db),
        table_name: FastStr::new(table),
        ..Default::default()
    }
}

pub async fn allocate_as(
    client: &mut Client,
    request: types::AllocateTableWriteIdsRequest,
) -> Result<Vec<(i64, i64)>, CallError> {
    let answer =
        client.call::<methods::AllocateTableWriteIds>(args::AllocateTableWriteIds { rqst: Some(request) }).await?;
    Ok(answer.txn_to_write_ids.into_iter().map(|one| (one.txn_id, one.write_id)).collect())
}

pub async fn valid_write_ids(client: &mut Client, table: &str, list: Option<&str>) -> types::TableValidWriteIds {
    let request = types::GetValidWriteIdsRequest {
        full_table_names: vec![FastStr::new(table)],
        valid_txn_list: list.map(FastStr::new),
        ..Default::default()
    };
    let answer = client.call::<methods::GetValidWriteIds>(args::GetValidWriteIds { rqst: Some(request) }).await;
    answer.unwrap().tbl_valid_write_ids.remove(0)
}

pub fn seen(ids: &types::TableValidWriteIds) -> (i64, Vec<i64>, Option<i64>, Vec<u8>) {
    (ids.write_id_high_water_mark, ids.invalid_write_ids.clone(), ids.min_open_write_id, ids.aborted_bits.to_vec())
}

#[tokio::test]
async fn numbers_begin_at_1_and_lists_tell_what_is_not_committed() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert_eq!(open(&mut client, 4).await, [1, 2, 3, 4]);
    let reader = open_kind(&mut client, TxnType::READ_ONLY).await;
    abort(&mut client, 1).await.unwrap();
    commit(&mut client, 2).await.unwrap();

    let all = get_open(&mut client).await;
    assert_eq!((all.txn_high_water_mark, all.open_txns, all.min_open_txn), (5, vec![1, 3, 4, reader], Some(3)));
    assert_eq!(all.aborted_bits.as_ref(), [1]);
    let request = types::GetOpenTxnsRequest { exclude_txn_types: Some(vec![TxnType::READ_ONLY]) };
    let call = args::GetOpenTxnsReq { get_open_txns_request: Some(request) };
    assert_eq!(client.call::<methods::GetOpenTxnsReq>(call).await.unwrap().open_txns, [1, 3, 4]);

    let infos = info(&mut client).await;
    let states: Vec<_> = infos.iter().map(|one| (one.id, one.state)).collect();
    assert_eq!(states, [(1, TxnState::ABORTED), (3, TxnState::OPEN), (4, TxnState::OPEN), (reader, TxnState::OPEN)]);
    assert_eq!((infos[0].user.as_str(), infos[0].hostname.as_str()), ("ada", "here"));
    assert!(infos[0].started_time.unwrap() > 1_600_000_000_000);

    let request = types::AbortTxnsRequest { txn_ids: vec![1, 2, 3, 4, 99], error_code: Some(50001) };
    client.call::<methods::AbortTxns>(args::AbortTxns { rqst: Some(request) }).await.unwrap();
    let infos = info(&mut client).await;
    assert_eq!(infos[1].meta_info.as_deref(), Some("abort by query command"));
    commit(&mut client, reader).await.unwrap();
    assert_eq!(get_open(&mut client).await.min_open_txn, None);
}

#[tokio::test]
async fn ends_may_be_repeated_but_not_exchanged() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 2).await;
    for _ in 0..2 {
        commit(&mut client, ids[0]).await.unwrap();
        abort(&mut client, ids[1]).await.unwrap();
    }
    let message = thrown(abort(&mut client, ids[0]).await, ExceptionKind::NoSuchTxn);
    assert!(message.contains("already committed"), "{message}");
    let message = thrown(commit(&mut client, ids[1]).await, ExceptionKind::TxnAborted);
    assert!(message.contains("txnid:2 already aborted"), "{message}");
    thrown(commit(&mut client, 77).await, ExceptionKind::NoSuchTxn);
    thrown(abort(&mut client, 77).await, ExceptionKind::NoSuchTxn);

    let heartbeat = |id| args::Heartbeat { ids: Some(types::HeartbeatRequest { lockid: None, txnid: Some(id) }) };
    thrown(client.call::<methods::Heartbeat>(heartbeat(ids[0])).await, ExceptionKind::NoSuchTxn);
    thrown(client.call::<methods::Heartbeat>(heartbeat(ids[1])).await, ExceptionKind::TxnAborted);
    let third = open_one(&mut client).await;
    client.call::<methods::Heartbeat>(heartbeat(third)).await.unwrap();
    let range = |min, max| args::HeartbeatTxnRange { txns: Some(types::HeartbeatTxnRangeRequest { min, max }) };
    let answer = client.call::<methods::HeartbeatTxnRange>(range(1, 5)).await.unwrap();
    assert_eq!(answer.aborted.into_iter().collect::<BTreeSet<_>>(), [2].into());
    assert_eq!(answer.nosuch.into_iter().collect::<BTreeSet<_>>(), [1, 4, 5].into());
    assert!(client.call::<methods::HeartbeatTxnRange>(range(0, i64::MAX)).await.is_err());
    for count in [0, -1] {
        assert!(open_as(&mut client, types::OpenTxnRequest { num_txns: count, ..Default::default() }).await.is_err());
    }
    assert_eq!(open(&mut client, 5000).await.len(), 1000);
}

/// Who committed is forgotten before who was aborted, though its write id is the higher one.
#[tokio::test]
async fn what_was_committed_stays_visible_when_it_is_forgotten() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 2).await;
    allocate(&mut client, "db.t", &[ids[1]]).await.unwrap();
    allocate(&mut client, "db.t", &[ids[0]]).await.unwrap();
    let written = args::AddDynamicPartitions {
        rqst: Some(types::AddDynamicPartitions {
            txnid: ids[1],
            writeid: 1,
            dbname: "db".into(),
            tablename: "t".into(),
            partitionnames: vec!["p=1".into()],
            ..Default::default()
        }),
    };
    client.call::<methods::AddDynamicPartitions>(written).await.unwrap();
    commit(&mut client, ids[0]).await.unwrap();
    abort(&mut client, ids[1]).await.unwrap();
    let before = seen(&valid_write_ids(&mut client, "db.t", None).await);
    assert_eq!(before, (2, vec![1], None, vec![1]));
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await.len(), 1, "the aborted one");
    assert_eq!(seen(&valid_write_ids(&mut client, "db.t", None).await), before);
}

#[tokio::test]
async fn there_are_limits_to_what_is_open() {
    let hive = crate::support::hive(&[("metastore.max.open.txns", "3"), ("metastore.txn.max.open.batch", "2")]);
    let server = Server::start_with(Options { hive, ..Default::default() }).await;
    let mut client = server.client().await;
    let ids = open(&mut client, 10).await;
    assert_eq!(ids, [1, 2], "a call opens some");
    open_one(&mut client).await;
    let refused = open_as(&mut client, types::OpenTxnRequest { num_txns: 1, ..Default::default() }).await;
    assert!(format!("{refused:?}").contains("metastore.max.open.txns"), "{refused:?}");
    abort(&mut client, ids[0]).await.unwrap();
    assert_eq!(open_one(&mut client).await, 4);
}

/// What a reader was told is committed never turns up as open, and no number is left out.
#[tokio::test]
async fn no_reader_misses_a_transaction() {
    let server = Server::start().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let mut client = server.client().await;
        writers.spawn(async move {
            let mut opened = Vec::new();
            for round in 0..12 {
                let ids = open(&mut client, 1 + (writer + round) % 3).await;
                for id in &ids {
                    if (id + i64::from(round)) % 4 == 0 {
                        abort(&mut client, *id).await.unwrap();
                    } else {
                        commit(&mut client, *id).await.unwrap();
                    }
                }
                opened.extend(ids);
            }
            opened
        });
    }
    let mut client = server.client().await;
    let (mut settled, mut high) = (BTreeSet::new(), 0);
    let mut opened = Vec::new();
    loop {
        let seen = get_open(&mut client).await;
        assert!(seen.txn_high_water_mark >= high);
        let uncommitted: BTreeSet<i64> = seen.open_txns.iter().copied().collect();
        assert!(settled.is_disjoint(&uncommitted), "was committed, is open");
        high = seen.txn_high_water_mark;
        settled.extend((1..=high).filter(|id| !uncommitted.contains(id)));
        match writers.try_join_next() {
            Some(done) => opened.extend(done.unwrap()),
            None if writers.is_empty() => break,
            None => {}
        }
    }
    opened.sort_unstable();
    assert_eq!(opened, (1..=opened.len() as i64).collect::<Vec<_>>());
}

#[tokio::test]
async fn write_ids_are_dense_and_the_same_when_asked_again() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 4).await;
    assert_eq!(allocate(&mut client, "Db.Tbl", &[ids[2], ids[0]]).await.unwrap(), [(1, 1), (3, 2)]);
    assert_eq!(allocate(&mut client, "db.tbl", &[ids[0]]).await.unwrap(), [(1, 1)]);
    assert_eq!(allocate(&mut client, "db.tbl", &ids).await.unwrap(), [(1, 1), (2, 3), (3, 2), (4, 4)]);
    assert_eq!(allocate(&mut client, "db.other", &[ids[3]]).await.unwrap(), [(4, 1)]);
    let again = types::AllocateTableWriteIdsRequest {
        txn_ids: Some(vec![ids[0]]),
        reallocate: Some(true),
        ..in_table("db.tbl")
    };
    assert_eq!(allocate_as(&mut client, again).await.unwrap(), [(1, 5)]);
    let max = |table: &str| args::GetMaxAllocatedTableWriteId {
        rqst: Some(types::MaxAllocatedTableWriteIdRequest { db_name: "db".into(), table_name: FastStr::new(table) }),
    };
    let highest = client.call::<methods::GetMaxAllocatedTableWriteId>(max("tbl")).await.unwrap().max_write_id;
    assert_eq!(highest, 5);
    let none = client.call::<methods::GetMaxAllocatedTableWriteId>(max("none")).await.unwrap().max_write_id;
    assert_eq!(none, 0);

    let reader = open_kind(&mut client, TxnType::READ_ONLY).await;
    let message = thrown(allocate(&mut client, "db.tbl", &[reader]).await, ExceptionKind::Meta);
    assert!(message.contains("Write ID allocation failed on db.tbl as not all input txns in open state or read-only"));
    abort(&mut client, ids[1]).await.unwrap();
    thrown(allocate(&mut client, "db.tbl", &[ids[0], ids[1]]).await, ExceptionKind::TxnAborted);
    thrown(allocate(&mut client, "db.tbl", &[99]).await, ExceptionKind::NoSuchTxn);
    thrown(allocate(&mut client, "db.tbl", &[]).await, ExceptionKind::Meta);

    let seed = |table: &str, id| args::SeedWriteId {
        rqst: Some(types::SeedTableWriteIdsRequest {
            db_name: "db".into(),
            table_name: FastStr::new(table),
            seed_write_id: id,
        }),
    };
    client.call::<methods::SeedWriteId>(seed("seeded", 10)).await.unwrap();
    assert_eq!(allocate(&mut client, "db.seeded", &[ids[0]]).await.unwrap(), [(1, 11)]);
    thrown(client.call::<methods::SeedWriteId>(seed("seeded", 20)).await, ExceptionKind::Meta);
    let seed = |id| args::SeedTxnId { rqst: Some(types::SeedTxnIdRequest { seed_txn_id: id }) };
    client.call::<methods::SeedTxnId>(seed(100)).await.unwrap();
    assert_eq!(open_one(&mut client).await, 100);
    thrown(client.call::<methods::SeedTxnId>(seed(100)).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn readers_see_the_write_ids_of_their_snapshot() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 3).await;
    allocate(&mut client, "db.tbl", &ids).await.unwrap();
    abort(&mut client, ids[0]).await.unwrap();
    // Nothing visible: the lowest id that is not says all.
    assert_eq!(seen(&valid_write_ids(&mut client, "db.tbl", Some("3:2:2,3:1")).await), (1, vec![1], Some(2), vec![1]));
    commit(&mut client, ids[2]).await.unwrap();
    let now = (3, vec![1, 2], Some(2), vec![1]);
    assert_eq!(seen(&valid_write_ids(&mut client, "db.tbl", Some("3:2:2:1")).await), now);
    assert_eq!(seen(&valid_write_ids(&mut client, "db.tbl", None).await), now);
    assert_eq!(seen(&valid_write_ids(&mut client, "db.none", None).await), (0, vec![], None, vec![]));
    // What comes later is above the mark of an earlier snapshot.
    let later = open_one(&mut client).await;
    allocate(&mut client, "db.tbl", &[later]).await.unwrap();
    commit(&mut client, later).await.unwrap();
    assert_eq!(seen(&valid_write_ids(&mut client, "db.tbl", Some("3:2:2:1")).await), now);
    assert_eq!(valid_write_ids(&mut client, "db.tbl", None).await.write_id_high_water_mark, 4);
    // As the transaction that has a write id.
    let own = types::GetValidWriteIdsRequest {
        full_table_names: vec!["db.tbl".into()],
        write_id: Some(2),
        ..Default::default()
    };
    let own = args::GetValidWriteIds { rqst: Some(own) };
    let own = client.call::<methods::GetValidWriteIds>(own).await.unwrap().tbl_valid_write_ids.remove(0);
    assert_eq!(own.write_id_high_water_mark, 2);
    let bad = types::GetValidWriteIdsRequest { valid_txn_list: text("x:y"), ..Default::default() };
    thrown(
        client.call::<methods::GetValidWriteIds>(args::GetValidWriteIds { rqst: Some(bad) }).await,
        ExceptionKind::Meta,
    );

    let seen = args::AddWriteIdsToMinHistory { txn_id: Some(ids[1]), write_ids: Some([("db.tbl".into(), 2)].into()) };
    client.call::<methods::AddWriteIdsToMinHistory>(seen.clone()).await.unwrap();
    let gone = args::AddWriteIdsToMinHistory { txn_id: Some(ids[0]), ..seen };
    thrown(client.call::<methods::AddWriteIdsToMinHistory>(gone).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn transactions_end_without_a_heartbeat_and_are_forgotten_when_nobody_sees_them() {
    let server = Server::start_with(Options { lock_lease: 1, ..Default::default() }).await;
    let mut client = server.client().await;
    let dead = open_one(&mut client).await;
    allocate(&mut client, "db.tbl", &[dead]).await.unwrap();
    while info(&mut client).await[0].state == TxnState::OPEN {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        server.catalog.tidy_up(3600).await.unwrap();
    }
    assert_eq!(info(&mut client).await[0].meta_info.as_deref(), Some("heartbeat time-out"));
    thrown(commit(&mut client, dead).await, ExceptionKind::TxnAborted);
    // It has write ids but wrote nothing, so it can be forgotten.
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await, []);
    thrown(commit(&mut client, dead).await, ExceptionKind::NoSuchTxn);
}

#[tokio::test]
async fn what_an_open_transaction_saw_open_is_not_forgotten() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let writer = open_one(&mut client).await;
    allocate(&mut client, "db.tbl", &[writer]).await.unwrap();
    let reader = open_one(&mut client).await;
    let list = format!("{reader}:{writer}:{writer}:");
    commit(&mut client, writer).await.unwrap();
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(valid_write_ids(&mut client, "db.tbl", Some(&list)).await.invalid_write_ids, [1]);
    commit(&mut client, reader).await.unwrap();
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(seen(&valid_write_ids(&mut client, "db.tbl", None).await), (1, vec![], None, vec![]));
    let next = open_one(&mut client).await;
    assert_eq!(allocate(&mut client, "db.tbl", &[next]).await.unwrap(), [(3, 2)]);
}

#[tokio::test]
async fn a_commit_changes_a_parameter_along() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    let with = types::Table {
        parameters: Some(crate::support::map(&[("_metamykey", "old"), ("mykey", "old")])),
        ..table("db", "t", &[("a", "int")], &[])
    };
    client.create_table(with).await;
    let table_id = client.get_table("db", "t").await.unwrap().id.unwrap();
    let with = |txnid, table_id, key: &str| types::CommitTxnRequest {
        txnid,
        key_value: Some(types::CommitTxnKeyValue { table_id, key: FastStr::new(key), value: "new".into() }),
        ..Default::default()
    };
    let id = open_one(&mut client).await;
    for (table_id, key, problem) in [
        (table_id, "mykey", "should start with _meta"),
        (table_id, "_metaother", "no such parameter"),
        (table_id + 1, "_metamykey", "no such table"),
    ] {
        let refused = commit_with(&mut client, with(id, table_id, key)).await;
        assert!(
            matches!(&refused, Err(CallError::Application { message, .. }) if message.contains(problem)),
            "{refused:?}"
        );
    }
    commit_with(&mut client, with(id, table_id, "_metamykey")).await.unwrap();
    let parameters = client.get_table("db", "t").await.unwrap().parameters.unwrap();
    assert_eq!((parameters["_metamykey"].as_str(), parameters["mykey"].as_str()), ("new", "old"));
}

#[tokio::test]
async fn write_ids_follow_a_table_and_go_with_it() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(table("db", "t", &[("a", "int")], &[])).await;
    let ids = open(&mut client, 3).await;
    allocate(&mut client, "db.t", &ids[..2]).await.unwrap();
    let renamed = types::Table { table_name: text("u"), ..client.get_table("db", "t").await.unwrap() };
    let alter = args::AlterTable { dbname: text("db"), tbl_name: text("t"), new_tbl: Some(renamed) };
    client.call::<methods::AlterTable>(alter).await.unwrap();
    assert_eq!(allocate(&mut client, "db.u", &[ids[2]]).await.unwrap(), [(3, 3)]);
    let drop = args::DropTable { dbname: text("db"), name: text("u"), delete_data: Some(true) };
    client.call::<methods::DropTable>(drop).await.unwrap();
    assert_eq!(allocate(&mut client, "db.u", &[ids[2]]).await.unwrap(), [(3, 1)]);
}
