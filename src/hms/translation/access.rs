//! How a client may use a table, by what the table needs and what the client can do.

use propolis_thrift::FastStr;

use super::{Capabilities, is_insert_only};
use crate::model::{Table, table_kind};

/// Hive's words for what a client can do.
pub const HIVE_BUCKET_2: &str = "HIVEBUCKET2";
pub const HIVE_FULL_ACID_WRITE: &str = "HIVEFULLACIDWRITE";
pub const HIVE_MANAGED_INSERT_WRITE: &str = "HIVEMANAGEDINSERTWRITE";
pub const ACCEPTS_UNMODIFIED_METADATA: &str = "ACCEPTS_UNMODIFIED_METADATA";
const HIVE_FULL_ACID_READ: &str = "HIVEFULLACIDREAD";
const HIVE_MANAGED_INSERT_READ: &str = "HIVEMANAGEDINSERTREAD";
const CONNECTOR_READ: &str = "CONNECTORREAD";
const CONNECTOR_WRITE: &str = "CONNECTORWRITE";
const EXTERNAL_READ: &str = "EXTREAD";
const EXTERNAL_WRITE: &str = "EXTWRITE";
const HIVE_SQL: &str = "HIVESQL";
const HIVE_VIEWS: &str = "HIVEMQT";
const ACID_WRITES: [&str; 4] = [HIVE_FULL_ACID_WRITE, "HIVEMANAGESTATS", "HIVECACHEINVALIDATE", CONNECTOR_WRITE];
const INSERT_WRITES: [&str; 4] = [HIVE_MANAGED_INSERT_WRITE, "HIVEMANAGESTATS", "HIVECACHEINVALIDATE", CONNECTOR_WRITE];

/// Table.accessType on the wire.
const NONE: i8 = 1;
const READ_ONLY: i8 = 2;
const READ_WRITE: i8 = 8;

/// How a client may use a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// 1 not at all, 2 reading only, 8 reading and writing.
    pub kind: i8,
    /// What the client would need to read it; None is not told.
    reads: Option<Vec<String>>,
    writes: Option<Vec<String>>,
    /// Whether the number of buckets is hidden, which the client would not keep to.
    pub hides_buckets: bool,
}

impl Access {
    pub fn of(table: &Table, client: &Capabilities) -> Self {
        match required(table) {
            None => by_kind(table, client),
            Some(required) => by_list(table, client, &required),
        }
    }

    pub fn wire_reads(&self) -> Option<Vec<FastStr>> {
        self.reads.as_ref().map(|list| list.iter().map(FastStr::new).collect())
    }

    pub fn wire_writes(&self) -> Option<Vec<FastStr>> {
        self.writes.as_ref().map(|list| list.iter().map(FastStr::new).collect())
    }

    fn new(kind: i8) -> Self {
        Self { kind, reads: None, writes: None, hides_buckets: false }
    }

    fn reads(self, reads: &[impl ToString]) -> Self {
        Self { reads: Some(reads.iter().map(ToString::to_string).collect()), ..self }
    }

    fn writes(self, writes: &[impl ToString]) -> Self {
        Self { writes: Some(writes.iter().map(ToString::to_string).collect()), ..self }
    }
}

/// What a table says itself that it needs.
pub fn required(table: &Table) -> Option<Vec<String>> {
    let text: String = table.parameters.get("OBJCAPABILITIES")?.split_whitespace().collect();
    Some(text.to_uppercase().split(',').map(str::to_owned).collect())
}

/// A table that does not say what it needs, needs what its kind does.
fn by_kind(table: &Table, client: &Capabilities) -> Access {
    match table.kind.as_str() {
        table_kind::EXTERNAL if table.storage.buckets > 0 => match client.has(HIVE_BUCKET_2) {
            true => Access::new(READ_WRITE),
            false => Access {
                hides_buckets: !client.has(ACCEPTS_UNMODIFIED_METADATA),
                ..Access::new(READ_ONLY).writes(&[HIVE_BUCKET_2])
            },
        },
        table_kind::EXTERNAL => match (client.has(EXTERNAL_READ), client.has(EXTERNAL_WRITE)) {
            (true, true) => Access::new(READ_WRITE),
            (true, false) => Access::new(READ_ONLY).writes(&[EXTERNAL_WRITE]),
            (false, _) => Access::new(NONE).reads(&[EXTERNAL_READ]).writes(&[EXTERNAL_WRITE]),
        },
        table_kind::MANAGED if !table.is_transactional() => Access::new(READ_WRITE),
        table_kind::MANAGED => {
            let (write, read, writes) = match is_insert_only(&table.parameters) {
                true => (HIVE_MANAGED_INSERT_WRITE, HIVE_MANAGED_INSERT_READ, INSERT_WRITES),
                false => (HIVE_FULL_ACID_WRITE, HIVE_FULL_ACID_READ, ACID_WRITES),
            };
            if client.has_any(&[write, CONNECTOR_WRITE]) {
                Access::new(READ_WRITE)
            } else if client.has_any(&[read, CONNECTOR_READ]) {
                Access::new(READ_ONLY).writes(&writes)
            } else {
                Access::new(NONE).reads(&[CONNECTOR_READ, read]).writes(&writes)
            }
        }
        table_kind::VIEW => match client.has_any(&[HIVE_SQL, CONNECTOR_READ]) {
            true => Access::new(READ_ONLY),
            false => Access::new(NONE).reads(&[HIVE_SQL, CONNECTOR_READ]),
        },
        table_kind::MATERIALIZED_VIEW => {
            match client.has_any(&[CONNECTOR_READ, HIVE_FULL_ACID_READ]) && client.has(HIVE_VIEWS) {
                true => Access::new(READ_ONLY),
                false => Access::new(NONE).reads(&[CONNECTOR_READ, HIVE_VIEWS]),
            }
        }
        _ => Access::new(NONE),
    }
}

fn by_list(table: &Table, client: &Capabilities, required: &[String]) -> Access {
    let has_all = |list: &[&String]| list.iter().all(|capability| client.has(capability));
    let missing = |list: &[&String]| -> Vec<String> {
        list.iter().filter(|capability| !client.has(capability)).map(ToString::to_string).collect()
    };
    let all: Vec<&String> = required.iter().collect();
    let (reads, writes) = (of_reads(required), of_writes(required));
    match table.kind.as_str() {
        table_kind::VIEW | table_kind::MATERIALIZED_VIEW => match has_all(&all) {
            true => Access::new(READ_ONLY),
            false => Access::new(NONE).reads(&missing(&reads)),
        },
        table_kind::EXTERNAL | table_kind::MANAGED if has_all(&all) => Access::new(READ_WRITE),
        table_kind::EXTERNAL => external_by_list(table, client, required),
        table_kind::MANAGED if !table.is_transactional() => Access::new(READ_ONLY).writes(&missing(&writes)),
        table_kind::MANAGED => {
            let readable = match is_insert_only(&table.parameters) {
                true => has_all(&reads) || client.has_any(&[HIVE_MANAGED_INSERT_READ, CONNECTOR_READ]),
                false => client.has_any(&[HIVE_FULL_ACID_READ, CONNECTOR_READ]),
            };
            if has_all(&writes) || client.has_any(&[HIVE_FULL_ACID_WRITE, CONNECTOR_WRITE]) {
                Access::new(READ_WRITE)
            } else if readable {
                Access::new(READ_ONLY).writes(&missing(&writes))
            } else {
                Access::new(NONE).reads(&missing(&reads)).writes(&missing(&writes))
            }
        }
        _ => Access::new(NONE).reads(&reads).writes(&writes),
    }
}

fn external_by_list(table: &Table, client: &Capabilities, required: &[String]) -> Access {
    let needs = |capability: &str| required.iter().any(|required| required == capability);
    let cannot_bucket = needs(HIVE_BUCKET_2) && !client.has(HIVE_BUCKET_2);
    let hides_buckets = cannot_bucket && !client.has(ACCEPTS_UNMODIFIED_METADATA);
    let mut writes: Vec<&str> = cannot_bucket.then_some(HIVE_BUCKET_2).into_iter().collect();
    if needs(EXTERNAL_WRITE) && client.has(EXTERNAL_WRITE) && table.storage.buckets <= 0 {
        return Access { hides_buckets, ..Access::new(READ_WRITE) };
    }
    let access = if needs(EXTERNAL_READ) && client.has(EXTERNAL_READ) {
        writes.push(EXTERNAL_WRITE);
        Access::new(READ_ONLY)
    } else {
        writes.extend(of_writes(required).into_iter().map(String::as_str));
        Access::new(NONE).reads(&[EXTERNAL_READ])
    };
    Access { hides_buckets, ..access.writes(&writes) }
}

fn of_reads(capabilities: &[String]) -> Vec<&String> {
    capabilities.iter().filter(|name| name.ends_with("READ") || name.ends_with("SQL")).collect()
}

fn of_writes(capabilities: &[String]) -> Vec<&String> {
    let writes = |name: &&String| ["WRITE", "STATS", "INVALIDATE"].iter().any(|end| name.ends_with(end));
    capabilities.iter().filter(writes).collect()
}
