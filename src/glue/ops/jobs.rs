//! Definitions of jobs.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::job_runs::JOB_RUN;
use super::kept::{self, Kept, Object, Which, answer, described, names, paged, take, take_tags, text};
use crate::model::Resource;

pub const JOB: Kept = Kept {
    kind: "job",
    missing: "Job {} not found.",
    exists: "Job with name {} already submitted with different configuration",
    parts: &[JOB_RUN.kind],
};

/// What a job has that is defined without a version.
const GLUE_VERSION: &str = "6.0";

pub async fn create_job(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    if call.settings.strict {
        check_capacity(&input)?;
    }
    fill_defaults(&mut input, GLUE_VERSION);
    JOB.create_once(call, &name, input, &tags, &[]).await?;
    Ok(answer("Name", name))
}

/// Replaces the definition; only the version stays where the new one says nothing of it.
pub async fn update_job(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "JobName");
    let Some(Value::Object(mut update)) = input.remove("JobUpdate") else {
        return Err(Exception::invalid_input("JobUpdate is missing").into());
    };
    for member in ["Role", "Command"] {
        if !update.contains_key(member) {
            let message = format!("JobUpdate has no {member}: it replaces the whole definition of the job {name}");
            return Err(Exception::invalid_input(message).into());
        }
    }
    if call.settings.strict {
        check_capacity(&update)?;
    }
    let change = move |job: Resource| {
        fill_defaults(&mut update, text(&job.document, "GlueVersion"));
        Ok(update)
    };
    JOB.update(call, &name, change).await?;
    Ok(answer("JobName", name))
}

pub async fn get_job(call: &Call, input: Object) -> Result<Object> {
    let job = JOB.get(call, text(&input, "JobName")).await?;
    Ok(answer("Job", describe(job)))
}

pub async fn get_jobs(call: &Call, input: Object) -> Result<Object> {
    let (jobs, token) = JOB.list(call, &Which::read(&input)?).await?;
    Ok(paged("Jobs", jobs.into_iter().map(describe).collect(), token))
}

pub async fn list_jobs(call: &Call, input: Object) -> Result<Object> {
    let (jobs, token) = JOB.list(call, &Which::read(&input)?).await?;
    Ok(paged("JobNames", names(jobs), token))
}

pub async fn batch_get_jobs(call: &Call, input: Object) -> Result<Object> {
    let (jobs, missing) = JOB.named(call, &kept::list(&input, "JobNames")).await?;
    let mut output = answer("Jobs", jobs.into_iter().map(describe).collect::<Vec<_>>());
    output.insert("JobsNotFound".to_owned(), json!(missing));
    Ok(output)
}

/// One that does not exist is no error.
pub async fn delete_job(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "JobName");
    JOB.delete(call, name).await?;
    Ok(answer("JobName", name))
}

/// The two ways to say how large a job or a run is, which AWS does not let one mix.
pub fn check_capacity(definition: &Object) -> Result<()> {
    check_one_capacity(definition)?;
    let has = |member| definition.contains_key(member);
    if has("MaxCapacity") && (has("WorkerType") || has("NumberOfWorkers")) {
        let message = "Please do not set Max Capacity if using Worker Type and Number of Workers.";
        return Err(Exception::invalid_input(message).into());
    }
    Ok(())
}

/// AllocatedCapacity is the old name of MaxCapacity.
pub fn check_one_capacity(definition: &Object) -> Result<()> {
    if definition.contains_key("AllocatedCapacity") && definition.contains_key("MaxCapacity") {
        return Err(Exception::invalid_input("Please set only Allocated Capacity or Max Capacity").into());
    }
    Ok(())
}

fn describe(job: Resource) -> Value {
    described(job, "Name", "CreatedOn", "LastModifiedOn")
}

/// What the documentation says that a definition has where it leaves something out.
fn fill_defaults(definition: &mut Object, version: &str) {
    let mut default = |member: &str, value: Value| {
        definition.entry(member).or_insert(value);
    };
    default("GlueVersion", json!(version));
    default("ExecutionProperty", json!({ "MaxConcurrentRuns": 1 }));
    default("MaxRetries", json!(0));
    let command = definition.get("Command").and_then(|command| command["Name"].as_str());
    if command != Some("gluestreaming") {
        let timeout = timeout(text(definition, "GlueVersion"));
        definition.entry("Timeout").or_insert(json!(timeout));
    }
}

/// The Timeout in minutes of a job that gives none.
fn timeout(version: &str) -> i32 {
    let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| major < 5) { 2880 } else { 480 }
}
