//! Partition indexes.

use serde_json::{Value, json};

use super::{of_table, start};
use crate::support::Client;

async fn create(client: &Client, name: &str, keys: &[&str]) -> Value {
    let index = json!({ "IndexName": name, "Keys": keys });
    let outcome = client.call("CreatePartitionIndex", of_table(json!({ "PartitionIndex": index }))).await;
    outcome.map_or_else(|refusal| json!([refusal.code, refusal.message]), |_| Value::Null)
}

#[tokio::test]
async fn indexes_are_kept_as_they_were_defined() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int"), ("region", "varchar(20)")]).await;
    assert_eq!(create(&client, "second", &["region", "DT"]).await, Value::Null);
    assert_eq!(create(&client, "first", &["hr"]).await, Value::Null);
    let listed = client.ok("GetPartitionIndexes", of_table(json!({}))).await;
    let key = |name: &str, kind: &str| json!({ "Name": name, "Type": kind });
    let expected = json!([
        { "IndexName": "first", "IndexStatus": "ACTIVE", "Keys": [key("hr", "int")] },
        { "IndexName": "second", "IndexStatus": "ACTIVE", "Keys": [key("region", "varchar(20)"), key("dt", "string")] },
    ]);
    assert_eq!(listed["PartitionIndexDescriptorList"], expected);
    assert_eq!(listed.get("NextToken"), None);

    client.ok("DeletePartitionIndex", of_table(json!({ "IndexName": "first" }))).await;
    let again = of_table(json!({ "IndexName": "first" }));
    client.thrown("DeletePartitionIndex", again, "EntityNotFoundException").await;
    let listed = client.ok("GetPartitionIndexes", of_table(json!({}))).await;
    assert_eq!(listed["PartitionIndexDescriptorList"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn indexes_are_checked() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    assert_eq!(create(&client, "one", &["dt"]).await, Value::Null);
    for (name, keys, code, part) in [
        ("two", &["a"][..], "InvalidInputException", "a is not a partition key"),
        ("two", &["hr", "hr"], "InvalidInputException", "twice"),
        ("one", &["hr"], "AlreadyExistsException", "already has a partition index one"),
        ("two", &["dt"], "AlreadyExistsException", "with the keys dt: one"),
        ("two", &[], "ValidationException", "keys"),
    ] {
        let refused = create(&client, name, keys).await;
        assert_eq!(refused[0], code, "{refused}");
        assert!(refused[1].as_str().unwrap().contains(part), "{refused}");
    }
    assert_eq!(create(&client, "two", &["hr"]).await, Value::Null);
    assert_eq!(create(&client, "three", &["dt", "hr"]).await, Value::Null);
    assert_eq!(create(&client, "four", &["hr", "dt"]).await[0], "ResourceNumberLimitExceededException");
    let missing = json!({ "DatabaseName": "d", "TableName": "none" });
    client.thrown("GetPartitionIndexes", missing, "EntityNotFoundException").await;
}
