//! Statistics of ACID tables: readers see those of writes that they see, and writers say within which write they change
//! them.

use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use super::sample::{described, longs, object, of_partition};
use super::{add_partitions, set_aggregated};
use crate::support::{Client, Server, map, table, text, texts, thrown};

const EXACT: &str = r#"{"BASIC_STATS":"true"}"#;
const BASIC_AND_COLUMN: &str = r#"{"BASIC_STATS":"true","COLUMN_STATS":{"a":"true"}}"#;

async fn create(client: &mut Client, name: &str, keys: &[(&str, &str)]) {
    let acid = table("default", name, &[("a", "bigint")], keys);
    let parameters = map(&[("transactional", "true"), ("COLUMN_STATS_ACCURATE", EXACT)]);
    client.create_table(types::Table { parameters: Some(parameters), ..acid }).await;
}

/// A list of write ids of which those up to `high` are visible, but for the open ones.
fn seen(high: i64, open: &[i64]) -> Option<FastStr> {
    let open: Vec<String> = open.iter().map(ToString::to_string).collect();
    let first = open.first().cloned().unwrap_or_else(|| i64::MAX.to_string());
    Some(format!("default.t:{high}:{first}:{}:", open.join(",")).into())
}

async fn write(
    client: &mut Client,
    sent: types::ColumnStatistics,
    id: i64,
    list: Option<FastStr>,
    merge: bool,
) -> Result<bool, CallError> {
    let request = types::SetPartitionsStatsRequest {
        col_stats: vec![sent],
        need_merge: Some(merge),
        write_id: Some(id),
        valid_write_id_list: list,
        engine: text("hive"),
    };
    client.call::<methods::SetAggrStatsFor>(args::SetAggrStatsFor { request: Some(request) }).await
}

async fn of_table(client: &mut Client, list: Option<FastStr>) -> usize {
    let request = types::TableStatsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        col_names: texts(&["a"]),
        valid_write_id_list: list,
        engine: text("hive"),
        ..Default::default()
    };
    let args = args::GetTableStatisticsReq { request: Some(request) };
    client.call::<methods::GetTableStatisticsReq>(args).await.unwrap().table_stats.len()
}

async fn get(client: &mut Client, list: Option<FastStr>) -> types::Table {
    let req = types::GetTableRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        valid_write_id_list: list,
        ..Default::default()
    };
    client.call::<methods::GetTableReq>(args::GetTableReq { req: Some(req) }).await.unwrap().table
}

fn accurate(parameters: &Option<propolis_thrift::AHashMap<FastStr, FastStr>>) -> Option<&str> {
    parameters.as_ref().unwrap().get("COLUMN_STATS_ACCURATE").map(FastStr::as_str)
}

fn a(high: i64) -> Vec<types::ColumnStatisticsObj> {
    vec![object("a", "bigint", longs(Some(0), Some(high), 0, 1))]
}

#[tokio::test]
async fn readers_see_statistics_of_writes_that_they_see() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    assert!(write(&mut client, described("t", a(1)), 2, seen(2, &[]), false).await.unwrap());

    for (list, valid) in [(seen(2, &[]), true), (seen(5, &[1]), true), (seen(1, &[]), false), (seen(3, &[2]), false)] {
        assert_eq!(of_table(&mut client, list.clone()).await, usize::from(valid), "{list:?}");
        let shown = get(&mut client, list.clone()).await;
        assert_eq!(shown.is_stats_compliant, Some(valid), "{list:?}");
        assert_eq!(accurate(&shown.parameters), valid.then_some(BASIC_AND_COLUMN), "{list:?}");
    }
    let plain = get(&mut client, None).await;
    assert_eq!((plain.is_stats_compliant, plain.write_id), (None, Some(2)));
    assert_eq!(accurate(&plain.parameters), Some(BASIC_AND_COLUMN));
    assert_eq!(of_table(&mut client, None).await, 1);
}

#[tokio::test]
async fn of_two_writes_at_once_neither_leaves_exact_statistics() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    assert!(write(&mut client, described("t", a(1)), 1, seen(2, &[2]), false).await.unwrap());
    assert!(write(&mut client, described("t", a(2)), 2, seen(2, &[1]), false).await.unwrap());
    let after = get(&mut client, None).await;
    assert_eq!((accurate(&after.parameters), after.write_id), (None, Some(2)));
    assert_eq!(of_table(&mut client, seen(2, &[])).await, 0);

    // What comes after sees both, but joins nothing to what is not exact.
    assert!(write(&mut client, described("t", a(3)), 3, seen(3, &[]), true).await.unwrap());
    assert_eq!(accurate(&get(&mut client, None).await.parameters), None);
}

#[tokio::test]
async fn without_a_write_statistics_do_not_become_exact() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    let refused = set_aggregated(&mut client, vec![described("t", a(1))], false).await;
    assert!(thrown(refused, ExceptionKind::Meta).contains("writeId"));

    let mut changed = get(&mut client, None).await;
    changed.parameters.as_mut().unwrap().insert("COLUMN_STATS_ACCURATE".into(), BASIC_AND_COLUMN.into());
    let alter = |new_tbl: types::Table| args::AlterTable {
        dbname: text("default"),
        tbl_name: text("t"),
        new_tbl: Some(new_tbl),
    };
    let refused = client.call::<methods::AlterTable>(alter(changed.clone())).await;
    assert!(thrown(refused, ExceptionKind::Meta).contains("writeId"));
    let request = types::AlterTableRequest {
        db_name: "default".into(),
        table_name: "t".into(),
        table: changed,
        write_id: Some(4),
        valid_write_id_list: seen(4, &[]),
        ..Default::default()
    };
    client.call::<methods::AlterTableReq>(args::AlterTableReq { req: Some(request) }).await.unwrap();
    let after = get(&mut client, None).await;
    assert_eq!((accurate(&after.parameters), after.write_id), (Some(BASIC_AND_COLUMN), Some(4)));

    // All else may change without a write, and the write id stays, whatever a client sends.
    let renamed = types::Table { retention: Some(7), write_id: Some(0), ..after };
    client.call::<methods::AlterTable>(alter(renamed)).await.unwrap();
    let after = get(&mut client, None).await;
    assert_eq!((after.retention, after.write_id), (Some(7), Some(4)));
}

#[tokio::test]
async fn partitions_have_write_ids_of_their_own() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[("dt", "string")]).await;
    add_partitions(&mut client, "t", vec![texts(&["1"]), texts(&["2"])]).await;
    let (first, second) = (of_partition("t", "dt=1", a(1)), of_partition("t", "dt=2", a(2)));
    assert!(write(&mut client, first, 1, seen(1, &[]), false).await.unwrap());
    assert!(write(&mut client, second, 2, seen(2, &[]), false).await.unwrap());
    let exact = |value: &str| types::Partition {
        values: Some(texts(&[value])),
        db_name: text("default"),
        table_name: text("t"),
        parameters: Some(map(&[("COLUMN_STATS_ACCURATE", BASIC_AND_COLUMN)])),
        ..Default::default()
    };
    let request = types::AlterPartitionsRequest {
        db_name: "default".into(),
        table_name: "t".into(),
        partitions: vec![exact("1"), exact("2")],
        write_id: Some(3),
        valid_write_id_list: seen(3, &[]),
        ..Default::default()
    };
    client.call::<methods::AlterPartitionsReq>(args::AlterPartitionsReq { req: Some(request) }).await.unwrap();
    let sent = of_partition("t", "dt=2", a(9));
    assert!(write(&mut client, sent, 4, seen(4, &[]), false).await.unwrap());

    let request = |list: Option<FastStr>| types::PartitionsStatsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        col_names: texts(&["a"]),
        part_names: texts(&["dt=1", "dt=2"]),
        valid_write_id_list: list,
        engine: text("hive"),
        ..Default::default()
    };
    for (list, partitions, aggregated) in [(seen(4, &[]), 2, 1), (seen(3, &[]), 1, 0), (None, 2, 1)] {
        let args = args::GetPartitionsStatisticsReq { request: Some(request(list.clone())) };
        let found = client.call::<methods::GetPartitionsStatisticsReq>(args).await.unwrap();
        assert_eq!(found.part_stats.len(), partitions, "{list:?}");
        let args = args::GetAggrStatsFor { request: Some(request(list.clone())) };
        let found = client.call::<methods::GetAggrStatsFor>(args).await.unwrap();
        assert_eq!(found.col_stats.len(), aggregated, "{list:?}");
    }
    for (list, valid) in [(seen(4, &[]), Some(true)), (seen(3, &[]), Some(false)), (None, None)] {
        let req = types::GetPartitionRequest {
            db_name: "default".into(),
            tbl_name: "t".into(),
            part_vals: texts(&["2"]),
            valid_write_id_list: list,
            ..Default::default()
        };

        let args = args::GetPartitionReq { req: Some(req) };
        let found = client.call::<methods::GetPartitionReq>(args).await.unwrap().partition;
        assert_eq!(found.is_stats_compliant, valid);
        assert_eq!(accurate(&found.parameters), (valid != Some(false)).then_some(BASIC_AND_COLUMN));
    }

    // A truncate says its write too, and leaves exact zeros.
    let request = types::TruncateTableRequest {
        db_name: "default".into(),
        table_name: "t".into(),
        part_names: Some(texts(&["dt=1"])),
        write_id: Some(5),
        valid_write_id_list: seen(5, &[]),
        ..Default::default()
    };
    client.call::<methods::TruncateTableReq>(args::TruncateTableReq { req: Some(request) }).await.unwrap();
    let args = args::GetPartitionByName { db_name: text("default"), tbl_name: text("t"), part_name: text("dt=1") };
    let truncated = client.call::<methods::GetPartitionByName>(args).await.unwrap();
    assert_eq!((accurate(&truncated.parameters), truncated.write_id), (Some(EXACT), Some(5)));
}
