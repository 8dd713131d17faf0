//! Partitions.

mod add;
mod change;
mod drop;
mod list;
mod many;

use propolis_thrift::codec::CallError;
use propolis_thrift::{FastStr, args, methods, types};

use crate::support::{Client, Server, table, text, texts};

/// A server with the managed table default.t (a int), partitioned by dt and region, both strings.
async fn start() -> (Server, Client) {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "int")], &[("dt", "string"), ("region", "string")])).await;
    (server, client)
}

/// An external table at a store that the server does not know: no folders are made for its partitions.
fn far_table(name: &str, keys: &[(&str, &str)]) -> types::Table {
    let mut far = table("default", name, &[("a", "int")], keys);
    far.table_type = text("EXTERNAL_TABLE");
    far.sd.as_mut().unwrap().location = text(&format!("hdfs://far/{name}"));
    far
}

/// A partition as clients send it: with the columns of the table, and no location.
fn partition(name: &str, values: &[&str]) -> types::Partition {
    types::Partition {
        db_name: text("default"),
        table_name: text(name),
        values: Some(texts(values)),
        sd: table("default", name, &[("a", "int")], &[]).sd,
        ..Default::default()
    }
}

async fn add(client: &mut Client, new: types::Partition) -> Result<types::Partition, CallError> {
    client.call::<methods::AddPartition>(args::AddPartition { new_part: Some(new) }).await
}

async fn add_all(
    client: &mut Client,
    name: &str,
    parts: Vec<types::Partition>,
    if_not_exists: bool,
) -> Result<Vec<types::Partition>, CallError> {
    let request = types::AddPartitionsRequest {
        db_name: "default".into(),
        tbl_name: FastStr::new(name),
        parts,
        if_not_exists,
        need_result: Some(true),
        ..Default::default()
    };
    let result = client.call::<methods::AddPartitionsReq>(args::AddPartitionsReq { request: Some(request) }).await?;
    Ok(result.partitions.unwrap_or_default())
}

/// Adds partitions of default.t with these values.
async fn fill(client: &mut Client, values: &[[&str; 2]]) {
    let parts = values.iter().map(|values| partition("t", values)).collect();
    add_all(client, "t", parts, false).await.unwrap();
}

async fn get(client: &mut Client, name: &str, values: &[&str]) -> Result<types::Partition, CallError> {
    let request = args::GetPartition { db_name: text("default"), tbl_name: text(name), part_vals: Some(texts(values)) };
    client.call::<methods::GetPartition>(request).await
}

async fn names(client: &mut Client, name: &str) -> Vec<String> {
    let request = args::GetPartitionNames { db_name: text("default"), tbl_name: text(name), max_parts: Some(-1) };
    let names = client.call::<methods::GetPartitionNames>(request).await.unwrap();
    names.iter().map(|name| name.to_string()).collect()
}

fn values(partitions: &[types::Partition]) -> Vec<Vec<String>> {
    let texts = |values: &Vec<FastStr>| values.iter().map(|value| value.to_string()).collect();
    partitions.iter().map(|partition| texts(partition.values.as_ref().unwrap())).collect()
}

fn location(partition: &types::Partition) -> &str {
    partition.sd.as_ref().unwrap().location.as_deref().unwrap()
}

fn parameter<'a>(partition: &'a types::Partition, key: &str) -> Option<&'a str> {
    partition.parameters.as_ref().unwrap().get(key).map(FastStr::as_str)
}
