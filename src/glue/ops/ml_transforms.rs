//! Machine-learning transforms are kept. Nothing runs their tasks, so that there are no runs of them.

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{self, Kept, Object, Which, answer, described, is_of_time, members, names, paged, take_tags, text};
use super::parts::fresh_id;
use crate::model::Resource;

const TRANSFORM: Kept = Kept {
    kind: "mlTransform",
    missing: "MLTransform {} not found",
    exists: "MLTransform {} already exists",
    parts: &[],
};

/// Transforms of a page, where the request does not say.
const PAGE: usize = 100;

pub async fn create_ml_transform(call: &Call, mut input: Object) -> Result<Object> {
    let tags = take_tags(&mut input);
    check_capacity(&input)?;
    let name = text(&input, "Name");
    if stored(call, &Object::new(), &Object::new()).await?.iter().any(|other| text(&other.document, "Name") == name) {
        return Err(Exception::already_exists(TRANSFORM.exists.replace("{}", name)).into());
    }
    // The default that the documentation gives.
    input.entry("GlueVersion").or_insert(json!("0.9"));
    input.entry("Timeout").or_insert(json!(2880));
    input.entry("MaxRetries").or_insert(json!(0));
    let id = format!("tfm-{}", &fresh_id("")[..40]);
    TRANSFORM.create(call, &id, input, &tags).await?;
    Ok(answer("TransformId", id))
}

/// What the request does not give stays as it is.
pub async fn update_ml_transform(call: &Call, mut input: Object) -> Result<Object> {
    let id = kept::take(&mut input, "TransformId");
    check_capacity(&input)?;
    let change = move |transform: Resource| {
        let mut document = transform.document;
        if input.contains_key("MaxCapacity") {
            document.retain(|member, _| member != "WorkerType" && member != "NumberOfWorkers");
        } else if input.contains_key("WorkerType") {
            document.remove("MaxCapacity");
        }
        document.extend(input);
        Ok(document)
    };
    TRANSFORM.update(call, &id, change).await?;
    Ok(answer("TransformId", id))
}

pub async fn get_ml_transform(call: &Call, input: Object) -> Result<Object> {
    let transform = TRANSFORM.get(call, text(&input, "TransformId")).await?;
    Ok(members(describe(transform)))
}

pub async fn get_ml_transforms(call: &Call, input: Object) -> Result<Object> {
    let (transforms, token) = page(call, &input).await?;
    Ok(paged("Transforms", transforms.into_iter().map(describe).collect(), token))
}

pub async fn list_ml_transforms(call: &Call, input: Object) -> Result<Object> {
    let (transforms, token) = page(call, &input).await?;
    Ok(paged("TransformIds", names(transforms), token))
}

pub async fn delete_ml_transform(call: &Call, input: Object) -> Result<Object> {
    let id = text(&input, "TransformId");
    TRANSFORM.delete_existing(call, id).await?;
    Ok(answer("TransformId", id))
}

pub async fn get_ml_task_runs(call: &Call, input: Object) -> Result<Object> {
    TRANSFORM.get(call, text(&input, "TransformId")).await?;
    Ok(paged("TaskRuns", Vec::new(), None))
}

pub async fn get_ml_task_run(call: &Call, input: Object) -> Result<Object> {
    no_task_run(call, &input).await
}

pub async fn cancel_ml_task_run(call: &Call, input: Object) -> Result<Object> {
    no_task_run(call, &input).await
}

async fn no_task_run(call: &Call, input: &Object) -> Result<Object> {
    TRANSFORM.get(call, text(input, "TransformId")).await?;
    Err(Exception::not_found(format!("Task run {} not found", text(input, "TaskRunId"))).into())
}

/// A page of those that Filter lets through, in the order of Sort, by name where there is none.
async fn page(call: &Call, input: &Object) -> Result<(Vec<Resource>, Option<String>)> {
    let member = |member| input.get(member).cloned().map(members).unwrap_or_default();
    let sort = member("Sort");
    let (column, falling) = (text(&sort, "Column"), text(&sort, "SortDirection") == "DESCENDING");
    let page = kept::page::<(String, String)>(input, PAGE)?;
    let key = |transform: &Resource| (sort_key(column, transform), transform.name.clone());

    let mut transforms = stored(call, &member("Filter"), input).await?;
    transforms.sort_by_cached_key(key);
    if falling {
        transforms.reverse();
    }
    if let Some(after) = &page.after {
        transforms.retain(|transform| if falling { key(transform) < *after } else { key(transform) > *after });
    }
    let token = page.cut(&mut transforms, key);
    Ok((transforms, token))
}

/// Those that the filter lets through and that have the tags of the request.
async fn stored(call: &Call, filter: &Object, input: &Object) -> Result<Vec<Resource>> {
    if filter.contains_key("Schema") {
        let message = "Transforms cannot be filtered by Schema here: they are kept without one";
        return Err(Exception::invalid_input(message).into());
    }
    let filter = filter.clone();
    let keep = move |transform: &Resource| {
        let wants = |member, value: &str| filter.get(member).is_none_or(|wanted| wanted == value);
        wants("Name", text(&transform.document, "Name"))
            && wants("GlueVersion", text(&transform.document, "GlueVersion"))
            && wants("TransformType", transform_type(transform))
            && wants("Status", STATUS)
            && is_of_time(transform, &filter)
    };
    Ok(TRANSFORM.list_where(call, &Which::all(input), Some(keep)).await?.0)
}

/// There is nothing that a transform could wait for.
const STATUS: &str = "READY";

fn sort_key(column: &str, transform: &Resource) -> String {
    // Times of one width compare as texts.
    let time = |seconds: f64| format!("{:020.3}", seconds);
    match column {
        "TRANSFORM_TYPE" => transform_type(transform).to_owned(),
        "STATUS" => STATUS.to_owned(),
        "CREATED" => time(transform.created_at),
        "LAST_MODIFIED" => time(transform.updated_at),
        _ => text(&transform.document, "Name").to_owned(),
    }
}

fn transform_type(transform: &Resource) -> &str {
    transform.document.get("Parameters").and_then(|parameters| parameters["TransformType"].as_str()).unwrap_or_default()
}

fn check_capacity(definition: &Object) -> Result<()> {
    let has = |member| definition.contains_key(member);
    if has("MaxCapacity") && (has("WorkerType") || has("NumberOfWorkers")) {
        let message = "MaxCapacity cannot be set together with WorkerType and NumberOfWorkers";
        return Err(Exception::invalid_input(message).into());
    }
    Ok(())
}

fn describe(transform: Resource) -> Value {
    let mut transform = described(transform, "TransformId", "CreatedOn", "LastModifiedOn");
    transform["Status"] = json!(STATUS);
    transform["LabelCount"] = json!(0);
    transform
}
