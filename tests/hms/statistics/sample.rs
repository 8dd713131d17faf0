//! Statistics to send.

use propolis_thrift::{FastStr, args, methods, types};
use types::ColumnStatisticsData as Data;

use crate::support::{Client, text};

pub fn object(name: &str, kind: &str, stats_data: Data) -> types::ColumnStatisticsObj {
    types::ColumnStatisticsObj { col_name: FastStr::new(name), col_type: FastStr::new(kind), stats_data }
}

pub fn longs(low_value: Option<i64>, high_value: Option<i64>, num_nulls: i64, num_d_vs: i64) -> Data {
    Data::LongStats(types::LongColumnStatsData { low_value, high_value, num_nulls, num_d_vs, ..Default::default() })
}

pub fn strings(max_col_len: i64, avg_col_len: f64, num_nulls: i64, num_d_vs: i64) -> Data {
    Data::StringStats(types::StringColumnStatsData { max_col_len, avg_col_len, num_nulls, num_d_vs, bit_vectors: None })
}

pub fn decimal(unscaled: i64, scale: i16) -> types::Decimal {
    let bytes = unscaled.to_be_bytes();
    let filler = if unscaled < 0 { 0xff } else { 0 };
    let start = (0..7).find(|at| bytes[*at] != filler || (bytes[at + 1] ^ filler) & 0x80 != 0).unwrap_or(7);
    types::Decimal { unscaled: bytes[start..].to_vec().into(), scale }
}

/// A column of each kind, with everything in it that the kind has.
pub fn every_kind() -> Vec<types::ColumnStatisticsObj> {
    let (bit_vectors, histogram) = (Some(vec![0, 1, 255].into()), Some(vec![0; 3000].into()));
    let (num_nulls, num_d_vs) = (3, 17);
    let seconds = |seconds_since_epoch| Some(types::Timestamp { seconds_since_epoch });
    let days = |days_since_epoch| Some(types::Date { days_since_epoch });
    vec![
        object(
            "a_boolean",
            "boolean",
            Data::BooleanStats(types::BooleanColumnStatsData {
                num_trues: i64::MAX,
                num_falses: 0,
                num_nulls,
                bit_vectors: bit_vectors.clone(),
            }),
        ),
        object(
            "a_long",
            "bigint",
            Data::LongStats(types::LongColumnStatsData {
                low_value: Some(i64::MIN),
                high_value: Some(i64::MAX),
                num_nulls,
                num_d_vs,
                bit_vectors: bit_vectors.clone(),
                histogram: histogram.clone(),
            }),
        ),
        object(
            "a_double",
            "double",
            Data::DoubleStats(types::DoubleColumnStatsData {
                low_value: Some(-0.1),
                high_value: Some(f64::INFINITY),
                num_nulls,
                num_d_vs,
                bit_vectors: bit_vectors.clone(),
                histogram: histogram.clone(),
            }),
        ),
        object(
            "a_string",
            "varchar(20)",
            Data::StringStats(types::StringColumnStatsData {
                max_col_len: 20,
                avg_col_len: 3.25,
                num_nulls,
                num_d_vs,
                bit_vectors: bit_vectors.clone(),
            }),
        ),
        object(
            "a_binary",
            "binary",
            Data::BinaryStats(types::BinaryColumnStatsData {
                max_col_len: 1 << 40,
                avg_col_len: 1e9,
                num_nulls,
                bit_vectors: bit_vectors.clone(),
            }),
        ),
        object(
            "a_decimal",
            "decimal(38,10)",
            Data::DecimalStats(types::DecimalColumnStatsData {
                low_value: Some(decimal(-1_230, 3)),
                high_value: Some(types::Decimal {
                    unscaled: (10i128.pow(38) - 1).to_be_bytes().to_vec().into(),
                    scale: 10,
                }),
                num_nulls,
                num_d_vs,
                bit_vectors: bit_vectors.clone(),
                histogram: histogram.clone(),
            }),
        ),
        object(
            "a_date",
            "date",
            Data::DateStats(types::DateColumnStatsData {
                low_value: days(-719_162),
                high_value: None,
                num_nulls,
                num_d_vs,
                bit_vectors: bit_vectors.clone(),
                histogram: histogram.clone(),
            }),
        ),
        object(
            "a_timestamp",
            "timestamp",
            Data::TimestampStats(types::TimestampColumnStatsData {
                low_value: seconds(-1),
                high_value: seconds(1_700_000_000),
                num_nulls,
                num_d_vs,
                bit_vectors,
                histogram,
            }),
        ),
    ]
}

pub fn described(table: &str, stats_obj: Vec<types::ColumnStatisticsObj>) -> types::ColumnStatistics {
    types::ColumnStatistics {
        stats_desc: types::ColumnStatisticsDesc {
            is_tbl_level: true,
            db_name: "default".into(),
            table_name: FastStr::new(table),
            ..Default::default()
        },
        stats_obj,
        ..Default::default()
    }
}

pub fn of_partition(table: &str, name: &str, stats_obj: Vec<types::ColumnStatisticsObj>) -> types::ColumnStatistics {
    let mut sent = described(table, stats_obj);
    sent.stats_desc.is_tbl_level = false;
    sent.stats_desc.part_name = text(name);
    sent
}

pub async fn partition(client: &mut Client, table: &str, values: &[FastStr]) -> types::Partition {
    let args = args::GetPartition { db_name: text("default"), tbl_name: text(table), part_vals: Some(values.to_vec()) };
    client.call::<methods::GetPartition>(args).await.unwrap()
}
