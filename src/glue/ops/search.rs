//! Searching tables.

use std::time::UNIX_EPOCH;

use propolis_glue_api::types::{
    Comparator, PropertyPredicate, ResourceShareType, SearchTablesRequest, SearchTablesResponse, Sort, SortCriterion,
};

use super::super::call::Call;
use super::super::convert::tables::wire_table;
use super::super::error::{Exception, Result};
use super::super::page::Page;
use super::databases::PAGE;
use crate::model::search::{Condition, Field, Order, Place, TableSearch, Term, TextField, TimeField};

const DAY: i64 = 24 * 3600;

pub async fn search_tables(call: &Call, input: SearchTablesRequest) -> Result<SearchTablesResponse> {
    let catalog = call.catalog_name(input.catalog_id.as_deref())?;
    let page = Page::<(String, String, String)>::read(input.next_token.as_deref(), input.max_results, PAGE)?;
    let conditions = conditions(&input.filters.unwrap_or_default())?;
    let order = order(&input.sort_criteria.unwrap_or_default())?;
    let terms = input.search_text.as_deref().map_or(Some(Vec::new()), Term::read);
    // Nobody shares tables here, and nothing is found by a text without words.
    let (Some(terms), false) = (terms, input.resource_share_type == Some(ResourceShareType::Foreign)) else {
        return Ok(SearchTablesResponse { table_list: Some(Vec::new()), next_token: None });
    };
    let federated = input.resource_share_type == Some(ResourceShareType::Federated);
    let search = TableSearch { terms, conditions, federated, order };
    let after = page.after.clone().map(|(key, database, table)| Place { key, database, table });
    let mut found = call.catalog.search_tables(&catalog, &search, after.as_ref(), page.fetch()).await?;
    if found.is_empty() {
        // No such tables, or no such catalog.
        call.catalog.get_catalog(&catalog).await?;
    }
    let next_token =
        page.cut(&mut found, |(place, _)| (place.key.clone(), place.database.clone(), place.table.clone()));
    let tables = found.iter().map(|(_, table)| wire_table(call, table)).collect();
    Ok(SearchTablesResponse { table_list: Some(tables), next_token })
}

/// Filters of one text field are alternatives, as those who search some databases send them; all else holds together.
fn conditions(filters: &[PropertyPredicate]) -> Result<Vec<Condition>> {
    let mut conditions: Vec<Condition> = Vec::new();
    for filter in filters {
        let (Some(key), Some(value)) = (&filter.key, &filter.value) else {
            return Err(Exception::invalid_input("A filter has a Key and a Value").into());
        };
        let comparator = filter.comparator.unwrap_or(Comparator::Equals);
        let field = match field(key) {
            Field::Time(field) => {
                conditions.push(time_condition(field, key, value, comparator)?);
                continue;
            }
            Field::Text(field) => field,
        };
        if comparator != Comparator::Equals {
            return Err(Exception::invalid_input(format!(
                "The filter of {key} compares by {comparator}, which is for times only: CreateTime, UpdateTime and \
                 LastAccessTime"
            ))
            .into());
        }
        let same = conditions.iter_mut().find_map(|condition| match condition {
            Condition::Text { field: other, values } if *other == field => Some(values),
            _ => None,
        });
        match same {
            Some(values) => values.push(value.clone()),
            None => conditions.push(Condition::Text { field, values: vec![value.clone()] }),
        }
    }
    Ok(conditions)
}

fn order(criteria: &[SortCriterion]) -> Result<Order> {
    match criteria {
        [] => Ok(Order::default()),
        [SortCriterion { field_name: Some(name), sort }] => {
            Ok(Order { field: field(name), descending: *sort == Some(Sort::Desc) })
        }
        _ => Err(Exception::invalid_input("SortCriteria is one criterion at most, and that has a FieldName").into()),
    }
}

/// The field that is called so; what is none is the key of a parameter.
fn field(name: &str) -> Field {
    let known = [
        ("DatabaseName", Field::Text(TextField::Database)),
        ("Name", Field::Text(TextField::Name)),
        ("TableName", Field::Text(TextField::Name)),
        ("Owner", Field::Text(TextField::Owner)),
        ("TableType", Field::Text(TextField::Kind)),
        ("Location", Field::Text(TextField::Location)),
        ("Description", Field::Text(TextField::Description)),
        ("CreateTime", Field::Time(TimeField::Created)),
        ("UpdateTime", Field::Time(TimeField::Updated)),
        ("LastAccessTime", Field::Time(TimeField::LastAccess)),
    ];
    let found = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map_or_else(
        || Field::Text(TextField::Parameter(name.strip_prefix("Parameters.").unwrap_or(name).to_owned())),
        |(_, field)| field,
    )
}

fn time_condition(field: TimeField, key: &str, value: &str, comparator: Comparator) -> Result<Condition> {
    let (start, end) = moment(value.trim()).ok_or_else(|| {
        Exception::invalid_input(format!(
            "The filter of {key} compares with {value:?}, which is no time: give seconds since the epoch, a date such as \
             2026-03-01, or a time such as 2026-03-01T12:00:00Z"
        ))
    })?;
    let (from, until) = match comparator {
        Comparator::Equals => (Some(start), Some(end)),
        Comparator::GreaterThan => (Some(end), None),
        Comparator::GreaterThanEquals => (Some(start), None),
        Comparator::LessThan => (None, Some(start)),
        Comparator::LessThanEquals => (None, Some(end)),
    };
    Ok(Condition::Time { field, from, until })
}

/// When a text means, from the first second to the one after the last: a date is a day, all else a second.
fn moment(text: &str) -> Option<(i64, i64)> {
    if let Ok(seconds) = text.parse::<f64>() {
        let second = seconds.floor();
        // What an f64 tells apart.
        return (second.abs() < 1e15).then(|| (second as i64, second as i64 + 1));
    }
    if text.len() == "2026-03-01".len() {
        let start = seconds(&format!("{text}T00:00:00"))?;
        return Some((start, start + DAY));
    }
    let (time, offset) = match text.char_indices().skip("2026-03-01".len()).find(|(_, c)| ['+', '-'].contains(c)) {
        Some((at, sign)) => {
            let (hours, minutes) = text[at + 1..].split_once(':')?;
            let offset = i64::from(hours.parse::<u8>().ok()?) * 3600 + i64::from(minutes.parse::<u8>().ok()?) * 60;
            (text[..at].trim_end(), if sign == '+' { offset } else { -offset })
        }
        None => (text, 0),
    };
    let start = seconds(time)?.checked_sub(offset)?;
    Some((start, start + 1))
}

fn seconds(time: &str) -> Option<i64> {
    let time = humantime::parse_rfc3339_weak(time).ok()?;
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_dates_and_timestamps() {
        let second = Some((1_772_366_400, 1_772_366_401));
        for text in [
            "1772366400",
            "1772366400.75",
            "2026-03-01T12:00:00Z",
            "2026-03-01 12:00:00",
            "2026-03-01T12:00:00.5Z",
            "2026-03-01T14:30:00+02:30",
            "2026-03-01 11:00:00 -01:00",
        ] {
            assert_eq!(moment(text), second, "{text}");
        }
        assert_eq!(moment("2026-03-01"), Some((1_772_323_200, 1_772_323_200 + DAY)));
        for none in
            ["", "yesterday", "2026-13-01", "2026-03-01T12", "1e99", "NaN", "2026-03-01T12:00:00+x", "\u{e9}2026-03-0"]
        {
            assert_eq!(moment(none), None, "{none}");
        }
    }
}
