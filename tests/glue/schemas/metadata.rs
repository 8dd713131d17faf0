use serde_json::{Value, json};

use super::{INT, create_registry, create_schema, id, schema_arn};
use crate::support::{Client, Server};

fn first() -> Value {
    json!({ "SchemaId": id("s"), "SchemaVersionNumber": { "VersionNumber": 1 } })
}

/// A request about the first version of the schema, with a pair.
fn with(key: &str, value: &str) -> Value {
    let mut input = first();
    input["MetadataKeyValue"] = json!({ "MetadataKey": key, "MetadataValue": value });
    input
}

async fn start() -> (Server, Client, String) {
    let server = Server::start().await;
    let glue = server.client();
    create_registry(&glue).await;
    let version = create_schema(&glue, "s", "NONE", INT).await;
    (server, glue, version)
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_are_put_queried_and_removed() {
    let (_server, glue, version) = start().await;
    let put = glue.ok("PutSchemaVersionMetadata", with("team", "hive")).await;
    assert_eq!((&put["VersionNumber"], &put["LatestVersion"]), (&json!(1), &json!(false)));
    assert_eq!((&put["SchemaArn"], &put["SchemaVersionId"]), (&json!(schema_arn("bees", "s")), &json!(version)));
    let by_id = json!({
        "SchemaVersionId": version, "MetadataKeyValue": { "MetadataKey": "team", "MetadataValue": "wasps" }
    });
    let put = glue.ok("PutSchemaVersionMetadata", by_id.clone()).await;
    assert_eq!((&put["VersionNumber"], &put["LatestVersion"]), (&json!(0), &json!(false)));
    glue.ok("PutSchemaVersionMetadata", with("stage", "test")).await;
    let message = glue.thrown("PutSchemaVersionMetadata", by_id.clone(), "AlreadyExistsException").await;
    assert_eq!(
        message,
        format!("Resource already exist for schema version id: {version}, metadata key: team, metadata value: wasps")
    );

    let all = glue.ok("QuerySchemaVersionMetadata", first()).await;
    assert_eq!(all["SchemaVersionId"], version);
    let team = &all["MetadataInfoMap"]["team"];
    assert_eq!(team["MetadataValue"], "hive");
    assert_eq!(team["OtherMetadataValueList"][0]["MetadataValue"], "wasps");
    assert!(
        team["CreatedTime"].as_str().unwrap() <= team["OtherMetadataValueList"][0]["CreatedTime"].as_str().unwrap()
    );
    assert_eq!(all["MetadataInfoMap"]["stage"].get("OtherMetadataValueList"), None);

    glue.ok("RemoveSchemaVersionMetadata", with("team", "hive")).await;
    let rest = glue.ok("QuerySchemaVersionMetadata", json!({ "SchemaVersionId": version })).await;
    assert_eq!(rest["MetadataInfoMap"]["team"]["MetadataValue"], "wasps");
    let message = glue.thrown("RemoveSchemaVersionMetadata", with("team", "hive"), "EntityNotFoundException").await;
    assert!(message.contains("metadata value: hive"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_for_pairs_and_in_pages() {
    let (_server, glue, _) = start().await;
    for (key, value) in [("a", "1"), ("a", "2"), ("b", "1"), ("c", "3")] {
        glue.ok("PutSchemaVersionMetadata", with(key, value)).await;
    }
    let keys = |filter: Value| {
        let mut input = first();
        input["MetadataList"] = filter;
        let glue = glue.clone();
        async move {
            let answer = glue.ok("QuerySchemaVersionMetadata", input).await;
            answer["MetadataInfoMap"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        }
    };
    assert_eq!(keys(json!([{ "MetadataKey": "a" }])).await, ["a"]);
    assert_eq!(keys(json!([{ "MetadataKey": "a", "MetadataValue": "3" }])).await, [""; 0]);
    assert_eq!(keys(json!([{ "MetadataValue": "1" }, { "MetadataKey": "c" }])).await, ["a", "b", "c"]);

    let mut input = first();
    input["MaxResults"] = json!(2);
    let page = glue.ok("QuerySchemaVersionMetadata", input.clone()).await;
    assert_eq!(page["MetadataInfoMap"].as_object().unwrap().len(), 2);
    input["NextToken"] = page["NextToken"].clone();
    let page = glue.ok("QuerySchemaVersionMetadata", input).await;
    assert_eq!(page["MetadataInfoMap"]["c"]["MetadataValue"], "3");
    assert!(!page.contains_key("NextToken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_has_ten_pairs_at_most_also_when_they_come_at_once() {
    let (_server, glue, _) = start().await;
    let calls = (0..14).map(|at| {
        let glue = glue.clone();
        async move { glue.call("PutSchemaVersionMetadata", with("k", &at.to_string())).await }
    });
    let answers = futures::future::join_all(calls).await;
    let refusals: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
    assert_eq!(refusals.len(), 4);
    for refusal in refusals {
        assert_eq!(refusal.code, "ResourceNumberLimitExceededException");
        assert_eq!(refusal.message, "Your resource limits for Schema Version Metadata have been exceeded.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pairs_of_odd_characters_or_halves_are_refused() {
    let (_server, glue, _) = start().await;
    let message = glue.thrown("PutSchemaVersionMetadata", with("a~b", "v"), "InvalidInputException").await;
    assert!(message.ends_with("Parameter Name: key"), "{message}");
    let message = glue.thrown("PutSchemaVersionMetadata", with("a", "v~"), "InvalidInputException").await;
    assert!(message.ends_with("Parameter Name: value"), "{message}");
    let mut half = first();
    half["MetadataKeyValue"] = json!({ "MetadataKey": "a" });
    let message = glue.thrown("PutSchemaVersionMetadata", half, "InvalidInputException").await;
    assert!(message.contains("MetadataValue"), "{message}");
}
