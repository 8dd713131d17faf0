//! The primitives of Kryo's format, of its versions 3 and 4 as Hive 2 and 3 use them, and 5 as Hive 4 does.

use super::{Result, malformed};

/// Which of Kryo's formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Numbers of a fixed size have their highest byte first.
    Three,
    /// They have their lowest byte first.
    Five,
}

pub struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
    pub version: Version,
}

impl<'a> Input<'a> {
    pub fn new(bytes: &'a [u8], version: Version) -> Self {
        Input { bytes, at: 0, version }
    }

    pub fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some(bytes) = self.bytes[self.at..].get(..length) else {
            return malformed(format!("it ends after {} bytes in the middle of a value", self.bytes.len()));
        };
        self.at += length;
        Ok(bytes)
    }

    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.take(1)?[0])
    }

    pub fn boolean(&mut self) -> Result<bool> {
        Ok(self.byte()? != 0)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        bytes.copy_from_slice(self.take(N)?);
        if self.version == Version::Five {
            bytes.reverse();
        }
        Ok(bytes)
    }

    pub fn short(&mut self) -> Result<i16> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }

    pub fn float(&mut self) -> Result<f32> {
        Ok(f32::from_be_bytes(self.fixed()?))
    }

    pub fn double(&mut self) -> Result<f64> {
        Ok(f64::from_be_bytes(self.fixed()?))
    }

    pub fn fixed_int(&mut self) -> Result<i32> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }

    pub fn fixed_long(&mut self) -> Result<i64> {
        Ok(i64::from_be_bytes(self.fixed()?))
    }

    /// A number of at most five bytes, seven bits each, the lowest first.
    pub fn count(&mut self) -> Result<u32> {
        let mut value = 0u32;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            value |= u32::from(byte & 0x7f).wrapping_shl(shift);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        malformed("a number in it does not end")
    }

    pub fn int(&mut self) -> Result<i32> {
        let value = self.count()?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    pub fn long(&mut self) -> Result<i64> {
        let mut value = 0u64;
        for index in 0..9 {
            let byte = self.byte()?;
            if index == 8 {
                value |= u64::from(byte) << 56;
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                break;
            }
        }
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A length that is written one higher, so that 0 stands for null.
    pub fn length(&mut self) -> Result<Option<usize>> {
        Ok((self.count()? as usize).checked_sub(1))
    }

    /// As [`length`](Self::length), after one bit: a flag. Six bits fit the first byte then.
    fn flagged_length(&mut self) -> Result<(bool, Option<usize>)> {
        let first = self.byte()?;
        let mut value = u64::from(first & 0x3f);
        let mut more = first & 0x40 != 0;
        let mut shift = 6;
        while more {
            if shift > 32 {
                return malformed("a length in it does not end");
            }
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            more = byte & 0x80 != 0;
            shift += 7;
        }
        Ok((first & 0x80 != 0, (value as usize).checked_sub(1)))
    }

    /// Whether a flag is set, and the length of a list.
    pub fn list_length(&mut self) -> Result<(bool, usize)> {
        let (flag, length) = self.flagged_length()?;
        match length {
            Some(length) => Ok((flag, length)),
            None => malformed("a list in it has no length"),
        }
    }

    /// A text: ASCII with the last byte marked, or characters of Java counted before them.
    pub fn text(&mut self) -> Result<Option<String>> {
        if self.bytes.get(self.at).is_some_and(|first| first & 0x80 == 0) {
            let rest = &self.bytes[self.at..];
            let Some(last) = rest.iter().position(|byte| byte & 0x80 != 0) else {
                return malformed("a text in it does not end");
            };
            self.at += last + 1;
            return Ok(Some(rest[..=last].iter().map(|byte| char::from(byte & 0x7f)).collect()));
        }
        let (_, length) = self.flagged_length()?;
        let Some(length) = length else { return Ok(None) };
        if length > self.remaining() {
            return malformed(format!(
                "it announces a text of {length} characters where {} bytes are left",
                self.remaining()
            ));
        }
        let mut units = Vec::with_capacity(length);
        for _ in 0..length {
            units.push(self.character()?);
        }
        match String::from_utf16(&units) {
            Ok(text) => Ok(Some(text)),
            Err(_) => malformed("a text in it has half of a character"),
        }
    }

    fn character(&mut self) -> Result<u16> {
        let first = self.byte()?;
        let low = |byte: u8| u16::from(byte & 0x3f);
        Ok(match first >> 4 {
            0..=7 => u16::from(first),
            12 | 13 => u16::from(first & 0x1f) << 6 | low(self.byte()?),
            14 => {
                let second = low(self.byte()?);
                u16::from(first & 0x0f) << 12 | second << 6 | low(self.byte()?)
            }
            _ => return malformed("a text in it is none"),
        })
    }
}
