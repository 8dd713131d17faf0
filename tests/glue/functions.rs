use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Server};

async fn create(glue: &Client, database: &str, function: Value) {
    glue.ok("CreateUserDefinedFunction", json!({ "DatabaseName": database, "FunctionInput": function })).await;
}

async fn names(glue: &Client, input: Value) -> Vec<String> {
    let list = glue.pages("GetUserDefinedFunctions", input, "UserDefinedFunctions").await;
    list.iter().map(|function| function["FunctionName"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    let definitions = [
        json!({
            "FunctionName": "full", "ClassName": "com.acme.F", "OwnerName": "ann", "OwnerType": "ROLE",
            "FunctionType": "AGGREGATE_FUNCTION", "ArtifactLocation": "s3://b/x", "GovernanceMode": "IAM_ONLY",
            "ResourceUris": [{ "ResourceType": "JAR", "Uri": "s3://b/f.jar" }, { "ResourceType": "FILE", "Uri": "x" }],
        }),
        json!({ "FunctionName": "bare-one.x" }),
        json!({ "FunctionName": "e", "ResourceUris": [] }),
        json!({ "FunctionName": "odd", "OwnerType": "USER", "FunctionType": "REGULAR_FUNCTION",
                "ResourceUris": [{ "Uri": "x" }, { "ResourceType": "ARCHIVE" }] }),
    ];
    for definition in definitions {
        create(&glue, "d", definition.clone()).await;
        let input = json!({ "DatabaseName": "D", "FunctionName": definition["FunctionName"] });
        let mut found = glue.ok("GetUserDefinedFunction", input).await["UserDefinedFunction"].clone();
        let found = found.as_object_mut().unwrap();
        assert_eq!(found.remove("CatalogId"), Some(json!(ACCOUNT)));
        assert_eq!(found.remove("DatabaseName"), Some(json!("d")));
        assert!(found.remove("CreateTime").unwrap().as_f64().unwrap() > 1.7e9);
        assert_eq!(Value::Object(found.clone()), definition);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_are_regular_expressions_over_one_or_all_databases() {
    let server = Server::start().await;
    let glue = server.client();
    for database in ["d", "e"] {
        glue.create_database(database).await;
        for name in ["trino__sum.x__01", "trino__sumax__02", "plain"] {
            create(&glue, database, json!({ "FunctionName": name, "ClassName": "F" })).await;
        }
    }
    let quoted = r"trino__\Qsum.x\E__.*";
    assert_eq!(names(&glue, json!({ "DatabaseName": "d", "Pattern": quoted })).await, ["trino__sum.x__01"]);
    assert_eq!(names(&glue, json!({ "Pattern": ".*", "MaxResults": 4 })).await.len(), 6);
    assert_eq!(names(&glue, json!({ "Pattern": "plain" })).await, ["plain", "plain"]);
    assert_eq!(names(&glue, json!({ "DatabaseName": "e", "Pattern": "(plain|x)" })).await, ["plain"]);
    let aggregates = json!({ "Pattern": "*", "FunctionType": "AGGREGATE_FUNCTION" });
    assert!(names(&glue, aggregates).await.is_empty());
    glue.thrown("GetUserDefinedFunctions", json!({ "Pattern": "a(" }), "InvalidInputException").await;
    let nowhere = json!({ "DatabaseName": "x", "Pattern": "*" });
    assert_eq!(
        glue.thrown("GetUserDefinedFunctions", nowhere, "EntityNotFoundException").await,
        "Database x not found."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_are_replaced_renamed_and_deleted() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    create(&glue, "d", json!({ "FunctionName": "f", "ClassName": "F", "OwnerName": "ann" })).await;
    create(&glue, "d", json!({ "FunctionName": "taken", "ClassName": "F" })).await;
    let new = json!({ "DatabaseName": "d", "FunctionInput": { "FunctionName": "F", "ClassName": "F" } });
    glue.thrown("CreateUserDefinedFunction", new, "AlreadyExistsException").await;
    glue.thrown(
        "CreateUserDefinedFunction",
        json!({ "DatabaseName": "d", "FunctionInput": {} }),
        "InvalidInputException",
    )
    .await;
    let update = |definition: Value| json!({ "DatabaseName": "d", "FunctionName": "f", "FunctionInput": definition });
    glue.ok("UpdateUserDefinedFunction", update(json!({ "ClassName": "G" }))).await;
    let get = |name: &str| json!({ "DatabaseName": "d", "FunctionName": name });
    let found = glue.ok("GetUserDefinedFunction", get("f")).await["UserDefinedFunction"].clone();
    assert_eq!((&found["ClassName"], found.get("OwnerName")), (&json!("G"), None));
    glue.thrown("UpdateUserDefinedFunction", update(json!({ "FunctionName": "taken" })), "AlreadyExistsException")
        .await;
    glue.ok("UpdateUserDefinedFunction", update(json!({ "FunctionName": "g", "ClassName": "G" }))).await;
    glue.ok("GetUserDefinedFunction", get("g")).await;
    glue.ok("DeleteUserDefinedFunction", get("G")).await;
    for name in ["g", "f"] {
        glue.thrown("GetUserDefinedFunction", get(name), "EntityNotFoundException").await;
        glue.thrown("DeleteUserDefinedFunction", get(name), "EntityNotFoundException").await;
    }
}
