//! Runs of jobs. Nothing carries one out: they are there in pretence only, by [`simulation`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::simulation;
use super::jobs::{JOB, check_capacity, check_one_capacity};
use super::kept::{self, Object, answer, described, paged, text, texts};
use super::parts::Part;
use crate::model::Resource;

pub const JOB_RUN: Part = Part { kind: "jobRun", missing: "Job run {} not found." };

/// What a run takes from its job where its start says nothing of it.
const INHERITED: [&str; 13] = [
    "AllocatedCapacity",
    "ExecutionClass",
    "GlueVersion",
    "JobMode",
    "JobRunQueuingEnabled",
    "MaintenanceWindow",
    "MaxCapacity",
    "NotificationProperty",
    "NumberOfWorkers",
    "SecurityConfiguration",
    "Timeout",
    "WorkerType",
    "ExecutionRoleSessionPolicy",
];

pub async fn start_job_run(call: &Call, input: Object) -> Result<Object> {
    check_one_capacity(&input)?;
    if call.settings.strict {
        check_capacity(&input)?;
    }
    let job = JOB.get(call, text(&input, "JobName")).await?;
    let mut run = definition(&job, &input);
    if let Some(previous) = input.get("JobRunId").and_then(Value::as_str) {
        let before = JOB_RUN.get(call, &job.name, previous).await?;
        let attempt = before.document.get("Attempt").and_then(Value::as_i64).unwrap_or_default();
        run.insert("PreviousRunId".to_owned(), json!(previous));
        run.insert("Attempt".to_owned(), json!(attempt + 1));
    }
    simulation::allowed(call, "jobs")?;
    let run = simulation::job_runs::start(call, &job.name, run).await?;
    Ok(answer("JobRunId", run.name))
}

pub async fn get_job_run(call: &Call, input: Object) -> Result<Object> {
    let job = JOB.get(call, text(&input, "JobName")).await?;
    let run = JOB_RUN.get(call, &job.name, text(&input, "RunId")).await?;
    let run = simulation::job_runs::look(call, run).await?;
    Ok(answer("JobRun", describe(run)))
}

/// The newest first.
pub async fn get_job_runs(call: &Call, input: Object) -> Result<Object> {
    let job = JOB.get(call, text(&input, "JobName")).await?;
    let (runs, token) = JOB_RUN.page(call, &job.name, &input).await?;
    let mut seen = Vec::with_capacity(runs.len());
    for run in runs {
        seen.push(describe(simulation::job_runs::look(call, run).await?));
    }
    Ok(paged("JobRuns", seen, token))
}

/// Runs that cannot be stopped are told apart in the answer.
pub async fn batch_stop_job_run(call: &Call, input: Object) -> Result<Object> {
    let job = text(&input, "JobName");
    let mut stopped = Vec::new();
    let mut errors = Vec::new();
    for id in kept::list(&input, "JobRunIds") {
        let of = json!({ "JobName": job, "JobRunId": id });
        match simulation::job_runs::stop(call, job, &id).await {
            Ok(_) => stopped.push(of),
            Err(failure) => {
                let error = Exception::from(&failure);
                if error.status.is_server_error() {
                    return Err(failure);
                }
                let detail = json!({ "ErrorCode": error.code, "ErrorMessage": error.message });
                errors.push(json!({ "JobName": job, "JobRunId": id, "ErrorDetail": detail }));
            }
        }
    }
    let mut output = answer("SuccessfulSubmissions", stopped);
    output.insert("Errors".to_owned(), json!(errors));
    Ok(output)
}

/// A run of a job as it is to be: what `start` says goes before the job, and the job's arguments that nothing may
/// override before all.
pub fn definition(job: &Resource, start: &Object) -> Object {
    let mut run = Object::new();
    for member in INHERITED {
        if let Some(value) = start.get(member).or_else(|| job.document.get(member)) {
            run.insert(member.to_owned(), value.clone());
        }
    }
    let mut arguments: BTreeMap<_, _> = texts(job.document.get("DefaultArguments"));
    arguments.extend(texts(start.get("Arguments")));
    arguments.extend(texts(job.document.get("NonOverridableArguments")));
    if !arguments.is_empty() {
        run.insert("Arguments".to_owned(), json!(arguments));
    }
    run.insert("Attempt".to_owned(), json!(0));
    run
}

fn describe(run: Resource) -> Value {
    let job = run.parent.clone();
    let mut run = described(run, "Id", "StartedOn", "LastModifiedOn");
    run["JobName"] = json!(job);
    run["PredecessorRuns"] = json!([]);
    run
}
