use serde_json::{Value, json};

use crate::hms;
use crate::support::{Client, Options, Server};

async fn with_versions(server: &Server, count: usize) -> Client {
    let glue = server.client();
    glue.create_database("d").await;
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "t" } })).await;
    for at in 1..count {
        update(&glue, at, false).await;
    }
    glue
}

async fn update(glue: &Client, at: usize, skip_archive: bool) {
    let table = json!({ "Name": "t", "Description": at.to_string() });
    glue.ok("UpdateTable", json!({ "DatabaseName": "d", "TableInput": table, "SkipArchive": skip_archive })).await;
}

async fn ids(glue: &Client) -> Vec<String> {
    let input = json!({ "DatabaseName": "d", "TableName": "t", "MaxResults": 2 });
    let versions = glue.pages("GetTableVersions", input, "TableVersions").await;
    versions
        .iter()
        .map(|version| {
            assert_eq!(version["VersionId"], version["Table"]["VersionId"]);
            version["VersionId"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn one(id: &str) -> Value {
    json!({ "DatabaseName": "d", "TableName": "t", "VersionId": id })
}

#[tokio::test(flavor = "multi_thread")]
async fn each_update_makes_a_version() {
    let server = Server::start().await;
    let glue = with_versions(&server, 3).await;
    update(&glue, 2, false).await;
    assert_eq!(ids(&glue).await, ["1", "2", "3", "4"]);
    for (id, description) in [("1", None), ("2", Some("1")), ("4", Some("2"))] {
        let version = glue.ok("GetTableVersion", one(id)).await["TableVersion"].clone();
        assert_eq!(version["Table"].get("Description").and_then(Value::as_str), description);
        assert!(version["Table"]["UpdateTime"].as_f64().unwrap() > 1.7e9);
    }
    let latest = glue.ok("GetTableVersion", json!({ "DatabaseName": "d", "TableName": "t" })).await;
    assert_eq!(latest["TableVersion"]["VersionId"], "4");
    for id in ["0", "5", "-9223372036854775808", "9223372036854775807"] {
        assert_eq!(glue.thrown("GetTableVersion", one(id), "EntityNotFoundException").await, "Version not found.");
    }
    glue.thrown("GetTableVersion", one("1x"), "InvalidInputException").await;
    let nowhere = json!({ "DatabaseName": "d", "TableName": "u" });
    assert_eq!(glue.thrown("GetTableVersions", nowhere, "EntityNotFoundException").await, "Table u not found.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_without_archive_is_not_kept() {
    let server = Server::start().await;
    let glue = with_versions(&server, 2).await;
    update(&glue, 2, true).await;
    update(&glue, 3, true).await;
    assert_eq!(ids(&glue).await, ["1", "4"]);
    assert_eq!(glue.thrown("GetTableVersion", one("3"), "EntityNotFoundException").await, "Version not found.");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_versions_are_deleted_one_by_one_or_many_at_once() {
    let server = Server::start().await;
    let glue = with_versions(&server, 5).await;
    glue.ok("DeleteTableVersion", one("2")).await;
    assert_eq!(ids(&glue).await, ["1", "3", "4", "5"]);
    assert_eq!(glue.thrown("DeleteTableVersion", one("2"), "EntityNotFoundException").await, "Version not found.");
    glue.thrown("DeleteTableVersion", one("5"), "InvalidInputException").await;
    glue.thrown("DeleteTableVersion", one("x"), "InvalidInputException").await;
    let many = json!({ "DatabaseName": "d", "TableName": "t", "VersionIds": ["1", "x", "2", "3", "5", "3"] });
    let errors = glue.ok("BatchDeleteTableVersion", many).await["Errors"].clone();
    let errors: Vec<_> = errors
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            assert_eq!(error["TableName"], "t");
            (
                error["VersionId"].as_str().unwrap().to_owned(),
                error["ErrorDetail"]["ErrorCode"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let error = |id: &str, code: &str| (id.to_owned(), code.to_owned());
    assert_eq!(
        errors,
        [
            error("x", "InvalidInputException"),
            error("2", "EntityNotFoundException"),
            error("5", "InvalidInputException"),
            error("3", "EntityNotFoundException"),
        ]
    );
    assert_eq!(ids(&glue).await, ["4", "5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_may_count_from_zero() {
    let mut options = Options::default();
    options.settings.first_version = 0;
    let server = Server::start_with(options).await;
    let glue = with_versions(&server, 2).await;
    assert_eq!(ids(&glue).await, ["0", "1"]);
    let stale = json!({ "DatabaseName": "d", "TableInput": { "Name": "t" }, "VersionId": "0" });
    glue.thrown("UpdateTable", stale, "ConcurrentModificationException").await;
    let current = json!({ "DatabaseName": "d", "TableInput": { "Name": "t" }, "VersionId": "1" });
    glue.ok("UpdateTable", current).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_over_thrift_are_versions_too() {
    let server = Server::start().await;
    let glue = with_versions(&server, 1).await;
    let mut hive = server.hms.client().await;
    let mut table = hive.get_table("d", "t").await.unwrap();
    table.parameters = Some(hms::map(&[("k", "v")]));
    let alter =
        propolis_thrift::args::AlterTable { dbname: hms::text("d"), tbl_name: hms::text("t"), new_tbl: Some(table) };
    hive.call::<propolis_thrift::methods::AlterTable>(alter).await.unwrap();
    assert_eq!(ids(&glue).await, ["1", "2"]);
    let version = glue.ok("GetTableVersion", one("2")).await["TableVersion"].clone();
    assert_eq!(version["Table"]["Parameters"]["k"], "v");
}
