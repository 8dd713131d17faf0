//! A pretended session is READY at once; when it is stopped, it is STOPPING until it is looked at. Its statements are done
//! at once and say nothing.

use serde_json::json;

use super::super::call::Call;
use super::super::error::Result;
use super::super::ops::kept::{Object, text};
use super::super::ops::sessions::{SESSION, STATEMENT};
use crate::model::Resource;

const STATUS: &str = "Status";

/// What a new session comes to.
pub fn start(call: &Call) -> Object {
    let mut state = Object::new();
    if call.settings.simulate_runs {
        state.insert(STATUS.to_owned(), json!("READY"));
    } else {
        state.insert(STATUS.to_owned(), json!("FAILED"));
        state.insert(
            "ErrorMessage".to_owned(),
            json!("Nothing runs sessions here yet: this one is kept, but cannot start"),
        );
    }
    state.insert("Progress".to_owned(), json!(0.0));
    state
}

/// What a session that is stopped comes to.
pub fn stopped(session: Resource) -> Result<Object> {
    let mut document = session.document;
    document.insert(STATUS.to_owned(), json!("STOPPING"));
    Ok(document)
}

/// Moves a session on that is looked at.
pub async fn look(call: &Call, session: &Resource) -> Result<()> {
    if text(&session.document, STATUS) == "STOPPING" {
        let change = |session: Resource| {
            let mut document = session.document;
            document.insert(STATUS.to_owned(), json!("STOPPED"));
            document.insert("CompletedOn".to_owned(), json!(session.updated_at));
            Ok(document)
        };
        SESSION.update(call, &session.name, change).await?;
    }
    Ok(())
}

/// Records a statement; its id.
pub async fn run(call: &Call, session: &Resource, code: &str) -> Result<i64> {
    let before = STATEMENT.all(call, &session.name).await?;
    let id = before.iter().filter_map(|statement| statement.name.parse::<i64>().ok()).max().map_or(0, |id| id + 1);
    let output = json!({ "Data": { "TextPlain": "" }, "ExecutionCount": id, "Status": "AVAILABLE" });
    let statement =
        [("Code", json!(code)), ("State", json!("AVAILABLE")), ("Progress", json!(1.0)), ("Output", output)];
    let document = statement.into_iter().map(|(member, value)| (member.to_owned(), value)).collect();
    STATEMENT.create(call, &session.name, &id.to_string(), document).await?;
    Ok(id)
}
