//! Whatever is asked, right, nearly right or nonsense: no request is an error of the server's, and none ends a connection.
//! Answers are what the model says they are.

mod input;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use futures::stream::{self, StreamExt};
use propolis_glue_api::{Invalid, Limits, OPERATIONS, OperationInfo};
use serde_json::{Value, json};

use self::input::Dice;
use crate::support::{Client, Options, Server};

/// How often each operation is called; more find more, by the environment variable ROBUSTNESS_ROUNDS.
const ROUNDS: u64 = 6;
/// Requests under way at once.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_an_error_of_the_server() {
    run(1, |settings| settings.simulate_runs = true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nor_where_aws_limits_hold_and_regions_are_kept_apart() {
    run(2, |settings| {
        settings.strict = true;
        settings.separate_regions = true;
    })
    .await;
}

async fn run(seed: u64, set: impl FnOnce(&mut propolis::glue::Settings)) {
    let mut options = Options::default();
    set(&mut options.settings);
    let server = Server::start_with(options).await;
    let client = server.client();
    let rounds = std::env::var("ROBUSTNESS_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(ROUNDS);
    let learned = Arc::new(Mutex::new(VecDeque::new()));
    let mut outcomes = Vec::new();
    for round in 0..rounds {
        prepare(&client).await;
        // What is deleted is not found again before the next round: that is for some of them.
        let deletes = round % 3 == 2;
        let operations = OPERATIONS.iter().enumerate().filter(|(_, info)| deletes || !info.name.contains("Delete"));
        let calls = stream::iter(operations).map(|(at, info)| {
            let learned = Arc::clone(&learned);
            let client = &client;
            async move {
                let known = learned.lock().unwrap().iter().cloned().collect();
                let answer = call(client, info, Dice::new(seed << 48 | round << 16 | at as u64, known)).await?;
                learn(&answer, &mut learned.lock().unwrap());
                Ok::<_, String>(!answer.is_null())
            }
        });
        outcomes.extend(calls.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await);
    }
    let failures: Vec<&String> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), outcomes.len(), summary(&failures));
    let answered = outcomes.iter().filter(|outcome| matches!(outcome, Ok(true))).count();
    assert!(answered * 10 > outcomes.len(), "only {answered} of {} were served: nothing was tested", outcomes.len());
    // All is well still.
    client.ok("GetDatabases", json!({})).await;
}

/// Makes things that are found by the usual names, where they are not there.
async fn prepare(client: &Client) {
    let column = |name: &str, kind: &str| json!({ "Name": name, "Type": kind });
    let table = |name: &str| {
        json!({ "DatabaseName": "d", "TableInput": {
        "Name": name, "Parameters": { "table_type": "ICEBERG", "x": "x" },
        "PartitionKeys": [column("n", "int")],
        "StorageDescriptor": { "Columns": [column("c", "int"), column("e", "string")], "Location": "s3://b/t" }
    } })
    };
    let definition = r#"{"type":"string"}"#;
    for (operation, input) in [
        ("CreateDatabase", json!({ "DatabaseInput": { "Name": "d" } })),
        ("CreateTable", table("t")),
        ("CreateTable", table("x")),
        ("CreatePartition", json!({ "DatabaseName": "d", "TableName": "t", "PartitionInput": { "Values": ["1"] } })),
        ("CreateRegistry", json!({ "RegistryName": "x" })),
        (
            "CreateSchema",
            json!({
                "RegistryId": { "RegistryName": "x" }, "SchemaName": "x", "DataFormat": "AVRO", "SchemaDefinition": definition
            }),
        ),
        ("CreateJob", json!({ "Name": "x", "Role": "r", "Command": { "Name": "glueetl", "ScriptLocation": "s" } })),
        ("CreateWorkflow", json!({ "Name": "x" })),
        ("CreateTrigger", json!({ "Name": "x", "Type": "ON_DEMAND", "Actions": [{ "JobName": "x" }] })),
        ("CreateCrawler", json!({ "Name": "x", "Role": "r", "Targets": { "S3Targets": [{ "Path": "s3://b" }] } })),
        ("CreateClassifier", json!({ "JsonClassifier": { "Name": "x", "JsonPath": "$" } })),
        (
            "CreateMLTransform",
            json!({
                "Name": "x", "Role": "r", "InputRecordTables": [{ "DatabaseName": "d", "TableName": "t" }],
                "Parameters": { "TransformType": "FIND_MATCHES" }
            }),
        ),
        (
            "CreateConnection",
            json!({ "ConnectionInput": {
            "Name": "x", "ConnectionType": "NETWORK", "ConnectionProperties": {}
        } }),
        ),
    ] {
        // It may be there, and others may be writing.
        let _ = client.call(operation, input).await;
    }
}

/// Remembers the texts of an answer, the latest ones of all.
fn learn(answer: &Value, learned: &mut VecDeque<String>) {
    match answer {
        Value::String(text) if (8..300).contains(&text.len()) => learned.push_front(text.clone()),
        Value::Array(list) => list.iter().take(3).for_each(|value| learn(value, learned)),
        Value::Object(members) => members.values().for_each(|value| learn(value, learned)),
        _ => {}
    }
    learned.truncate(100);
}

/// The answer; null where it is an exception. An error where the call should not have ended as it did.
async fn call(client: &Client, info: &OperationInfo, mut dice: Dice) -> Result<Value, String> {
    let (body, kind) = input::body(info, &mut dice);
    let told = |what: &str| {
        let shown: String = body.chars().take(300).collect();
        Err(format!("{}: {what}\n    after {kind} of {} bytes: {shown}", info.name, body.len()))
    };
    let request = client.http.post(&client.url).header("X-Amz-Target", format!("AWSGlue.{}", info.name));
    let response = match request.body(body.clone()).send().await {
        Ok(response) => response,
        Err(error) => return told(&format!("no answer: {error:?}")),
    };
    let status = response.status();
    let text = response.text().await.map_err(|error| format!("{}: half an answer: {error}", info.name))?;
    let Ok(mut answer) = serde_json::from_str::<Value>(&text) else { return told(&format!("no JSON: {text:.200}")) };
    if status.is_server_error() {
        return told(&format!("{status} {text:.500}"));
    }
    if status.is_client_error() {
        let is_error = answer["__type"].is_string() && answer["Message"].is_string() && text.len() < 10_000;
        return if is_error { Ok(Value::Null) } else { told(&format!("no error of the service: {text:.200}")) };
    }
    match info.output.check(&mut answer, Limits::Lenient) {
        Ok(()) => Ok(answer),
        Err(Invalid::Type(what)) => told(&format!("the answer is not of the model: {what}")),
        Err(Invalid::Constraints(found)) => match found.iter().find(|one| one.value == "null") {
            Some(missing) => told(&format!("the answer is not of the model: {missing}")),
            // Bounds and patterns of answers are not those of what was put in.
            None => Ok(answer),
        },
    }
}

/// The first failure of each operation.
fn summary(failures: &[&String]) -> String {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    for failure in failures {
        first.entry(failure.split(':').next().unwrap_or_default()).or_insert(failure);
    }
    first.into_values().collect::<Vec<_>>().join("\n")
}
