//! Transactions of another catalog, and the events that tell of ours.

use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};
use serde_json::{Value, json};

use super::*;
use crate::support::texts;

const POLICY: &str = "db.*";

fn replayed(sources: &[i64]) -> types::OpenTxnRequest {
    types::OpenTxnRequest {
        num_txns: sources.len() as i32,
        repl_policy: text(POLICY),
        repl_src_txn_ids: Some(sources.to_vec()),
        txn_type: Some(TxnType::REPL_CREATED),
        ..Default::default()
    }
}

async fn map(client: &mut Client) -> Vec<(String, String)> {
    let call = args::GetReplayedTxnsForPolicy { policy_name: text(POLICY) };
    let answer = client.call::<methods::GetReplayedTxnsForPolicy>(call).await.unwrap();
    let mut entries: Vec<_> = answer
        .repl_txn_map_entry
        .unwrap()
        .into_iter()
        .map(|(source, target)| (source.to_string(), target.to_string()))
        .collect();
    entries.sort();
    entries
}

#[tokio::test]
async fn replayed_transactions_go_by_the_numbers_of_their_source() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    open_one(&mut client).await;
    assert_eq!(open_as(&mut client, replayed(&[70, 71, 72])).await.unwrap(), [2, 3, 4]);
    assert_eq!(open_as(&mut client, replayed(&[70, 71, 72])).await.unwrap(), [2, 3, 4]);
    let short = types::OpenTxnRequest { num_txns: 3, ..replayed(&[70]) };
    assert!(open_as(&mut client, short).await.is_err());
    assert_eq!(map(&mut client).await[0], ("70".to_owned(), "2".to_owned()));

    // Write ids are those of the source.
    let given = |source: i64, write_id: i64| types::AllocateTableWriteIdsRequest {
        repl_policy: text(POLICY),
        src_txn_to_write_id_list: Some(vec![types::TxnToWriteId { txn_id: source, write_id }]),
        ..in_table("db.t")
    };
    assert_eq!(allocate_as(&mut client, given(70, 5)).await.unwrap(), [(2, 5)]);
    assert_eq!(allocate_as(&mut client, given(71, 6)).await.unwrap(), [(3, 6)]);
    assert_eq!(allocate_as(&mut client, given(99, 7)).await.unwrap(), []);

    let end = types::CommitTxnRequest {
        txnid: 70,
        repl_policy: text(POLICY),
        txn_type: Some(TxnType::REPL_CREATED),
        write_event_infos: Some(vec![types::WriteEventInfo {
            write_id: 5,
            database: "db".into(),
            table: "t".into(),
            ..Default::default()
        }]),
        repl_last_id_info: Some(types::ReplLastIdInfo {
            database: "db".into(),
            last_repl_id: 1234,
            ..Default::default()
        }),
        ..Default::default()
    };
    commit_with(&mut client, end.clone()).await.unwrap();
    commit_with(&mut client, end).await.unwrap();
    let database = client.call::<methods::GetDatabase>(args::GetDatabase { name: text("db") }).await.unwrap();
    assert_eq!(database.parameters.unwrap()["repl.last.id"], "1234");
    let cancel = types::AbortTxnRequest {
        txnid: 71,
        repl_policy: text(POLICY),
        txn_type: Some(TxnType::REPL_CREATED),
        ..Default::default()
    };
    for _ in 0..2 {
        client.call::<methods::AbortTxn>(args::AbortTxn { rqst: Some(cancel.clone()) }).await.unwrap();
    }
    assert_eq!(map(&mut client).await, [("72".to_owned(), "4".to_owned())]);
    let states: Vec<_> = info(&mut client).await.iter().map(|one| (one.id, one.state)).collect();
    assert_eq!(states, [(1, TxnState::OPEN), (3, TxnState::ABORTED), (4, TxnState::OPEN)]);

    // One that is aborted past the replication leaves a database that no longer fits.
    abort(&mut client, 4).await.unwrap();
    let database = client.call::<methods::GetDatabase>(args::GetDatabase { name: text("db") }).await.unwrap();
    assert_eq!(database.parameters.unwrap()["repl.incompatible"], "true");
    assert_eq!(map(&mut client).await, []);
}

#[tokio::test]
async fn write_ids_of_a_table_are_taken_over_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let state = |list: &str| args::ReplTblWriteidState {
        rqst: Some(types::ReplTblWriteIdStateRequest {
            valid_write_idlist: FastStr::new(list),
            user: "ada".into(),
            host_name: "here".into(),
            db_name: "db".into(),
            table_name: "t".into(),
            part_names: None,
        }),
    };
    assert!(client.call::<methods::ReplTblWriteidState>(state("nonsense")).await.is_err());
    let list = "db.t:6:9223372036854775807::2,4";
    client.call::<methods::ReplTblWriteidState>(state(list)).await.unwrap();
    client.call::<methods::ReplTblWriteidState>(state("db.t:9:9223372036854775807::")).await.unwrap();
    let there = valid_write_ids(&mut client, "db.t", None).await;
    assert_eq!((there.invalid_write_ids[0], there.min_open_write_id), (2, None));
    let next = open_one(&mut client).await;
    assert_eq!(allocate(&mut client, "db.t", &[next]).await.unwrap(), [(3, 7)]);
    let queue = client.call::<methods::ShowCompact>(args::ShowCompact { rqst: Some(Default::default()) }).await;
    assert_eq!(queue.unwrap().compacts[0].r#type, types::CompactionType::MAJOR);
}

#[tokio::test]
async fn events_tell_of_transactions() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(table("db", "t", &[("a", "int")], &[("p", "string")])).await;
    let partition = types::Partition {
        values: Some(texts(&["1"])),
        db_name: text("db"),
        table_name: text("t"),
        sd: client.get_table("db", "t").await.unwrap().sd.map(|sd| types::StorageDescriptor { location: None, ..sd }),
        ..Default::default()
    };
    client.call::<methods::AddPartition>(args::AddPartition { new_part: Some(partition) }).await.unwrap();
    let start = client
        .call::<methods::GetCurrentNotificationEventId>(args::GetCurrentNotificationEventId {})
        .await
        .unwrap()
        .event_id;

    let ids = open(&mut client, 2).await;
    let reader = open_kind(&mut client, TxnType::READ_ONLY).await;
    allocate(&mut client, "db.t", &ids).await.unwrap();
    let write = |files: &[&str]| types::WriteNotificationLogRequest {
        txn_id: ids[0],
        write_id: 1,
        db: "db".into(),
        table: "t".into(),
        file_info: types::InsertEventRequestData { files_added: texts(files), ..Default::default() },
        partition_vals: Some(texts(&["1"])),
    };
    let one = args::AddWriteNotificationLog { rqst: Some(write(&["file:/a"])) };
    client.call::<methods::AddWriteNotificationLog>(one).await.unwrap();
    let batch = types::WriteNotificationLogBatchRequest {
        catalog: "hive".into(),
        db: "db".into(),
        table: "t".into(),
        request_list: vec![write(&["file:/b", "file:/c"])],
    };
    let batch = args::AddWriteNotificationLogInBatch { rqst: Some(batch) };
    client.call::<methods::AddWriteNotificationLogInBatch>(batch).await.unwrap();
    commit(&mut client, ids[0]).await.unwrap();
    commit(&mut client, reader).await.unwrap();
    abort(&mut client, ids[1]).await.unwrap();

    let request = types::NotificationEventRequest { last_event: start, ..Default::default() };
    let call = args::GetNextNotification { rqst: Some(request) };
    let events = client.call::<methods::GetNextNotification>(call).await.unwrap().events;
    let kinds: Vec<&str> = events.iter().map(|event| event.event_type.as_str()).collect();
    assert_eq!(
        kinds,
        ["OPEN_TXN", "ALLOC_WRITE_ID_EVENT", "ACID_WRITE_EVENT", "ACID_WRITE_EVENT", "COMMIT_TXN", "ABORT_TXN"]
    );
    let messages: Vec<Value> = events.iter().map(|event| serde_json::from_str(&event.message).unwrap()).collect();
    assert_eq!((&messages[0]["fromTxnId"], &messages[0]["toTxnId"]), (&json!(1), &json!(2)));
    assert_eq!((&messages[1]["txnIdList"], &messages[1]["writeIdList"]), (&json!([1, 2]), &json!([1, 2])));
    assert_eq!((&messages[1]["dbName"], events[1].db_name.as_deref()), (&json!("db"), Some("db")));
    let written = &messages[3];
    assert_eq!((&written["txnid"], &written["writeId"], &written["partition"]), (&json!(1), &json!(1), &json!("p=1")));
    assert_eq!(written["files"], json!(["file:/b###", "file:/c###"]));
    assert!(written["tableObjJson"].is_string() && written["partitionObjJson"].is_string());
    assert_eq!(messages[4]["txnid"], json!(1));
    assert_eq!((&messages[5]["txnid"], &messages[5]["dbsUpdated"]), (&json!(2), &json!(["db"])));

    let all = |database: Option<&str>| args::GetAllWriteEventInfo {
        request: Some(types::GetAllWriteEventInfoRequest {
            txn_id: ids[0],
            db_name: database.map(FastStr::new),
            table_name: None,
        }),
    };
    let infos = client.call::<methods::GetAllWriteEventInfo>(all(None)).await.unwrap();
    assert_eq!(infos.len(), 1);
    assert_eq!((infos[0].files.as_str(), infos[0].write_id), ("file:/a###]file:/b###]file:/c###", 1));
    assert_eq!(infos[0].partition.as_deref(), Some("p=1"));
    assert!(infos[0].table_obj.is_some() && infos[0].partition_obj.is_some());
    assert!(client.call::<methods::GetAllWriteEventInfo>(all(Some("other"))).await.unwrap().is_empty());

    let unknown = types::WriteNotificationLogRequest { table: "none".into(), ..write(&["file:/a"]) };
    let unknown = args::AddWriteNotificationLog { rqst: Some(unknown) };
    assert!(client.call::<methods::AddWriteNotificationLog>(unknown).await.is_err());
    thrown(
        client.call::<methods::GetAllWriteEventInfo>(args::GetAllWriteEventInfo { request: None }).await,
        ExceptionKind::Meta,
    );
}
