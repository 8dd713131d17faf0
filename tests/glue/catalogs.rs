use serde_json::{Value, json};

use crate::support::{ACCOUNT, Client, Server};

async fn ids(glue: &Client, input: Value) -> Vec<String> {
    let list = glue.pages("GetCatalogs", input, "CatalogList").await;
    list.iter().map(|catalog| catalog["CatalogId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn catalogs_are_made_listed_changed_and_deleted() {
    let server = Server::start().await;
    let glue = server.client();
    let definition = json!({
        "Description": "a second one", "Parameters": { "k": "v" },
        "CatalogProperties": { "DataLakeAccessProperties": { "DataLakeAccess": true, "CatalogType": "aws:redshift" } },
        "CreateDatabaseDefaultPermissions": [], "AllowFullTableExternalDataAccess": "True",
    });
    let new = json!({ "Name": "second-one", "CatalogInput": definition, "Tags": { "a": "b" } });
    glue.ok("CreateCatalog", new.clone()).await;
    glue.thrown("CreateCatalog", new, "AlreadyExistsException").await;
    let id = format!("{ACCOUNT}:second-one");
    let mut found = glue.ok("GetCatalog", json!({ "CatalogId": id })).await["Catalog"].clone();
    let found = found.as_object_mut().unwrap();
    let arn = format!("arn:aws:glue:us-east-1:{ACCOUNT}:catalog/second-one");
    assert_eq!(found.remove("ResourceArn"), Some(json!(arn)));
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": arn })).await["Tags"], json!({ "a": "b" }));
    assert_eq!(found.remove("CatalogId"), Some(json!(id)));
    assert_eq!(found.remove("Name"), Some(json!("second-one")));
    assert_eq!(found.remove("CreateTime"), found.remove("UpdateTime"));
    assert_eq!(Value::Object(found.clone()), definition);

    glue.ok("CreateCatalog", json!({ "Name": "a", "CatalogInput": {} })).await;
    assert_eq!(ids(&glue, json!({ "MaxResults": 1 })).await, [format!("{ACCOUNT}:a"), id.clone()]);
    assert_eq!(ids(&glue, json!({ "IncludeRoot": true })).await[0], ACCOUNT);
    assert!(ids(&glue, json!({ "ParentCatalogId": id })).await.is_empty());
    assert!(ids(&glue, json!({ "HasDatabases": true })).await.is_empty());
    glue.thrown("GetCatalogs", json!({ "ParentCatalogId": "x" }), "EntityNotFoundException").await;

    glue.ok("UpdateCatalog", json!({ "CatalogId": "second-one", "CatalogInput": { "Description": "x" } })).await;
    let found = glue.ok("GetCatalog", json!({ "CatalogId": id })).await["Catalog"].clone();
    assert_eq!((&found["Description"], found.get("Parameters")), (&json!("x"), None));
    glue.ok("DeleteCatalog", json!({ "CatalogId": id })).await;
    glue.thrown("GetCatalog", json!({ "CatalogId": id }), "EntityNotFoundException").await;
    glue.thrown("DeleteCatalog", json!({ "CatalogId": ACCOUNT }), "InvalidInputException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_catalog_has_its_own_databases() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateCatalog", json!({ "Name": "other", "CatalogInput": {} })).await;
    let id = format!("{ACCOUNT}:other");
    glue.ok("CreateDatabase", json!({ "CatalogId": id, "DatabaseInput": { "Name": "d" } })).await;
    let new = json!({ "CatalogId": id, "DatabaseName": "d", "TableInput": { "Name": "t" } });
    glue.ok("CreateTable", new).await;
    let found = glue.ok("GetTable", json!({ "CatalogId": id, "DatabaseName": "d", "Name": "t" })).await;
    assert_eq!(found["Table"]["CatalogId"], id);
    glue.thrown("GetDatabase", json!({ "Name": "d" }), "EntityNotFoundException").await;
    assert_eq!(ids(&glue, json!({ "HasDatabases": true })).await, std::slice::from_ref(&id));
    glue.ok("DeleteCatalog", json!({ "CatalogId": id })).await;
    glue.thrown("GetDatabase", json!({ "CatalogId": id, "Name": "d" }), "EntityNotFoundException").await;
}
