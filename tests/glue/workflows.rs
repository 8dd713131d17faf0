use serde_json::{Value, json};

use crate::support::{Client, Options, Server};

const MISSING: &str = "Entity not found";

async fn simulating() -> (Server, Client) {
    let mut options = Options::default();
    options.settings.simulate_runs = true;
    let server = Server::start_with(options).await;
    let client = server.client();
    (server, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_are_kept_changed_and_listed() {
    let server = Server::start().await;
    let glue = server.client();
    let input = json!({
        "Name": "w", "Description": "d", "DefaultRunProperties": { "a": "1" }, "MaxConcurrentRuns": 2, "Tags": { "t": "v" },
    });
    assert_eq!(glue.ok("CreateWorkflow", input.clone()).await["Name"], "w");
    glue.thrown("CreateWorkflow", input, "AlreadyExistsException").await;
    glue.ok("UpdateWorkflow", json!({ "Name": "w", "Description": "e" })).await;
    let mut kept = glue.ok("GetWorkflow", json!({ "Name": "w" })).await["Workflow"].clone();
    for time in ["CreatedOn", "LastModifiedOn"] {
        assert!(kept.as_object_mut().unwrap().remove(time).is_some());
    }
    let expected =
        json!({ "Name": "w", "Description": "e", "DefaultRunProperties": { "a": "1" }, "MaxConcurrentRuns": 2 });
    assert_eq!(kept, expected);
    let arn = json!({ "ResourceArn": "arn:aws:glue:us-east-1:123456789012:workflow/w" });
    assert_eq!(glue.ok("GetTags", arn).await["Tags"], json!({ "t": "v" }));

    for at in 0..26 {
        glue.ok("CreateWorkflow", json!({ "Name": format!("w{at:02}") })).await;
    }
    let first = glue.ok("ListWorkflows", json!({})).await;
    assert_eq!(first["Workflows"].as_array().unwrap().len(), 25);
    assert_eq!(glue.pages("ListWorkflows", json!({}), "Workflows").await.len(), 27);
    let some = glue.ok("BatchGetWorkflows", json!({ "Names": ["none", "w07"] })).await;
    assert_eq!((&some["Workflows"][0]["Name"], &some["MissingWorkflows"]), (&json!("w07"), &json!(["none"])));

    for _ in 0..2 {
        assert_eq!(glue.ok("DeleteWorkflow", json!({ "Name": "w" })).await["Name"], "w");
    }
    for operation in ["GetWorkflow", "UpdateWorkflow", "GetWorkflowRuns", "StartWorkflowRun"] {
        assert_eq!(glue.thrown(operation, json!({ "Name": "w" }), "EntityNotFoundException").await, MISSING);
    }
    glue.thrown("StartWorkflowRun", json!({ "Name": "w07" }), "OperationNotSupportedException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_graph_shows_what_triggers_bring_together() {
    let server = Server::start().await;
    let glue = server.client();
    for name in ["w", "other"] {
        glue.ok("CreateWorkflow", json!({ "Name": name })).await;
    }
    let start =
        json!({ "Name": "start", "WorkflowName": "w", "Type": "ON_DEMAND", "Actions": [{ "CrawlerName": "crawl" }] });
    let then = json!({
        "Name": "then", "WorkflowName": "w", "Type": "CONDITIONAL", "Actions": [{ "JobName": "clean" }, { "JobName": "count" }],
        "Predicate": { "Conditions": [{ "CrawlerName": "crawl", "CrawlState": "SUCCEEDED", "LogicalOperator": "EQUALS" }] },
    });
    let elsewhere =
        json!({ "Name": "x", "WorkflowName": "other", "Type": "ON_DEMAND", "Actions": [{ "JobName": "clean" }] });
    for trigger in [start, then, elsewhere] {
        glue.ok("CreateTrigger", trigger).await;
    }
    let workflow = glue.ok("GetWorkflow", json!({ "Name": "w", "IncludeGraph": true })).await["Workflow"].clone();
    let nodes = workflow["Graph"]["Nodes"].as_array().unwrap();
    let name = |id: &Value| {
        let node = nodes.iter().find(|node| node["UniqueId"] == *id).unwrap();
        format!("{} {}", node["Type"].as_str().unwrap(), node["Name"].as_str().unwrap())
    };
    let mut edges: Vec<_> = workflow["Graph"]["Edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| format!("{} -> {}", name(&edge["SourceId"]), name(&edge["DestinationId"])))
        .collect();
    edges.sort();
    assert_eq!(
        edges,
        [
            "CRAWLER crawl -> TRIGGER then",
            "TRIGGER start -> CRAWLER crawl",
            "TRIGGER then -> JOB clean",
            "TRIGGER then -> JOB count",
        ]
    );
    assert_eq!(nodes.len(), 5);
    let triggers: Vec<_> =
        nodes.iter().filter_map(|node| node["TriggerDetails"]["Trigger"]["State"].as_str()).collect();
    assert_eq!(triggers, ["CREATED", "CREATED"]);
    assert_eq!(glue.ok("GetWorkflow", json!({ "Name": "w" })).await["Workflow"].get("Graph"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pretended_run_has_properties_and_an_end() {
    let (_server, glue) = simulating().await;
    let input = json!({ "Name": "w", "DefaultRunProperties": { "a": "1", "b": "1" }, "MaxConcurrentRuns": 1 });
    glue.ok("CreateWorkflow", input).await;
    let start = json!({ "Name": "w", "RunProperties": { "b": "2" } });
    let first = glue.ok("StartWorkflowRun", start.clone()).await["RunId"].clone();
    assert_eq!(
        glue.thrown("StartWorkflowRun", start.clone(), "ConcurrentRunsExceededException").await,
        "Concurrent runs exceeded for workflow: w."
    );
    let run = json!({ "Name": "w", "RunId": first });
    let properties = json!({ "Name": "w", "RunId": first, "RunProperties": { "b": "3", "c": "3" } });
    glue.ok("PutWorkflowRunProperties", properties).await;
    let properties = glue.ok("GetWorkflowRunProperties", run.clone()).await["RunProperties"].clone();
    assert_eq!(properties, json!({ "a": "1", "b": "3", "c": "3" }));

    let seen =
        glue.ok("GetWorkflowRun", json!({ "Name": "w", "RunId": first, "IncludeGraph": true })).await["Run"].clone();
    assert_eq!((&seen["Status"], &seen["WorkflowRunProperties"]), (&json!("COMPLETED"), &properties));
    assert_eq!(
        (&seen["Name"], &seen["Statistics"]["TotalActions"], &seen["Graph"]["Nodes"]),
        (&json!("w"), &json!(0), &json!([]))
    );
    assert!(seen["CompletedOn"].as_f64().unwrap() >= seen["StartedOn"].as_f64().unwrap());
    let message = glue.thrown("StopWorkflowRun", run, "IllegalWorkflowStateException").await;
    assert!(message.contains("COMPLETED"), "{message}");

    let second = glue.ok("StartWorkflowRun", start).await["RunId"].clone();
    glue.ok("StopWorkflowRun", json!({ "Name": "w", "RunId": second })).await;
    let runs = glue.pages("GetWorkflowRuns", json!({ "Name": "w", "MaxResults": 1 }), "Runs").await;
    let ids: Vec<_> = runs.iter().map(|run| (&run["WorkflowRunId"], run["Status"].as_str().unwrap())).collect();
    assert_eq!(ids, [(&second, "STOPPED"), (&first, "COMPLETED")]);
    assert_eq!(runs[0]["PreviousRunId"], first);
    let last = glue.ok("GetWorkflow", json!({ "Name": "w" })).await["Workflow"]["LastRun"].clone();
    assert_eq!(last["WorkflowRunId"], second);
    for operation in ["GetWorkflowRun", "StopWorkflowRun", "GetWorkflowRunProperties"] {
        let none = json!({ "Name": "w", "RunId": "none" });
        assert_eq!(glue.thrown(operation, none, "EntityNotFoundException").await, MISSING);
    }
}
