//! Looking partitions up.

use propolis_thrift::codec::Protocol;
use propolis_thrift::{ExceptionKind, args, methods, types};

use super::*;
use crate::support::{map, thrown};

const FILLED: [[&str; 2]; 5] = [["1", "eu"], ["1", "us east"], ["10", "eu"], ["2", "eu"], ["2", "us west"]];

async fn filled() -> (Server, Client) {
    let (server, mut client) = start().await;
    fill(&mut client, &FILLED).await;
    (server, client)
}

async fn by_filter(client: &mut Client, filter: &str) -> Result<Vec<Vec<String>>, CallError> {
    let request = args::GetPartitionsByFilter {
        db_name: text("default"),
        tbl_name: text("t"),
        filter: text(filter),
        max_parts: Some(-1),
    };
    Ok(values(&client.call::<methods::GetPartitionsByFilter>(request).await?))
}

#[tokio::test]
async fn lists_are_in_order_and_end_at_their_limit() {
    let (_server, mut client) = filled().await;
    let list = |max_parts| args::GetPartitions { db_name: text("default"), tbl_name: text("t"), max_parts };
    for (max, expected) in [(None, 5), (Some(-1), 5), (Some(-7), 5), (Some(0), 0), (Some(2), 2), (Some(9), 5)] {
        let listed = values(&client.call::<methods::GetPartitions>(list(max)).await.unwrap());
        assert_eq!(listed, FILLED[..expected], "{max:?}");
    }
    assert_eq!(
        names(&mut client, "t").await,
        ["dt=1/region=eu", "dt=1/region=us east", "dt=10/region=eu", "dt=2/region=eu", "dt=2/region=us west"]
    );
}

#[tokio::test]
async fn a_prefix_of_values_has_gaps_for_any() {
    let (_server, mut client) = filled().await;
    let request = |part_vals: &[&str], max_parts| args::GetPartitionNamesPs {
        db_name: text("default"),
        tbl_name: text("t"),
        part_vals: Some(texts(part_vals)),
        max_parts: Some(max_parts),
    };
    for (prefix, max, expected) in [
        (&["1"][..], -1, &["dt=1/region=eu", "dt=1/region=us east"][..]),
        (&["1", ""], -1, &["dt=1/region=eu", "dt=1/region=us east"]),
        (&["", "eu"], -1, &["dt=1/region=eu", "dt=10/region=eu", "dt=2/region=eu"]),
        (&["", "eu"], 2, &["dt=1/region=eu", "dt=10/region=eu"]),
        (&["2", "eu"], -1, &["dt=2/region=eu"]),
        (&["3"], -1, &[]),
    ] {
        let found = client.call::<methods::GetPartitionNamesPs>(request(prefix, max)).await.unwrap();
        assert_eq!(found, expected, "{prefix:?}");
    }
    thrown(client.call::<methods::GetPartitionNamesPs>(request(&[], -1)).await, ExceptionKind::Meta);
    thrown(client.call::<methods::GetPartitionNamesPs>(request(&["1", "2", "3"], -1)).await, ExceptionKind::Meta);

    let request = types::GetPartitionsPsWithAuthRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        part_vals: Some(texts(&["2"])),
        exclude_param_key_pattern: text("transient%"),
        skip_column_schema_for_partition: Some(true),
        ..Default::default()
    };
    let request = args::GetPartitionsPsWithAuthReq { req: Some(request) };
    let found = client.call::<methods::GetPartitionsPsWithAuthReq>(request).await.unwrap().partitions;
    assert_eq!(values(&found), [["2", "eu"], ["2", "us west"]]);
    assert_eq!(found[0].parameters, Some(map(&[])));
    assert_eq!(found[0].sd.as_ref().unwrap().cols, Some(Vec::new()));
}

#[tokio::test]
async fn names_are_looked_up_once_and_unknown_ones_passed_over() {
    let (_server, mut client) = filled().await;
    let request = args::GetPartitionsByNames {
        db_name: text("default"),
        tbl_name: text("t"),
        names: Some(texts(&[
            "dt=2/region=eu",
            "dt=1/region=eu",
            "dt=1/region=eu",
            "DT=2/region=us west",
            "dt=9/region=eu",
            "dt=1",
            "",
            "%",
        ])),
    };
    let found = client.call::<methods::GetPartitionsByNames>(request).await.unwrap();
    assert_eq!(values(&found), [["1", "eu"], ["2", "eu"]]);
}

#[tokio::test]
async fn filters_select_in_the_database() {
    let (_server, mut client) = filled().await;
    for (filter, expected) in [
        ("", &FILLED[..]),
        ("dt = '1'", &FILLED[..2]),
        ("DT = \"1\" and region like 'us.*'", &FILLED[1..2]),
        ("dt > '1' and dt < '2'", &FILLED[2..3]),
        ("region in ('us west', 'x') or dt = '10'", &[["10", "eu"], ["2", "us west"]]),
    ] {
        assert_eq!(by_filter(&mut client, filter).await.unwrap(), expected, "{filter}");
    }
    thrown(by_filter(&mut client, "a = 1").await, ExceptionKind::Meta);
    thrown(by_filter(&mut client, "dt = ").await, ExceptionKind::Meta);

    let request = types::GetPartitionsByFilterRequest {
        db_name: text("default"),
        tbl_name: text("t"),
        filter: text("region like 'us%'"),
        ..Default::default()
    };
    let request = args::GetPartitionsByFilterReq { req: Some(request) };
    let found = client.call::<methods::GetPartitionsByFilterReq>(request).await.unwrap();
    assert_eq!(values(&found), [["1", "us east"], ["2", "us west"]]);

    for like in ["region like 'us%'", "region like 'us.*'"] {
        let request =
            args::GetNumPartitionsByFilter { db_name: text("default"), tbl_name: text("t"), filter: text(like) };
        assert_eq!(client.call::<methods::GetNumPartitionsByFilter>(request).await.unwrap(), 2, "{like}");
    }
}

/// Of Hive's own expressions the tests in kryo.rs have more.
#[tokio::test]
async fn expressions_are_filters() {
    let (_server, mut client) = filled().await;
    let request = |expr: &'static [u8]| args::GetPartitionsByExpr {
        req: Some(types::PartitionsByExprRequest {
            db_name: "default".into(),
            tbl_name: "t".into(),
            expr: expr.into(),
            ..Default::default()
        }),
    };
    for (filter, count) in [(&b"dt = '10'"[..], 1), (b"", 5)] {
        let found = client.call::<methods::GetPartitionsByExpr>(request(filter)).await.unwrap();
        assert_eq!((values(&found.partitions).len(), found.has_unknown_partitions), (count, false));
    }
}

#[tokio::test]
async fn values_of_keys_are_listed_once() {
    let (_server, mut client) = filled().await;
    let request = |key: &str, ascending, max: i64| args::GetPartitionValues {
        request: Some(types::PartitionValuesRequest {
            db_name: "default".into(),
            tbl_name: "t".into(),
            partition_keys: crate::support::columns(&[(key, "string")]),
            ascending: Some(ascending),
            max_parts: Some(max),
            ..Default::default()
        }),
    };
    let mut list = async |key: &str, ascending, max| {
        let found = client.call::<methods::GetPartitionValues>(request(key, ascending, max)).await?;
        Ok(found.partition_values.iter().map(|row| row.row[0].to_string()).collect::<Vec<_>>())
    };
    assert_eq!(list("dt", true, -1).await.unwrap(), ["1", "10", "2"]);
    assert_eq!(list("REGION", false, 2).await.unwrap(), ["us west", "us east"]);
    thrown(list("a", true, -1).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn what_is_not_there_is_told() {
    let (_server, mut client) = filled().await;
    thrown(get(&mut client, "t", &["9", "eu"]).await, ExceptionKind::NoSuchObject);
    thrown(get(&mut client, "nope", &["9"]).await, ExceptionKind::NoSuchObject);
    thrown(get(&mut client, "", &["9"]).await, ExceptionKind::NoSuchObject);
    thrown(get(&mut client, "t", &["9"]).await, ExceptionKind::Meta);
    thrown(get(&mut client, "t", &[]).await, ExceptionKind::Meta);
    let by_name =
        |name: &str| args::GetPartitionByName { db_name: text("default"), tbl_name: text("t"), part_name: text(name) };
    thrown(client.call::<methods::GetPartitionByName>(by_name("")).await, ExceptionKind::Meta);
    for unknown in ["dt=1", "DT=1/region=eu", "dt=1/region=xx"] {
        thrown(client.call::<methods::GetPartitionByName>(by_name(unknown)).await, ExceptionKind::NoSuchObject);
    }
    let list = args::GetPartitions { db_name: text("default"), tbl_name: text("nope"), max_parts: Some(-1) };
    thrown(client.call::<methods::GetPartitions>(list).await, ExceptionKind::NoSuchObject);
    assert_eq!(names(&mut client, "nope").await, Vec::<String>::new());
    client.create_table(table("default", "plain", &[("a", "int")], &[])).await;
    let named = args::GetPartitionsByNames {
        db_name: text("default"),
        tbl_name: text("plain"),
        names: Some(texts(&["dt=1", "dt=2"])),
    };
    assert_eq!(client.call::<methods::GetPartitionsByNames>(named).await.unwrap(), []);
    assert_eq!(names(&mut client, "plain").await, Vec::<String>::new());
}

#[tokio::test]
async fn both_protocols_framed_or_not_tell_the_same() {
    let (server, mut client) = filled().await;
    let list = || args::GetPartitions { db_name: text("default"), tbl_name: text("t"), max_parts: Some(-1) };
    let expected = client.call::<methods::GetPartitions>(list()).await.unwrap();
    for (protocol, framed) in [(Protocol::Binary, false), (Protocol::Compact, true), (Protocol::Compact, false)] {
        let mut other = Client::connect(server.address, protocol, framed).await;
        let listed = other.call::<methods::GetPartitions>(list()).await.unwrap();
        assert_eq!(listed, expected, "{protocol:?}, framed: {framed}");
    }
}

#[tokio::test]
async fn a_projection_leaves_the_rest_unset() {
    let (server, mut client) = filled().await;
    let mut elsewhere = partition("t", &["3", "eu"]);
    elsewhere.sd.as_mut().unwrap().location = text(&format!("file:{}", server.folder("elsewhere").display()));
    add(&mut client, elsewhere).await.unwrap();
    let request = |fields: &[&str], filter: Option<(types::PartitionFilterMode, &[&str])>| {
        let (mode, filters) = filter.unzip();
        args::GetPartitionsWithSpecs {
            request: Some(types::GetPartitionsRequest {
                db_name: text("default"),
                tbl_name: text("t"),
                projection_spec: Some(types::GetProjectionsSpec {
                    field_list: Some(texts(fields)),
                    ..Default::default()
                }),
                filter_spec: Some(types::GetPartitionsFilterSpec { filter_mode: mode, filters: filters.map(texts) }),
                ..Default::default()
            }),
        }
    };
    let names = (types::PartitionFilterMode::BY_NAMES, &["dt=1/region=eu"][..]);
    let found = client.call::<methods::GetPartitionsWithSpecs>(request(&["values"], Some(names))).await.unwrap();
    let specs = found.partition_spec.unwrap();
    let shared = specs[0].shared_sd_partition_spec.as_ref().unwrap();
    assert_eq!(shared.partitions.as_ref().unwrap()[0].values, Some(texts(&["1", "eu"])));
    assert_eq!(shared.partitions.as_ref().unwrap()[0].parameters, None);

    let found = client.call::<methods::GetPartitionsWithSpecs>(request(&[], None)).await.unwrap();
    let specs = found.partition_spec.unwrap();
    assert_eq!(specs.len(), 2, "one for those below the table, one for the other");
    let shared = specs[0].shared_sd_partition_spec.as_ref().unwrap();
    assert_eq!(shared.partitions.as_ref().unwrap().len(), 5);
    assert_eq!(shared.partitions.as_ref().unwrap()[0].relative_path.as_deref(), Some("/dt=1/region=eu"));
    assert_eq!(specs[1].partition_list.as_ref().unwrap().partitions.as_ref().unwrap().len(), 1);

    let filter = (types::PartitionFilterMode::BY_EXPR, &["dt = '2'", "region = 'eu'"][..]);
    let found = client.call::<methods::GetPartitionsWithSpecs>(request(&["sd.location"], Some(filter))).await.unwrap();
    let specs = found.partition_spec.unwrap();
    let shared = specs[0].shared_sd_partition_spec.as_ref().unwrap();
    assert_eq!(shared.partitions.as_ref().unwrap().len(), 1);
    assert_eq!(shared.sd.as_ref().unwrap().cols, None);
    thrown(client.call::<methods::GetPartitionsWithSpecs>(request(&["sd.nope"], None)).await, ExceptionKind::Meta);

    let asked = request(&["sd.cols.name", "sd.cols.type"], None);
    let found = client.call::<methods::GetPartitionsWithSpecs>(asked).await.unwrap();
    let specs = found.partition_spec.unwrap();
    let columns = specs[0].shared_sd_partition_spec.as_ref().unwrap().sd.as_ref().unwrap().cols.as_ref().unwrap();
    let column = types::FieldSchema { name: text("a"), r#type: text("int"), comment: None };
    assert_eq!(columns, &[column]);

    let mut asked = request(&[], Some(names));
    let projection = asked.request.as_mut().unwrap().projection_spec.as_mut().unwrap();
    projection.exclude_param_key_pattern = text("%DdlTime");
    let found = client.call::<methods::GetPartitionsWithSpecs>(asked).await.unwrap();
    let specs = found.partition_spec.unwrap();
    let shared = specs[0].shared_sd_partition_spec.as_ref().unwrap();
    assert!(shared.sd.as_ref().unwrap().cols.is_some(), "all fields, as none is named");
    let parameters = shared.partitions.as_ref().unwrap()[0].parameters.as_ref().unwrap();
    assert!(!parameters.contains_key("transient_lastDdlTime"), "{parameters:?}");
}

#[tokio::test]
async fn mistakes_in_a_filters_grammar_go_before_those_in_its_meaning() {
    let (_server, mut client) = start().await;
    for (filter, words) in [
        ("a >= \"p12\"", "<a> is not a partitioning key for the table"),
        ("a >= ", "Error parsing partition filter"),
        ("a = 1 and dt", "Error parsing partition filter"),
    ] {
        let said = thrown(by_filter(&mut client, filter).await, ExceptionKind::Meta);
        assert!(said.contains(words), "{filter}: {said}");
    }
    let request = args::GetPartitionsByFilter {
        db_name: text("Nowhere"),
        tbl_name: text("t"),
        filter: text("dt = '1'"),
        max_parts: Some(-1),
    };
    let said = thrown(client.call::<methods::GetPartitionsByFilter>(request).await, ExceptionKind::NoSuchObject);
    assert!(said.contains("Specified catalog.database.table does not exist : hive.nowhere.t"), "{said}");
}

#[tokio::test]
async fn names_can_be_taken_apart() {
    let (_server, mut client) = start().await;
    let request = args::PartitionNameToVals { part_name: text("dt=1/region=us west%2F1") };
    assert_eq!(client.call::<methods::PartitionNameToVals>(request).await.unwrap(), ["1", "us west/1"]);
    let request = args::PartitionNameToSpec { part_name: text("dt=1/region=us west%2F1") };
    let spec = client.call::<methods::PartitionNameToSpec>(request).await.unwrap();
    assert_eq!(spec, map(&[("dt", "1"), ("region", "us west/1")]));
    let request = args::PartitionNameToVals { part_name: text("nonsense") };
    thrown(client.call::<methods::PartitionNameToVals>(request).await, ExceptionKind::Meta);
    let request =
        args::PartitionNameHasValidCharacters { part_vals: Some(texts(&["\u{e9}"])), throw_exception: Some(true) };
    assert!(client.call::<methods::PartitionNameHasValidCharacters>(request).await.unwrap());
}
