//! Statistics of two sets of rows as one.

use std::cmp::Ordering;

use bytes::Bytes;

use super::{ColumnStatistics, Decimal, HyperLogLog, Kll, Range, ValueStatistics};

impl ColumnStatistics {
    /// Takes in what is known of other rows of the same column, by the metastore's rules (its ColumnStatsMerger
    /// classes): sums of counts, the wider range, the longer lengths. Distinct values are those of both sketches, or
    /// the larger number where one has none that can be read. A histogram is of both, or of those rows that have one.
    /// False, with nothing changed, where the kinds differ.
    pub fn merge(&mut self, other: &Self) -> bool {
        if !self.values.merge(&other.values) {
            return false;
        }
        self.nulls = self.nulls.saturating_add(other.nulls);
        let larger = self.distinct.max(other.distinct);
        // A sketch of some of the rows only would be taken for one of all.
        let sketch = sketch_of_both(self, other);
        self.distinct = match (&sketch, larger, self.distinct, other.distinct) {
            (Some(sketch), Some(larger), Some(mine), Some(theirs)) => {
                Some(sketch.estimate().clamp(larger, mine.saturating_add(theirs).max(larger)))
            }
            _ => larger,
        };
        self.bit_vector = sketch.map(|sketch| sketch.write().into());
        let histograms = [self.histogram.take(), other.histogram.clone()];
        self.histogram = largest_histogram(histograms.into_iter().flatten()).map(|histogram| histogram.write().into());
        true
    }
}

fn sketch_of_both(mine: &ColumnStatistics, theirs: &ColumnStatistics) -> Option<HyperLogLog> {
    let mut sketch = HyperLogLog::read(mine.bit_vector.as_ref()?)?;
    sketch.merge(&HyperLogLog::read(theirs.bit_vector.as_ref()?)?);
    Some(sketch)
}

/// Histograms that can be merged as one; of several such ones that which has seen the most values, as in Hive. What is
/// no histogram is left out.
fn largest_histogram(sent: impl Iterator<Item = Bytes>) -> Option<Kll> {
    let mut merged = Vec::new();
    sent.for_each(|histogram| add_histogram(&mut merged, &histogram));
    merged.into_iter().max_by_key(Kll::count)
}

/// Takes a histogram into the one of several that it can be merged with.
pub fn add_histogram(merged: &mut Vec<Kll>, sent: &[u8]) {
    if let Some(histogram) = Kll::read(sent)
        && !merged.iter_mut().any(|one| one.merge(&histogram))
    {
        merged.push(histogram);
    }
}

impl ValueStatistics {
    fn merge(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::Boolean { trues, falses }, Self::Boolean { trues: more_trues, falses: more_falses }) => {
                *trues = trues.saturating_add(*more_trues);
                *falses = falses.saturating_add(*more_falses);
            }
            (Self::Long(mine), Self::Long(theirs))
            | (Self::Date(mine), Self::Date(theirs))
            | (Self::Timestamp(mine), Self::Timestamp(theirs)) => mine.widen(*theirs, i64::cmp),
            (Self::Double(mine), Self::Double(theirs)) => mine.widen(*theirs, f64::total_cmp),
            (Self::Decimal(mine), Self::Decimal(theirs)) => mine.widen(*theirs, |a, b| Decimal::compare(*a, *b)),
            (
                Self::String { max_length, average_length },
                Self::String { max_length: other_max, average_length: other_average },
            )
            | (
                Self::Binary { max_length, average_length },
                Self::Binary { max_length: other_max, average_length: other_average },
            ) => {
                *max_length = (*max_length).max(*other_max);
                *average_length = average_length.max(*other_average);
            }
            _ => return false,
        }
        true
    }
}

impl<T: Copy> Range<T> {
    fn widen(&mut self, other: Self, order: impl Fn(&T, &T) -> Ordering) {
        self.low = [self.low, other.low].into_iter().flatten().min_by(&order);
        self.high = [self.high, other.high].into_iter().flatten().max_by(&order);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn statistics(values: ValueStatistics) -> ColumnStatistics {
        ColumnStatistics {
            column: "c".into(),
            column_type: "t".into(),
            analyzed_at: 1,
            nulls: 2,
            distinct: Some(5),
            values,
            bit_vector: None,
            histogram: Some("kll".into()),
        }
    }

    #[test]
    fn ranges_widen_and_counts_add_up() {
        let range = |low, high| statistics(ValueStatistics::Long(Range { low, high }));
        let mut merged = range(Some(3), None);
        assert!(merged.merge(&ColumnStatistics { distinct: Some(9), ..range(Some(-1), Some(4)) }));
        assert_eq!(merged.values, ValueStatistics::Long(Range { low: Some(-1), high: Some(4) }));
        assert_eq!((merged.nulls, merged.distinct), (4, Some(9)));
        assert_eq!(merged.histogram, None, "what is none is left out");
    }

    #[test]
    fn histograms_are_of_all_rows_that_have_one() {
        let seven = Bytes::from_static(&[2, 2, 15, 4, 200, 0, 8, 0, 0, 0, 0xe0, 0x40]);
        let with = |histogram| ColumnStatistics { histogram, ..statistics(ValueStatistics::Long(Range::default())) };
        let mut merged = with(Some(seven.clone()));
        assert!(merged.merge(&with(Some(seven.clone()))));
        assert_eq!(Kll::read(merged.histogram.as_ref().unwrap()).unwrap().count(), 2);
        let mut merged = with(None);
        assert!(merged.merge(&with(Some(seven.clone()))));
        assert_eq!(merged.histogram, Some(seven));
    }

    #[test]
    fn decimals_compare_by_value() {
        let range = |low: &str, high: &str| {
            let (low, high) = (low.parse().unwrap(), high.parse().unwrap());
            statistics(ValueStatistics::Decimal(Range { low: Some(low), high: Some(high) }))
        };
        let mut merged = range("-1.5", "9.99");
        assert!(merged.merge(&range("-1.49", "10")));
        assert_eq!(merged.values, range("-1.5", "10").values);
    }

    #[test]
    fn lengths_and_booleans() {
        let mut text = statistics(ValueStatistics::String { max_length: 3, average_length: 2.5 });
        assert!(text.merge(&statistics(ValueStatistics::String { max_length: 2, average_length: 2.75 })));
        assert_eq!(text.values, ValueStatistics::String { max_length: 3, average_length: 2.75 });
        let mut truth = statistics(ValueStatistics::Boolean { trues: 1, falses: i64::MAX });
        assert!(truth.merge(&statistics(ValueStatistics::Boolean { trues: 1, falses: 1 })));
        assert_eq!(truth.values, ValueStatistics::Boolean { trues: 2, falses: i64::MAX });
    }

    #[test]
    fn kinds_do_not_mix() {
        let mut long = statistics(ValueStatistics::Long(Range::default()));
        let before = long.clone();
        assert!(!long.merge(&statistics(ValueStatistics::Timestamp(Range::default()))));
        assert_eq!(long, before);
    }
}
