//! Partitions by the expressions that Hive sends. The files beside this one are made by
//! compat-tests/clients/kryo-corpus; they say what Hive's own code makes of each expression.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use propolis_thrift::codec::CallError;
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, table, text, texts, thrown};

const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

const KEYS: [(&str, &str); 14] = [
    ("region", "string"),
    ("dt", "string"),
    ("hr", "int"),
    ("big", "bigint"),
    ("small", "smallint"),
    ("tiny", "tinyint"),
    ("day", "date"),
    ("at", "timestamp"),
    ("amount", "decimal(10,2)"),
    ("ratio", "double"),
    ("share", "float"),
    ("flag", "boolean"),
    ("v", "varchar(20)"),
    ("c", "char(5)"),
];

struct Line {
    release: &'static str,
    text: &'static str,
    truth: Vec<char>,
    bytes: Bytes,
}

fn corpus() -> Vec<Line> {
    let lines = include_str!("kryo/expressions.tsv").lines().map(|line| {
        let [release, text, _, truth, bytes] = line.split('\t').collect::<Vec<_>>().try_into().unwrap();
        Line { release, text, truth: truth.chars().collect(), bytes: STANDARD.decode(bytes).unwrap().into() }
    });
    lines.collect()
}

fn partitions() -> Vec<Vec<&'static str>> {
    include_str!("kryo/partitions.tsv").lines().map(|line| line.split('\t').collect()).collect()
}

fn expression(release: &str, text: &str) -> Bytes {
    corpus().into_iter().find(|line| (line.release, line.text) == (release, text)).unwrap().bytes
}

/// The table default.t with the partitions of the corpus, and more.
async fn start(more: &[Vec<&str>]) -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &KEYS)).await;
    let mut parts: Vec<_> = partitions().iter().chain(more).map(|values| partition(values)).collect();
    for part in &mut parts {
        part.parameters.get_or_insert_default().insert("is_archived".into(), "false".into());
    }
    add(&mut client, parts).await;
    (server, client)
}

fn partition(values: &[&str]) -> types::Partition {
    types::Partition {
        db_name: text("default"),
        table_name: text("t"),
        values: Some(texts(values)),
        sd: table("default", "t", &[("a", "int")], &[]).sd,
        ..Default::default()
    }
}

async fn add(client: &mut Client, parts: Vec<types::Partition>) {
    let request = types::AddPartitionsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        parts,
        if_not_exists: false,
        ..Default::default()
    };
    client.call::<methods::AddPartitionsReq>(args::AddPartitionsReq { request: Some(request) }).await.unwrap();
}

fn request(expr: Bytes) -> types::PartitionsByExprRequest {
    types::PartitionsByExprRequest { db_name: "default".into(), tbl_name: "t".into(), expr, ..Default::default() }
}

async fn by_expression(client: &mut Client, expr: Bytes) -> Result<(BTreeSet<Vec<String>>, bool), CallError> {
    let args = args::GetPartitionsByExpr { req: Some(request(expr)) };
    let found = client.call::<methods::GetPartitionsByExpr>(args).await?;
    let values = |partition: &types::Partition| {
        partition.values.iter().flatten().map(|value| value.to_string()).collect::<Vec<_>>()
    };
    Ok((found.partitions.iter().map(values).collect(), found.has_unknown_partitions))
}

/// Where the answer is not Hive's, as the unit tests of the reader say.
fn is_peculiar(line: &Line) -> bool {
    line.release == "2.3.10" && line.text.contains("flag")
        || line.text.ends_with(&format!("= '{NULL}'"))
        || ["int", "bigint", "smallint", "tinyint"]
            .iter()
            .any(|number| line.text.starts_with(&format!("cast(dt as {number})")))
}

#[tokio::test]
async fn partitions_are_found_as_hive_finds_them() {
    let (_server, mut client) = start(&[]).await;
    let rows = partitions();
    let (mut exact, mut open) = (0, 0);
    for line in corpus() {
        let (found, unknown) = by_expression(&mut client, line.bytes.clone()).await.unwrap();
        let of = |wanted: char| {
            let rows = rows.iter().zip(&line.truth).filter(move |(_, truth)| **truth == wanted);
            rows.map(|(row, _)| row.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())
        };
        // What Hive's servers answer: partitions that may match, but for those with nulls.
        let maybe: BTreeSet<_> = of('n').filter(|row| !row.iter().any(|value| value == NULL)).collect();
        let certain: BTreeSet<_> = of('t').collect();
        let hives: BTreeSet<_> = certain.union(&maybe).cloned().collect();
        let message = format!("{} {}", line.release, line.text);
        if is_peculiar(&line) {
            continue;
        } else if found == hives && unknown != maybe.is_empty() {
            exact += 1;
        } else {
            // What cannot be evaluated here hides nothing, and says so.
            assert!(unknown && found.is_superset(&hives), "{message}: {found:?}\n{hives:?}");
            open += 1;
        }
    }
    assert!(exact > 300 && (20..80).contains(&open), "{exact} {open}");
}

#[tokio::test]
async fn all_that_take_an_expression_read_it() {
    let (_server, mut client) = start(&[]).await;
    for release in ["2.3.10", "4.0.1"] {
        let expr = expression(release, "hr = 7");
        let found = client
            .call::<methods::GetPartitionsSpecByExpr>(args::GetPartitionsSpecByExpr {
                req: Some(request(expr.clone())),
            })
            .await
            .unwrap();
        assert!(!found.has_unknown_partitions);
        let shared = found.partitions_spec[0].shared_sd_partition_spec.as_ref().unwrap();
        assert_eq!(shared.partitions.as_ref().unwrap().len(), 1);

        let args = args::GetPartitionNamesReq { req: Some(request(expr)) };
        let names = client.call::<methods::GetPartitionNamesReq>(args).await.unwrap();
        assert_eq!(names.len(), 1);
        assert!(names[0].contains("/hr=7/"), "{names:?}");
    }
    let all = args::GetPartitionNamesReq { req: Some(request(Bytes::from_static(b"\xff"))) };
    assert_eq!(client.call::<methods::GetPartitionNamesReq>(all).await.unwrap().len(), 7);
}

#[tokio::test]
async fn values_that_are_none_of_their_type_are_left_to_the_client() {
    let mut bad = partitions()[0].clone();
    bad[2] = "seven";
    let (_server, mut client) = start(&[bad.clone()]).await;
    let bad: Vec<String> = bad.into_iter().map(str::to_owned).collect();
    for (text, may, unknown) in [
        ("hr = 7", true, true),
        ("hr <> 7", true, true),
        ("not (region = 'us' or hr = 8)", true, true),
        ("region = 'eu' or hr = 8", true, false),
        ("region = 'eu' and hr = 7", true, true),
        ("region = 'Zürich, 東京'", false, false),
        ("cast(hr as string) in ('7', '8')", true, true),
    ] {
        let (found, flag) = by_expression(&mut client, expression("4.0.1", text)).await.unwrap();
        assert_eq!((found.contains(&bad), flag), (may, unknown), "{text}");
    }
}

#[tokio::test]
async fn what_is_no_expression_is_refused() {
    let (_server, mut client) = start(&[]).await;
    let whole = expression("4.0.1", "region = 'eu' and hr = 7");
    for bytes in [&b"\x01\x00\xff\xfe"[..], b"\xff\xfe", &whole[..whole.len() - 3], &[&whole[..], b"x"].concat()] {
        let error = thrown(by_expression(&mut client, Bytes::copy_from_slice(bytes)).await, ExceptionKind::Meta);
        assert!(error.contains("partition expression cannot be read"), "{error}");
    }
    let error = thrown(by_expression(&mut client, Bytes::from_static(b"hr ~ 5")).await, ExceptionKind::Meta);
    assert!(error.contains("Error parsing partition filter"), "{error}");
    client.create_table(table("default", "u", &[("a", "int")], &[("other", "string")])).await;
    let of_u = types::PartitionsByExprRequest { tbl_name: "u".into(), ..request(whole) };
    let found = client.call::<methods::GetPartitionsByExpr>(args::GetPartitionsByExpr { req: Some(of_u) }).await;
    let error = thrown(found, ExceptionKind::Meta);
    assert!(error.contains("region is not a partition key of the table"), "{error}");
}

async fn drop(client: &mut Client, expressions: &[(Bytes, Option<i32>)]) -> Result<usize, CallError> {
    let expressions = expressions
        .iter()
        .map(|(expr, level)| types::DropPartitionsExpr { expr: expr.clone(), part_archive_level: *level });
    let request = types::DropPartitionsRequest {
        db_name: "default".into(),
        tbl_name: FastStr::new("t"),
        parts: types::RequestPartsSpec::Exprs(expressions.collect()),
        delete_data: Some(false),
        if_exists: Some(true),
        ..Default::default()
    };
    let dropped = client.call::<methods::DropPartitionsReq>(args::DropPartitionsReq { req: Some(request) }).await?;
    Ok(dropped.partitions.unwrap().len())
}

#[tokio::test]
async fn expressions_drop_what_they_surely_mean() {
    let mut bad = partitions()[0].clone();
    bad[2] = "seven";
    let (_server, mut client) = start(&[bad]).await;
    for (text, why) in
        [("hr = 7", "hr=seven"), ("upper(region) = 'EU'", "it uses Upper"), ("year(day) = 2026", "it uses UDFYear")]
    {
        let error = thrown(drop(&mut client, &[(expression("4.0.1", text), None)]).await, ExceptionKind::Meta);
        assert!(error.contains(why), "{error}");
    }
    let us = (expression("2.3.10", "day is null"), None);
    assert_eq!(drop(&mut client, std::slice::from_ref(&us)).await.unwrap(), 2);
    assert_eq!(drop(&mut client, &[us]).await.unwrap(), 0);
    let two = ["region = 'Zürich, 東京'", "region not like 'u%'"].map(|text| (expression("4.0.1", text), Some(0)));
    assert_eq!(drop(&mut client, &two).await.unwrap(), 5);
    let all = args::GetPartitionNamesReq { req: Some(request(Bytes::new())) };
    let left = client.call::<methods::GetPartitionNamesReq>(all).await.unwrap();
    assert_eq!(left.len(), 1);
    assert!(left[0].starts_with("region=us/dt=2026-02-01/"), "{left:?}");
}

#[tokio::test]
async fn expressions_of_every_release_drop() {
    for (release, text, dropped) in [
        ("2.3.10", "hr in (1, 2, 7)", 1),
        ("3.1.3", "day = date '2026-01-31'", 1),
        ("4.0.1", "(region, hr) in (('eu', 7), ('us', 8))", 2),
        ("4.2.0", "region between 'a' and 'f'", 3),
    ] {
        let (_server, mut client) = start(&[]).await;
        assert_eq!(drop(&mut client, &[(expression(release, text), None)]).await.unwrap(), dropped, "{release} {text}");
        let all = args::GetPartitionNamesReq { req: Some(request(Bytes::new())) };
        let left = client.call::<methods::GetPartitionNamesReq>(all).await.unwrap();
        assert_eq!(left.len(), 7 - dropped, "{release} {text}");
    }
}

#[tokio::test]
async fn archives_are_not_dropped_in_part() {
    let (_server, mut client) = start(&[]).await;
    let mut archived = partition(&["archive"; 14].map(|_| "1"));
    archived.values = Some(texts(&["arch", "1", "1", "1", "1", "1", NULL, NULL, "1", "1", "1", "true", "1", "1"]));
    let parameters = [("is_archived", "true"), ("archiving_level", "1"), ("original_location", "file:/nowhere")];
    archived.parameters = Some(parameters.into_iter().map(|(key, value)| (key.into(), value.into())).collect());
    add(&mut client, vec![archived]).await;
    let filter = Bytes::from_static(b"region = 'arch'");
    let error = thrown(drop(&mut client, &[(filter.clone(), Some(2))]).await, ExceptionKind::Meta);
    assert!(error.contains("Cannot drop a subset of partitions in an archive"), "{error}");
    assert_eq!(drop(&mut client, &[(filter, Some(1))]).await.unwrap(), 1);
}
