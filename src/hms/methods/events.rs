//! The notification log.

use propolis_thrift::{FastStr, args, types};

use crate::catalog::events::{Insert, InsertedFile};
use crate::error::CatalogError;
use crate::hms::call::{Call, required};
use crate::hms::convert::events::wire_event;
use crate::hms::convert::texts;
use crate::hms::error::Result;
use crate::model::EventFilter;
use crate::model::name::fold;

/// Events that are read at a time.
const PAGE: usize = 200;

/// An answer ends after this many bytes of messages, however many events were asked for: readers go on from its last.
const MAX_ANSWER: usize = 64 << 20;

pub async fn get_next_notification(
    call: &Call,
    args: args::GetNextNotification,
) -> Result<types::NotificationEventResponse> {
    let request = required(args.rqst, "request")?;
    let database = request.db_name.map(|name| call.database_in(request.cat_name.as_ref(), Some(name))).transpose()?;
    let filter = EventFilter {
        catalog: request.cat_name.map(|name| fold(&name)),
        database: database.map(|name| name.database),
        tables: folded(request.table_names),
        kinds: texts(request.event_type_list),
        skipped_kinds: texts(request.event_type_skip_list),
    };
    let most = request.max_events.filter(|max| *max > 0).map_or(usize::MAX, |max| max as usize);
    let (mut events, mut bytes, mut last) = (Vec::new(), 0, request.last_event);
    while events.len() < most && bytes < MAX_ANSWER {
        let page = call.catalog.events_after(&filter, last, PAGE.min(most - events.len())).await?;
        let Some(newest) = page.last() else {
            break;
        };
        last = newest.id;
        for event in &page {
            let event = wire_event(event, call.catalog.rules().hive.zips_events)?;
            bytes += event.message.len();
            events.push(event);
            if bytes >= MAX_ANSWER {
                break;
            }
        }
    }
    Ok(types::NotificationEventResponse { events })
}

pub async fn get_current_notification_event_id(
    call: &Call,
    _: args::GetCurrentNotificationEventId,
) -> Result<types::CurrentNotificationEventId> {
    Ok(types::CurrentNotificationEventId { event_id: call.catalog.current_event_id().await? })
}

/// Of the database `*`, events of all databases.
pub async fn get_notification_events_count(
    call: &Call,
    args: args::GetNotificationEventsCount,
) -> Result<types::NotificationEventsCountResponse> {
    let request = required(args.rqst, "request")?;
    let name = call.database_in(request.cat_name.as_ref(), Some(request.db_name))?;
    let filter = EventFilter {
        catalog: Some(name.catalog),
        database: Some(name.database).filter(|name| name != "*"),
        tables: folded(request.table_names),
        ..Default::default()
    };
    let count =
        call.catalog.count_events(&filter, request.from_event_id, request.to_event_id.unwrap_or(i64::MAX)).await?;
    Ok(types::NotificationEventsCountResponse { events_count: request.limit.map_or(count, |limit| count.min(limit)) })
}

/// Events that clients write themselves. What did not succeed is nobody's news: the answer has no ids then.
pub async fn fire_listener_event(call: &Call, args: args::FireListenerEvent) -> Result<types::FireEventResponse> {
    let request = required(args.rqst, "request")?;
    let catalog = request.cat_name.unwrap_or_else(|| FastStr::new(call.default_catalog()));
    let name = call.table_in(Some(&catalog), request.db_name, request.table_name)?;
    if !request.successful {
        return Ok(types::FireEventResponse { event_ids: Some(Vec::new()) });
    }
    let given =
        |values: Option<Vec<FastStr>>| values.filter(|values| !values.is_empty()).map(|values| texts(Some(values)));
    let caller = call.caller();
    let ids = match request.data {
        types::FireEventRequestData::InsertData(sent) => {
            let insert = insert(sent, given(request.partition_vals))?;
            call.catalog.record_inserts(&caller, &name, vec![insert]).await?
        }
        types::FireEventRequestData::InsertDatas(list) => {
            let mut inserts = Vec::with_capacity(list.len());
            for mut sent in list {
                let values = required(sent.partition_val.take(), "partition values of one of several inserts")?;
                inserts.push(insert(sent, given(Some(values)))?);
            }
            call.catalog.record_inserts(&caller, &name, inserts).await?
        }
        types::FireEventRequestData::RefreshEvent(refresh) => {
            let partitions = match request.batch_partition_vals_for_refresh {
                Some(lists) if !lists.is_empty() => lists.into_iter().map(|values| given(Some(values))).collect(),
                _ => vec![given(request.partition_vals)],
            };
            call.catalog.record_reload(&caller, &name, partitions, refresh).await?
        }
    };
    Ok(types::FireEventResponse { event_ids: Some(ids) })
}

/// Where a client does not say whether it replaced what was there, it did: Hive's rule for old clients.
fn insert(sent: types::InsertEventRequestData, values: Option<Vec<String>>) -> Result<Insert> {
    let replaced = sent.replace.unwrap_or(true);
    Ok(Insert { values, replaced, files: inserted_files(sent)? })
}

pub(super) fn inserted_files(sent: types::InsertEventRequestData) -> Result<Vec<InsertedFile>> {
    let checksums = texts(sent.files_added_checksum);
    let sub_directories = texts(sent.sub_directory_list);
    for (what, list) in [("checksums", &checksums), ("subdirectories", &sub_directories)] {
        if !list.is_empty() && list.len() != sent.files_added.len() {
            return Err(CatalogError::invalid_input(format!(
                "An insert has {} files and {} {what}: there must be one for each file, or none",
                sent.files_added.len(),
                list.len()
            ))
            .into());
        }
    }
    let (mut checksums, mut sub_directories) = (checksums.into_iter(), sub_directories.into_iter());
    Ok(sent
        .files_added
        .into_iter()
        .map(|location| InsertedFile {
            location: location.to_string(),
            checksum: checksums.next(),
            sub_directory: sub_directories.next(),
        })
        .collect())
}

fn folded(names: Option<Vec<FastStr>>) -> Vec<String> {
    names.unwrap_or_default().iter().map(|name| fold(name)).collect()
}
