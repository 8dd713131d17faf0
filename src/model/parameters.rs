//! Parameters: string keys and values in key order, and their packed form.

use std::collections::BTreeMap;

use crate::error::{CatalogError, Result};

pub type Parameters = BTreeMap<String, String>;

/// The parameter in which the metastore keeps the second of the last change.
pub const LAST_DDL_TIME: &str = "transient_lastDdlTime";

/// Whether a parameter is set to true, in any case, as the metastore reads its flags.
pub fn is_true(parameters: &Parameters, key: &str) -> bool {
    parameters.get(key).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Packs parameters into bytes: for each pair key and value, each a big-endian u32 length and UTF-8 bytes. It is what
/// partitions store, and what the metastore's binary protocol calls the body of a map, so lists are encoded without a
/// look inside.
pub fn pack(parameters: &Parameters) -> Vec<u8> {
    let size = parameters.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
    let mut packed = Vec::with_capacity(size);
    for text in parameters.iter().flat_map(|(key, value)| [key, value]) {
        packed.extend_from_slice(&(text.len() as u32).to_be_bytes());
        packed.extend_from_slice(text.as_bytes());
    }
    packed
}

/// The pairs of packed parameters, without copying. Ends early where the bytes are not a packed map.
pub fn unpacked(packed: &[u8]) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = packed;
    std::iter::from_fn(move || Some((take_text(&mut rest)?, take_text(&mut rest)?)))
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let (size, tail) = rest.split_first_chunk::<4>()?;
    let (text, tail) = tail.split_at_checked(u32::from_be_bytes(*size) as usize)?;
    *rest = tail;
    std::str::from_utf8(text).ok()
}

pub fn unpack(packed: &[u8]) -> Result<Parameters> {
    let parameters: Parameters = unpacked(packed).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let size: usize = parameters.iter().map(|(key, value)| 8 + key.len() + value.len()).sum();
    if size == packed.len() {
        Ok(parameters)
    } else {
        Err(CatalogError::internal("stored partition parameters are damaged"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_unpacks(parameters in proptest::collection::btree_map(".*", ".*", 0..8)) {
            prop_assert_eq!(unpack(&pack(&parameters)).unwrap(), parameters);
        }
    }

    #[test]
    fn damaged_bytes_are_told() {
        let mut packed = pack(&Parameters::from([("a".into(), "b".into())]));
        packed.truncate(packed.len() - 1);
        assert!(unpack(&packed).is_err());
    }
}
