//! Column statistics of tables and partitions.

mod acid;
mod aggregation;
mod sample;
mod sketches;

use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};
use types::ColumnStatisticsData as Data;

use crate::support::{Client, Server, map, table, text, texts, thrown};
use sample::{described, every_kind, longs, object, of_partition, partition, strings};

const KEYS: [(&str, &str); 2] = [("dt", "string"), ("region", "string")];

/// A table with a column for every kind of statistics.
async fn create(client: &mut Client, name: &str, keys: &[(&str, &str)]) {
    let fields: Vec<_> = every_kind().iter().map(|object| (object.col_name.clone(), object.col_type.clone())).collect();
    let fields: Vec<_> = fields.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
    client.create_table(table("default", name, &fields, keys)).await;
}

async fn add_partitions(client: &mut Client, table: &str, partitions: Vec<Vec<FastStr>>) {
    let template = client.get_table("default", table).await.unwrap();
    let sd = types::StorageDescriptor { location: None, ..template.sd.unwrap() };
    let new_parts = partitions.into_iter().map(|values| types::Partition {
        values: Some(values),
        db_name: text("default"),
        table_name: text(table),
        sd: Some(sd.clone()),
        ..Default::default()
    });
    client.call::<methods::AddPartitions>(args::AddPartitions { new_parts: Some(new_parts.collect()) }).await.unwrap();
}

async fn update_table(client: &mut Client, sent: types::ColumnStatistics) -> Result<bool, CallError> {
    client
        .call::<methods::UpdateTableColumnStatistics>(args::UpdateTableColumnStatistics { stats_obj: Some(sent) })
        .await
}

async fn update_partition(client: &mut Client, sent: types::ColumnStatistics) -> Result<bool, CallError> {
    let args = args::UpdatePartitionColumnStatistics { stats_obj: Some(sent) };
    client.call::<methods::UpdatePartitionColumnStatistics>(args).await
}

async fn set_aggregated(
    client: &mut Client,
    sent: Vec<types::ColumnStatistics>,
    merge: bool,
) -> Result<bool, CallError> {
    let request = types::SetPartitionsStatsRequest { col_stats: sent, need_merge: Some(merge), ..Default::default() };
    client.call::<methods::SetAggrStatsFor>(args::SetAggrStatsFor { request: Some(request) }).await
}

async fn of_table(
    client: &mut Client,
    table: &str,
    columns: &[&str],
    engine: &str,
) -> Result<Vec<types::ColumnStatisticsObj>, CallError> {
    let request = types::TableStatsRequest {
        db_name: "default".into(),
        tbl_name: FastStr::new(table),
        col_names: texts(columns),
        engine: text(engine),
        ..Default::default()
    };
    let args = args::GetTableStatisticsReq { request: Some(request) };
    Ok(client.call::<methods::GetTableStatisticsReq>(args).await?.table_stats)
}

fn partitions_request(table: &str, partitions: &[&str], columns: &[&str]) -> types::PartitionsStatsRequest {
    types::PartitionsStatsRequest {
        db_name: "default".into(),
        tbl_name: FastStr::new(table),
        col_names: texts(columns),
        part_names: texts(partitions),
        engine: text("hive"),
        ..Default::default()
    }
}

async fn of_partitions(
    client: &mut Client,
    table: &str,
    partitions: &[&str],
    columns: &[&str],
) -> Vec<(String, Vec<types::ColumnStatisticsObj>)> {
    let request = Some(partitions_request(table, partitions, columns));
    let args = args::GetPartitionsStatisticsReq { request };
    let found = client.call::<methods::GetPartitionsStatisticsReq>(args).await.unwrap().part_stats;
    let mut found: Vec<_> = found.into_iter().map(|(name, list)| (name.to_string(), list)).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

async fn parameter(client: &mut Client, table: &str) -> Option<String> {
    let stored = client.get_table("default", table).await.unwrap();
    stored.parameters.unwrap().get("COLUMN_STATS_ACCURATE").map(FastStr::to_string)
}

fn sorted(mut objects: Vec<types::ColumnStatisticsObj>) -> Vec<types::ColumnStatisticsObj> {
    objects.sort_by(|a, b| a.col_name.cmp(&b.col_name));
    objects
}

#[tokio::test]
async fn every_kind_comes_back_in_the_arm_that_was_written() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    assert!(update_table(&mut client, described("T", every_kind())).await.unwrap());

    let names: Vec<FastStr> = every_kind().into_iter().map(|object| object.col_name).collect();
    let mut asked: Vec<&str> = names.iter().map(FastStr::as_str).collect();
    asked.push("no_such_column");
    assert_eq!(of_table(&mut client, "t", &asked, "hive").await.unwrap(), sorted(every_kind()));
    assert_eq!(of_table(&mut client, "T", &["A_LONG"], "hive").await.unwrap().len(), 1);
    assert_eq!(of_table(&mut client, "t", &[], "hive").await.unwrap(), []);

    let args = args::GetTableColumnStatistics {
        db_name: text("@hive#default"),
        tbl_name: text("t"),
        col_name: text("A_Timestamp"),
    };
    let one = client.call::<methods::GetTableColumnStatistics>(args).await.unwrap();
    assert!(one.stats_desc.is_tbl_level && one.stats_desc.last_analyzed.unwrap() > 1_600_000_000);
    assert_eq!((&*one.stats_desc.db_name, &*one.stats_desc.table_name), ("default", "t"));
    assert_eq!(one.stats_desc.cat_name.as_deref(), Some("hive"));
    assert_eq!(one.engine.as_deref(), Some("hive"));
    assert!(matches!(one.stats_obj[0].stats_data, Data::TimestampStats(_)));
    assert!(parameter(&mut client, "t").await.unwrap().starts_with(r#"{"COLUMN_STATS":{"a_binary":"true","#));
}

#[tokio::test]
async fn timestamps_and_dates_may_be_told_as_longs() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    let sent = vec![
        object("a_date", "date", longs(Some(1), Some(9), 0, 3)),
        object("a_timestamp", "timestamp", longs(None, None, 7, 40)),
    ];
    update_table(&mut client, described("t", sent.clone())).await.unwrap();
    assert_eq!(of_table(&mut client, "t", &["a_date", "a_timestamp"], "hive").await.unwrap(), sent);
}

#[tokio::test]
async fn new_statistics_take_the_place_of_old_ones_column_by_column() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    update_table(&mut client, described("t", every_kind())).await.unwrap();
    let newer = object("a_long", "bigint", longs(None, None, 0, 0));
    // Of a column that comes twice the last counts.
    let twice = vec![object("A_LONG", "BIGINT", longs(Some(1), Some(1), 1, 1)), newer.clone()];
    update_table(&mut client, described("t", twice)).await.unwrap();
    let found = of_table(&mut client, "t", &["a_long", "a_string"], "hive").await.unwrap();
    assert_eq!(found[0], newer);
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn engines_keep_their_own() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &[]).await;
    let impala = vec![object("a_long", "bigint", longs(Some(1), Some(2), 3, 4))];
    let sent = types::ColumnStatistics { engine: text("impala"), ..described("t", impala.clone()) };
    update_table(&mut client, sent).await.unwrap();
    assert_eq!(of_table(&mut client, "t", &["a_long"], "hive").await.unwrap(), []);
    assert_eq!(of_table(&mut client, "t", &["a_long"], "impala").await.unwrap(), impala);
    // Hive would answer queries from what is marked: another engine's statistics mark nothing.
    assert_eq!(parameter(&mut client, "t").await, None);

    update_table(&mut client, described("t", every_kind())).await.unwrap();
    let delete = |engine: Option<&str>| args::DeleteTableColumnStatistics {
        db_name: text("default"),
        tbl_name: text("t"),
        col_name: text("a_long"),
        engine: engine.map(FastStr::new),
    };
    assert!(client.call::<methods::DeleteTableColumnStatistics>(delete(Some("impala"))).await.unwrap());
    assert_eq!(of_table(&mut client, "t", &["a_long"], "impala").await.unwrap(), []);
    assert_eq!(of_table(&mut client, "t", &["a_long"], "hive").await.unwrap().len(), 1);
    assert!(client.call::<methods::DeleteTableColumnStatistics>(delete(None)).await.unwrap());
    assert_eq!(of_table(&mut client, "t", &["a_long"], "hive").await.unwrap(), []);
    let gone = client.call::<methods::DeleteTableColumnStatistics>(delete(None)).await;
    assert!(thrown(gone, ExceptionKind::NoSuchObject).contains("a_long"));
}

#[tokio::test]
async fn partitions_have_statistics_of_their_own() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &KEYS).await;
    let values = [texts(&["2024-01-01", "us west/1"]), texts(&["2024-01-02", "{\"a\\b,c}"]), texts(&["3", ""])];
    add_partitions(&mut client, "t", values.to_vec()).await;
    let names = [
        "dt=2024-01-01/region=us west%2F1",
        "dt=2024-01-02/region=%7B%22a%5Cb,c}",
        "dt=3/region=__HIVE_DEFAULT_PARTITION__",
    ];
    for name in &names[..2] {
        update_partition(&mut client, of_partition("t", name, every_kind())).await.unwrap();
    }
    let one = vec![object("a_string", "string", strings(3, 1.5, 0, 2))];
    let request = types::SetPartitionsStatsRequest {
        col_stats: vec![of_partition("t", names[2], one.clone())],
        ..Default::default()
    };
    let args = args::UpdatePartitionColumnStatisticsReq { req: Some(request) };
    assert!(client.call::<methods::UpdatePartitionColumnStatisticsReq>(args).await.unwrap().result);

    let kinds: Vec<FastStr> = every_kind().into_iter().map(|object| object.col_name).collect();
    let kinds: Vec<&str> = kinds.iter().map(FastStr::as_str).collect();
    let asked = [names[0], names[1], names[2], "dt=4/region=eu", "nonsense"];
    let found = of_partitions(&mut client, "t", &asked, &kinds).await;
    let expected = [(names[0], sorted(every_kind())), (names[1], sorted(every_kind())), (names[2], one)];
    assert_eq!(found, expected.map(|(name, list)| (name.to_owned(), list)));

    let args = args::GetPartitionColumnStatistics {
        db_name: text("default"),
        tbl_name: text("t"),
        part_name: text(names[1]),
        col_name: text("a_decimal"),
    };
    let one = client.call::<methods::GetPartitionColumnStatistics>(args.clone()).await.unwrap();
    assert_eq!(one.stats_desc.part_name.as_deref(), Some(names[1]));
    assert!(!one.stats_desc.is_tbl_level);
    let stored = partition(&mut client, "t", &values[1]).await;
    let marked = stored.parameters.unwrap()["COLUMN_STATS_ACCURATE"].to_string();
    assert!(marked.contains(r#""a_decimal":"true""#), "{marked}");

    let delete = |column: Option<&str>| args::DeletePartitionColumnStatistics {
        db_name: text("default"),
        tbl_name: text("t"),
        part_name: text(names[1]),
        col_name: column.map(FastStr::new),
        engine: text("hive"),
    };
    assert!(client.call::<methods::DeletePartitionColumnStatistics>(delete(Some("A_DECIMAL"))).await.unwrap());
    thrown(client.call::<methods::GetPartitionColumnStatistics>(args).await, ExceptionKind::NoSuchObject);
    assert_eq!(of_partitions(&mut client, "t", &names[..2], &["a_decimal"]).await.len(), 1);
    let stored = partition(&mut client, "t", &values[1]).await;
    assert!(!stored.parameters.unwrap()["COLUMN_STATS_ACCURATE"].contains("a_decimal"));
    assert!(client.call::<methods::DeletePartitionColumnStatistics>(delete(None)).await.unwrap());
    assert!(client.call::<methods::DeletePartitionColumnStatistics>(delete(None)).await.unwrap());
    assert_eq!(of_partitions(&mut client, "t", &names[..2], &kinds).await.len(), 1);
}

#[tokio::test]
async fn one_request_forgets_for_many_partitions() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &KEYS).await;
    add_partitions(&mut client, "t", vec![texts(&["1", "eu"]), texts(&["2", "eu"]), texts(&["3", "eu"])]).await;
    let names = ["dt=1/region=eu", "dt=2/region=eu", "dt=3/region=eu"];
    let sent = names.iter().map(|name| of_partition("t", name, every_kind())).collect();
    set_aggregated(&mut client, sent, false).await.unwrap();
    update_table(&mut client, described("t", every_kind())).await.unwrap();
    let request = |partitions: &[&str], columns: &[&str], table_level| args::DeleteColumnStatisticsReq {
        req: Some(types::DeleteColumnStatisticsRequest {
            db_name: "default".into(),
            tbl_name: "t".into(),
            part_names: Some(texts(partitions)),
            col_names: Some(texts(columns)),
            table_level,
            ..Default::default()
        }),
    };
    let call = request(&names[..1], &["a_long", "a_date"], None);
    assert!(client.call::<methods::DeleteColumnStatisticsReq>(call).await.unwrap());
    assert_eq!(of_partitions(&mut client, "t", &names, &["a_long"]).await.len(), 2);
    assert!(client.call::<methods::DeleteColumnStatisticsReq>(request(&[], &[], None)).await.unwrap());
    assert_eq!(of_partitions(&mut client, "t", &names, &["a_long", "a_string"]).await, []);
    assert_eq!(of_table(&mut client, "t", &["a_long"], "hive").await.unwrap().len(), 1);
    assert!(client.call::<methods::DeleteColumnStatisticsReq>(request(&[], &["a_long"], Some(true))).await.unwrap());
    assert_eq!(of_table(&mut client, "t", &["a_long"], "hive").await.unwrap(), []);
    let missing = client.call::<methods::DeleteColumnStatisticsReq>(request(&["dt=9/region=x"], &[], None)).await;
    thrown(missing, ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn bad_statistics_are_refused_and_leave_nothing() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "flat", &[]).await;
    create(&mut client, "t", &KEYS).await;
    add_partitions(&mut client, "t", vec![texts(&["1", "eu"])]).await;
    let good = object("a_long", "bigint", longs(None, None, 0, 1));
    let with = |bad: types::ColumnStatisticsObj| vec![good.clone(), bad];
    let wide = types::Decimal { unscaled: vec![0x7f; 17].into(), scale: 0 };
    let wide = Data::DecimalStats(types::DecimalColumnStatsData { low_value: Some(wide), ..Default::default() });
    for (bad, kind) in [
        (described("nowhere", with(good.clone())), ExceptionKind::NoSuchObject),
        (described("flat", with(object("nothing", "int", longs(None, None, 0, 1)))), ExceptionKind::NoSuchObject),
        (described("flat", with(object("a_string", "int", longs(None, None, 0, 1)))), ExceptionKind::InvalidObject),
        (described("flat", with(object("a_decimal", "decimal(9,2)", wide))), ExceptionKind::InvalidObject),
    ] {
        let shown = format!("{bad:?}");
        assert!(!thrown(update_table(&mut client, bad).await, kind).is_empty(), "{shown}");
    }
    assert_eq!(of_table(&mut client, "flat", &["a_long"], "hive").await.unwrap(), []);
    thrown(of_table(&mut client, "nowhere", &["a"], "hive").await, ExceptionKind::NoSuchObject);

    let known = "dt=1/region=eu";
    for (bad, kind) in [
        (described("t", vec![good.clone()]), ExceptionKind::InvalidInput),
        (of_partition("t", "dt=2/region=eu", vec![good.clone()]), ExceptionKind::NoSuchObject),
        (of_partition("t", "region=eu/dt=1", vec![good.clone()]), ExceptionKind::NoSuchObject),
        (of_partition("t", "", vec![good.clone()]), ExceptionKind::NoSuchObject),
        (of_partition("flat", known, vec![good.clone()]), ExceptionKind::NoSuchObject),
        (of_partition("t", known, with(object("dt", "string", strings(1, 1.0, 0, 1)))), ExceptionKind::NoSuchObject),
    ] {
        let shown = format!("{bad:?}");
        assert!(!thrown(update_partition(&mut client, bad).await, kind).is_empty(), "{shown}");
    }
    // Of many partitions all are written, or none.
    let sent =
        vec![of_partition("t", known, vec![good.clone()]), of_partition("t", "dt=2/region=eu", vec![good.clone()])];
    thrown(set_aggregated(&mut client, sent, false).await, ExceptionKind::NoSuchObject);
    let sent = vec![of_partition("t", known, vec![good.clone()]), of_partition("flat", known, vec![good.clone()])];
    thrown(set_aggregated(&mut client, sent, false).await, ExceptionKind::InvalidInput);
    let sent = vec![described("t", vec![good.clone()]), described("t", vec![good.clone()])];
    thrown(set_aggregated(&mut client, sent, false).await, ExceptionKind::Meta);
    assert_eq!(of_partitions(&mut client, "t", &[known], &["a_long"]).await, []);

    let request = |count: usize, merge| types::SetPartitionsStatsRequest {
        col_stats: vec![described("flat", vec![good.clone()]); count],
        need_merge: Some(merge),
        ..Default::default()
    };
    for (count, merge) in [(0, false), (2, false), (1, true)] {
        let args = args::UpdateTableColumnStatisticsReq { req: Some(request(count, merge)) };
        let refused = client.call::<methods::UpdateTableColumnStatisticsReq>(args).await;
        thrown(refused, ExceptionKind::InvalidInput);
    }
    let null = args::GetTableColumnStatistics { db_name: text("default"), tbl_name: text("flat"), col_name: None };
    thrown(client.call::<methods::GetTableColumnStatistics>(null).await, ExceptionKind::Meta);
    assert!(set_aggregated(&mut client, vec![], true).await.unwrap());
}

#[tokio::test]
async fn statistics_of_added_rows_are_merged_where_the_old_are_exact() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let fields = [("a", "bigint"), ("b", "bigint"), ("c", "string")];
    let mut sent = table("default", "t", &fields, &[]);
    sent.parameters = Some(map(&[("COLUMN_STATS_ACCURATE", r#"{"BASIC_STATS":"true","COLUMN_STATS":{"c":"true"}}"#)]));
    client.create_table(sent).await;
    update_table(&mut client, described("t", vec![object("a", "bigint", longs(Some(5), Some(9), 1, 4))]))
        .await
        .unwrap();

    let added = vec![
        object("a", "bigint", longs(Some(-1), Some(7), 2, 6)),
        object("b", "bigint", longs(Some(0), Some(0), 0, 1)),
        object("c", "string", strings(4, 2.0, 0, 3)),
    ];
    assert!(set_aggregated(&mut client, vec![described("t", added)], true).await.unwrap());
    let found = of_table(&mut client, "t", &["a", "b", "c"], "hive").await.unwrap();
    // `b` has no exact statistics of the old rows: those of the new ones alone would be wrong.
    let expected =
        vec![object("a", "bigint", longs(Some(-1), Some(9), 3, 6)), object("c", "string", strings(4, 2.0, 0, 3))];
    assert_eq!(found, expected);

    create(&mut client, "p", &KEYS).await;
    add_partitions(&mut client, "p", vec![texts(&["1", "eu"]), texts(&["2", "eu"])]).await;
    let names = ["dt=1/region=eu", "dt=2/region=eu"];
    let of =
        |name, low, nulls| of_partition("p", name, vec![object("a_long", "bigint", longs(low, Some(9), nulls, 3))]);
    // A partition that comes twice is merged within the request.
    set_aggregated(
        &mut client,
        vec![of(names[0], Some(3), 1), of(names[1], Some(3), 1), of(names[0], Some(2), 1)],
        false,
    )
    .await
    .unwrap();
    set_aggregated(&mut client, vec![of(names[0], Some(1), 10)], true).await.unwrap();
    let found = of_partitions(&mut client, "p", &names, &["a_long"]).await;
    assert_eq!(found[0].1[0].stats_data, longs(Some(1), Some(9), 12, 3));
    assert_eq!(found[1].1[0].stats_data, longs(Some(3), Some(9), 1, 3));
}

#[tokio::test]
async fn statistics_follow_what_they_are_of() {
    let server = Server::start().await;
    let mut client = server.client().await;
    create(&mut client, "t", &KEYS).await;
    add_partitions(&mut client, "t", vec![texts(&["1", "eu"]), texts(&["2", "eu"])]).await;
    update_table(&mut client, described("t", every_kind())).await.unwrap();
    let sent = ["dt=1/region=eu", "dt=2/region=eu"].map(|name| of_partition("t", name, every_kind()));
    set_aggregated(&mut client, sent.to_vec(), false).await.unwrap();

    let mut renamed = client.get_table("default", "t").await.unwrap();
    renamed.table_name = text("u");
    let args = args::AlterTable { dbname: text("default"), tbl_name: text("t"), new_tbl: Some(renamed.clone()) };
    client.call::<methods::AlterTable>(args).await.unwrap();
    assert_eq!(of_table(&mut client, "u", &["a_long"], "hive").await.unwrap().len(), 1);

    let mut moved = partition(&mut client, "u", &texts(&["2", "eu"])).await;
    moved.values = Some(texts(&["3", "us"]));
    let args = args::RenamePartition {
        db_name: text("default"),
        tbl_name: text("u"),
        part_vals: Some(texts(&["2", "eu"])),
        new_part: Some(moved),
    };
    client.call::<methods::RenamePartition>(args).await.unwrap();
    let names = ["dt=1/region=eu", "dt=2/region=eu", "dt=3/region=us"];
    let found = of_partitions(&mut client, "u", &names, &["a_long", "a_date"]).await;
    assert_eq!(
        found.iter().map(|(name, list)| (name.as_str(), list.len())).collect::<Vec<_>>(),
        [(names[0], 2), (names[2], 2)]
    );

    // A column that goes takes its statistics along.
    let mut altered = client.get_table("default", "u").await.unwrap();
    altered.sd.as_mut().unwrap().cols.as_mut().unwrap().retain(|column| column.name.as_deref() != Some("a_timestamp"));
    let args = args::AlterTableWithCascade {
        dbname: text("default"),
        tbl_name: text("u"),
        new_tbl: Some(altered),
        cascade: Some(true),
    };
    client.call::<methods::AlterTableWithCascade>(args).await.unwrap();
    assert_eq!(of_table(&mut client, "u", &["a_timestamp"], "hive").await.unwrap(), []);
    assert_eq!(of_partitions(&mut client, "u", &names, &["a_timestamp"]).await, []);

    let args = args::DropPartition {
        db_name: text("default"),
        tbl_name: text("u"),
        part_vals: Some(texts(&["1", "eu"])),
        delete_data: Some(true),
    };
    client.call::<methods::DropPartition>(args).await.unwrap();
    add_partitions(&mut client, "u", vec![texts(&["1", "eu"])]).await;
    assert_eq!(of_partitions(&mut client, "u", &names[..1], &["a_long"]).await, []);
    let args = args::DropTable { dbname: text("default"), name: text("u"), delete_data: Some(true) };
    client.call::<methods::DropTable>(args).await.unwrap();
    create(&mut client, "u", &KEYS).await;
    assert_eq!(of_table(&mut client, "u", &["a_long"], "hive").await.unwrap(), []);
}

/// Clients older than Hive 4 know no timestamp arm; that they name no engine gives them away.
#[tokio::test]
async fn a_client_without_an_engine_gets_timestamps_as_longs() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("at", "timestamp")], &[])).await;
    let written = types::TimestampColumnStatsData {
        low_value: Some(types::Timestamp { seconds_since_epoch: 1 }),
        high_value: Some(types::Timestamp { seconds_since_epoch: 9 }),
        num_nulls: 2,
        num_d_vs: 3,
        ..Default::default()
    };
    let sent = types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: true,
            db_name: "default".into(),
            table_name: "t".into(),
            ..Default::default()
        },
        stats_obj: vec![types::ColumnStatisticsObj {
            col_name: "at".into(),
            col_type: "timestamp".into(),
            stats_data: types::ColumnStatisticsData::TimestampStats(written.clone()),
        }],
        ..Default::default()
    };
    let update = args::UpdateTableColumnStatistics { stats_obj: Some(sent) };
    client.call::<methods::UpdateTableColumnStatistics>(update).await.unwrap();

    let newer = of_table(&mut client, "t", &["at"], "hive").await.unwrap();
    assert_eq!(newer[0].stats_data, types::ColumnStatisticsData::TimestampStats(written));
    let request = types::TableStatsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        col_names: texts(&["at"]),
        ..Default::default()
    };
    let args = args::GetTableStatisticsReq { request: Some(request) };
    let older = client.call::<methods::GetTableStatisticsReq>(args).await.unwrap().table_stats;
    match &older[0].stats_data {
        types::ColumnStatisticsData::LongStats(longs) => {
            assert_eq!((longs.low_value, longs.high_value), (Some(1), Some(9)));
            assert_eq!((longs.num_nulls, longs.num_d_vs), (2, 3));
        }
        other => panic!("{other:?}"),
    }
}
