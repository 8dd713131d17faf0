//! Altering, renaming and exchanging partitions.

use std::sync::Arc;

use propolis_thrift::{ExceptionKind, args, methods, types};

use super::*;
use crate::support::{columns, map, thrown};

async fn alter(client: &mut Client, parts: Vec<types::Partition>) -> Result<(), CallError> {
    let request = args::AlterPartitions { db_name: text("default"), tbl_name: text("t"), new_parts: Some(parts) };
    client.call::<methods::AlterPartitions>(request).await
}

async fn rename(client: &mut Client, name: &str, old: &[&str], new: types::Partition) -> Result<(), CallError> {
    let request = args::RenamePartition {
        db_name: text("default"),
        tbl_name: text(name),
        part_vals: Some(texts(old)),
        new_part: Some(new),
    };
    client.call::<methods::RenamePartition>(request).await
}

#[tokio::test]
async fn values_say_which_partition_is_altered() {
    let (_server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["2", "eu"], ["3", "eu"]]).await;
    let before = get(&mut client, "t", &["2", "eu"]).await.unwrap();
    let mut parts = Vec::new();
    for dt in ["2", "1"] {
        let mut changed = get(&mut client, "t", &[dt, "eu"]).await.unwrap();
        changed.parameters = Some(map(&[("for", dt)]));
        changed.sd.as_mut().unwrap().cols = Some(columns(&[("a", "int"), ("b", "int")]));
        parts.push(changed);
    }
    parts[0].sd.as_mut().unwrap().location = None;
    alter(&mut client, parts).await.unwrap();
    for dt in ["1", "2"] {
        let after = get(&mut client, "t", &[dt, "eu"]).await.unwrap();
        assert_eq!(parameter(&after, "for"), Some(dt));
        assert!(parameter(&after, "transient_lastDdlTime").is_some());
        assert_eq!(after.sd.as_ref().unwrap().cols.as_ref().unwrap().len(), 2);
    }
    let after = get(&mut client, "t", &["2", "eu"]).await.unwrap();
    assert_eq!(location(&after), location(&before), "a location left out stays");
    assert_eq!(after.create_time, before.create_time);
    let untouched = get(&mut client, "t", &["3", "eu"]).await.unwrap();
    assert_eq!(untouched.sd.unwrap().cols.unwrap().len(), 1);
}

#[tokio::test]
async fn a_column_of_another_type_loses_its_statistics_in_that_partition() {
    let (_server, mut client) = start().await;
    let mut parts = Vec::new();
    for dt in ["1", "2"] {
        let mut new = partition("t", &[dt, "eu"]);
        new.sd.as_mut().unwrap().cols = Some(columns(&[("a", "int"), ("b", "int")]));
        parts.push(new);
        let longs = types::LongColumnStatsData { num_nulls: 1, num_d_vs: 2, ..Default::default() };
        let statistics = |name: &str| types::ColumnStatisticsObj {
            col_name: FastStr::new(name),
            col_type: "int".into(),
            stats_data: types::ColumnStatisticsData::LongStats(longs.clone()),
        };
        add_all(&mut client, "t", vec![parts[parts.len() - 1].clone()], false).await.unwrap();
        let sent = types::ColumnStatistics {
            stats_desc: types::ColumnStatisticsDesc {
                db_name: "default".into(),
                table_name: "t".into(),
                part_name: text(&format!("dt={dt}/region=eu")),
                ..Default::default()
            },
            stats_obj: vec![statistics("a"), statistics("b")],
            ..Default::default()
        };
        let request = args::UpdatePartitionColumnStatistics { stats_obj: Some(sent) };
        client.call::<methods::UpdatePartitionColumnStatistics>(request).await.unwrap();
    }
    let mut changed = parts.swap_remove(0);
    changed.sd.as_mut().unwrap().cols = Some(columns(&[("a", "int"), ("b", "string")]));
    alter(&mut client, vec![changed]).await.unwrap();
    let request = types::PartitionsStatsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        col_names: texts(&["a", "b"]),
        part_names: texts(&["dt=1/region=eu", "dt=2/region=eu"]),
        ..Default::default()
    };
    let request = args::GetPartitionsStatisticsReq { request: Some(request) };
    let known = client.call::<methods::GetPartitionsStatisticsReq>(request).await.unwrap().part_stats;
    let names = |partition: &str| known[partition].iter().map(|c| c.col_name.to_string()).collect::<Vec<_>>();
    assert_eq!(names("dt=1/region=eu"), ["a"]);
    assert_eq!(names("dt=2/region=eu"), ["a", "b"]);
}

#[tokio::test]
async fn one_bad_change_keeps_all_out() {
    let (_server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["2", "eu"]]).await;
    let before = get(&mut client, "t", &["1", "eu"]).await.unwrap();
    let mut good = before.clone();
    good.parameters = Some(map(&[("new", "x")]));
    let mut elsewhere = partition("t", &["2", "eu"]);
    elsewhere.table_name = text("other");
    for (bad, kind) in [
        (partition("t", &["9", "eu"]), ExceptionKind::InvalidOperation),
        (good.clone(), ExceptionKind::InvalidOperation),
        (partition("t", &["2"]), ExceptionKind::Meta),
        (elsewhere, ExceptionKind::Meta),
    ] {
        thrown(alter(&mut client, vec![good.clone(), bad]).await, kind);
        assert_eq!(get(&mut client, "t", &["1", "eu"]).await.unwrap(), before);
    }
    thrown(alter(&mut client, Vec::new()).await, ExceptionKind::InvalidOperation);
    let unknown = args::AlterPartition {
        db_name: text("default"),
        tbl_name: text("nope"),
        new_part: Some(partition("nope", &["1"])),
    };
    thrown(client.call::<methods::AlterPartition>(unknown).await, ExceptionKind::InvalidOperation);
}

#[tokio::test]
async fn a_renamed_partition_of_a_managed_table_takes_its_folder_along() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["2", "eu"]]).await;
    std::fs::write(server.folder("managed/t/dt=1/region=eu/data"), "x").unwrap();
    let mut new = get(&mut client, "t", &["1", "eu"]).await.unwrap();
    new.values = Some(texts(&["7", "us"]));
    rename(&mut client, "t", &["1", "eu"], new.clone()).await.unwrap();
    assert_eq!(names(&mut client, "t").await, ["dt=2/region=eu", "dt=7/region=us"]);
    let renamed = get(&mut client, "t", &["7", "us"]).await.unwrap();
    assert_eq!(location(&renamed), format!("file:{}", server.folder("managed/t/dt=7/region=us").display()));
    assert!(server.folder("managed/t/dt=7/region=us/data").is_file());
    assert!(!server.folder("managed/t/dt=1/region=eu").exists());

    new.values = Some(texts(&["2", "eu"]));
    thrown(rename(&mut client, "t", &["7", "us"], new.clone()).await, ExceptionKind::InvalidOperation);
    thrown(rename(&mut client, "t", &["9", "us"], new.clone()).await, ExceptionKind::InvalidOperation);
    new.values = Some(texts(&["8"]));
    thrown(rename(&mut client, "t", &["7", "us"], new.clone()).await, ExceptionKind::Meta);
    std::fs::create_dir_all(server.folder("managed/t/dt=8/region=eu")).unwrap();
    new.values = Some(texts(&["8", "eu"]));
    thrown(rename(&mut client, "t", &["7", "us"], new).await, ExceptionKind::InvalidOperation);
    assert_eq!(names(&mut client, "t").await, ["dt=2/region=eu", "dt=7/region=us"]);
    assert!(server.folder("managed/t/dt=7/region=us/data").is_file());
}

#[tokio::test]
async fn a_renamed_partition_of_an_external_table_stays_where_it_is() {
    let (server, mut client) = start().await;
    let mut external = table("default", "e", &[("a", "int")], &[("dt", "string")]);
    external.table_type = text("EXTERNAL_TABLE");
    client.create_table(external).await;
    let added = add(&mut client, partition("e", &["1"])).await.unwrap();
    let mut new = added.clone();
    new.values = Some(texts(&["2"]));
    new.sd.as_mut().unwrap().location = text("hdfs://ignored/x");
    rename(&mut client, "e", &["1"], new).await.unwrap();
    let renamed = get(&mut client, "e", &["2"]).await.unwrap();
    assert_eq!(location(&renamed), location(&added));
    assert!(server.folder("external/e/dt=1").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_rename_one_partition_one_wins() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"]]).await;
    let server = Arc::new(server);
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let server = Arc::clone(&server);
            tokio::spawn(async move {
                let mut client = server.client().await;
                let new = partition("t", &[&format!("new{n}"), "eu"]);
                rename(&mut client, "t", &["1", "eu"], new).await.is_ok()
            })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!(won, 1);
    assert_eq!(names(&mut client, "t").await.len(), 1);
    assert_eq!(std::fs::read_dir(server.folder("managed/t")).unwrap().count(), 2, "the old parent and the new one");
}

#[tokio::test]
async fn cascade_changes_the_columns_of_every_partition() {
    let (_server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["2", "eu"]]).await;
    let mut other = get(&mut client, "t", &["2", "eu"]).await.unwrap();
    other.sd.as_mut().unwrap().input_format = text("of.its.own");
    alter(&mut client, vec![other]).await.unwrap();
    let mut new = client.get_table("default", "t").await.unwrap();
    new.sd.as_mut().unwrap().cols = Some(columns(&[("a", "int"), ("b", "string")]));
    let request = args::AlterTableWithCascade {
        dbname: text("default"),
        tbl_name: text("t"),
        new_tbl: Some(new),
        cascade: Some(true),
    };
    client.call::<methods::AlterTableWithCascade>(request).await.unwrap();
    for dt in ["1", "2"] {
        let sd = get(&mut client, "t", &[dt, "eu"]).await.unwrap().sd.unwrap();
        assert_eq!(sd.cols, Some(columns(&[("a", "int"), ("b", "string")])));
        assert_eq!(sd.input_format.as_deref(), (dt == "2").then_some("of.its.own"));
    }
}

#[tokio::test]
async fn partitions_follow_a_renamed_table() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"]]).await;
    let mut elsewhere = partition("t", &["2", "eu"]);
    let apart = format!("file:{}", server.folder("apart").display());
    elsewhere.sd.as_mut().unwrap().location = text(&apart);
    add(&mut client, elsewhere).await.unwrap();
    let mut new = client.get_table("default", "t").await.unwrap();
    new.table_name = text("u");
    let request = args::AlterTable { dbname: text("default"), tbl_name: text("t"), new_tbl: Some(new) };
    client.call::<methods::AlterTable>(request).await.unwrap();
    let moved = get(&mut client, "u", &["1", "eu"]).await.unwrap();
    assert_eq!(location(&moved), format!("file:{}", server.folder("managed/u/dt=1/region=eu").display()));
    assert!(server.folder("managed/u/dt=1/region=eu").is_dir());
    assert_eq!(location(&get(&mut client, "u", &["2", "eu"]).await.unwrap()), apart);
}

#[tokio::test]
async fn exchanged_partitions_move_with_their_data() {
    let (server, mut client) = start().await;
    client.create_table(table("default", "u", &[("a", "int")], &[("dt", "string"), ("region", "string")])).await;
    fill(&mut client, &[["1", "eu"], ["1", "us"], ["2", "eu"]]).await;
    std::fs::write(server.folder("managed/t/dt=1/region=eu/data"), "x").unwrap();
    let request = |given: &[(&str, &str)], from: &str, to: &str| args::ExchangePartitions {
        partition_specs: Some(map(given)),
        source_db: text("default"),
        source_table_name: text(from),
        dest_db: text("default"),
        dest_table_name: text(to),
    };
    let moved = client.call::<methods::ExchangePartitions>(request(&[("dt", "1")], "t", "u")).await.unwrap();
    assert_eq!(values(&moved), [["1", "eu"], ["1", "us"]]);
    assert_eq!(names(&mut client, "t").await, ["dt=2/region=eu"]);
    assert_eq!(names(&mut client, "u").await, ["dt=1/region=eu", "dt=1/region=us"]);
    assert!(server.folder("managed/u/dt=1/region=eu/data").is_file());
    assert_eq!(get(&mut client, "u", &["1", "eu"]).await.unwrap(), moved[0]);

    client.create_table(table("default", "other", &[("b", "int")], &[("dt", "string"), ("region", "string")])).await;
    fill(&mut client, &[["1", "eu"]]).await;
    for (given, from, to) in [
        (&[("dt", "1")][..], "t", "u"),
        (&[("dt", "9")], "t", "u"),
        (&[("region", "eu")], "t", "u"),
        (&[("nope", "1")], "t", "u"),
        (&[("dt", ""), ("region", "eu")], "t", "u"),
        (&[], "t", "u"),
        (&[("dt", "2")], "t", "other"),
        (&[("dt", "2")], "t", "t"),
        (&[("dt", "2")], "t", "nope"),
        (&[("dt", "2")], "nope", "t"),
    ] {
        let result = client.call::<methods::ExchangePartitions>(request(given, from, to)).await;
        thrown(result, ExceptionKind::Meta);
    }
    std::fs::remove_dir_all(server.folder("managed/t/dt=2")).unwrap();
    let result = client.call::<methods::ExchangePartitions>(request(&[("dt", "2")], "t", "u")).await;
    thrown(result, ExceptionKind::Meta);
    assert_eq!(names(&mut client, "t").await, ["dt=1/region=eu", "dt=2/region=eu"]);
}

#[tokio::test]
async fn marks_are_kept_for_partitions_that_need_not_exist() {
    let (_server, mut client) = start().await;
    let given = |dt: &str| Some(map(&[("dt", dt), ("region", "eu")]));
    let load_done = Some(types::PartitionEventType::LOAD_DONE);
    let mark = args::MarkPartitionForEvent {
        db_name: text("default"),
        tbl_name: text("t"),
        part_vals: given("1"),
        event_type: load_done,
    };
    client.call::<methods::MarkPartitionForEvent>(mark.clone()).await.unwrap();
    for (dt, marked) in [("1", true), ("2", false)] {
        let request = args::IsPartitionMarkedForEvent {
            db_name: text("default"),
            tbl_name: text("t"),
            part_vals: given(dt),
            event_type: load_done,
        };
        assert_eq!(client.call::<methods::IsPartitionMarkedForEvent>(request).await.unwrap(), marked);
    }
    let unknown = args::MarkPartitionForEvent { tbl_name: text("nope"), ..mark.clone() };
    thrown(client.call::<methods::MarkPartitionForEvent>(unknown).await, ExceptionKind::UnknownTable);
    let partial = args::MarkPartitionForEvent { part_vals: Some(map(&[("dt", "1")])), ..mark };
    thrown(client.call::<methods::MarkPartitionForEvent>(partial).await, ExceptionKind::InvalidPartition);
}
