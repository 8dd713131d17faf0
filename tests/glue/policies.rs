use serde_json::{Value, json};

use crate::support::{Client, Options, Server};

fn policy(action: &str) -> String {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": [action], "Resource": ["*"] });
    json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

async fn put(glue: &Client, input: Value) -> Value {
    glue.ok("PutResourcePolicy", input).await["PolicyHash"].clone()
}

const TABLE: &str = "arn:aws:glue:us-east-1:123456789012:table/d/t";

#[tokio::test(flavor = "multi_thread")]
async fn each_resource_has_a_policy_of_its_own() {
    let server = Server::start().await;
    let glue = server.client();
    assert!(glue.ok("GetResourcePolicy", json!({})).await.is_empty());
    glue.thrown("DeleteResourcePolicy", json!({}), "EntityNotFoundException").await;

    let hash = put(&glue, json!({ "PolicyInJson": policy("glue:*"), "EnableHybrid": "TRUE" })).await;
    let other = put(&glue, json!({ "PolicyInJson": policy("glue:GetTable"), "ResourceArn": TABLE })).await;
    assert_ne!(hash, other);
    let stored = glue.ok("GetResourcePolicy", json!({})).await;
    assert_eq!([&stored["PolicyInJson"], &stored["PolicyHash"]], [&json!(policy("glue:*")), &hash]);
    assert!(stored["UpdateTime"].as_f64() >= stored["CreateTime"].as_f64());
    let of_table = glue.ok("GetResourcePolicy", json!({ "ResourceArn": TABLE })).await;
    assert_eq!(of_table["PolicyInJson"], json!(policy("glue:GetTable")));
    let all = glue.pages("GetResourcePolicies", json!({ "MaxResults": 1 }), "GetResourcePoliciesResponseList").await;
    assert_eq!(all, [json!(stored), json!(of_table)]);

    glue.ok("DeleteResourcePolicy", json!({})).await;
    assert!(glue.ok("GetResourcePolicy", json!({})).await.is_empty());
    assert!(!glue.ok("GetResourcePolicy", json!({ "ResourceArn": TABLE })).await.is_empty());
}

/// Codes for a policy that is there already, one that is not, and one that is another.
async fn check_conditions(glue: &Client, codes: [&str; 3]) {
    let absent = |condition: &str| json!({ "PolicyInJson": policy("glue:*"), "PolicyExistsCondition": condition });
    glue.thrown("PutResourcePolicy", absent("MUST_EXIST"), codes[1]).await;
    let hash = put(glue, absent("NOT_EXIST")).await;
    glue.thrown("PutResourcePolicy", absent("NOT_EXIST"), codes[0]).await;
    let wrong = json!({ "PolicyInJson": policy("glue:Get*"), "PolicyHashCondition": "wrong" });
    glue.thrown("PutResourcePolicy", wrong, codes[2]).await;
    glue.thrown("DeleteResourcePolicy", json!({ "PolicyHashCondition": "wrong" }), codes[2]).await;
    assert_eq!(glue.ok("GetResourcePolicy", json!({})).await["PolicyHash"], hash);
    let right = json!({ "PolicyInJson": policy("glue:Get*"), "PolicyHashCondition": hash });
    let next = put(glue, right).await;
    assert_ne!(next, hash);
    glue.ok("DeleteResourcePolicy", json!({ "PolicyHashCondition": next })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn policies_are_written_under_conditions() {
    let codes = [
        "ResourceNumberLimitExceededException",
        "ResourceNumberLimitExceededException",
        "ConcurrentModificationException",
    ];
    check_conditions(&Server::start().await.client(), codes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_service_is_imitated_conditions_fail_as_its_do() {
    let mut options = Options::default();
    options.settings.strict = true;
    let server = Server::start_with(options).await;
    check_conditions(&server.client(), ["ConditionCheckFailureException"; 3]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_policy_is_refused() {
    let server = Server::start().await;
    let glue = server.client();
    for (text, what) in [
        ("{not json}", "valid JSON"),
        ("[]", "no Statement"),
        ("{\"Statement\": []}", "no Statement"),
        ("{\"Statement\": [{\"Effect\": \"Maybe\", \"Action\": \"*\"}]}", "Effect"),
        ("{\"Statement\": {\"Effect\": \"Deny\"}}", "without an Action"),
    ] {
        let message = glue.thrown("PutResourcePolicy", json!({ "PolicyInJson": text }), "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    assert!(glue.ok("GetResourcePolicy", json!({})).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_settings_have_defaults() {
    let server = Server::start().await;
    let glue = server.client();
    let get = || async {
        glue.ok("GetDataCatalogEncryptionSettings", json!({})).await["DataCatalogEncryptionSettings"].clone()
    };
    let plain_passwords = json!({ "ReturnConnectionPasswordEncrypted": false });
    let default = json!({ "EncryptionAtRest": { "CatalogEncryptionMode": "DISABLED" },
        "ConnectionPasswordEncryption": plain_passwords });
    assert_eq!(get().await, default);

    let at_rest = json!({ "CatalogEncryptionMode": "SSE-KMS", "SseAwsKmsKeyId": "key" });
    let put = |settings: Value| json!({ "DataCatalogEncryptionSettings": settings });
    glue.ok("PutDataCatalogEncryptionSettings", put(json!({ "EncryptionAtRest": at_rest }))).await;
    let changed = json!({ "EncryptionAtRest": at_rest, "ConnectionPasswordEncryption": plain_passwords });
    assert_eq!(get().await, changed);
    let incomplete = json!({ "EncryptionAtRest": { "CatalogEncryptionMode": "SSE-KMS-WITH-SERVICE-ROLE" } });
    glue.thrown("PutDataCatalogEncryptionSettings", put(incomplete), "InvalidInputException").await;
    assert_eq!(get().await, changed);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_are_off_and_the_import_is_complete() {
    let server = Server::start().await;
    let glue = server.client();
    let export = glue.ok("GetDataCatalogExportConfiguration", json!({})).await;
    assert_eq!([&export["ExportSetting"], &export["Status"]], ["DISABLED", "DISABLED"]);
    glue.ok("PutDataCatalogExportConfiguration", json!({ "ExportSetting": "DISABLED" })).await;
    let enable = json!({ "ExportSetting": "ENABLED" });
    glue.thrown("PutDataCatalogExportConfiguration", enable, "OperationNotSupportedException").await;

    let status = || async { glue.ok("GetCatalogImportStatus", json!({})).await["ImportStatus"].clone() };
    assert_eq!(status().await, json!({ "ImportCompleted": true }));
    glue.ok("ImportCatalogToGlue", json!({})).await;
    let after = status().await;
    assert_eq!([&after["ImportCompleted"], &after["ImportedBy"]], [&json!(true), &json!("anonymous")]);
    assert!(after["ImportTime"].is_number());
}
