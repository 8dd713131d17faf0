//! Column statistics.
//!
//! The service has no kind for timestamps: they are longs to it, in seconds since the epoch, as Hive wrote them before it
//! had a kind of its own. It has dates as timestamps; the catalog counts their days.

use propolis_glue_api::types::{
    BinaryColumnStatisticsData, BooleanColumnStatisticsData, ColumnStatistics as Wire, ColumnStatisticsData,
    ColumnStatisticsType, DateColumnStatisticsData, DecimalColumnStatisticsData, DecimalNumber,
    DoubleColumnStatisticsData, LongColumnStatisticsData, StringColumnStatisticsData,
};
use propolis_glue_api::{Blob, Timestamp};

use crate::error::{CatalogError, Result};
use crate::model::statistics::{ColumnStatistics, Decimal, Range, ValueStatistics};

const SECONDS_A_DAY: i64 = 86_400;

/// An error tells which member is missing, or what cannot be read.
pub fn statistics(sent: &Wire) -> Result<ColumnStatistics> {
    let data = &sent.statistics_data;
    let missing = |member: &str| {
        CatalogError::invalid_input(format!(
            "Statistics of column {}: of type {}, they need the member {member}",
            sent.column_name,
            data.r#type.as_str()
        ))
    };
    let (nulls, distinct, values) = match data.r#type {
        ColumnStatisticsType::Boolean => {
            let data = data.boolean_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("BooleanColumnStatisticsData"))?;
            let values = ValueStatistics::Boolean { trues: data.number_of_trues, falses: data.number_of_falses };
            (data.number_of_nulls, None, values)
        }
        ColumnStatisticsType::Long => {
            let data = data.long_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("LongColumnStatisticsData"))?;
            let values = ValueStatistics::Long(Range { low: data.minimum_value, high: data.maximum_value });
            (data.number_of_nulls, Some(data.number_of_distinct_values), values)
        }
        ColumnStatisticsType::Double => {
            let data = data.double_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("DoubleColumnStatisticsData"))?;
            let values = ValueStatistics::Double(Range { low: data.minimum_value, high: data.maximum_value });
            (data.number_of_nulls, Some(data.number_of_distinct_values), values)
        }
        ColumnStatisticsType::Decimal => {
            let data = data.decimal_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("DecimalColumnStatisticsData"))?;
            let (low, high) = (decimal(data.minimum_value.as_ref())?, decimal(data.maximum_value.as_ref())?);
            let values = ValueStatistics::Decimal(Range { low, high });
            (data.number_of_nulls, Some(data.number_of_distinct_values), values)
        }
        ColumnStatisticsType::Date => {
            let data = data.date_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("DateColumnStatisticsData"))?;
            let values = ValueStatistics::Date(Range { low: days(data.minimum_value), high: days(data.maximum_value) });
            (data.number_of_nulls, Some(data.number_of_distinct_values), values)
        }
        ColumnStatisticsType::String => {
            let data = data.string_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("StringColumnStatisticsData"))?;
            let values =
                ValueStatistics::String { max_length: data.maximum_length, average_length: data.average_length };
            (data.number_of_nulls, Some(data.number_of_distinct_values), values)
        }
        ColumnStatisticsType::Binary => {
            let data = data.binary_column_statistics_data.as_ref();
            let data = data.ok_or_else(|| missing("BinaryColumnStatisticsData"))?;
            let values =
                ValueStatistics::Binary { max_length: data.maximum_length, average_length: data.average_length };
            (data.number_of_nulls, None, values)
        }
    };
    Ok(ColumnStatistics {
        column: sent.column_name.clone(),
        column_type: sent.column_type.clone(),
        analyzed_at: sent.analyzed_time.0.floor() as i64,
        nulls,
        distinct,
        values,
        bit_vector: None,
        histogram: None,
    })
}

pub fn wire_statistics(statistics: &ColumnStatistics) -> Wire {
    Wire {
        column_name: statistics.column.clone(),
        column_type: statistics.column_type.clone(),
        analyzed_time: statistics.analyzed_at.into(),
        statistics_data: wire_data(statistics),
    }
}

fn wire_data(statistics: &ColumnStatistics) -> ColumnStatisticsData {
    let number_of_nulls = statistics.nulls;
    let number_of_distinct_values = statistics.distinct.unwrap_or_default();
    let mut data = ColumnStatisticsData::default();
    data.r#type = match &statistics.values {
        ValueStatistics::Boolean { trues, falses } => {
            let (number_of_trues, number_of_falses) = (*trues, *falses);
            data.boolean_column_statistics_data =
                Some(BooleanColumnStatisticsData { number_of_trues, number_of_falses, number_of_nulls });
            ColumnStatisticsType::Boolean
        }
        ValueStatistics::Long(Range { low, high }) | ValueStatistics::Timestamp(Range { low, high }) => {
            data.long_column_statistics_data = Some(LongColumnStatisticsData {
                minimum_value: *low,
                maximum_value: *high,
                number_of_nulls,
                number_of_distinct_values,
            });
            ColumnStatisticsType::Long
        }
        ValueStatistics::Double(Range { low, high }) => {
            data.double_column_statistics_data = Some(DoubleColumnStatisticsData {
                minimum_value: *low,
                maximum_value: *high,
                number_of_nulls,
                number_of_distinct_values,
            });
            ColumnStatisticsType::Double
        }
        ValueStatistics::Decimal(Range { low, high }) => {
            data.decimal_column_statistics_data = Some(DecimalColumnStatisticsData {
                minimum_value: low.map(wire_decimal),
                maximum_value: high.map(wire_decimal),
                number_of_nulls,
                number_of_distinct_values,
            });
            ColumnStatisticsType::Decimal
        }
        ValueStatistics::Date(Range { low, high }) => {
            data.date_column_statistics_data = Some(DateColumnStatisticsData {
                minimum_value: low.map(midnight),
                maximum_value: high.map(midnight),
                number_of_nulls,
                number_of_distinct_values,
            });
            ColumnStatisticsType::Date
        }
        ValueStatistics::String { max_length, average_length } => {
            data.string_column_statistics_data = Some(StringColumnStatisticsData {
                maximum_length: *max_length,
                average_length: *average_length,
                number_of_nulls,
                number_of_distinct_values,
            });
            ColumnStatisticsType::String
        }
        ValueStatistics::Binary { max_length, average_length } => {
            data.binary_column_statistics_data = Some(BinaryColumnStatisticsData {
                maximum_length: *max_length,
                average_length: *average_length,
                number_of_nulls,
            });
            ColumnStatisticsType::Binary
        }
    };
    data
}

fn decimal(sent: Option<&DecimalNumber>) -> Result<Option<Decimal>> {
    let read = |sent: &DecimalNumber| {
        // A scale that is too large for the type is too large for a decimal, which says so.
        let scale = i16::try_from(sent.scale).unwrap_or(i16::MAX);
        Decimal::from_wire(&sent.unscaled_value.0, scale)
    };
    sent.map(read).transpose()
}

fn wire_decimal(decimal: Decimal) -> DecimalNumber {
    let (unscaled, scale) = decimal.to_wire();
    DecimalNumber { unscaled_value: Blob(unscaled), scale: scale.into() }
}

fn days(sent: Option<Timestamp>) -> Option<i64> {
    sent.map(|time| (time.0 / SECONDS_A_DAY as f64).floor() as i64)
}

fn midnight(days: i64) -> Timestamp {
    days.saturating_mul(SECONDS_A_DAY).into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = ValueStatistics> {
        let longs = || any::<(Option<i64>, Option<i64>)>().prop_map(|(low, high)| Range { low, high });
        let day = -700_000i64..3_000_000;
        let days = (prop::option::of(day.clone()), prop::option::of(day)).prop_map(|(low, high)| Range { low, high });
        let decimal = || {
            let digits = (any::<i64>(), 0u8..19).prop_map(|(unscaled, scale)| (unscaled.to_be_bytes(), scale));
            prop::option::of(digits.prop_map(|(bytes, scale)| Decimal::from_wire(&bytes, scale.into()).unwrap()))
        };
        let double = || prop::option::of(-1e300..1e300f64);
        prop_oneof![
            any::<(i64, i64)>().prop_map(|(trues, falses)| ValueStatistics::Boolean { trues, falses }),
            longs().prop_map(ValueStatistics::Long),
            (double(), double()).prop_map(|(low, high)| ValueStatistics::Double(Range { low, high })),
            (decimal(), decimal()).prop_map(|(low, high)| ValueStatistics::Decimal(Range { low, high })),
            days.prop_map(ValueStatistics::Date),
            (any::<i64>(), 0.0..1e9)
                .prop_map(|(max_length, average_length)| ValueStatistics::String { max_length, average_length }),
            (any::<i64>(), 0.0..1e9)
                .prop_map(|(max_length, average_length)| ValueStatistics::Binary { max_length, average_length }),
        ]
    }

    fn stored(values: ValueStatistics, nulls: i64, distinct: i64) -> ColumnStatistics {
        let has_distinct = !matches!(values, ValueStatistics::Boolean { .. } | ValueStatistics::Binary { .. });
        ColumnStatistics {
            column: "c".into(),
            column_type: "t".into(),
            analyzed_at: 1_700_000_000,
            nulls,
            distinct: has_distinct.then_some(distinct),
            values,
            bit_vector: None,
            histogram: None,
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_comes_back(values in values(), nulls in any::<i64>(), distinct in any::<i64>()) {
            let stored = stored(values, nulls, distinct);
            let json = serde_json::to_string(&wire_statistics(&stored)).unwrap();
            prop_assert_eq!(statistics(&serde_json::from_str(&json).unwrap()).unwrap(), stored);
        }
    }

    #[test]
    fn timestamps_are_longs_and_dates_begin_their_days() {
        let range = |low, high| Range { low: Some(low), high: Some(high) };
        let wire = wire_statistics(&stored(ValueStatistics::Timestamp(range(-1, 7)), 0, 2));
        assert_eq!(wire.statistics_data.r#type, ColumnStatisticsType::Long);
        assert_eq!(statistics(&wire).unwrap().values, ValueStatistics::Long(range(-1, 7)));

        let mut wire = wire_statistics(&stored(ValueStatistics::Date(range(-1, 20_000)), 0, 2));
        let dates = wire.statistics_data.date_column_statistics_data.as_mut().unwrap();
        assert_eq!(dates.minimum_value, Some(Timestamp(-86_400.0)));
        dates.maximum_value = Some(Timestamp(20_000.0 * 86_400.0 + 3600.5));
        assert_eq!(statistics(&wire).unwrap().values, ValueStatistics::Date(range(-1, 20_000)));
    }

    #[test]
    fn what_the_type_needs_must_be_there() {
        let mut wire = wire_statistics(&stored(ValueStatistics::Long(Range::default()), 0, 0));
        wire.statistics_data.r#type = ColumnStatisticsType::Date;
        let error = statistics(&wire).unwrap_err().to_string();
        assert_eq!(error, "Statistics of column c: of type DATE, they need the member DateColumnStatisticsData");
        wire.statistics_data.r#type = ColumnStatisticsType::Decimal;
        let value = DecimalNumber { unscaled_value: Blob(vec![1; 40]), scale: 2 };
        wire.statistics_data.decimal_column_statistics_data =
            Some(DecimalColumnStatisticsData { maximum_value: Some(value), ..Default::default() });
        assert!(statistics(&wire).unwrap_err().to_string().contains("40 bytes"));
    }
}
