//! What the handlers of resources share that are kept as they were defined.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::super::page::Page;
use crate::catalog::Listing;
use crate::error::ErrorKind;
use crate::model::{Resource, ResourceKey};

/// Resources of a page, where the request does not say.
const PAGE: usize = 100;

/// A JSON object: what is asked, kept and answered.
pub type Object = Map<String, Value>;

/// A kind of resource and how the service speaks of it; in the texts `{}` stands for the name.
pub struct Kept {
    /// As in its ARN.
    pub kind: &'static str,
    pub missing: &'static str,
    pub exists: &'static str,
    /// Kinds of resources that are parts of it, and go with it.
    pub parts: &'static [&'static str],
}

impl Kept {
    pub fn key(&self, call: &Call, name: &str) -> ResourceKey {
        call.resource(self.kind, name)
    }

    /// EntityNotFoundException.
    pub fn not_found(&self, name: &str) -> Failure {
        Exception::not_found(self.missing.replace("{}", name)).into()
    }

    /// A new one with its tags. AlreadyExistsException where there is one of this name.
    pub async fn create(
        &self,
        call: &Call,
        name: &str,
        document: Object,
        tags: &BTreeMap<String, String>,
    ) -> Result<Resource> {
        call.catalog.create_resource(&self.key(call, name), document, tags).await.map_err(|error| match error.kind {
            ErrorKind::AlreadyExists => Exception::already_exists(self.exists.replace("{}", name)).into(),
            _ => error.into(),
        })
    }

    /// As [`Self::create`], but the same definition again is no error: every create may come twice, as clients repeat
    /// those whose answer was lost. Another definition is IdempotentParameterMismatchException. Members of the document
    /// that are `state` do not count.
    pub async fn create_once(
        &self,
        call: &Call,
        name: &str,
        document: Object,
        tags: &BTreeMap<String, String>,
        state: &[&str],
    ) -> Result<()> {
        let definition = |mut document: Object| {
            document.retain(|member, _| !state.contains(&member.as_str()));
            document
        };
        let error = match call.catalog.create_resource(&self.key(call, name), document.clone(), tags).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if error.kind != ErrorKind::AlreadyExists {
            return Err(error.into());
        }
        let stored = self.get(call, name).await?;
        if definition(stored.document) == definition(document) {
            return Ok(());
        }
        Err(Exception::new("IdempotentParameterMismatchException", self.exists.replace("{}", name)).into())
    }

    /// EntityNotFoundException where there is none.
    pub async fn get(&self, call: &Call, name: &str) -> Result<Resource> {
        call.catalog.resource(&self.key(call, name)).await?.ok_or_else(|| self.not_found(name))
    }

    /// Those of the names that exist, and the names that are missing; both in the order of the names, each once.
    pub async fn named(&self, call: &Call, names: &[String]) -> Result<(Vec<Resource>, Vec<String>)> {
        let stored = call.catalog.named_resources(&call.scope(), self.kind, names).await?;
        let mut stored: BTreeMap<_, _> =
            stored.into_iter().map(|resource| (resource.name.clone(), Some(resource))).collect();
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for name in names {
            match stored.get_mut(name) {
                Some(resource) => found.extend(resource.take()),
                None if missing.contains(name) => {}
                None => missing.push(name.clone()),
            }
        }
        Ok((found, missing))
    }

    /// A page by name, and the token of the next one.
    pub async fn list(&self, call: &Call, which: &Which) -> Result<(Vec<Resource>, Option<String>)> {
        self.list_where(call, which, None::<fn(&Resource) -> bool>).await
    }

    /// As [`Self::list`], of those that `keep` lets through.
    pub async fn list_where(
        &self,
        call: &Call,
        which: &Which,
        keep: Option<impl Fn(&Resource) -> bool>,
    ) -> Result<(Vec<Resource>, Option<String>)> {
        let Which { page, tags } = which;
        let all = keep.is_none() && tags.is_empty();
        // What is filtered is fetched whole: there are few of a kind, and the page must be filled.
        let limit = all.then(|| page.fetch());
        let listing = Listing { parent: Some(""), after: page.after.as_deref(), limit };
        let mut resources = call.catalog.resources(&call.scope(), self.kind, listing).await?;
        if !tags.is_empty() {
            let tagged = call.catalog.tags_of_kind(&call.scope(), self.kind).await?;
            resources.retain(|resource| {
                let own = tagged.get(&resource.name);
                tags.iter().all(|(key, value)| own.and_then(|own| own.get(key)) == Some(value))
            });
        }
        if let Some(keep) = keep {
            resources.retain(keep);
        }
        let token = page.cut(&mut resources, |resource| resource.name.clone());
        Ok((resources, token))
    }

    /// Replaces the document by what `change` makes of the stored resource. EntityNotFoundException where there is none.
    pub async fn update(
        &self,
        call: &Call,
        name: &str,
        change: impl FnOnce(Resource) -> Result<Object> + Send,
    ) -> Result<Resource> {
        call.catalog.update_resource(&self.key(call, name), change).await?.ok_or_else(|| self.not_found(name))
    }

    /// Deletes it with its parts and tags; false where there was none.
    pub async fn delete(&self, call: &Call, name: &str) -> Result<bool> {
        call.catalog.delete_resource(&self.key(call, name), self.parts, |_| Ok::<_, Failure>(())).await
    }

    /// As [`Self::delete`]. EntityNotFoundException where there was none.
    pub async fn delete_existing(&self, call: &Call, name: &str) -> Result<()> {
        if self.delete(call, name).await? { Ok(()) } else { Err(self.not_found(name)) }
    }
}

/// What a request asks a list for.
pub struct Which {
    pub page: Page,
    /// All of these are on what is listed.
    pub tags: BTreeMap<String, String>,
}

impl Which {
    /// From the members NextToken, MaxResults and Tags of a checked request.
    pub fn read(input: &Object) -> Result<Self> {
        Self::of(input, PAGE)
    }

    /// As [`Self::read`], a page of `default` where the request does not say.
    pub fn of(input: &Object, default: usize) -> Result<Self> {
        Ok(Self { page: page(input, default)?, tags: texts(input.get("Tags")) })
    }

    /// All that have the tags of a request.
    pub fn all(input: &Object) -> Self {
        Self { page: Page { after: None, limit: usize::MAX }, tags: texts(input.get("Tags")) }
    }
}

/// The page that the members NextToken and MaxResults of a checked request ask for.
pub fn page<K: Serialize + DeserializeOwned>(input: &Object, default: usize) -> Result<Page<K>> {
    let token = input.get("NextToken").and_then(Value::as_str);
    let limit = input.get("MaxResults").and_then(Value::as_i64).and_then(|limit| i32::try_from(limit).ok());
    Page::read(token, limit, default)
}

/// The text of a member; empty where it is absent.
pub fn text<'a>(object: &'a Object, member: &str) -> &'a str {
    object.get(member).and_then(Value::as_str).unwrap_or_default()
}

/// The texts of a member that is a list of them.
pub fn list(object: &Object, member: &str) -> Vec<String> {
    let list = object.get(member).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The entries of a map of texts.
pub fn texts(map: Option<&Value>) -> BTreeMap<String, String> {
    let entries = map.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// Takes a text out of a request: what is left is the document.
pub fn take(input: &mut Object, member: &str) -> String {
    match input.remove(member) {
        Some(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// Takes the tags out of a request.
pub fn take_tags(input: &mut Object) -> BTreeMap<String, String> {
    texts(input.remove("Tags").as_ref())
}

/// A resource as it is answered: its document, its name as the member `name`, and when it was made and changed.
pub fn described(resource: Resource, name: &str, created: &str, updated: &str) -> Value {
    let mut document = resource.document;
    document.insert(name.to_owned(), json!(resource.name));
    document.insert(created.to_owned(), json!(resource.created_at));
    document.insert(updated.to_owned(), json!(resource.updated_at));
    Value::Object(document)
}

/// A page of an answer: `list` and NextToken.
pub fn paged(list: &str, items: Vec<Value>, token: Option<String>) -> Object {
    let mut answer = Map::new();
    answer.insert(list.to_owned(), Value::Array(items));
    if let Some(token) = token {
        answer.insert("NextToken".to_owned(), json!(token));
    }
    answer
}

/// An answer of one member.
pub fn answer(member: &str, value: impl Into<Value>) -> Object {
    Map::from_iter([(member.to_owned(), value.into())])
}

/// A value that is an object as an answer of its own.
pub fn members(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// Whether a resource is of the time that a filter's members CreatedBefore, CreatedAfter, LastModifiedBefore and
/// LastModifiedAfter allow.
pub fn is_of_time(resource: &Resource, filter: &Object) -> bool {
    let time = |member| filter.get(member).and_then(Value::as_f64);
    time("CreatedBefore").is_none_or(|before| resource.created_at < before)
        && time("CreatedAfter").is_none_or(|after| resource.created_at > after)
        && time("LastModifiedBefore").is_none_or(|before| resource.updated_at < before)
        && time("LastModifiedAfter").is_none_or(|after| resource.updated_at > after)
}

/// The names of resources, for lists of names.
pub fn names(resources: Vec<Resource>) -> Vec<Value> {
    resources.into_iter().map(|resource| json!(resource.name)).collect()
}
