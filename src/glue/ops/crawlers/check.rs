//! Whether a crawler could work by a definition. What is not there yet, a connection or a database, may come later: a
//! crawl tells of it. A classifier has to be there, as crawls would pass over its absence.

mod configuration;
mod targets;

use propolis_glue_api::types::CrawlerTargets;
use serde_json::{Value, from_value};

use super::super::super::call::Call;
use super::super::super::error::{Exception, Result};
use super::super::classifiers::CLASSIFIER;
use super::super::kept::{Object, text};
use super::schedule;

/// InvalidInputException where one of the classifiers is missing.
pub async fn classifiers(call: &Call, names: &[String]) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let (_, missing) = CLASSIFIER.named(call, names).await?;
    match missing.first() {
        None => Ok(()),
        Some(name) => Err(Exception::invalid_input(format!("Classifier {name} does not exist")).into()),
    }
}

/// A whole definition, without its name.
pub fn crawler(call: &Call, document: &Object) -> Result<()> {
    if let Some(id) = document.get("CatalogId").and_then(Value::as_str) {
        call.catalog_name(Some(id))?;
    }
    schedule::check(document)?;
    let targets: CrawlerTargets = from_value(document.get("Targets").cloned().unwrap_or_default()).unwrap_or_default();
    let what = role(text(document, "Role"))
        .and_then(|()| lake_formation(document))
        .and_then(|()| configuration::check(text(document, "Configuration")))
        .and_then(|()| targets::check(&targets, call.settings.strict))
        .and_then(|()| policies(document, &targets));
    what.map_err(|what| Exception::invalid_input(what).into())
}

/// The name of a role, with its path or not, or its ARN.
fn role(role: &str) -> Result<(), String> {
    let name = match role.strip_prefix("arn:") {
        Some(arn) => arn.splitn(5, ':').nth(4).and_then(|resource| resource.strip_prefix("role/")).unwrap_or_default(),
        None => role,
    };
    let allowed = |char: char| char.is_ascii_alphanumeric() || "+=,.@_-/".contains(char);
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(format!("Role {role} is neither a role's name nor arn:aws:iam::account:role/name"));
    }
    Ok(())
}

fn lake_formation(document: &Object) -> Result<(), String> {
    let Some(Value::Object(configuration)) = document.get("LakeFormationConfiguration") else { return Ok(()) };
    let account = text(configuration, "AccountId");
    if account.is_empty() || account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(());
    }
    Err(format!("LakeFormationConfiguration: AccountId {account} is not 12 digits"))
}

/// What of the change and recrawl policies goes with each other and with the targets.
fn policies(document: &Object, targets: &CrawlerTargets) -> Result<(), String> {
    let member = |policy: &str, member: &str| {
        document.get(policy).and_then(|policy| policy.get(member)).and_then(Value::as_str).unwrap_or_default()
    };
    let only_log = |behavior: &str| matches!(member("SchemaChangePolicy", behavior), "" | "LOG");
    let recrawl = member("RecrawlPolicy", "RecrawlBehavior");
    if recrawl == "CRAWL_NEW_FOLDERS_ONLY" && !(only_log("UpdateBehavior") && only_log("DeleteBehavior")) {
        return Err("SchemaChangePolicy: with CRAWL_NEW_FOLDERS_ONLY both behaviors can only be LOG".to_owned());
    }
    if targets.catalog_targets.as_ref().is_some_and(|list| !list.is_empty()) && !only_log("DeleteBehavior") {
        return Err("SchemaChangePolicy: with CatalogTargets the DeleteBehavior can only be LOG".to_owned());
    }
    if recrawl == "CRAWL_EVENT_MODE" && !targets::have_event_queues(targets) {
        return Err("RecrawlPolicy: with CRAWL_EVENT_MODE each target needs an EventQueueArn".to_owned());
    }
    Ok(())
}
