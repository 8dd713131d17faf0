use serde_json::json;

use crate::support::Server;

const JOB: &str = "arn:aws:glue:us-east-1:123456789012:job/nightly";

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_changed_and_removed() {
    let server = Server::start().await;
    let glue = server.client();
    let missing = glue.thrown("GetTags", json!({ "ResourceArn": JOB }), "EntityNotFoundException").await;
    assert_eq!(missing, "job/nightly not found.");
    let job =
        json!({ "Name": "nightly", "Role": "arn:aws:iam::123456789012:role/r", "Command": { "Name": "glueetl" } });
    glue.ok("CreateJob", job).await;
    glue.ok("TagResource", json!({ "ResourceArn": JOB, "TagsToAdd": { "team": "bees", "empty": "" } })).await;
    glue.ok("TagResource", json!({ "ResourceArn": JOB, "TagsToAdd": { "team": "wasps" } })).await;
    glue.ok("UntagResource", json!({ "ResourceArn": JOB, "TagsToRemove": ["empty", "unknown"] })).await;
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": JOB })).await["Tags"], json!({ "team": "wasps" }));

    let many: serde_json::Map<_, _> = (0..50).map(|at| (format!("k{at}"), json!("v"))).collect();
    let message =
        glue.thrown("TagResource", json!({ "ResourceArn": JOB, "TagsToAdd": many }), "InvalidInputException").await;
    assert!(message.contains("51 tags"), "{message}");
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": JOB })).await["Tags"], json!({ "team": "wasps" }));
    let other = json!({ "ResourceArn": "arn:aws:s3:::bucket" });
    assert!(glue.thrown("GetTags", other, "ValidationException").await.contains("arn:aws:s3:::bucket"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_has_an_arn_can_be_tagged_once_it_is_there() {
    let server = Server::start().await;
    let glue = server.client();
    glue.create_database("d").await;
    glue.ok("CreateTable", json!({ "DatabaseName": "d", "TableInput": { "Name": "t" } })).await;
    glue.ok("CreateRegistry", json!({ "RegistryName": "r" })).await;
    for (there, missing) in [("database/d", "database/e"), ("table/d/t", "table/d/u"), ("registry/r", "registry/q")] {
        let arn = |resource: &str| format!("arn:aws:glue:us-east-1:123456789012:{resource}");
        glue.ok("TagResource", json!({ "ResourceArn": arn(there), "TagsToAdd": { "k": "v" } })).await;
        let tags = glue.ok("GetTags", json!({ "ResourceArn": arn(there) })).await;
        assert_eq!(tags["Tags"], json!({ "k": "v" }), "{there}");
        let input = json!({ "ResourceArn": arn(missing), "TagsToAdd": { "k": "v" } });
        glue.thrown("TagResource", input, "EntityNotFoundException").await;
    }
}
