//! What the metastore once had, for clients that still ask. Indexes went with Hive 3: there are none here, and none can be
//! made. Metadata of files lay in HBase: nothing is kept of it, which the answers can say, and clients read the files
//! themselves, as with Apache's server on a database.

use propolis_thrift::{FastStr, args, types};

use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, required};
use crate::hms::error::Result;
use crate::model::TableName;

pub async fn add_index(_: &Call, _: args::AddIndex) -> Result<types::Index> {
    Err(CatalogError::new(
        ErrorKind::Unsupported,
        "There are no indexes since Hive 3. A materialized view, or ORC and Parquet with their own, do what they did",
    )
    .into())
}

pub async fn alter_index(call: &Call, args: args::AlterIndex) -> Result<()> {
    let table = call.table(args.dbname, args.base_tbl_name)?;
    Err(no_index(&table, args.idx_name)?.with_kind(ErrorKind::InvalidOperation).into())
}

pub async fn drop_index_by_name(call: &Call, args: args::DropIndexByName) -> Result<bool> {
    let table = call.table(args.db_name, args.tbl_name)?;
    Err(no_index(&table, args.index_name)?.into())
}

pub async fn get_index_by_name(call: &Call, args: args::GetIndexByName) -> Result<types::Index> {
    let table = call.table(args.db_name, args.tbl_name)?;
    Err(no_index(&table, args.index_name)?.into())
}

/// No error where there is no such table, as in Hive 2.
pub async fn get_index_names(call: &Call, args: args::GetIndexNames) -> Result<Vec<FastStr>> {
    call.table(args.db_name, args.tbl_name)?;
    Ok(Vec::new())
}

pub async fn get_indexes(call: &Call, args: args::GetIndexes) -> Result<Vec<types::Index>> {
    call.table(args.db_name, args.tbl_name)?;
    Ok(Vec::new())
}

fn no_index(table: &TableName, name: Option<FastStr>) -> Result<CatalogError> {
    let name = required(name, "index's name")?;
    Ok(CatalogError::not_found(format!("Table {table} has no index {name}: there are none since Hive 3")))
}

pub async fn get_file_metadata(_: &Call, _: args::GetFileMetadata) -> Result<types::GetFileMetadataResult> {
    Ok(types::GetFileMetadataResult { metadata: Default::default(), is_supported: false })
}

pub async fn get_file_metadata_by_expr(
    _: &Call,
    _: args::GetFileMetadataByExpr,
) -> Result<types::GetFileMetadataByExprResult> {
    Ok(types::GetFileMetadataByExprResult { metadata: Default::default(), is_supported: false })
}

pub async fn put_file_metadata(_: &Call, _: args::PutFileMetadata) -> Result<types::PutFileMetadataResult> {
    Ok(types::PutFileMetadataResult {})
}

pub async fn clear_file_metadata(_: &Call, _: args::ClearFileMetadata) -> Result<types::ClearFileMetadataResult> {
    Ok(types::ClearFileMetadataResult {})
}

pub async fn cache_file_metadata(_: &Call, _: args::CacheFileMetadata) -> Result<types::CacheFileMetadataResult> {
    Ok(types::CacheFileMetadataResult { is_supported: false })
}

/// Keeps a folder for replication before it is deleted. There is no place for that here, as with Apache's server while
/// `metastore.repl.cm.enabled` is off, its default: the folder is left alone.
pub async fn cm_recycle(_: &Call, args: args::CmRecycle) -> Result<types::CmRecycleResponse> {
    required(args.request, "request")?;
    Ok(types::CmRecycleResponse {})
}
