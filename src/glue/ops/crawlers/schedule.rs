//! When a crawler runs by itself. Its document has `Schedule` as it is answered: ScheduleExpression and State.

use serde_json::{Value, json};

use super::super::super::call::Call;
use super::super::super::error::{Exception, Result};
use super::super::super::schedule;
use super::super::kept::{Object, text};
use super::CRAWLER;
use crate::model::Resource;

const SCHEDULED: &str = "SCHEDULED";
const NOT_SCHEDULED: &str = "NOT_SCHEDULED";

/// Gives a crawler this schedule; an empty one takes it away. One that was stopped stays so.
pub fn set(document: &mut Object, expression: &str) {
    if expression.is_empty() {
        document.remove("Schedule");
        return;
    }
    let state = state(document).unwrap_or(SCHEDULED).to_owned();
    document.insert("Schedule".to_owned(), json!({ "ScheduleExpression": expression, "State": state }));
}

/// InvalidInputException where its schedule is none.
pub fn check(document: &Object) -> Result<()> {
    let schedule = document.get("Schedule").and_then(Value::as_object);
    schedule.map_or(Ok(()), |schedule| schedule::check(text(schedule, "ScheduleExpression")))
}

pub async fn update_crawler_schedule(call: &Call, input: Object) -> Result<Object> {
    let change = |stored: Resource| {
        let mut document = stored.document;
        set(&mut document, text(&input, "Schedule"));
        check(&document)?;
        Ok(document)
    };
    CRAWLER.update(call, text(&input, "CrawlerName"), change).await?;
    Ok(Object::new())
}

pub async fn start_crawler_schedule(call: &Call, input: Object) -> Result<Object> {
    let change = |stored: Resource| match state(&stored.document) {
        None => refuse("NoScheduleException", format!("Crawler {} has no schedule", stored.name)),
        Some(SCHEDULED) => {
            refuse("SchedulerRunningException", format!("The schedule of crawler {} is running already", stored.name))
        }
        Some(_) => Ok(with_state(stored.document, SCHEDULED)),
    };
    CRAWLER.update(call, text(&input, "CrawlerName"), change).await?;
    Ok(Object::new())
}

pub async fn stop_crawler_schedule(call: &Call, input: Object) -> Result<Object> {
    let change = |stored: Resource| match state(&stored.document) {
        Some(SCHEDULED) => Ok(with_state(stored.document, NOT_SCHEDULED)),
        _ => refuse("SchedulerNotRunningException", format!("No schedule of crawler {} is running", stored.name)),
    };
    CRAWLER.update(call, text(&input, "CrawlerName"), change).await?;
    Ok(Object::new())
}

/// None where there is no schedule.
fn state(document: &Object) -> Option<&str> {
    document.get("Schedule")?.get("State")?.as_str()
}

fn with_state(mut document: Object, state: &str) -> Object {
    if let Some(Value::Object(schedule)) = document.get_mut("Schedule") {
        schedule.insert("State".to_owned(), json!(state));
    }
    document
}

fn refuse<T>(code: &'static str, message: String) -> Result<T> {
    Err(Exception::new(code, message).into())
}
