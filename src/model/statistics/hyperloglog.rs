//! Hive's sketch of distinct values, as its clients send it in the bit vectors of column statistics: HyperLogLog over
//! 64-bit hashes, whose low `p` bits choose a register.
//!
//! The form: `HLL`; a byte of `p` (4 bits), a spare bit and the width of a register in bits (3 bits: 0 sparse, 7 eight);
//! the estimate as a varint; and the registers: dense ones packed from the highest bit down, or, sparse, their number
//! and the difference of each to the one before, as varints. A sparse register is 25 bits of the hash and 6 of its value.

use std::collections::BTreeMap;

const MAGIC: &[u8] = b"HLL";
const SPARSE_INDEX_BITS: u32 = 25;
const SPARSE_VALUE_BITS: u32 = 6;
const HASH_BITS: u32 = 64;

#[derive(Debug, Clone, PartialEq)]
pub struct HyperLogLog {
    p: u32,
    registers: Registers,
}

#[derive(Debug, Clone, PartialEq)]
enum Registers {
    Sparse(BTreeMap<u32, u8>),
    Dense(Vec<u8>),
}

impl HyperLogLog {
    /// None where the bytes are no such sketch: other engines, and Hive before 3, write others.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (&header, mut rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
        let p = u32::from(header >> 4);
        if p < 4 {
            return None;
        }
        varint(&mut rest)?;
        let registers = match header & 7 {
            0 => Registers::Sparse(read_sparse(rest)?),
            7 => Registers::Dense(rest.get(..1 << p)?.to_vec()),
            width => Registers::Dense(unpack(rest, 1 << p, width.into())?),
        };
        let values_fit = match &registers {
            Registers::Sparse(map) => map.values().all(|value| u32::from(*value) <= HASH_BITS - p + 1),
            Registers::Dense(values) => values.iter().all(|value| u32::from(*value) <= HASH_BITS - p + 1),
        };
        values_fit.then_some(Self { p, registers })
    }

    pub fn write(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let header = (self.p << 4) as u8;
        let estimate = self.estimate().max(1) as u64;
        match &self.registers {
            Registers::Sparse(map) => {
                bytes.push(header);
                push_varint(&mut bytes, estimate);
                push_varint(&mut bytes, map.len() as u64);
                let mut before = 0;
                for (index, value) in map {
                    let register = u64::from(index << SPARSE_VALUE_BITS | u32::from(*value));
                    push_varint(&mut bytes, register - before);
                    before = register;
                }
            }
            Registers::Dense(values) => {
                // An empty sketch still needs a width that is not the mark of a sparse one.
                let width = (8 - values.iter().copied().max().unwrap_or(0).leading_zeros()).max(1);
                bytes.push(header | if width > 6 { 7 } else { width as u8 });
                push_varint(&mut bytes, estimate);
                match width {
                    7.. => bytes.extend_from_slice(values),
                    _ => pack(&mut bytes, values, width),
                }
            }
        }
        bytes
    }

    /// Takes in all values that the other one has seen. The result is as fine as the coarser of the two.
    pub fn merge(&mut self, other: &Self) {
        if let (Registers::Sparse(mine), Registers::Sparse(theirs)) = (&mut self.registers, &other.registers)
            && self.p == other.p
        {
            for (index, value) in theirs {
                let kept = mine.entry(*index).or_default();
                *kept = (*kept).max(*value);
            }
            // As Hive does: beyond this the dense form is the smaller one.
            if mine.len() > (1 << self.p) * 6 / 8 / 5 {
                self.registers = Registers::Dense(self.dense(self.p));
            }
            return;
        }
        self.registers = {
            let p = self.p.min(other.p);
            let mut dense = self.dense(p);
            for (mine, theirs) in dense.iter_mut().zip(other.dense(p)) {
                *mine = (*mine).max(theirs);
            }
            self.p = p;
            Registers::Dense(dense)
        };
    }

    /// How many distinct values were seen. Sparse ones by linear counting, dense ones by the improved raw estimator of
    /// Ertl ("New cardinality estimation algorithms for HyperLogLog sketches", 2017), which needs no tables of biases.
    pub fn estimate(&self) -> i64 {
        let estimate = match &self.registers {
            Registers::Sparse(map) => {
                let all = f64::from(1u32 << SPARSE_INDEX_BITS);
                all * (all / (all - map.len() as f64)).ln()
            }
            Registers::Dense(values) => {
                let m = values.len() as f64;
                let longest = (HASH_BITS - self.p + 1) as usize;
                let mut counts = vec![0.0; longest + 1];
                for value in values {
                    counts[usize::from(*value)] += 1.0;
                }
                let mut z = m * tau(1.0 - counts[longest] / m);
                for count in counts[1..longest].iter().rev() {
                    z = 0.5 * (z + count);
                }
                z += m * sigma(counts[0] / m);
                m * m / (2.0 * std::f64::consts::LN_2 * z)
            }
        };
        estimate.round() as i64
    }

    /// The registers for `p` bits, which are not more than this has. The bits of an index that no longer choose a
    /// register are the first of those whose zeros are counted.
    fn dense(&self, p: u32) -> Vec<u8> {
        let mut dense = vec![0; 1 << p];
        let mut put = |index: u32, value: u8| {
            let lost = (index & ((1 << self.p) - 1)) >> p;
            let value = match lost {
                0 => value + (self.p - p) as u8,
                _ => lost.trailing_zeros() as u8 + 1,
            };
            let kept: &mut u8 = &mut dense[(index & ((1 << p) - 1)) as usize];
            *kept = (*kept).max(value);
        };
        match &self.registers {
            Registers::Sparse(map) => map.iter().for_each(|(index, value)| put(*index, *value)),
            Registers::Dense(values) => {
                (0..).zip(values).filter(|(_, value)| **value > 0).for_each(|(index, value)| put(index, *value));
            }
        }
        dense
    }
}

fn sigma(mut x: f64) -> f64 {
    if x == 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x == 0.0 || x == 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}

/// Hive writes sparse registers in the order of a hash map, so differences may be negative: they wrap.
fn read_sparse(mut rest: &[u8]) -> Option<BTreeMap<u32, u8>> {
    let size = varint(&mut rest)?;
    let mut map = BTreeMap::new();
    let mut register = 0u32;
    for _ in 0..size {
        register = register.wrapping_add(varint(&mut rest)? as u32);
        let index = register >> SPARSE_VALUE_BITS;
        let value = (register & ((1 << SPARSE_VALUE_BITS) - 1)) as u8;
        if index >= 1 << SPARSE_INDEX_BITS {
            return None;
        }
        let kept = map.entry(index).or_insert(0);
        *kept = value.max(*kept);
    }
    Some(map)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn push_varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn pack(bytes: &mut Vec<u8>, values: &[u8], width: u32) {
    let (mut held, mut bits) = (0u32, 0);
    for value in values {
        held = held << width | u32::from(*value);
        bits += width;
        while bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
}

fn unpack(bytes: &[u8], size: usize, width: u32) -> Option<Vec<u8>> {
    let mut bytes = bytes.get(..size * width as usize / 8)?.iter();
    let (mut held, mut bits) = (0u32, 0);
    let mut values = Vec::with_capacity(size);
    for _ in 0..size {
        while bits < width {
            held = held << 8 | u32::from(*bytes.next()?);
            bits += 8;
        }
        bits -= width;
        values.push((held >> bits) as u8 & ((1 << width) - 1));
    }
    Some(values)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // What Hive 4.0.1 writes for ranges of longs, by its own HyperLogLog class: with the 10 bits that it takes for
    // statistics, and with fewer, for short samples of the dense form.
    const EMPTY: &str = "484c4ca00100";
    const TO_5: &str = "484c4ca00505c1f3be48c39da4af01bdc2aba0feffffffff01c1dbdc9201c2d2f48e03";
    const FROM_3_TO_8: &str = "484c4ca00505c1fde4f006819c95bff9ffffffff01c2f7e8c701fe9d88b3ffffffffff01bff4824e";
    const BOTH: &str = "484c4ca00808c1f3be48808aa6a806819c95bff9ffffffff01c2f7e8c701bdc2aba0feffffffff01c1dbdc9201bff482\
                        4e83def1c002";
    const P4_TO_50: &str = "484c4c442d318a302335430642";
    const P4_FROM_30_TO_100: &str = "484c4c44513483133232246646";
    const P4_BOTH: &str = "484c4c449f01348a333335446646";
    const P6_FROM_20_TO_300: &str = "484c4c648002126131515134482434123283114322344c322373322233222333626254396323";
    const P4_AND_P6: &str = "484c4c448502348a537375566a46";

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    fn read(hex: &str) -> HyperLogLog {
        HyperLogLog::read(&bytes(hex)).unwrap()
    }

    fn merged(mine: &str, theirs: &str) -> HyperLogLog {
        let mut sketch = read(mine);
        sketch.merge(&read(theirs));
        sketch
    }

    #[test]
    fn small_sketches_of_hive_count_exactly() {
        assert_eq!([EMPTY, TO_5, FROM_3_TO_8, BOTH].map(|hex| read(hex).estimate()), [0, 5, 5, 8]);
        assert_eq!(merged(TO_5, FROM_3_TO_8), read(BOTH));
        assert_eq!(merged(EMPTY, BOTH), read(BOTH));
    }

    #[test]
    fn dense_sketches_of_hive_merge_as_in_hive() {
        assert_eq!(merged(P4_TO_50, P4_FROM_30_TO_100).registers, read(P4_BOTH).registers);
        assert_eq!(merged(P4_TO_50, P6_FROM_20_TO_300).registers, read(P4_AND_P6).registers);
        assert_eq!(merged(P6_FROM_20_TO_300, P4_TO_50).registers, read(P4_AND_P6).registers);
        // The registers are written as Hive writes them; the estimate before them is ours.
        let written = read(P4_BOTH).write();
        assert_eq!(written[written.len() - 8..], bytes(P4_BOTH)[6..]);
    }

    /// A sketch of the numbers of a range, by another hash than Hive's: any good one will do.
    fn sketch(p: u32, range: std::ops::Range<u64>) -> HyperLogLog {
        let mut dense = vec![0u8; 1 << p];
        for number in range {
            let mut hash = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash = (hash ^ hash >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            hash = (hash ^ hash >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            hash ^= hash >> 31;
            let kept = &mut dense[(hash & ((1 << p) - 1)) as usize];
            *kept = (*kept).max(((hash >> p).trailing_zeros() + 1).min(HASH_BITS - p + 1) as u8);
        }
        HyperLogLog { p, registers: Registers::Dense(dense) }
    }

    #[test]
    fn estimates_are_near() {
        for n in [50, 500, 3_000, 20_000, 200_000] {
            let estimate = sketch(10, 0..n).estimate() as f64;
            // Four times the standard error of 1.04 / sqrt(1024).
            assert!((estimate / n as f64 - 1.0).abs() < 0.13, "{n}: {estimate}");
        }
        assert_eq!(sketch(10, 0..0).estimate(), 0);
    }

    #[test]
    fn merging_is_a_union_whatever_the_sizes() {
        let mut coarse = sketch(8, 0..1_000);
        coarse.merge(&sketch(12, 500..5_000));
        assert_eq!(coarse, sketch(8, 0..5_000));
    }

    #[test]
    fn other_bytes_are_no_sketch() {
        for other in
            [&b""[..], b"FM\x10", b"HLL", b"HLL\xa4\x01\x00", b"HLL\x00\x01\x00", b"HLL\xa0\x01\xff\xff\xff\x0f"]
        {
            assert!(HyperLogLog::read(other).is_none(), "{other:?}");
        }
        assert!(HyperLogLog::read(&[b"HLL\x47\x01".as_slice(), &[200; 16]].concat()).is_none());
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(p in 4u32..=12, n in 0u64..3_000) {
            let dense = sketch(p, 0..n);
            prop_assert_eq!(HyperLogLog::read(&dense.write()).unwrap(), dense);
        }

        #[test]
        fn sparse_ones_too(map in proptest::collection::btree_map(0u32..1 << 25, 1u8..50, 0..40)) {
            let sparse = HyperLogLog { p: 10, registers: Registers::Sparse(map) };
            prop_assert_eq!(HyperLogLog::read(&sparse.write()).unwrap(), sparse);
        }

        #[test]
        fn garbage_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..200), more in proptest::collection::vec(any::<u8>(), 0..200)) {
            let read = |tail: &[u8]| HyperLogLog::read(&[b"HLL".as_slice(), tail].concat());
            if let (Some(mut mine), Some(theirs)) = (read(&tail), read(&more)) {
                mine.merge(&theirs);
                mine.estimate();
                mine.write();
            }
        }
    }
}
