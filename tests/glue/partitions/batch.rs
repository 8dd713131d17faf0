//! Many partitions at once.

use serde_json::{Value, json};

use super::{create, get, listed, of_table, partition, start, start_with, values_of};
use crate::support::Options;

/// Of an answer: the values and the exception of each part that failed.
fn errors(answer: &serde_json::Map<String, Value>, member: &str) -> Vec<(Value, String)> {
    let error = |error: &Value| {
        assert!(!error["ErrorDetail"]["ErrorMessage"].as_str().unwrap().is_empty());
        (error[member].clone(), error["ErrorDetail"]["ErrorCode"].as_str().unwrap().to_owned())
    };
    answer["Errors"].as_array().unwrap().iter().map(error).collect()
}

#[tokio::test]
async fn good_ones_are_created_and_bad_ones_told() {
    let (_server, client) = start(&[("dt", "string")]).await;
    let batch = |list: Vec<Value>| of_table(json!({ "PartitionInputList": list }));
    let all = (10..30).map(|n| partition(&[&n.to_string()])).collect();
    let answer = client.ok("BatchCreatePartition", batch(all)).await;
    assert!(answer.is_empty(), "no empty list of errors: {answer:?}");
    let list = vec![
        partition(&["31"]),
        partition(&["11"]),
        partition(&["1", "2"]),
        partition(&["30"]),
        partition(&["30"]),
        partition(&["10"]),
    ];
    let answer = client.ok("BatchCreatePartition", batch(list)).await;
    let exists = "AlreadyExistsException".to_owned();
    let expected = [
        (json!(["11"]), exists.clone()),
        (json!(["1", "2"]), "InvalidInputException".to_owned()),
        (json!(["30"]), exists.clone()),
        (json!(["10"]), exists),
    ];
    assert_eq!(errors(&answer, "PartitionValues"), expected);
    let expected: Vec<_> = (10..32).map(|n| vec![n.to_string()]).collect();
    assert_eq!(listed(&client, json!({})).await, expected);
    assert_eq!(get(&client, &["31"]).await["StorageDescriptor"], partition(&["31"])["StorageDescriptor"]);
    let mut elsewhere = batch(vec![partition(&["1"])]);
    elsewhere["TableName"] = "none".into();
    client.thrown("BatchCreatePartition", elsewhere, "EntityNotFoundException").await;
}

#[tokio::test]
async fn asked_for_ones_come_in_order_and_missing_ones_not_at_all() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    for values in [["1", "0"], ["2", "0"], ["3", "0"]] {
        create(&client, &values).await;
    }
    let keys = |lists: &[[&str; 2]]| -> Vec<Value> { lists.iter().map(|values| json!({ "Values": values })).collect() };
    let wanted = keys(&[["3", "0"], ["9", "0"], ["1", "0"]]);
    let answer = client.ok("BatchGetPartition", of_table(json!({ "PartitionsToGet": wanted }))).await;
    assert_eq!(values_of(&answer["Partitions"]), [["3", "0"], ["1", "0"]]);
    assert_eq!(answer["UnprocessedKeys"], json!([]));
    assert_eq!(answer["Partitions"][1], Value::Object(get(&client, &["1", "0"]).await));
    let bad = of_table(json!({ "PartitionsToGet": [{ "Values": ["1"] }] }));
    client.thrown("BatchGetPartition", bad, "InvalidInputException").await;
}

#[tokio::test]
async fn deleted_are_those_that_exist() {
    let (_server, client) = start(&[("dt", "string")]).await;
    for values in ["1", "2", "3"] {
        create(&client, &[values]).await;
    }
    let keys = |lists: &[&[&str]]| -> Value {
        let lists: Vec<_> = lists.iter().map(|values| json!({ "Values": values })).collect();
        of_table(json!({ "PartitionsToDelete": lists }))
    };
    let answer = client.ok("BatchDeletePartition", keys(&[&["3"]])).await;
    assert!(answer.is_empty());
    let answer = client.ok("BatchDeletePartition", keys(&[&["9"], &["1"], &["3"], &["1", "2"], &["1"]])).await;
    let missing = "EntityNotFoundException".to_owned();
    let expected = [
        (json!(["9"]), missing.clone()),
        (json!(["3"]), missing.clone()),
        (json!(["1", "2"]), "InvalidInputException".to_owned()),
        (json!(["1"]), missing),
    ];
    assert_eq!(errors(&answer, "PartitionValues"), expected);
    assert_eq!(listed(&client, json!({})).await, [["2"]]);
}

#[tokio::test]
async fn updates_are_made_one_after_the_other() {
    let (_server, client) = start(&[("dt", "string")]).await;
    for values in ["1", "2", "3"] {
        create(&client, &[values]).await;
    }
    let entry = |old: &str, new: &str, mark: &str| {
        let mut input = partition(&[new]);
        input["Parameters"] = json!({ "mark": mark });
        json!({ "PartitionValueList": [old], "PartitionInput": input })
    };
    let update = |entries: &[Value]| of_table(json!({ "Entries": entries }));
    let entries = [
        entry("1", "1", "a"),
        entry("2", "2", "b"),
        entry("1", "4", "c"),
        entry("1", "1", "missing by now"),
        entry("4", "4", "d"),
        entry("4", "4", "e"),
        entry("2", "3", "taken"),
        entry("3", "1", "f"),
    ];
    let answer = client.ok("BatchUpdatePartition", update(&entries)).await;
    let expected =
        [(json!(["1"]), "EntityNotFoundException".to_owned()), (json!(["2"]), "AlreadyExistsException".to_owned())];
    assert_eq!(errors(&answer, "PartitionValueList"), expected);
    assert_eq!(listed(&client, json!({})).await, [["1"], ["2"], ["4"]]);
    for (values, mark) in [("1", "f"), ("2", "b"), ("4", "e")] {
        assert_eq!(get(&client, &[values]).await["Parameters"]["mark"], mark, "{values}");
    }
    assert!(client.ok("BatchUpdatePartition", update(&[entry("1", "1", "g")])).await.is_empty());
}

#[tokio::test]
async fn batches_may_be_larger_than_awss() {
    let (_server, client) = start(&[("dt", "string")]).await;
    let list: Vec<_> = (0..250).map(|n| partition(&[&format!("{n:03}")])).collect();
    client.ok("BatchCreatePartition", of_table(json!({ "PartitionInputList": list }))).await;
    let keys: Vec<_> = (0..250).map(|n| json!({ "Values": [format!("{n:03}")] })).collect();
    let answer = client.ok("BatchGetPartition", of_table(json!({ "PartitionsToGet": keys }))).await;
    assert_eq!(answer["Partitions"].as_array().unwrap().len(), 250);
    client.ok("BatchDeletePartition", of_table(json!({ "PartitionsToDelete": keys }))).await;
    assert!(listed(&client, json!({})).await.is_empty());

    let mut options = Options::default();
    options.settings.strict = true;
    let (_server, client) = start_with(options, &[("dt", "string")]).await;
    let list: Vec<_> = (0..101).map(|n| partition(&[&n.to_string()])).collect();
    let input = of_table(json!({ "PartitionInputList": list }));
    let message = client.thrown("BatchCreatePartition", input, "ValidationException").await;
    assert!(message.contains("'partitionInputList' failed to satisfy constraint"), "{message}");
}
