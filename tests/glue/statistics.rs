//! Column statistics.

use propolis_thrift::{args, methods, types};
use serde_json::{Value, json};

use crate::hms::text;
use crate::partitions::{create, of_table, partition, start};
use crate::support::{Client, Server};

const TYPES: [(&str, &str); 7] = [
    ("flag", "boolean"),
    ("n", "bigint"),
    ("ratio", "double"),
    ("price", "decimal(10,2)"),
    ("day", "date"),
    ("name", "string"),
    ("raw", "binary"),
];

fn statistics(column: &str) -> Value {
    let (kind, member, data) = match column {
        "flag" => ("BOOLEAN", "BooleanColumnStatisticsData", json!({ "NumberOfTrues": 5, "NumberOfFalses": 6 })),
        "n" => ("LONG", "LongColumnStatisticsData", json!({ "MinimumValue": -7, "MaximumValue": i64::MAX })),
        "ratio" => ("DOUBLE", "DoubleColumnStatisticsData", json!({ "MinimumValue": 0.25 })),
        "price" => {
            // 12.50 and -0.01
            let value = |unscaled: &str| json!({ "UnscaledValue": unscaled, "Scale": 2 });
            let data = json!({ "MinimumValue": value("/w=="), "MaximumValue": value("BOI=") });
            ("DECIMAL", "DecimalColumnStatisticsData", data)
        }
        "day" => ("DATE", "DateColumnStatisticsData", json!({ "MinimumValue": 0.0, "MaximumValue": 864_000.0 })),
        "name" => ("STRING", "StringColumnStatisticsData", json!({ "MaximumLength": 9, "AverageLength": 4.5 })),
        _ => ("BINARY", "BinaryColumnStatisticsData", json!({ "MaximumLength": 9, "AverageLength": 4.0 })),
    };
    let mut data = data;
    data["NumberOfNulls"] = 3.into();
    if !["BOOLEAN", "BINARY"].contains(&kind) {
        data["NumberOfDistinctValues"] = 11.into();
    }
    let column_type = TYPES.iter().find(|(name, _)| *name == column).map_or("int", |(_, kind)| kind);
    json!({
        "ColumnName": column,
        "ColumnType": column_type,
        "AnalyzedTime": 1_700_000_000.0,
        "StatisticsData": { "Type": kind, member: data },
    })
}

async fn table() -> (Server, Client) {
    let (server, client) = start(&[("dt", "string")]).await;
    let columns: Vec<_> = TYPES.iter().map(|(name, kind)| json!({ "Name": name, "Type": kind })).collect();
    let key = json!([{ "Name": "dt", "Type": "string" }]);
    let input = json!({ "Name": "t", "PartitionKeys": key, "StorageDescriptor": { "Columns": columns } });
    client.ok("UpdateTable", json!({ "DatabaseName": "d", "TableInput": input })).await;
    (server, client)
}

fn names() -> Vec<&'static str> {
    TYPES.iter().map(|(name, _)| *name).collect()
}

#[tokio::test]
async fn every_kind_comes_back_for_tables_and_partitions() {
    let (_server, client) = table().await;
    let mut input = partition(&["1"]);
    input["StorageDescriptor"] = json!({});
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": input }))).await;
    let all: Vec<Value> = names().into_iter().map(statistics).collect();
    for (what, given) in [("Table", json!({})), ("Partition", json!({ "PartitionValues": ["1"] }))] {
        let call = async |operation: &str, more: Value| {
            let mut input = of_table(given.clone());
            for (member, value) in more.as_object().unwrap() {
                input[member] = value.clone();
            }
            client.ok(&format!("{operation}ColumnStatisticsFor{what}"), input).await
        };
        let answer = call("Update", json!({ "ColumnStatisticsList": all })).await;
        assert!(answer.is_empty(), "{answer:?}");
        let found = call("Get", json!({ "ColumnNames": names() })).await;
        assert_eq!(found["ColumnStatisticsList"], json!(all), "{what}");
        assert_eq!(found.get("Errors"), None);

        let found = call("Get", json!({ "ColumnNames": ["NAME", "none", "n"] })).await;
        assert_eq!(found["ColumnStatisticsList"], json!([statistics("name"), statistics("n")]));
        assert_eq!(found["Errors"][0]["ColumnName"], "none");
        assert_eq!(found["Errors"][0]["Error"]["ErrorCode"], "EntityNotFoundException");

        assert!(call("Delete", json!({ "ColumnName": "Name" })).await.is_empty());
        let found = call("Get", json!({ "ColumnNames": ["name", "n"] })).await;
        assert_eq!(found["ColumnStatisticsList"], json!([statistics("n")]));
        // Trino deletes those of every column, whether there are any or not.
        assert!(call("Delete", json!({ "ColumnName": "name" })).await.is_empty());
        let mut unknown = of_table(given.clone());
        unknown["ColumnName"] = "none".into();
        let operation = format!("DeleteColumnStatisticsFor{what}");
        client.thrown(&operation, unknown, "EntityNotFoundException").await;
    }
    let table = client.ok("GetTable", json!({ "DatabaseName": "d", "Name": "t" })).await;
    assert_eq!(table["Table"].get("Parameters"), None, "statistics are no parameters");
}

#[tokio::test]
async fn what_cannot_be_kept_is_told_and_the_rest_kept() {
    let (_server, client) = table().await;
    let mut wrong_kind = statistics("n");
    wrong_kind["ColumnName"] = "name".into();
    let mut empty = statistics("day");
    empty["StatisticsData"] = json!({ "Type": "DATE" });
    let list = json!([wrong_kind, statistics("n"), empty, statistics("none")]);
    let answer = client.ok("UpdateColumnStatisticsForTable", of_table(json!({ "ColumnStatisticsList": list }))).await;
    let mut errors: Vec<_> = answer["Errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["ColumnStatistics"], error["Error"]["ErrorCode"].as_str().unwrap()))
        .collect();
    errors.sort_by_key(|(_, code)| *code);
    let invalid = "InvalidInputException";
    assert_eq!(errors.iter().map(|(_, code)| *code).collect::<Vec<_>>(), ["EntityNotFoundException", invalid, invalid]);
    assert_eq!(*errors[0].0, list[3]);
    let found = client.ok("GetColumnStatisticsForTable", of_table(json!({ "ColumnNames": names() }))).await;
    assert_eq!(found["ColumnStatisticsList"], json!([statistics("n")]));

    let list = json!([statistics("n")]);
    for (more, part) in
        [(json!({ "PartitionValues": ["9"] }), "partition"), (json!({ "TableName": "none" }), "Table none")]
    {
        let mut input = of_table(json!({ "PartitionValues": ["1"], "ColumnStatisticsList": list }));
        for (member, value) in more.as_object().unwrap() {
            input[member] = value.clone();
        }
        let operation = "UpdateColumnStatisticsForPartition";
        let message = client.thrown(operation, input, "EntityNotFoundException").await;
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn both_faces_see_the_same() {
    let (server, client) = table().await;
    let mut hive = server.hms.client().await;
    let mut input = partition(&["1"]);
    input["StorageDescriptor"] = json!({});
    client.ok("CreatePartition", of_table(json!({ "PartitionInput": input }))).await;
    let written = of_table(json!({ "ColumnStatisticsList": [statistics("n"), statistics("day")] }));
    client.ok("UpdateColumnStatisticsForTable", written).await;

    let request = args::GetTableColumnStatistics { db_name: text("d"), tbl_name: text("t"), col_name: text("n") };
    let found = hive.call::<methods::GetTableColumnStatistics>(request).await.unwrap();
    let types::ColumnStatisticsData::LongStats(longs) = &found.stats_obj[0].stats_data else { panic!("{found:?}") };
    assert_eq!((longs.low_value, longs.high_value, longs.num_nulls, longs.num_d_vs), (Some(-7), Some(i64::MAX), 3, 11));
    assert_eq!(found.stats_desc.last_analyzed, Some(1_700_000_000));

    // And the other way round, for a partition, with a kind that Glue does not have.
    let stats_data = types::ColumnStatisticsData::StringStats(types::StringColumnStatsData {
        max_col_len: 20,
        avg_col_len: 7.5,
        num_nulls: 1,
        num_d_vs: 2,
        bit_vectors: None,
    });
    let object = types::ColumnStatisticsObj { col_name: "name".into(), col_type: "string".into(), stats_data };
    let stats_desc = types::ColumnStatisticsDesc {
        is_tbl_level: false,
        db_name: "d".into(),
        table_name: "t".into(),
        part_name: text("dt=1"),
        ..Default::default()
    };
    let sent = types::ColumnStatistics { stats_desc, stats_obj: vec![object], ..Default::default() };
    let request = args::UpdatePartitionColumnStatistics { stats_obj: Some(sent) };
    hive.call::<methods::UpdatePartitionColumnStatistics>(request).await.unwrap();
    let input = of_table(json!({ "PartitionValues": ["1"], "ColumnNames": ["name"] }));
    let found = client.ok("GetColumnStatisticsForPartition", input).await;
    let data = &found["ColumnStatisticsList"][0]["StatisticsData"];
    let expected = json!({
        "MaximumLength": 20, "AverageLength": 7.5, "NumberOfNulls": 1, "NumberOfDistinctValues": 2,
    });
    assert_eq!(data["StringColumnStatisticsData"], expected);

    // What Thrift marked as exact is no longer so once it is gone.
    let marked = |partition: &Value| partition["Parameters"]["COLUMN_STATS_ACCURATE"].to_string();
    let get = of_table(json!({ "PartitionValues": ["1"] }));
    let before = client.ok("GetPartition", get.clone()).await;
    assert!(marked(&before["Partition"]).contains("name"));
    let input = of_table(json!({ "PartitionValues": ["1"], "ColumnName": "name" }));
    client.ok("DeleteColumnStatisticsForPartition", input).await;
    let after = client.ok("GetPartition", get).await;
    assert!(!marked(&after["Partition"]).contains("name"));
    let request = args::GetPartitionColumnStatistics {
        db_name: text("d"),
        tbl_name: text("t"),
        part_name: text("dt=1"),
        col_name: text("name"),
    };
    assert!(hive.call::<methods::GetPartitionColumnStatistics>(request).await.is_err());
}

#[tokio::test]
async fn statistics_go_with_what_they_are_of() {
    let (server, client) = table().await;
    let write = |values: &str| {
        let list = json!([statistics("n"), statistics("name")]);
        of_table(json!({ "PartitionValues": [values], "ColumnStatisticsList": list }))
    };
    let has = async |values: &str| {
        let input = of_table(json!({ "PartitionValues": [values], "ColumnNames": ["n", "name"] }));
        let found = client.ok("GetColumnStatisticsForPartition", input).await;
        let list = found["ColumnStatisticsList"].as_array().unwrap();
        list.iter().map(|one| one["ColumnName"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let columns = json!({ "Columns": [{ "Name": "n", "Type": "bigint" }, { "Name": "name", "Type": "string" }] });
    let input = |values: &str, columns: &Value| json!({ "Values": [values], "StorageDescriptor": columns });
    let made = of_table(json!({ "PartitionInput": input("1", &columns) }));
    client.ok("CreatePartition", made).await;
    client.ok("UpdateColumnStatisticsForPartition", write("1")).await;
    assert_eq!(has("1").await, ["n", "name"]);
    // Moved, with a column that has another type.
    let other = json!({ "Columns": [{ "Name": "n", "Type": "string" }, { "Name": "name", "Type": "string" }] });
    let update = json!({ "PartitionValueList": ["1"], "PartitionInput": input("2", &other) });
    client.ok("UpdatePartition", of_table(update)).await;
    assert_eq!(has("2").await, ["name"]);
    client.ok("DeletePartition", of_table(json!({ "PartitionValues": ["2"] }))).await;
    create(&client, &["2"]).await;
    assert!(has("2").await.is_empty());
    drop(server);
}
