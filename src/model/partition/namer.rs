//! Names of many partitions of one table.

use super::super::partition_name::escape;

/// Makes names as [`partition_name`](super::super::partition_name::partition_name) does, for one table after the other
/// of its partitions.
#[derive(Debug, Clone)]
pub struct PartitionNamer {
    /// Each key escaped, with the `=` after it, and from the second on the `/` before it.
    keys: Vec<String>,
}

impl PartitionNamer {
    pub fn new(keys: &[&str]) -> Self {
        let keys = keys.iter().enumerate().map(|(index, key)| {
            let mut escaped = String::from(if index > 0 { "/" } else { "" });
            escape(&key.to_lowercase(), &mut escaped);
            escaped.push('=');
            escaped
        });
        Self { keys: keys.collect() }
    }

    pub fn name<'a>(&self, values: impl Iterator<Item = &'a str>) -> String {
        let mut name = String::with_capacity(64);
        self.write(values, &mut name);
        name
    }

    /// The length of the name in bytes.
    pub fn name_len<'a>(&self, values: impl Iterator<Item = &'a str>) -> usize {
        let len = |value: &str| {
            if !value.is_empty() && value.bytes().all(is_plain) {
                return value.len();
            }
            let mut escaped = String::new();
            escape(value, &mut escaped);
            escaped.len()
        };
        self.keys.iter().zip(values).map(|(key, value)| key.len() + len(value)).sum()
    }

    /// Appends the name to `out`.
    pub fn write<'a>(&self, values: impl Iterator<Item = &'a str>, out: &mut String) {
        for (key, value) in self.keys.iter().zip(values) {
            out.push_str(key);
            if !value.is_empty() && value.bytes().all(is_plain) {
                out.push_str(value);
            } else {
                escape(value, out);
            }
        }
    }
}

/// Whether a byte stands for itself in every name: most values are of these alone.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::partition_name::partition_name;
    use super::*;

    proptest! {
        #[test]
        fn names_are_the_same_one_by_one(
            parts in proptest::collection::vec(("[a-zA-Z=%]{1,5}", "\\PC{0,9}|[ -~]{0,9}"), 1..5),
        ) {
            let (keys, values): (Vec<&str>, Vec<&str>) = parts.iter().map(|(k, v)| (k.as_str(), v.as_str())).unzip();
            let namer = PartitionNamer::new(&keys);
            let name = namer.name(values.iter().copied());
            prop_assert_eq!(namer.name_len(values.iter().copied()), name.len());
            prop_assert_eq!(name, partition_name(&keys, &values));
        }
    }
}
