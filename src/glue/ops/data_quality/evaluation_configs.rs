//! What is to be evaluated, and when: kept only.

use serde_json::{Value, json};

use super::super::super::call::Call;
use super::super::super::error::{Exception, Result};
use super::super::kept::{Kept, Object, Which, answer, list, members, paged, take, take_tags, text};
use super::{RULESET, describe};
use crate::model::Resource;

const CONFIG: Kept = Kept {
    kind: "dataQualityEvaluationConfig",
    missing: "Data quality evaluation configuration {} not found.",
    exists: "Data quality evaluation configuration {} already exists.",
    parts: &[],
};

/// How the results of a configuration come about, as the API calls it.
const RUN_MODE: &str = "EVALUATION_CONFIG";

pub async fn create(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    check(call, &input).await?;
    if !input.contains_key("RulesetName") {
        input.entry("ManagedRulesetName").or_insert(json!("SIMPLE"));
    }
    input.entry("Triggers").or_insert(json!(["ONCE"]));
    input.entry("NumberOfWorkers").or_insert(json!(5));
    input.entry("Timeout").or_insert(json!(2880));
    match input.get("ClientToken") {
        Some(_) => CONFIG.create_once(call, &name, input, &tags, &[]).await?,
        None => drop(CONFIG.create(call, &name, input, &tags).await?),
    }
    let mut output = answer("Name", name);
    output.insert("EvaluationRunMode".to_owned(), json!(RUN_MODE));
    Ok(output)
}

/// What the request does not give stays as it is; one of the two kinds of rulesets takes the place of the other.
pub async fn update(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let before = CONFIG.get(call, &name).await?;
    check(call, &merged(before.document, input.clone())).await?;
    let config = CONFIG.update(call, &name, |config| Ok(merged(config.document, input))).await?;
    Ok(members(describe_config(config)))
}

pub async fn get(call: &Call, input: Object) -> Result<Object> {
    Ok(members(describe_config(CONFIG.get(call, text(&input, "Name")).await?)))
}

pub async fn list_all(call: &Call, input: Object) -> Result<Object> {
    let level = input.get("Level");
    let keep = level.map(|level| move |config: &Resource| config.document.get("Level") == Some(level));
    let (configs, token) = CONFIG.list_where(call, &Which::of(&input, 50)?, keep).await?;
    let configs = configs.into_iter().map(describe_config);
    Ok(paged("DataQualityEvaluationConfigs", configs.collect(), token))
}

pub async fn delete(call: &Call, input: Object) -> Result<Object> {
    CONFIG.delete_existing(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

async fn check(call: &Call, config: &Object) -> Result<()> {
    let has = |member| config.contains_key(member);
    if has("RulesetName") && has("ManagedRulesetName") {
        return Err(Exception::invalid_input("Set only RulesetName or ManagedRulesetName").into());
    }
    let scheduled = list(config, "Triggers").iter().any(|trigger| trigger == "SCHEDULE");
    if scheduled && !has("ScheduleExpression") {
        return Err(Exception::invalid_input("ScheduleExpression is missing for the trigger SCHEDULE").into());
    }
    if let Some(ruleset) = config.get("RulesetName").and_then(Value::as_str) {
        RULESET.get(call, ruleset).await?;
    }
    Ok(())
}

fn merged(mut config: Object, update: Object) -> Object {
    if update.contains_key("RulesetName") {
        config.remove("ManagedRulesetName");
    } else if update.contains_key("ManagedRulesetName") {
        config.remove("RulesetName");
    }
    config.extend(update);
    config
}

fn describe_config(config: Resource) -> Value {
    let mut config = describe(config);
    config["EvaluationRunMode"] = json!(RUN_MODE);
    config
}
