//! Security configurations, usage profiles and custom entity types.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn security_configurations_are_kept() {
    let server = Server::start().await;
    let glue = server.client();
    let encryption = json!({
        "S3Encryption": [{ "S3EncryptionMode": "SSE-KMS", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k" }],
        "CloudWatchEncryption": { "CloudWatchEncryptionMode": "DISABLED" },
    });
    let create = |name: &str, encryption: &Value| json!({ "Name": name, "EncryptionConfiguration": encryption });
    for name in ["b", "a"] {
        let created = glue.ok("CreateSecurityConfiguration", create(name, &encryption)).await;
        assert_eq!(created["Name"], name);
        let stored =
            glue.ok("GetSecurityConfiguration", json!({ "Name": name })).await["SecurityConfiguration"].clone();
        assert_eq!(stored["EncryptionConfiguration"], encryption);
        assert_eq!(stored["CreatedTimeStamp"], created["CreatedTimestamp"]);
    }
    glue.thrown("CreateSecurityConfiguration", create("a", &encryption), "AlreadyExistsException").await;
    let keyless = json!({ "JobBookmarksEncryption": { "JobBookmarksEncryptionMode": "CSE-KMS" } });
    let message = glue.thrown("CreateSecurityConfiguration", create("c", &keyless), "InvalidInputException").await;
    assert!(message.contains("JobBookmarksEncryption: CSE-KMS"), "{message}");
    let all = glue.pages("GetSecurityConfigurations", json!({ "MaxResults": 1 }), "SecurityConfigurations").await;
    assert_eq!(all.iter().map(|one| one["Name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    glue.ok("DeleteSecurityConfiguration", json!({ "Name": "a" })).await;
    for operation in ["GetSecurityConfiguration", "DeleteSecurityConfiguration"] {
        let message = glue.thrown(operation, json!({ "Name": "a" }), "EntityNotFoundException").await;
        assert_eq!(message, "SecurityConfiguration a not found");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_profiles_are_kept() {
    let server = Server::start().await;
    let glue = server.client();
    let configuration = |rule: Value| json!({ "JobConfiguration": { "timeout": rule } });
    let rule = json!({ "DefaultValue": "10", "MinValue": "1", "MaxValue": "60" });
    let create =
        json!({ "Name": "p", "Description": "d", "Configuration": configuration(rule.clone()), "Tags": { "a": "b" } });
    assert_eq!(glue.ok("CreateUsageProfile", create.clone()).await["Name"], "p");
    glue.thrown("CreateUsageProfile", create, "AlreadyExistsException").await;
    let arn = "arn:aws:glue:us-east-1:123456789012:usageProfile/p";
    assert_eq!(glue.ok("GetTags", json!({ "ResourceArn": arn })).await["Tags"], json!({ "a": "b" }));
    let stored = glue.ok("GetUsageProfile", json!({ "Name": "p" })).await;
    assert_eq!([&stored["Description"], &stored["Configuration"]], [&json!("d"), &configuration(rule)]);

    let allowed = json!({ "AllowedValues": ["5", "6"], "DefaultValue": "6" });
    let update = |rule: &Value| json!({ "Name": "p", "Configuration": configuration(rule.clone()) });
    assert_eq!(glue.ok("UpdateUsageProfile", update(&allowed)).await["Name"], "p");
    for (rule, what) in [
        (json!({ "DefaultValue": "7", "AllowedValues": ["5", "6"] }), "AllowedValues"),
        (json!({ "DefaultValue": "7", "MaxValue": "6" }), "between"),
        (json!({ "MinValue": "7", "MaxValue": "6" }), "above"),
        (json!({ "MinValue": "few" }), "no number"),
    ] {
        let message = glue.thrown("UpdateUsageProfile", update(&rule), "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    let after = glue.ok("GetUsageProfile", json!({ "Name": "p" })).await;
    assert_eq!([after.get("Description"), after.get("Configuration")], [None, Some(&configuration(allowed))]);
    assert!(after["LastModifiedOn"].as_f64() > after["CreatedOn"].as_f64());
    let listed = glue.pages("ListUsageProfiles", json!({}), "Profiles").await;
    assert_eq!(listed.len(), 1);
    assert_eq!([&listed[0]["Name"], &listed[0]["Configuration"]], [&json!("p"), &Value::Null]);
    glue.ok("DeleteUsageProfile", json!({ "Name": "p" })).await;
    glue.ok("DeleteUsageProfile", json!({ "Name": "p" })).await;
    glue.thrown("GetUsageProfile", json!({ "Name": "p" }), "EntityNotFoundException").await;
    let update = json!({ "Name": "p", "Configuration": {} });
    glue.thrown("UpdateUsageProfile", update, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_entity_types_are_kept() {
    let server = Server::start().await;
    let glue = server.client();
    let hive = json!({ "Name": "hive", "RegexString": "(?<=hive )[0-9]{4}", "ContextWords": ["bee"] });
    let mut tagged = hive.clone();
    tagged["Tags"] = json!({ "team": "bees" });
    assert_eq!(glue.ok("CreateCustomEntityType", tagged.clone()).await["Name"], "hive");
    glue.thrown("CreateCustomEntityType", tagged, "AlreadyExistsException").await;
    let swarm = json!({ "Name": "swarm", "RegexString": "s+" });
    glue.ok("CreateCustomEntityType", swarm.clone()).await;
    let broken = json!({ "Name": "x", "RegexString": "(" });
    assert!(glue.thrown("CreateCustomEntityType", broken, "InvalidInputException").await.contains("RegexString ("));

    assert_eq!(json!(glue.ok("GetCustomEntityType", json!({ "Name": "hive" })).await), hive);
    let batch = glue.ok("BatchGetCustomEntityTypes", json!({ "Names": ["swarm", "x", "hive"] })).await;
    assert_eq!(batch["CustomEntityTypes"], json!([swarm, hive]));
    assert_eq!(batch["CustomEntityTypesNotFound"], json!(["x"]));
    let pages = glue.pages("ListCustomEntityTypes", json!({ "MaxResults": 1 }), "CustomEntityTypes").await;
    assert_eq!(pages, [hive.clone(), swarm]);
    let of_bees = json!({ "Tags": { "team": "bees" } });
    assert_eq!(glue.pages("ListCustomEntityTypes", of_bees, "CustomEntityTypes").await, [hive]);
    assert_eq!(glue.ok("DeleteCustomEntityType", json!({ "Name": "hive" })).await["Name"], "hive");
    for operation in ["GetCustomEntityType", "DeleteCustomEntityType"] {
        glue.thrown(operation, json!({ "Name": "hive" }), "EntityNotFoundException").await;
    }
}
