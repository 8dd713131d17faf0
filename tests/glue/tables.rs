use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Server};

async fn create(glue: &Client, table: Value) {
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": table })).await;
}

async fn get(glue: &Client, name: &str) -> Value {
    glue.ok("GetTable", json!({ "DatabaseName": "d", "Name": name })).await["Table"].clone()
}

fn named(tables: &[Value]) -> Vec<&str> {
    tables.iter().map(|table| table["Name"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let full = json!({
        "Name": "full.table-1", "Description": "what it is", "Owner": "ann", "LastAccessTime": 1795378967.337,
        "LastAnalyzedTime": 0.5, "Retention": 7, "TableType": "EXTERNAL_TABLE", "ViewOriginalText": "",
        "Parameters": { "EXTERNAL": "TRUE", "comment": "another", "empty": "" },
        "PartitionKeys": [{ "Name": "Day", "Type": "date", "Comment": "", "Parameters": { "k": "v" } }],
        "StorageDescriptor": {
            "Columns": [
                { "Name": "id", "Type": "bigint", "Comment": "key", "Parameters": { "iceberg.field.id": "1" } },
                { "Name": "Mixed", "Type": "struct<A:int,b:array<string>>", "Parameters": {} },
                { "Name": "untyped" }, { "Name": "odd", "Type": "no type of hive" },
            ],
            "Location": "s3://bucket/a b/", "AdditionalLocations": ["s3://bucket/b"], "InputFormat": "In",
            "OutputFormat": "Out", "Compressed": true, "NumberOfBuckets": -1,
            "SerdeInfo": { "Name": "n", "SerializationLibrary": "lib", "Parameters": { "path": "x" } },
            "BucketColumns": ["id"], "SortColumns": [{ "Column": "id", "SortOrder": 1 }],
            "Parameters": { "p": "q" }, "StoredAsSubDirectories": true,
            "SkewedInfo": {
                "SkewedColumnNames": ["id"], "SkewedColumnValues": ["1$a", "plain"],
                "SkewedColumnValueLocationMaps": { "1$a": "s3://bucket/s" },
            },
            "SchemaReference": { "SchemaId": { "SchemaName": "s", "RegistryName": "r" }, "SchemaVersionNumber": 3 },
        },
    });
    let empty = json!({
        "Name": "empty", "Description": "", "Retention": 0, "Parameters": {}, "PartitionKeys": [],
        "LastAccessTime": 0.0, "TableType": "",
        "StorageDescriptor": {
            "Columns": [], "Location": "", "Compressed": false, "NumberOfBuckets": 0, "SerdeInfo": { "Parameters": {} },
            "BucketColumns": [], "SortColumns": [], "Parameters": {}, "StoredAsSubDirectories": false,
            "SkewedInfo": {
                "SkewedColumnNames": [], "SkewedColumnValues": [], "SkewedColumnValueLocationMaps": {},
            },
        },
    });
    let link = json!({
        "Name": "link", "TargetTable": { "CatalogId": "210987654321", "DatabaseName": "x", "Name": "y" },
    });
    let comment = json!({ "Name": "comment", "TableType": "GOVERNED", "Parameters": { "comment": "only here" } });
    let described = json!({ "Name": "described", "Description": "only here", "Parameters": { "a": "b" } });
    let both = json!({ "Name": "both", "Description": "same", "Parameters": { "comment": "same" } });
    let nothing_in_it = json!({ "Name": "storage", "StorageDescriptor": { "SkewedInfo": {}, "SerdeInfo": {} } });
    for definition in [full, empty, link, comment, described, both, nothing_in_it, json!({ "Name": "bare" })] {
        let name = definition["Name"].as_str().unwrap();
        create(&glue, definition.clone()).await;
        assert_eq!(defined(get(&glue, name).await), definition);
        // And once more over what is stored.
        glue.ok("UpdateTable", json!({ "DatabaseName": "d", "TableInput": definition })).await;
        assert_eq!(defined(get(&glue, name).await), definition);
    }
}

/// A table without what the server says of it.
fn defined(mut table: Value) -> Value {
    let members = table.as_object_mut().unwrap();
    assert_eq!(members.remove("CatalogId"), Some(json!(ACCOUNT)));
    assert_eq!(members.remove("DatabaseName"), Some(json!("d")));
    assert!(members.remove("CreateTime").unwrap().as_f64() <= members.remove("UpdateTime").unwrap().as_f64());
    for member in ["IsRegisteredWithLakeFormation", "IsMultiDialectView", "IsMaterializedView"] {
        assert_eq!(members.remove(member), Some(json!(false)));
    }
    assert_eq!(members.remove("CreatedBy"), Some(json!(format!("arn:aws:iam::{ACCOUNT}:user/anonymous"))));
    members.remove("VersionId").unwrap();
    table
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_and_taken_names_are_told() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    create(&glue, json!({ "Name": "T" })).await;
    let input = |database: &str, name: &str| json!({ "DatabaseName": database, "Name": name });
    assert_eq!(get(&glue, "t").await["Name"], "t");
    for operation in ["GetTable", "DeleteTable"] {
        let message = glue.thrown(operation, input("d", "u"), "EntityNotFoundException").await;
        assert_eq!(message, "Table u not found.");
        let message = glue.thrown(operation, input("e", "t"), "EntityNotFoundException").await;
        assert_eq!(message, "Database e not found.");
    }
    let new = |database: &str| json!({ "DatabaseName": database, "TableInput": { "Name": "t" } });
    let message = glue.thrown("CreateTable", new("d"), "AlreadyExistsException").await;
    assert_eq!(message, "Table already exists.");
    for operation in ["CreateTable", "UpdateTable"] {
        let message = glue.thrown(operation, new("e"), "EntityNotFoundException").await;
        assert_eq!(message, "Database e not found.");
        glue.thrown(operation, json!({ "DatabaseName": "d" }), "InvalidInputException").await;
    }
    let other = json!({ "DatabaseName": "d", "Name": "u", "TableInput": { "Name": "t" } });
    glue.thrown("UpdateTable", other, "InvalidInputException").await;
    let late = json!({ "DatabaseName": "d", "Name": "t", "TransactionId": "1" });
    glue.thrown("GetTable", late, "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_version_is_a_conflict() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    create(&glue, json!({ "Name": "t" })).await;
    let update = |version: &str, value: &str| {
        let table = json!({ "Name": "t", "Parameters": { "metadata_location": value } });
        json!({ "DatabaseName": "d", "TableInput": table, "VersionId": version, "SkipArchive": true })
    };
    glue.ok("UpdateTable", update("1", "a")).await;
    glue.thrown("UpdateTable", update("1", "b"), "ConcurrentModificationException").await;
    glue.thrown("UpdateTable", update("x", "b"), "InvalidInputException").await;
    let table = get(&glue, "t").await;
    assert_eq!((&table["VersionId"], &table["Parameters"]["metadata_location"]), (&json!("2"), &json!("a")));

    // Of many who commit over the same version one succeeds.
    let commits = (0..8).map(|at| {
        let (glue, input) = (glue.clone(), update("2", &at.to_string()));
        async move { glue.call("UpdateTable", input).await }
    });
    let outcomes = futures::future::join_all(commits).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(get(&glue, "t").await["VersionId"], "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_filtered_and_show_what_is_asked_for() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    for name in ["mytable_1", "mytable_x", "some_mytable", "a_catchthis1_b", "end.", "end..."] {
        create(&glue, json!({ "Name": name, "TableType": "EXTERNAL_TABLE", "Owner": "ann" })).await;
    }
    for (expression, count) in [
        ("", 6),
        ("*", 6),
        (".*", 6),
        ("mytable_\\w+", 2),
        ("mytable*", 2),
        ("*table*", 3),
        ("*catch*is*", 1),
        (".*catch*is*", 1),
        ("end*.*", 2),
        ("MyTable_1", 1),
        ("mytable", 0),
        ("mytable_1|end\\.", 2),
    ] {
        let input = json!({ "DatabaseName": "d", "Expression": expression, "MaxResults": 2 });
        let tables = glue.pages("GetTables", input, "TableList").await;
        assert_eq!(tables.len(), count, "{expression}: {:?}", named(&tables));
    }
    glue.thrown("GetTables", json!({ "DatabaseName": "d", "Expression": "a[" }), "InvalidInputException").await;
    let attributes = |list: Value| json!({ "DatabaseName": "d", "AttributesToGet": list, "MaxResults": 1 });
    let short = glue.ok("GetTables", attributes(json!(["NAME", "TABLE_TYPE"]))).await;
    let first = json!({
        "Name": "a_catchthis1_b", "DatabaseName": "d", "CatalogId": ACCOUNT, "TableType": "EXTERNAL_TABLE"
    });
    assert_eq!(short["TableList"], json!([first]));
    let whole = glue.ok("GetTables", attributes(json!(["DEFAULT"]))).await;
    assert_eq!(whole["TableList"][0]["Owner"], "ann");
    glue.thrown("GetTables", attributes(json!(["TABLE_TYPE"])), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_deleted_at_once() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    for name in ["a", "b", "c"] {
        create(&glue, json!({ "Name": name })).await;
    }
    let input = json!({ "DatabaseName": "d", "TablesToDelete": ["A", "x", "b", "a"] });
    let answer = glue.ok("BatchDeleteTable", input.clone()).await;
    let error = |name: &str, shown: &str| {
        let message = format!("Table {shown} not found.");
        let detail = json!({ "ErrorCode": "EntityNotFoundException", "ErrorMessage": message });
        json!({ "TableName": name, "ErrorDetail": detail })
    };
    assert_eq!(answer["Errors"], json!([error("x", "x"), error("a", "a")]));
    assert_eq!(named(&glue.pages("GetTables", json!({ "DatabaseName": "d" }), "TableList").await), ["c"]);
    let one = json!({ "DatabaseName": "d", "TablesToDelete": ["c"] });
    assert_eq!(glue.ok("BatchDeleteTable", one).await.get("Errors"), None);
    let nowhere = json!({ "DatabaseName": "x", "TablesToDelete": ["c"] });
    glue.thrown("BatchDeleteTable", nowhere, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_keys_changes_only_while_there_are_no_partitions() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let keyed = |keys: &[&str]| {
        let keys: Vec<Value> = keys.iter().map(|key| json!({ "Name": key, "Type": "string" })).collect();
        json!({ "Name": "t", "PartitionKeys": keys })
    };
    create(&glue, keyed(&["a"])).await;
    let update = |keys: &[&str]| json!({ "DatabaseName": "d", "TableInput": keyed(keys) });
    glue.ok("UpdateTable", update(&["a", "b"])).await;
    let partition = json!({ "Values": ["1", "2"] });
    glue.ok("CreatePartition", json!({ "DatabaseName": "d", "TableName": "t", "PartitionInput": partition })).await;
    glue.ok("UpdateTable", update(&["a", "c"])).await;
    let message = glue.thrown("UpdateTable", update(&["a"]), "InvalidInputException").await;
    assert!(message.contains("from 2 to 1"), "{message}");
    assert_eq!(get(&glue, "t").await["PartitionKeys"][1]["Name"], "c");
}

#[tokio::test(flavor = "multi_thread")]
async fn partition_indexes_come_with_a_table_or_not_at_all() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let new = |keys: &[&str]| {
        json!({
            "DatabaseName": "d", "PartitionIndexes": [{ "IndexName": "by", "Keys": keys }],
            "TableInput": { "Name": "t", "PartitionKeys": [{ "Name": "day", "Type": "date" }] },
        })
    };
    glue.thrown("CreateTable", new(&["hour"]), "InvalidInputException").await;
    glue.thrown("GetTable", json!({ "DatabaseName": "d", "Name": "t" }), "EntityNotFoundException").await;
    glue.ok("CreateTable", new(&["day"])).await;
    let indexes = glue.ok("GetPartitionIndexes", json!({ "DatabaseName": "d", "TableName": "t" })).await;
    assert_eq!(indexes["PartitionIndexDescriptorList"][0]["IndexName"], "by");
}

#[tokio::test(flavor = "multi_thread")]
async fn views_have_a_text_for_each_dialect() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let text =
        |dialect: &str, text: &str| json!({ "Dialect": dialect, "DialectVersion": "3", "ViewOriginalText": text });
    let view = |representations: Value| {
        let definition = json!({ "IsProtected": true, "Representations": representations });
        json!({ "Name": "v", "TableType": "VIRTUAL_VIEW", "ViewDefinition": definition })
    };
    create(&glue, view(json!([text("ATHENA", "a")]))).await;
    let update = |action: &str, representations: Value| json!({ "DatabaseName": "d", "TableInput": view(representations), "ViewUpdateAction": action });
    glue.ok("UpdateTable", update("ADD", json!([text("SPARK", "s")]))).await;
    glue.thrown("UpdateTable", update("ADD", json!([text("SPARK", "s")])), "AlreadyExistsException").await;
    glue.thrown("UpdateTable", update("REPLACE", json!([text("REDSHIFT", "r")])), "EntityNotFoundException").await;
    glue.ok("UpdateTable", update("ADD_OR_REPLACE", json!([text("REDSHIFT", "r"), text("SPARK", "s2")]))).await;
    glue.ok("UpdateTable", update("DROP", json!([{ "Dialect": "ATHENA" }]))).await;
    let shown = get(&glue, "v").await;
    assert_eq!(shown["IsMultiDialectView"], json!(true));
    let expected = json!([text("SPARK", "s2"), text("REDSHIFT", "r")]);
    assert_eq!(shown["ViewDefinition"], json!({ "IsProtected": true, "Representations": expected }));
    let all = json!([{ "Dialect": "SPARK" }, { "Dialect": "REDSHIFT" }]);
    glue.thrown("UpdateTable", update("DROP", all), "InvalidInputException").await;

    let mut other = update("REPLACE", json!([text("SPARK", "s3")]));
    other["TableInput"]["StorageDescriptor"] = json!({ "Columns": [{ "Name": "c", "Type": "int" }] });
    glue.thrown("UpdateTable", other.clone(), "InvalidInputException").await;
    other["Force"] = json!(true);
    glue.ok("UpdateTable", other).await;
    assert_eq!(get(&glue, "v").await["StorageDescriptor"]["Columns"][0]["Name"], "c");
    create(&glue, json!({ "Name": "plain" })).await;
    let mut plain = update("ADD", json!([text("SPARK", "s")]));
    plain["TableInput"]["Name"] = json!("plain");
    glue.thrown("UpdateTable", plain, "InvalidInputException").await;
}

/// The metadata file of a table.
async fn metadata(glue: &Client, name: &str) -> Value {
    let table = get(glue, name).await;
    assert_eq!(table["Parameters"]["table_type"], "ICEBERG");
    let location = table["Parameters"]["metadata_location"].as_str().unwrap();
    serde_json::from_slice(&std::fs::read(location.strip_prefix("file:").unwrap()).unwrap()).unwrap()
}

fn iceberg(location: &str) -> Value {
    json!({ "IcebergInput": { "MetadataOperation": "CREATE", "Version": "2", "CreateIcebergTableInput": {
        "Location": location, "Properties": { "write.format.default": "orc" },
        "Schema": { "Fields": [
            { "Id": 1, "Name": "id", "Type": "long", "Required": true, "Doc": "key" },
            { "Id": 2, "Name": "tags", "Required": false,
              "Type": { "type": "list", "element-id": 3, "element": "string", "element-required": false } },
            { "Id": 4, "Name": "at", "Type": "timestamptz", "Required": false },
        ]},
        "PartitionSpec": { "Fields": [{ "SourceId": 4, "Transform": "day", "Name": "at_day" }] },
        "WriteOrder": { "OrderId": 1, "Fields": [
            { "SourceId": 1, "Transform": "identity", "Direction": "asc", "NullOrder": "nulls-first" }
        ]},
    }}})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iceberg_table_has_its_first_metadata_when_it_is_made() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let location = format!("file:{}", server.hms.folder("lake/t").display());
    let new = |location: &str| json!({ "DatabaseName": "d", "Name": "t", "OpenTableFormatInput": iceberg(location) });
    let mut broken = new(&location);
    let input = &mut broken["OpenTableFormatInput"]["IcebergInput"]["CreateIcebergTableInput"];
    input["PartitionSpec"]["Fields"][0]["SourceId"] = json!(9);
    let message = glue.thrown("CreateTable", broken, "InvalidInputException").await;
    assert!(message.contains("SourceId 9"), "{message}");
    glue.thrown("CreateTable", new("hdfs://nowhere/t"), "InvalidInputException").await;
    glue.thrown("GetTable", json!({ "DatabaseName": "d", "Name": "t" }), "EntityNotFoundException").await;

    glue.ok("CreateTable", new(&format!("{location}/"))).await;
    glue.thrown("CreateTable", new(&location), "AlreadyExistsException").await;
    assert_eq!(std::fs::read_dir(server.hms.folder("lake/t/metadata")).unwrap().count(), 1);
    let made = metadata(&glue, "t").await;
    assert_eq!((&made["format-version"], &made["location"]), (&json!(2), &json!(location)));
    assert_eq!((&made["last-column-id"], &made["last-partition-id"]), (&json!(4), &json!(1000)));
    assert_eq!(
        made["schemas"][0]["fields"][0],
        json!({
            "id": 1, "name": "id", "type": "long", "required": true, "doc": "key"
        })
    );
    assert_eq!(
        made["partition-specs"],
        json!([{ "spec-id": 0, "fields": [
            { "source-id": 4, "field-id": 1000, "transform": "day", "name": "at_day" }
        ]}])
    );
    assert_eq!((&made["sort-orders"][0]["order-id"], &made["default-sort-order-id"]), (&json!(1), &json!(1)));
    let with_metadata = json!({ "DatabaseName": "d", "Name": "t", "AttributesToGet": ["LATEST_ICEBERG_METADATA"] });
    let shown = glue.ok("GetTable", with_metadata).await["Table"]["IcebergTableMetadata"].clone();
    assert_eq!((&shown["FormatVersion"], &shown["TableUuid"]), (&json!("2"), &made["table-uuid"]));
    assert_eq!(shown["Schemas"][0]["Fields"][1]["Type"], made["schemas"][0]["fields"][1]["type"]);
    assert_eq!((&shown["Properties"], &shown["LastPartitionId"]), (&made["properties"], &json!(1000)));
    let table = get(&glue, "t").await;
    assert_eq!(table["TableType"], "EXTERNAL_TABLE");
    let columns = &table["StorageDescriptor"]["Columns"];
    assert_eq!((&columns[1]["Type"], &columns[2]["Type"]), (&json!("array<string>"), &json!("timestamp")));
    assert_eq!(
        columns[0]["Parameters"],
        json!({
            "iceberg.field.id": "1", "iceberg.field.optional": "false", "iceberg.field.current": "true"
        })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_iceberg_table_may_be_given_by_its_columns() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let location = format!("file:{}", server.hms.folder("lake/t").display());
    let new = |kind: &str| {
        json!({
            "DatabaseName": "d", "OpenTableFormatInput": { "IcebergInput": { "MetadataOperation": "CREATE" } },
            "TableInput": { "Name": "t", "StorageDescriptor": {
                "Location": location, "Columns": [{ "Name": "a", "Type": "int" }, { "Name": "b", "Type": kind }],
            }},
        })
    };
    let message = glue.thrown("CreateTable", new("uniontype<int>"), "InvalidInputException").await;
    assert!(message.contains("Column b"), "{message}");
    glue.ok("CreateTable", new("struct<x:varchar(3),y:map<int,decimal(5,2)>>")).await;
    let made = metadata(&glue, "t").await;
    let fields = &made["schemas"][0]["fields"];
    assert_eq!(fields[0], json!({ "id": 1, "name": "a", "type": "int", "required": false }));
    assert_eq!(fields[1]["type"]["fields"][0]["type"], "string");
    assert_eq!(made["last-column-id"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_of_an_iceberg_table_make_new_metadata() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let location = format!("file:{}", server.hms.folder("lake/t").display());
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "Name": "t", "OpenTableFormatInput": iceberg(&location) }))
        .await;
    let first = get(&glue, "t").await["Parameters"]["metadata_location"].clone();
    let schema = json!({ "Fields": [
        { "Id": 1, "Name": "id", "Type": "long", "Required": true },
        { "Id": 5, "Name": "Name", "Type": "string", "Required": false },
        { "Id": 4, "Name": "at", "Type": "timestamptz", "Required": false },
    ]});
    let update = |version: &str, updates: &[Value]| {
        let updates: Vec<Value> = updates
            .iter()
            .cloned()
            .map(|mut update| {
                update["Schema"] = update.get("Schema").unwrap_or(&schema).clone();
                update["Location"] = json!(location);
                update
            })
            .collect();
        json!({
            "DatabaseName": "d", "Name": "t", "VersionId": version,
            "UpdateOpenTableFormatInput": { "UpdateIcebergInput": { "UpdateIcebergTableInput": { "Updates": updates } } },
        })
    };
    let changes = [
        json!({ "Action": "add-schema" }),
        json!({ "Action": "set-current-schema" }),
        json!({ "Action": "set-properties", "Properties": { "a": "b" } }),
        json!({ "Action": "remove-properties", "Properties": { "write.format.default": "" } }),
    ];
    glue.ok("UpdateTable", update("1", &changes)).await;
    glue.thrown("UpdateTable", update("1", &changes), "ConcurrentModificationException").await;
    let made = metadata(&glue, "t").await;
    assert_eq!((&made["current-schema-id"], &made["last-column-id"]), (&json!(1), &json!(5)));
    assert_eq!((&made["schemas"][1]["fields"][1]["name"], &made["properties"]), (&json!("Name"), &json!({ "a": "b" })));
    assert_eq!(made["metadata-log"][0]["metadata-file"], first);
    let table = get(&glue, "t").await;
    assert_eq!(table["Parameters"]["previous_metadata_location"], first);
    let now = table["Parameters"]["metadata_location"].as_str().unwrap();
    assert!(now.contains("/metadata/00001-"), "{now}");
    assert_eq!(table["StorageDescriptor"]["Columns"][1]["Name"], "Name");
    assert_eq!(table["StorageDescriptor"]["Columns"][1]["Parameters"]["iceberg.field.id"], "5");

    let wrong = json!({ "Action": "set-default-spec", "PartitionSpec": { "SpecId": 7, "Fields": [] } });
    glue.thrown("UpdateTable", update("2", &[wrong]), "InvalidInputException").await;
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "hive" } })).await;
    let mut plain = update("1", &changes);
    plain["Name"] = json!("hive");
    glue.thrown("UpdateTable", plain, "InvalidInputException").await;
    assert_eq!(std::fs::read_dir(server.hms.folder("lake/t/metadata")).unwrap().count(), 2);
}
