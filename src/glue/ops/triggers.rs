//! Triggers. They are kept and switched on and off; nothing here fires one, but for those on demand in pretence.

use propolis_glue_api::{Constraint, Invalid};
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::simulation;
use super::crawlers::{self, CRAWLER};
use super::job_runs;
use super::jobs::JOB;
use super::kept::{self, Kept, Object, Which, answer, names, paged, take, take_tags, text};
use super::workflows::WORKFLOW;
use crate::model::Resource;

mod definition;

pub const TRIGGER: Kept = Kept {
    kind: "trigger",
    missing: "Trigger {} not found.",
    exists: "Trigger with name {} already submitted with different configuration",
    parts: &[],
};

const STATE: &str = "State";

pub async fn create_trigger(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    let at_once = input.remove("StartOnCreation") == Some(Value::Bool(true));
    let kind = text(&input, "Type").to_owned();
    definition::check(&kind, &mut input)?;
    if at_once && kind == "ON_DEMAND" {
        let message = "StartOnCreation is not supported for triggers of type ON_DEMAND";
        return Err(Exception::invalid_input(message).into());
    }
    if let Some(workflow) = input.get("WorkflowName").and_then(Value::as_str) {
        WORKFLOW.get(call, workflow).await?;
    }
    input.insert(STATE.to_owned(), json!(if at_once { "ACTIVATED" } else { "CREATED" }));
    TRIGGER.create_once(call, &name, input, &tags, &[STATE]).await?;
    Ok(answer("Name", name))
}

/// Replaces the definition; what a trigger is does not change: its type, workflow and state.
pub async fn update_trigger(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let Some(Value::Object(mut update)) = input.remove("TriggerUpdate") else {
        return Err(Exception::invalid_input("TriggerUpdate is missing").into());
    };
    update.remove("Name");
    let change = move |trigger: Resource| {
        definition::check(text(&trigger.document, "Type"), &mut update)?;
        for member in ["Type", "WorkflowName", STATE] {
            if let Some(value) = trigger.document.get(member) {
                update.insert(member.to_owned(), value.clone());
            }
        }
        Ok(update)
    };
    let trigger = TRIGGER.update(call, &name, change).await?;
    Ok(answer("Trigger", describe(trigger)))
}

pub async fn get_trigger(call: &Call, input: Object) -> Result<Object> {
    let trigger = TRIGGER.get(call, text(&input, "Name")).await?;
    Ok(answer("Trigger", describe(trigger)))
}

pub async fn get_triggers(call: &Call, input: Object) -> Result<Object> {
    let (triggers, token) = page(call, &input).await?;
    Ok(paged("Triggers", triggers.into_iter().map(describe).collect(), token))
}

pub async fn list_triggers(call: &Call, input: Object) -> Result<Object> {
    let (triggers, token) = page(call, &input).await?;
    Ok(paged("TriggerNames", names(triggers), token))
}

/// Those that start the job DependentJobName, if one is given.
async fn page(call: &Call, input: &Object) -> Result<(Vec<Resource>, Option<String>)> {
    let job = input.get("DependentJobName").and_then(Value::as_str);
    let starts =
        job.map(|job| move |trigger: &Resource| actions(&trigger.document).any(|action| action["JobName"] == job));
    TRIGGER.list_where(call, &Which::read(input)?, starts).await
}

pub async fn batch_get_triggers(call: &Call, input: Object) -> Result<Object> {
    let (triggers, missing) = TRIGGER.named(call, &kept::list(&input, "TriggerNames")).await?;
    let mut output = answer("Triggers", triggers.into_iter().map(describe).collect::<Vec<_>>());
    output.insert("TriggersNotFound".to_owned(), json!(missing));
    Ok(output)
}

/// One that does not exist is no error.
pub async fn delete_trigger(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    TRIGGER.delete(call, name).await?;
    Ok(answer("Name", name))
}

/// Switches a trigger on. One on demand fires instead: its actions start.
pub async fn start_trigger(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    let trigger = TRIGGER.get(call, name).await?;
    if text(&trigger.document, "Type") == "ON_DEMAND" {
        fire(call, &trigger).await?;
    } else {
        TRIGGER.update(call, name, |trigger| Ok(in_state(trigger, "ACTIVATED"))).await?;
    }
    Ok(answer("Name", name))
}

/// Starts what the actions name, if all of it is there.
async fn fire(call: &Call, trigger: &Resource) -> Result<()> {
    let mut runs = Vec::new();
    let mut crawls = Vec::new();
    for action in actions(&trigger.document).filter_map(Value::as_object) {
        if let Some(job) = action.get("JobName").and_then(Value::as_str) {
            let job = JOB.get(call, job).await?;
            let mut run = job_runs::definition(&job, action);
            run.insert("TriggerName".to_owned(), json!(trigger.name));
            runs.push((job.name, run));
        } else {
            crawls.push(CRAWLER.get(call, text(action, "CrawlerName")).await?.name);
        }
    }
    simulation::allowed(call, "the actions of triggers")?;
    for (job, run) in runs {
        simulation::job_runs::start(call, &job, run).await?;
    }
    for crawler in crawls {
        crawlers::start_crawler(call, answer("Name", crawler)).await?;
    }
    Ok(())
}

/// Switches a trigger off. One on demand is never on.
pub async fn stop_trigger(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    let trigger = TRIGGER.get(call, name).await?;
    if text(&trigger.document, "Type") != "ON_DEMAND" {
        TRIGGER.update(call, name, |trigger| Ok(in_state(trigger, "DEACTIVATED"))).await?;
    }
    Ok(answer("Name", name))
}

/// How a definition is refused that the model forbids: of a wrong operator the service speaks in its own way.
pub fn invalid(invalid: &Invalid) -> Option<Exception> {
    let Invalid::Constraints(violations) = invalid else { return None };
    let violation = violations.iter().find(|violation| {
        violation.shape == "LogicalOperator" && matches!(violation.constraint, Constraint::Values(_))
    })?;
    let constraint = Constraint::Values(&["Equals"]);
    Some(Exception::validation(propolis_glue_api::Violation { constraint, ..violation.clone() }.to_string()))
}

/// The actions of a trigger.
pub fn actions(trigger: &Object) -> impl Iterator<Item = &Value> {
    trigger.get("Actions").and_then(Value::as_array).into_iter().flatten()
}

pub fn describe(trigger: Resource) -> Value {
    let mut document = trigger.document;
    document.insert("Name".to_owned(), json!(trigger.name));
    Value::Object(document)
}

fn in_state(trigger: Resource, state: &str) -> Object {
    let mut document = trigger.document;
    document.insert(STATE.to_owned(), json!(state));
    document
}
