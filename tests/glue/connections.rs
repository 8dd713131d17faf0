use propolis::model::ResourceKey;
use serde_json::{Value, json};

use crate::support::{Client, Options, Server};

/// Whatever is secret in it, `hunter2` is part of it.
fn secretive(name: &str) -> Value {
    json!({
        "Name": name,
        "Description": "hives",
        "ConnectionType": "JDBC",
        "MatchCriteria": ["prod", "east"],
        "ConnectionProperties": {
            "JDBC_CONNECTION_URL": "jdbc:mysql://host:3306/db?password=hunter2",
            "USERNAME": "admin",
            "PASSWORD": "hunter2",
            "KAFKA_SASL_SCRAM_PASSWORD": "hunter2",
            "SECRET_ID": "name of a secret"
        },
        "SparkProperties": { "USERNAME": "spark", "sfPassword": "hunter2" },
        "PhysicalConnectionRequirements": { "SubnetId": "subnet-1", "SecurityGroupIdList": [] },
        "AuthenticationConfiguration": {
            "AuthenticationType": "BASIC",
            "BasicAuthenticationCredentials": { "Username": "admin", "Password": "hunter2" }
        }
    })
}

async fn get(glue: &Client, input: Value) -> Value {
    glue.ok("GetConnection", input).await["Connection"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_encrypted_in_the_database_and_shown_as_asked() {
    let server = Server::start().await;
    let glue = server.client();
    let created = glue.ok("CreateConnection", json!({ "ConnectionInput": secretive("c"), "Tags": { "a": "b" } })).await;
    assert_eq!(created["CreateConnectionStatus"], "READY");
    let stored = server.hms.catalog.resource(&ResourceKey::new("", "connection", "c")).await.unwrap().unwrap();
    let at_rest = serde_json::to_string(&stored.document).unwrap();
    assert!(at_rest.contains("hives") && !at_rest.contains("hunter2"), "{at_rest}");
    let arn = "arn:aws:glue:us-east-1:123456789012:connection/c";
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": arn })).await["Tags"], json!({ "a": "b" }));

    let shown = get(&glue, json!({ "Name": "c" })).await;
    let given = secretive("c");
    for member in [
        "Name",
        "Description",
        "ConnectionType",
        "MatchCriteria",
        "ConnectionProperties",
        "SparkProperties",
        "PhysicalConnectionRequirements",
    ] {
        assert_eq!(shown[member], given[member], "{member}");
    }
    assert_eq!(shown["AuthenticationConfiguration"], json!({ "AuthenticationType": "BASIC" }));
    assert_eq!([&shown["Status"], &shown["ConnectionSchemaVersion"]], [&json!("READY"), &json!(2)]);

    let hidden = get(&glue, json!({ "Name": "c", "HidePassword": true })).await;
    let names = hidden["ConnectionProperties"].as_object().unwrap().keys().collect::<Vec<_>>();
    assert_eq!(names, ["JDBC_CONNECTION_URL", "SECRET_ID", "USERNAME"]);
    assert_eq!(hidden["SparkProperties"], json!({ "USERNAME": "spark" }));
    let listed = glue.ok("GetConnections", json!({ "HidePassword": true })).await["ConnectionList"].clone();
    assert_eq!(listed, json!([hidden]));

    let for_spark = get(&glue, json!({ "Name": "c", "ApplyOverrideForComputeEnvironment": "SPARK" })).await;
    assert_eq!(for_spark["ConnectionProperties"]["USERNAME"], "spark");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_stay_encrypted_where_the_catalog_is_set_so() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateConnection", json!({ "ConnectionInput": secretive("c") })).await;
    let settings = json!({ "ConnectionPasswordEncryption": { "ReturnConnectionPasswordEncrypted": true } });
    glue.ok("PutDataCatalogEncryptionSettings", json!({ "DataCatalogEncryptionSettings": settings })).await;
    let properties = get(&glue, json!({ "Name": "c" })).await["ConnectionProperties"].clone();
    assert_eq!(properties["PASSWORD"], Value::Null);
    let encrypted = properties["ENCRYPTED_PASSWORD"].as_str().unwrap();
    assert!(encrypted.len() > 20 && encrypted != "hunter2");
    assert_eq!(properties["USERNAME"], "admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_found_by_what_they_are_for() {
    let server = Server::start().await;
    let glue = server.client();
    for (name, kind, criteria) in [
        ("east", "JDBC", json!(["prod", "east"])),
        ("west", "JDBC", json!(["prod", "west"])),
        ("queue", "KAFKA", json!(["prod", "east"])),
        ("shop", "SALESFORCE", json!([])),
    ] {
        let input =
            json!({ "Name": name, "ConnectionType": kind, "ConnectionProperties": {}, "MatchCriteria": criteria });
        glue.ok("CreateConnection", json!({ "ConnectionInput": input })).await;
    }
    for (filter, expected) in [
        (json!({}), vec!["east", "queue", "shop", "west"]),
        (json!({ "ConnectionType": "JDBC" }), vec!["east", "west"]),
        (json!({ "MatchCriteria": ["east", "prod"] }), vec!["east", "queue"]),
        (json!({ "MatchCriteria": ["east"], "ConnectionType": "KAFKA" }), vec!["queue"]),
        (json!({ "ConnectionSchemaVersion": 2 }), vec!["shop"]),
        (json!({ "MatchCriteria": ["south"] }), vec![]),
    ] {
        let input = json!({ "Filter": filter, "MaxResults": 1 });
        let found = glue.pages("GetConnections", input, "ConnectionList").await;
        let names: Vec<_> = found.iter().map(|connection| connection["Name"].as_str().unwrap()).collect();
        assert_eq!(names, expected, "{filter}");
    }
    let names = json!({ "ConnectionNameList": ["east", "nowhere", "shop"] });
    let deleted = glue.ok("BatchDeleteConnection", names).await;
    assert_eq!(deleted["Succeeded"], json!(["east", "shop"]));
    assert_eq!(deleted["Errors"]["nowhere"]["ErrorCode"], "EntityNotFoundException");
    assert_eq!(glue.pages("GetConnections", json!({}), "ConnectionList").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_the_whole_definition() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateConnection", json!({ "ConnectionInput": secretive("c") })).await;
    glue.thrown("CreateConnection", json!({ "ConnectionInput": secretive("c") }), "AlreadyExistsException").await;
    let update = |input: Value| json!({ "Name": "c", "ConnectionInput": input });
    let plain = json!({ "Name": "c", "ConnectionType": "NETWORK", "ConnectionProperties": { "x": "y" } });
    glue.ok("UpdateConnection", update(plain)).await;
    let after = get(&glue, json!({ "Name": "c" })).await;
    assert_eq!(after["ConnectionProperties"], json!({ "x": "y" }));
    assert_eq!([&after["Description"], &after["SparkProperties"]], [&Value::Null, &Value::Null]);

    for (input, code, what) in [
        (secretive("d"), "InvalidInputException", "cannot be renamed"),
        (json!({ "Name": "c", "ConnectionType": "FAX", "ConnectionProperties": {} }), "ValidationException", "'FAX'"),
    ] {
        let message = glue.thrown("UpdateConnection", update(input), code).await;
        assert!(message.contains(what), "{message}");
    }
    let missing = json!({ "Name": "d", "ConnectionInput": secretive("d") });
    glue.thrown("UpdateConnection", missing, "EntityNotFoundException").await;
    glue.ok("DeleteConnection", json!({ "ConnectionName": "c" })).await;
    glue.thrown("GetConnection", json!({ "Name": "c" }), "EntityNotFoundException").await;
    glue.thrown("DeleteConnection", json!({ "ConnectionName": "c" }), "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_could_not_work_are_refused() {
    let server = Server::start().await;
    let glue = server.client();
    let with = |properties: Value| json!({ "ConnectionInput": { "Name": "c", "ConnectionType": "JDBC", "ConnectionProperties": properties } });
    for (properties, what) in [
        (json!({ "JDBC_ENFORCE_SSL": "maybe" }), "JDBC_ENFORCE_SSL"),
        (json!({ "PORT": "70000" }), "PORT 70000"),
        (json!({ "JDBC_CONNECTION_URL": "mysql://u:hunter2@h" }), "jdbc:"),
        (json!({ "KAFKA_SASL_MECHANISM": "MAGIC" }), "SCRAM-SHA-512"),
    ] {
        let message = glue.thrown("CreateConnection", with(properties), "InvalidInputException").await;
        assert!(message.contains(what) && !message.contains("hunter2"), "{message}");
    }
    let mut unproven = with(json!({}));
    unproven["ConnectionInput"]["ValidateCredentials"] = json!(true);
    glue.thrown("CreateConnection", unproven, "OperationNotSupportedException").await;
    let mut keyless = with(json!({}));
    keyless["ConnectionInput"]["AuthenticationConfiguration"] = json!({ "AuthenticationType": "OAUTH2" });
    assert!(glue.thrown("CreateConnection", keyless, "InvalidInputException").await.contains("OAuth2Properties"));
    let mut elsewhere = with(json!({}));
    elsewhere["CatalogId"] = json!("other");
    assert!(
        glue.thrown("CreateConnection", elsewhere, "InvalidInputException").await.contains("belong to the account")
    );
    let test = json!({ "ConnectionName": "c" });
    assert!(glue.thrown("TestConnection", test, "OperationNotSupportedException").await.contains("TestConnection"));
    assert_eq!(glue.ok("GetConnections", json!({})).await["ConnectionList"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_service_is_imitated_each_type_needs_its_properties() {
    let mut options = Options::default();
    options.settings.strict = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    let with = |kind: &str, properties: Value| json!({ "ConnectionInput": { "Name": "c", "ConnectionType": kind, "ConnectionProperties": properties } });
    for (kind, properties, what) in [
        ("JDBC", json!({ "USERNAME": "u", "PASSWORD": "p" }), "JDBC_CONNECTION_URL, or HOST and PORT"),
        ("JDBC", json!({ "JDBC_CONNECTION_URL": "jdbc:mysql://h/d", "USERNAME": "u" }), "SECRET_ID"),
        ("KAFKA", json!({}), "KAFKA_BOOTSTRAP_SERVERS"),
        ("NETWORK", json!({}), "SubnetId"),
    ] {
        let message = glue.thrown("CreateConnection", with(kind, properties), "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    let unknown = glue.thrown("CreateConnection", with("JDBC", json!({ "key": "v" })), "ValidationException").await;
    assert!(unknown.contains("JDBC_CONNECTION_URL"), "{unknown}");
    let whole = json!({ "JDBC_CONNECTION_URL": "jdbc:mysql://h/d", "SECRET_ID": "s" });
    glue.ok("CreateConnection", with("JDBC", whole)).await;
}
