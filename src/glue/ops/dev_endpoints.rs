//! Development endpoints. They are kept; nothing stands behind one.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::super::simulation;
use super::kept::{
    self, Kept, Object, Which, answer, described, list, members, names, paged, take, take_tags, text, texts,
};
use crate::model::Resource;

const ENDPOINT: Kept = Kept {
    kind: "devEndpoint",
    missing: "DevEndpoint {} not found",
    exists: "DevEndpoint {} already exists",
    parts: &[],
};

/// Public keys of an endpoint: AWS's own limit.
const MOST_KEYS: usize = 5;

pub async fn create_dev_endpoint(call: &Call, mut input: Object) -> Result<Object> {
    let name = take(&mut input, "EndpointName");
    let tags = take_tags(&mut input);
    if name.is_empty() {
        return Err(Exception::invalid_input("EndpointName cannot be empty").into());
    }
    input.extend(simulation::dev_endpoints::start(call, &name, input.contains_key("SubnetId")));
    let endpoint = ENDPOINT.create(call, &name, input, &tags).await?;
    Ok(members(describe(endpoint)))
}

pub async fn update_dev_endpoint(call: &Call, input: Object) -> Result<Object> {
    let name = text(&input, "EndpointName");
    ENDPOINT.update(call, name, |endpoint| changed(endpoint, &input)).await?;
    Ok(Object::new())
}

pub async fn get_dev_endpoint(call: &Call, input: Object) -> Result<Object> {
    let endpoint = ENDPOINT.get(call, text(&input, "EndpointName")).await?;
    Ok(answer("DevEndpoint", describe(endpoint)))
}

pub async fn get_dev_endpoints(call: &Call, input: Object) -> Result<Object> {
    let (endpoints, token) = ENDPOINT.list(call, &Which::read(&input)?).await?;
    Ok(paged("DevEndpoints", endpoints.into_iter().map(describe).collect(), token))
}

pub async fn list_dev_endpoints(call: &Call, input: Object) -> Result<Object> {
    let (endpoints, token) = ENDPOINT.list(call, &Which::read(&input)?).await?;
    Ok(paged("DevEndpointNames", names(endpoints), token))
}

pub async fn batch_get_dev_endpoints(call: &Call, input: Object) -> Result<Object> {
    let (endpoints, missing) = ENDPOINT.named(call, &kept::list(&input, "DevEndpointNames")).await?;
    let mut output = answer("DevEndpoints", endpoints.into_iter().map(describe).collect::<Vec<_>>());
    output.insert("DevEndpointsNotFound".to_owned(), json!(missing));
    Ok(output)
}

pub async fn delete_dev_endpoint(call: &Call, input: Object) -> Result<Object> {
    ENDPOINT.delete_existing(call, text(&input, "EndpointName")).await?;
    Ok(Object::new())
}

/// The definition after an update, which adds to it and takes from it.
fn changed(endpoint: Resource, update: &Object) -> Result<Object> {
    let mut document = endpoint.document;
    if let Some(key) = update.get("PublicKey") {
        document.insert("PublicKey".to_owned(), key.clone());
    }

    let gone = list(update, "DeletePublicKeys");
    let mut keys = list(&document, "PublicKeys");
    keys.retain(|key| !gone.contains(key));
    for key in list(update, "AddPublicKeys") {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    if keys.len() > MOST_KEYS {
        let message =
            format!("{} would have {} public keys; at most {MOST_KEYS} are allowed", endpoint.name, keys.len());
        return Err(Exception::invalid_input(message).into());
    }
    put(&mut document, "PublicKeys", json!(keys), keys.is_empty());

    let gone = list(update, "DeleteArguments");
    let mut arguments: BTreeMap<_, _> = texts(document.get("Arguments"));
    arguments.retain(|name, _| !gone.contains(name));
    arguments.extend(texts(update.get("AddArguments")));
    put(&mut document, "Arguments", json!(arguments), arguments.is_empty());

    for (library, path) in update.get("CustomLibraries").and_then(Value::as_object).into_iter().flatten() {
        document.insert(library.clone(), path.clone());
    }
    Ok(document)
}

fn put(document: &mut Object, member: &str, value: Value, is_empty: bool) {
    if is_empty {
        document.remove(member);
    } else {
        document.insert(member.to_owned(), value);
    }
}

fn describe(endpoint: Resource) -> Value {
    described(endpoint, "EndpointName", "CreatedTimestamp", "LastModifiedTimestamp")
}
