use serde_json::{Value, json};

use crate::support::{Client, Options, Server};

const ROLE: &str = "arn:aws:iam::123456789012:role/Glue/Role";

fn crawler(name: &str, more: Value) -> Value {
    let mut input = json!({ "Name": name, "Role": ROLE, "Targets": { "S3Targets": [{ "Path": "s3://bees/hives/" }] } });
    for (member, value) in more.as_object().unwrap() {
        input[member] = value.clone();
    }
    input
}

async fn get(glue: &Client, name: &str) -> Value {
    glue.ok("GetCrawler", json!({ "Name": name })).await["Crawler"].clone()
}

async fn pretending() -> Server {
    let mut options = Options::default();
    options.settings.simulate_runs = true;
    Server::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn crawlers_come_back_as_they_were_defined() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateClassifier", json!({ "JsonClassifier": { "Name": "j", "JsonPath": "$" } })).await;
    let definition = json!({
        "DatabaseName": "d",
        "Description": "looks for hives",
        "Targets": {
            "S3Targets": [{ "Path": "s3://bees/hives", "Exclusions": ["**/_tmp/**", "*.{csv,txt}"], "SampleSize": 5 }],
            "JdbcTargets": [{ "ConnectionName": "c", "Path": "db/%/t%", "EnableAdditionalMetadata": ["COMMENTS"] }],
            "DynamoDBTargets": [{ "Path": "t", "scanAll": false, "scanRate": 0.5 }],
            "DeltaTargets": [{ "DeltaTables": ["s3://bees/delta/"], "WriteManifest": false }],
            "IcebergTargets": [{ "Paths": ["s3://bees/ice"], "MaximumTraversalDepth": 3 }],
            "MongoDBTargets": [{ "ConnectionName": "m", "Path": "db/c", "ScanAll": true }]
        },
        "Classifiers": ["j"],
        "TablePrefix": "p_",
        "SchemaChangePolicy": { "UpdateBehavior": "LOG", "DeleteBehavior": "DELETE_FROM_DATABASE" },
        "RecrawlPolicy": { "RecrawlBehavior": "CRAWL_EVERYTHING" },
        "LineageConfiguration": { "CrawlerLineageSettings": "DISABLE" },
        "LakeFormationConfiguration": { "UseLakeFormationCredentials": false, "AccountId": "123456789012" },
        "Configuration": "{\"Version\": 1.0, \"CreatePartitionIndex\": true}",
        "CrawlerSecurityConfiguration": "s"
    });
    let mut input = crawler("c", definition.clone());
    input["Schedule"] = json!("cron(15 12 * * ? *)");
    glue.ok("CreateCrawler", input.clone()).await;
    assert_eq!(glue.thrown("CreateCrawler", input, "AlreadyExistsException").await, "Crawler already exists.");
    let stored = get(&glue, "c").await;
    for (member, value) in definition.as_object().unwrap() {
        assert_eq!(&stored[member], value, "{member}");
    }
    assert_eq!(stored["Schedule"], json!({ "ScheduleExpression": "cron(15 12 * * ? *)", "State": "SCHEDULED" }));
    let state = json!([stored["Version"], stored["State"], stored["CrawlElapsedTime"], stored["LastCrawl"]]);
    assert_eq!(state, json!([1, "READY", 0, null]));

    let update = json!({ "Name": "c", "Description": "", "TablePrefix": "q_", "Schedule": "", "Classifiers": [] });
    glue.ok("UpdateCrawler", update).await;
    let after = get(&glue, "c").await;
    let changed =
        json!([after["Version"], after["TablePrefix"], after["Description"], after["Schedule"], after["Classifiers"]]);
    assert_eq!(changed, json!([2, "q_", null, null, []]));
    assert_eq!([&after["Targets"], &after["Role"]], [&stored["Targets"], &stored["Role"]]);

    glue.ok("DeleteCrawler", json!({ "Name": "c" })).await;
    for operation in ["GetCrawler", "DeleteCrawler", "UpdateCrawler", "StartCrawler", "StopCrawler"] {
        let message = glue.thrown(operation, json!({ "Name": "c" }), "EntityNotFoundException").await;
        assert_eq!(message, "Crawler c not found.");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn crawlers_that_could_not_work_are_refused() {
    let server = Server::start().await;
    let glue = server.client();
    let targets = |targets: Value| json!({ "Targets": targets });
    for (more, what) in [
        (json!({ "Role": "not a role" }), "Role"),
        (json!({ "Role": "arn:aws:s3:::bucket" }), "Role"),
        (json!({ "Schedule": "every day" }), "Schedule every day"),
        (json!({ "Configuration": "{\"Version\": 3.0}" }), "Version"),
        (json!({ "Classifiers": ["nobody"] }), "nobody"),
        (json!({ "LakeFormationConfiguration": { "AccountId": "12" } }), "12 digits"),
        (targets(json!({ "S3Targets": [{}] })), "S3Targets.1: Path is missing"),
        (targets(json!({ "S3Targets": [{ "Path": "bees/hives" }] })), "bees/hives"),
        (targets(json!({ "S3Targets": [{ "Path": "s3://b", "SampleSize": 250 }] })), "SampleSize"),
        (targets(json!({ "S3Targets": [{ "Path": "s3://b", "Exclusions": ["{a,{b}}"] }] })), "Exclusions"),
        (targets(json!({ "JdbcTargets": [{ "Path": "a/b" }] })), "ConnectionName is missing"),
        (targets(json!({ "JdbcTargets": [{ "ConnectionName": "c", "Path": "%/b" }] })), "Path %/b"),
        (targets(json!({ "DynamoDBTargets": [{ "Path": "t", "scanRate": 2 }] })), "scanRate"),
        (targets(json!({ "HudiTargets": [{ "Paths": [] }] })), "HudiTargets.1: Paths is missing"),
        (
            targets(
                json!({ "S3Targets": [{ "Path": "s3://b" }], "CatalogTargets": [{ "DatabaseName": "d", "Tables": ["t"] }] }),
            ),
            "mixed",
        ),
        (
            json!({ "RecrawlPolicy": { "RecrawlBehavior": "CRAWL_NEW_FOLDERS_ONLY" },
                "SchemaChangePolicy": { "UpdateBehavior": "UPDATE_IN_DATABASE" } }),
            "CRAWL_NEW_FOLDERS_ONLY",
        ),
        (json!({ "RecrawlPolicy": { "RecrawlBehavior": "CRAWL_EVENT_MODE" } }), "EventQueueArn"),
    ] {
        let message = glue.thrown("CreateCrawler", crawler("c", more), "InvalidInputException").await;
        assert!(message.contains(what), "{message}");
    }
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    let update = json!({ "Name": "c", "Configuration": "{" });
    glue.thrown("UpdateCrawler", update, "InvalidInputException").await;
    assert_eq!(get(&glue, "c").await["Version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn crawlers_are_listed_by_page_name_and_tag() {
    let server = Server::start().await;
    let glue = server.client();
    for (name, tags) in [("a", json!({ "team": "bees" })), ("b", json!({})), ("c", json!({ "team": "bees", "x": "y" }))]
    {
        glue.ok("CreateCrawler", crawler(name, json!({ "Tags": tags }))).await;
    }
    assert_eq!(glue.pages("ListCrawlers", json!({ "MaxResults": 2 }), "CrawlerNames").await, ["a", "b", "c"]);
    let tagged = json!({ "MaxResults": 1, "Tags": { "team": "bees" } });
    assert_eq!(glue.pages("ListCrawlers", tagged, "CrawlerNames").await, ["a", "c"]);
    let whole = glue.pages("GetCrawlers", json!({ "MaxResults": 1 }), "Crawlers").await;
    assert_eq!(whole.iter().map(|crawler| crawler["Name"].as_str().unwrap()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let batch = glue.ok("BatchGetCrawlers", json!({ "CrawlerNames": ["c", "x", "a"] })).await;
    assert_eq!([&batch["Crawlers"][0]["Name"], &batch["Crawlers"][1]["Name"]], ["c", "a"]);
    assert_eq!(batch["CrawlersNotFound"], json!(["x"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_changed_stopped_and_started() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    let of_c = json!({ "CrawlerName": "c" });
    glue.thrown("StartCrawlerSchedule", of_c.clone(), "NoScheduleException").await;
    glue.thrown("StopCrawlerSchedule", of_c.clone(), "SchedulerNotRunningException").await;
    let hourly = json!({ "CrawlerName": "c", "Schedule": "cron(0 * * * ? *)" });
    glue.ok("UpdateCrawlerSchedule", hourly).await;
    glue.thrown("StartCrawlerSchedule", of_c.clone(), "SchedulerRunningException").await;
    glue.ok("StopCrawlerSchedule", of_c.clone()).await;
    glue.thrown("StopCrawlerSchedule", of_c.clone(), "SchedulerNotRunningException").await;
    let wrong = json!({ "CrawlerName": "c", "Schedule": "cron(0 * * *)" });
    glue.thrown("UpdateCrawlerSchedule", wrong, "InvalidInputException").await;
    let daily = json!({ "CrawlerName": "c", "Schedule": "cron(0 1 * * ? *)" });
    glue.ok("UpdateCrawlerSchedule", daily).await;
    let stopped = json!({ "ScheduleExpression": "cron(0 1 * * ? *)", "State": "NOT_SCHEDULED" });
    assert_eq!(get(&glue, "c").await["Schedule"], stopped);
    glue.ok("StartCrawlerSchedule", of_c).await;
    assert_eq!(get(&glue, "c").await["Schedule"]["State"], "SCHEDULED");
    for operation in ["StartCrawlerSchedule", "StopCrawlerSchedule", "UpdateCrawlerSchedule"] {
        glue.thrown(operation, json!({ "CrawlerName": "x" }), "EntityNotFoundException").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_crawls_unless_it_is_pretended() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    let message = glue.thrown("StartCrawler", json!({ "Name": "c" }), "OperationNotSupportedException").await;
    assert!(message.contains("StartCrawler") && message.contains("glue_simulate_runs"), "{message}");
    assert_eq!(get(&glue, "c").await["State"], "READY");
    glue.thrown("StopCrawler", json!({ "Name": "c" }), "CrawlerNotRunningException").await;
    assert_eq!(glue.ok("ListCrawls", json!({ "CrawlerName": "c" })).await["Crawls"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn pretended_crawls_end_when_they_were_looked_at() {
    let server = pretending().await;
    let glue = server.client();
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    let named = json!({ "Name": "c" });
    glue.ok("StartCrawler", named.clone()).await;
    glue.thrown("StartCrawler", named.clone(), "CrawlerRunningException").await;
    let update = json!({ "Name": "c", "TablePrefix": "p" });
    glue.thrown("UpdateCrawler", update, "CrawlerRunningException").await;
    let running = get(&glue, "c").await;
    assert_eq!([&running["State"], &running["LastCrawl"]], [&json!("RUNNING"), &Value::Null]);
    let ready = get(&glue, "c").await;
    assert_eq!([&ready["State"], &ready["LastCrawl"]["Status"]], ["READY", "SUCCEEDED"]);

    glue.ok("StartCrawler", named.clone()).await;
    glue.ok("StopCrawler", named.clone()).await;
    glue.thrown("StopCrawler", named.clone(), "CrawlerStoppingException").await;
    let stopping = get(&glue, "c").await;
    assert_eq!([&stopping["State"], &stopping["LastCrawl"]["Status"]], ["STOPPING", "SUCCEEDED"]);
    assert_eq!(get(&glue, "c").await["LastCrawl"]["Status"], "CANCELLED");
    glue.thrown("StopCrawler", named.clone(), "CrawlerNotRunningException").await;

    let metrics = glue.ok("GetCrawlerMetrics", json!({ "CrawlerNameList": ["c", "x"] })).await;
    assert_eq!(metrics["CrawlerMetricsList"][0]["CrawlerName"], "c");
    assert!(metrics["CrawlerMetricsList"][0]["LastRuntimeSeconds"].as_f64() > Some(0.0));
    assert_eq!(metrics["CrawlerMetricsList"].as_array().unwrap().len(), 1);

    glue.ok("DeleteCrawler", named).await;
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    assert_eq!(glue.ok("ListCrawls", json!({ "CrawlerName": "c" })).await["Crawls"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_starts_at_once_one_succeeds() {
    let server = pretending().await;
    let glue = server.client();
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    let starts = (0..8).map(|_| glue.call("StartCrawler", json!({ "Name": "c" })));
    let outcomes = futures::future::join_all(starts).await;
    let refused: Vec<_> = outcomes.into_iter().filter_map(Result::err).map(|refusal| refusal.code).collect();
    assert_eq!(refused, ["CrawlerRunningException"; 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn crawls_are_filtered_and_paged() {
    let server = pretending().await;
    let glue = server.client();
    glue.ok("CreateCrawler", crawler("c", json!({}))).await;
    for _ in 0..3 {
        glue.ok("StartCrawler", json!({ "Name": "c" })).await;
        get(&glue, "c").await;
    }
    glue.ok("StartCrawler", json!({ "Name": "c" })).await;
    let list = |filters: Value| json!({ "CrawlerName": "c", "Filters": filters, "MaxResults": 2 });
    let crawls = glue.pages("ListCrawls", list(json!([])), "Crawls").await;
    let states: Vec<_> = crawls.iter().map(|crawl| crawl["State"].as_str().unwrap()).collect();
    assert_eq!(states, ["RUNNING", "COMPLETED", "COMPLETED", "COMPLETED"], "the newest first");
    let starts: Vec<_> = crawls.iter().map(|crawl| crawl["StartTime"].as_f64().unwrap()).collect();
    assert!(starts.is_sorted_by(|a, b| a > b), "{starts:?}");

    let second = &crawls[2];
    // To the millisecond above the start of the second.
    let after_second = ((second["EndTime"].as_f64().unwrap() * 1000.0).ceil() as i64).to_string();
    for (filters, expected) in [
        (json!([{ "FieldName": "CRAWL_ID", "FilterOperator": "EQ", "FieldValue": second["CrawlId"] }]), 1),
        (json!([{ "FieldName": "CRAWL_ID", "FilterOperator": "NE", "FieldValue": second["CrawlId"] }]), 3),
        (json!([{ "FieldName": "STATE", "FilterOperator": "NE", "FieldValue": "COMPLETED" }]), 0),
        (json!([{ "FieldName": "START_TIME", "FilterOperator": "LE", "FieldValue": after_second }]), 2),
        (
            json!([{ "FieldName": "START_TIME", "FilterOperator": "GT", "FieldValue": after_second },
                { "FieldName": "END_TIME", "FilterOperator": "GE", "FieldValue": "2020-01-01T00:00:00" }]),
            2,
        ),
        (json!([{ "FieldName": "DPU_HOUR", "FilterOperator": "LT", "FieldValue": "0.5" }]), 4),
    ] {
        let found = glue.pages("ListCrawls", list(filters.clone()), "Crawls").await;
        assert_eq!(found.len(), expected, "{filters}");
    }
    for (filter, code, what) in [
        (
            json!({ "FieldName": "STATE", "FilterOperator": "LE", "FieldValue": "RUNNING" }),
            "InvalidInputException",
            "Only EQ or NE operator is allowed for field : STATE",
        ),
        (
            json!({ "FieldName": "STATE", "FilterOperator": "EQ", "FieldValue": "TIRED" }),
            "InvalidInputException",
            "TIRED",
        ),
        (
            json!({ "FieldName": "END_TIME", "FilterOperator": "EQ", "FieldValue": "soon" }),
            "InvalidInputException",
            "soon",
        ),
        (
            json!({ "FieldName": "DPU_HOUR", "FilterOperator": "EQ" }),
            "InvalidInputException",
            "Invalid Filter Provided: FieldName: DPU_HOUR, FilterOperator: EQ, FieldValue: null",
        ),
        (
            json!({ "FieldName": "MOOD", "FilterOperator": "EQ", "FieldValue": "x" }),
            "ValidationException",
            "Value 'MOOD' at 'filters.1.member.fieldName' failed to satisfy constraint",
        ),
    ] {
        let message = glue.thrown("ListCrawls", list(json!([filter])), code).await;
        assert!(message.contains(what), "{message}");
    }
    let message = glue.thrown("ListCrawls", json!({ "CrawlerName": "x" }), "EntityNotFoundException").await;
    assert_eq!(message, "Crawler entry with name x does not exist");
}
