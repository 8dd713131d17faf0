//! The schema registry.

mod evolution;
mod metadata;

use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Server};

const INT: &str = r#""int""#;
const LONG: &str = r#""long""#;

fn registry_arn(registry: &str) -> String {
    format!("arn:aws:glue:us-east-1:{ACCOUNT}:registry/{registry}")
}

fn schema_arn(registry: &str, schema: &str) -> String {
    format!("arn:aws:glue:us-east-1:{ACCOUNT}:schema/{registry}/{schema}")
}

fn id(schema: &str) -> Value {
    json!({ "RegistryName": "bees", "SchemaName": schema })
}

async fn create_registry(glue: &Client) {
    glue.ok("CreateRegistry", json!({ "RegistryName": "bees" })).await;
}

/// A schema in the registry `bees`; the id of its first version.
async fn create_schema(glue: &Client, name: &str, compatibility: &str, definition: &str) -> String {
    let input = json!({
        "RegistryId": { "RegistryName": "bees" }, "SchemaName": name, "DataFormat": "AVRO",
        "Compatibility": compatibility, "SchemaDefinition": definition
    });
    let answer = glue.ok("CreateSchema", input).await;
    answer["SchemaVersionId"].as_str().unwrap().to_owned()
}

/// The number and the status of the version that holds a definition.
async fn register(glue: &Client, name: &str, definition: &str) -> (i64, String) {
    let answer =
        glue.ok("RegisterSchemaVersion", json!({ "SchemaId": id(name), "SchemaDefinition": definition })).await;
    (answer["VersionNumber"].as_i64().unwrap(), answer["Status"].as_str().unwrap().to_owned())
}

fn available(number: i64) -> (i64, String) {
    (number, "AVAILABLE".to_owned())
}

fn failure(number: i64) -> (i64, String) {
    (number, "FAILURE".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn registries_are_made_changed_and_deleted() {
    let server = Server::start().await;
    let glue = server.client();
    let input = json!({ "RegistryName": "bees", "Description": "of bees", "Tags": { "team": "hive" } });
    let made = glue.ok("CreateRegistry", input.clone()).await;
    assert_eq!(made["RegistryArn"], registry_arn("bees"));
    assert_eq!(made["Tags"], json!({ "team": "hive" }));
    let message = glue.thrown("CreateRegistry", input, "AlreadyExistsException").await;
    assert_eq!(message, "Registry already exists. RegistryName: bees");

    let by_arn = json!({ "RegistryId": { "RegistryArn": registry_arn("bees") } });
    glue.ok("UpdateRegistry", json!({ "RegistryId": { "RegistryName": "bees" }, "Description": "new" })).await;
    let found = glue.ok("GetRegistry", by_arn.clone()).await;
    assert_eq!((&found["Description"], &found["Status"]), (&json!("new"), &json!("AVAILABLE")));
    assert!(found["CreatedTime"].as_str().unwrap() < found["UpdatedTime"].as_str().unwrap());
    let tags = glue.ok("GetTags", json!({ "ResourceArn": registry_arn("bees") })).await;
    assert_eq!(tags["Tags"], json!({ "team": "hive" }));

    assert_eq!(glue.ok("DeleteRegistry", by_arn.clone()).await["Status"], "DELETING");
    let message = glue.thrown("GetRegistry", by_arn.clone(), "EntityNotFoundException").await;
    assert_eq!(message, "Registry is not found. RegistryName: bees");
    glue.thrown("DeleteRegistry", by_arn, "EntityNotFoundException").await;
    create_registry(&glue).await;
    let tags = glue.ok("GetTags", json!({ "ResourceArn": registry_arn("bees") })).await;
    assert_eq!(tags["Tags"], json!({}), "tags do not wait for the next registry of the name");
}

#[tokio::test(flavor = "multi_thread")]
async fn registries_are_limited_and_come_in_pages() {
    let server = Server::start().await;
    let glue = server.client();
    for at in 0..10 {
        glue.ok("CreateRegistry", json!({ "RegistryName": format!("r{at}") })).await;
    }
    let message =
        glue.thrown("CreateRegistry", json!({ "RegistryName": "more" }), "ResourceNumberLimitExceededException").await;
    assert_eq!(message, "More registries cannot be created. The maximum limit has been reached.");
    glue.ok("CreateSchema", json!({ "SchemaName": "s", "DataFormat": "AVRO", "SchemaDefinition": INT })).await;
    let all = glue.pages("ListRegistries", json!({ "MaxResults": 4 }), "Registries").await;
    let names: Vec<&str> = all.iter().map(|registry| registry["RegistryName"].as_str().unwrap()).collect();
    assert_eq!(names, ["default-registry", "r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"]);
    glue.thrown("ListRegistries", json!({ "NextToken": "made up" }), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_made_changed_and_deleted() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    let input = json!({
        "RegistryId": { "RegistryArn": registry_arn("bees") }, "SchemaName": "flight", "DataFormat": "AVRO",
        "Compatibility": "FULL", "Description": "of flights", "SchemaDefinition": INT, "Tags": { "team": "hive" }
    });
    let made = glue.ok("CreateSchema", input.clone()).await;
    assert_eq!(made["SchemaArn"], schema_arn("bees", "flight"));
    assert_eq!((&made["LatestSchemaVersion"], &made["NextSchemaVersion"]), (&json!(1), &json!(2)));
    assert_eq!((&made["SchemaCheckpoint"], &made["SchemaVersionStatus"]), (&json!(1), &json!("AVAILABLE")));
    let message = glue.thrown("CreateSchema", input, "AlreadyExistsException").await;
    assert_eq!(message, "Schema already exists. SchemaName: flight");

    glue.ok("UpdateSchema", json!({ "SchemaId": id("flight"), "Description": "new" })).await;
    let found = glue.ok("GetSchema", json!({ "SchemaId": { "SchemaArn": schema_arn("bees", "flight") } })).await;
    assert_eq!((&found["Description"], &found["Compatibility"]), (&json!("new"), &json!("FULL")));
    assert_eq!((&found["DataFormat"], &found["RegistryArn"]), (&json!("AVRO"), &json!(registry_arn("bees"))));

    let version = json!({ "SchemaVersionId": made["SchemaVersionId"] });
    assert_eq!(glue.ok("GetSchemaVersion", version.clone()).await["SchemaDefinition"], INT);
    assert_eq!(glue.ok("DeleteSchema", json!({ "SchemaId": id("flight") })).await["Status"], "DELETING");
    let message = glue.thrown("GetSchema", json!({ "SchemaId": id("flight") }), "EntityNotFoundException").await;
    assert_eq!(message, "Schema is not found. RegistryName: bees, SchemaName: flight, SchemaArn: null");
    glue.thrown("GetSchemaVersion", version, "EntityNotFoundException").await;
    create_schema(&glue, "flight", "NONE", INT).await;
    let tags = glue.ok("GetTags", json!({ "ResourceArn": schema_arn("bees", "flight") })).await;
    assert_eq!(tags["Tags"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_takes_its_schemas_and_their_tags_with_it() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "a", "NONE", INT).await;
    let arn = schema_arn("bees", "a");
    glue.ok("TagResource", json!({ "ResourceArn": arn, "TagsToAdd": { "k": "v" } })).await;
    glue.ok("DeleteRegistry", json!({ "RegistryId": { "RegistryName": "bees" } })).await;
    glue.thrown("GetSchema", json!({ "SchemaId": id("a") }), "EntityNotFoundException").await;
    create_registry(&glue).await;
    create_schema(&glue, "a", "NONE", INT).await;
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": arn })).await["Tags"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn schemas_are_listed_by_registry_or_all() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    for name in ["b", "a", "c"] {
        create_schema(&glue, name, "NONE", INT).await;
    }
    glue.ok("CreateSchema", json!({ "SchemaName": "z", "DataFormat": "AVRO", "SchemaDefinition": INT })).await;
    let names = |schemas: Vec<Value>| -> Vec<String> {
        schemas
            .iter()
            .map(|schema| schema["SchemaArn"].as_str().unwrap().rsplit_once(":schema/").unwrap().1.to_owned())
            .collect()
    };
    let all = glue.pages("ListSchemas", json!({ "MaxResults": 3 }), "Schemas").await;
    assert_eq!(names(all), ["bees/a", "bees/b", "bees/c", "default-registry/z"]);
    let own =
        glue.pages("ListSchemas", json!({ "RegistryId": { "RegistryName": "bees" }, "MaxResults": 2 }), "Schemas");
    assert_eq!(names(own.await), ["bees/a", "bees/b", "bees/c"]);
    glue.thrown("ListSchemas", json!({ "RegistryId": { "RegistryName": "none" } }), "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_nothing_or_too_much_is_refused() {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    create_schema(&glue, "s", "NONE", INT).await;
    let version = "00000000-0000-0000-0000-000000000000";
    let both = json!({ "SchemaArn": schema_arn("bees", "s"), "SchemaName": "s" });
    let arn = |arn: &str| json!({ "SchemaId": { "SchemaArn": arn } });
    let selected = |number: Value| json!({ "SchemaId": id("s"), "SchemaVersionNumber": number });
    for (operation, input, message) in [
        (
            "GetRegistry",
            json!({ "RegistryId": { "RegistryName": "bees", "RegistryArn": registry_arn("bees") } }),
            "both cannot be provided",
        ),
        (
            "GetRegistry",
            json!({ "RegistryId": { "RegistryArn": schema_arn("bees", "s") } }),
            "Parameter Name: registryArn",
        ),
        ("GetSchema", json!({ "SchemaId": both }), "both cannot be provided"),
        ("GetSchema", json!({ "SchemaId": { "SchemaName": "s" } }), "At least one of"),
        ("GetSchema", arn(&registry_arn("bees")), "Parameter Name: schemaArn"),
        ("GetSchema", arn("arn:aws:glue:us-east-1"), "is no ARN"),
        ("GetSchemaVersion", json!({}), "At least one of"),
        ("GetSchemaVersion", json!({ "SchemaVersionNumber": { "LatestVersion": true } }), "At least one of"),
        ("GetSchemaVersion", json!({ "SchemaId": id("s") }), "One of version number (or) latest version is required."),
        ("GetSchemaVersion", selected(json!({})), "One of version number (or) latest version is required."),
        ("GetSchemaVersion", selected(json!({ "LatestVersion": true, "VersionNumber": 1 })), "Only one of"),
        ("GetSchemaVersion", json!({ "SchemaVersionId": version, "SchemaId": id("s") }), "No other input parameters"),
        (
            "GetSchemaVersion",
            json!({ "SchemaVersionId": version.replace('0', "p") }),
            "Parameter Name: SchemaVersionId",
        ),
        ("CreateRegistry", json!({ "RegistryName": "a,b" }), "not valid. Parameter Name: registryName"),
        (
            "CreateRegistry",
            json!({ "RegistryName": "x".repeat(256) }),
            "too few characters. Parameter Name: registryName",
        ),
        ("CreateSchema", json!({ "SchemaName": "t", "DataFormat": "XML" }), "Data format is not valid."),
        (
            "CreateSchema",
            json!({ "SchemaName": "t", "DataFormat": "AVRO", "Compatibility": "x" }),
            "Compatibility is not valid.",
        ),
        (
            "CreateSchema",
            json!({ "SchemaName": "t", "DataFormat": "AVRO", "SchemaDefinition": "{" }),
            "Schema definition of AVRO data format is invalid",
        ),
        (
            "CreateSchema",
            json!({ "SchemaName": "t", "DataFormat": "AVRO", "SchemaDefinition": " \n" }),
            "Parameter Name: SchemaDefinition",
        ),
        ("DeleteSchemaVersions", json!({ "SchemaId": id("s"), "Versions": "0-3" }), "Parameter Name: versions"),
        (
            "DeleteSchemaVersions",
            json!({ "SchemaId": id("s"), "Versions": "99999999999999999999" }),
            "two with a hyphen",
        ),
    ] {
        let found = glue.thrown(operation, input.clone(), "InvalidInputException").await;
        assert!(found.contains(message), "{operation} {input}: {found}");
    }
    for (operation, input) in [
        ("GetSchemaVersion", json!({ "SchemaVersionId": version })),
        ("GetSchemaVersion", selected(json!({ "VersionNumber": 2 }))),
        ("CreateSchema", json!({ "RegistryId": { "RegistryName": "none" }, "SchemaName": "s", "DataFormat": "AVRO" })),
        ("RegisterSchemaVersion", json!({ "SchemaId": id("none"), "SchemaDefinition": INT })),
        ("GetSchemaByDefinition", json!({ "SchemaId": id("s"), "SchemaDefinition": LONG })),
    ] {
        let found = glue.thrown(operation, input.clone(), "EntityNotFoundException").await;
        assert!(found.contains("is not found."), "{operation} {input}: {found}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_are_checked_without_being_kept() {
    let server = Server::start().await;
    let glue = server.client();
    for (format, definition, valid) in [
        ("AVRO", INT, true),
        ("AVRO", r#"{"type": "record"}"#, false),
        ("JSON", r#"{"type": "object"}"#, true),
        ("JSON", r#"{"type": "text"}"#, false),
        ("PROTOBUF", "syntax = \"proto3\";\nmessage M {}\n", true),
        ("PROTOBUF", "message M {", false),
    ] {
        let input = json!({ "DataFormat": format, "SchemaDefinition": definition });
        let answer = glue.ok("CheckSchemaVersionValidity", input).await;
        assert_eq!(answer["Valid"], valid, "{definition}");
        assert_eq!(answer.contains_key("Error"), !valid, "{definition}");
    }
    assert_eq!(glue.ok("ListRegistries", json!({})).await["Registries"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn separate_regions_have_registries_of_their_own() {
    let mut options = crate::support::Options::default();
    options.settings.separate_regions = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    create_registry(&glue).await;
    let id = create_schema(&glue, "s", "NONE", INT).await;
    let signed_for = |region: &str| {
        let request = glue.http.post(&glue.url).header("X-Amz-Target", "AWSGlue.GetSchemaVersion");
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=KEY/20260101/{region}/glue/aws4_request, SignedHeaders=host, Signature=00"
        );
        request
            .header("Authorization", scope)
            .header("X-Amz-Date", "20260101T000000Z")
            .body(json!({ "SchemaVersionId": id }).to_string())
    };
    let home = crate::support::answered(signed_for("us-east-1").send().await.unwrap()).await.unwrap();
    assert_eq!(home["SchemaDefinition"], INT);
    let abroad = crate::support::answered(signed_for("us-east-2").send().await.unwrap()).await.unwrap_err();
    assert_eq!(abroad.code, "EntityNotFoundException");
}
