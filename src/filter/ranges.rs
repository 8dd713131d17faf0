//! Sets of ranges over an ordered type: what an index can look up.

/// The most ranges that a set keeps; a set of more becomes the one range around them.
pub const MAX_RANGES: usize = 16;

/// From `low`, and below `high` if there is one. `T::default()` is the least of its type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Range<T> {
    pub low: T,
    pub high: Option<T>,
}

/// Disjoint ranges in order. A condition's set holds at least all that meet the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges<T>(Vec<Range<T>>);

impl<T: Ord + Clone + Default> Ranges<T> {
    pub fn everything() -> Self {
        Ranges(vec![Range { low: T::default(), high: None }])
    }

    pub fn of(low: T, high: Option<T>) -> Self {
        Ranges(vec![Range { low, high }])
    }

    /// The union of ranges in any order.
    pub fn union(ranges: impl IntoIterator<Item = Range<T>>) -> Self {
        let mut ranges: Vec<_> =
            ranges.into_iter().filter(|r| r.high.as_ref().is_none_or(|high| r.low < *high)).collect();
        ranges.sort();
        let mut merged: Vec<Range<T>> = Vec::new();
        for next in ranges {
            match merged.last_mut() {
                Some(last) if last.high.as_ref().is_none_or(|high| next.low <= *high) => {
                    last.high = match (last.high.take(), next.high) {
                        (Some(one), Some(other)) => Some(one.max(other)),
                        _ => None,
                    };
                }
                _ => merged.push(next),
            }
        }
        Ranges(merged)
    }

    /// The one range around these.
    pub fn around(ranges: impl IntoIterator<Item = Range<T>>) -> Self {
        let around = ranges
            .into_iter()
            .reduce(|a, b| Range { low: a.low.min(b.low), high: a.high.zip(b.high).map(|(a, b)| a.max(b)) });
        Ranges(around.into_iter().collect())
    }

    pub fn intersection(&self, other: &Self) -> Self {
        let mut common = Vec::new();
        for a in &self.0 {
            for b in &other.0 {
                let low = a.low.clone().max(b.low.clone());
                let high = match (&a.high, &b.high) {
                    (Some(a), Some(b)) => Some(a.min(b).clone()),
                    (one, None) | (None, one) => one.clone(),
                };
                common.push(Range { low, high });
            }
        }
        Ranges::union(common)
    }

    /// The same set, or the range around it if it has too many.
    pub fn bounded(self) -> Self {
        match self.0.as_slice() {
            [first, .., last] if self.0.len() > MAX_RANGES => Ranges::of(first.low.clone(), last.high.clone()),
            _ => self,
        }
    }

    pub fn is_everything(&self) -> bool {
        matches!(self.0.as_slice(), [Range { low, high: None }] if *low == T::default())
    }

    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Range<T>> {
        self.0.iter()
    }
}

impl<T> IntoIterator for Ranges<T> {
    type Item = Range<T>;
    type IntoIter = std::vec::IntoIter<Range<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MAX_RANGES, Range, Ranges};

    const MOST: u8 = 60;

    fn ranges() -> impl Strategy<Value = Vec<Range<u8>>> {
        let range = (0..MOST, prop::option::weighted(0.9, 0..MOST)).prop_map(|(low, high)| Range { low, high });
        prop::collection::vec(range, 0..8)
    }

    fn holds(ranges: &[Range<u8>], x: u8) -> bool {
        ranges.iter().any(|r| r.low <= x && r.high.is_none_or(|high| x < high))
    }

    proptest! {
        #[test]
        fn are_sets(a in ranges(), b in ranges()) {
            let (ua, ub) = (Ranges::union(a.clone()), Ranges::union(b.clone()));
            let common = ua.intersection(&ub);
            let around = Ranges::around(a.clone());
            for x in 0..=MOST {
                prop_assert_eq!(holds(&ua.0, x), holds(&a, x));
                prop_assert_eq!(holds(&common.0, x), holds(&a, x) && holds(&b, x));
                prop_assert!(holds(&around.0, x) || !holds(&a, x));
            }
            for set in [&ua, &common] {
                // In order, with gaps between.
                prop_assert!(set.0.windows(2).all(|w| w[0].high.is_some_and(|high| high < w[1].low)));
                prop_assert!(set.0.iter().all(|r| r.high.is_none_or(|high| r.low < high)));
            }
            prop_assert_eq!(ua.is_everything(), (0..=MOST).all(|x| holds(&a, x)) && holds(&a, u8::MAX));
        }
    }

    #[test]
    fn too_many_become_one() {
        let many = |n: u8| Ranges::union((0..n).map(|i| Range { low: 2 * i, high: Some(2 * i + 1) })).bounded();
        assert_eq!(many(MAX_RANGES as u8).iter().len(), MAX_RANGES);
        assert_eq!(many(20), Ranges::of(0, Some(39)));
    }
}
