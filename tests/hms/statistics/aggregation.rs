//! Statistics of many partitions as one, against a plain reference of the metastore's rules.

use propolis_thrift::{FastStr, args, methods, types};
use types::ColumnStatisticsData as Data;

use super::sample::{decimal, longs, object, of_partition, strings};
use super::{add_partitions, of_partitions, partitions_request, set_aggregated};
use crate::support::{Client, Server, table};

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % bound) as i64
    }
}

const COLUMNS: [(&str, &str); 8] = [
    ("b", "boolean"),
    ("bin", "binary"),
    ("d", "date"),
    ("dec", "decimal(12,2)"),
    ("f", "double"),
    ("i", "int"),
    ("s", "string"),
    ("ts", "timestamp"),
];

fn random(kind: &str, numbers: &mut Numbers) -> Data {
    let low = numbers.below(2_000) - 1_000;
    let high = low + numbers.below(500);
    let (num_nulls, num_d_vs) = (numbers.below(50), 1 + numbers.below(300));
    let (max_col_len, avg_col_len) = (numbers.below(90), numbers.below(80) as f64 / 4.0);
    match kind {
        "boolean" => Data::BooleanStats(types::BooleanColumnStatsData {
            num_trues: numbers.below(90),
            num_falses: numbers.below(90),
            num_nulls,
            bit_vectors: None,
        }),
        "binary" => {
            Data::BinaryStats(types::BinaryColumnStatsData { max_col_len, avg_col_len, num_nulls, bit_vectors: None })
        }
        "date" => Data::DateStats(types::DateColumnStatsData {
            low_value: Some(types::Date { days_since_epoch: low }),
            high_value: Some(types::Date { days_since_epoch: high }),
            num_nulls,
            num_d_vs,
            ..Default::default()
        }),
        "decimal(12,2)" => Data::DecimalStats(types::DecimalColumnStatsData {
            low_value: Some(decimal(low, 2)),
            high_value: Some(decimal(high, 2)),
            num_nulls,
            num_d_vs,
            ..Default::default()
        }),
        "double" => Data::DoubleStats(types::DoubleColumnStatsData {
            low_value: Some(low as f64 / 8.0),
            high_value: Some(high as f64 / 8.0),
            num_nulls,
            num_d_vs,
            ..Default::default()
        }),
        "int" => longs(Some(low), Some(high), num_nulls, num_d_vs),
        "string" => strings(max_col_len, avg_col_len, num_nulls, num_d_vs),
        _ => Data::TimestampStats(types::TimestampColumnStatsData {
            low_value: Some(types::Timestamp { seconds_since_epoch: low }),
            high_value: Some(types::Timestamp { seconds_since_epoch: high }),
            num_nulls,
            num_d_vs,
            ..Default::default()
        }),
    }
}

/// What all kinds come down to here: numbers by name, as doubles.
fn numbers_of(data: &Data) -> Vec<(&'static str, f64)> {
    let number = |value: i64| value as f64;
    let decimal = |value: &types::Decimal| {
        let mut bytes = [if value.unscaled[0] & 0x80 == 0 { 0 } else { 0xff }; 8];
        bytes[8 - value.unscaled.len()..].copy_from_slice(&value.unscaled);
        i64::from_be_bytes(bytes) as f64 / 10f64.powi(value.scale.into())
    };
    let range = |low: f64, high: f64, nulls: i64, distinct: i64| {
        vec![("low", low), ("high", high), ("nulls", number(nulls)), ("distinct", number(distinct))]
    };
    match data {
        Data::BooleanStats(data) => vec![
            ("trues", number(data.num_trues)),
            ("falses", number(data.num_falses)),
            ("nulls", number(data.num_nulls)),
        ],
        Data::BinaryStats(data) => {
            vec![("max", number(data.max_col_len)), ("average", data.avg_col_len), ("nulls", number(data.num_nulls))]
        }
        Data::StringStats(data) => vec![
            ("max", number(data.max_col_len)),
            ("average", data.avg_col_len),
            ("nulls", number(data.num_nulls)),
            ("distinct", number(data.num_d_vs)),
        ],
        Data::LongStats(data) => {
            range(number(data.low_value.unwrap()), number(data.high_value.unwrap()), data.num_nulls, data.num_d_vs)
        }
        Data::DoubleStats(data) => {
            range(data.low_value.unwrap(), data.high_value.unwrap(), data.num_nulls, data.num_d_vs)
        }
        Data::DecimalStats(data) => {
            let (low, high) = (data.low_value.as_ref().unwrap(), data.high_value.as_ref().unwrap());
            range(decimal(low), decimal(high), data.num_nulls, data.num_d_vs)
        }
        Data::DateStats(data) => {
            let days = |date: &Option<types::Date>| number(date.as_ref().unwrap().days_since_epoch);
            range(days(&data.low_value), days(&data.high_value), data.num_nulls, data.num_d_vs)
        }
        Data::TimestampStats(data) => {
            let seconds = |time: &Option<types::Timestamp>| number(time.as_ref().unwrap().seconds_since_epoch);
            range(seconds(&data.low_value), seconds(&data.high_value), data.num_nulls, data.num_d_vs)
        }
    }
}

/// The metastore's rules for one number of one column: `found` has it for some of `all` partitions, with their places.
fn aggregated(name: &str, whole: bool, found: &[(usize, f64)], all: usize) -> f64 {
    let values = || found.iter().map(|(_, value)| *value);
    let extrapolate = found.len() < all && found.len() > 1;
    let truncated = |value: f64| if whole { value.trunc() } else { value };
    match name {
        "nulls" | "trues" | "falses" => {
            let sum: f64 = values().sum();
            if extrapolate { (sum / found.len() as f64).floor() * all as f64 } else { sum }
        }
        _ if !extrapolate => {
            if name == "low" {
                values().fold(f64::MAX, f64::min)
            } else {
                values().fold(f64::MIN, f64::max)
            }
        }
        _ => {
            let by_value = |a: &&(usize, f64), b: &&(usize, f64)| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0));
            let (from, least) = *found.iter().min_by(by_value).unwrap();
            let (to, most) = *found.iter().max_by(by_value).unwrap();
            let rises = from < to;
            let (left, right) = (0, all - 1);
            let per_partition = (most - least) / from.abs_diff(to) as f64;
            if name == "low" {
                let border = if rises { left } else { right };
                most - truncated(per_partition * border.abs_diff(to) as f64)
            } else {
                let border = if rises { right } else { left };
                least + truncated(per_partition * border.abs_diff(from) as f64)
            }
        }
    }
}

async fn aggregate(client: &mut Client, names: &[&str], columns: &[&str]) -> types::AggrStats {
    let request = Some(partitions_request("t", names, columns));
    client.call::<methods::GetAggrStatsFor>(args::GetAggrStatsFor { request }).await.unwrap()
}

/// Makes the table `t` with partitions, and writes statistics of all columns but where `skip` says so.
async fn with_statistics(
    client: &mut Client,
    partitions: usize,
    skip: impl Fn(usize, usize) -> bool,
) -> (Vec<String>, Vec<Vec<Option<Data>>>) {
    client.create_table(table("default", "t", &COLUMNS, &[("p", "int")])).await;
    let values = (0..partitions).map(|at| vec![FastStr::from(at.to_string())]);
    add_partitions(client, "t", values.collect()).await;
    let names: Vec<String> = (0..partitions).map(|at| format!("p={at}")).collect();
    let mut numbers = Numbers(partitions as u64);
    let data: Vec<Vec<Option<Data>>> = (0..partitions)
        .map(|at| {
            let one = |(column, (_, kind)): (usize, &(&str, &str))| {
                let data = random(kind, &mut numbers);
                (!skip(at, column)).then_some(data)
            };
            COLUMNS.iter().enumerate().map(one).collect()
        })
        .collect();
    let sent = names.iter().zip(&data).map(|(name, row)| {
        let objects =
            COLUMNS.iter().zip(row).filter_map(|((column, kind), data)| Some(object(column, kind, data.clone()?)));
        of_partition("t", name, objects.collect())
    });
    set_aggregated(client, sent.collect(), false).await.unwrap();
    (names, data)
}

async fn compare(client: &mut Client, names: &[String], data: &[Vec<Option<Data>>]) {
    let columns = COLUMNS.map(|(name, _)| name);
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let answer = aggregate(client, &names, &columns).await;
    let complete = data.iter().filter(|row| row.iter().all(Option::is_some)).count();
    assert_eq!(answer.parts_found, complete as i64);
    let mut answers = answer.col_stats.iter();
    for (column, (name, kind)) in COLUMNS.iter().enumerate() {
        let found: Vec<(usize, Vec<(&str, f64)>)> =
            data.iter().enumerate().filter_map(|(at, row)| Some((at, numbers_of(row[column].as_ref()?)))).collect();
        let Some((_, first)) = found.first() else { continue };
        let answer = answers.next().unwrap();
        assert_eq!((&*answer.col_name, &*answer.col_type), (*name, *kind));
        let answered = numbers_of(&answer.stats_data);
        let of = |wanted: &str| answered.iter().find(|(name, _)| *name == wanted).unwrap().1;
        for (index, (number, _)) in first.iter().enumerate() {
            let series: Vec<(usize, f64)> = found.iter().map(|(at, numbers)| (*at, numbers[index].1)).collect();
            let whole = !matches!((*kind, *number), ("double" | "decimal(12,2)", "low" | "high") | (_, "average"));
            let mut expected = aggregated(number, whole, &series, names.len());
            if *number == "distinct" && matches!(*kind, "int" | "date" | "timestamp") {
                expected = expected.min(of("high") - of("low") + 1.0);
            }
            let actual = of(number);
            assert!((actual - expected).abs() <= 1e-9 * expected.abs(), "{name} {number}: {actual}, not {expected}");
        }
    }
    assert!(answers.next().is_none());
}

#[tokio::test]
async fn all_partitions_known() {
    let server = Server::start().await;
    let mut client = server.client().await;
    let (names, data) = with_statistics(&mut client, 37, |_, _| false).await;
    compare(&mut client, &names, &data).await;
    compare(&mut client, &names[..1], &data[..1]).await;
    compare(&mut client, &names[5..20], &data[5..20]).await;
    // Names that come twice, and columns, count once.
    let twice = aggregate(&mut client, &["p=1", "p=1", "p=2"], &["i", "I"]).await;
    assert_eq!((twice.parts_found, twice.col_stats.len()), (2, 1));
}

#[tokio::test]
async fn some_partitions_unknown() {
    let server = Server::start().await;
    let mut client = server.client().await;
    // Of the first column nothing is known, of the second one partition, of the last all; between them more and more.
    let skip = |at: usize, column: usize| match column {
        0 => true,
        1 => at != 4,
        7 => false,
        _ => at.is_multiple_of(column + 1),
    };
    let (names, data) = with_statistics(&mut client, 24, skip).await;
    compare(&mut client, &names, &data).await;
    let mut backwards: Vec<_> = names.iter().cloned().zip(data).collect();
    backwards.reverse();
    let (names, data): (Vec<_>, Vec<_>) = backwards.into_iter().unzip();
    compare(&mut client, &names, &data).await;
}

#[tokio::test]
async fn what_is_not_there_has_no_statistics() {
    let server = Server::start().await;
    let mut client = server.client().await;
    with_statistics(&mut client, 2, |_, _| false).await;
    for (names, columns) in [(&["p=7", "x=1"][..], &["i"][..]), (&["p=0"], &[]), (&[], &["i"]), (&["p=0"], &["none"])] {
        let answer = aggregate(&mut client, names, columns).await;
        assert_eq!((answer.parts_found, answer.col_stats.len()), (0, 0), "{names:?} {columns:?}");
    }
    let request =
        Some(types::PartitionsStatsRequest { db_name: "nowhere".into(), ..partitions_request("t", &["p=0"], &["i"]) });
    let unknown = client.call::<methods::GetAggrStatsFor>(args::GetAggrStatsFor { request }).await;
    crate::support::thrown(unknown, propolis_thrift::ExceptionKind::NoSuchObject);
}

#[tokio::test]
async fn sketches_of_hive_count_distinct_values_across_partitions() {
    // HyperLogLog sketches that Hive 4.0.1 makes of the longs 0 to 4 and 3 to 7.
    const TO_5: &str = "484c4ca00505c1f3be48c39da4af01bdc2aba0feffffffff01c1dbdc9201c2d2f48e03";
    const FROM_3_TO_8: &str = "484c4ca00505c1fde4f006819c95bff9ffffffff01c2f7e8c701fe9d88b3ffffffffff01bff4824e";
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    };
    let sketched = |hex: Option<&str>, low, high| {
        Data::LongStats(types::LongColumnStatsData {
            low_value: Some(low),
            high_value: Some(high),
            num_d_vs: 5,
            bit_vectors: hex.map(|hex| bytes(hex).into()),
            ..Default::default()
        })
    };
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &COLUMNS, &[("p", "int")])).await;
    add_partitions(&mut client, "t", (0..3).map(|at: i32| vec![FastStr::from(at.to_string())]).collect()).await;
    let sent = |name, data| of_partition("t", name, vec![object("i", "int", data)]);
    let all = vec![sent("p=0", sketched(Some(TO_5), 0, 4)), sent("p=1", sketched(Some(FROM_3_TO_8), 3, 7))];
    set_aggregated(&mut client, all, false).await.unwrap();
    let distinct = |answer: &types::AggrStats| match &answer.col_stats[0].stats_data {
        Data::LongStats(data) => data.num_d_vs,
        other => panic!("{other:?}"),
    };
    assert_eq!(distinct(&aggregate(&mut client, &["p=0", "p=1"], &["i"]).await), 8);
    // One partition without: back to the lower bound.
    set_aggregated(&mut client, vec![sent("p=2", sketched(None, 0, 9))], false).await.unwrap();
    assert_eq!(distinct(&aggregate(&mut client, &["p=0", "p=1", "p=2"], &["i"]).await), 5);
    // Rows that were added to a partition: its sketch takes them in.
    set_aggregated(&mut client, vec![sent("p=0", sketched(Some(FROM_3_TO_8), 3, 7))], true).await.unwrap();
    let merged = of_partitions(&mut client, "t", &["p=0"], &["i"]).await;
    let Data::LongStats(merged) = &merged[0].1[0].stats_data else { panic!("{merged:?}") };
    assert_eq!((merged.low_value, merged.high_value, merged.num_d_vs), (Some(0), Some(7), 8));
    assert_eq!(merged.bit_vectors.as_ref().unwrap()[..4], bytes("484c4ca0"));
}

#[tokio::test]
async fn twelve_hundred_partitions_of_58_columns_in_one_call() {
    const PARTITIONS: usize = 1_200;
    let columns: Vec<(String, &str)> = (0..58).map(|at| (format!("c{at:02}"), COLUMNS[at % COLUMNS.len()].1)).collect();
    let fields: Vec<(&str, &str)> = columns.iter().map(|(name, kind)| (name.as_str(), *kind)).collect();
    let server = Server::start().await;
    let mut client = server.client().await;
    client.create_table(table("default", "t", &fields, &[("p", "int")])).await;
    let values = (0..PARTITIONS).map(|at| vec![FastStr::from(at.to_string())]);
    add_partitions(&mut client, "t", values.collect()).await;

    let mut numbers = Numbers(1);
    let sent: Vec<_> = (0..PARTITIONS)
        .map(|at| {
            let objects = fields.iter().map(|(name, kind)| object(name, kind, random(kind, &mut numbers)));
            of_partition("t", &format!("p={at}"), objects.collect())
        })
        .collect();
    assert!(set_aggregated(&mut client, sent.clone(), false).await.unwrap());

    let names: Vec<String> = (0..PARTITIONS).map(|at| format!("p={at}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let asked: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let found = of_partitions(&mut client, "t", &names, &asked).await;
    assert_eq!(found.len(), PARTITIONS);
    for at in [0, 1, 599, 1_199] {
        let (_, list) = found.iter().find(|(name, _)| *name == format!("p={at}")).unwrap();
        assert_eq!(*list, sent[at].stats_obj);
    }
    let answer = aggregate(&mut client, &names, &asked).await;
    assert_eq!((answer.parts_found, answer.col_stats.len()), (PARTITIONS as i64, 58));
    let nulls: i64 = sent.iter().map(|one| numbers_of(&one.stats_obj[5].stats_data)[2].1 as i64).sum();
    assert_eq!(numbers_of(&answer.col_stats[5].stats_data)[2], ("nulls", nulls as f64));

    let events: i64 = sqlx::query_scalar("select count(*) from events where kind = 'UPDATE_PART_COL_STAT_EVENT'")
        .fetch_one(server.catalog.store().pool())
        .await
        .unwrap();
    assert_eq!(events, PARTITIONS as i64);
}
