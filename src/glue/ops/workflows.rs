//! Workflows: names that triggers, and by them jobs and crawlers, are brought together under.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::Result;
use super::kept::{self, Kept, Object, Which, answer, described, names, paged, take, take_tags, text};
use super::workflow_runs::{self, WORKFLOW_RUN};
use crate::model::Resource;

mod graph;

pub use graph::graph;

pub const WORKFLOW: Kept = Kept {
    kind: "workflow",
    missing: "Entity not found",
    exists: "Workflow {} already exists.",
    parts: &[WORKFLOW_RUN.kind],
};

pub async fn create_workflow(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    WORKFLOW.create(call, &name, input, &tags).await?;
    Ok(answer("Name", name))
}

/// What the request does not give stays as it is.
pub async fn update_workflow(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let change = move |workflow: Resource| {
        let mut document = workflow.document;
        document.extend(input);
        Ok(document)
    };
    WORKFLOW.update(call, &name, change).await?;
    Ok(answer("Name", name))
}

pub async fn get_workflow(call: &Call, input: Object) -> Result<Object> {
    let workflow = WORKFLOW.get(call, text(&input, "Name")).await?;
    Ok(answer("Workflow", describe(call, workflow, &input).await?))
}

pub async fn batch_get_workflows(call: &Call, input: Object) -> Result<Object> {
    let (workflows, missing) = WORKFLOW.named(call, &kept::list(&input, "Names")).await?;
    let mut found = Vec::with_capacity(workflows.len());
    for workflow in workflows {
        found.push(describe(call, workflow, &input).await?);
    }
    let mut output = answer("Workflows", found);
    output.insert("MissingWorkflows".to_owned(), json!(missing));
    Ok(output)
}

pub async fn list_workflows(call: &Call, input: Object) -> Result<Object> {
    let (workflows, token) = WORKFLOW.list(call, &Which::of(&input, 25)?).await?;
    Ok(paged("Workflows", names(workflows), token))
}

/// Deletes the workflow with its runs; its triggers stay. One that does not exist is no error.
pub async fn delete_workflow(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    WORKFLOW.delete(call, name).await?;
    Ok(answer("Name", name))
}

async fn describe(call: &Call, workflow: Resource, request: &Object) -> Result<Value> {
    let name = workflow.name.clone();
    let mut workflow = described(workflow, "Name", "CreatedOn", "LastModifiedOn");
    if let Some(run) = workflow_runs::last(call, &name).await? {
        workflow["LastRun"] = run;
    }
    if wants_graph(request) {
        workflow["Graph"] = graph(call, &name).await?;
    }
    Ok(workflow)
}

/// Whether a request is for the graph as well.
pub fn wants_graph(request: &Object) -> bool {
    request.get("IncludeGraph") == Some(&Value::Bool(true))
}
