//! Searching tables.

use super::Service;
use crate::error::{CatalogError, Result};
use crate::model::Table;
use crate::model::name::fold;
use crate::model::search::{Field, Place, TableSearch};

/// The most conditions of a search.
const MOST_CONDITIONS: usize = 100;

impl Service {
    /// Tables of a catalog with their places, in the order of the search: of those after a place, the first `limit`. An
    /// unknown catalog has none.
    pub async fn search_tables(
        &self,
        catalog: &str,
        search: &TableSearch,
        after: Option<&Place>,
        limit: i64,
    ) -> Result<Vec<(Place, Table)>> {
        let count = search.conditions.len();
        if count > MOST_CONDITIONS {
            return Err(CatalogError::invalid_input(format!(
                "The search has {count} conditions; at most {MOST_CONDITIONS} are allowed"
            )));
        }
        let is_place =
            |place: &&Place| matches!(search.order.field, Field::Text(_)) || place.key.parse::<i64>().is_ok();
        if after.is_some_and(|place| !is_place(&place)) {
            return Err(CatalogError::invalid_input(
                "the search goes on after a place of another order: start it again",
            ));
        }
        let mut connection = self.store.read().await?;
        self.store.search_tables(&mut connection, &fold(catalog), search, after, limit).await
    }
}
