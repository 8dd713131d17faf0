//! Lists of partitions: pages and segments.

use serde_json::{Value, json};

use super::{create, listed, of_table, partition, start, values_of};
use crate::support::Client;

async fn fill(client: &Client, count: usize) -> Vec<Vec<String>> {
    let values: Vec<Vec<String>> = (0..count).map(|n| vec![format!("{:02}", n / 10), (n % 10).to_string()]).collect();
    let input = |values: &Vec<String>| partition(&[&values[0], &values[1]]);
    let list: Vec<Value> = values.iter().rev().map(input).collect();
    client.ok("BatchCreatePartition", of_table(json!({ "PartitionInputList": list }))).await;
    values
}

#[tokio::test]
async fn pages_stay_right_while_partitions_change() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    let values = fill(&client, 25).await;
    let page = |token: Option<&Value>| {
        let mut input = of_table(json!({ "MaxResults": 10 }));
        if let Some(token) = token {
            input["NextToken"] = token.clone();
        }
        client.ok("GetPartitions", input)
    };
    let first = page(None).await;
    assert_eq!(values_of(&first["Partitions"]), values[..10]);
    // The one that the page ended with goes, others come before and behind it.
    client.ok("DeletePartition", of_table(json!({ "PartitionValues": values[9] }))).await;
    create(&client, &["00", "55"]).await;
    create(&client, &["01", "00"]).await;
    let second = page(Some(&first["NextToken"])).await;
    let mut expected = values[10..19].to_vec();
    expected.insert(1, vec!["01".to_owned(), "00".to_owned()]);
    assert_eq!(values_of(&second["Partitions"]), expected);
    let third = page(Some(&second["NextToken"])).await;
    assert_eq!(values_of(&third["Partitions"]), values[19..]);
    assert_eq!(third.get("NextToken"), None);

    // A page that is just full is the last one.
    let exact = client.ok("GetPartitions", of_table(json!({ "MaxResults": 26 }))).await;
    assert_eq!((exact["Partitions"].as_array().unwrap().len(), exact.get("NextToken")), (26, None));
}

#[tokio::test]
async fn expressions_come_in_pages_too() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    let values = fill(&client, 100).await;
    let input = of_table(json!({ "Expression": "hr in (3, 4) and dt >= '02'", "MaxResults": 3 }));
    let expected: Vec<_> = values.iter().filter(|v| ["3", "4"].contains(&&*v[1]) && *v[0] >= *"02").cloned().collect();
    assert_eq!(values_of(&Value::Array(client.pages("GetPartitions", input, "Partitions").await)), expected);
}

#[tokio::test]
async fn segments_are_disjoint_and_complete() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    let values = fill(&client, 120).await;
    for total in [1, 5, 10] {
        let mut all = Vec::new();
        for number in 0..total {
            let segment = json!({ "SegmentNumber": number, "TotalSegments": total });
            let input = of_table(json!({ "Segment": segment, "MaxResults": 7 }));
            let found = values_of(&Value::Array(client.pages("GetPartitions", input, "Partitions").await));
            assert!(found.is_sorted());
            assert!(found.len() >= 120 / total / 4, "segment {number} of {total} has {}", found.len());
            all.extend(found);
        }
        all.sort();
        assert_eq!(all, values, "{total} segments");
    }
    let beyond = json!({ "SegmentNumber": 3, "TotalSegments": 3 });
    client.thrown("GetPartitions", of_table(json!({ "Segment": beyond })), "InvalidInputException").await;
}

#[tokio::test]
async fn columns_may_be_left_out() {
    let (_server, client) = start(&[("dt", "string")]).await;
    create(&client, &["1"]).await;
    let answer = client.ok("GetPartitions", of_table(json!({ "ExcludeColumnSchema": true }))).await;
    let storage = &answer["Partitions"][0]["StorageDescriptor"];
    assert_eq!(*storage, json!({ "Location": "s3://b/d/t/1" }));
}

#[tokio::test]
async fn tokens_and_sizes_are_checked() {
    let (_server, client) = start(&[("dt", "string")]).await;
    for token in ["x", "", "W10", "bm8"] {
        let input = of_table(json!({ "NextToken": token }));
        let outcome = client.call("GetPartitions", input).await;
        // `W10` is a list without values: all partitions come after it.
        assert_eq!(outcome.is_ok(), token == "W10", "{token:?}");
        if let Err(refusal) = outcome {
            assert_eq!(refusal.code, "InvalidInputException");
        }
    }
    for size in [0, 1001, -1] {
        client.thrown("GetPartitions", of_table(json!({ "MaxResults": size })), "ValidationException").await;
    }
    assert!(listed(&client, json!({})).await.is_empty());
}

#[tokio::test]
async fn engines_that_filter_columns_may_see_all() {
    let (_server, client) = start(&[("dt", "string"), ("hr", "int")]).await;
    let values = fill(&client, 5).await;
    let with = |more: Value| {
        let mut input =
            of_table(json!({ "CatalogId": "123456789012", "SupportedPermissionTypes": ["COLUMN_PERMISSION"] }));
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        input
    };
    let one = client.ok("GetUnfilteredPartitionMetadata", with(json!({ "PartitionValues": values[0] }))).await;
    let plain = client.ok("GetPartition", of_table(json!({ "PartitionValues": values[0] }))).await;
    assert_eq!(one["Partition"], plain["Partition"]);
    assert_eq!(one["AuthorizedColumns"], json!(["a", "dt", "hr"]));
    assert_eq!(one["IsRegisteredWithLakeFormation"], false);
    let input = with(json!({ "Expression": "hr <> 2", "MaxResults": 2 }));
    let found = client.pages("GetUnfilteredPartitionsMetadata", input, "UnfilteredPartitions").await;
    let found: Vec<_> = found.iter().map(|one| one["Partition"]["Values"][1].as_str().unwrap()).collect();
    assert_eq!(found, ["0", "1", "3", "4"]);
}
