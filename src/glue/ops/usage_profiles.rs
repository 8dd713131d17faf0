//! Usage profiles: what jobs and sessions may be set to. Kept; nothing is held to them yet.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{Kept, Object, Which, answer, described, paged, take, take_tags, text};
use crate::model::Resource;

const PROFILE: Kept = Kept {
    kind: "usageProfile",
    missing: "UsageProfile {} not found.",
    exists: "UsageProfile {} already exists.",
    parts: &[],
};

pub async fn create_usage_profile(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    check(input.get("Configuration").unwrap_or(&Value::Null))?;
    PROFILE.create(call, &name, input, &tags).await?;
    Ok(answer("Name", name))
}

pub async fn get_usage_profile(call: &Call, input: Object) -> Result<Object> {
    match answered(PROFILE.get(call, text(&input, "Name")).await?) {
        Value::Object(answer) => Ok(answer),
        _ => Ok(Object::new()),
    }
}

pub async fn list_usage_profiles(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = PROFILE.list(call, &Which::read(&input)?).await?;
    Ok(paged("Profiles", stored.into_iter().map(answered).collect(), token))
}

/// Replaces the whole definition.
pub async fn update_usage_profile(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    check(input.get("Configuration").unwrap_or(&Value::Null))?;
    PROFILE.update(call, &name, |_| Ok(input)).await?;
    Ok(answer("Name", name))
}

/// One that is not there is no error: the operation declares none.
pub async fn delete_usage_profile(call: &Call, input: Object) -> Result<Object> {
    PROFILE.delete(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

fn answered(stored: Resource) -> Value {
    described(stored, "Name", "CreatedOn", "LastModifiedOn")
}

/// The default of each parameter is one that the profile allows.
fn check(configuration: &Value) -> Result<()> {
    for part in ["SessionConfiguration", "JobConfiguration"] {
        for (parameter, rule) in configuration.get(part).and_then(Value::as_object).into_iter().flatten() {
            check_rule(rule).map_err(|what| Exception::invalid_input(format!("{part}.{parameter}: {what}")))?;
        }
    }
    Ok(())
}

fn check_rule(rule: &Value) -> Result<(), String> {
    let text = |member: &str| rule.get(member).and_then(Value::as_str);
    let number = |member: &str| {
        let parsed = text(member).map(|text| text.parse::<f64>().map_err(|_| format!("{member} {text} is no number")));
        parsed.transpose()
    };
    let (least, most) = (number("MinValue")?, number("MaxValue")?);
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        return Err(format!("MinValue {least} is above MaxValue {most}"));
    }
    let Some(default) = text("DefaultValue") else { return Ok(()) };
    let allowed = rule.get("AllowedValues").and_then(Value::as_array).filter(|allowed| !allowed.is_empty());
    if allowed.is_some_and(|allowed| !allowed.contains(&json!(default))) {
        return Err(format!("DefaultValue {default} is not among the AllowedValues"));
    }
    if least.is_some() || most.is_some() {
        let value = number("DefaultValue")?.unwrap_or_default();
        if least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most) {
            return Err(format!("DefaultValue {default} is not between MinValue and MaxValue"));
        }
    }
    Ok(())
}
