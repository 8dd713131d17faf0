use serde_json::{Value, json};

use super::{INT, LONG, available, create_registry, create_schema, failure, id, register};
use crate::support::{Client, Options, Server};

/// A record with fields that have defaults.
fn record(fields: &[&str]) -> String {
    let fields: Vec<Value> = fields.iter().map(|name| json!({ "name": name, "type": "int", "default": 0 })).collect();
    json!({ "type": "record", "name": "R", "fields": fields }).to_string()
}

async fn latest(glue: &Client, name: &str) -> Value {
    let found = glue.ok("GetSchema", json!({ "SchemaId": id(name) })).await;
    json!([found["LatestSchemaVersion"], found["NextSchemaVersion"], found["SchemaCheckpoint"]])
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_numbered_and_found() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    let first = create_schema(&glue, "s", "BACKWARD", &record(&["a"])).await;
    assert_eq!(register(&glue, "s", &record(&["a", "b"])).await, available(2));
    let laid_out = serde_json::to_string_pretty(&serde_json::from_str::<Value>(&record(&["a"])).unwrap()).unwrap();
    assert_eq!(register(&glue, "s", &laid_out).await, available(1), "the same definition is the same version");
    let found = glue.ok("GetSchemaByDefinition", json!({ "SchemaId": id("s"), "SchemaDefinition": laid_out })).await;
    assert_eq!((&found["SchemaVersionId"], &found["Status"]), (&json!(first), &json!("AVAILABLE")));

    let latest =
        glue.ok("GetSchemaVersion", json!({ "SchemaId": id("s"), "SchemaVersionNumber": { "LatestVersion": true } }));
    let latest = latest.await;
    assert_eq!((&latest["VersionNumber"], &latest["SchemaDefinition"]), (&json!(2), &json!(record(&["a", "b"]))));
    let versions = glue.pages("ListSchemaVersions", json!({ "SchemaId": id("s"), "MaxResults": 1 }), "Schemas").await;
    let numbers: Vec<_> = versions.iter().map(|version| &version["VersionNumber"]).collect();
    assert_eq!(numbers, [1, 2]);
    assert_eq!(versions[0]["SchemaVersionId"], first);
}

#[tokio::test(flavor = "multi_thread")]
async fn incompatible_versions_are_kept_as_failures_and_do_not_count() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "BACKWARD", LONG).await;
    assert_eq!(register(&glue, "s", INT).await, failure(2));
    assert_eq!(register(&glue, "s", INT).await, failure(2), "a repeated request makes no second failure");
    assert_eq!(latest(&glue, "s").await, json!([1, 3, 1]));
    assert_eq!(register(&glue, "s", r#""double""#).await, available(3), "compared with 1, not with 2");

    // The same definition passes where nothing is checked any more.
    glue.ok("UpdateSchema", json!({ "SchemaId": id("s"), "Compatibility": "NONE" })).await;
    assert_eq!(register(&glue, "s", INT).await, available(4));
    assert_eq!(latest(&glue, "s").await, json!([4, 5, 3]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_takes_no_versions_says_so() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "DISABLED", INT).await;
    let input = json!({ "SchemaId": id("s"), "SchemaDefinition": INT });
    assert_eq!(
        glue.thrown("RegisterSchemaVersion", input, "InvalidInputException").await,
        "Compatibility DISABLED does not allow versioning. SchemaId: SchemaId(schemaArn=null, schemaName=s, registryName=bees)"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_without_a_definition_waits_for_its_first_version() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    let input = json!({
        "RegistryId": { "RegistryName": "bees" }, "SchemaName": "s", "DataFormat": "AVRO", "Compatibility": "DISABLED"
    });
    let made = glue.ok("CreateSchema", input).await;
    assert!(!made.contains_key("SchemaVersionId") && !made.contains_key("LatestSchemaVersion"));
    assert_eq!(register(&glue, "s", INT).await, available(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_versions_count_from_the_checkpoint_on() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    // Each reads the one before it, and 3 does not read 1: "b" was a text there.
    let text = r#"{"type": "record", "name": "R", "fields": [{"name": "b", "type": "string", "default": ""}]}"#;
    for (name, mode) in [("last", "BACKWARD"), ("all", "BACKWARD_ALL")] {
        create_schema(&glue, name, mode, text).await;
        assert_eq!(register(&glue, name, &record(&["a"])).await, available(2));
    }
    assert_eq!(register(&glue, "last", &record(&["a", "b"])).await, available(3));
    assert_eq!(register(&glue, "all", &record(&["a", "b"])).await, failure(3));

    let checkpoint = |number: i64| json!({ "SchemaId": id("all"), "SchemaVersionNumber": { "VersionNumber": number } });
    let message = glue.thrown("UpdateSchema", checkpoint(3), "InvalidInputException").await;
    assert!(message.contains("failed its compatibility check"), "{message}");
    glue.thrown("UpdateSchema", checkpoint(9), "EntityNotFoundException").await;
    glue.ok("UpdateSchema", checkpoint(2)).await;
    assert_eq!(register(&glue, "all", &record(&["a", "b"])).await, available(4));
    assert_eq!(latest(&glue, "all").await, json!([4, 5, 2]));
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_deleted_one_by_one_or_in_ranges() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "NONE", &record(&["f1"])).await;
    for at in 2..=6 {
        assert_eq!(register(&glue, "s", &record(&[&format!("f{at}")])).await, available(at));
    }
    let delete = |versions: &str| json!({ "SchemaId": id("s"), "Versions": versions });
    let message = glue.thrown("DeleteSchemaVersions", delete("1-3"), "InvalidInputException").await;
    assert!(message.contains("first version"), "{message}");
    let message = glue.thrown("DeleteSchemaVersions", delete("5-2"), "InvalidInputException").await;
    assert!(message.contains("ends before it begins"), "{message}");
    assert_eq!(glue.ok("DeleteSchemaVersions", delete("3")).await["SchemaVersionErrors"], json!([]));
    let errors = glue.ok("DeleteSchemaVersions", delete("2-4")).await["SchemaVersionErrors"].clone();
    assert_eq!(errors[0]["VersionNumber"], 3);
    assert_eq!(errors[0]["ErrorDetails"]["ErrorCode"], "EntityNotFoundException");
    assert_eq!(errors.as_array().unwrap().len(), 1);
    let errors = glue.ok("DeleteSchemaVersions", delete("50-90000")).await["SchemaVersionErrors"].clone();
    assert_eq!(errors.as_array().unwrap().len(), 1, "what was never there is not counted up");

    glue.ok("UpdateSchema", json!({ "SchemaId": id("s"), "SchemaVersionNumber": { "VersionNumber": 5 } })).await;
    let message = glue.thrown("DeleteSchemaVersions", delete("5-6"), "InvalidInputException").await;
    assert!(message.contains("checkpoint"), "{message}");
    glue.ok("DeleteSchemaVersions", delete("6")).await;
    assert_eq!(latest(&glue, "s").await, json!([5, 7, 5]));
    assert_eq!(register(&glue, "s", &record(&["f6"])).await, available(7), "numbers are not given out twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_are_shown_from_the_first_to_the_second() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "BACKWARD", r#"{"type": "int"}"#).await;
    register(&glue, "s", r#"{"type": "long"}"#).await;
    let input = json!({
        "SchemaId": id("s"), "SchemaDiffType": "SYNTAX_DIFF",
        "FirstSchemaVersionNumber": { "VersionNumber": 1 }, "SecondSchemaVersionNumber": { "LatestVersion": true }
    });
    let diff = glue.ok("GetSchemaVersionsDiff", input).await["Diff"].clone();
    assert_eq!(diff, r#"[{"op":"replace","path":"/type","value":"long"}]"#);
}

const OPEN: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
const OPEN_MORE: &str = r#"{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}}"#;
const PROTO: &str = "syntax = \"proto3\"; message M { int32 a = 1; }";
const PROTO_TEXT: &str = "syntax = \"proto3\"; message M { string a = 1; }";

/// The status of a second version.
async fn second(glue: &Client, format: &str, mode: &str, first: &str, second: &str) -> String {
    let name = format!("{format}-{mode}-{}", second.len());
    let input = json!({
        "RegistryId": { "RegistryName": "bees" }, "SchemaName": name, "DataFormat": format, "Compatibility": mode,
        "SchemaDefinition": first
    });
    glue.ok("CreateSchema", input).await;
    register(glue, &name, second).await.1
}

#[tokio::test(flavor = "multi_thread")]
async fn each_format_is_checked_by_its_own_rules() {
    for strict in [false, true] {
        let mut options = Options::default();
        options.settings.strict = strict;
        let server = Server::start_with(options).await;
        let glue = server.client();
        create_registry(&glue).await;
        // An open object may have held the new property before: to the letter, that is not compatible.
        let open = if strict { "FAILURE" } else { "AVAILABLE" };
        assert_eq!(second(&glue, "JSON", "BACKWARD", OPEN, OPEN_MORE).await, open);
        assert_eq!(second(&glue, "JSON", "FORWARD", OPEN, OPEN_MORE).await, "AVAILABLE");
        assert_eq!(second(&glue, "JSON", "FULL", OPEN, r#"{"type": "string"}"#).await, "FAILURE");
        assert_eq!(second(&glue, "PROTOBUF", "FULL_ALL", PROTO, PROTO_TEXT).await, "FAILURE");
        assert_eq!(second(&glue, "PROTOBUF", "FULL", PROTO, &PROTO.replace("int32", "int64")).await, "AVAILABLE");
        assert_eq!(second(&glue, "AVRO", "FORWARD_ALL", LONG, INT).await, "AVAILABLE");
        assert_eq!(second(&glue, "AVRO", "NONE", LONG, r#""string""#).await, "AVAILABLE");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registering_at_the_same_time_gives_each_definition_one_number() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "NONE", &record(&[])).await;
    let calls = (0..12).map(|at| {
        let glue = glue.clone();
        async move { register(&glue, "s", &record(&[&format!("f{}", at % 4)])).await }
    });
    let mut answers = futures::future::join_all(calls).await;
    answers.sort();
    answers.dedup();
    assert_eq!(answers, [available(2), available(3), available(4), available(5)]);
}
