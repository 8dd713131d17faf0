//! Metrics of replication and runtime statistics.

use propolis_thrift::types::{ReplicationMetrics, RuntimeStat};
use propolis_thrift::{ExceptionKind, FastStr, args, methods, types};

use crate::support::{Client, Options, Server, hive, text, thrown};

async fn add(client: &mut Client, weight: i32) {
    let stat = RuntimeStat { create_time: Some(7), weight, payload: vec![b'x'; weight as usize].into() };
    client.call::<methods::AddRuntimeStats>(args::AddRuntimeStats { stat: Some(stat) }).await.unwrap();
}

async fn weights(client: &mut Client, max_weight: i32, max_create_time: i32) -> Vec<i32> {
    let rqst = Some(types::GetRuntimeStatsRequest { max_weight, max_create_time });
    let found = client.call::<methods::GetRuntimeStats>(args::GetRuntimeStats { rqst }).await.unwrap();
    for stat in &found {
        assert_eq!(stat.payload.len(), stat.weight as usize);
        assert!(stat.create_time.is_some_and(|time| time > 7), "the time is the server's");
    }
    found.iter().map(|stat| stat.weight).collect()
}

#[tokio::test]
async fn runtime_statistics_come_newest_first_up_to_a_weight() {
    let server = Server::start().await;
    let mut client = server.client().await;
    assert!(weights(&mut client, -1, -1).await.is_empty());
    for weight in 1..=4 {
        add(&mut client, weight).await;
    }
    assert_eq!(weights(&mut client, -1, -1).await, [4, 3, 2, 1]);
    for (most, expected) in
        [(0, &[4][..]), (4, &[4]), (5, &[4, 3]), (7, &[4, 3]), (8, &[4, 3, 2]), (100, &[4, 3, 2, 1])]
    {
        assert_eq!(weights(&mut client, most, -1).await, expected, "{most}");
    }
    assert_eq!(weights(&mut client, -1, 1000).await, [0; 0]);
    assert_eq!(weights(&mut client, -1, i32::MAX).await.len(), 4);
}

fn metrics(execution: i64, policy: &str) -> ReplicationMetrics {
    ReplicationMetrics {
        scheduled_execution_id: execution,
        policy: FastStr::new(policy),
        dump_execution_id: execution + 100,
        metadata: text("m"),
        progress: text("p"),
        message_format: text("json"),
    }
}

async fn put(client: &mut Client, replication_metric_list: Vec<ReplicationMetrics>) {
    let list = Some(types::ReplicationMetricList { replication_metric_list });
    let args = args::AddReplicationMetrics { replication_metric_list: list };
    client.call::<methods::AddReplicationMetrics>(args).await.unwrap();
}

async fn found(client: &mut Client, policy: Option<&str>, execution: Option<i64>) -> Vec<ReplicationMetrics> {
    let rqst = types::GetReplicationMetricsRequest {
        policy: policy.and_then(text),
        scheduled_execution_id: execution,
        dump_execution_id: None,
    };
    let args = args::GetReplicationMetrics { rqst: Some(rqst) };
    client.call::<methods::GetReplicationMetrics>(args).await.unwrap().replication_metric_list
}

#[tokio::test]
async fn replication_metrics_are_added_and_brought_up_to_date() {
    let server = Server::start().await;
    let mut client = server.client().await;
    put(&mut client, vec![metrics(1, "repl"), metrics(2, "repl"), metrics(3, "other")]).await;
    assert_eq!(found(&mut client, Some("repl"), None).await, [metrics(2, "repl"), metrics(1, "repl")]);
    assert_eq!(found(&mut client, None, Some(3)).await, [metrics(3, "other")]);
    assert_eq!(found(&mut client, Some("repl"), Some(3)).await.len(), 2, "the policy counts");
    assert_eq!(found(&mut client, Some("nobody"), None).await, []);

    let later = ReplicationMetrics {
        dump_execution_id: 7,
        metadata: text(""),
        progress: text("done"),
        ..metrics(1, "another")
    };
    put(&mut client, vec![later]).await;
    let expected = ReplicationMetrics { progress: text("done"), ..metrics(1, "repl") };
    assert_eq!(found(&mut client, None, Some(1)).await, [expected]);
    let long = ReplicationMetrics { progress: Some("x".repeat(10_001).into()), ..metrics(1, "repl") };
    put(&mut client, vec![long]).await;
    let told = &found(&mut client, None, Some(1)).await[0].progress;
    assert_eq!(told, &text("RM_Progress limit exceeded to 10001"));

    let nothing = args::GetReplicationMetrics { rqst: Some(types::GetReplicationMetricsRequest::default()) };
    thrown(client.call::<methods::GetReplicationMetrics>(nothing).await, ExceptionKind::Meta);
}

#[tokio::test]
async fn both_are_forgotten_when_they_are_old() {
    let settings = hive(&[("metastore.runtime.stats.max.age", "0"), ("metastore.repl.metrics.max.age", "0")]);
    let server = Server::start_with(Options { hive: settings, ..Options::default() }).await;
    let mut client = server.client().await;
    add(&mut client, 1).await;
    put(&mut client, vec![metrics(1, "repl")]).await;
    server.catalog.tidy().await.unwrap();
    assert!(weights(&mut client, -1, -1).await.is_empty());
    assert_eq!(found(&mut client, Some("repl"), None).await, []);
}
