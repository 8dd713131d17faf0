//! Interactive sessions and their statements. Nothing runs them: a session is kept as one that failed to start, or is
//! there in pretence, by [`simulation`].

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::super::simulation;
use super::kept::{Kept, Object, Which, answer, described, names, paged, take, take_tags, text};
use super::parts::Part;
use crate::model::Resource;

pub const SESSION: Kept = Kept {
    kind: "session",
    missing: "Session {} not found.",
    exists: "Session already exists.",
    parts: &[STATEMENT.kind],
};

pub const STATEMENT: Part = Part { kind: "statement", missing: "Statement {} not found." };

pub async fn create_session(call: &Call, mut input: Object) -> Result<Object> {
    let id = take(&mut input, "Id");
    let tags = take_tags(&mut input);
    input.extend(simulation::sessions::start(call));
    let session = SESSION.create(call, &id, input, &tags).await?;
    Ok(answer("Session", describe(session)))
}

pub async fn get_session(call: &Call, input: Object) -> Result<Object> {
    let session = SESSION.get(call, text(&input, "Id")).await?;
    simulation::sessions::look(call, &session).await?;
    Ok(answer("Session", describe(session)))
}

pub async fn list_sessions(call: &Call, input: Object) -> Result<Object> {
    let (sessions, token) = SESSION.list(call, &Which::read(&input)?).await?;
    let all: Vec<_> = sessions.iter().cloned().map(describe).collect();
    let mut output = paged("Ids", names(sessions), token);
    output.insert("Sessions".to_owned(), json!(all));
    Ok(output)
}

pub async fn stop_session(call: &Call, input: Object) -> Result<Object> {
    let id = text(&input, "Id");
    SESSION.update(call, id, |session| simulation::sessions::stopped(ready(session)?)).await?;
    Ok(answer("Id", id))
}

pub async fn delete_session(call: &Call, input: Object) -> Result<Object> {
    let id = text(&input, "Id");
    SESSION.delete_existing(call, id).await?;
    Ok(answer("Id", id))
}

pub async fn run_statement(call: &Call, input: Object) -> Result<Object> {
    let session = SESSION.get(call, text(&input, "SessionId")).await?;
    simulation::allowed(call, "statements of sessions")?;
    let id = simulation::sessions::run(call, &ready(session)?, text(&input, "Code")).await?;
    Ok(answer("Id", id))
}

pub async fn get_statement(call: &Call, input: Object) -> Result<Object> {
    Ok(answer("Statement", describe_statement(statement(call, &input).await?)))
}

/// The newest first.
pub async fn list_statements(call: &Call, input: Object) -> Result<Object> {
    let session = SESSION.get(call, text(&input, "SessionId")).await?;
    let (statements, token) = STATEMENT.page(call, &session.name, &input).await?;
    Ok(paged("Statements", statements.into_iter().map(describe_statement).collect(), token))
}

/// None is ever under way, so that nothing is left to do where there is the statement.
pub async fn cancel_statement(call: &Call, input: Object) -> Result<Object> {
    statement(call, &input).await?;
    Ok(Object::new())
}

async fn statement(call: &Call, input: &Object) -> Result<Resource> {
    let session = SESSION.get(call, text(input, "SessionId")).await?;
    let id = input.get("Id").and_then(Value::as_i64).unwrap_or_default();
    STATEMENT.get(call, &session.name, &id.to_string()).await
}

/// The session, if it can be worked with.
fn ready(session: Resource) -> Result<Resource, Failure> {
    match text(&session.document, "Status") {
        "READY" => Ok(session),
        status => Err(Exception::new("IllegalSessionStateException", format!("Session is in {status} status")).into()),
    }
}

fn describe(session: Resource) -> Value {
    described(session, "Id", "CreatedOn", "LastModifiedOn")
}

fn describe_statement(statement: Resource) -> Value {
    let mut document = statement.document;
    document.insert("Id".to_owned(), json!(statement.name.parse::<i64>().unwrap_or_default()));
    document.insert("StartedOn".to_owned(), json!(statement.created_at as i64));
    document.insert("CompletedOn".to_owned(), json!(statement.updated_at as i64));
    Value::Object(document)
}
