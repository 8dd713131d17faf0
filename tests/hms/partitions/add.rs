//! Adding partitions.

use propolis_thrift::{ExceptionKind, args, methods, types};

use super::*;
use crate::support::{columns, map, thrown};

#[tokio::test]
async fn a_new_partition_gets_a_folder_times_and_a_place_of_its_own() {
    let (server, mut client) = start().await;
    let mut sent = partition("T", &["2026-01-31", "us west/1"]);
    sent.parameters = Some(map(&[("k", "v")]));
    sent.create_time = Some(7);
    let added = add(&mut client, sent).await.unwrap();
    let folder = server.folder("managed/t/dt=2026-01-31/region=us west%2F1");
    assert!(folder.is_dir());
    assert_eq!(location(&added), format!("file:{}", folder.display()));
    assert!(added.create_time.unwrap() > 7, "the server's clock counts");
    assert_eq!(added.last_access_time, Some(0));
    assert_eq!(parameter(&added, "k"), Some("v"));
    assert!(parameter(&added, "transient_lastDdlTime").is_some());
    assert_eq!(parameter(&added, "numFiles"), None, "a folder that the server makes has no statistics");
    assert_eq!((added.cat_name.as_deref(), added.write_id), (Some("hive"), Some(0)));
    assert_eq!(added.sd.as_ref().unwrap().cols, Some(columns(&[("a", "int")])));
    assert_eq!(get(&mut client, "t", &["2026-01-31", "us west/1"]).await.unwrap(), added);
    let by_name = args::GetPartitionByName {
        db_name: text("DEFAULT"),
        tbl_name: text("T"),
        part_name: text("dt=2026-01-31/region=us west%2F1"),
    };
    assert_eq!(client.call::<methods::GetPartitionByName>(by_name).await.unwrap(), added);
}

#[tokio::test]
async fn files_that_are_there_already_are_counted() {
    let (server, mut client) = start().await;
    let folder = server.folder("managed/t/dt=1/region=eu");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("data"), "12345").unwrap();
    std::fs::write(folder.join("_SUCCESS"), "").unwrap();
    let added = add(&mut client, partition("t", &["1", "eu"])).await.unwrap();
    assert_eq!((parameter(&added, "numFiles"), parameter(&added, "totalSize")), (Some("1"), Some("5")));
    assert_eq!(get(&mut client, "t", &["1", "eu"]).await.unwrap(), added);

    std::fs::create_dir_all(server.folder("managed/t/dt=2/region=eu")).unwrap();
    let request = args::AddPartitionWithEnvironmentContext {
        new_part: Some(partition("t", &["2", "eu"])),
        environment_context: Some(types::EnvironmentContext {
            properties: Some(map(&[("DO_NOT_UPDATE_STATS", "true")])),
        }),
    };
    let added = client.call::<methods::AddPartitionWithEnvironmentContext>(request).await.unwrap();
    assert_eq!(parameter(&added, "numFiles"), None);
}

#[tokio::test]
async fn one_bad_partition_keeps_all_out() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"]]).await;
    let good = || partition("t", &["2", "eu"]);
    let without = |change: fn(&mut types::Partition)| {
        let mut partition = good();
        partition.values = Some(texts(&["3", "eu"]));
        change(&mut partition);
        partition
    };
    for (bad, kind) in [
        (partition("t", &["1", "eu"]), ExceptionKind::AlreadyExists),
        (good(), ExceptionKind::Meta),
        (partition("t", &["3"]), ExceptionKind::Meta),
        (partition("t", &["3", "eu", "x"]), ExceptionKind::Meta),
        (without(|partition| partition.values = None), ExceptionKind::Meta),
        (without(|partition| partition.sd = None), ExceptionKind::Meta),
        (without(|partition| partition.table_name = None), ExceptionKind::Meta),
        (without(|partition| partition.table_name = text("other")), ExceptionKind::Meta),
        (without(|partition| partition.sd.as_mut().unwrap().location = text("no/path")), ExceptionKind::Meta),
        (without(|partition| partition.sd.as_mut().unwrap().location = text("hdfs://far/x")), ExceptionKind::Meta),
        (
            without(|partition| partition.sd.as_mut().unwrap().cols.as_mut().unwrap()[0].r#type = None),
            ExceptionKind::Meta,
        ),
        (without(|partition| partition.parameters = Some(map(&[("a", "\0")]))), ExceptionKind::InvalidObject),
    ] {
        let shown = format!("{bad:?}");
        let message = thrown(add_all(&mut client, "t", vec![good(), bad], false).await, kind);
        assert!(!message.is_empty(), "{shown}");
        assert_eq!(names(&mut client, "t").await, ["dt=1/region=eu"], "{shown}");
        assert!(!server.folder("managed/t/dt=2").exists(), "{shown}");
    }
}

#[tokio::test]
async fn of_partitions_that_may_exist_the_new_ones_are_answered() {
    let (_server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["3", "eu"]]).await;
    let parts = ["4", "3", "2", "1"].map(|dt| partition("t", &[dt, "eu"])).to_vec();
    let added = add_all(&mut client, "t", parts, true).await.unwrap();
    assert_eq!(values(&added), [["4", "eu"], ["2", "eu"]]);
    assert_eq!(names(&mut client, "t").await.len(), 4);
    assert_eq!(add_all(&mut client, "t", Vec::new(), false).await.unwrap(), []);
}

#[tokio::test]
async fn unknown_tables_have_no_partitions_to_add_to() {
    let (_server, mut client) = start().await;
    thrown(add(&mut client, partition("nope", &["1", "eu"])).await, ExceptionKind::InvalidObject);
    let mut elsewhere = partition("t", &["1", "eu"]);
    elsewhere.db_name = text("nope");
    thrown(add(&mut client, elsewhere).await, ExceptionKind::InvalidObject);
    client.create_table(table("default", "plain", &[("a", "int")], &[])).await;
    thrown(add(&mut client, partition("plain", &["1"])).await, ExceptionKind::Meta);
    thrown(client.call::<methods::AddPartition>(args::AddPartition { new_part: None }).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn external_tables_need_no_store() {
    let (_server, mut client) = start().await;
    client.create_table(far_table("far", &[("dt", "string")])).await;
    let added = add(&mut client, partition("far", &["1"])).await.unwrap();
    assert_eq!(location(&added), "hdfs://far/far/dt=1");
    let mut elsewhere = partition("far", &["2"]);
    elsewhere.sd.as_mut().unwrap().location = text("abfss://c@account/x/");
    add(&mut client, elsewhere).await.unwrap();
    assert_eq!(location(&get(&mut client, "far", &["2"]).await.unwrap()), "abfss://c@account/x/");
}

#[tokio::test]
async fn partitions_of_views_lie_nowhere() {
    let (server, mut client) = start().await;
    let mut view = table("default", "v", &[("a", "int")], &[("dt", "string")]);
    view.table_type = text("VIRTUAL_VIEW");
    view.view_original_text = text("select 1");
    view.view_expanded_text = text("select 1");
    client.create_table(view).await;
    let mut sent = partition("v", &["1"]);
    sent.sd = None;
    let added = add(&mut client, sent).await.unwrap();
    assert_eq!(added.sd, None);
    assert_eq!(names(&mut client, "v").await, ["dt=1"]);
    let mut placed = partition("v", &["2"]);
    placed.sd.as_mut().unwrap().location = text(&format!("file:{}/x", server.folder("x").display()));
    thrown(add(&mut client, placed).await, ExceptionKind::Meta);
    let request =
        args::AppendPartition { db_name: text("default"), tbl_name: text("v"), part_vals: Some(texts(&["3"])) };
    thrown(client.call::<methods::AppendPartition>(request).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn an_appended_partition_looks_like_its_table() {
    let (server, mut client) = start().await;
    let request = |part_vals: &[&str]| args::AppendPartition {
        db_name: text("default"),
        tbl_name: text("t"),
        part_vals: Some(texts(part_vals)),
    };
    let appended = client.call::<methods::AppendPartition>(request(&["1", "eu"])).await.unwrap();
    assert_eq!(appended.sd.as_ref().unwrap().cols, Some(columns(&[("a", "int")])));
    assert!(server.folder("managed/t/dt=1/region=eu").is_dir());
    thrown(client.call::<methods::AppendPartition>(request(&["1", "eu"])).await, ExceptionKind::AlreadyExists);
    thrown(client.call::<methods::AppendPartition>(request(&["1"])).await, ExceptionKind::Meta);

    let named = |name: &str| args::AppendPartitionByName {
        db_name: text("default"),
        tbl_name: text("t"),
        part_name: text(name),
    };
    let appended = client.call::<methods::AppendPartitionByName>(named("region=us/dt=2")).await.unwrap();
    assert_eq!(values(&[appended]), [["2", "us"]]);
    thrown(client.call::<methods::AppendPartitionByName>(named("dt=3")).await, ExceptionKind::InvalidObject);
    thrown(client.call::<methods::AppendPartitionByName>(named("nonsense")).await, ExceptionKind::InvalidObject);
    thrown(client.call::<methods::AppendPartitionByName>(named("")).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn specs_with_one_descriptor_become_partitions() {
    let (server, mut client) = start().await;
    let root = format!("file:{}", server.folder("managed/t").display());
    let part = |dt: &str| types::PartitionWithoutSd {
        values: Some(texts(&[dt, "eu"])),
        relative_path: text(&format!("/x{dt}")),
        ..Default::default()
    };
    let mut sd = partition("t", &[]).sd.unwrap();
    sd.location = text(&root);
    let spec = types::PartitionSpec {
        db_name: text("default"),
        table_name: text("t"),
        root_path: text(&root),
        shared_sd_partition_spec: Some(types::PartitionSpecWithSharedSd {
            partitions: Some(vec![part("1"), part("2")]),
            sd: Some(sd),
        }),
        ..Default::default()
    };
    let listed = types::PartitionSpec {
        db_name: text("default"),
        table_name: text("t"),
        partition_list: Some(types::PartitionListComposingSpec {
            partitions: Some(vec![partition("t", &["3", "eu"])]),
        }),
        ..Default::default()
    };
    let request = args::AddPartitionsPspec { new_parts: Some(vec![spec, listed]) };
    assert_eq!(client.call::<methods::AddPartitionsPspec>(request).await.unwrap(), 3);
    assert_eq!(location(&get(&mut client, "t", &["2", "eu"]).await.unwrap()), format!("{root}/x2"));
    assert!(server.folder("managed/t/x2").is_dir());

    let request = args::GetPartitionsPspec { db_name: text("default"), tbl_name: text("t"), max_parts: Some(-1) };
    let specs = client.call::<methods::GetPartitionsPspec>(request).await.unwrap();
    assert_eq!(specs.len(), 1);
    assert_eq!(specs[0].root_path.as_deref(), Some(root.as_str()));
    assert_eq!(specs[0].partition_list.as_ref().unwrap().partitions.as_ref().unwrap().len(), 3);
}

#[tokio::test]
async fn specs_may_spell_names_in_two_ways_and_leave_paths_out_but_not_locations() {
    let (server, mut client) = start().await;
    let spec = |partitions| types::PartitionSpec {
        db_name: text("default"),
        table_name: text("t"),
        partition_list: Some(types::PartitionListComposingSpec { partitions: Some(partitions) }),
        ..Default::default()
    };
    let mut shouted = partition("t", &["2", "eu"]);
    shouted.db_name = text("DEFAULT");
    shouted.table_name = text("T");
    let mixed = vec![partition("t", &["1", "eu"]), shouted];
    let request = args::AddPartitions { new_parts: Some(mixed.clone()) };
    let refused = client.call::<methods::AddPartitions>(request).await;
    assert!(thrown(refused, ExceptionKind::Meta).contains("DEFAULT.T"));
    let request = args::AddPartitionsPspec { new_parts: Some(vec![spec(mixed)]) };
    assert_eq!(client.call::<methods::AddPartitionsPspec>(request).await.unwrap(), 2);
    let stranger = spec(vec![partition("other", &["3", "eu"])]);
    let request = args::AddPartitionsPspec { new_parts: Some(vec![stranger]) };
    thrown(client.call::<methods::AddPartitionsPspec>(request).await, ExceptionKind::Meta);

    let shared = |location: Option<&str>| {
        let mut sd = partition("t", &[]).sd.unwrap();
        sd.location = location.and_then(text);
        let part = types::PartitionWithoutSd { values: Some(texts(&["3", "eu"])), ..Default::default() };
        let shared = types::PartitionSpecWithSharedSd { partitions: Some(vec![part]), sd: Some(sd) };
        let spec = types::PartitionSpec {
            db_name: text("default"),
            table_name: text("t"),
            shared_sd_partition_spec: Some(shared),
            ..Default::default()
        };
        args::AddPartitionsPspec { new_parts: Some(vec![spec]) }
    };
    let refused = client.call::<methods::AddPartitionsPspec>(shared(None)).await;
    assert!(thrown(refused, ExceptionKind::Meta).contains("location"));
    let root = format!("file:{}/", server.folder("managed/t/shared").display());
    client.call::<methods::AddPartitionsPspec>(shared(Some(&root))).await.unwrap();
    assert_eq!(location(&get(&mut client, "t", &["3", "eu"]).await.unwrap()), format!("{root}null"));
}

#[tokio::test]
async fn specs_of_a_table_that_is_not_named_are_an_error_of_the_protocol() {
    let (_server, mut client) = start().await;
    let request = args::GetPartitionsPspec { db_name: text("default"), tbl_name: None, max_parts: Some(-1) };
    let refused = client.call::<methods::GetPartitionsPspec>(request).await;
    assert!(matches!(refused, Err(CallError::Application { .. })), "{refused:?}");
}

#[tokio::test]
async fn the_empty_value_is_the_null_value() {
    let (_server, mut client) = start().await;
    add(&mut client, partition("t", &["1", ""])).await.unwrap();
    assert_eq!(names(&mut client, "t").await, ["dt=1/region=__HIVE_DEFAULT_PARTITION__"]);
    get(&mut client, "t", &["1", ""]).await.unwrap();
    get(&mut client, "t", &["1", "__HIVE_DEFAULT_PARTITION__"]).await.unwrap();
    let same = partition("t", &["1", "__HIVE_DEFAULT_PARTITION__"]);
    thrown(add(&mut client, same).await, ExceptionKind::AlreadyExists);
}
