//! Partitions: one at a time, and what of them is given back.

mod batch;
mod indexes;
mod list;
mod one_world;

use serde_json::{Map, Value, json};

use crate::support::{Client, Options, Server};

/// A database `d` with a table `t` of these partition keys.
pub async fn start(keys: &[(&str, &str)]) -> (Server, Client) {
    start_with(Options::default(), keys).await
}

pub async fn start_with(options: Options, keys: &[(&str, &str)]) -> (Server, Client) {
    let server = Server::start_with(options).await;
    let client = server.client();
    client.create_database("d").await;
    create_table(&client, "t", keys).await;
    (server, client)
}

pub async fn create_table(client: &Client, name: &str, keys: &[(&str, &str)]) {
    let keys: Vec<_> = keys.iter().map(|(name, kind)| json!({ "Name": name, "Type": kind })).collect();
    let input = json!({
        "Name": name,
        "PartitionKeys": keys,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": { "Columns": [{ "Name": "a", "Type": "int" }], "Location": format!("s3://b/d/{name}") },
    });
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": input })).await;
}

/// The input of an operation on table `t`.
pub fn of_table(more: Value) -> Value {
    let mut input = json!({ "DatabaseName": "d", "TableName": "t" });
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    input
}

pub fn partition(values: &[&str]) -> Value {
    json!({
        "Values": values,
        "StorageDescriptor": {
            "Columns": [{ "Name": "a", "Type": "int" }],
            "Location": format!("s3://b/d/t/{}", values.join("/")),
        },
        "Parameters": { "k": "v" },
    })
}

pub async fn create(client: &Client, values: &[&str]) {
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": partition(values) }))).await;
}

pub async fn get(client: &Client, values: &[&str]) -> Map<String, Value> {
    let mut answer = client.ok("GetPartition", of_table(json!({ "PartitionValues": values }))).await;
    answer["Partition"].as_object_mut().unwrap().clone()
}

/// The values of the partitions that `GetPartitions` lists, in one page.
pub async fn listed(client: &Client, more: Value) -> Vec<Vec<String>> {
    values_of(&client.ok("GetPartitions", of_table(more)).await["Partitions"])
}

pub fn values_of(partitions: &Value) -> Vec<Vec<String>> {
    let values = |partition: &Value| serde_json::from_value(partition["Values"].clone()).unwrap();
    partitions.as_array().unwrap().iter().map(values).collect()
}

#[tokio::test]
async fn what_is_given_comes_back_and_nothing_else() {
    let (_server, client) = start(&[("dt", "string"), ("region", "string")]).await;
    let whole = json!({
        "Values": ["2026-01-31", "us west/1"],
        "LastAccessTime": 1_700_000_000,
        "LastAnalyzedTime": 1_700_000_000.25,
        "Parameters": { "empty": "", "quote": "\"\u{1}\\", "ü": "é" },
        "StorageDescriptor": {
            "BucketColumns": [],
            "Columns": [{ "Name": "a", "Type": "int", "Comment": "c", "Parameters": { "x": "y" } }],
            "Compressed": false,
            "InputFormat": "i",
            "Location": "s3://elsewhere/\"x\"",
            "NumberOfBuckets": -1,
            "OutputFormat": "o",
            "Parameters": {},
            "SchemaReference": { "SchemaVersionNumber": 2 },
            "SerdeInfo": { "Parameters": { "path": "s3://…" }, "SerializationLibrary": "l" },
            "SkewedInfo": {
                "SkewedColumnNames": [], "SkewedColumnValueLocationMaps": {}, "SkewedColumnValues": [],
            },
            "SortColumns": [],
            "StoredAsSubDirectories": false,
        },
    });
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": whole }))).await;
    let mut found = get(&client, &["2026-01-31", "us west/1"]).await;
    let created = found.remove("CreationTime").and_then(|time| time.as_f64()).unwrap();
    assert!(created > 1_700_000_000.0);
    let mut expected = whole;
    expected["DatabaseName"] = "d".into();
    expected["TableName"] = "t".into();
    expected["CatalogId"] = "123456789012".into();
    assert_eq!(Value::Object(found), expected);

    for storage in [json!({}), json!({ "Columns": [] }), json!({ "Compressed": true, "SerdeInfo": {} }), Value::Null] {
        let input = json!({ "Values": ["1", "x"], "StorageDescriptor": storage });
        client.ok("CreatePartition", of_table(json!({ "PartitionInput": input }))).await;
        let found = get(&client, &["1", "x"]).await;
        assert_eq!(found.get("StorageDescriptor").cloned().unwrap_or_default(), storage);
        for absent in ["LastAccessTime", "LastAnalyzedTime"] {
            assert_eq!(found.get(absent), None);
        }
        assert_eq!(found["Parameters"], json!({}), "nothing is added");
        client.ok("DeletePartition", of_table(json!({ "PartitionValues": ["1", "x"] }))).await;
    }
}

#[tokio::test]
async fn partitions_come_and_go() {
    let (server, client) = start(&[("dt", "string")]).await;
    create(&client, &["1"]).await;
    let exists = client.thrown(
        "CreatePartition",
        of_table(json!({ "PartitionInput": partition(&["1"]) })),
        "AlreadyExistsException",
    );
    assert_eq!(exists.await, "Partition already exists.");
    assert_eq!(listed(&client, json!({})).await, [["1"]]);
    // Names are folded.
    let upper = json!({ "DatabaseName": "D", "TableName": "T", "PartitionValues": ["1"], "CatalogId": "123456789012" });
    assert_eq!(client.ok("GetPartition", upper).await["Partition"]["TableName"], "t");

    // Folders are nobody's business here.
    let folder = server.hms.warehouse.path().join("kept");
    std::fs::create_dir(&folder).unwrap();
    let mut local = partition(&["2"]);
    local["StorageDescriptor"]["Location"] = format!("file:{}", folder.display()).into();
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": local }))).await;
    assert_eq!(get(&client, &["2"]).await["Parameters"], json!({ "k": "v" }), "no files are counted");
    client.ok("DeletePartition", of_table(json!({ "PartitionValues": ["2"] }))).await;
    assert!(folder.is_dir());

    client.ok("DeletePartition", of_table(json!({ "PartitionValues": ["1"] }))).await;
    for operation in ["GetPartition", "DeletePartition"] {
        let input = of_table(json!({ "PartitionValues": ["1"] }));
        let message = client.thrown(operation, input, "EntityNotFoundException").await;
        assert_eq!(message, "Cannot find partition. None has the values 1.");
    }
    assert!(listed(&client, json!({})).await.is_empty());
}

#[tokio::test]
async fn what_does_not_fit_the_table_is_refused() {
    let (_server, client) = start(&[("dt", "string"), ("region", "string")]).await;
    let create = |values: &[&str]| of_table(json!({ "PartitionInput": partition(values) }));
    let message = client.thrown("CreatePartition", create(&["1"]), "InvalidInputException").await;
    assert!(message.contains("dt, region") && message.contains("2 values, not 1"), "{message}");
    for operation in ["GetPartition", "DeletePartition"] {
        let input = of_table(json!({ "PartitionValues": ["1", "2", "3"] }));
        client.thrown(operation, input, "InvalidInputException").await;
    }
    let elsewhere = |database: &str, table: &str| json!({ "DatabaseName": database, "TableName": table });
    let list = client.thrown("GetPartitions", elsewhere("d", "none"), "EntityNotFoundException");
    assert_eq!(list.await, "Table none not found.");
    let list = client.thrown("GetPartitions", elsewhere("none", "t"), "EntityNotFoundException");
    assert_eq!(list.await, "Database none not found.");
    let mut input = create(&["1", "2"]);
    input["TableName"] = "none".into();
    client.thrown("CreatePartition", input, "EntityNotFoundException").await;
}

#[tokio::test]
async fn a_table_may_not_declare_its_keys() {
    let (_server, client) = start(&[]).await;
    for values in [&["b"][..], &["a"], &["a", "1"], &["a", "1", "x"]] {
        create(&client, values).await;
        assert_eq!(get(&client, values).await["Values"], json!(values));
    }
    let input = of_table(json!({ "PartitionInput": partition(&["a", "1"]) }));
    client.thrown("CreatePartition", input, "AlreadyExistsException").await;
    let input = of_table(json!({ "PartitionInput": partition(&[]) }));
    client.thrown("CreatePartition", input, "InvalidInputException").await;
    let expected = vec![vec!["a"], vec!["a", "1"], vec!["a", "1", "x"], vec!["b"]];
    assert_eq!(listed(&client, json!({})).await, expected);
    let filtered = of_table(json!({ "Expression": "a is null" }));
    let message = client.thrown("GetPartitions", filtered, "InvalidInputException").await;
    assert_eq!(message, "Invalid partition expression!");
    client.ok("DeletePartition", of_table(json!({ "PartitionValues": ["a"] }))).await;
    assert_eq!(listed(&client, json!({})).await.len(), 3);

    // As at AWS.
    let mut options = Options::default();
    options.settings.strict = true;
    let (_server, client) = start_with(options, &[]).await;
    let input = of_table(json!({ "PartitionInput": partition(&["1"]) }));
    let message = client.thrown("CreatePartition", input, "InvalidInputException").await;
    assert_eq!(message, "The number of partition keys do not match the number of partition values");
}

#[tokio::test]
async fn an_update_replaces_everything_but_the_time_of_creation() {
    let (_server, client) = start(&[("dt", "string")]).await;
    create(&client, &["1"]).await;
    let before = get(&client, &["1"]).await;
    let update = |old: &str, input: Value| of_table(json!({ "PartitionValueList": [old], "PartitionInput": input }));
    let columns = json!([{ "Name": "country", "Type": "string" }]);
    let input = json!({ "Values": ["1"], "StorageDescriptor": { "Columns": columns } });
    client.ok("UpdatePartition", update("1", input.clone())).await;
    let after = get(&client, &["1"]).await;
    assert_eq!(after["StorageDescriptor"], json!({ "Columns": columns }));
    assert_eq!((&after["Parameters"], &after["CreationTime"]), (&json!({}), &before["CreationTime"]));

    // Other values move it.
    let moved = json!({ "Values": ["2"], "StorageDescriptor": { "Columns": columns, "Location": "s3://b/d/t/1" } });
    client.ok("UpdatePartition", update("1", moved.clone())).await;
    assert_eq!(listed(&client, json!({})).await, [["2"]]);
    assert_eq!(get(&client, &["2"]).await["StorageDescriptor"], moved["StorageDescriptor"]);

    create(&client, &["3"]).await;
    let taken = client.thrown("UpdatePartition", update("2", partition(&["3"])), "AlreadyExistsException");
    assert_eq!(taken.await, "Partition already exists.");
    for values in ["1", "4"] {
        let missing = client.thrown("UpdatePartition", update("1", partition(&[values])), "EntityNotFoundException");
        assert!(missing.await.contains("partition"));
    }
    let wrong = client.thrown("UpdatePartition", update("2", partition(&["1", "2"])), "InvalidInputException");
    assert!(wrong.await.contains("1 values, not 2"));
    assert_eq!(listed(&client, json!({})).await, [["2"], ["3"]]);
}
