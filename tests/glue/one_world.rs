//! What one face makes the other shows, and neither loses what only the other can say.

use propolis_thrift::{args, methods, types};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

use crate::hms;
use crate::support::{Client, Server};

const CASES: usize = 60;

/// Some values of a strategy, the same in each run.
fn samples<S: Strategy>(strategy: S) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    (0..CASES).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{1,4}", "[ -~]{1,6}", "[\\u{a1}-\\u{2ff}]{1,3}"]
}

fn pairs() -> impl Strategy<Value = Map<String, Value>> {
    let pair = (word(), proptest::option::of(word()));
    let pairs = proptest::collection::vec(pair, 0..3);
    (pairs, proptest::option::of(word())).prop_map(|(pairs, comment)| {
        let pairs = pairs.into_iter().map(|(key, value)| (key, json!(value.unwrap_or_default())));
        pairs.chain(comment.map(|comment| ("comment".to_owned(), json!(comment)))).collect()
    })
}

/// An object with some of these members.
fn some_of(members: Vec<(&'static str, BoxedStrategy<Value>)>) -> impl Strategy<Value = Value> {
    let members: Vec<_> = members
        .into_iter()
        .map(|(name, value)| {
            proptest::option::of(value).prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        })
        .collect();
    members.prop_map(|members| Value::Object(members.into_iter().flatten().collect()))
}

fn json_of<T: Into<Value> + std::fmt::Debug + 'static>(
    values: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Value> {
    values.prop_map(Into::into).boxed()
}

fn list_of(values: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    proptest::collection::vec(values, 0..3).prop_map(Value::Array).boxed()
}

fn columns(prefix: &'static str) -> BoxedStrategy<Value> {
    let column = some_of(vec![
        ("Type", json_of(prop_oneof!["int", "struct<A:int>", "no type", ""])),
        ("Comment", json_of(word())),
        ("Parameters", json_of(pairs())),
    ]);
    proptest::collection::vec((column, any::<bool>()), 0..4)
        .prop_map(move |columns| {
            let named = columns.into_iter().enumerate().map(|(at, (mut column, upper))| {
                let name = format!("{prefix}{at}");
                column["Name"] = json!(if upper { name.to_uppercase() } else { name });
                column
            });
            named.collect::<Value>()
        })
        .boxed()
}

fn storage() -> BoxedStrategy<Value> {
    let skew = some_of(vec![
        ("SkewedColumnNames", list_of(json_of(word()))),
        ("SkewedColumnValues", list_of(json_of(prop_oneof!["[a-z]{0,3}", "1\\$a", "1\\$a2\\$bc"]))),
        ("SkewedColumnValueLocationMaps", json_of(pairs())),
    ]);
    let serde = some_of(vec![
        ("Name", json_of(word())),
        ("SerializationLibrary", json_of(word())),
        ("Parameters", json_of(pairs())),
    ]);
    let order = (word(), 0..2).prop_map(|(column, order)| json!({ "Column": column, "SortOrder": order }));
    some_of(vec![
        ("Columns", columns("c")),
        ("Location", json_of(prop_oneof!["", "s3://b/[a-z ]{1,5}/?", "not a url"])),
        ("AdditionalLocations", list_of(json_of(word()))),
        ("InputFormat", json_of(word())),
        ("OutputFormat", json_of(word())),
        ("Compressed", json_of(any::<bool>())),
        ("NumberOfBuckets", json_of(-1..3)),
        ("SerdeInfo", serde.boxed()),
        ("BucketColumns", list_of(json_of(word()))),
        ("SortColumns", list_of(order)),
        ("Parameters", json_of(pairs())),
        ("SkewedInfo", skew.boxed()),
        ("StoredAsSubDirectories", json_of(any::<bool>())),
        ("SchemaReference", Just(json!({ "SchemaId": { "SchemaName": "s" }, "SchemaVersionNumber": 1 })).boxed()),
    ])
    .boxed()
}

fn definition() -> impl Strategy<Value = Value> {
    some_of(vec![
        ("Description", json_of(prop_oneof![word(), Just(String::new())])),
        ("Owner", json_of(word())),
        ("LastAccessTime", json_of(prop_oneof![Just(0.0), Just(1.5), 0.0..2e9])),
        ("LastAnalyzedTime", json_of(0.0..2e9)),
        ("Retention", json_of(0..3)),
        ("StorageDescriptor", storage()),
        ("PartitionKeys", columns("k")),
        ("ViewOriginalText", json_of(prop_oneof![word(), Just(String::new())])),
        ("ViewExpandedText", json_of(word())),
        ("TableType", json_of(prop_oneof!["EXTERNAL_TABLE", "MANAGED_TABLE", "VIRTUAL_VIEW", "GOVERNED", ""])),
        ("Parameters", json_of(pairs())),
        ("TargetTable", Just(json!({ "CatalogId": "210987654321", "Name": "x" })).boxed()),
        ("ViewDefinition", Just(json!({ "Representations": [{ "Dialect": "SPARK" }] })).boxed()),
    ])
}

async fn get(glue: &Client, name: &str) -> Map<String, Value> {
    match glue.ok("GetTable", json!({ "DatabaseName": "d", "Name": name })).await.remove("Table") {
        Some(Value::Object(table)) => table,
        other => panic!("a table expected, not {other:?}"),
    }
}

/// A table as input for the service.
fn input(mut table: Map<String, Value>) -> Value {
    for member in [
        "CatalogId",
        "DatabaseName",
        "CreateTime",
        "UpdateTime",
        "CreatedBy",
        "VersionId",
        "IsMultiDialectView",
        "IsMaterializedView",
        "IsRegisteredWithLakeFormation",
    ] {
        table.remove(member);
    }
    Value::Object(table)
}

async fn alter(hive: &mut hms::Client, name: &str, table: types::Table) {
    let args = args::AlterTable { dbname: hms::text("d"), tbl_name: hms::text(name), new_tbl: Some(table) };
    hive.call::<methods::AlterTable>(args).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn glue_loses_nothing_of_its_own_not_even_when_hive_writes_it_back() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    for (at, mut definition) in samples(definition()).into_iter().enumerate() {
        let name = format!("t{at}");
        definition["Name"] = json!(name);
        glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": definition })).await;
        assert_eq!(input(get(&glue, &name).await), definition);

        // A Hive client reads the table and writes it back with a parameter more.
        let mut table = hive.get_table("d", &name).await.unwrap();
        let mut parameters = table.parameters.take().unwrap_or_default();
        parameters.insert("by hive".into(), "yes".into());
        table.parameters = Some(parameters);
        alter(&mut hive, &name, table).await;
        let mut shown = input(get(&glue, &name).await);
        let parameters = shown["Parameters"].as_object_mut().unwrap();
        assert_eq!(parameters.remove("by hive"), Some(json!("yes")));
        // What Hive's rules add to a table.
        let given = |key: &str| definition["Parameters"].get(key).is_some();
        parameters.retain(|key, _| given(key) || !["transient_lastDdlTime", "EXTERNAL"].contains(&key.as_str()));
        if parameters.is_empty() && definition.get("Parameters").is_none() {
            shown.as_object_mut().unwrap().remove("Parameters");
        }
        if definition["TableType"] == "VIRTUAL_VIEW" {
            // Hive's views lie nowhere.
            for table in [&mut shown, &mut definition] {
                if let Some(storage) = table.get_mut("StorageDescriptor").and_then(Value::as_object_mut) {
                    storage.remove("Location");
                }
            }
        }
        assert_eq!(shown, definition);
    }
}

fn thrift_table() -> impl Strategy<Value = types::Table> {
    let columns = || proptest::collection::vec(proptest::option::of(word()), 0..4);
    let maps = || proptest::collection::btree_map(word(), word(), 0..3);
    let texts = || proptest::option::of(word());
    let skew = proptest::collection::vec(proptest::collection::vec("[a-z$0-9]{0,3}", 1..3), 0..3);
    let table = (columns(), columns(), maps(), texts(), texts(), 0..2_000_000_000, 0..5);
    let storage = (maps(), maps(), texts(), texts(), any::<bool>(), -1..5, skew, any::<bool>());
    (table, storage).prop_map(|(table, storage)| {
        let (columns, keys, parameters, owner, view, accessed, retention) = table;
        let (serde_parameters, sd_parameters, library, description, compressed, buckets, skew, nested) = storage;
        let fields = |prefix: &str, comments: Vec<Option<String>>| {
            let field = |(at, comment): (usize, Option<String>)| types::FieldSchema {
                name: hms::text(&format!("{prefix}{at}")),
                r#type: hms::text("array<int>"),
                comment: comment.map(Into::into),
            };
            comments.into_iter().enumerate().map(field).collect::<Vec<_>>()
        };
        let map = |pairs: std::collections::BTreeMap<String, String>| {
            pairs.into_iter().map(|(key, value)| (key.into(), value.into())).collect()
        };
        types::Table {
            db_name: hms::text("d"),
            table_type: hms::text("EXTERNAL_TABLE"),
            owner: owner.map(Into::into),
            owner_type: Some(types::PrincipalType::ROLE),
            last_access_time: Some(accessed),
            retention: Some(retention),
            partition_keys: Some(fields("k", keys)),
            parameters: Some(map(parameters)),
            view_original_text: view.map(Into::into),
            rewrite_enabled: Some(nested),
            sd: Some(types::StorageDescriptor {
                cols: Some(fields("c", columns)),
                input_format: library.clone().map(Into::into),
                compressed: Some(compressed),
                num_buckets: Some(buckets),
                parameters: Some(map(sd_parameters)),
                stored_as_sub_directories: Some(nested),
                bucket_cols: Some(vec!["x".into()]),
                sort_cols: Some(vec![types::Order { col: hms::text("x"), order: Some(0) }]),
                serde_info: Some(types::SerDeInfo {
                    serialization_lib: library.map(Into::into),
                    parameters: Some(map(serde_parameters)),
                    description: description.clone().map(Into::into),
                    serializer_class: description.map(Into::into),
                    ..Default::default()
                }),
                skewed_info: Some(types::SkewedInfo {
                    skewed_col_names: Some(Vec::new()),
                    skewed_col_value_location_maps: Some(
                        skew.iter().map(|values| (texts_of(values), "s3://b/x".into())).collect(),
                    ),
                    skewed_col_values: Some(skew.iter().map(|values| texts_of(values)).collect()),
                }),
                ..Default::default()
            }),
            ..Default::default()
        }
    })
}

fn texts_of(texts: &[String]) -> Vec<propolis_thrift::FastStr> {
    texts.iter().map(propolis_thrift::FastStr::new).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn hive_loses_nothing_of_its_own_not_even_when_glue_writes_it_back() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    for (at, mut table) in samples(thrift_table()).into_iter().enumerate() {
        let name = format!("t{at}");
        table.table_name = hms::text(&name);
        hive.create_table(table).await;
        let before = hive.get_table("d", &name).await.unwrap();
        let shown = input(get(&glue, &name).await);
        glue.ok("UpdateTable", json!({ "DatabaseName": "d", "TableInput": shown })).await;
        assert_eq!(hive.get_table("d", &name).await.unwrap(), before);
        assert_eq!(input(get(&glue, &name).await), shown);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hives_tables_have_all_members_in_glue_and_the_reverse() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    let mut table = hms::table("d", "t", &[("Id", "int")], &[("day", "date")]);
    table.parameters = Some(hms::map(&[("comment", "made by hive")]));
    hive.create_table(table).await;
    let shown = get(&glue, "t").await;
    assert_eq!(
        (&shown["Description"], &shown["Parameters"]["comment"]),
        (&json!("made by hive"), &json!("made by hive"))
    );
    assert_eq!((&shown["Retention"], &shown["TableType"]), (&json!(0), &json!("MANAGED_TABLE")));
    let storage = &shown["StorageDescriptor"];
    assert_eq!(storage["Columns"], json!([{ "Name": "id", "Type": "int" }]));
    assert_eq!((&storage["Compressed"], &storage["BucketColumns"]), (&json!(false), &json!([])));
    assert!(storage["Location"].as_str().unwrap().ends_with("/managed/d.db/t"));
    assert_eq!(glue.ok("GetDatabase", json!({ "Name": "d" })).await["Database"].get("LocationUri"), None);

    let bare = json!({ "Name": "bare", "Description": "made by glue", "StorageDescriptor": { "Columns": [{ "Name": "Id" }] } });
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": bare })).await;
    let seen = hive.get_table("d", "bare").await.unwrap();
    assert_eq!(seen.table_type, hms::text("EXTERNAL_TABLE"));
    assert_eq!(seen.parameters, Some(hms::map(&[("comment", "made by glue")])));
    assert_eq!(seen.sd.unwrap().cols.unwrap()[0].name, hms::text("id"));
    let database = args::GetDatabase { name: hms::text("d") };
    let database = hive.call::<methods::GetDatabase>(database).await.unwrap();
    assert!(database.location_uri.unwrap().ends_with("/external/d.db"));
    assert!(database.owner_type.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_comment_or_place_by_hive_shows_in_glue() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    let described = json!({ "Name": "t", "Description": "old" });
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": described })).await;
    let mut table = hive.get_table("d", "t").await.unwrap();
    table.parameters = Some(hms::map(&[("comment", "new")]));
    let storage = table.sd.as_mut().unwrap();
    storage.cols = Some(hms::columns(&[("a", "int")]));
    alter(&mut hive, "t", table).await;
    let shown = get(&glue, "t").await;
    assert_eq!((&shown["Description"], shown["Parameters"].get("comment")), (&json!("new"), None));
    assert_eq!(shown["StorageDescriptor"]["Columns"], json!([{ "Name": "a", "Type": "int" }]));

    let mut database = types::Database { name: hms::text("d"), ..Default::default() };
    database.location_uri = hms::text("s3://elsewhere/d");
    let args = args::AlterDatabase { dbname: hms::text("d"), db: Some(database) };
    hive.call::<methods::AlterDatabase>(args).await.unwrap();
    assert_eq!(glue.ok("GetDatabase", json!({ "Name": "d" })).await["Database"]["LocationUri"], "s3://elsewhere/d");
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_the_same_in_both() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    let function = types::Function {
        function_name: hms::text("f"),
        db_name: hms::text("d"),
        class_name: hms::text("F"),
        owner_name: hms::text("ann"),
        owner_type: Some(types::PrincipalType::GROUP),
        function_type: Some(types::FunctionType::JAVA),
        resource_uris: Some(vec![types::ResourceUri {
            resource_type: Some(types::ResourceType::JAR),
            uri: hms::text("s3://b/f.jar"),
        }]),
        ..Default::default()
    };
    hive.call::<methods::CreateFunction>(args::CreateFunction { func: Some(function) }).await.unwrap();
    let input = json!({ "DatabaseName": "d", "FunctionName": "f" });
    let shown = glue.ok("GetUserDefinedFunction", input.clone()).await["UserDefinedFunction"].clone();
    assert_eq!((&shown["OwnerType"], &shown["FunctionType"]), (&json!("GROUP"), &json!("REGULAR_FUNCTION")));
    assert_eq!(shown["ResourceUris"], json!([{ "ResourceType": "JAR", "Uri": "s3://b/f.jar" }]));

    let update = json!({ "FunctionName": "f", "ClassName": "G", "GovernanceMode": "IAM_ONLY" });
    let update = json!({ "DatabaseName": "d", "FunctionName": "f", "FunctionInput": update });
    glue.ok("UpdateUserDefinedFunction", update).await;
    let get = args::GetFunction { db_name: hms::text("d"), func_name: hms::text("f") };
    let mut seen = hive.call::<methods::GetFunction>(get).await.unwrap();
    assert_eq!((seen.class_name.clone(), seen.owner_type), (hms::text("G"), Some(types::PrincipalType::USER)));
    seen.class_name = hms::text("H");
    let alter = args::AlterFunction { db_name: hms::text("d"), func_name: hms::text("f"), new_func: Some(seen) };
    hive.call::<methods::AlterFunction>(alter).await.unwrap();
    let shown = glue.ok("GetUserDefinedFunction", input).await["UserDefinedFunction"].clone();
    assert_eq!((&shown["ClassName"], &shown["GovernanceMode"]), (&json!("H"), &json!("IAM_ONLY")));
    assert_eq!(shown.get("FunctionType"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_table_of_glue_over_thrift_leaves_its_files_and_takes_its_tags() {
    let server = Server::start().await;
    let glue = server.client();
    let mut hive = server.hms.client().await;
    glue.create_database("d").await;
    let folder = server.hms.folder("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("file"), "x").unwrap();
    let table = json!({ "Name": "t", "StorageDescriptor": { "Location": format!("file:{}", folder.display()) } });
    let arn = json!({ "ResourceArn": "arn:aws:glue:us-east-1:123456789012:table/d/t" });
    let mut tag = arn.clone();
    tag["TagsToAdd"] = json!({ "a": "b" });
    let new = json!({ "DatabaseName": "d", "TableInput": table });
    glue.ok("CreateTable", new.clone()).await;
    glue.ok("TagResource", tag).await;
    let mut renamed = hive.get_table("d", "t").await.unwrap();
    renamed.table_name = hms::text("u");
    alter(&mut hive, "t", renamed.clone()).await;
    let new_arn = json!({ "ResourceArn": "arn:aws:glue:us-east-1:123456789012:table/d/u" });
    assert_eq!(glue.ok("GetTags", new_arn).await["Tags"], json!({ "a": "b" }));
    renamed.table_name = hms::text("t");
    alter(&mut hive, "u", renamed).await;
    let drop = args::DropTable { dbname: hms::text("d"), name: hms::text("t"), delete_data: Some(true) };
    hive.call::<methods::DropTable>(drop).await.unwrap();
    assert!(folder.join("file").exists());

    glue.ok("CreateTable", new).await;
    assert_eq!(glue.ok("GetTags", arn).await["Tags"], json!({}));
    glue.ok("DeleteDatabase", json!({ "Name": "d" })).await;
    assert!(folder.join("file").exists());
    hive.create_database("d").await;
    assert!(hive.get_table("d", "t").await.is_err());
}
