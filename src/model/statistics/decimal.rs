//! Decimals as both protocols write them: an unscaled integer in big-endian two's complement, and a scale.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{CatalogError, Result};

/// The most digits that a decimal of Hive, Spark or Trino has.
const MAX_DIGITS: u32 = 38;

/// A decimal of at most 38 digits: `unscaled` / 10^`scale`. Equal numbers of different scale are not equal here: the
/// scale is kept as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Decimal {
    unscaled: i128,
    scale: u8,
}

impl Decimal {
    /// From the wire's form. A negative scale, as Java writes round numbers, becomes 0 by zeros.
    pub fn from_wire(unscaled: &[u8], scale: i16) -> Result<Self> {
        let invalid = || {
            CatalogError::invalid_object(format!(
                "A decimal of {} bytes and scale {scale} is no decimal of at most {MAX_DIGITS} digits",
                unscaled.len()
            ))
        };
        let negative = unscaled.first().ok_or_else(invalid)? & 0x80 != 0;
        let filler = if negative { 0xff } else { 0 };
        let mut bytes = [filler; 16];
        let excess = unscaled.len().saturating_sub(bytes.len());
        if unscaled[..excess].iter().any(|byte| *byte != filler) {
            return Err(invalid());
        }
        let kept = &unscaled[excess..];
        bytes[16 - kept.len()..].copy_from_slice(kept);
        let mut value = i128::from_be_bytes(bytes);
        if (value < 0) != negative {
            return Err(invalid());
        }
        if scale < 0 {
            let factor = 10i128.checked_pow(scale.unsigned_abs().into()).ok_or_else(invalid)?;
            value = value.checked_mul(factor).ok_or_else(invalid)?;
        }
        Self::new(value, scale.max(0).unsigned_abs().into()).ok_or_else(invalid)
    }

    fn new(unscaled: i128, scale: u32) -> Option<Self> {
        let fits = unscaled.unsigned_abs() < 10u128.pow(MAX_DIGITS) && scale <= MAX_DIGITS;
        fits.then_some(Self { unscaled, scale: scale as u8 })
    }

    /// The shortest big-endian two's complement of the unscaled value, and the scale.
    pub fn to_wire(self) -> (Vec<u8>, i16) {
        let bytes = self.unscaled.to_be_bytes();
        let filler = if self.unscaled < 0 { 0xff } else { 0 };
        let start = (0..15).find(|at| bytes[*at] != filler || (bytes[at + 1] ^ filler) & 0x80 != 0).unwrap_or(15);
        (bytes[start..].to_vec(), self.scale.into())
    }

    /// As near as a double comes.
    pub fn to_f64(self) -> f64 {
        self.unscaled as f64 / 10f64.powi(self.scale.into())
    }

    /// The decimal that a double reads as, at the most digits that fit. None for what is no number, or too large.
    pub fn from_f64(value: f64) -> Option<Self> {
        value.is_finite().then(|| format!("{value}")).and_then(|text| {
            let room = MAX_DIGITS as usize - text.find('.').unwrap_or(text.len()).min(MAX_DIGITS as usize);
            let end = text.find('.').map_or(text.len(), |dot| text.len().min(dot + 1 + room));
            text[..end].trim_end_matches('.').parse().ok()
        })
    }

    /// By value, whatever the scales.
    pub fn compare(self, other: Self) -> Ordering {
        let whole = |decimal: Self| decimal.unscaled.div_euclid(10i128.pow(decimal.scale.into()));
        let rest = |decimal: Self| {
            let unit = 10i128.pow(decimal.scale.into());
            // Below one: at 38 digits it cannot overflow.
            decimal.unscaled.rem_euclid(unit) * 10i128.pow(MAX_DIGITS - u32::from(decimal.scale))
        };
        whole(self).cmp(&whole(other)).then_with(|| rest(self).cmp(&rest(other)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.unscaled < 0 { "-" } else { "" };
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        match fraction {
            "" => write!(f, "{sign}{whole}"),
            _ => write!(f, "{sign}{whole}.{fraction}"),
        }
    }
}

impl FromStr for Decimal {
    type Err = CatalogError;

    fn from_str(text: &str) -> Result<Self> {
        let invalid = || CatalogError::invalid_object(format!("{text:?} is no decimal of at most {MAX_DIGITS} digits"));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let unscaled = format!("{whole}{fraction}").parse().map_err(|_| invalid())?;
        let scale = u32::try_from(fraction.len()).map_err(|_| invalid())?;
        Self::new(unscaled, scale).ok_or_else(invalid)
    }
}

impl From<Decimal> for String {
    fn from(decimal: Decimal) -> Self {
        decimal.to_string()
    }
}

impl TryFrom<String> for Decimal {
    type Error = CatalogError;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX: i128 = 10i128.pow(MAX_DIGITS) - 1;

    #[test]
    fn reads_and_writes_what_java_does() {
        for (bytes, scale, text) in [
            (&[0x00][..], 0, "0"),
            (&[0x7b], 2, "1.23"),
            (&[0xff, 0x7f], 3, "-0.129"),
            (&[0x00, 0x80], 0, "128"),
            (&[0x80], 1, "-12.8"),
        ] {
            let decimal = Decimal::from_wire(bytes, scale).unwrap();
            assert_eq!(decimal.to_string(), text);
            assert_eq!(decimal.to_wire(), (bytes.to_vec(), scale));
        }
        // More bytes than needed, and a scale below zero, mean the same number.
        assert_eq!(Decimal::from_wire(&[0xff; 20], 0).unwrap().to_string(), "-1");
        assert_eq!(Decimal::from_wire(&[0x0c], -2).unwrap().to_string(), "1200");
    }

    #[test]
    fn refuses_what_no_engine_has() {
        for (bytes, scale) in
            [(&[][..], 0), (&[0x7f; 17], 0), (&[0x7f; 16], 0), (&[0x01], 39), (&[0x01], -38), (&[0x01], i16::MIN)]
        {
            assert!(Decimal::from_wire(bytes, scale).is_err(), "{bytes:?} {scale}");
        }
    }

    #[test]
    fn doubles_become_decimals() {
        assert_eq!(Decimal::from_f64(12.5).unwrap().to_string(), "12.5");
        assert_eq!(Decimal::from_f64(-3.0).unwrap().to_string(), "-3");
        assert_eq!(Decimal::from_f64(1e-300).unwrap().to_f64(), 0.0);
        assert!(Decimal::from_f64(1e39).is_none() && Decimal::from_f64(f64::NAN).is_none());
    }

    proptest! {
        #[test]
        fn round_trips(unscaled in -MAX..=MAX, scale in 0u8..=38) {
            let decimal = Decimal { unscaled, scale };
            let (bytes, wire_scale) = decimal.to_wire();
            prop_assert_eq!(Decimal::from_wire(&bytes, wire_scale).unwrap(), decimal);
            prop_assert_eq!(decimal.to_string().parse::<Decimal>().unwrap(), decimal);
        }

        #[test]
        fn compares_by_value(a in -100_000i128..100_000, b in -100_000i128..100_000, s in 0u8..6, t in 0u8..6) {
            let (left, right) = (Decimal { unscaled: a, scale: s }, Decimal { unscaled: b, scale: t });
            let expected = (a * 10i128.pow(t.into())).cmp(&(b * 10i128.pow(s.into())));
            prop_assert_eq!(left.compare(right), expected);
        }
    }
}
