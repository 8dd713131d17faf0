//! Inputs made of others.

/// Numbers that look like chance, the same for the same seed (Vigna's splitmix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Less than `end`; 0 where that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn one_of<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What sizes, counts and types go wrong with.
const NUMBERS: &[i32] = &[0, 1, -1, i32::MAX, i32::MIN, 0x7f, 0x80, 0xff, 0xffff, 1 << 20, 100 << 20];
const BYTES: &[u8] = &[0, 1, 2, 0x0a, 0x0b, 0x0c, 0x0d, 0x0f, b' ', b'"', b'\'', b'(', b'/', b':', 0x7f, 0x80, 0xff];
const VARINTS: &[&[u8]] = &[
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    &[0xfd, 0xff, 0x07],
];

/// Changes `input` in one to six ways, and keeps it at `longest` bytes.
pub fn mutate(input: &mut Vec<u8>, others: &[Vec<u8>], longest: usize, dice: &mut Dice) {
    for _ in 0..=dice.below(6) {
        change(input, others, dice);
        input.truncate(longest);
    }
}

fn change(input: &mut Vec<u8>, others: &[Vec<u8>], dice: &mut Dice) {
    let length = input.len();
    let at = dice.below(length + 1);
    let part = |dice: &mut Dice, of: usize| {
        let start = dice.below(of + 1);
        // Short parts more often than long ones.
        let most = (1 + (of - start)) >> dice.below(8);
        start..(start + dice.below(most + 1)).min(of)
    };
    match dice.below(12) {
        0 if length > 0 => input[at % length] ^= 1 << dice.below(8),
        1 if length > 0 => input[at % length] = dice.next() as u8,
        2 if length > 0 => input[at % length] = *dice.one_of(BYTES),
        3 => input.truncate(at),
        4 => drop(input.drain(part(dice, length))),
        5 => {
            let repeated = input[part(dice, length)].repeat(1 << dice.below(10));
            input.splice(at..at, repeated.into_iter().take(64 << 10));
        }
        6 => {
            let copied = input[part(dice, length)].to_vec();
            input.splice(at..at, copied);
        }
        7 => {
            let other = dice.one_of(others);
            let spliced = other[part(dice, other.len())].to_vec();
            let replaced = if dice.below(2) == 0 { at..at } else { at..(at + spliced.len()).min(length) };
            input.splice(replaced, spliced);
        }
        8 => {
            let other = dice.one_of(others);
            let from = dice.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        9 => {
            let number = *dice.one_of(NUMBERS);
            let bytes = if dice.below(4) == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
            input.splice(at..(at + 4).min(length), bytes);
        }
        10 => {
            let varint = *dice.one_of(VARINTS);
            let replaced = if dice.below(2) == 0 { 1 } else { varint.len() };
            input.splice(at..(at + replaced).min(length), varint.iter().copied());
        }
        _ => input.insert(at, dice.next() as u8),
    }
}
