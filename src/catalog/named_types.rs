//! Types with a name of their own.

use std::collections::HashSet;

use super::{Caller, Service};
use crate::error::{CatalogError, Result};
use crate::model::name::check_word;
use crate::model::named_type::NamedType;
use crate::store::named_types;

/// Types that one type may be made of, over all levels.
const MOST_PARTS: usize = 1000;

impl Service {
    pub async fn create_type(&self, _caller: &Caller, named: NamedType) -> Result<()> {
        check_word("type", &named.name)?;
        let mut transaction = self.store.begin().await?;
        if !named_types::insert(&mut transaction, &named).await? {
            return Err(CatalogError::already_exists(format!("Type {} already exists", named.name)));
        }
        transaction.commit().await
    }

    pub async fn get_type(&self, name: &str) -> Result<NamedType> {
        let found = named_types::get(&mut *self.store.read().await?, &[name.to_owned()]).await?;
        found.into_iter().next().ok_or_else(|| CatalogError::not_found(format!("Type {name} does not exist")))
    }

    /// The type and those that it is made of, as far as they have names here; none where there is no such type.
    pub async fn get_type_with_parts(&self, name: &str) -> Result<Vec<NamedType>> {
        let mut connection = self.store.read().await?;
        let mut asked = HashSet::from([name.to_owned()]);
        let mut wanted = vec![name.to_owned()];
        let mut found = Vec::new();
        while !wanted.is_empty() && found.len() < MOST_PARTS {
            let types = named_types::get(&mut connection, &wanted).await?;
            wanted = types.iter().flat_map(parts).filter(|part| asked.insert(part.clone())).collect();
            found.extend(types);
        }
        Ok(found)
    }

    /// No error where there is none, as in Hive.
    pub async fn drop_type(&self, _caller: &Caller, name: &str) -> Result<()> {
        let mut transaction = self.store.begin().await?;
        named_types::delete(&mut transaction, name).await?;
        transaction.commit().await
    }
}

/// Words in the definition of a type that may name others.
fn parts(named: &NamedType) -> Vec<String> {
    let texts = named.fields.iter().map(|field| &field.type_name).chain(&named.type1).chain(&named.type2);
    texts
        .flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}
