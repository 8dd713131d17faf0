use serde_json::{Value, json};

use crate::support::{Options, Server};

fn job(name: &str) -> Value {
    json!({ "Name": name, "Role": "r", "Command": { "Name": "glueetl", "ScriptLocation": "s3://b/s.py" } })
}

fn with(mut object: Value, members: Value) -> Value {
    object.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    object
}

/// A server that pretends to run what is started.
async fn simulating() -> Server {
    let mut options = Options::default();
    options.settings.simulate_runs = true;
    Server::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_kept_whole_and_replaced_whole() {
    let server = Server::start().await;
    let glue = server.client();
    let definition = json!({
        "Description": "every night", "LogUri": "s3://b/l", "ExecutionProperty": { "MaxConcurrentRuns": 3 },
        "DefaultArguments": { "--a": "" }, "NonOverridableArguments": { "--b": "2" }, "Connections": { "Connections": ["c"] },
        "MaxRetries": 2, "Timeout": 7, "WorkerType": "G.1X", "NumberOfWorkers": 4, "GlueVersion": "4.0",
        "SecurityConfiguration": "s", "NotificationProperty": { "NotifyDelayAfter": 5 }, "ExecutionClass": "FLEX",
        "SourceControlDetails": { "Provider": "GITHUB", "Repository": "r" }, "CodeGenConfigurationNodes": {},
        "MaintenanceWindow": "Sun:3", "JobMode": "SCRIPT", "JobRunQueuingEnabled": true,
    });
    let input = with(with(job("nightly"), definition.clone()), json!({ "Tags": { "team": "bees" }, "NoMember": 1 }));
    assert_eq!(glue.ok("CreateJob", input).await["Name"], "nightly");

    let mut kept = glue.ok("GetJob", json!({ "JobName": "nightly" })).await["Job"].clone();
    let times = ["CreatedOn", "LastModifiedOn"].map(|time| kept.as_object_mut().unwrap().remove(time).unwrap());
    assert!(times[0].as_f64().unwrap() > 1.7e9 && times[0] == times[1], "{times:?}");
    assert_eq!(kept, with(job("nightly"), definition));

    let update = json!({ "JobName": "nightly", "JobUpdate": { "Role": "other", "Command": { "Name": "glueetl" } } });
    assert_eq!(glue.ok("UpdateJob", update).await["JobName"], "nightly");
    let mut kept = glue.ok("GetJob", json!({ "JobName": "nightly" })).await["Job"].clone();
    let times = ["CreatedOn", "LastModifiedOn"]
        .map(|time| kept.as_object_mut().unwrap().remove(time).unwrap().as_f64().unwrap());
    assert!(times[0] < times[1], "{times:?}");
    assert_eq!(
        kept,
        json!({
            "Name": "nightly", "Role": "other", "Command": { "Name": "glueetl" }, "GlueVersion": "4.0", "Timeout": 2880,
            "MaxRetries": 0, "ExecutionProperty": { "MaxConcurrentRuns": 1 },
        })
    );
    let arn = json!({ "ResourceArn": "arn:aws:glue:us-east-1:123456789012:job/nightly" });
    assert_eq!(glue.ok("GetTags", arn.clone()).await["Tags"], json!({ "team": "bees" }));

    let half = json!({ "JobName": "nightly", "JobUpdate": { "Role": "other" } });
    assert!(glue.thrown("UpdateJob", half, "InvalidInputException").await.contains("Command"));
    let missing = json!({ "JobName": "none", "JobUpdate": { "Role": "r", "Command": {} } });
    assert_eq!(glue.thrown("UpdateJob", missing, "EntityNotFoundException").await, "Job none not found.");

    for _ in 0..2 {
        assert_eq!(glue.ok("DeleteJob", json!({ "JobName": "nightly" })).await["JobName"], "nightly");
    }
    glue.thrown("GetJob", json!({ "JobName": "nightly" }), "EntityNotFoundException").await;
    glue.thrown("GetTags", arn, "EntityNotFoundException").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_comes_twice_is_no_error_unless_it_differs() {
    let server = Server::start().await;
    let glue = server.client();
    for _ in 0..2 {
        glue.ok("CreateJob", job("j")).await;
    }
    let other = with(job("j"), json!({ "Timeout": 1 }));
    let message = glue.thrown("CreateJob", other, "IdempotentParameterMismatchException").await;
    assert!(message.contains("j already submitted with different configuration"), "{message}");
    assert_eq!(glue.ok("GetJob", json!({ "JobName": "j" })).await["Job"]["Timeout"], 480);
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_listed_in_pages_by_tags_and_by_name() {
    let server = Server::start().await;
    let glue = server.client();
    for at in 0..7 {
        let tags = if at % 2 == 0 { json!({ "even": "yes", "all": "" }) } else { json!({ "all": "" }) };
        glue.ok("CreateJob", with(job(&format!("job{at}")), json!({ "Tags": tags }))).await;
    }
    let names = |jobs: Vec<Value>| jobs.into_iter().map(|job| job["Name"].clone()).collect::<Vec<_>>();
    let all: Vec<_> = (0..7).map(|at| json!(format!("job{at}"))).collect();
    assert_eq!(glue.pages("ListJobs", json!({ "MaxResults": 3 }), "JobNames").await, all);
    assert_eq!(names(glue.pages("GetJobs", json!({ "MaxResults": 7 }), "Jobs").await), all);
    let even = json!({ "Tags": { "even": "yes", "all": "" }, "MaxResults": 3 });
    assert_eq!(
        glue.pages("ListJobs", even, "JobNames").await,
        ["job0", "job2", "job4", "job6"].map(|name| json!(name))
    );
    assert_eq!(glue.pages("ListJobs", json!({ "Tags": { "even": "no" } }), "JobNames").await, Vec::<Value>::new());
    glue.thrown("ListJobs", json!({ "NextToken": "no token" }), "InvalidInputException").await;

    let some = json!({ "JobNames": ["job5", "none", "job1", "job5", "none"] });
    let some = glue.ok("BatchGetJobs", some).await;
    assert_eq!(names(some["Jobs"].as_array().unwrap().clone()), ["job5", "job1"].map(|name| json!(name)));
    assert_eq!(some["JobsNotFound"], json!(["none"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_starts_unless_runs_are_simulated() {
    let server = Server::start().await;
    let glue = server.client();
    glue.ok("CreateJob", job("j")).await;
    // What is wrong is told first.
    let both = json!({ "JobName": "j", "AllocatedCapacity": 2, "MaxCapacity": 2.0 });
    assert_eq!(
        glue.thrown("StartJobRun", both, "InvalidInputException").await,
        "Please set only Allocated Capacity or Max Capacity"
    );
    glue.thrown("StartJobRun", json!({ "JobName": "none" }), "EntityNotFoundException").await;
    let message = glue.thrown("StartJobRun", json!({ "JobName": "j" }), "OperationNotSupportedException").await;
    assert!(message.contains("nothing runs jobs yet") && message.contains("glue_simulate_runs"), "{message}");
    assert_eq!(glue.ok("GetJobRuns", json!({ "JobName": "j" })).await["JobRuns"], json!([]));
    let log = json!({ "JobName": "j", "RunId": "r" });
    glue.thrown("GetSystemLogsForJobRun", log, "OperationNotSupportedException").await;
    assert_eq!(
        glue.thrown("GetJobBookmark", json!({ "JobName": "j" }), "EntityNotFoundException").await,
        "Continuation for job j not found"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pretended_run_has_what_job_and_start_say() {
    let server = simulating().await;
    let glue = server.client();
    let arguments = json!({
        "DefaultArguments": { "--a": "job", "--b": "job", "--c": "job" }, "NonOverridableArguments": { "--c": "fixed" },
        "WorkerType": "G.1X", "NumberOfWorkers": 2,
    });
    glue.ok("CreateJob", with(job("j"), arguments)).await;
    let start = json!({ "JobName": "j", "Arguments": { "--b": "run", "--c": "run" }, "NumberOfWorkers": 9 });
    let first = glue.ok("StartJobRun", start).await["JobRunId"].clone();
    let id = first.as_str().unwrap();
    assert!(id.starts_with("jr_") && id.len() == 67, "{id}");

    let run = glue.ok("GetJobRun", json!({ "JobName": "j", "RunId": first })).await["JobRun"].clone();
    assert_eq!(run["Arguments"], json!({ "--a": "job", "--b": "run", "--c": "fixed" }));
    let some =
        ["Id", "JobName", "JobRunState", "WorkerType", "NumberOfWorkers", "Attempt"].map(|member| run[member].clone());
    assert_eq!(some, [first.clone(), json!("j"), json!("SUCCEEDED"), json!("G.1X"), json!(9), json!(0)]);
    assert!(run["StartedOn"].as_f64().unwrap() <= run["CompletedOn"].as_f64().unwrap());

    let again = json!({ "JobName": "j", "JobRunId": first });
    let again = glue.ok("StartJobRun", again).await["JobRunId"].clone();
    let runs = glue.pages("GetJobRuns", json!({ "JobName": "j", "MaxResults": 1 }), "JobRuns").await;
    let ids: Vec<_> = runs.iter().map(|run| &run["Id"]).collect();
    assert_eq!(ids, [&again, &first]);
    assert_eq!((&runs[0]["PreviousRunId"], &runs[0]["Attempt"]), (&first, &json!(1)));
    let unknown = json!({ "JobName": "j", "JobRunId": "none" });
    assert_eq!(glue.thrown("StartJobRun", unknown, "EntityNotFoundException").await, "Job run none not found.");

    let last = glue.ok("StartJobRun", json!({ "JobName": "j" })).await["JobRunId"].clone();
    let stop = glue.ok("BatchStopJobRun", json!({ "JobName": "j", "JobRunIds": [last, first, "none"] })).await;
    assert_eq!(stop["SuccessfulSubmissions"], json!([{ "JobName": "j", "JobRunId": last }]));
    let errors: Vec<_> =
        stop["Errors"].as_array().unwrap().iter().map(|error| &error["ErrorDetail"]["ErrorCode"]).collect();
    assert_eq!(errors, ["InvalidInputException", "EntityNotFoundException"]);
    let run = glue.ok("GetJobRun", json!({ "JobName": "j", "RunId": last })).await["JobRun"].clone();
    assert_eq!(run["JobRunState"], "STOPPED");

    // Runs go with their job.
    glue.ok("DeleteJob", json!({ "JobName": "j" })).await;
    glue.ok("CreateJob", job("j")).await;
    assert_eq!(glue.ok("GetJobRuns", json!({ "JobName": "j" })).await["JobRuns"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn strict_servers_imitate_what_the_service_forbids() {
    let mut options = Options::default();
    options.settings.strict = true;
    let server = Server::start_with(options).await;
    let glue = server.client();
    let sized = with(job("j"), json!({ "MaxCapacity": 2.0, "WorkerType": "G.1X", "NumberOfWorkers": 2 }));
    assert_eq!(
        glue.thrown("CreateJob", sized, "InvalidInputException").await,
        "Please do not set Max Capacity if using Worker Type and Number of Workers."
    );
    let free = with(job("j"), json!({ "ExecutionClass": "SPOT" }));
    glue.thrown("CreateJob", free, "ValidationException").await;
}
