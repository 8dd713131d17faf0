//! Bookmarks of jobs: how far a run had come. Runs write them, so that none is there as long as nothing runs jobs.

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::jobs::JOB;
use super::kept::{Object, text};

pub async fn get_job_bookmark(call: &Call, input: Object) -> Result<Object> {
    none(call, &input).await
}

pub async fn reset_job_bookmark(call: &Call, input: Object) -> Result<Object> {
    none(call, &input).await
}

async fn none(call: &Call, input: &Object) -> Result<Object> {
    let job = JOB.get(call, text(input, "JobName")).await?;
    Err(Exception::not_found(format!("Continuation for job {} not found", job.name)).into())
}
