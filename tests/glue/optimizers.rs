//! What is kept as a part of a table: optimizers, settings of column statistics tasks; and refreshes of materialized views.

use propolis_thrift::{args, methods};
use serde_json::{Value, json};

use crate::hms;
use crate::support::{ACCOUNT, Client, Options, Server};

const ROLE: &str = "arn:aws:iam::123456789012:role/optimizer";

async fn iceberg_table(client: &Client) {
    client.create_database("d").await;
    let columns = json!([{ "Name": "id", "Type": "int" }, { "Name": "at", "Type": "timestamp" }]);
    let storage = json!({ "Columns": columns, "Location": "s3://lake/d/t" });
    let table = json!({ "Name": "t", "Parameters": { "table_type": "ICEBERG" }, "StorageDescriptor": storage });
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "plain" } })).await;
}

fn optimizer(kind: &str) -> Value {
    json!({ "CatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "T", "Type": kind })
}

fn with(mut input: Value, configuration: Value) -> Value {
    input["TableOptimizerConfiguration"] = configuration;
    input
}

#[tokio::test(flavor = "multi_thread")]
async fn optimizers_are_kept_by_table_and_type() {
    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let compaction = json!({ "roleArn": ROLE, "enabled": true, "compactionConfiguration": {
        "icebergConfiguration": { "strategy": "sort", "minInputFiles": 10 }
    } });
    client.ok("CreateTableOptimizer", with(optimizer("compaction"), compaction.clone())).await;
    let retention = json!({ "roleArn": ROLE, "enabled": false, "retentionConfiguration": {
        "icebergConfiguration": { "snapshotRetentionPeriodInDays": 7, "cleanExpiredFiles": true, "runRateInHours": 3 }
    } });
    client.ok("CreateTableOptimizer", with(optimizer("retention"), retention.clone())).await;
    let again = with(optimizer("compaction"), retention.clone());
    client.thrown("CreateTableOptimizer", again, "InvalidInputException").await;
    let again = with(optimizer("compaction"), compaction.clone());
    let message = client.thrown("CreateTableOptimizer", again, "AlreadyExistsException").await;
    assert!(message.contains("d.t") && message.contains("compaction"), "{message}");

    let found = client.ok("GetTableOptimizer", optimizer("compaction")).await;
    let expected = json!({ "type": "compaction", "configuration": compaction, "configurationSource": "table" });
    assert_eq!(found["TableOptimizer"], expected);
    assert_eq!((&found["DatabaseName"], &found["TableName"]), (&json!("d"), &json!("t")));

    let entry = |table: &str, kind: &str| json!({ "catalogId": ACCOUNT, "databaseName": "d", "tableName": table, "type": kind });
    let entries =
        json!([entry("t", "retention"), entry("t", "orphan_file_deletion"), entry("missing", "retention"), {}]);
    let batch = client.ok("BatchGetTableOptimizer", json!({ "Entries": entries })).await;
    assert_eq!(batch["TableOptimizers"].as_array().unwrap().len(), 1);
    assert_eq!(batch["TableOptimizers"][0]["tableOptimizer"]["configuration"], retention);
    let failures = batch["Failures"].as_array().unwrap();
    let codes: Vec<_> = failures.iter().map(|failure| failure["error"]["ErrorCode"].as_str().unwrap()).collect();
    assert_eq!(codes, ["EntityNotFoundException", "EntityNotFoundException", "InvalidInputException"]);
    assert_eq!(failures[1]["tableName"], "missing");

    let runs = client.ok("ListTableOptimizerRuns", optimizer("compaction")).await;
    assert_eq!((&runs["TableOptimizerRuns"], runs.get("NextToken")), (&json!([]), None));

    let changed = json!({ "roleArn": ROLE, "enabled": false });
    client.ok("UpdateTableOptimizer", with(optimizer("compaction"), changed.clone())).await;
    let found = client.ok("GetTableOptimizer", optimizer("compaction")).await;
    assert_eq!(found["TableOptimizer"]["configuration"], changed);
    client.ok("DeleteTableOptimizer", optimizer("compaction")).await;
    for operation in ["GetTableOptimizer", "DeleteTableOptimizer", "ListTableOptimizerRuns"] {
        client.thrown(operation, optimizer("compaction"), "EntityNotFoundException").await;
    }
    let update = with(optimizer("compaction"), changed);
    client.thrown("UpdateTableOptimizer", update, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn configurations_of_optimizers_are_checked() {
    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let iceberg = |member: &str, settings: Value| json!({ member: { "icebergConfiguration": settings } });
    let orphans = |settings| iceberg("orphanFileDeletionConfiguration", settings);
    for (kind, configuration, part) in [
        ("compaction", orphans(json!({})), "is for optimizers of type orphan_file_deletion"),
        ("compaction", iceberg("compactionConfiguration", json!({ "minInputFiles": 0 })), "minInputFiles"),
        ("compaction", iceberg("compactionConfiguration", json!({ "deleteFileThreshold": -1 })), "deleteFileThreshold"),
        ("retention", iceberg("retentionConfiguration", json!({ "runRateInHours": 2 })), "3 to 168"),
        ("retention", iceberg("retentionConfiguration", json!({ "numberOfSnapshotsToRetain": 0 })), "at least 1"),
        ("retention", iceberg("retentionConfiguration", json!({ "snapshotRetentionPeriodInDays": 0 })), "at least 1"),
        ("orphan_file_deletion", orphans(json!({ "runRateInHours": 169 })), "3 to 168"),
        ("orphan_file_deletion", orphans(json!({ "orphanFileRetentionPeriodInDays": 0 })), "at least 1"),
        ("orphan_file_deletion", orphans(json!({ "location": "s3://lake/d/t2" })), "not in the table's own"),
    ] {
        let input = with(optimizer(kind), configuration);
        let message = client.thrown("CreateTableOptimizer", input, "InvalidInputException").await;
        assert!(message.contains(part), "{message}");
    }
    let below = orphans(json!({ "location": "s3://lake/d/t/data", "runRateInHours": 168 }));
    client.ok("CreateTableOptimizer", with(optimizer("orphan_file_deletion"), below)).await;
    let vpc = json!({ "vpcConfiguration": { "glueConnectionName": "missing" } });
    client.thrown("CreateTableOptimizer", with(optimizer("retention"), vpc), "EntityNotFoundException").await;
    client.thrown("CreateTableOptimizer", with(optimizer("sweeping"), json!({})), "ValidationException").await;
    let mut plain = with(optimizer("retention"), json!({}));
    plain["TableName"] = json!("plain");
    let message = client.thrown("CreateTableOptimizer", plain.clone(), "InvalidInputException").await;
    assert!(message.contains("no Iceberg table"), "{message}");
    plain["TableName"] = json!("missing");
    client.thrown("CreateTableOptimizer", plain, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_part_of_a_table_goes_where_it_goes() {
    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let configuration = json!({ "roleArn": ROLE, "enabled": true });
    client.ok("CreateTableOptimizer", with(optimizer("compaction"), configuration.clone())).await;
    let settings = json!({ "DatabaseName": "d", "TableName": "t", "Role": "r" });
    client.ok("CreateColumnStatisticsTaskSettings", settings.clone()).await;

    // Renamed by the other face.
    let mut hive = server.hms.client().await;
    let mut table = hive.get_table("d", "t").await.unwrap();
    table.table_name = hms::text("renamed");
    let args = args::AlterTable { dbname: hms::text("d"), tbl_name: hms::text("t"), new_tbl: Some(table) };
    hive.call::<methods::AlterTable>(args).await.unwrap();
    client.thrown("GetTableOptimizer", optimizer("compaction"), "EntityNotFoundException").await;
    let mut renamed = optimizer("compaction");
    renamed["TableName"] = json!("renamed");
    client.ok("GetTableOptimizer", renamed.clone()).await;
    let place = json!({ "DatabaseName": "d", "TableName": "renamed" });
    let found = client.ok("GetColumnStatisticsTaskSettings", place.clone()).await;
    assert_eq!(found["ColumnStatisticsTaskSettings"]["TableName"], "renamed");

    // A new table of the same name has none of it.
    client.ok("DeleteTable", json!({ "DatabaseName": "d", "Name": "renamed" })).await;
    let table = json!({ "Name": "renamed", "Parameters": { "table_type": "ICEBERG" } });
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
    client.thrown("GetTableOptimizer", renamed.clone(), "EntityNotFoundException").await;
    client.thrown("GetColumnStatisticsTaskSettings", place, "EntityNotFoundException").await;
    client.ok("CreateTableOptimizer", with(renamed, configuration)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_column_statistics_tasks() {
    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let place = json!({ "DatabaseName": "D", "TableName": "T" });
    let of = |members: Value| {
        let mut input = place.clone();
        input.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        input
    };
    for operation in [
        "GetColumnStatisticsTaskSettings",
        "UpdateColumnStatisticsTaskSettings",
        "DeleteColumnStatisticsTaskSettings",
        "StartColumnStatisticsTaskRunSchedule",
        "StopColumnStatisticsTaskRunSchedule",
    ] {
        client.thrown(operation, place.clone(), "EntityNotFoundException").await;
    }
    for (members, part) in [
        (json!({ "Role": "r", "Schedule": "every day" }), "cron("),
        (json!({ "Role": "r", "ColumnNameList": ["id", "nope"] }), "no column nope"),
        (json!({ "Role": "r", "Tags": { "a": "b" } }), "Tags"),
    ] {
        let message = client.thrown("CreateColumnStatisticsTaskSettings", of(members), "InvalidInputException").await;
        assert!(message.contains(part), "{message}");
    }
    client.thrown("CreateColumnStatisticsTaskSettings", place.clone(), "ValidationException").await;
    let settings =
        json!({ "Role": "r", "ColumnNameList": ["ID"], "SampleSize": 12.5, "SecurityConfiguration": "s", "Tags": {} });
    client.ok("CreateColumnStatisticsTaskSettings", of(settings)).await;
    client.thrown("CreateColumnStatisticsTaskSettings", of(json!({ "Role": "r" })), "AlreadyExistsException").await;
    let get = async || {
        client
            .ok("GetColumnStatisticsTaskSettings", place.clone())
            .await
            .remove("ColumnStatisticsTaskSettings")
            .unwrap()
    };
    let mut expected = json!({
        "DatabaseName": "d", "TableName": "t", "CatalogID": ACCOUNT, "Role": "r", "ColumnNameList": ["ID"],
        "SampleSize": 12.5, "SecurityConfiguration": "s", "SettingSource": "TABLE"
    });
    assert_eq!(get().await, expected);

    client.thrown("StartColumnStatisticsTaskRunSchedule", place.clone(), "InvalidInputException").await;
    let schedule = "cron(0 3 * * ? *)";
    client.ok("UpdateColumnStatisticsTaskSettings", of(json!({ "Schedule": schedule, "SampleSize": 100 }))).await;
    expected["SampleSize"] = json!(100);
    expected["ScheduleType"] = json!("CRON");
    expected["Schedule"] = json!({ "ScheduleExpression": schedule, "State": "SCHEDULED" });
    assert_eq!(get().await, expected);
    client.ok("StopColumnStatisticsTaskRunSchedule", place.clone()).await;
    assert_eq!(get().await["Schedule"]["State"], "NOT_SCHEDULED");
    client.ok("StartColumnStatisticsTaskRunSchedule", place.clone()).await;
    assert_eq!(get().await, expected);
    client.ok("DeleteColumnStatisticsTaskSettings", place.clone()).await;
    client.thrown("GetColumnStatisticsTaskSettings", place.clone(), "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn column_statistics_tasks_run_in_pretence_only() {
    let start = json!({ "DatabaseName": "d", "TableName": "t", "Role": "r", "ColumnNameList": ["id"] });
    let place = json!({ "DatabaseName": "d", "TableName": "t" });

    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let message = client.thrown("StartColumnStatisticsTaskRun", start.clone(), "OperationNotSupportedException").await;
    assert!(message.contains("column statistics tasks"), "{message}");
    assert_eq!(client.ok("ListColumnStatisticsTaskRuns", json!({})).await["ColumnStatisticsTaskRunIds"], json!([]));
    assert_eq!(client.ok("GetColumnStatisticsTaskRuns", place.clone()).await["ColumnStatisticsTaskRuns"], json!([]));
    client.thrown("StopColumnStatisticsTaskRun", place.clone(), "ColumnStatisticsTaskNotRunningException").await;
    let id = json!({ "ColumnStatisticsTaskRunId": "x" });
    client.thrown("GetColumnStatisticsTaskRun", id, "EntityNotFoundException").await;
    drop(server);

    let mut options = Options::default();
    options.settings.simulate_runs = true;
    let server = Server::start_with(options).await;
    let client = server.client();
    iceberg_table(&client).await;
    let mut other = start.clone();
    other["ColumnNameList"] = json!(["nope"]);
    client.thrown("StartColumnStatisticsTaskRun", other.clone(), "InvalidInputException").await;
    let first = client.ok("StartColumnStatisticsTaskRun", start.clone()).await;
    let run = client.ok("GetColumnStatisticsTaskRun", Value::Object(first.clone())).await;
    let run = &run["ColumnStatisticsTaskRun"];
    assert_eq!((&run["Status"], &run["TableName"], &run["Role"]), (&json!("SUCCEEDED"), &json!("t"), &json!("r")));
    client.ok("StartColumnStatisticsTaskRun", start).await;
    client.ok("StopColumnStatisticsTaskRun", place.clone()).await;
    client.thrown("StopColumnStatisticsTaskRun", place.clone(), "ColumnStatisticsTaskNotRunningException").await;
    other["TableName"] = json!("plain");
    other["ColumnNameList"] = json!([]);
    client.ok("StartColumnStatisticsTaskRun", other).await;
    let mut page = place.clone();
    page["MaxResults"] = json!(1);
    let runs = client.pages("GetColumnStatisticsTaskRuns", page, "ColumnStatisticsTaskRuns").await;
    let mut states: Vec<_> = runs.iter().map(|run| run["Status"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["STOPPED", "SUCCEEDED"]);
    let ids =
        client.pages("ListColumnStatisticsTaskRuns", json!({ "MaxResults": 2 }), "ColumnStatisticsTaskRunIds").await;
    assert!(ids.len() == 3 && ids.contains(&first["ColumnStatisticsTaskRunId"]), "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn materialized_views_are_not_refreshed() {
    let server = Server::start().await;
    let client = server.client();
    iceberg_table(&client).await;
    let view = json!({ "CatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "t" });
    let start = "StartMaterializedViewRefreshTaskRun";
    let message = client.thrown(start, view.clone(), "OperationNotSupportedException").await;
    assert!(message.contains("materialized views"), "{message}");
    let stop = "StopMaterializedViewRefreshTaskRun";
    client.thrown(stop, view.clone(), "MaterializedViewRefreshTaskNotRunningException").await;
    let runs = client.ok("ListMaterializedViewRefreshTaskRuns", view).await;
    assert_eq!(runs["MaterializedViewRefreshTaskRuns"], json!([]));
    let missing = json!({ "CatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "missing" });
    client.thrown("ListMaterializedViewRefreshTaskRuns", missing, "EntityNotFoundException").await;
    let run =
        json!({ "CatalogId": ACCOUNT, "MaterializedViewRefreshTaskRunId": "01234567-89ab-cdef-0123-456789abcdef" });
    client.thrown("GetMaterializedViewRefreshTaskRun", run, "EntityNotFoundException").await;
    let dashboard = json!({ "ResourceId": "jr_1", "ResourceType": "JOB" });
    client.thrown("GetDashboardUrl", dashboard, "OperationNotSupportedException").await;
}
