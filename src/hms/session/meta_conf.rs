//! The settings of Hive's that a client may change for its own connection (`setMetaConf`). What Propolis has no use for
//! is kept all the same: clients set it on the way in and fail where they may not.

use crate::config::hive::{Name, all};
use crate::error::{CatalogError, Result};

/// Longest value that is kept, in bytes.
const MAX_VALUE: usize = 4096;

/// Whether columns cannot change to types that do not read the data written with the old ones.
pub const DISALLOW_INCOMPATIBLE_COLUMN_CHANGES: &str = "metastore.disallow.incompatible.col.type.changes";
/// What values of new partitions match as a whole.
pub const PARTITION_NAME_PATTERN: &str = "metastore.partition.name.whitelist.pattern";
/// Whether clients are asked for what they can do.
pub const CAPABILITY_CHECK: &str = "metastore.client.capability.check";

/// The setting that goes by this name, new or old.
pub fn named(name: &str) -> Result<&'static Name> {
    all()
        .find(|known| known.per_connection && known.is_called(name))
        .ok_or_else(|| CatalogError::invalid_input(format!("Invalid configuration key {name}")))
}

pub fn check(known: &Name, value: &str) -> Result<()> {
    let checked = match value.len() > MAX_VALUE {
        true => Err(format!("it has more than {MAX_VALUE} bytes")),
        false => known.kind.check(value),
    };
    checked.map_err(|why| {
        let shown: String = value.chars().take(64).collect();
        CatalogError::invalid_input(format!("Invalid configuration value {shown} for key {known}: {why}"))
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_per_connection_can_be_set() {
        assert_eq!(named("hive.metastore.try.direct.sql").unwrap().name, "metastore.try.direct.sql");
        for known in [DISALLOW_INCOMPATIBLE_COLUMN_CHANGES, PARTITION_NAME_PATTERN, CAPABILITY_CHECK] {
            named(known).unwrap();
        }
        assert!(named("metastore.catalog.default").is_err());
        let known = named("metastore.client.socket.timeout").unwrap();
        assert!(check(known, "10m").is_ok() && check(known, "soon").is_err());
        assert!(check(named(PARTITION_NAME_PATTERN).unwrap(), &"a".repeat(5000)).is_err());
    }
}
