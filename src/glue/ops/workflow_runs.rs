//! Runs of workflows. Nothing carries one out: they are there in pretence only, by [`simulation`].

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::simulation;
use super::kept::{Object, answer, described, paged, text, texts};
use super::parts::Part;
use super::workflows::{WORKFLOW, graph, wants_graph};
use crate::model::Resource;

pub const WORKFLOW_RUN: Part = Part { kind: "workflowRun", missing: "Entity not found" };

const PROPERTIES: &str = "WorkflowRunProperties";

pub async fn start_workflow_run(call: &Call, input: Object) -> Result<Object> {
    let workflow = WORKFLOW.get(call, text(&input, "Name")).await?;
    let before = WORKFLOW_RUN.all(call, &workflow.name).await?;
    let running = before.iter().filter(|run| simulation::workflow_runs::is_running(run)).count();
    let most = workflow.document.get("MaxConcurrentRuns").and_then(Value::as_u64);
    if most.is_some_and(|most| running as u64 >= most) {
        let message = format!("Concurrent runs exceeded for workflow: {}.", workflow.name);
        return Err(Exception::new("ConcurrentRunsExceededException", message).into());
    }
    let mut properties = texts(workflow.document.get("DefaultRunProperties"));
    properties.extend(texts(input.get("RunProperties")));
    let mut run = answer(PROPERTIES, json!(properties));
    if let Some(last) = before.first() {
        run.insert("PreviousRunId".to_owned(), json!(last.name));
    }
    simulation::allowed(call, "workflows")?;
    let run = simulation::workflow_runs::start(call, &workflow.name, run).await?;
    Ok(answer("RunId", run.name))
}

pub async fn stop_workflow_run(call: &Call, input: Object) -> Result<Object> {
    let run = stored(call, &input).await?;
    simulation::workflow_runs::stop(call, run).await?;
    Ok(Object::new())
}

pub async fn get_workflow_run(call: &Call, input: Object) -> Result<Object> {
    let run = stored(call, &input).await?;
    let mut run = seen(call, run).await?;
    if wants_graph(&input) {
        run["Graph"] = graph(call, text(&input, "Name")).await?;
    }
    Ok(answer("Run", run))
}

/// The newest first.
pub async fn get_workflow_runs(call: &Call, input: Object) -> Result<Object> {
    let workflow = WORKFLOW.get(call, text(&input, "Name")).await?;
    let (runs, token) = WORKFLOW_RUN.page(call, &workflow.name, &input).await?;
    let graph = if wants_graph(&input) { Some(graph(call, &workflow.name).await?) } else { None };
    let mut all = Vec::with_capacity(runs.len());
    for run in runs {
        let mut run = seen(call, run).await?;
        run["Graph"] = json!(graph);
        all.push(run);
    }
    Ok(paged("Runs", all, token))
}

pub async fn get_workflow_run_properties(call: &Call, input: Object) -> Result<Object> {
    let run = stored(call, &input).await?;
    Ok(answer("RunProperties", run.document.get(PROPERTIES).cloned().unwrap_or_default()))
}

/// Adds properties to a run, or changes their values.
pub async fn put_workflow_run_properties(call: &Call, input: Object) -> Result<Object> {
    let run = stored(call, &input).await?;
    let put = texts(input.get("RunProperties"));
    let change = move |run: Resource| {
        let mut document = run.document;
        let mut properties = texts(document.get(PROPERTIES));
        properties.extend(put);
        document.insert(PROPERTIES.to_owned(), json!(properties));
        Ok(document)
    };
    WORKFLOW_RUN.update(call, &run.parent, &run.name, change).await?;
    Ok(Object::new())
}

/// The newest run of a workflow.
pub async fn last(call: &Call, workflow: &str) -> Result<Option<Value>> {
    match WORKFLOW_RUN.all(call, workflow).await?.into_iter().next() {
        Some(run) => Ok(Some(seen(call, run).await?)),
        None => Ok(None),
    }
}

/// The run that a request names by Name and RunId.
async fn stored(call: &Call, input: &Object) -> Result<Resource> {
    let workflow = WORKFLOW.get(call, text(input, "Name")).await?;
    WORKFLOW_RUN.get(call, &workflow.name, text(input, "RunId")).await
}

async fn seen(call: &Call, run: Resource) -> Result<Value> {
    let run = simulation::workflow_runs::look(call, run).await?;
    let workflow = run.parent.clone();
    let mut run = described(run, "WorkflowRunId", "StartedOn", "LastModifiedOn");
    run["Name"] = json!(workflow);
    Ok(run)
}
