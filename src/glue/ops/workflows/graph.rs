//! The graph of a workflow: what its triggers wait for, the triggers, and what they start.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::super::super::call::Call;
use super::super::super::error::Result;
use super::super::triggers::{self, TRIGGER, actions};
use crate::catalog::Listing;

/// Nodes and edges; a job or crawler is one node however many triggers name it.
pub async fn graph(call: &Call, workflow: &str) -> Result<Value> {
    let which = Listing { parent: Some(""), ..Listing::default() };
    let mut triggers = call.catalog.resources(&call.scope(), TRIGGER.kind, which).await?;
    triggers.retain(|trigger| trigger.document.get("WorkflowName").and_then(Value::as_str) == Some(workflow));

    let mut nodes = BTreeMap::new();
    let mut edges = BTreeSet::new();
    for trigger in triggers {
        let id = id("TRIGGER", &trigger.name);
        let conditions = trigger.document.get("Predicate").and_then(|predicate| predicate["Conditions"].as_array());
        for before in conditions.into_iter().flatten().filter_map(node) {
            edges.insert((unique_id(&before), id.clone()));
            nodes.insert(unique_id(&before), before);
        }
        for after in actions(&trigger.document).filter_map(node) {
            edges.insert((id.clone(), unique_id(&after)));
            nodes.insert(unique_id(&after), after);
        }
        let name = trigger.name.clone();
        let details = json!({ "Trigger": triggers::describe(trigger) });
        nodes.insert(id.clone(), json!({ "Type": "TRIGGER", "Name": name, "UniqueId": id, "TriggerDetails": details }));
    }
    let edges: Vec<_> = edges.into_iter().map(|(from, to)| json!({ "SourceId": from, "DestinationId": to })).collect();
    Ok(json!({ "Nodes": nodes.into_values().collect::<Vec<_>>(), "Edges": edges }))
}

/// The job or crawler that a condition or an action names.
fn node(of: &Value) -> Option<Value> {
    if let Some(job) = of["JobName"].as_str() {
        let id = id("JOB", job);
        return Some(json!({ "Type": "JOB", "Name": job, "UniqueId": id, "JobDetails": { "JobRuns": [] } }));
    }
    let crawler = of["CrawlerName"].as_str()?;
    let id = id("CRAWLER", crawler);
    Some(json!({ "Type": "CRAWLER", "Name": crawler, "UniqueId": id, "CrawlerDetails": { "Crawls": [] } }))
}

/// The same for the same node each time.
fn id(kind: &str, name: &str) -> String {
    let digest = Sha256::digest(format!("{kind}/{name}"));
    digest.iter().fold("wnode_".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}

fn unique_id(node: &Value) -> String {
    node["UniqueId"].as_str().unwrap_or_default().to_owned()
}
