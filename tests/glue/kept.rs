//! Blueprints, machine-learning transforms and what is to be evaluated of data quality.

use serde_json::{Value, json};

use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn blueprints_are_registered_and_replaced() {
    let server = Server::start().await;
    let glue = server.client();
    let input = json!({ "Name": "b", "Description": "d", "BlueprintLocation": "s3://b/one.zip", "Tags": { "t": "v" } });
    assert_eq!(glue.ok("CreateBlueprint", input.clone()).await["Name"], "b");
    glue.thrown("CreateBlueprint", input, "AlreadyExistsException").await;
    glue.ok("UpdateBlueprint", json!({ "Name": "b", "BlueprintLocation": "s3://b/two.zip" })).await;
    let kept = glue.ok("GetBlueprint", json!({ "Name": "b" })).await["Blueprint"].clone();
    let some = ["BlueprintLocation", "Status"].map(|member| kept[member].as_str().unwrap());
    assert_eq!((some, kept.get("Description")), (["s3://b/two.zip", "ACTIVE"], None));
    assert_eq!(glue.ok("ListBlueprints", json!({ "Tags": { "t": "v" } })).await["Blueprints"], json!(["b"]));
    let some = glue.ok("BatchGetBlueprints", json!({ "Names": ["none", "b"] })).await;
    assert_eq!((&some["Blueprints"][0], &some["MissingBlueprints"]), (&kept, &json!(["none"])));

    assert_eq!(glue.ok("GetBlueprintRuns", json!({ "BlueprintName": "b" })).await["BlueprintRuns"], json!([]));
    let run = json!({ "BlueprintName": "b", "RunId": "r" });
    glue.thrown("GetBlueprintRun", run, "EntityNotFoundException").await;
    let start = json!({ "BlueprintName": "b", "RoleArn": "arn:aws:iam::123456789012:role/r" });
    glue.thrown("StartBlueprintRun", start, "OperationNotSupportedException").await;
    for _ in 0..2 {
        assert_eq!(glue.ok("DeleteBlueprint", json!({ "Name": "b" })).await["Name"], "b");
    }
    let gone = json!({ "Name": "b", "BlueprintLocation": "s3://b/two.zip" });
    for operation in ["GetBlueprint", "UpdateBlueprint"] {
        glue.thrown(operation, gone.clone(), "EntityNotFoundException").await;
    }
}

fn transform(name: &str) -> Value {
    json!({
        "Name": name, "Role": "r", "InputRecordTables": [{ "DatabaseName": "d", "TableName": "t" }],
        "Parameters": { "TransformType": "FIND_MATCHES", "FindMatchesParameters": { "PrimaryKeyColumnName": "id" } },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn transforms_are_filtered_sorted_and_changed_in_part() {
    let server = Server::start().await;
    let glue = server.client();
    let mut ids = Vec::new();
    for name in ["b", "a", "c"] {
        ids.push(glue.ok("CreateMLTransform", transform(name)).await["TransformId"].clone());
    }
    assert!(ids[0].as_str().unwrap().starts_with("tfm-"), "{ids:?}");
    glue.thrown("CreateMLTransform", transform("a"), "AlreadyExistsException").await;
    let update = json!({ "TransformId": ids[0], "Description": "new", "GlueVersion": "1.0", "MaxCapacity": 3.0 });
    glue.ok("UpdateMLTransform", update).await;
    let kept = glue.ok("GetMLTransform", json!({ "TransformId": ids[0] })).await;
    let some =
        ["Name", "Description", "GlueVersion", "Status", "Timeout", "LabelCount"].map(|member| kept[member].clone());
    assert_eq!(some, [json!("b"), json!("new"), json!("1.0"), json!("READY"), json!(2880), json!(0)]);
    assert_eq!(kept["Parameters"]["FindMatchesParameters"]["PrimaryKeyColumnName"], "id");

    let names = async |input: Value| {
        let transforms = glue.pages("GetMLTransforms", input, "Transforms").await;
        transforms.iter().map(|transform| transform["Name"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("")
    };
    assert_eq!(names(json!({ "MaxResults": 2 })).await, "abc");
    let sort = |column: &str, direction: &str| json!({ "MaxResults": 1, "Sort": { "Column": column, "SortDirection": direction } });
    assert_eq!(names(sort("NAME", "DESCENDING")).await, "cba");
    assert_eq!(names(sort("CREATED", "ASCENDING")).await, "bac");
    assert_eq!(names(sort("LAST_MODIFIED", "DESCENDING")).await, "bca");
    for (filter, expected) in [
        (json!({ "Name": "a" }), "a"),
        (json!({ "GlueVersion": "0.9" }), "ac"),
        (json!({ "Status": "NOT_READY" }), ""),
        (json!({ "CreatedAfter": kept["CreatedOn"] }), "ac"),
        (json!({ "LastModifiedBefore": kept["LastModifiedOn"] }), "ac"),
    ] {
        assert_eq!(names(json!({ "Filter": filter })).await, expected, "{filter}");
    }
    assert_eq!(glue.pages("ListMLTransforms", sort("CREATED", "ASCENDING"), "TransformIds").await, ids);
    glue.thrown("GetMLTransforms", json!({ "Filter": { "Schema": [] } }), "InvalidInputException").await;

    assert_eq!(glue.ok("GetMLTaskRuns", json!({ "TransformId": ids[0] })).await["TaskRuns"], json!([]));
    let run = json!({ "TransformId": ids[0], "TaskRunId": "r" });
    glue.thrown("GetMLTaskRun", run, "EntityNotFoundException").await;
    assert_eq!(glue.ok("DeleteMLTransform", json!({ "TransformId": ids[0] })).await["TransformId"], ids[0]);
    for operation in ["GetMLTransform", "DeleteMLTransform", "GetMLTaskRuns"] {
        glue.thrown(operation, json!({ "TransformId": ids[0] }), "EntityNotFoundException").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rulesets_are_read_as_far_as_they_go_and_kept() {
    let server = Server::start().await;
    let glue = server.client();
    let rules = "Rules = [ IsComplete \"id\", RowCount > 0 ]";
    let table = json!({ "DatabaseName": "d", "TableName": "t" });
    let input = json!({ "Name": "r", "Description": "d", "Ruleset": rules, "TargetTable": table, "ClientToken": "x" });
    for _ in 0..2 {
        assert_eq!(glue.ok("CreateDataQualityRuleset", input.clone()).await["Name"], "r");
    }
    let again = json!({ "Name": "r", "Ruleset": rules });
    glue.thrown("CreateDataQualityRuleset", again, "AlreadyExistsException").await;
    for broken in ["no rules", "Rules = [ IsComplete \"id\"", "Rules = []"] {
        let message = glue
            .thrown("CreateDataQualityRuleset", json!({ "Name": "x", "Ruleset": broken }), "InvalidInputException")
            .await;
        assert!(message.starts_with("The ruleset cannot be read: "), "{message}");
    }
    let update = json!({ "Name": "r", "Ruleset": "Rules = [ RowCount > 0 ]" });
    assert_eq!(glue.ok("UpdateDataQualityRuleset", update).await["Description"], "d");
    let kept = glue.ok("GetDataQualityRuleset", json!({ "Name": "r" })).await;
    assert_eq!((&kept["Ruleset"], &kept["TargetTable"]), (&json!("Rules = [ RowCount > 0 ]"), &table));
    assert_eq!(kept.get("ClientToken"), None);

    glue.ok("CreateDataQualityRuleset", json!({ "Name": "s", "Ruleset": rules, "Tags": { "t": "v" } })).await;
    let list = async |input: Value| {
        let rulesets = glue.pages("ListDataQualityRulesets", input, "Rulesets").await;
        rulesets.iter().map(|set| format!("{} {}", set["Name"].as_str().unwrap(), set["RuleCount"])).collect::<Vec<_>>()
    };
    assert_eq!(list(json!({ "MaxResults": 1 })).await, ["r 1", "s 2"]);
    assert_eq!(list(json!({ "Filter": { "TargetTable": table } })).await, ["r 1"]);
    assert_eq!(list(json!({ "Filter": { "Name": "s" }, "Tags": { "t": "v" } })).await, ["s 2"]);
    glue.ok("DeleteDataQualityRuleset", json!({ "Name": "r" })).await;
    glue.thrown("DeleteDataQualityRuleset", json!({ "Name": "r" }), "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evaluations_are_configured_and_have_no_results() {
    let server = Server::start().await;
    let glue = server.client();
    let name = json!({ "Name": "c" });
    let config = |members: Value| {
        let mut config = json!({ "Name": "c", "Level": "CATALOG", "DataSource": {}, "Role": "r" });
        config.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        config
    };
    let both = config(json!({ "RulesetName": "r", "ManagedRulesetName": "SIMPLE" }));
    glue.thrown("CreateDataQualityEvaluationConfig", both, "InvalidInputException").await;
    let missing = config(json!({ "RulesetName": "r" }));
    glue.thrown("CreateDataQualityEvaluationConfig", missing.clone(), "EntityNotFoundException").await;
    let made = glue.ok("CreateDataQualityEvaluationConfig", config(json!({}))).await;
    assert_eq!(made["EvaluationRunMode"], "EVALUATION_CONFIG");
    glue.thrown("CreateDataQualityEvaluationConfig", config(json!({})), "AlreadyExistsException").await;

    glue.ok("CreateDataQualityRuleset", json!({ "Name": "r", "Ruleset": "Rules = [ RowCount > 0 ]" })).await;
    let update = json!({ "Name": "c", "RulesetName": "r", "PauseRuns": true });
    glue.ok("UpdateDataQualityEvaluationConfig", update).await;
    let kept = glue.ok("GetDataQualityEvaluationConfig", name.clone()).await;
    let some = ["RulesetName", "PauseRuns", "Triggers", "NumberOfWorkers"].map(|member| kept[member].clone());
    assert_eq!(some, [json!("r"), json!(true), json!(["ONCE"]), json!(5)]);
    assert_eq!(kept.get("ManagedRulesetName"), None);
    let scheduled = json!({ "Name": "c", "Triggers": ["SCHEDULE"] });
    glue.thrown("UpdateDataQualityEvaluationConfig", scheduled, "InvalidInputException").await;
    for (level, count) in [("CATALOG", 1), ("TABLE", 0)] {
        let configs = glue
            .pages("ListDataQualityEvaluationConfigs", json!({ "Level": level }), "DataQualityEvaluationConfigs")
            .await;
        assert_eq!(configs.len(), count, "{level}");
    }
    glue.ok("DeleteDataQualityEvaluationConfig", name.clone()).await;
    glue.thrown("GetDataQualityEvaluationConfig", name, "EntityNotFoundException").await;

    assert_eq!(glue.ok("ListDataQualityResults", json!({})).await["Results"], json!([]));
    assert_eq!(glue.ok("ListDataQualityRulesetEvaluationRuns", json!({})).await["Runs"], json!([]));
    let some = glue.ok("BatchGetDataQualityResult", json!({ "ResultIds": ["x"] })).await;
    assert_eq!((&some["Results"], &some["ResultsNotFound"]), (&json!([]), &json!(["x"])));
    glue.thrown("GetDataQualityResult", json!({ "ResultId": "x" }), "EntityNotFoundException").await;
    let start = json!({ "DataSource": {}, "Role": "r", "RulesetNames": ["r"] });
    glue.thrown("StartDataQualityRulesetEvaluationRun", start, "OperationNotSupportedException").await;
}
