//! Classifiers: what crawlers know formats by. Of one classifier exactly one of the four kinds is given.

mod check;

use serde_json::{Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Result};
use super::kept::{Kept, Object, Which, answer, paged, take, text};
use crate::model::Resource;

pub const CLASSIFIER: Kept = Kept {
    kind: "classifier",
    missing: "Classifier {} not found.",
    exists: "Classifier {} already exists.",
    parts: &[],
};

/// The members that hold a classifier.
const KINDS: [&str; 4] = ["GrokClassifier", "XMLClassifier", "JsonClassifier", "CsvClassifier"];

pub async fn create_classifier(call: &Call, input: Object) -> Result<Object> {
    let (kind, mut definition) = only(input)?;
    let name = take(&mut definition, "Name");
    check::classifier(kind, &definition)?;
    CLASSIFIER.create(call, &name, document(kind, definition), &Default::default()).await?;
    Ok(Object::new())
}

/// Members that are not given stay as they are.
pub async fn update_classifier(call: &Call, input: Object) -> Result<Object> {
    let (kind, mut changes) = only(input)?;
    let name = take(&mut changes, "Name");
    let change = |stored: Resource| -> Result<_> {
        let (stored_kind, mut definition) = only(stored.document)?;
        if stored_kind != kind {
            let message = format!("Classifier {} is a {stored_kind}: it cannot become a {kind}", stored.name);
            return Err(Exception::invalid_input(message).into());
        }
        definition.extend(changes);
        check::classifier(kind, &definition)?;
        Ok(document(kind, definition))
    };
    CLASSIFIER.update(call, &name, change).await?;
    Ok(Object::new())
}

pub async fn get_classifier(call: &Call, input: Object) -> Result<Object> {
    let stored = CLASSIFIER.get(call, text(&input, "Name")).await?;
    Ok(answer("Classifier", answered(stored)))
}

pub async fn get_classifiers(call: &Call, input: Object) -> Result<Object> {
    let (stored, token) = CLASSIFIER.list(call, &Which::read(&input)?).await?;
    Ok(paged("Classifiers", stored.into_iter().map(answered).collect(), token))
}

pub async fn delete_classifier(call: &Call, input: Object) -> Result<Object> {
    CLASSIFIER.delete_existing(call, text(&input, "Name")).await?;
    Ok(Object::new())
}

/// The classifier that a request or a document has, and its kind.
fn only(input: Object) -> Result<(&'static str, Object)> {
    let given = input.into_iter().filter_map(|(member, value)| match value {
        Value::Object(definition) => Some((KINDS.into_iter().find(|kind| *kind == member)?, definition)),
        _ => None,
    });
    let mut given: Vec<_> = given.collect();
    match (given.pop(), given.is_empty()) {
        (Some(one), true) => Ok(one),
        _ => Err(Exception::invalid_input(format!("Exactly one of {} is to be given", KINDS.join(", "))).into()),
    }
}

fn document(kind: &str, definition: Object) -> Object {
    answer(kind, definition)
}

fn answered(stored: Resource) -> Value {
    let mut document = stored.document;
    for definition in document.values_mut().filter_map(Value::as_object_mut) {
        definition.insert("Name".to_owned(), json!(stored.name));
        definition.insert("Version".to_owned(), json!(stored.version));
        definition.insert("CreationTime".to_owned(), json!(stored.created_at));
        definition.insert("LastUpdated".to_owned(), json!(stored.updated_at));
    }
    Value::Object(document)
}
