//! Scheduled queries.

use propolis_thrift::{ExceptionKind, args, types};

use crate::catalog::scheduled_queries::Progress;
use crate::error::{CatalogError, ErrorKind};
use crate::hms::call::{Call, null, required};
use crate::hms::convert::{seconds, text, wire, wire_option};
use crate::hms::error::{Failure, Result};
use crate::model::numbered::Numbered;
use crate::model::scheduled_query::{ScheduledQuery, ScheduledQueryKey};

/// What is wrong with the query that is sent is an InvalidInputException, which hardly any other method declares.
pub async fn scheduled_query_maintenance(call: &Call, args: args::ScheduledQueryMaintenance) -> Result<()> {
    maintain(call, args).await.map_err(|error| match error.kind {
        ErrorKind::InvalidInput | ErrorKind::InvalidObject => {
            Failure::Thrown(ExceptionKind::InvalidInput.with(&error.message))
        }
        _ => error.into(),
    })
}

async fn maintain(call: &Call, args: args::ScheduledQueryMaintenance) -> Result<(), CatalogError> {
    use types::ScheduledQueryMaintenanceRequestType as Kind;

    let request = args.request.ok_or_else(|| null("request"))?;
    let sent = request.scheduled_query;
    let key = key(call, sent.schedule_key);
    if request.r#type == Kind::DROP {
        return call.catalog.drop_scheduled_query(&call.caller(), &key).await;
    }
    let query = ScheduledQuery {
        key,
        enabled: sent.enabled.unwrap_or_default(),
        schedule: text(sent.schedule).ok_or_else(|| null("schedule"))?,
        user_name: text(sent.user),
        query: text(sent.query),
        next_execution: sent.next_execution.map(i64::from),
    };
    match request.r#type {
        Kind::CREATE => call.catalog.create_scheduled_query(&call.caller(), query).await,
        Kind::ALTER => call.catalog.alter_scheduled_query(&call.caller(), query).await,
        other => Err(CatalogError::invalid_input(format!(
            "{} is no kind of maintenance: 1 create, 2 alter or 3 drop",
            other.inner()
        ))),
    }
}

pub async fn get_scheduled_query(call: &Call, args: args::GetScheduledQuery) -> Result<types::ScheduledQuery> {
    let key = key(call, required(args.schedule_key, "key")?);
    let query = call.catalog.get_scheduled_query(&key).await?;
    Ok(types::ScheduledQuery {
        schedule_key: wire_key(&query.key),
        enabled: Some(query.enabled),
        schedule: Some(wire(&query.schedule)),
        user: wire_option(query.user_name.as_ref()),
        query: wire_option(query.query.as_ref()),
        next_execution: query.next_execution.map(seconds),
    })
}

/// An empty answer where nothing is due.
pub async fn scheduled_query_poll(
    call: &Call,
    args: args::ScheduledQueryPoll,
) -> Result<types::ScheduledQueryPollResponse> {
    let request = required(args.request, "request")?;
    let due = call.catalog.poll_scheduled_query(&call.caller(), &request.cluster_namespace).await?;
    Ok(due.map_or_else(Default::default, |due| {
        let query = due.query.query.as_deref().unwrap_or_default();
        types::ScheduledQueryPollResponse {
            schedule_key: Some(wire_key(&due.query.key)),
            execution_id: Some(due.execution),
            query: Some(format!("/* schedule: {} */{query}", due.query.key.name).into()),
            user: wire_option(due.query.user_name.as_ref()),
        }
    }))
}

pub async fn scheduled_query_progress(call: &Call, args: args::ScheduledQueryProgress) -> Result<()> {
    let sent = required(args.info, "progress")?;
    let progress = Progress {
        execution: sent.scheduled_execution_id,
        state: Numbered::of_number("state of a query", sent.state.inner())?,
        executor_query_id: Some(sent.executor_query_id.to_string()),
        error_message: text(sent.error_message),
    };
    Ok(call.catalog.scheduled_query_progress(&call.caller(), progress).await?)
}

fn key(call: &Call, sent: types::ScheduledQueryKey) -> ScheduledQueryKey {
    let key = ScheduledQueryKey { name: sent.schedule_name.to_string(), namespace: sent.cluster_namespace.to_string() };
    call.about(&key);
    key
}

fn wire_key(key: &ScheduledQueryKey) -> types::ScheduledQueryKey {
    types::ScheduledQueryKey { schedule_name: wire(&key.name), cluster_namespace: wire(&key.namespace) }
}
