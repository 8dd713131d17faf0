//! Hive's histograms: KLL sketches of floats, in the form of Apache DataSketches. A sketch keeps some of the values in
//! levels: one of level `h` stands for 2^h values.
//!
//! The form, little endian: the preamble's length in ints (1 byte), a version (1: any number of values, 2: a single
//! one), the family 15, flags (1 empty, 4 a single value), `k` (2 bytes), `m` (1), a
//! spare byte. A single value follows at once. Others have the number of values (8 bytes), the smallest `k` that was
//! merged in (2), the number of levels (1), a spare byte, where each level begins (4 each), the smallest and the largest
//! value, and the values. Places count from the start of an array whose unused beginning is left out.

/// Bytes of a preamble without a count, and with one.
const SHORT: usize = 8;
const LONG: usize = 20;
const FAMILY: u8 = 15;
const EMPTY: u8 = 1;
const SINGLE: u8 = 4;
/// The most levels: they would hold 2^60 values.
const MAX_LEVELS: usize = 60;

#[derive(Debug, Clone, PartialEq)]
pub struct Kll {
    k: u16,
    m: u8,
    min_k: u16,
    count: u64,
    low: f32,
    high: f32,
    /// In order but for the first.
    levels: Vec<Vec<f32>>,
}

impl Kll {
    /// None where the bytes are no such sketch.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let &[_, version, family, flags, k0, k1, m, _] = bytes.first_chunk::<SHORT>()?;
        let k = u16::from_le_bytes([k0, k1]);
        if family != FAMILY || !matches!(version, 1 | 2) || k < 2 || m < 2 || u16::from(m) > k {
            return None;
        }
        let empty = Self { k, m, min_k: k, count: 0, low: f32::NAN, high: f32::NAN, levels: vec![Vec::new()] };
        if flags & EMPTY != 0 {
            return Some(empty);
        }
        if flags & SINGLE != 0 {
            let value = float(bytes, SHORT)?;
            return Some(Self { count: 1, low: value, high: value, levels: vec![vec![value]], ..empty });
        }
        let count = u64::from_le_bytes(*bytes.get(8..)?.first_chunk()?);
        let min_k = u16::from_le_bytes(*bytes.get(16..)?.first_chunk()?);
        let level_count = usize::from(*bytes.get(18)?);
        if !(1..=MAX_LEVELS).contains(&level_count) {
            return None;
        }
        let mut starts = Vec::with_capacity(level_count + 1);
        for level in 0..level_count {
            starts.push(u32::from_le_bytes(*bytes.get(LONG + 4 * level..)?.first_chunk()?) as usize);
        }
        starts.push(capacity(k, m, level_count));
        let values = LONG + 4 * level_count;
        let (low, high) = (float(bytes, values)?, float(bytes, values + 4)?);
        let mut levels = Vec::with_capacity(level_count);
        for ends in starts.windows(2) {
            let size = ends[1].checked_sub(ends[0])?;
            let from = values + 8 + 4 * (ends[0] - starts[0]);
            let level = bytes.get(from..from + 4 * size)?.chunks_exact(4);
            levels.push(level.filter_map(|value| float(value, 0)).collect());
        }
        let sketch = Self { k, m, min_k, count, low, high, levels };
        (sketch.weight() == Some(u128::from(count))).then_some(sketch)
    }

    pub fn write(&self) -> Vec<u8> {
        let head = |ints: u8, version: u8, flags: u8| {
            let [k0, k1] = self.k.to_le_bytes();
            vec![ints, version, FAMILY, flags, k0, k1, self.m, 0]
        };
        match self.count {
            0 => head(2, 1, EMPTY),
            1 => [head(2, 2, SINGLE), self.low.to_le_bytes().to_vec()].concat(),
            _ => {
                let mut bytes = head(5, 1, 0);
                bytes.extend_from_slice(&self.count.to_le_bytes());
                bytes.extend_from_slice(&self.min_k.to_le_bytes());
                bytes.extend_from_slice(&[self.levels.len() as u8, 0]);
                let mut start = capacity(self.k, self.m, self.levels.len()) - self.retained();
                for level in &self.levels {
                    bytes.extend_from_slice(&(start as u32).to_le_bytes());
                    start += level.len();
                }
                for value in [self.low, self.high].iter().chain(self.levels.iter().flatten()) {
                    bytes.extend_from_slice(&value.to_le_bytes());
                }
                bytes
            }
        }
    }

    /// How many values it has seen.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes in what the other one has seen. False, with nothing changed, where they differ in `k` (Hive's rule).
    pub fn merge(&mut self, other: &Self) -> bool {
        if (self.k, self.m) != (other.k, other.m) {
            return false;
        }
        if other.count == 0 {
            return true;
        }
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
        self.count = self.count.saturating_add(other.count);
        if other.levels.len() > 1 {
            self.min_k = self.min_k.min(other.min_k);
        }
        self.levels.resize(self.levels.len().max(other.levels.len()), Vec::new());
        for (height, (mine, theirs)) in self.levels.iter_mut().zip(&other.levels).enumerate() {
            mine.extend_from_slice(theirs);
            if height > 0 {
                mine.sort_unstable_by(f32::total_cmp);
            }
        }
        self.compress();
        true
    }

    /// Halves levels that are over their size, from the lowest up, until all fit: of a level's values in order every
    /// second one goes up. With which it begins is a coin's decision, and the coin the number of values.
    fn compress(&mut self) {
        let mut coin = self.count;
        let mut height = 0;
        while height < self.levels.len() && self.retained() > capacity(self.k, self.m, self.levels.len()) {
            let most = level_capacity(self.k, self.m, self.levels.len(), height);
            if self.levels[height].len() < most.max(2) || self.levels.len() == MAX_LEVELS && height + 1 == MAX_LEVELS {
                height += 1;
                continue;
            }
            let mut level = std::mem::take(&mut self.levels[height]);
            // One of an odd number stays.
            let stays = level.len() % 2;
            self.levels[height].extend(level.drain(..stays));
            level.sort_unstable_by(f32::total_cmp);
            coin = coin.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let offset = (coin >> 63) as usize;
            if height + 1 == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let above = &mut self.levels[height + 1];
            above.extend(level.into_iter().skip(offset).step_by(2));
            above.sort_unstable_by(f32::total_cmp);
            height += 1;
        }
    }

    fn retained(&self) -> usize {
        self.levels.iter().map(Vec::len).sum()
    }

    /// How many values the kept ones stand for.
    fn weight(&self) -> Option<u128> {
        let weight = |(height, level): (usize, &Vec<f32>)| (level.len() as u128).checked_shl(height as u32);
        self.levels.iter().enumerate().map(weight).sum()
    }
}

fn float(bytes: &[u8], at: usize) -> Option<f32> {
    bytes.get(at..)?.first_chunk().copied().map(f32::from_le_bytes)
}

/// How many values all of so many levels hold together.
fn capacity(k: u16, m: u8, levels: usize) -> usize {
    (0..levels).map(|height| level_capacity(k, m, levels, height)).sum()
}

/// How many one level holds: of the highest `k`, and of each below two thirds of that above, but no fewer than `m`.
fn level_capacity(k: u16, m: u8, levels: usize, height: usize) -> usize {
    let depth = (levels - height - 1) as u32;
    // Beyond this, by the size of `k`, it is less than 1.
    let held = 3u128.checked_pow(depth).filter(|_| depth <= 60).map_or(0, |thirds| {
        let doubled = (u128::from(k) << (depth + 1)) / thirds;
        doubled.div_ceil(2)
    });
    usize::from(m).max(held as usize)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // What DataSketches 1.3.0 writes, which Hive 4.0.1 has: of nothing, of 7, and of 1 to 3 with Hive's k of 200; of 0 to
    // 59 and of 100 to 139 with a k of 8.
    const NOTHING: &str = "02010f01c8000800";
    const SEVEN: &str = "02020f04c80008000000e040";
    const TO_3: &str = "05010f00c80008000300000000000000c8000100c50000000000803f0000404000004040000000400000803f";
    const TO_59: &str = "05010f00080008003c0000000000000008000300000000000c0000000c0000000000000000006c4200006c420000684200\
                         0064420000604200005c4200005842000054420000504200004c42000048420000444200004042000040400000e04000\
                         00204100006041000090410000b0410000d0410000f04100000842000018420000284200003842";
    const FROM_100: &str = "05010f0008000800280000000000000008000300080000000a000000130000000000c84200000b4300000b4300000a\
                            430000f0420000f4420000f8420000fc4200000043000002430000044300000643000008430000ce420000d6420000dc\
                            420000e4420000ec42";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn read(hex: &str) -> Kll {
        Kll::read(&bytes(hex)).unwrap()
    }

    /// Of numbers from 0, as one value after another merged in.
    fn sketch(k: u16, values: impl Iterator<Item = u32>) -> Kll {
        let mut sketch = Kll { k, m: 8, min_k: k, count: 0, low: f32::NAN, high: f32::NAN, levels: vec![Vec::new()] };
        for value in values {
            let one = Kll {
                count: 1,
                low: value as f32,
                high: value as f32,
                levels: vec![vec![value as f32]],
                ..sketch.clone()
            };
            assert!(sketch.merge(&one));
        }
        sketch
    }

    #[test]
    fn sketches_of_datasketches_are_read_and_written() {
        for hex in [NOTHING, SEVEN, TO_3, TO_59, FROM_100] {
            assert_eq!(read(hex).write(), bytes(hex));
        }
        assert_eq!([NOTHING, SEVEN, TO_3, TO_59].map(|hex| read(hex).count()), [0, 1, 3, 60]);
    }

    #[test]
    fn few_values_are_all_kept() {
        let mut merged = read(NOTHING);
        assert!(merged.merge(&read(SEVEN)) && merged.merge(&read(TO_3)) && merged.merge(&read(NOTHING)));
        assert_eq!((merged.count, merged.low, merged.high), (4, 1.0, 7.0));
        assert_eq!(merged.levels, [[7.0, 3.0, 2.0, 1.0]]);
        assert!(!merged.merge(&read(TO_59)), "of another k");
        assert_eq!(merged.count, 4);
    }

    #[test]
    fn many_values_keep_their_weight() {
        let mut merged = read(TO_59);
        assert!(merged.merge(&read(FROM_100)));
        assert_eq!((merged.count, merged.low, merged.high), (100, 0.0, 139.0));
        assert_eq!(merged.weight(), Some(100));
        assert!(merged.retained() <= capacity(8, 8, merged.levels.len()));
        assert_eq!(Kll::read(&merged.write()).unwrap(), merged);
    }

    #[test]
    fn quantiles_stay_where_they_are() {
        let all = sketch(200, 0..20_000);
        let below = |limit: f32| -> u64 {
            let weight = |(height, level): (usize, &Vec<f32>)| {
                level.iter().filter(|value| **value < limit).count() as u64 * (1 << height)
            };
            all.levels.iter().enumerate().map(weight).sum()
        };
        for quarter in [5_000, 10_000, 15_000] {
            // Twice the error of one rank that DataSketches promises for k = 200 is 2.7 percent.
            assert!(below(quarter as f32).abs_diff(quarter) < 540, "{quarter}: {}", below(quarter as f32));
        }
        assert_eq!(all.weight(), Some(20_000));
    }

    #[test]
    fn other_bytes_are_no_sketch() {
        let mut wrong_count = bytes(TO_3);
        wrong_count[8] = 4;
        for other in [&b""[..], b"HLL\xa4\x01\x00", &[0; 3000], &wrong_count, &bytes(TO_59)[..100]] {
            assert_eq!(Kll::read(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn garbage_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..200), flags in 0u8..8, k in 8u8..20) {
            let head = [5, 1, FAMILY, flags, k, 0, 8, 0];
            if let Some(mut sketch) = Kll::read(&[&head[..], &tail].concat()) {
                let same = sketch.clone();
                sketch.merge(&same);
                sketch.write();
            }
        }

        #[test]
        fn merges_keep_every_weight(mine in 0u32..500, theirs in 0u32..500) {
            let mut merged = sketch(8, 0..mine);
            prop_assert!(merged.merge(&sketch(8, 0..theirs)));
            prop_assert_eq!(merged.weight(), Some(u128::from(mine + theirs)));
            prop_assert_eq!(merged.count, u64::from(mine + theirs));
            let again = Kll::read(&merged.write()).unwrap();
            prop_assert_eq!(again.write(), merged.write());
        }
    }
}
