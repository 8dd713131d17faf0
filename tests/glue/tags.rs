use serde_json::json;

use crate::support::Server;

const JOB: &str = "arn:aws:glue:us-east-1:123456789012:job/nightly";

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_added_changed_and_removed() {
    let server = Server::start().await;
    let glue = server.client();
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
    assert!(glue.thrown("GetTags", other, "InvalidInputException").await.contains("arn:aws:s3:::bucket"));
}
