//! A pretended run of a column statistics task is RUNNING until it is looked at, and has then SUCCEEDED, without having
//! computed anything.

use serde_json::json;
use uuid::Uuid;

use super::super::call::Call;
use super::super::error::Result;
use super::super::ops::kept::{Object, text};
use super::super::ops::statistics_tasks::TASK_RUN;
use crate::model::Resource;

const STATUS: &str = "Status";
const RUNNING: &str = "RUNNING";

/// Records a run, and answers its id.
pub async fn start(call: &Call, mut run: Object) -> Result<String> {
    run.insert(STATUS.to_owned(), json!(RUNNING));
    run.insert("CustomerId".to_owned(), json!(call.account()));
    run.insert("ComputationType".to_owned(), json!("FULL"));
    run.insert("DPUSeconds".to_owned(), json!(0.0));
    Ok(TASK_RUN.create(call, &Uuid::new_v4().to_string(), run, &Default::default()).await?.name)
}

/// The run as it is after the look.
pub async fn look(call: &Call, run: Resource) -> Result<Resource> {
    end(call, run, "SUCCEEDED").await
}

/// Stops those of the runs that are under way; whether there were any.
pub async fn stop(call: &Call, runs: Vec<Resource>) -> Result<bool> {
    let mut any = false;
    for run in runs.into_iter().filter(is_running) {
        end(call, run, "STOPPED").await?;
        any = true;
    }
    Ok(any)
}

async fn end(call: &Call, mut run: Resource, status: &str) -> Result<Resource> {
    if is_running(&run) {
        let change = |run: Resource| {
            let status = if is_running(&run) { status } else { text(&run.document, STATUS) }.to_owned();
            let mut document = run.document;
            document.insert(STATUS.to_owned(), json!(status));
            Ok(document)
        };
        run = TASK_RUN.update(call, &run.name, change).await?;
    }
    run.document.insert("StartTime".to_owned(), json!(run.created_at));
    run.document.insert("EndTime".to_owned(), json!(run.updated_at));
    Ok(run)
}

fn is_running(run: &Resource) -> bool {
    text(&run.document, STATUS) == RUNNING
}
