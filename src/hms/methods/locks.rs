//! Locks.

use propolis_thrift::{args, types};

use crate::hms::call::{Call, required};
use crate::hms::convert::locks::{component, fold_keys, wire_entry, wire_response, writes};
use crate::hms::convert::text;
use crate::hms::error::Result;
use crate::model::lock::{LockFilter, NewLock};
use crate::model::name::fold;

pub async fn lock(call: &Call, args: args::Lock) -> Result<types::LockResponse> {
    let request = required(args.rqst, "request")?;
    let transaction_id = request.txnid.filter(|id| *id > 0);
    let mut components = Vec::with_capacity(request.component.len());
    for sent in &request.component {
        let database = call.database(Some(sent.dbname.clone()))?;
        components.push(component(sent, database)?);
    }
    let writes = if transaction_id.is_some() { writes(&request.component, &components)? } else { Vec::new() };
    let new = NewLock {
        components,
        transaction_id,
        writes,
        user: request.user.to_string(),
        host: request.hostname.to_string(),
        agent: text(request.agent_info),
        reads_never_wait: request.zero_wait_read_enabled.unwrap_or_default(),
        never_waits: request.exclusive_ctas.unwrap_or_default(),
    };
    let (id, state) = call.catalog.lock(&call.caller(), new).await?;
    Ok(wire_response(id, state))
}

pub async fn check_lock(call: &Call, args: args::CheckLock) -> Result<types::LockResponse> {
    let request = required(args.rqst, "request")?;
    call.about(request.lockid);
    Ok(wire_response(request.lockid, call.catalog.check_lock(request.lockid).await?))
}

pub async fn unlock(call: &Call, args: args::Unlock) -> Result<()> {
    let request = required(args.rqst, "request")?;
    call.about(request.lockid);
    Ok(call.catalog.unlock(request.lockid).await?)
}

/// Of a lock, of a transaction or of both; 0 stands for neither.
pub async fn heartbeat(call: &Call, args: args::Heartbeat) -> Result<()> {
    let request = required(args.ids, "ids")?;
    if let Some(id) = request.txnid.filter(|id| *id > 0) {
        call.catalog.heartbeat_transaction(id).await?;
    }
    if let Some(id) = request.lockid.filter(|id| *id != 0) {
        call.about(id);
        call.catalog.heartbeat_lock(id).await?;
    }
    Ok(())
}

pub async fn show_locks(call: &Call, args: args::ShowLocks) -> Result<types::ShowLocksResponse> {
    let request = required(args.rqst, "request")?;
    let database = request.dbname.map(|name| call.database(Some(name))).transpose()?;
    let filter = LockFilter {
        catalog: database.as_ref().map(|name| name.catalog.clone()),
        database: database.map(|name| name.database),
        table: text(request.tablename).map(|name| fold(&name)),
        partition: text(request.partname).map(|name| fold_keys(&name)),
        transaction_id: request.txnid.filter(|id| *id > 0),
    };
    let locks = call.catalog.show_locks(&filter).await?;
    Ok(types::ShowLocksResponse { locks: Some(locks.iter().map(wire_entry).collect()) })
}
