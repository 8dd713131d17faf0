//! Materialized views.

use propolis_thrift::types::{DataOperationType, LockState, LockType};
use propolis_thrift::{FastStr, args, methods, types};

use super::*;

async fn write(client: &mut Client, operation: DataOperationType) {
    let id = open_one(client).await;
    allocate(client, "db.t", &[id]).await.unwrap();
    let component = types::LockComponent {
        r#type: LockType::SHARED_WRITE,
        level: types::LockLevel::TABLE,
        dbname: "db".into(),
        tablename: text("t"),
        operation_type: Some(operation),
        ..Default::default()
    };
    let request = types::LockRequest { component: vec![component], txnid: Some(id), ..Default::default() };
    client.call::<methods::Lock>(args::Lock { rqst: Some(request) }).await.unwrap();
    commit(client, id).await.unwrap();
}

/// Whether rows changed, and whether it was compacted, since a view was built from these write ids.
async fn changed(client: &mut Client, built_from: &str) -> (bool, bool) {
    let metadata = types::CreationMetadata {
        cat_name: "hive".into(),
        db_name: "db".into(),
        tbl_name: "v".into(),
        tables_used: ["db.t".into()].into(),
        valid_txn_list: Some(FastStr::new(built_from)),
        ..Default::default()
    };
    let newest = client.call::<methods::GetOpenTxns>(args::GetOpenTxns {}).await.unwrap().txn_high_water_mark;
    let call = args::GetMaterializationInvalidationInfo {
        creation_metadata: Some(metadata),
        valid_txn_list: Some(format!("{newest}:9223372036854775807::").into()),
    };
    let answer = client.call::<methods::GetMaterializationInvalidationInfo>(call).await.unwrap();
    (answer.source_tables_update_delete_modified, answer.source_tables_compacted)
}

#[tokio::test]
async fn views_are_told_what_happened_to_their_sources() {
    let server = Server::start().await;
    let mut client = server.client().await;
    write(&mut client, DataOperationType::INSERT).await;
    let built_from = "1$db.t:1:9223372036854775807::";
    assert_eq!(changed(&mut client, built_from).await, (false, false));
    write(&mut client, DataOperationType::INSERT).await;
    assert_eq!(changed(&mut client, built_from).await, (false, false));
    write(&mut client, DataOperationType::DELETE).await;
    assert_eq!(changed(&mut client, built_from).await, (true, false));
    // Nothing that is needed is forgotten.
    write(&mut client, DataOperationType::UPDATE).await;
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(changed(&mut client, built_from).await, (true, false));
    assert_eq!(changed(&mut client, "4$db.t:4:9223372036854775807::").await, (false, false));
    let json = r#"{"validTxnList":"1$db.t:1:9223372036854775807::","tableSnapshots":{}}"#;
    assert_eq!(changed(&mut client, json).await, (true, false));
    // Where it cannot be told, the worst.
    for unknown in ["4$db.other:4:9223372036854775807::", r#"{"tableSnapshots":{"db.t":"x"}}"#] {
        assert_eq!(changed(&mut client, unknown).await, (true, true), "{unknown}");
    }
    let compact = types::CompactionRequest {
        dbname: "db".into(),
        tablename: "t".into(),
        r#type: types::CompactionType::MAJOR,
        ..Default::default()
    };
    client.call::<methods::Compact>(args::Compact { rqst: Some(compact) }).await.unwrap();
    assert_eq!(changed(&mut client, "4$db.t:4:9223372036854775807::").await, (false, true));
}

#[tokio::test]
async fn one_at_a_time_rebuilds_a_view() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let ids = open(&mut client, 2).await;
    let take =
        |id| args::GetLockMaterializationRebuild { db_name: text("db"), table_name: text("v"), txn_id: Some(id) };
    let keep =
        |id| args::HeartbeatLockMaterializationRebuild { db_name: text("db"), table_name: text("v"), txn_id: Some(id) };
    let first = client.call::<methods::GetLockMaterializationRebuild>(take(ids[0])).await.unwrap();
    assert_eq!((first.lockid, first.state), (ids[0], LockState::ACQUIRED));
    let second = client.call::<methods::GetLockMaterializationRebuild>(take(ids[1])).await.unwrap();
    assert_eq!(second.state, LockState::NOT_ACQUIRED);
    assert!(client.call::<methods::HeartbeatLockMaterializationRebuild>(keep(ids[0])).await.unwrap());
    assert!(!client.call::<methods::HeartbeatLockMaterializationRebuild>(keep(ids[1])).await.unwrap());
    commit(&mut client, ids[0]).await.unwrap();
    let second = client.call::<methods::GetLockMaterializationRebuild>(take(ids[1])).await.unwrap();
    assert_eq!(second.state, LockState::ACQUIRED);
}

#[tokio::test]
async fn changed_rows_are_counted_for_views() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(table("db", "t", &[("a", "int")], &[])).await;
    let source = client.get_table("db", "t").await.unwrap();
    let view = types::Table {
        table_type: text("MATERIALIZED_VIEW"),
        creation_metadata: Some(types::CreationMetadata {
            cat_name: "hive".into(),
            db_name: "db".into(),
            tbl_name: "v".into(),
            tables_used: ["db.t".into()].into(),
            source_tables: Some(vec![types::SourceTable {
                table: source.clone(),
                inserted_count: 1,
                ..Default::default()
            }]),
            ..Default::default()
        }),
        ..table("db", "v", &[("a", "int")], &[])
    };
    client.create_table(view).await;
    let rows = |table_id| args::UpdateTransactionStatistics {
        req: Some(types::UpdateTransactionalStatsRequest {
            table_id,
            insert_count: 10,
            updated_count: 2,
            deleted_count: 3,
        }),
    };
    client.call::<methods::UpdateTransactionStatistics>(rows(source.id.unwrap())).await.unwrap();
    client.call::<methods::UpdateTransactionStatistics>(rows(99_999)).await.unwrap();
    let metadata = client.get_table("db", "v").await.unwrap().creation_metadata.unwrap();
    let counted = &metadata.source_tables.unwrap()[0];
    assert_eq!((counted.inserted_count, counted.updated_count, counted.deleted_count), (11, 2, 3));
}
