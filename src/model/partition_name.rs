//! Partition names: `region=eu/dt=2026-01-31`, which are also the default directories of partitions.

use crate::error::excerpt;

/// Stands for a null or empty value in a partition name, and is the stored value of a null key.
pub const DEFAULT_PARTITION: &str = "__HIVE_DEFAULT_PARTITION__";

/// A text that is no partition name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is not a partition name: {problem}")]
pub struct PartitionNameError {
    name: String,
    problem: String,
}

/// The name of a partition: keys in lower case, keys and values escaped as Hive's `FileUtils.escapePathName` does. The
/// two lists are of one length.
pub fn partition_name<K: AsRef<str>, V: AsRef<str>>(keys: &[K], values: &[V]) -> String {
    debug_assert_eq!(keys.len(), values.len());
    let mut name = String::new();
    for (key, value) in keys.iter().zip(values) {
        if !name.is_empty() {
            name.push('/');
        }
        escape(&key.as_ref().to_lowercase(), &mut name);
        name.push('=');
        escape(value.as_ref(), &mut name);
    }
    name
}

/// The keys and values of a partition name, in order. Keys are given in lower case; `__HIVE_DEFAULT_PARTITION__` stays
/// what it is, since a name does not tell a null value from an empty one.
pub fn parse_partition_name(name: &str) -> Result<Vec<(String, String)>, PartitionNameError> {
    let error = |problem: &str| PartitionNameError { name: excerpt(name), problem: problem.to_owned() };
    let parts = name.trim_matches('/').split('/').filter(|part| !part.is_empty());
    let parts: Vec<_> = parts
        .map(|part| match part.split_once('=') {
            Some((key, value)) if !key.is_empty() && !value.is_empty() => {
                Ok((unescape(key).to_lowercase(), unescape(value)))
            }
            _ => Err(error(&format!("\"{}\" is not of the form key=value", excerpt(part)))),
        })
        .collect::<Result<_, _>>()?;
    if parts.is_empty() { Err(error("it is empty")) } else { Ok(parts) }
}

pub(super) fn escape(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    if text.is_empty() {
        out.push_str(DEFAULT_PARTITION);
    }
    for c in text.chars() {
        if c.is_ascii_control() || "\"#%'*/:=?\\{[]^".contains(c) {
            let byte = c as usize;
            out.push('%');
            out.push(HEX[byte >> 4] as char);
            out.push(HEX[byte & 15] as char);
        } else {
            out.push(c);
        }
    }
}

/// Undoes [`escape`]. As in Hive each `%XX` is the character of that number, and a `%` without two hexadecimal digits
/// stands for itself.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.get(..2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                out.push(char::from(code));
                rest = &after[2..];
            }
            None => {
                out.push('%');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::{DEFAULT_PARTITION, parse_partition_name, partition_name};

    #[test]
    fn escapes_what_hive_escapes() {
        let values = ["2026-01-31", "us west/1", "", "a=b:c%d\n\u{7f}", "Zürich }|<>&;,@!~$()"];
        let keys = ["dt", "Region", "n", "x", "city"];
        let name = partition_name(&keys, &values);
        assert_eq!(
            name,
            format!(
                "dt=2026-01-31/region=us west%2F1/n={DEFAULT_PARTITION}/x=a%3Db%3Ac%25d%0A%7F/city=Zürich }}|<>&;,@!~$()"
            )
        );
        let parsed = parse_partition_name(&name).unwrap();
        assert_eq!(parsed[1], ("region".to_owned(), "us west/1".to_owned()));
        assert_eq!(parsed[2], ("n".to_owned(), DEFAULT_PARTITION.to_owned()));
    }

    #[test]
    fn every_escaped_character() {
        let escaped: String =
            (0u8..128).map(char::from).filter(|c| partition_name(&["k"], &[c.to_string()]).contains('%')).collect();
        let controls: String = (0u8..32).map(char::from).collect();
        assert_eq!(escaped, format!("{controls}\"#%'*/:=?[\\]^{{\u{7f}"));
    }

    #[test]
    fn reads_what_others_write() {
        let one = |name: &str| parse_partition_name(name).unwrap().remove(0).1;
        assert_eq!(one("k=a%2fb"), "a/b");
        assert_eq!(one("k=100%"), "100%");
        assert_eq!(one("k=%zz%4"), "%zz%4");
        assert_eq!(one("k=%é"), "%é");
        assert_eq!(one("k=a=b"), "a=b");
        assert_eq!(one("/K=v/"), "v");
    }

    #[test]
    fn refuses_what_is_no_name() {
        for name in ["", "/", "k", "k=", "=v", "a=1/b", "a=1//=2"] {
            assert!(parse_partition_name(name).is_err(), "{name:?}");
        }
        let error = parse_partition_name("dt=1/eu").unwrap_err();
        assert_eq!(error.to_string(), "\"dt=1/eu\" is not a partition name: \"eu\" is not of the form key=value");
    }

    proptest! {
        #[test]
        fn reads_back(parts in proptest::collection::vec(("[a-z_0-9]{1,8}|[^A-Z]{1,4}", "\\PC{0,10}|[ -~]{0,10}|[\0-\x1f]{1,3}"), 1..5)) {
            // A key may fold to another text in lower case; only folded keys come back.
            let parts: Vec<(String, String)> = parts.into_iter().map(|(k, v)| (k.to_lowercase(), v)).collect();
            let (keys, values): (Vec<_>, Vec<_>) = parts.iter().cloned().unzip();
            let parsed = parse_partition_name(&partition_name(&keys, &values)).unwrap();
            let expected: Vec<_> = parts
                .into_iter()
                .map(|(k, v)| (k, if v.is_empty() { DEFAULT_PARTITION.to_owned() } else { v }))
                .collect();
            prop_assert_eq!(parsed, expected);
        }

        #[test]
        fn never_panics(name in "\\PC*|[%0-9a-f=/]{0,20}") {
            let _ = parse_partition_name(&name);
        }
    }
}
