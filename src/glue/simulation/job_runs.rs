//! A pretended run of a job is STARTING until it is looked at or the next one starts, and has then SUCCEEDED: it does
//! nothing, so nothing holds it up, and no job ever has more runs at once than it allows.

use serde_json::json;

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::ops::job_runs::JOB_RUN;
use super::super::ops::kept::{Object, text};
use super::super::ops::parts::fresh_id;
use crate::model::Resource;

const STATE: &str = "JobRunState";

/// Records a run.
pub async fn start(call: &Call, job: &str, mut run: Object) -> Result<Resource> {
    run.insert(STATE.to_owned(), json!("STARTING"));
    JOB_RUN.create(call, job, &fresh_id("jr_"), run).await
}

/// The run as it is after the look.
pub async fn look(call: &Call, run: Resource) -> Result<Resource> {
    let run = match text(&run.document, STATE) {
        "STARTING" => JOB_RUN.update(call, &run.parent, &run.name, |run| Ok(ended(run, "SUCCEEDED"))).await?,
        _ => run,
    };
    Ok(with_end(run))
}

/// Stops a run that nobody looked at yet; any other has ended.
pub async fn stop(call: &Call, job: &str, id: &str) -> Result<Resource> {
    let change = |run: Resource| match text(&run.document, STATE) {
        "STARTING" => Ok(ended(run, "STOPPED")),
        state => Err(Exception::invalid_input(format!("Job run {id} is {state}: it cannot be stopped")).into()),
    };
    JOB_RUN.update(call, job, id, change).await
}

fn ended(run: Resource, state: &str) -> Object {
    let mut document = run.document;
    // Only a run that has not ended yet gets its end.
    if text(&document, STATE) == "STARTING" {
        document.insert(STATE.to_owned(), json!(state));
    }
    document
}

fn with_end(mut run: Resource) -> Resource {
    run.document.insert("CompletedOn".to_owned(), json!(run.updated_at));
    run.document.insert("ExecutionTime".to_owned(), json!(0));
    run
}
