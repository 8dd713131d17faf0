//! Column statistics.

use bytes::Bytes;
use propolis_thrift::{FastStr, types};
use types::ColumnStatisticsData as Data;

use super::wire;
use crate::error::Result;
use crate::model::TableName;
use crate::model::statistics::{ColumnStatistics, DEFAULT_ENGINE, Decimal, Range, ValueStatistics};

/// Which arms of the statistics union a client can read.
///
/// The arm for timestamps came with Hive 4, in the same release as the field `engine`: a client that sends no engine
/// is older, or made from an older contract as Trino is, and would find such statistics empty. It gets them as longs,
/// which is how Hive wrote timestamps before: seconds since the epoch, the same number. Whoever sends an engine gets
/// what was written, whichever arm that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arms {
    All,
    BeforeTimestamps,
}

impl Arms {
    /// Those known to a client that sent this engine.
    pub fn of(engine: Option<&FastStr>) -> Self {
        if engine.is_some() { Self::All } else { Self::BeforeTimestamps }
    }
}

/// The engine that a client means.
pub fn engine(sent: Option<&FastStr>) -> &str {
    sent.map_or(DEFAULT_ENGINE, FastStr::as_str)
}

pub fn statistics(sent: Vec<types::ColumnStatisticsObj>) -> Result<Vec<ColumnStatistics>> {
    sent.into_iter().map(one).collect()
}

fn one(sent: types::ColumnStatisticsObj) -> Result<ColumnStatistics> {
    let (nulls, distinct, bit_vector, histogram, values) = match sent.stats_data {
        Data::BooleanStats(data) => {
            let values = ValueStatistics::Boolean { trues: data.num_trues, falses: data.num_falses };
            (data.num_nulls, None, data.bit_vectors, None, values)
        }
        Data::LongStats(data) => {
            let values = ValueStatistics::Long(Range { low: data.low_value, high: data.high_value });
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, data.histogram, values)
        }
        Data::DoubleStats(data) => {
            let values = ValueStatistics::Double(Range { low: data.low_value, high: data.high_value });
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, data.histogram, values)
        }
        Data::StringStats(data) => {
            let values = ValueStatistics::String { max_length: data.max_col_len, average_length: data.avg_col_len };
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, None, values)
        }
        Data::BinaryStats(data) => {
            let values = ValueStatistics::Binary { max_length: data.max_col_len, average_length: data.avg_col_len };
            (data.num_nulls, None, data.bit_vectors, None, values)
        }
        Data::DecimalStats(data) => {
            let values =
                ValueStatistics::Decimal(Range { low: decimal(data.low_value)?, high: decimal(data.high_value)? });
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, data.histogram, values)
        }
        Data::DateStats(data) => {
            let days = |date: Option<types::Date>| date.map(|date| date.days_since_epoch);
            let values = ValueStatistics::Date(Range { low: days(data.low_value), high: days(data.high_value) });
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, data.histogram, values)
        }
        Data::TimestampStats(data) => {
            let seconds = |time: Option<types::Timestamp>| time.map(|time| time.seconds_since_epoch);
            let values =
                ValueStatistics::Timestamp(Range { low: seconds(data.low_value), high: seconds(data.high_value) });
            (data.num_nulls, Some(data.num_d_vs), data.bit_vectors, data.histogram, values)
        }
    };
    Ok(ColumnStatistics {
        column: sent.col_name.to_string(),
        column_type: sent.col_type.to_string(),
        analyzed_at: 0,
        nulls,
        distinct,
        values,
        bit_vector: bit_vector.map(own),
        histogram: histogram.map(own),
    })
}

/// Out of the message that it came in, which would be kept alive as a whole.
fn own(bytes: Bytes) -> Bytes {
    Bytes::copy_from_slice(&bytes)
}

fn decimal(sent: Option<types::Decimal>) -> Result<Option<Decimal>> {
    sent.map(|decimal| Decimal::from_wire(&decimal.unscaled, decimal.scale)).transpose()
}

fn wire_decimal(decimal: Decimal) -> types::Decimal {
    let (unscaled, scale) = decimal.to_wire();
    types::Decimal { unscaled: unscaled.into(), scale }
}

pub fn wire_statistics(statistics: Vec<ColumnStatistics>, arms: Arms) -> Vec<types::ColumnStatisticsObj> {
    statistics.into_iter().map(|statistics| wire_one(statistics, arms)).collect()
}

fn wire_one(statistics: ColumnStatistics, arms: Arms) -> types::ColumnStatisticsObj {
    let ColumnStatistics { nulls: num_nulls, bit_vector: bit_vectors, histogram, .. } = statistics;
    let num_d_vs = statistics.distinct.unwrap_or_default();
    let stats_data = match statistics.values {
        ValueStatistics::Boolean { trues: num_trues, falses: num_falses } => {
            Data::BooleanStats(types::BooleanColumnStatsData { num_trues, num_falses, num_nulls, bit_vectors })
        }
        ValueStatistics::Timestamp(Range { low, high }) if arms == Arms::All => {
            let seconds = |time: Option<i64>| time.map(|seconds_since_epoch| types::Timestamp { seconds_since_epoch });
            Data::TimestampStats(types::TimestampColumnStatsData {
                low_value: seconds(low),
                high_value: seconds(high),
                num_nulls,
                num_d_vs,
                bit_vectors,
                histogram,
            })
        }
        ValueStatistics::Long(Range { low, high }) | ValueStatistics::Timestamp(Range { low, high }) => {
            Data::LongStats(types::LongColumnStatsData {
                low_value: low,
                high_value: high,
                num_nulls,
                num_d_vs,
                bit_vectors,
                histogram,
            })
        }
        ValueStatistics::Double(Range { low, high }) => Data::DoubleStats(types::DoubleColumnStatsData {
            low_value: low,
            high_value: high,
            num_nulls,
            num_d_vs,
            bit_vectors,
            histogram,
        }),
        ValueStatistics::Decimal(Range { low, high }) => Data::DecimalStats(types::DecimalColumnStatsData {
            low_value: low.map(wire_decimal),
            high_value: high.map(wire_decimal),
            num_nulls,
            num_d_vs,
            bit_vectors,
            histogram,
        }),
        ValueStatistics::Date(Range { low, high }) => {
            let days = |date: Option<i64>| date.map(|days_since_epoch| types::Date { days_since_epoch });
            Data::DateStats(types::DateColumnStatsData {
                low_value: days(low),
                high_value: days(high),
                num_nulls,
                num_d_vs,
                bit_vectors,
                histogram,
            })
        }
        ValueStatistics::String { max_length: max_col_len, average_length: avg_col_len } => {
            Data::StringStats(types::StringColumnStatsData {
                max_col_len,
                avg_col_len,
                num_nulls,
                num_d_vs,
                bit_vectors,
            })
        }
        ValueStatistics::Binary { max_length: max_col_len, average_length: avg_col_len } => {
            Data::BinaryStats(types::BinaryColumnStatsData { max_col_len, avg_col_len, num_nulls, bit_vectors })
        }
    };
    types::ColumnStatisticsObj {
        col_name: wire(&statistics.column),
        col_type: wire(&statistics.column_type),
        stats_data,
    }
}

/// Statistics with what they are of: a table, or the named partition of it.
pub fn wire_described(
    table: &TableName,
    partition: Option<&str>,
    engine: &str,
    statistics: Vec<ColumnStatistics>,
    arms: Arms,
) -> types::ColumnStatistics {
    types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: partition.is_none(),
            db_name: wire(&table.database),
            table_name: wire(&table.table),
            part_name: partition.map(wire),
            last_analyzed: statistics.iter().map(|column| column.analyzed_at).max(),
            cat_name: Some(wire(&table.catalog)),
        },
        stats_obj: wire_statistics(statistics, arms),
        is_stats_compliant: None,
        engine: Some(wire(engine)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sent(stats_data: Data) -> types::ColumnStatisticsObj {
        types::ColumnStatisticsObj { col_name: "c".into(), col_type: "t".into(), stats_data }
    }

    fn timestamps() -> Data {
        Data::TimestampStats(types::TimestampColumnStatsData {
            low_value: Some(types::Timestamp { seconds_since_epoch: -1 }),
            high_value: Some(types::Timestamp { seconds_since_epoch: 1_700_000_000 }),
            num_nulls: 1,
            num_d_vs: 2,
            bit_vectors: Some("v".into()),
            histogram: Some("h".into()),
        })
    }

    fn back_and_forth(data: Data, arms: Arms) -> Data {
        wire_statistics(statistics(vec![sent(data)]).unwrap(), arms).remove(0).stats_data
    }

    #[test]
    fn every_arm_comes_back() {
        let decimal = |bytes: &'static [u8]| Some(types::Decimal { unscaled: bytes.into(), scale: 2 });
        let (bits, kll) = (Some(Bytes::from("v")), Some(Bytes::from("h")));
        for data in [
            Data::BooleanStats(types::BooleanColumnStatsData {
                num_trues: 1,
                num_falses: 2,
                num_nulls: 3,
                bit_vectors: bits.clone(),
            }),
            Data::LongStats(types::LongColumnStatsData {
                low_value: None,
                high_value: Some(i64::MAX),
                num_nulls: 1,
                num_d_vs: 2,
                bit_vectors: bits.clone(),
                histogram: kll.clone(),
            }),
            Data::DoubleStats(types::DoubleColumnStatsData {
                low_value: Some(-0.5),
                high_value: None,
                num_nulls: 1,
                num_d_vs: 2,
                bit_vectors: bits.clone(),
                histogram: kll.clone(),
            }),
            Data::StringStats(types::StringColumnStatsData {
                max_col_len: 9,
                avg_col_len: 4.5,
                num_nulls: 1,
                num_d_vs: 2,
                bit_vectors: bits.clone(),
            }),
            Data::BinaryStats(types::BinaryColumnStatsData {
                max_col_len: 9,
                avg_col_len: 4.5,
                num_nulls: 1,
                bit_vectors: bits.clone(),
            }),
            Data::DecimalStats(types::DecimalColumnStatsData {
                low_value: decimal(&[0xff]),
                high_value: decimal(&[0x01, 0x00]),
                num_nulls: 1,
                num_d_vs: 2,
                bit_vectors: bits.clone(),
                histogram: kll.clone(),
            }),
            Data::DateStats(types::DateColumnStatsData {
                low_value: Some(types::Date { days_since_epoch: -3 }),
                high_value: Some(types::Date { days_since_epoch: 20_000 }),
                num_nulls: 1,
                num_d_vs: 2,
                bit_vectors: bits,
                histogram: kll,
            }),
            timestamps(),
        ] {
            assert_eq!(back_and_forth(data.clone(), Arms::All), data);
        }
    }

    #[test]
    fn older_clients_get_timestamps_as_longs() {
        assert_eq!(Arms::of(None), Arms::BeforeTimestamps);
        assert_eq!(Arms::of(Some(&"hive".into())), Arms::All);
        let Data::LongStats(longs) = back_and_forth(timestamps(), Arms::BeforeTimestamps) else {
            panic!("not longs");
        };
        assert_eq!((longs.low_value, longs.high_value), (Some(-1), Some(1_700_000_000)));
        assert_eq!((longs.num_nulls, longs.num_d_vs), (1, 2));
    }
}
