//! What belongs to a resource and is made anew each time: runs of a job or workflow, statements of a session.

use std::cmp::Reverse;
use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use super::super::call::Call;
use super::super::error::{Exception, Failure, Result};
use super::kept::{self, Object};
use crate::catalog::Listing;
use crate::model::{Resource, ResourceKey, Table};

/// Parts of a page, where the request does not say.
const PAGE: usize = 100;

/// A kind of part; in the text `{}` stands for its id.
pub struct Part {
    pub kind: &'static str,
    pub missing: &'static str,
}

impl Part {
    pub fn key(&self, call: &Call, parent: &str, id: &str) -> ResourceKey {
        ResourceKey::part_of(&call.scope(), self.kind, parent, id)
    }

    pub async fn create(&self, call: &Call, parent: &str, id: &str, document: Object) -> Result<Resource> {
        Ok(call.catalog.create_resource(&self.key(call, parent, id), document, &Default::default()).await?)
    }

    /// EntityNotFoundException where there is none.
    pub async fn get(&self, call: &Call, parent: &str, id: &str) -> Result<Resource> {
        call.catalog.resource(&self.key(call, parent, id)).await?.ok_or_else(|| self.not_found(id))
    }

    /// All of a parent, the newest first.
    pub async fn all(&self, call: &Call, parent: &str) -> Result<Vec<Resource>> {
        let which = Listing { parent: Some(parent), ..Listing::default() };
        let mut parts = call.catalog.resources(&call.scope(), self.kind, which).await?;
        parts.sort_by_cached_key(|part| Reverse((millis(part.created_at), part.name.clone())));
        Ok(parts)
    }

    /// A page of [`Self::all`], and the token of the next one.
    pub async fn page(&self, call: &Call, parent: &str, input: &Object) -> Result<(Vec<Resource>, Option<String>)> {
        let page = kept::page::<(i64, String)>(input, PAGE)?;
        let mut parts = self.all(call, parent).await?;
        if let Some(after) = &page.after {
            parts.retain(|part| (millis(part.created_at), &part.name) < (after.0, &after.1));
        }
        let token = page.cut(&mut parts, |part| (millis(part.created_at), part.name.clone()));
        Ok((parts, token))
    }

    /// Changes the document of a part. EntityNotFoundException where there is none.
    pub async fn update(
        &self,
        call: &Call,
        parent: &str,
        id: &str,
        change: impl FnOnce(Resource) -> Result<Object> + Send,
    ) -> Result<Resource> {
        call.catalog.update_resource(&self.key(call, parent, id), change).await?.ok_or_else(|| self.not_found(id))
    }

    pub fn not_found(&self, id: &str) -> Failure {
        Exception::not_found(self.missing.replace("{}", id)).into()
    }
}

/// The parent of what is kept as a part of a table: it follows the table where that is renamed, and goes with it.
pub fn of_table(table: &Table) -> String {
    table.id.to_string()
}

/// A fresh id: the prefix and 64 hexadecimal digits, as the service has them. They start with the time, so that ids are
/// in the order in which they were made.
pub fn fresh_id(prefix: &str) -> String {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_micros());
    let [first, second] = [Uuid::new_v4().simple().to_string(), Uuid::new_v4().simple().to_string()];
    format!("{prefix}{micros:016x}{first}{}", &second[..16])
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
