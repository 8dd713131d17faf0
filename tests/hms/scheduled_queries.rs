//! Scheduled queries: kept, handed out once, followed to their end.

use propolis_thrift::codec::CallError;
use propolis_thrift::types::{
    QueryState, ScheduledQuery, ScheduledQueryKey, ScheduledQueryMaintenanceRequestType as Kind,
    ScheduledQueryPollResponse,
};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Options, Server, hive, text, thrown};

const EVERY_MIDNIGHT: &str = "0 0 0 * * ? *";
const LONG_AGO: i32 = 1000;

fn key(name: &str, namespace: &str) -> ScheduledQueryKey {
    ScheduledQueryKey { schedule_name: FastStr::new(name), cluster_namespace: FastStr::new(namespace) }
}

fn query(name: &str, schedule: &str) -> ScheduledQuery {
    ScheduledQuery {
        schedule_key: key(name, "ns"),
        enabled: Some(true),
        schedule: text(schedule),
        user: text("ann"),
        query: text("select 1"),
        next_execution: None,
    }
}

async fn maintain(client: &mut Client, r#type: Kind, scheduled_query: ScheduledQuery) -> Result<(), CallError> {
    let request = Some(types::ScheduledQueryMaintenanceRequest { r#type, scheduled_query });
    client.call::<methods::ScheduledQueryMaintenance>(args::ScheduledQueryMaintenance { request }).await
}

async fn get(client: &mut Client, name: &str) -> Result<ScheduledQuery, CallError> {
    client.call::<methods::GetScheduledQuery>(args::GetScheduledQuery { schedule_key: Some(key(name, "ns")) }).await
}

async fn poll(client: &mut Client, namespace: &str) -> ScheduledQueryPollResponse {
    let request = Some(types::ScheduledQueryPollRequest { cluster_namespace: FastStr::new(namespace) });
    client.call::<methods::ScheduledQueryPoll>(args::ScheduledQueryPoll { request }).await.unwrap()
}

async fn progress(client: &mut Client, execution: i64, state: QueryState) -> Result<(), CallError> {
    let info = types::ScheduledQueryProgressInfo {
        scheduled_execution_id: execution,
        state,
        executor_query_id: FastStr::new("q-1"),
        error_message: Some("x".repeat(5000).into()),
    };
    client.call::<methods::ScheduledQueryProgress>(args::ScheduledQueryProgress { info: Some(info) }).await
}

/// Makes the query due.
async fn hurry(client: &mut Client, mut due: ScheduledQuery) {
    due.next_execution = Some(LONG_AGO);
    maintain(client, Kind::ALTER, due).await.unwrap();
}

#[tokio::test]
async fn queries_are_kept_with_their_next_time() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let made = query("nightly", EVERY_MIDNIGHT);
    thrown(get(&mut client, "nightly").await, ExceptionKind::NoSuchObject);
    thrown(maintain(&mut client, Kind::DROP, made.clone()).await, ExceptionKind::NoSuchObject);
    thrown(maintain(&mut client, Kind::ALTER, made.clone()).await, ExceptionKind::NoSuchObject);
    maintain(&mut client, Kind::CREATE, made.clone()).await.unwrap();
    thrown(maintain(&mut client, Kind::CREATE, made.clone()).await, ExceptionKind::AlreadyExists);
    let found = get(&mut client, "nightly").await.unwrap();
    let next = found.next_execution.unwrap();
    assert_eq!(next % 86400, 0);
    assert_eq!(found, ScheduledQuery { next_execution: Some(next), ..made.clone() });

    for bad in ["asd asd", "* * * * * * *"] {
        let message = thrown(maintain(&mut client, Kind::CREATE, query("bad", bad)).await, ExceptionKind::InvalidInput);
        assert!(message.contains(bad), "{message}");
        thrown(maintain(&mut client, Kind::ALTER, query("nightly", bad)).await, ExceptionKind::InvalidInput);
    }
    let none = ScheduledQuery { schedule: None, ..query("bad", "") };
    thrown(maintain(&mut client, Kind::CREATE, none).await, ExceptionKind::InvalidInput);
    thrown(maintain(&mut client, 9.into(), made.clone()).await, ExceptionKind::InvalidInput);

    let changed = ScheduledQuery { enabled: Some(false), user: None, ..query("nightly", "0 0 12 * * ?") };
    maintain(&mut client, Kind::ALTER, changed.clone()).await.unwrap();
    let found = get(&mut client, "nightly").await.unwrap();
    assert_eq!(found.next_execution.map(|next| next % 86400), Some(43200));
    assert_eq!(ScheduledQuery { next_execution: None, ..found }, changed);
    maintain(&mut client, Kind::DROP, made).await.unwrap();
    thrown(get(&mut client, "nightly").await, ExceptionKind::NoSuchObject);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_due_query_is_handed_out_once() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let made = query("nightly", EVERY_MIDNIGHT);
    maintain(&mut client, Kind::CREATE, made.clone()).await.unwrap();
    assert_eq!(poll(&mut client, "ns").await, ScheduledQueryPollResponse::default());
    hurry(&mut client, ScheduledQuery { enabled: Some(false), ..made.clone() }).await;
    assert_eq!(poll(&mut client, "ns").await.query, None, "it is disabled");
    hurry(&mut client, made.clone()).await;
    assert_eq!(poll(&mut client, "other").await.query, None);

    let mut polls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let mut client = server.client().await;
        polls.spawn(async move { poll(&mut client, "ns").await });
    }
    let handed: Vec<_> = polls.join_all().await.into_iter().filter(|answer| answer.query.is_some()).collect();
    let [handed] = &handed[..] else { panic!("one expected: {handed:?}") };
    assert_eq!(handed.schedule_key, Some(key("nightly", "ns")));
    assert_eq!(handed.query, text("/* schedule: nightly */select 1"));
    assert_eq!(handed.user, text("ann"));
    let execution = handed.execution_id.unwrap();
    assert_ne!(get(&mut client, "nightly").await.unwrap().next_execution, Some(LONG_AGO));

    // While it is being executed it is not handed out again, due or not.
    hurry(&mut client, made.clone()).await;
    assert_eq!(poll(&mut client, "ns").await.query, None);
    thrown(progress(&mut client, execution, QueryState::INITED).await, ExceptionKind::InvalidOperation);
    thrown(progress(&mut client, execution, QueryState::AUTO_DISABLED).await, ExceptionKind::InvalidOperation);
    progress(&mut client, execution, QueryState::EXECUTING).await.unwrap();
    progress(&mut client, execution, QueryState::EXECUTING).await.unwrap();
    progress(&mut client, execution, QueryState::FAILED).await.unwrap();
    let message = thrown(progress(&mut client, execution, QueryState::FINISHED).await, ExceptionKind::InvalidOperation);
    assert!(message.contains("FAILED"), "{message}");
    thrown(progress(&mut client, 12345, QueryState::FINISHED).await, ExceptionKind::InvalidOperation);
    let again = poll(&mut client, "ns").await;
    assert!(again.execution_id.is_some_and(|id| id > execution));

    // What is being executed can be dropped.
    maintain(&mut client, Kind::DROP, made).await.unwrap();
    thrown(
        progress(&mut client, again.execution_id.unwrap(), QueryState::FINISHED).await,
        ExceptionKind::InvalidOperation,
    );
}

#[tokio::test]
async fn the_silent_time_out_and_what_keeps_failing_is_switched_off() {
    let settings = hive(&[
        ("metastore.scheduled.queries.execution.timeout", "0"),
        ("metastore.scheduled.queries.execution.max.age", "0"),
        ("metastore.scheduled.queries.autodisable.count", "3"),
        ("metastore.scheduled.queries.skip.opportunities.after.failures", "2"),
    ]);
    let server = Server::start_with(Options { hive: settings, ..Options::default() }).await;
    let mut client = server.client().await;
    let made = query("nightly", EVERY_MIDNIGHT);
    maintain(&mut client, Kind::CREATE, made.clone()).await.unwrap();
    let midnight = get(&mut client, "nightly").await.unwrap().next_execution.unwrap();
    const DAY: i32 = 86400;
    // A failure in a row skips nothing, a second one the next time, a third one switches off.
    for (skipped, enabled) in [(0, true), (1, true), (1, false)] {
        hurry(&mut client, made.clone()).await;
        let execution = poll(&mut client, "ns").await.execution_id.unwrap();
        progress(&mut client, execution, QueryState::FAILED).await.unwrap();
        let now = get(&mut client, "nightly").await.unwrap();
        let next = now.next_execution.unwrap() - midnight;
        assert!([skipped * DAY, (skipped + 1) * DAY].contains(&next), "{next}");
        assert_eq!(now.enabled, Some(enabled));
    }

    hurry(&mut client, made.clone()).await;
    let execution = poll(&mut client, "ns").await.execution_id.unwrap();
    server.catalog.tidy().await.unwrap();
    // It timed out, and then was old enough to be forgotten.
    thrown(progress(&mut client, execution, QueryState::FINISHED).await, ExceptionKind::InvalidOperation);
    hurry(&mut client, made).await;
    assert!(poll(&mut client, "ns").await.query.is_some());
}

#[tokio::test]
async fn scheduling_can_be_switched_off() {
    let settings = hive(&[("metastore.scheduled.queries.enabled", "false")]);
    let server = Server::start_with(Options { hive: settings, ..Options::default() }).await;
    let mut client = server.client().await;
    let refused = maintain(&mut client, Kind::CREATE, query("nightly", EVERY_MIDNIGHT)).await;
    let message = thrown(refused, ExceptionKind::Meta);
    assert!(message.contains("metastore.scheduled.queries.enabled"), "{message}");
    thrown(progress(&mut client, 1, QueryState::FINISHED).await, ExceptionKind::Meta);
}
