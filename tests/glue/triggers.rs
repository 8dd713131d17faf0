use serde_json::{Value, json};

use crate::support::{Options, Server};

fn trigger(name: &str, kind: &str) -> Value {
    json!({ "Name": name, "Type": kind, "Actions": [{ "JobName": "j" }] })
}

fn with(mut object: Value, members: Value) -> Value {
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    object
}

#[tokio::test(flavor = "multi_thread")]
async fn definitions_that_are_not_whole_are_refused() {
    let server = Server::start().await;
    let glue = server.client();
    let waiting = |condition: Value| {
        with(trigger("t", "CONDITIONAL"), json!({ "Predicate": { "Logical": "ANY", "Conditions": [condition] } }))
    };
    let job_states = "choose from one of the following job state: [SUCCEEDED, STOPPED, FAILED, TIMEOUT]";
    let crawler_states = "choose from one of the following crawler state: [SUCCEEDED, FAILED, CANCELLED]";
    for (input, message) in [
        (
            with(trigger("t", "ON_DEMAND"), json!({ "Actions": [{ "JobName": "j", "CrawlerName": "c" }] })),
            "Both JobName and CrawlerName cannot be set together in an action".to_owned(),
        ),
        (with(trigger("t", "ON_DEMAND"), json!({ "Actions": [] })), "Actions cannot be null or empty".to_owned()),
        (
            with(trigger("t", "ON_DEMAND"), json!({ "StartOnCreation": true })),
            "StartOnCreation is not supported for triggers of type ON_DEMAND".to_owned(),
        ),
        (trigger("t", "CONDITIONAL"), "Predicate cannot be null or empty".to_owned()),
        (
            waiting(json!({ "CrawlerName": "c", "CrawlState": "SUCCEEDED" })),
            "Logical operator cannot be null or empty".to_owned(),
        ),
        (
            waiting(json!({ "JobName": "j", "LogicalOperator": "EQUALS" })),
            format!("State cannot be null or empty, {job_states}"),
        ),
        (
            waiting(json!({ "JobName": "j", "LogicalOperator": "EQUALS", "State": "RUNNING" })),
            format!("State RUNNING is none to wait for, {job_states}"),
        ),
        (
            waiting(json!({ "CrawlerName": "c", "LogicalOperator": "EQUALS" })),
            format!("State cannot be null or empty, {crawler_states}"),
        ),
        (
            waiting(json!({ "LogicalOperator": "EQUALS" })),
            "JobName or CrawlerName in condition cannot be null or empty".to_owned(),
        ),
    ] {
        assert_eq!(glue.thrown("CreateTrigger", input, "InvalidInputException").await, message);
    }
    for schedule in [json!({}), json!({ "Schedule": "every day" }), json!({ "Schedule": "cron(1 2 3)" })] {
        let message =
            glue.thrown("CreateTrigger", with(trigger("t", "SCHEDULED"), schedule), "InvalidInputException").await;
        assert!(message.contains("Schedule"), "{message}");
    }
    let wrong = waiting(json!({ "JobName": "j", "State": "FAILED", "LogicalOperator": "LIKE" }));
    assert_eq!(
        glue.thrown("CreateTrigger", wrong, "ValidationException").await,
        "Value 'LIKE' at 'predicate.conditions.1.member.logicalOperator' failed to satisfy constraint: Member must satisfy \
         enum value set: [Equals]"
    );
    assert_eq!(glue.ok("ListTriggers", json!({})).await["TriggerNames"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_switched_on_and_off_and_replaced() {
    let server = Server::start().await;
    let glue = server.client();
    let predicate = json!({
        "Logical": "AND",
        "Conditions": [
            { "JobName": "a", "State": "SUCCEEDED", "CrawlerName": "c", "CrawlState": "FAILED", "LogicalOperator": "EQUALS" },
            { "CrawlerName": "c", "CrawlState": "SUCCEEDED", "LogicalOperator": "EQUALS" },
        ],
    });
    let input = with(trigger("t", "CONDITIONAL"), json!({ "Predicate": predicate, "StartOnCreation": true }));
    for _ in 0..2 {
        assert_eq!(glue.ok("CreateTrigger", input.clone()).await["Name"], "t");
    }
    let stored = glue.ok("GetTrigger", json!({ "Name": "t" })).await["Trigger"].clone();
    let conditions = json!([
        { "JobName": "a", "State": "SUCCEEDED", "LogicalOperator": "EQUALS" },
        { "CrawlerName": "c", "CrawlState": "SUCCEEDED", "LogicalOperator": "EQUALS" },
    ]);
    let predicate = json!({ "Logical": "AND", "Conditions": conditions });
    assert_eq!(stored, with(trigger("t", "CONDITIONAL"), json!({ "Predicate": predicate, "State": "ACTIVATED" })));

    glue.ok("StopTrigger", json!({ "Name": "t" })).await;
    assert_eq!(glue.ok("GetTrigger", json!({ "Name": "t" })).await["Trigger"]["State"], "DEACTIVATED");
    // The state is no part of the definition, which is what has to be the same.
    glue.ok("CreateTrigger", input).await;
    let other = glue.thrown("CreateTrigger", trigger("t", "ON_DEMAND"), "IdempotentParameterMismatchException").await;
    assert_eq!(other, "Trigger with name t already submitted with different configuration");
    glue.ok("StartTrigger", json!({ "Name": "t" })).await;

    let empty = json!({ "Name": "t", "TriggerUpdate": { "Actions": [{ "JobName": "k" }] } });
    glue.thrown("UpdateTrigger", empty, "InvalidInputException").await;
    let update = json!({ "Name": "t", "TriggerUpdate": {
        "Description": "new", "Actions": [{ "CrawlerName": "d" }],
        "Predicate": { "Conditions": [{ "JobName": "a", "State": "FAILED", "LogicalOperator": "EQUALS" }] },
    } });
    let updated = glue.ok("UpdateTrigger", update).await["Trigger"].clone();
    let some = ["Name", "Type", "State", "Description"].map(|member| updated[member].as_str().unwrap());
    assert_eq!(some, ["t", "CONDITIONAL", "ACTIVATED", "new"]);
    assert_eq!(glue.ok("GetTrigger", json!({ "Name": "t" })).await["Trigger"], updated);

    for _ in 0..2 {
        assert_eq!(glue.ok("DeleteTrigger", json!({ "Name": "t" })).await["Name"], "t");
    }
    for operation in ["GetTrigger", "StartTrigger", "StopTrigger"] {
        let message = glue.thrown(operation, json!({ "Name": "t" }), "EntityNotFoundException").await;
        assert_eq!(message, "Trigger t not found.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_are_listed_by_job_and_tags() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateTrigger", with(trigger("a", "ON_DEMAND"), json!({ "Tags": { "team": "bees" } }))).await;
    glue.ok("CreateTrigger", trigger("b", "EVENT")).await;
    glue.ok("CreateTrigger", with(trigger("c", "ON_DEMAND"), json!({ "Actions": [{ "JobName": "k" }] }))).await;
    let names = async |input: Value| glue.pages("ListTriggers", input, "TriggerNames").await;
    assert_eq!(names(json!({ "MaxResults": 2 })).await, ["a", "b", "c"]);
    assert_eq!(names(json!({ "DependentJobName": "j", "MaxResults": 1 })).await, ["a", "b"]);
    assert_eq!(names(json!({ "DependentJobName": "j", "Tags": { "team": "bees" } })).await, ["a"]);
    assert_eq!(names(json!({ "DependentJobName": "none" })).await, Vec::<Value>::new());
    let some = glue.ok("BatchGetTriggers", json!({ "TriggerNames": ["c", "none"] })).await;
    assert_eq!((&some["Triggers"][0]["Name"], &some["TriggersNotFound"]), (&json!("c"), &json!(["none"])));
    let elsewhere = with(trigger("d", "EVENT"), json!({ "WorkflowName": "none" }));
    glue.thrown("CreateTrigger", elsewhere, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trigger_on_demand_starts_all_of_its_actions_or_none() {
    let server = Server::start().await;
    let glue = server.client();
    let job = json!({ "Name": "j", "Role": "r", "Command": { "Name": "glueetl" } });
    glue.ok("CreateJob", job.clone()).await;
    glue.ok("CreateTrigger", trigger("t", "ON_DEMAND")).await;
    let message = glue.thrown("StartTrigger", json!({ "Name": "t" }), "OperationNotSupportedException").await;
    assert!(message.contains("glue_simulate_runs"), "{message}");

    let mut options = Options::default();
    options.settings.simulate_runs = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    glue.ok("CreateJob", job).await;
    let actions = json!([{ "JobName": "j", "Arguments": { "--a": "1" } }, { "CrawlerName": "c" }]);
    glue.ok("CreateTrigger", with(trigger("t", "ON_DEMAND"), json!({ "Actions": actions }))).await;
    glue.thrown("StartTrigger", json!({ "Name": "t" }), "EntityNotFoundException").await;
    assert_eq!(glue.ok("GetJobRuns", json!({ "JobName": "j" })).await["JobRuns"], json!([]));

    let crawler =
        json!({ "Name": "c", "Role": "r", "DatabaseName": "d", "Targets": { "S3Targets": [{ "Path": "s3://b/p" }] } });
    glue.ok("CreateCrawler", crawler).await;
    assert_eq!(glue.ok("StartTrigger", json!({ "Name": "t" })).await["Name"], "t");
    let runs = glue.ok("GetJobRuns", json!({ "JobName": "j" })).await;
    assert_eq!(
        (&runs["JobRuns"][0]["TriggerName"], &runs["JobRuns"][0]["Arguments"]["--a"]),
        (&json!("t"), &json!("1"))
    );
    let crawls = glue.ok("ListCrawls", json!({ "CrawlerName": "c" })).await;
    assert_eq!(crawls["Crawls"].as_array().unwrap().len(), 1);
    assert_eq!(glue.ok("GetTrigger", json!({ "Name": "t" })).await["Trigger"]["State"], "CREATED");
}
