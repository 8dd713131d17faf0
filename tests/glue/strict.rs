//! AWS's own limits, which hold by the setting `glue_strict` only.

use serde_json::{Value, json};

use crate::support::{Client, Options, Server};

async fn client(strict: bool) -> (Server, Client) {
    let mut options = Options::default();
    options.settings.strict = strict;
    let server = Server::start_with(options).await;
    let client = server.client();
    client.create_database("d").await;
    let table = json!({
        "Name": "t", "PartitionKeys": [{ "Name": "n", "Type": "int" }],
        "StorageDescriptor": { "Columns": [{ "Name": "c", "Type": "int" }] }
    });
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
    (server, client)
}

/// An input of each operation that takes a list or a predicate, of one more than AWS lets through.
fn one_too_many() -> Vec<(&'static str, Value, &'static str)> {
    let values = |count: usize| (0..count).map(|n| json!({ "Values": [n.to_string()] })).collect::<Vec<_>>();
    let names = |count: usize| (0..count).map(|n| format!("x{n}")).collect::<Vec<_>>();
    let table = |member: &str, list: Value| json!({ "DatabaseName": "d", "TableName": "t", member: list });
    let update =
        |n: usize| json!({ "PartitionValueList": [n.to_string()], "PartitionInput": { "Values": [n.to_string()] } });
    let statistics = json!({
        "ColumnName": "c", "ColumnType": "int", "AnalyzedTime": 1,
        "StatisticsData": { "Type": "LONG", "LongColumnStatisticsData": { "NumberOfNulls": 0, "NumberOfDistinctValues": 1 } }
    });
    vec![
        ("BatchCreatePartition", table("PartitionInputList", json!(values(101))), "100"),
        ("BatchGetPartition", table("PartitionsToGet", json!(values(1001))), "1000"),
        ("BatchUpdatePartition", table("Entries", (0..101).map(update).collect()), "100"),
        ("BatchDeletePartition", table("PartitionsToDelete", json!(values(26))), "25"),
        ("GetPartitions", table("Expression", json!(format!("n = 1{}", " ".repeat(2044)))), "2048"),
        ("BatchDeleteTable", json!({ "DatabaseName": "d", "TablesToDelete": names(101) }), "100"),
        ("BatchDeleteTableVersion", table("VersionIds", (2..103).map(|n| json!(n.to_string())).collect()), "100"),
        ("GetColumnStatisticsForTable", table("ColumnNames", json!(names(101))), "100"),
        ("UpdateColumnStatisticsForTable", table("ColumnStatisticsList", json!(vec![statistics; 26])), "25"),
        ("BatchDeleteConnection", json!({ "ConnectionNameList": names(26) }), "25"),
        ("BatchGetCrawlers", json!({ "CrawlerNames": names(101) }), "100"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_has_too_much_of_is_served() {
    let (_server, client) = client(false).await;
    for (operation, input, _) in one_too_many() {
        client.ok(operation, input).await;
    }
    // All of them were made, and one of every four deleted.
    let place = json!({ "DatabaseName": "d", "TableName": "t" });
    assert_eq!(client.pages("GetPartitions", place, "Partitions").await.len(), 75);
}

#[tokio::test(flavor = "multi_thread")]
async fn aws_limits_and_texts_are_imitated() {
    let (_server, client) = client(true).await;
    for (operation, mut input, most) in one_too_many() {
        let message = client.thrown(operation, input.clone(), "ValidationException").await;
        let start = message.starts_with("1 validation error detected: Value '");
        let end = message
            .ends_with(&format!("failed to satisfy constraint: Member must have length less than or equal to {most}"));
        assert!(start && end && message.len() < 1000, "{message}");
        // One less is served.
        for member in input.as_object_mut().unwrap().values_mut() {
            match member {
                Value::Array(list) => drop(list.pop()),
                Value::String(text) if text.len() > 100 => drop(text.pop()),
                _ => {}
            }
        }
        client.ok(operation, input).await;
    }
    let place = json!({ "DatabaseName": "d", "TableName": "t" });
    assert_eq!(client.pages("GetPartitions", place, "Partitions").await.len(), 75);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_other_constraints_hold_either_way() {
    for strict in [false, true] {
        let (_server, client) = client(strict).await;
        let place = |member: &str, value: Value| json!({ "DatabaseName": "d", "TableName": "t", member: value });
        for (operation, input, part) in [
            (
                "GetPartitions",
                place("MaxResults", json!(1001)),
                "at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
            ),
            (
                "GetPartitions",
                place("Segment", json!({ "SegmentNumber": 0, "TotalSegments": 11 })),
                "at 'segment.totalSegments'",
            ),
            ("GetTable", json!({ "DatabaseName": "d", "Name": "n".repeat(256) }), "less than or equal to 255"),
            ("GetTable", json!({ "DatabaseName": "d", "Name": "a\nb" }), "regular expression pattern"),
            (
                "BatchGetPartition",
                place("PartitionsToGet", json!([{}])),
                "at 'partitionsToGet.1.member.values' failed to satisfy constraint: Member must not be null",
            ),
            ("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "" } }), "at 'tableInput.name'"),
        ] {
            let message = client.thrown(operation, input, "ValidationException").await;
            assert!(message.contains(part), "{message}");
        }
    }
}
