//! Properties, and what only clients of older metastores ask for.

use propolis_thrift::codec::CallError;
use propolis_thrift::{AHashMap, ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Server, map, table, text, texts, thrown};

type Found = AHashMap<FastStr, AHashMap<FastStr, FastStr>>;

async fn set(client: &mut Client, namespace: &str, pairs: &[(&str, &str)]) -> Result<bool, CallError> {
    let request = types::PropertySetRequest { name_space: FastStr::new(namespace), property_map: Some(map(pairs)) };
    client.call::<methods::SetProperties>(args::SetProperties { req: Some(request) }).await
}

async fn get(
    client: &mut Client,
    prefix: &str,
    predicate: Option<&str>,
    selection: &[&str],
) -> Result<Found, CallError> {
    let request = types::PropertyGetRequest {
        name_space: "hms".into(),
        map_prefix: text(prefix),
        map_predicate: predicate.and_then(text),
        map_selection: Some(texts(selection)),
    };
    let response = client.call::<methods::GetProperties>(args::GetProperties { req: Some(request) }).await?;
    Ok(response.properties.unwrap())
}

#[tokio::test]
async fn properties_are_set_and_found() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let mut all = Vec::new();
    for number in 0..16 {
        all.push((format!("db0.table{number:02}.fillFactor"), (100 - 5 * number).to_string()));
        let policy = format!(r#"{{"Table-name":"table{number:02}","Compaction":{{"target-size":{number}}}}}"#);
        all.push((format!("db0.table{number:02}.policy"), policy));
    }
    let all: Vec<_> = all.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert!(set(&mut client, "hms", &all).await.unwrap());
    assert!(set(&mut client, "hms", &[("size", "7"), ("db0.owner", "ann")]).await.unwrap());
    thrown(set(&mut client, "other", &[("a", "b")]).await, ExceptionKind::NoSuchObject);
    thrown(set(&mut client, "hms", &[("a", "b"), ("db.t.", "c")]).await, ExceptionKind::Meta);

    let found = get(&mut client, "", None, &[]).await.unwrap();
    assert_eq!(found.len(), 18, "nothing of what was refused is there");
    assert_eq!(found["hms"], map(&[("size", "7")]));
    assert_eq!(found["db0"], map(&[("owner", "ann")]));
    let found = get(&mut client, "db0.table", Some("policy.'Table-name' =^ 'table0'"), &[]).await.unwrap();
    assert_eq!(found.len(), 10);
    assert_eq!(found["db0.table01"].len(), 2);
    let target = "{ 'policy' : { 'size' : policy.Compaction.'target-size' } }";
    let found = get(&mut client, "db0.tabl", Some("fillFactor > 92"), &["fillFactor", target]).await.unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found["db0.table01"], map(&[("fillFactor", "95"), ("policy", r#"{"size":1}"#)]));
    assert_eq!(get(&mut client, "db0.table", None, &["nothing"]).await.unwrap().len(), 0);

    assert!(set(&mut client, "hms", &[("db0.table01.fillFactor", "1")]).await.unwrap());
    let found = get(&mut client, "db0.table01", Some("fillFactor == 1"), &["fillFactor"]).await.unwrap();
    assert_eq!(found["db0.table01"], map(&[("fillFactor", "1")]));
    let message = thrown(get(&mut client, "", Some("a >"), &[]).await, ExceptionKind::Meta);
    assert!(message.contains("a >"), "{message}");
}

#[tokio::test]
async fn there_are_no_indexes() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[])).await;
    let names = args::GetIndexNames { db_name: text("default"), tbl_name: text("t"), max_indexes: Some(-1) };
    assert_eq!(client.call::<methods::GetIndexNames>(names).await.unwrap(), texts(&[]));
    let all = args::GetIndexes { db_name: text("default"), tbl_name: text("t"), max_indexes: Some(-1) };
    assert_eq!(client.call::<methods::GetIndexes>(all).await.unwrap(), []);
    let one = args::GetIndexByName { db_name: text("default"), tbl_name: text("t"), index_name: text("i") };
    thrown(client.call::<methods::GetIndexByName>(one).await, ExceptionKind::NoSuchObject);
    let drop = args::DropIndexByName {
        db_name: text("default"),
        tbl_name: text("t"),
        index_name: text("i"),
        delete_data: Some(true),
    };
    thrown(client.call::<methods::DropIndexByName>(drop).await, ExceptionKind::NoSuchObject);
    let alter = args::AlterIndex {
        dbname: text("default"),
        base_tbl_name: text("t"),
        idx_name: text("i"),
        new_idx: Some(types::Index::default()),
    };
    thrown(client.call::<methods::AlterIndex>(alter).await, ExceptionKind::InvalidOperation);
    let add = args::AddIndex { new_index: Some(types::Index::default()), index_table: None };
    let message = thrown(client.call::<methods::AddIndex>(add).await, ExceptionKind::Meta);
    assert!(message.contains("since Hive 3"), "{message}");
}

#[tokio::test]
async fn no_metadata_of_files_is_kept() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let put =
        types::PutFileMetadataRequest { file_ids: vec![1], metadata: vec![vec![1, 2].into()], ..Default::default() };
    client.call::<methods::PutFileMetadata>(args::PutFileMetadata { req: Some(put) }).await.unwrap();
    let get = args::GetFileMetadata { req: Some(types::GetFileMetadataRequest { file_ids: vec![1] }) };
    let found = client.call::<methods::GetFileMetadata>(get).await.unwrap();
    assert!(!found.is_supported && found.metadata.is_empty());
    let expr = types::GetFileMetadataByExprRequest { file_ids: vec![1], ..Default::default() };
    let get = args::GetFileMetadataByExpr { req: Some(expr) };
    let found = client.call::<methods::GetFileMetadataByExpr>(get).await.unwrap();
    assert!(!found.is_supported && found.metadata.is_empty());
    let cache =
        types::CacheFileMetadataRequest { db_name: "default".into(), tbl_name: "t".into(), ..Default::default() };
    let cached = client.call::<methods::CacheFileMetadata>(args::CacheFileMetadata { req: Some(cache) }).await.unwrap();
    assert!(!cached.is_supported);
    let clear = args::ClearFileMetadata { req: Some(types::ClearFileMetadataRequest { file_ids: vec![1] }) };
    client.call::<methods::ClearFileMetadata>(clear).await.unwrap();
    let recycle = types::CmRecycleRequest { data_path: "file:/tmp/nothing".into(), purge: false };
    client.call::<methods::CmRecycle>(args::CmRecycle { request: Some(recycle) }).await.unwrap();
}
