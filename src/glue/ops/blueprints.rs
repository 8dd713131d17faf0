//! Blueprints are registered here. Nothing runs the layout scripts in them, so that there are no runs of them.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{self, Kept, Object, Which, answer, described, names, paged, take, take_tags, text};
use crate::model::Resource;

const BLUEPRINT: Kept =
    Kept { kind: "blueprint", missing: "Blueprint {} not found.", exists: "Blueprint {} already exists.", parts: &[] };

pub async fn create_blueprint(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    BLUEPRINT.create(call, &name, input, &tags).await?;
    Ok(answer("Name", name))
}

/// Replaces the definition.
pub async fn update_blueprint(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    BLUEPRINT.update(call, &name, |_| Ok(input)).await?;
    Ok(answer("Name", name))
}

pub async fn get_blueprint(call: &Call, input: Object) -> Result<Object> {
    let blueprint = BLUEPRINT.get(call, text(&input, "Name")).await?;
    Ok(answer("Blueprint", describe(blueprint)))
}

pub async fn batch_get_blueprints(call: &Call, input: Object) -> Result<Object> {
    let (blueprints, missing) = BLUEPRINT.named(call, &kept::list(&input, "Names")).await?;
    let mut output = answer("Blueprints", blueprints.into_iter().map(describe).collect::<Vec<_>>());
    output.insert("MissingBlueprints".to_owned(), json!(missing));
    Ok(output)
}

pub async fn list_blueprints(call: &Call, input: Object) -> Result<Object> {
    let (blueprints, token) = BLUEPRINT.list(call, &Which::of(&input, 25)?).await?;
    Ok(paged("Blueprints", names(blueprints), token))
}

/// One that does not exist is no error.
pub async fn delete_blueprint(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    BLUEPRINT.delete(call, name).await?;
    Ok(answer("Name", name))
}

pub async fn get_blueprint_run(call: &Call, input: Object) -> Result<Object> {
    BLUEPRINT.get(call, text(&input, "BlueprintName")).await?;
    Err(Exception::not_found(format!("Blueprint run {} not found.", text(&input, "RunId"))).into())
}

pub async fn get_blueprint_runs(call: &Call, input: Object) -> Result<Object> {
    BLUEPRINT.get(call, text(&input, "BlueprintName")).await?;
    Ok(paged("BlueprintRuns", Vec::new(), None))
}

fn describe(blueprint: Resource) -> Value {
    let mut blueprint = described(blueprint, "Name", "CreatedOn", "LastModifiedOn");
    blueprint["Status"] = json!("ACTIVE");
    blueprint
}
