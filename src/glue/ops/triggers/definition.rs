//! What makes the definition of a trigger whole. Jobs and crawlers that it names need not be there yet.

use serde_json::Value;

use super::super::super::error::{Exception, Result};
use super::super::super::schedule;
use super::super::kept::{Object, text};
use super::actions;

/// States of jobs that a trigger can wait for.
const JOB_STATES: [&str; 4] = ["SUCCEEDED", "STOPPED", "FAILED", "TIMEOUT"];
const CRAWLER_STATES: [&str; 3] = ["SUCCEEDED", "FAILED", "CANCELLED"];

/// Checks the definition of a trigger of type `kind`. A condition that names a job and a crawler is one on the job: the
/// rest is taken out of it.
pub fn check(kind: &str, trigger: &mut Object) -> Result<()> {
    check_actions(trigger)?;
    match kind {
        "SCHEDULED" => schedule::check(text(trigger, "Schedule"))?,
        "CONDITIONAL" if conditions(trigger).is_none_or(|conditions| conditions.is_empty()) => {
            return refuse("Predicate cannot be null or empty");
        }
        _ => {}
    }
    let logical = trigger.get("Predicate").is_some_and(|predicate| predicate.get("Logical").is_some());
    if !logical && conditions(trigger).is_some_and(|conditions| conditions.len() > 1) {
        return refuse("Logical of the predicate cannot be null or empty where there are several conditions");
    }
    for condition in conditions(trigger).into_iter().flatten().filter_map(Value::as_object_mut) {
        check_condition(condition)?;
    }
    Ok(())
}

fn check_actions(trigger: &Object) -> Result<()> {
    if actions(trigger).next().is_none() {
        return refuse("Actions cannot be null or empty");
    }
    for action in actions(trigger) {
        match (action.get("JobName"), action.get("CrawlerName")) {
            (Some(_), Some(_)) => return refuse("Both JobName and CrawlerName cannot be set together in an action"),
            (None, None) => return refuse("JobName or CrawlerName in action cannot be null or empty"),
            _ => {}
        }
    }
    Ok(())
}

fn check_condition(condition: &mut Object) -> Result<()> {
    if condition.contains_key("JobName") {
        condition.remove("CrawlerName");
        condition.remove("CrawlState");
        check_state("job", text(condition, "State"), &JOB_STATES)?;
    } else if condition.contains_key("CrawlerName") {
        condition.remove("State");
        check_state("crawler", text(condition, "CrawlState"), &CRAWLER_STATES)?;
    } else {
        return refuse("JobName or CrawlerName in condition cannot be null or empty");
    }
    if condition.contains_key("LogicalOperator") { Ok(()) } else { refuse("Logical operator cannot be null or empty") }
}

fn check_state(of: &str, state: &str, states: &[&str]) -> Result<()> {
    if states.contains(&state) {
        return Ok(());
    }
    let problem = if state.is_empty() {
        "State cannot be null or empty".to_owned()
    } else {
        format!("State {state} is none to wait for")
    };
    refuse(format!("{problem}, choose from one of the following {of} state: [{}]", states.join(", ")))
}

fn conditions(trigger: &mut Object) -> Option<&mut Vec<Value>> {
    trigger.get_mut("Predicate")?.get_mut("Conditions")?.as_array_mut()
}

fn refuse(message: impl Into<String>) -> Result<()> {
    Err(Exception::invalid_input(message).into())
}
