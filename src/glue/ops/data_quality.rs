//! Rulesets of data quality are kept. Nothing evaluates them, so that there are no runs, results and statistics to read.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{Kept, Object, Which, answer, described, is_of_time, list, members, paged, take, take_tags, text};
use crate::model::Resource;

mod dqdl;
pub mod evaluation_configs;

const RULESET: Kept = Kept {
    kind: "dataQualityRuleset",
    missing: "Data quality ruleset {} not found.",
    exists: "Data quality ruleset {} already exists.",
    parts: &[],
};

pub async fn create_data_quality_ruleset(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    check(text(&input, "Ruleset"))?;
    match input.get("ClientToken") {
        Some(_) => RULESET.create_once(call, &name, input, &tags, &[]).await?,
        None => drop(RULESET.create(call, &name, input, &tags).await?),
    }
    Ok(answer("Name", name))
}

/// What the request does not give stays as it is.
pub async fn update_data_quality_ruleset(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    if input.contains_key("Ruleset") {
        check(text(&input, "Ruleset"))?;
    }
    let change = move |ruleset: Resource| {
        let mut document = ruleset.document;
        document.extend(input);
        Ok(document)
    };
    Ok(members(describe(RULESET.update(call, &name, change).await?)))
}

pub async fn get_data_quality_ruleset(call: &Call, input: Object) -> Result<Object> {
    Ok(members(describe(RULESET.get(call, text(&input, "Name")).await?)))
}

pub async fn list_data_quality_rulesets(call: &Call, input: Object) -> Result<Object> {
    let filter = input.get("Filter").and_then(Value::as_object);
    let keep = filter.map(|filter| {
        move |ruleset: &Resource| {
            ["Description", "TargetTable"].iter().all(|member| match filter.get(*member) {
                Some(wanted) => ruleset.document.get(*member) == Some(wanted),
                None => true,
            }) && filter.get("Name").is_none_or(|name| *name == ruleset.name)
                && is_of_time(ruleset, filter)
        }
    });
    let (rulesets, token) = RULESET.list_where(call, &Which::read(&input)?, keep).await?;
    let rulesets = rulesets.into_iter().map(|ruleset| {
        let count = dqdl::rule_count(text(&ruleset.document, "Ruleset")).ok();
        let mut ruleset = describe(ruleset);
        ruleset["RuleCount"] = json!(count);
        ruleset
    });
    Ok(paged("Rulesets", rulesets.collect(), token))
}

pub async fn delete_data_quality_ruleset(call: &Call, input: Object) -> Result<Object> {
    RULESET.delete_existing(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

pub async fn no_runs(_call: &Call, _input: Object) -> Result<Object> {
    Ok(paged("Runs", Vec::new(), None))
}

pub async fn no_results(_call: &Call, _input: Object) -> Result<Object> {
    Ok(paged("Results", Vec::new(), None))
}

pub async fn no_statistics(_call: &Call, _input: Object) -> Result<Object> {
    Ok(paged("Statistics", Vec::new(), None))
}

pub async fn no_annotations(_call: &Call, _input: Object) -> Result<Object> {
    Ok(paged("Annotations", Vec::new(), None))
}

pub async fn no_run(_call: &Call, input: Object) -> Result<Object> {
    missing("run", text(&input, "RunId"))
}

pub async fn no_result(_call: &Call, input: Object) -> Result<Object> {
    missing("result", text(&input, "ResultId"))
}

/// Profiles and models come from runs.
pub async fn no_profile(_call: &Call, input: Object) -> Result<Object> {
    missing("profile", text(&input, "ProfileId"))
}

pub async fn no_batch_of_results(_call: &Call, input: Object) -> Result<Object> {
    let mut output = paged("Results", Vec::new(), None);
    output.insert("ResultsNotFound".to_owned(), json!(list(&input, "ResultIds")));
    Ok(output)
}

pub async fn no_batch_of_runs(_call: &Call, input: Object) -> Result<Object> {
    let mut output = paged("Runs", Vec::new(), None);
    output.insert("RunsNotFound".to_owned(), json!(list(&input, "RunIds")));
    Ok(output)
}

fn missing(what: &str, id: &str) -> Result<Object> {
    Err(Exception::not_found(format!("Data quality {what} {id} not found.")).into())
}

fn check(ruleset: &str) -> Result<()> {
    match dqdl::rule_count(ruleset) {
        Ok(_) => Ok(()),
        Err(problem) => Err(Exception::invalid_input(format!("The ruleset cannot be read: {problem}")).into()),
    }
}

fn describe(ruleset: Resource) -> Value {
    described(ruleset, "Name", "CreatedOn", "LastModifiedOn")
}
