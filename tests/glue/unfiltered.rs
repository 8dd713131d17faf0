//! Unfiltered metadata, where there is no Lake Formation.

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Options, Server};

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_of_a_table_and_its_partitions_is_for_everyone() {
    let server = Server::start().await;
    let client = server.client();
    client.create_database("d").await;
    let table = json!({
        "Name": "t", "PartitionKeys": [{ "Name": "day", "Type": "string" }],
        "StorageDescriptor": { "Location": "s3://b/t", "Columns": [{ "Name": "id", "Type": "int" }] }
    });
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
    let partitions: Vec<Value> = (1..=5).map(|n| json!({ "Values": [format!("0{n}")] })).collect();
    let place = json!({ "DatabaseName": "d", "TableName": "t", "PartitionInputList": partitions });
    client.ok("BatchCreatePartition", place).await;
    let types = json!(["COLUMN_PERMISSION"]);

    let input = json!({
        "CatalogId": ACCOUNT, "DatabaseName": "D", "Name": "T", "SupportedPermissionTypes": types, "Region": "eu-central-1",
        "ParentResourceArn": "arn:aws:glue:us-east-1:123456789012:table/d/v", "Permissions": ["SELECT"]
    });
    let got = client.ok("GetUnfilteredTableMetadata", input.clone()).await;
    let plain = client.ok("GetTable", json!({ "DatabaseName": "d", "Name": "t" })).await;
    assert_eq!(
        Value::Object(got),
        json!({
            "Table": plain["Table"], "AuthorizedColumns": ["id", "day"], "IsRegisteredWithLakeFormation": false,
            "CellFilters": [], "IsMultiDialectView": false, "IsMaterializedView": false, "IsProtected": false,
            "ResourceArn": "arn:aws:glue:us-east-1:123456789012:table/d/v", "Permissions": ["SELECT"]
        })
    );

    let one = json!({
        "CatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "t", "PartitionValues": ["03"], "SupportedPermissionTypes": types
    });
    let got = client.ok("GetUnfilteredPartitionMetadata", one.clone()).await;
    let plain = json!({ "DatabaseName": "d", "TableName": "t", "PartitionValues": ["03"] });
    let plain = client.ok("GetPartition", plain).await;
    let unfiltered = json!({
        "Partition": plain["Partition"], "AuthorizedColumns": ["id", "day"], "IsRegisteredWithLakeFormation": false
    });
    assert_eq!(Value::Object(got), unfiltered);

    let some = json!({
        "CatalogId": ACCOUNT, "DatabaseName": "d", "TableName": "t", "SupportedPermissionTypes": types,
        "Expression": "day > '01'", "MaxResults": 2
    });
    let got = client.pages("GetUnfilteredPartitionsMetadata", some.clone(), "UnfilteredPartitions").await;
    let values: Vec<_> = got.iter().map(|one| one["Partition"]["Values"][0].as_str().unwrap()).collect();
    assert_eq!(values, ["02", "03", "04", "05"]);
    assert_eq!(got[1], unfiltered);

    let change = |input: &Value, member: &str, value: Value| {
        let mut changed = input.clone();
        changed[member] = value;
        changed
    };
    for (operation, input, code) in [
        ("GetUnfilteredTableMetadata", change(&input, "Name", json!("missing")), "EntityNotFoundException"),
        ("GetUnfilteredTableMetadata", change(&input, "SupportedPermissionTypes", json!([])), "ValidationException"),
        (
            "GetUnfilteredTableMetadata",
            change(&input, "SupportedPermissionTypes", json!(["ALL"])),
            "ValidationException",
        ),
        ("GetUnfilteredPartitionMetadata", change(&one, "PartitionValues", json!(["9"])), "EntityNotFoundException"),
        ("GetUnfilteredPartitionsMetadata", change(&some, "Expression", json!("no_such = 1")), "InvalidInputException"),
        ("GetUnfilteredPartitionsMetadata", change(&some, "NextToken", json!("x")), "InvalidInputException"),
    ] {
        client.thrown(operation, input, code).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_region_is_not_looked_at_where_regions_are_kept_apart() {
    let mut options = Options::default();
    options.settings.separate_regions = true;
    let server = Server::start_with(options).await;
    let client = server.client();
    client.create_database("d").await;
    client.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "t" } })).await;
    let input = |region: &str| {
        json!({
            "CatalogId": ACCOUNT, "DatabaseName": "d", "Name": "t", "SupportedPermissionTypes": ["NESTED_CELL_PERMISSION"],
            "Region": region
        })
    };
    client.ok("GetUnfilteredTableMetadata", input("us-east-1")).await;
    let message = client.thrown("GetUnfilteredTableMetadata", input("eu-central-1"), "InvalidInputException").await;
    assert!(message.contains("eu-central-1"), "{message}");
}
