//! A pretended run of a workflow is RUNNING until it is looked at, and is then COMPLETED: it has no actions.

use serde_json::json;

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::ops::kept::{Object, text};
use super::super::ops::parts::fresh_id;
use super::super::ops::workflow_runs::WORKFLOW_RUN;
use crate::model::Resource;

const STATUS: &str = "Status";
const ENDED: &str = "CompletedOn";

/// Records a run.
pub async fn start(call: &Call, workflow: &str, mut run: Object) -> Result<Resource> {
    run.insert(STATUS.to_owned(), json!("RUNNING"));
    let actions = ["Total", "Timeout", "Failed", "Stopped", "Succeeded", "Running", "Errored", "Waiting"];
    let none: Object = actions.into_iter().map(|of| (format!("{of}Actions"), json!(0))).collect();
    run.insert("Statistics".to_owned(), json!(none));
    WORKFLOW_RUN.create(call, workflow, &fresh_id("wr_"), run).await
}

/// The run as it is after the look.
pub async fn look(call: &Call, run: Resource) -> Result<Resource> {
    if !is_running(&run) {
        return Ok(run);
    }
    WORKFLOW_RUN.update(call, &run.parent, &run.name, |run| Ok(ended(run, "COMPLETED"))).await
}

/// Stops a run that nobody looked at yet; any other has ended.
pub async fn stop(call: &Call, run: Resource) -> Result<Resource> {
    let change = |run: Resource| {
        if is_running(&run) {
            return Ok(ended(run, "STOPPED"));
        }
        let message = format!("Workflow run {} is {}: it cannot be stopped", run.name, text(&run.document, STATUS));
        Err(Exception::new("IllegalWorkflowStateException", message).into())
    };
    WORKFLOW_RUN.update(call, &run.parent, &run.name, change).await
}

pub fn is_running(run: &Resource) -> bool {
    text(&run.document, STATUS) == "RUNNING"
}

fn ended(run: Resource, status: &str) -> Object {
    let still = is_running(&run);
    let mut document = run.document;
    if still {
        document.insert(STATUS.to_owned(), json!(status));
        document.insert(ENDED.to_owned(), json!(now()));
    }
    document
}

/// Seconds since the epoch.
pub fn now() -> f64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    since.as_millis() as f64 / 1000.0
}
