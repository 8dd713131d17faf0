//! The compaction queue.

mod cleaning;

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{CompactionInfoStruct, CompactionRequest, CompactionType};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, map, table, text, texts, thrown};
use crate::transactions::{abort, allocate, commit, info, open_as, open_one};

fn request(name: &str, kind: CompactionType) -> CompactionRequest {
    let mut names = name.splitn(2, '.').map(FastStr::new);
    CompactionRequest {
        dbname: "db".into(),
        tablename: names.next().unwrap(),
        partitionname: names.next(),
        r#type: kind,
        ..Default::default()
    }
}

async fn enqueue(client: &mut Client, request: CompactionRequest) -> types::CompactionResponse {
    client.call::<methods::Compact2>(args::Compact2 { rqst: Some(request) }).await.unwrap()
}

async fn next(client: &mut Client, worker: &str, pool: Option<&str>) -> Option<CompactionInfoStruct> {
    let request = types::FindNextCompactRequest {
        worker_id: text(worker),
        worker_version: text("4.0"),
        pool_name: pool.map(FastStr::new),
    };
    client.call::<methods::FindNextCompact2>(args::FindNextCompact2 { rqst: Some(request) }).await.unwrap().ci
}

async fn show(client: &mut Client, request: types::ShowCompactRequest) -> Vec<types::ShowCompactResponseElement> {
    client.call::<methods::ShowCompact>(args::ShowCompact { rqst: Some(request) }).await.unwrap().compacts
}

async fn states(client: &mut Client) -> Vec<(i64, String)> {
    show(client, Default::default()).await.iter().map(|one| (one.id.unwrap(), one.state.to_string())).collect()
}

async fn latest(client: &mut Client, partitions: Option<&[&str]>, after: Option<i64>) -> Vec<CompactionInfoStruct> {
    let request = types::GetLatestCommittedCompactionInfoRequest {
        dbname: "db".into(),
        tablename: "t".into(),
        partitionnames: partitions.map(texts),
        last_compaction_id: after,
    };
    let call = args::GetLatestCommittedCompactionInfo { rqst: Some(request) };
    client.call::<methods::GetLatestCommittedCompactionInfo>(call).await.unwrap().compactions
}

async fn clean(client: &mut Client, done: CompactionInfoStruct) -> Result<(), CallError> {
    client.call::<methods::MarkCleaned>(args::MarkCleaned { cr: Some(done) }).await
}

#[tokio::test]
async fn a_compaction_goes_its_way() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let asked = CompactionRequest {
        properties: Some(map(&[("compactor.x", "1")])),
        initiator_id: text("me"),
        ..request("T.P=1", CompactionType::MAJOR)
    };
    let accepted = enqueue(&mut client, asked.clone()).await;
    assert_eq!((accepted.id, accepted.state.as_str(), accepted.accepted), (1, "initiated", true));
    let refused = enqueue(&mut client, asked).await;
    assert_eq!((refused.id, refused.state.as_str(), refused.accepted), (-1, "refused", false));
    assert!(refused.errormessage.unwrap().contains("state='initiated' and id=1"));

    let mut taken = next(&mut client, "w1", None).await.unwrap();
    assert_eq!((taken.id, taken.partitionname.as_deref()), (1, Some("p=1")));
    assert_eq!((taken.properties.as_deref(), taken.state.as_deref()), (Some("1:11:compactor.x1:1"), Some("w")));
    assert_eq!(next(&mut client, "w2", None).await, None);

    let kind = Some(types::TxnType::COMPACTION);
    let id = open_as(&mut client, types::OpenTxnRequest { num_txns: 1, txn_type: kind, ..Default::default() });
    let id = id.await.unwrap()[0];
    taken.highest_write_id = Some(7);
    taken.runas = text("hive");
    let update = |cr: &CompactionInfoStruct, id| args::UpdateCompactorState { cr: Some(cr.clone()), txn_id: Some(id) };
    client.call::<methods::UpdateCompactorState>(update(&taken, id)).await.unwrap();
    assert!(client.call::<methods::UpdateCompactorState>(update(&taken, 99)).await.is_err());
    let job = |id| args::SetHadoopJobid { job_id: text("job_1"), cq_id: Some(id) };
    client.call::<methods::SetHadoopJobid>(job(1)).await.unwrap();
    assert!(client.call::<methods::SetHadoopJobid>(job(5)).await.is_err());
    commit(&mut client, id).await.unwrap();
    client.call::<methods::MarkCompacted>(args::MarkCompacted { cr: Some(taken.clone()) }).await.unwrap();

    let shown = show(&mut client, Default::default()).await.remove(0);
    assert_eq!(
        (shown.state.as_str(), shown.hightest_write_id, shown.txn_id),
        ("ready for cleaning", Some(7), Some(id))
    );
    assert_eq!((shown.run_as.as_deref(), shown.hadoop_job_id.as_deref()), (Some("hive"), Some("job_1")));
    assert!(shown.commit_time.is_some() && shown.end_time.is_none());
    assert_eq!(latest(&mut client, None, None).await[0].id, 1);
    let events = types::NotificationEventRequest {
        event_type_list: Some(texts(&["COMMIT_COMPACTION_EVENT"])),
        ..Default::default()
    };
    let events = client.call::<methods::GetNextNotification>(args::GetNextNotification { rqst: Some(events) }).await;
    let event = events.unwrap().events.remove(0);
    let message: serde_json::Value = serde_json::from_str(&event.message).unwrap();
    assert_eq!((&message["type"], &message["partName"]), (&"MAJOR".into(), &"p=1".into()));

    clean(&mut client, taken.clone()).await.unwrap();
    assert_eq!(states(&mut client).await, [(1, "succeeded".to_owned())]);
    assert!(show(&mut client, Default::default()).await[0].end_time.is_some());
    let again = client.call::<methods::MarkCompacted>(args::MarkCompacted { cr: Some(taken) }).await;
    thrown(again, ExceptionKind::Meta);
    assert_eq!(latest(&mut client, Some(&["p=1"]), None).await.len(), 1);
    assert_eq!(latest(&mut client, Some(&["p=2"]), None).await, []);
    assert_eq!(latest(&mut client, None, Some(1)).await, []);
}

#[tokio::test]
async fn compactions_fail_are_refused_and_aborted() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for name in ["a", "b", "c"] {
        client
            .call::<methods::Compact>(args::Compact { rqst: Some(request(name, CompactionType::MINOR)) })
            .await
            .unwrap();
    }
    let worker = args::FindNextCompact { worker_id: text("w") };
    let mut first = client.call::<methods::FindNextCompact>(worker.clone()).await.unwrap().ci.unwrap();
    let second = client.call::<methods::FindNextCompact>(worker).await.unwrap().ci.unwrap();
    first.error_message = text("broken");
    client.call::<methods::MarkFailed>(args::MarkFailed { cr: Some(first.clone()) }).await.unwrap();
    client.call::<methods::MarkRefused>(args::MarkRefused { cr: Some(second) }).await.unwrap();
    thrown(client.call::<methods::MarkFailed>(args::MarkFailed { cr: Some(first.clone()) }).await, ExceptionKind::Meta);
    let never = CompactionInfoStruct { id: 0, ..first };
    client.call::<methods::MarkFailed>(args::MarkFailed { cr: Some(never) }).await.unwrap();

    let ids = types::AbortCompactionRequest { compaction_ids: vec![1, 3, 77], ..Default::default() };
    let call = args::AbortCompactions { rqst: Some(ids) };
    let done = client.call::<methods::AbortCompactions>(call).await.unwrap().abortedcompacts;
    let of = |id: i64| (done[&id].status.as_deref().unwrap(), done[&id].message.as_deref().unwrap());
    assert_eq!(of(3), ("Success", "Successfully aborted compaction"));
    assert_eq!(of(77), ("Error", "No Such Compaction Id Available"));
    assert!(of(1).1.contains("in state-failed"));
    let expected = [(4, "did not initiate"), (3, "aborted"), (2, "refused"), (1, "failed")];
    assert_eq!(states(&mut client).await, expected.map(|(id, state)| (id, state.to_owned())));

    let failed = types::ShowCompactRequest { state: text("failed"), ..Default::default() };
    assert_eq!(show(&mut client, failed).await[0].error_message.as_deref(), Some("broken"));
    let ordered = types::ShowCompactRequest { order: text("\"CC_TABLE\" DESC"), limit: Some(2), ..Default::default() };
    let tables: Vec<_> = show(&mut client, ordered).await.iter().map(|one| one.tablename.to_string()).collect();
    assert_eq!(tables, ["c", "b"]);
    let bad = types::ShowCompactRequest { order: text("1; drop table x"), ..Default::default() };
    assert!(client.call::<methods::ShowCompact>(args::ShowCompact { rqst: Some(bad) }).await.is_err());
}

#[tokio::test]
async fn workers_take_from_their_pool_and_each_request_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let pooled = CompactionRequest { pool_name: text("etl"), ..request("a", CompactionType::MINOR) };
    enqueue(&mut client, pooled).await;
    for name in ["b", "c", "d", "e"] {
        enqueue(&mut client, request(name, CompactionType::MINOR)).await;
    }
    assert_eq!(next(&mut client, "w", Some("etl")).await.unwrap().id, 1);
    assert_eq!(next(&mut client, "w", Some("etl")).await, None);
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = server.client().await;
        workers.spawn(async move { next(&mut client, "w", None).await.map(|taken| taken.id) });
    }
    let mut taken: Vec<i64> = workers.join_all().await.into_iter().flatten().collect();
    taken.sort_unstable();
    assert_eq!(taken, [2, 3, 4, 5]);
}

#[tokio::test]
async fn cleaning_settles_what_aborted_transactions_left() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let id = open_one(&mut client).await;
    allocate(&mut client, "db.t", &[id]).await.unwrap();
    let component = types::LockComponent {
        r#type: types::LockType::SHARED_WRITE,
        level: types::LockLevel::TABLE,
        dbname: "db".into(),
        tablename: text("t"),
        operation_type: Some(types::DataOperationType::INSERT),
        ..Default::default()
    };
    let lock = types::LockRequest { component: vec![component], txnid: Some(id), ..Default::default() };
    client.call::<methods::Lock>(args::Lock { rqst: Some(lock) }).await.unwrap();
    abort(&mut client, id).await.unwrap();
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await.len(), 1, "its files are still there");

    let call = args::SubmitForCleanup { o1: Some(request("t", CompactionType::MAJOR)), o2: Some(1), o3: Some(id) };
    assert!(client.call::<methods::SubmitForCleanup>(call).await.unwrap());
    assert_eq!(states(&mut client).await, [(1, "ready for cleaning".to_owned())]);
    let done = CompactionInfoStruct {
        id: 1,
        dbname: "db".into(),
        tablename: "t".into(),
        r#type: CompactionType::MAJOR,
        highest_write_id: Some(1),
        ..Default::default()
    };
    clean(&mut client, done).await.unwrap();
    server.catalog.tidy_up(0).await.unwrap();
    assert_eq!(info(&mut client).await, []);
}

#[tokio::test]
async fn the_last_of_each_state_are_kept() {
    let server = Server::start().await;
    let mut client = server.client().await;
    for _ in 0..5 {
        enqueue(&mut client, request("t", CompactionType::MINOR)).await;
        let taken = next(&mut client, "w", None).await.unwrap();
        clean(&mut client, taken).await.unwrap();
    }
    enqueue(&mut client, request("t", CompactionType::MINOR)).await;
    server.catalog.tidy().await.unwrap();
    let kept: Vec<i64> = states(&mut client).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(kept, [6, 5, 4, 3]);
}

#[tokio::test]
async fn compactors_learn_of_statistics_and_leave_their_metrics() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_database("db").await;
    client.create_table(table("db", "t", &[("a", "bigint"), ("b", "bigint")], &[])).await;
    let of = |table: &str| args::FindColumnsWithStats {
        cr: Some(CompactionInfoStruct {
            dbname: "db".into(),
            tablename: FastStr::new(table),
            r#type: CompactionType::MAJOR,
            ..Default::default()
        }),
    };
    assert!(client.call::<methods::FindColumnsWithStats>(of("t")).await.unwrap().is_empty());
    let statistics = types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: true,
            db_name: "db".into(),
            table_name: "t".into(),
            ..Default::default()
        },
        stats_obj: vec![types::ColumnStatisticsObj {
            col_name: "b".into(),
            col_type: "bigint".into(),
            stats_data: types::ColumnStatisticsData::LongStats(Default::default()),
        }],
        ..Default::default()
    };
    let update = args::UpdateTableColumnStatistics { stats_obj: Some(statistics) };
    client.call::<methods::UpdateTableColumnStatistics>(update).await.unwrap();
    assert_eq!(client.call::<methods::FindColumnsWithStats>(of("t")).await.unwrap(), ["b"]);
    assert!(client.call::<methods::FindColumnsWithStats>(of("none")).await.unwrap().is_empty());

    let metric = |value| args::UpdateCompactionMetricsData {
        data: Some(types::CompactionMetricsDataStruct {
            dbname: "db".into(),
            tblname: "t".into(),
            r#type: types::CompactionMetricsMetricType::NUM_DELTAS,
            metricvalue: value,
            version: 1,
            threshold: 100,
            ..Default::default()
        }),
    };
    for value in [150, 200, 50] {
        assert!(client.call::<methods::UpdateCompactionMetricsData>(metric(value)).await.unwrap());
    }
    let gone = types::CompactionMetricsDataRequest {
        db_name: "db".into(),
        tbl_name: "t".into(),
        r#type: types::CompactionMetricsMetricType::NUM_DELTAS,
        ..Default::default()
    };
    let call = args::RemoveCompactionMetricsData { request: Some(gone) };
    client.call::<methods::RemoveCompactionMetricsData>(call).await.unwrap();
}
