//! Names and values of partitions, and what names are made of.

use propolis_thrift::{AHashMap, FastStr, args, types};

use super::{EITHER, check_characters, limit};
use crate::catalog::partitions::{KeyValues, Selection};
use crate::error::{CatalogError, ErrorKind, ResultExt};
use crate::hms::call::{Call, required};
use crate::hms::convert::{texts, wire, wire_list};
use crate::hms::encode::Wrap;
use crate::hms::encode::names::NameList;
use crate::hms::error::Result;
use crate::hms::expr::{self, Sent, Unreadable};
use crate::hms::methods::Body;
use crate::model::TableName;
use crate::model::partition_name::parse_partition_name;

pub async fn get_partition_names(call: &Call, args: args::GetPartitionNames) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    all(call, &name, limit(args.max_parts)).await
}

pub async fn fetch_partition_names_req(call: &Call, args: args::FetchPartitionNamesReq) -> Result<Box<dyn Body>> {
    let request = required(args.partition_req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    all(call, &name, limit(request.max_parts)).await
}

/// A table that is not there has no partitions, here and only here.
async fn all(call: &Call, table: &TableName, limit: Option<i64>) -> Result<Box<dyn Body>> {
    if table.database.is_empty() || table.table.is_empty() {
        return Err(CatalogError::invalid_input("The name of a database or table is empty").into());
    }
    let names = match call.catalog.partition_names(table, &Selection::All, limit).await {
        Err(error) if error.kind == ErrorKind::NotFound => Vec::new(),
        names => names?,
    };
    Ok(Box::new(NameList::new(names, Wrap::Bare)))
}

pub async fn get_partition_names_ps(call: &Call, args: args::GetPartitionNamesPs) -> Result<Box<dyn Body>> {
    let name = call.table(args.db_name, args.tbl_name)?;
    let values = texts(Some(required(args.part_vals, "list of partition values")?));
    let names = call.catalog.partition_names(&name, &Selection::Prefix(&values), limit(args.max_parts)).await?;
    Ok(Box::new(NameList::new(names, Wrap::Bare)))
}

pub async fn get_partition_names_ps_req(call: &Call, args: args::GetPartitionNamesPsReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let values = texts(Some(required(request.part_values, "list of partition values")?));
    let names = call.catalog.partition_names(&name, &Selection::Prefix(&values), limit(request.max_parts)).await?;
    Ok(Box::new(NameList::new(names, Wrap::Response)))
}

/// What Hive sends for no expression: one byte that is no expression.
const NO_EXPRESSION: &[u8] = &[0xff];

/// Names of the partitions that an expression selects or leaves open.
pub async fn get_partition_names_req(call: &Call, args: args::GetPartitionNamesReq) -> Result<Box<dyn Body>> {
    let request = required(args.req, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let limit = limit(request.max_parts);
    let expression = if request.expr[..] == *NO_EXPRESSION { &[] } else { &request.expr[..] };
    let names = match expr::read(expression) {
        Ok(Sent::Filter(filter)) => {
            call.catalog.partition_names(&name, &Selection::Filter(filter, EITHER), limit).await?
        }
        Ok(Sent::Formula(formula)) => call.catalog.possible_partition_names(&name, &formula, limit).await?,
        Err(Unreadable::Unknown(_)) => call.catalog.partition_names(&name, &Selection::All, limit).await?,
        Err(malformed) => return Err(CatalogError::from(malformed).into()),
    };
    Ok(Box::new(NameList::new(names, Wrap::Bare)))
}

pub async fn get_partition_values(
    call: &Call,
    args: args::GetPartitionValues,
) -> Result<types::PartitionValuesResponse> {
    let request = required(args.request, "request")?;
    let name = call.table_in(request.cat_name.as_ref(), Some(request.db_name), Some(request.tbl_name))?;
    let keys = key_names(request.partition_keys)?;
    let filter = request.filter.unwrap_or_default();
    let wanted = KeyValues {
        keys: &keys,
        distinct: request.apply_distinct.unwrap_or(true),
        ascending: request.ascending.unwrap_or(true),
        limit: limit(request.max_parts),
    };
    let values = call
        .catalog
        .partition_values(&name, &Selection::Filter(&filter, EITHER), wanted)
        .await
        .map_kind(ErrorKind::NotFound, ErrorKind::InvalidInput)?;
    let partition_values = values.iter().map(|row| types::PartitionValuesRow { row: wire_list(row) }).collect();
    Ok(types::PartitionValuesResponse { partition_values })
}

fn key_names(sent: Vec<types::FieldSchema>) -> Result<Vec<String>> {
    if sent.is_empty() {
        return Err(CatalogError::invalid_input("The list of partition keys is empty: name at least one").into());
    }
    sent.into_iter().map(|field| Ok(required(field.name, "name of a partition key")?.to_string())).collect()
}

pub async fn partition_name_has_valid_characters(
    call: &Call,
    args: args::PartitionNameHasValidCharacters,
) -> Result<bool> {
    let values = texts(Some(required(args.part_vals, "list of partition values")?));
    match check_characters(call, &values) {
        Ok(()) => Ok(true),
        Err(error) if args.throw_exception.unwrap_or_default() => Err(error),
        Err(_) => Ok(false),
    }
}

pub async fn partition_name_to_vals(_: &Call, args: args::PartitionNameToVals) -> Result<Vec<FastStr>> {
    Ok(parts(args.part_name)?.iter().map(|(_, value)| wire(value)).collect())
}

pub async fn partition_name_to_spec(_: &Call, args: args::PartitionNameToSpec) -> Result<AHashMap<FastStr, FastStr>> {
    Ok(parts(args.part_name)?.iter().map(|(key, value)| (wire(key), wire(value))).collect())
}

/// The keys and values of a name; the empty name has none.
fn parts(name: Option<FastStr>) -> Result<Vec<(String, String)>> {
    let name = required(name, "partition name")?;
    if name.is_empty() {
        return Ok(Vec::new());
    }
    Ok(parse_partition_name(&name).map_err(|error| CatalogError::invalid_input(error.to_string()))?)
}
