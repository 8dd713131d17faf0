//! Properties that engines keep with the metastore, with a database or with a table. Their keys are `NAME`,
//! `DATABASE.NAME` and `DATABASE.TABLE.NAME`; what is before the name is their scope. They are found by expressions.

pub mod expression;
mod parser;

use std::collections::BTreeMap;

use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::Parameters;
use crate::model::name::check_length;
use crate::store::properties::{self, Property};

use expression::Expression;

/// The only namespace there is.
pub const NAMESPACE: &str = "hms";

/// Fragments of a key that may be the scope; what comes behind belongs to the name.
const SCOPE_FRAGMENTS: usize = 3;

/// Which properties to read.
#[derive(Debug, Default)]
pub struct WhichProperties {
    /// What the scope begins with.
    pub scope: String,
    /// What has to be true of a scope's properties.
    pub predicate: Option<String>,
    /// Names of properties, or expressions that make an object of some. All where there is none.
    pub selection: Vec<String>,
}

impl Service {
    /// Writes properties by their keys, over those that are there, all or none.
    pub async fn set_properties(&self, _caller: &Caller, namespace: &str, all: Parameters) -> Result<()> {
        check_namespace(namespace)?;
        let mut written: Vec<Property> = Vec::with_capacity(all.len());
        for (key, value) in all {
            let (scope, name) = split(&key);
            check_length("property", &name)?;
            if !scope.is_empty() {
                check_length("property's scope", &scope)?;
            }
            written.push(Property { scope, name, value });
        }
        let mut transaction = self.store.begin().await?;
        properties::put(&mut transaction, namespace, &written).await?;
        transaction.commit().await
    }

    /// Properties by scope, of the scopes that are asked for; those with nothing to tell are left out.
    pub async fn properties(&self, namespace: &str, which: &WhichProperties) -> Result<BTreeMap<String, Parameters>> {
        check_namespace(namespace)?;
        let predicate = which.predicate.as_deref().map(Expression::parse).transpose()?;
        let mut found = properties::by_scope(&mut *self.store.read().await?, namespace, &which.scope).await?;
        if let Some(predicate) = &predicate {
            found.retain(|_, properties| predicate.is_true(properties));
        }
        if which.selection.is_empty() {
            return Ok(found);
        }
        let selection: Vec<Selected<'_>> =
            which.selection.iter().map(|text| Selected::parse(text)).collect::<Result<_>>()?;
        let selected = found.into_iter().map(|(scope, properties)| {
            let selected = selection.iter().flat_map(|one| one.of(&properties)).collect::<Parameters>();
            (scope, selected)
        });
        Ok(selected.filter(|(_, selected)| !selected.is_empty()).collect())
    }
}

/// One item of a selection.
struct Selected<'a> {
    name: &'a str,
    /// None where it can be nothing but a name.
    expression: Option<Expression>,
}

impl<'a> Selected<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let expression = text.contains('{').then(|| Expression::parse(text)).transpose()?;
        Ok(Self { name: text, expression })
    }

    fn of(&self, properties: &Parameters) -> Parameters {
        match (&self.expression, properties.get(self.name)) {
            (_, Some(value)) => Parameters::from([(self.name.to_owned(), value.clone())]),
            (Some(expression), None) => expression.object(properties),
            (None, None) => Parameters::new(),
        }
    }
}

/// Scope and name of a key. A dot behind a backslash parts nothing.
fn split(key: &str) -> (String, String) {
    let mut fragments: Vec<&str> = Vec::new();
    let mut from = 0;
    for (at, _) in key.match_indices('.') {
        if !key[..at].ends_with('\\') {
            fragments.push(&key[from..at]);
            from = at + 1;
        }
    }
    fragments.push(&key[from..]);
    let scope = (fragments.len() - 1).min(SCOPE_FRAGMENTS);
    (fragments[..scope].join("."), fragments[scope..].join("."))
}

fn check_namespace(namespace: &str) -> Result<()> {
    if namespace == NAMESPACE {
        return Ok(());
    }
    Err(CatalogError::not_found(format!("There is no namespace {namespace:?} of properties, only {NAMESPACE:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_scope_and_a_name() {
        for (key, scope, name) in [
            ("size", "", "size"),
            ("db.size", "db", "size"),
            ("db.t.size", "db.t", "size"),
            ("db.t.p.size", "db.t.p", "size"),
            ("db.t.p.size.of.all", "db.t.p", "size.of.all"),
            ("db\\.x.size", "db\\.x", "size"),
            ("", "", ""),
        ] {
            assert_eq!(split(key), (scope.to_owned(), name.to_owned()), "{key}");
        }
    }
}
