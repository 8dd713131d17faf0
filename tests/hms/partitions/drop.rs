//! Dropping partitions.

use propolis_thrift::{ExceptionKind, args, methods, types};

use super::*;
use crate::support::thrown;

async fn drop_one(client: &mut Client, name: &str, values: &[&str], delete_data: bool) -> Result<bool, CallError> {
    let request = args::DropPartition {
        db_name: text("default"),
        tbl_name: text(name),
        part_vals: Some(texts(values)),
        delete_data: Some(delete_data),
    };
    client.call::<methods::DropPartition>(request).await
}

async fn drop_many(
    client: &mut Client,
    parts: types::RequestPartsSpec,
    if_exists: bool,
) -> Result<Vec<types::Partition>, CallError> {
    let request = types::DropPartitionsRequest {
        db_name: "default".into(),
        tbl_name: "t".into(),
        parts,
        delete_data: Some(true),
        if_exists: Some(if_exists),
        ..Default::default()
    };
    let dropped = client.call::<methods::DropPartitionsReq>(args::DropPartitionsReq { req: Some(request) }).await?;
    Ok(dropped.partitions.unwrap())
}

fn named(names: &[&str]) -> types::RequestPartsSpec {
    types::RequestPartsSpec::Names(texts(names))
}

fn filtered(filters: &[&'static str]) -> types::RequestPartsSpec {
    let expression =
        |filter: &&'static str| types::DropPartitionsExpr { expr: filter.as_bytes().into(), part_archive_level: None };
    types::RequestPartsSpec::Exprs(filters.iter().map(expression).collect())
}

#[tokio::test]
async fn data_goes_with_a_managed_partition_when_asked_for() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["1", "us"], ["2", "eu"]]).await;
    std::fs::write(server.folder("managed/t/dt=1/region=eu/data"), "x").unwrap();
    assert!(drop_one(&mut client, "t", &["1", "eu"], true).await.unwrap());
    assert!(!server.folder("managed/t/dt=1/region=eu").exists());
    assert!(server.folder("managed/t/dt=1/region=us").is_dir());
    assert!(drop_one(&mut client, "t", &["1", "us"], true).await.unwrap());
    assert!(!server.folder("managed/t/dt=1").exists(), "a parent that became empty goes too");
    assert!(drop_one(&mut client, "t", &["2", "eu"], false).await.unwrap());
    assert!(server.folder("managed/t/dt=2/region=eu").is_dir());
    assert!(names(&mut client, "t").await.is_empty());

    let mut external = table("default", "e", &[("a", "int")], &[("dt", "string")]);
    external.table_type = text("EXTERNAL_TABLE");
    client.create_table(external).await;
    add(&mut client, partition("e", &["1"])).await.unwrap();
    drop_one(&mut client, "e", &["1"], true).await.unwrap();
    assert!(server.folder("external/e/dt=1").is_dir(), "the data of external tables stays");
}

#[tokio::test]
async fn what_is_not_there_cannot_be_dropped() {
    let (_server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"]]).await;
    thrown(drop_one(&mut client, "t", &["9", "eu"], true).await, ExceptionKind::NoSuchObject);
    thrown(drop_one(&mut client, "nope", &["9"], true).await, ExceptionKind::NoSuchObject);
    thrown(drop_one(&mut client, "t", &["1"], true).await, ExceptionKind::Meta);
    let by_name = |name: &str| args::DropPartitionByName {
        db_name: text("default"),
        tbl_name: text("t"),
        part_name: text(name),
        delete_data: Some(true),
    };
    thrown(client.call::<methods::DropPartitionByName>(by_name("dt=9/region=eu")).await, ExceptionKind::NoSuchObject);
    thrown(client.call::<methods::DropPartitionByName>(by_name("")).await, ExceptionKind::Meta);
    assert!(client.call::<methods::DropPartitionByName>(by_name("dt=1/region=eu")).await.unwrap());
    assert!(names(&mut client, "t").await.is_empty());
}

#[tokio::test]
async fn many_are_dropped_together_or_not_at_all() {
    let (server, mut client) = start().await;
    fill(&mut client, &[["1", "eu"], ["1", "us"], ["2", "eu"], ["3", "eu"]]).await;
    let some_missing = || named(&["dt=1/region=eu", "dt=9/region=eu"]);
    thrown(drop_many(&mut client, some_missing(), false).await, ExceptionKind::NoSuchObject);
    thrown(drop_many(&mut client, filtered(&["dt = '1'", "dt = '9'"]), false).await, ExceptionKind::NoSuchObject);
    thrown(drop_many(&mut client, filtered(&["dt = "]), false).await, ExceptionKind::Meta);
    thrown(drop_many(&mut client, filtered(&["\u{1}kryo"]), false).await, ExceptionKind::Meta);
    thrown(drop_many(&mut client, filtered(&[""]), true).await, ExceptionKind::Meta);
    assert_eq!(names(&mut client, "t").await.len(), 4);
    assert!(server.folder("managed/t/dt=1/region=eu").is_dir());

    let dropped = drop_many(&mut client, some_missing(), true).await.unwrap();
    assert_eq!(values(&dropped), [["1", "eu"]]);
    let dropped = drop_many(&mut client, filtered(&["dt = '1'", "dt > '1' and dt < '3'"]), false).await.unwrap();
    assert_eq!(values(&dropped), [["1", "us"], ["2", "eu"]]);
    assert_eq!(names(&mut client, "t").await, ["dt=3/region=eu"]);
    assert!(!server.folder("managed/t/dt=1").exists() && !server.folder("managed/t/dt=2").exists());
    assert!(server.folder("managed/t/dt=3/region=eu").is_dir());
}

#[tokio::test]
async fn dropping_the_table_drops_folders_elsewhere() {
    let (server, mut client) = start().await;
    let mut elsewhere = partition("t", &["1", "eu"]);
    elsewhere.sd.as_mut().unwrap().location = text(&format!("file:{}", server.folder("apart").display()));
    add(&mut client, elsewhere).await.unwrap();
    assert!(server.folder("apart").is_dir());
    let request = args::DropTable { dbname: text("default"), name: text("t"), delete_data: Some(true) };
    client.call::<methods::DropTable>(request).await.unwrap();
    assert!(!server.folder("apart").exists() && !server.folder("managed/t").exists());
}
