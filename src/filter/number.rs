//! Decimal numbers of any size, kept as text.

use std::cmp::Ordering;
use std::fmt;

/// The longest number read, in characters: an SQL cast of anything that passes cannot fail.
pub const MAX_NUMBER_LENGTH: usize = 100;

/// An exact decimal number: ±0.d₁d₂… × 10^`exponent`, where d₁ and the last digit are not 0. Zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Number {
    negative: bool,
    exponent: i32,
    digits: String,
}

impl Number {
    /// Reads `[+-]digits`, the text of a whole number.
    pub fn whole(text: &str) -> Option<Number> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let digits = unsigned.bytes().all(|b| b.is_ascii_digit());
        if digits { Number::decimal(text) } else { None }
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]`, with at least one digit on either side of the point and at most two
    /// in the exponent.
    pub fn decimal(text: &str) -> Option<Number> {
        if text.len() > MAX_NUMBER_LENGTH {
            return None;
        }
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, exponent(power)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = format!("{whole}{fraction}");
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let leading = digits.bytes().take_while(|b| *b == b'0').count();
        digits.drain(..leading);
        digits.truncate(digits.trim_end_matches('0').len());
        if digits.is_empty() {
            return Some(Number { negative: false, exponent: 0, digits });
        }
        // The lengths are at most MAX_NUMBER_LENGTH.
        let exponent = power + whole.len() as i32 - leading as i32;
        Some(Number { negative: text.starts_with('-'), exponent, digits })
    }

    pub fn is_whole(&self) -> bool {
        self.scale() == 0
    }

    /// Digits after the point.
    pub fn scale(&self) -> i32 {
        (self.digits.len() as i32 - self.exponent).max(0)
    }
}

fn exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let short = matches!(digits.len(), 1 | 2) && digits.bytes().all(|b| b.is_ascii_digit());
    let value: i32 = if short { digits.parse().ok()? } else { return None };
    Some(if text.starts_with('-') { -value } else { value })
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        let sign = |n: &Number| if n.digits.is_empty() { 0 } else { 1 - 2 * i8::from(n.negative) };
        let by_sign = sign(self).cmp(&sign(other));
        let by_size = || self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits));
        by_sign.then_with(|| if self.negative { by_size().reverse() } else { by_size() })
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Plain digits, without an exponent: one text for each number.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.negative {
            f.write_str("-")?;
        }
        let zeros = |count: i32| "0".repeat(count.max(0) as usize);
        let length = self.digits.len() as i32;
        if self.is_whole() {
            let text = format!("{}{}", self.digits, zeros(self.exponent - length));
            f.write_str(if text.is_empty() { "0" } else { &text })
        } else if self.exponent <= 0 {
            write!(f, "0.{}{}", zeros(-self.exponent), self.digits)
        } else {
            let (whole, fraction) = self.digits.split_at(self.exponent as usize);
            write!(f, "{whole}.{fraction}")
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::Number;

    #[test]
    fn one_text_for_each_number() {
        for (text, plain) in [
            ("0", "0"),
            ("-0.00", "0"),
            ("+007", "7"),
            ("-12.50", "-12.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e3", "1000"),
            ("12.5E-3", "0.0125"),
            ("1200", "1200"),
            ("99999999999999999999999", "99999999999999999999999"),
        ] {
            assert_eq!(Number::decimal(text).unwrap().to_string(), plain, "{text}");
        }
        for text in ["", "-", ".", "1e", "1e123", "1.2.3", "--1", "0x1", "NaN", "1 ", "e1", &"9".repeat(101)] {
            assert_eq!(Number::decimal(text), None, "{text}");
        }
        assert_eq!(Number::whole("1.0"), None);
        assert_eq!(Number::whole("1e1"), None);
        assert_eq!(Number::whole(""), None);
    }

    proptest! {
        #[test]
        fn orders_as_integers(a in -100_000i64..100_000, b in -100_000i64..100_000, pad in 0usize..4) {
            let number = |n: i64| {
                let padding = "0".repeat(pad);
                Number::decimal(&format!("{}{padding}{}.{padding}", if n < 0 { "-" } else { "" }, n.abs())).unwrap()
            };
            prop_assert_eq!(number(a).cmp(&number(b)), a.cmp(&b));
        }

        #[test]
        fn orders_as_floats(a in -1e6..1e6f64, b in -1e6..1e6f64) {
            let number = |n: f64| Number::decimal(&format!("{n}")).unwrap();
            prop_assert_eq!(Some(number(a).cmp(&number(b))), a.partial_cmp(&b));
        }

        #[test]
        fn prints_and_reads_back(text in "[+-]?[0-9]{1,5}(\\.[0-9]{0,5})?([eE][+-]?[0-9]{1,2})?") {
            let number = Number::decimal(&text).unwrap();
            let printed = number.to_string();
            // A power of 99 makes more digits than are read.
            if printed.len() <= super::MAX_NUMBER_LENGTH {
                prop_assert_eq!(Number::decimal(&printed).unwrap(), number);
            }
        }
    }
}
