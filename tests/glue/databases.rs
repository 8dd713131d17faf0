use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Options, Server};

async fn names(glue: &Client) -> Vec<String> {
    let list = glue.pages("GetDatabases", json!({ "MaxResults": 2 }), "DatabaseList").await;
    list.iter().map(|database| database["Name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_comes_back_as_it_was_given() {
    let server = Server::start().await;
    let glue = server.client();
    let full = json!({
        "Name": "full", "Description": "", "LocationUri": "s3://bucket/any", "Parameters": { "k": "" },
        "CreateTableDefaultPermissions": [
            { "Principal": { "DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS" }, "Permissions": ["ALL"] }
        ],
        "FederatedDatabase": { "Identifier": "x", "ConnectionName": "aws:s3tables" },
    });
    let link = json!({
        "Name": "link", "TargetDatabase": { "CatalogId": "210987654321", "DatabaseName": "x", "Region": "eu-west-1" },
    });
    for definition in [full, link, json!({ "Name": "bare" }), json!({ "Name": "e", "Parameters": {} })] {
        glue.ok("CreateDatabase", json!({ "DatabaseInput": definition, "CatalogId": ACCOUNT })).await;
        let mut shown = glue.ok("GetDatabase", json!({ "Name": definition["Name"] })).await["Database"].clone();
        let shown = shown.as_object_mut().unwrap();
        assert_eq!(shown.remove("CatalogId"), Some(json!(ACCOUNT)));
        assert!(shown.remove("CreateTime").unwrap().as_f64().unwrap() > 1.7e9);
        assert_eq!(Value::Object(shown.clone()), definition);
    }
    assert!(!server.hms.folder("external").exists(), "no folder is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_folded_and_may_be_any_text() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("Bees-2026.x \u{1f41d}/..").await;
    let found = glue.ok("GetDatabase", json!({ "Name": "BEES-2026.X \u{1f41d}/.." })).await;
    assert_eq!(found["Database"]["Name"], "bees-2026.x \u{1f41d}/..");
    let again = json!({ "DatabaseInput": { "Name": "bees-2026.X \u{1f41d}/.." } });
    assert_eq!(glue.thrown("CreateDatabase", again, "AlreadyExistsException").await, "Database already exists.");
    glue.thrown("CreateDatabase", json!({ "DatabaseInput": { "Name": "  " } }), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_replaces_all_and_may_rename() {
    let server = Server::start().await;
    let glue = server.client();
    let first = json!({ "Name": "d", "Description": "x", "LocationUri": "s3://b/d", "Parameters": { "a": "1" } });
    glue.ok("CreateDatabase", json!({ "DatabaseInput": first, "Tags": { "team": "bees" } })).await;
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "t" } })).await;
    glue.ok("UpdateDatabase", json!({ "Name": "D", "DatabaseInput": { "Name": "d", "Parameters": { "b": "2" } } }))
        .await;
    let found = glue.ok("GetDatabase", json!({ "Name": "d" })).await["Database"].clone();
    assert_eq!(found["Parameters"], json!({ "b": "2" }));
    assert_eq!((found.get("Description"), found.get("LocationUri")), (None, None));

    glue.create_database("taken").await;
    let rename = |to: &str| json!({ "Name": "d", "DatabaseInput": { "Name": to } });
    glue.thrown("UpdateDatabase", rename("taken"), "AlreadyExistsException").await;
    glue.ok("GetTable", json!({ "DatabaseName": "d", "Name": "t" })).await;
    glue.ok("UpdateDatabase", rename("e")).await;
    let table = glue.ok("GetTable", json!({ "DatabaseName": "e", "Name": "t" })).await;
    assert_eq!(table["Table"]["DatabaseName"], "e");
    let message = glue.thrown("GetTable", json!({ "DatabaseName": "d", "Name": "t" }), "EntityNotFoundException").await;
    assert_eq!(message, "Database d not found.");
    let arn = json!({ "ResourceArn": format!("arn:aws:glue:us-east-1:{ACCOUNT}:database/e") });
    assert_eq!(glue.ok("GetTags", arn).await["Tags"], json!({ "team": "bees" }));
    let message = glue.thrown("UpdateDatabase", rename("f"), "EntityNotFoundException").await;
    assert_eq!(message, "Database d not found.");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_takes_all_that_is_in_it() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateDatabase", json!({ "DatabaseInput": { "Name": "d" }, "Tags": { "team": "bees" } })).await;
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "t" } })).await;
    let function = json!({ "FunctionName": "f", "ClassName": "F" });
    glue.ok("CreateUserDefinedFunction", json!({ "DatabaseName": "d", "FunctionInput": function })).await;
    glue.ok("DeleteDatabase", json!({ "Name": "d" })).await;
    let message = glue.thrown("DeleteDatabase", json!({ "Name": "d" }), "EntityNotFoundException").await;
    assert_eq!(message, "Database d not found.");
    glue.create_database("d").await;
    assert_eq!(glue.ok("GetTables", json!({ "DatabaseName": "d" })).await["TableList"], json!([]));
    let arn = json!({ "ResourceArn": format!("arn:aws:glue:us-east-1:{ACCOUNT}:database/d") });
    assert_eq!(glue.ok("GetTags", arn).await["Tags"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_and_show_what_is_asked_for() {
    let server = Server::start().await;
    let glue = server.client();
    for at in 0..5 {
        glue.create_database(&format!("d{at}")).await;
    }
    assert_eq!(names(&glue).await, ["d0", "d1", "d2", "d3", "d4"]);
    let list = glue.ok("GetDatabases", json!({ "AttributesToGet": ["NAME"] })).await;
    assert_eq!(list["DatabaseList"][0], json!({ "Name": "d0", "CatalogId": ACCOUNT }));
    glue.thrown("GetDatabases", json!({ "AttributesToGet": ["TARGET_DATABASE"] }), "InvalidInputException").await;
    glue.thrown("GetDatabases", json!({ "NextToken": "x" }), "InvalidInputException").await;
    for (share, count) in [("ALL", 5), ("FOREIGN", 0), ("FEDERATED", 0)] {
        let list = glue.pages("GetDatabases", json!({ "ResourceShareType": share }), "DatabaseList").await;
        assert_eq!(list.len(), count, "{share}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_database_is_there_when_somebody_uses_it() {
    let server = Server::start().await;
    let glue = server.client();
    let default = json!({ "Name": "default" });
    assert!(names(&glue).await.is_empty());
    for operation in ["GetDatabase", "DeleteDatabase"] {
        let message = glue.thrown(operation, default.clone(), "EntityNotFoundException").await;
        assert_eq!(message, "Database default not found.");
    }
    glue.thrown("GetTables", json!({ "DatabaseName": "default" }), "EntityNotFoundException").await;

    let mine = json!({ "Name": "default", "Description": "mine" });
    glue.ok("CreateDatabase", json!({ "DatabaseInput": mine })).await;
    assert_eq!(glue.ok("GetDatabase", default.clone()).await["Database"]["Description"], "mine");
    glue.thrown("CreateDatabase", json!({ "DatabaseInput": mine }), "AlreadyExistsException").await;
    let rename = json!({ "Name": "default", "DatabaseInput": { "Name": "other" } });
    glue.thrown("UpdateDatabase", rename, "InvalidInputException").await;
    glue.ok("DeleteDatabase", default.clone()).await;
    assert!(names(&glue).await.is_empty());

    glue.ok("CreateTable", json!({ "DatabaseName": "default", "TableInput": { "Name": "t" } })).await;
    assert_eq!(names(&glue).await, ["default"]);
    assert_eq!(glue.ok("GetDatabase", default.clone()).await["Database"]["Description"], "Default Hive database");
    glue.ok("DeleteTable", json!({ "DatabaseName": "default", "Name": "t" })).await;
    assert!(names(&glue).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_may_be_kept_apart() {
    let mut options = Options::default();
    options.settings.separate_regions = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    glue.ok("CreateDatabase", json!({ "DatabaseInput": { "Name": "d" }, "Tags": { "a": "b" } })).await;
    let found = glue.ok("GetDatabase", json!({ "Name": "d", "CatalogId": ACCOUNT })).await;
    assert_eq!(found["Database"]["CatalogId"], ACCOUNT);
    let arn = json!({ "ResourceArn": format!("arn:aws:glue:us-east-1:{ACCOUNT}:database/d") });
    assert_eq!(glue.ok("GetTags", arn.clone()).await["Tags"], json!({ "a": "b" }));
    let mut hive = server.hms.client().await;
    assert!(hive.get_table("d", "t").await.is_err());
    hive.create_database("e").await;
    assert_eq!(names(&glue).await, ["d"]);
    glue.ok("DeleteDatabase", json!({ "Name": "d" })).await;
    glue.thrown("GetTags", arn.clone(), "EntityNotFoundException").await;
    glue.create_database("d").await;
    assert_eq!(glue.ok("GetTags", arn).await["Tags"], json!({}));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_catalog_is_an_error() {
    let server = Server::start().await;
    let glue = server.client();
    glue.thrown("GetDatabases", json!({ "CatalogId": "nowhere" }), "EntityNotFoundException").await;
    let new = json!({ "DatabaseInput": { "Name": "d" }, "CatalogId": "nowhere" });
    glue.thrown("CreateDatabase", new, "EntityNotFoundException").await;
    glue.thrown("GetDatabases", json!({ "CatalogId": "210987654321" }), "InvalidInputException").await;
}
