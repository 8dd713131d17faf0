//! Custom entity types: patterns that sensitive data is known by. Kept; nothing looks for them yet.

use fancy_regex::Regex;
use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{Kept, Object, Which, answer, list, paged, take, take_tags, text};
use crate::model::Resource;

const ENTITY_TYPE: Kept = Kept {
    kind: "customEntityType",
    missing: "CustomEntityType {} not found.",
    exists: "CustomEntityType {} already exists.",
    parts: &[],
};

pub async fn create_custom_entity_type(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "Name");
    let tags = take_tags(&mut input);
    let pattern = text(&input, "RegexString");
    Regex::new(pattern).map_err(|error| {
        Exception::invalid_input(format!("RegexString {pattern} is no regular expression: {error}"))
    })?;
    ENTITY_TYPE.create(call, &name, input, &tags).await?;
    Ok(answer("Name", name))
}

pub async fn get_custom_entity_type(call: &Call, input: Object) -> Result<Object> {
    Ok(answered(ENTITY_TYPE.get(call, text(&input, "Name")).await?))
}

pub async fn batch_get_custom_entity_types(call: &Call, input: Object) -> Result<Object> {
    let (found, missing) = ENTITY_TYPE.named(call, &list(&input, "Names")).await?;
    let mut output = paged("CustomEntityTypes", objects(found), None);
    output.insert("CustomEntityTypesNotFound".to_owned(), json!(missing));
    Ok(output)
}

pub async fn list_custom_entity_types(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = ENTITY_TYPE.list(call, &Which::read(&input)?).await?;
    Ok(paged("CustomEntityTypes", objects(stored), token))
}

pub async fn delete_custom_entity_type(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "Name");
    ENTITY_TYPE.delete_existing(call, name).await?;
    Ok(answer("Name", name))
}

fn objects(stored: Vec<Resource>) -> Vec<Value> {
    stored.into_iter().map(|stored| Value::Object(answered(stored))).collect()
}

fn answered(stored: Resource) -> Object {
    let mut document = stored.document;
    document.insert("Name".to_owned(), json!(stored.name));
    document
}
