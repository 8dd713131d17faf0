//! What statistics of many partitions say of distinct values and distributions.

use propolis_thrift::{args, methods, types};
use types::ColumnStatisticsData as Data;

use super::sample::{described, longs, object, of_partition};
use super::{add_partitions, of_table, partitions_request, set_aggregated};
use crate::support::{Client, Options, Server, hive, table, texts};

/// A histogram of one value, as Hive writes it.
fn histogram(value: f32) -> Vec<u8> {
    [&[2, 2, 15, 4, 200, 0, 8, 0][..], &value.to_le_bytes()].concat()
}

/// How many values a histogram has seen, and the smallest and largest of them.
fn summary(histogram: &[u8]) -> (u64, f32, f32) {
    let float = |at: usize| f32::from_le_bytes(*histogram[at..].first_chunk().unwrap());
    let levels = 4 * usize::from(histogram[18]);
    (u64::from_le_bytes(*histogram[8..].first_chunk().unwrap()), float(20 + levels), float(24 + levels))
}

fn with_histogram(low: i64, high: i64, distinct: i64, histogram: Option<Vec<u8>>) -> types::ColumnStatisticsObj {
    let data = types::LongColumnStatsData {
        low_value: Some(low),
        high_value: Some(high),
        num_d_vs: distinct,
        histogram: histogram.map(Into::into),
        ..Default::default()
    };
    object("a", "bigint", Data::LongStats(data))
}

/// Two partitions with statistics, 0 to 100 with 10 distinct values and 50 to 250 with 40.
async fn two_partitions(client: &mut Client, histograms: [Option<Vec<u8>>; 2]) {
    client.create_table(table("default", "t", &[("a", "bigint")], &[("dt", "string")])).await;
    add_partitions(client, "t", vec![texts(&["1"]), texts(&["2"]), texts(&["3"])]).await;
    let [first, second] = histograms;
    let sent = vec![
        of_partition("t", "dt=1", vec![with_histogram(0, 100, 10, first)]),
        of_partition("t", "dt=2", vec![with_histogram(50, 250, 40, second)]),
    ];
    set_aggregated(client, sent, false).await.unwrap();
}

async fn aggregate(client: &mut Client, partitions: &[&str]) -> types::LongColumnStatsData {
    let args = args::GetAggrStatsFor { request: Some(partitions_request("t", partitions, &["a"])) };
    let mut found = client.call::<methods::GetAggrStatsFor>(args).await.unwrap().col_stats;
    match found.remove(0).stats_data {
        Data::LongStats(data) => data,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn histograms_are_merged_across_partitions() {
    let server = Server::start().await;
    let mut client = server.client().await;
    two_partitions(&mut client, [Some(histogram(3.0)), Some(histogram(200.0))]).await;
    let found = aggregate(&mut client, &["dt=1", "dt=2"]).await;
    assert_eq!(summary(&found.histogram.unwrap()), (2, 3.0, 200.0));
    let one = aggregate(&mut client, &["dt=1"]).await;
    assert_eq!(one.histogram.unwrap(), histogram(3.0), "carried through");
}

#[tokio::test]
async fn a_partition_without_a_histogram_takes_none_away() {
    let server = Server::start().await;
    let mut client = server.client().await;
    two_partitions(&mut client, [None, Some(histogram(200.0))]).await;
    assert_eq!(aggregate(&mut client, &["dt=1", "dt=2"]).await.histogram.unwrap(), histogram(200.0));
}

#[tokio::test]
async fn histograms_of_added_rows_are_merged() {
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "bigint")], &[])).await;
    for (merge, value) in [(false, 1.0), (true, 2.0)] {
        let sent = described("t", vec![with_histogram(1, 2, 1, Some(histogram(value)))]);
        set_aggregated(&mut client, vec![sent], merge).await.unwrap();
    }
    let found = of_table(&mut client, "t", &["a"], "hive").await.unwrap().remove(0);
    let Data::LongStats(data) = found.stats_data else { panic!("{found:?}") };
    assert_eq!(summary(&data.histogram.unwrap()), (2, 1.0, 2.0));
}

#[tokio::test]
async fn distinct_values_are_guessed_by_the_rules() {
    // The mean of the distances, 100 / 10 and 200 / 40, is 7.5.
    for (given, whole) in [
        (&[][..], 40),
        (&[("metastore.stats.ndv.tuner", "0.5")], 45),
        (&[("metastore.stats.ndv.tuner", "1")], 50),
        (&[("metastore.stats.ndv.densityfunction", "true")], 40),
    ] {
        let server = Server::start_with(Options { hive: hive(given), ..Options::default() }).await;
        let mut client = server.client().await;
        two_partitions(&mut client, [None, None]).await;
        assert_eq!(aggregate(&mut client, &["dt=1", "dt=2"]).await.num_d_vs, whole, "{given:?}");
    }

    let by_density = hive(&[("metastore.stats.ndv.densityfunction", "true")]);
    let server = Server::start_with(Options { hive: by_density, ..Options::default() }).await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &[("a", "bigint")], &[("dt", "string")])).await;
    add_partitions(&mut client, "t", vec![texts(&["1"]), texts(&["2"])]).await;
    let sent = ["dt=1", "dt=2"].iter().zip([(0, 100), (100, 180)]);
    let sent = sent.map(|(name, (low, high))| {
        of_partition("t", name, vec![object("a", "bigint", longs(Some(low), Some(high), 0, 20))])
    });
    set_aggregated(&mut client, sent.collect(), false).await.unwrap();
    // 180 wide, with a value each 5 and each 4.
    assert_eq!(aggregate(&mut client, &["dt=1", "dt=2"]).await.num_d_vs, 40);
}
