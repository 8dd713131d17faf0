//! What transactions have written, for replication.

use propolis_thrift::{FastStr, args, types};

use crate::catalog::transactions::AcidWrite;
use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::events::wire_write_event;
use crate::hms::convert::texts;
use crate::hms::error::Result;
use crate::hms::methods::events::inserted_files;
use crate::model::TableName;
use crate::model::name::fold;

pub async fn add_write_notification_log(
    call: &Call,
    args: args::AddWriteNotificationLog,
) -> Result<types::WriteNotificationLogResponse> {
    let request = required(args.rqst, "request")?;
    let table = call.table(Some(request.db.clone()), Some(request.table.clone()))?;
    let write = acid_write(request)?;
    call.catalog.record_acid_writes(&call.caller(), &table, vec![write]).await?;
    Ok(types::WriteNotificationLogResponse::default())
}

/// All of one table.
pub async fn add_write_notification_log_in_batch(
    call: &Call,
    args: args::AddWriteNotificationLogInBatch,
) -> Result<types::WriteNotificationLogBatchResponse> {
    let request = required(args.rqst, "request")?;
    let table = call.table_in(Some(&request.catalog), Some(request.db), Some(request.table))?;
    let mut writes = Vec::with_capacity(request.request_list.len());
    for one in request.request_list {
        check_same(&table, &one.db, &one.table)?;
        writes.push(acid_write(one)?);
    }
    if !writes.is_empty() {
        call.catalog.record_acid_writes(&call.caller(), &table, writes).await?;
    }
    Ok(types::WriteNotificationLogBatchResponse::default())
}

fn check_same(table: &TableName, database: &FastStr, name: &FastStr) -> Result<()> {
    if fold(database) == table.database && fold(name) == table.table {
        return Ok(());
    }
    Err(CatalogError::invalid_input(format!(
        "A batch of writes to {table} has one to {database}.{name}: all must be of one table"
    ))
    .into())
}

fn acid_write(sent: types::WriteNotificationLogRequest) -> Result<AcidWrite> {
    let values = sent.partition_vals.filter(|values| !values.is_empty()).map(|values| texts(Some(values)));
    Ok(AcidWrite { transaction: sent.txn_id, write_id: sent.write_id, values, files: inserted_files(sent.file_info)? })
}

pub async fn get_all_write_event_info(
    call: &Call,
    args: args::GetAllWriteEventInfo,
) -> Result<Vec<types::WriteEventInfo>> {
    let request = required(args.request, "request")?;
    let (database, table) = (request.db_name.map(|name| fold(&name)), request.table_name.map(|name| fold(&name)));
    let events = call.catalog.write_events(request.txn_id, database.as_deref(), table.as_deref()).await?;
    let infos = events.iter().map(|event| wire_write_event(event).transpose());
    Ok(infos.flatten().collect::<Result<_, _>>()?)
}
