//! What the calls are about: databases, tables and partitions with names of this run's own, the same on every server.

use anyhow::{Result, ensure};
use propolis_thrift::types::{Database, FieldSchema, Partition, RequestPartsSpec, SerDeInfo, StorageDescriptor, Table};
use propolis_thrift::types::{DropPartitionsRequest, PrincipalType};
use propolis_thrift::{FastStr, args, methods};

use crate::connection::Connection;

pub const DATABASES: usize = 1000;
pub const TABLES: usize = 1000;
pub const COLUMNS: usize = 30;
const ADDED_AT_ONCE: usize = 1000;

/// A part of the fixture that a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Databases,
    Tables,
    /// A table with so many partitions.
    Partitions(usize),
    /// A table without partitions for each client, to which so many are added at once.
    Growing(usize),
}

/// The names of a run.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The database of [`TABLES`] tables; every name of the run begins with it.
    pub main: String,
    /// The database of partitioned tables and of tables that come and go.
    pub parts: String,
    main_location: String,
    parts_location: String,
    clients: usize,
}

pub fn text(value: impl AsRef<str>) -> Option<FastStr> {
    Some(FastStr::new(value.as_ref()))
}

pub fn database(run: &str, i: usize) -> String {
    format!("{run}_db{i:04}")
}

pub fn table(i: usize) -> String {
    format!("table_{i:04}")
}

pub fn partitioned(partitions: usize) -> String {
    format!("partitioned_{partitions}")
}

pub fn growing(added: usize, client: usize) -> String {
    format!("growing_{added}_{client}")
}

impl Fixture {
    /// Makes the two databases that every case needs.
    pub fn begin(connection: &mut Connection, run: &str, clients: usize) -> Result<Fixture> {
        let mut fixture = Fixture {
            main: run.to_owned(),
            parts: format!("{run}_parts"),
            main_location: String::new(),
            parts_location: String::new(),
            clients,
        };
        for (name, location) in
            [(&fixture.main, &mut fixture.main_location), (&fixture.parts, &mut fixture.parts_location)]
        {
            create_database(connection, name)?;
            let made = connection.result::<methods::GetDatabase>(args::GetDatabase { name: text(name) })?;
            *location = made.location_uri.unwrap_or_default().to_string();
        }
        Ok(fixture)
    }

    pub fn make(&self, connection: &mut Connection, need: Need) -> Result<()> {
        match need {
            Need::Databases => (2..DATABASES).try_for_each(|i| create_database(connection, &database(&self.main, i))),
            Need::Tables => (0..TABLES).try_for_each(|i| create_table(connection, self.table(&table(i)))),
            Need::Partitions(partitions) => {
                let name = partitioned(partitions);
                create_table(connection, self.partitioned(&name))?;
                for from in (0..partitions).step_by(ADDED_AT_ONCE) {
                    let added = self.partitions(&name, from..partitions.min(from + ADDED_AT_ONCE));
                    connection.result::<methods::AddPartitions>(args::AddPartitions { new_parts: Some(added) })?;
                }
                Ok(())
            }
            Need::Growing(added) => (0..self.clients)
                .try_for_each(|client| create_table(connection, self.partitioned(&growing(added, client)))),
        }
    }

    /// Drops everything whose name begins with the run's.
    pub fn drop(connection: &mut Connection, run: &str) -> Result<()> {
        let names = connection.result::<methods::GetAllDatabases>(args::GetAllDatabases {})?;
        for name in names.into_iter().filter(|name| name.starts_with(run)) {
            let args = args::DropDatabase { name: Some(name), delete_data: Some(true), cascade: Some(true) };
            connection.result::<methods::DropDatabase>(args)?;
        }
        Ok(())
    }

    /// A table of the first database.
    pub fn table(&self, name: &str) -> Table {
        build_table(&self.main, name, &self.main_location)
    }

    /// A table of the second.
    pub fn partitioned(&self, name: &str) -> Table {
        build_table(&self.parts, name, &self.parts_location)
    }

    pub fn partitions(&self, table: &str, range: std::ops::Range<usize>) -> Vec<Partition> {
        let table = self.partitioned(table);
        range.map(|i| partition(&table, DAY, i)).collect()
    }

    pub fn drop_partitions(&self, table: &str, range: std::ops::Range<usize>) -> args::DropPartitionsReq {
        args::DropPartitionsReq {
            req: Some(DropPartitionsRequest {
                db_name: FastStr::new(&self.parts),
                tbl_name: FastStr::new(table),
                parts: RequestPartsSpec::Names(range.map(|i| FastStr::new(partition_name(&values(DAY, i)))).collect()),
                delete_data: Some(false),
                need_result: Some(false),
                ..Default::default()
            }),
        }
    }
}

fn create_database(connection: &mut Connection, name: &str) -> Result<()> {
    let database = Database {
        name: text(name),
        description: text("of a benchmark"),
        parameters: Some([("owner.team".into(), "bench".into())].into_iter().collect()),
        owner_name: text("bench"),
        owner_type: Some(PrincipalType::USER),
        ..Default::default()
    };
    connection.result::<methods::CreateDatabase>(args::CreateDatabase { database: Some(database) })
}

pub fn create_table(connection: &mut Connection, table: Table) -> Result<()> {
    connection.result::<methods::CreateTable>(args::CreateTable { tbl: Some(table) })
}

const TYPES: [&str; 7] = ["string", "bigint", "double", "int", "timestamp", "decimal(18,2)", "array<string>"];

fn build_table(database: &str, name: &str, folder: &str) -> Table {
    let column = |name: String, kind: &str, comment: Option<FastStr>| FieldSchema {
        name: text(name),
        r#type: text(kind),
        comment,
    };
    let columns = (0..COLUMNS)
        .map(|i| column(format!("column_{i:02}"), TYPES[i % TYPES.len()], text(format!("comment of column {i}"))));
    let keys = [("ds", "string"), ("batch", "int"), ("region", "string")];
    let parameters = [
        ("EXTERNAL", "TRUE"),
        ("owner.team", "bench"),
        ("retention.days", "365"),
        ("spark.sql.create.version", "3.5.0"),
        ("comment", "a table of a benchmark"),
    ];
    Table {
        table_name: text(name),
        db_name: text(database),
        owner: text("bench"),
        create_time: Some(0),
        last_access_time: Some(0),
        retention: Some(0),
        sd: Some(StorageDescriptor {
            cols: Some(columns.collect()),
            location: text(format!("{folder}/{name}")),
            input_format: text("org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"),
            output_format: text("org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"),
            compressed: Some(false),
            num_buckets: Some(-1),
            serde_info: Some(SerDeInfo {
                serialization_lib: text("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
                parameters: Some([("serialization.format".into(), "1".into())].into_iter().collect()),
                ..Default::default()
            }),
            bucket_cols: Some(Vec::new()),
            sort_cols: Some(Vec::new()),
            parameters: Some(Default::default()),
            ..Default::default()
        }),
        partition_keys: Some(keys.map(|(name, kind)| column(name.to_owned(), kind, None)).to_vec()),
        parameters: Some(parameters.map(|(key, value)| (key.into(), value.into())).into_iter().collect()),
        table_type: text("EXTERNAL_TABLE"),
        ..Default::default()
    }
}

/// How many batches a day has, each of ten regions: a day of the common tables has 100 partitions, one of the table of
/// a million 1,000.
pub const DAY: usize = 10;
pub const LONG_DAY: usize = 100;
const REGIONS: usize = 10;

/// The values of partition `i`, in order of days.
pub fn values(batches: usize, i: usize) -> [String; 3] {
    let day = i / (batches * REGIONS);
    // Months of 28 days need no calendar.
    let ds = format!("{}-{:02}-{:02}", 2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    [ds, (i / REGIONS % batches).to_string(), format!("region_{}", i % REGIONS)]
}

pub fn partition_name(values: &[String; 3]) -> String {
    format!("ds={}/batch={}/region={}", values[0], values[1], values[2])
}

pub fn partition(table: &Table, batches: usize, i: usize) -> Partition {
    let values = values(batches, i);
    let mut sd = table.sd.clone().unwrap_or_default();
    sd.location = text(format!("{}/{}", sd.location.unwrap_or_default(), partition_name(&values)));
    let parameters = [
        ("numFiles", "4".to_owned()),
        ("totalSize", (1_000_000 + i).to_string()),
        ("numRows", (10_000 + i).to_string()),
        ("rawDataSize", (5_000_000 + i).to_string()),
        ("transient_lastDdlTime", "1700000000".to_owned()),
    ];
    Partition {
        values: Some(values.map(FastStr::from).to_vec()),
        db_name: table.db_name.clone(),
        table_name: table.table_name.clone(),
        create_time: Some(0),
        last_access_time: Some(0),
        sd: Some(sd),
        parameters: Some(parameters.map(|(key, value)| (key.into(), value.into())).into_iter().collect()),
        ..Default::default()
    }
}

/// Whether a server's partition is what was added.
pub fn check_partition(partition: &Partition) -> Result<()> {
    let values = partition.values.as_deref().unwrap_or_default();
    ensure!(values.len() == 3, "a partition has {} values, not 3", values.len());
    let name = format!("ds={}/batch={}/region={}", values[0], values[1], values[2]);
    let sd = partition.sd.as_ref();
    let location = sd.and_then(|sd| sd.location.as_deref()).unwrap_or_default();
    ensure!(location.ends_with(&name), "the partition {name} is at {location}");
    let columns = sd.and_then(|sd| sd.cols.as_ref()).map_or(0, Vec::len);
    ensure!(columns == COLUMNS, "the partition {name} has {columns} columns, not {COLUMNS}");
    let parameters = partition.parameters.as_ref();
    let files = parameters.and_then(|parameters| parameters.get("numFiles"));
    ensure!(files.is_some_and(|files| files == "4"), "the partition {name} has lost its parameters");
    Ok(())
}

pub fn check_table(table: &Table) -> Result<()> {
    let columns = table.sd.as_ref().and_then(|sd| sd.cols.as_ref()).map_or(0, Vec::len);
    let keys = table.partition_keys.as_ref().map_or(0, Vec::len);
    ensure!(columns == COLUMNS && keys == 3, "a table has {columns} columns and {keys} partition keys");
    let team = table.parameters.as_ref().and_then(|parameters| parameters.get("owner.team"));
    ensure!(team.is_some_and(|team| team == "bench"), "a table has lost its parameters");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_partition_has_values_of_its_own_and_a_day_has_its_share() {
        for (batches, partitions) in [(DAY, 50_000), (LONG_DAY, 100_000)] {
            let mut seen = HashSet::new();
            assert!((0..partitions).all(|i| seen.insert(partition_name(&values(batches, i)))));
            let day = &values(batches, partitions / 2)[0];
            let of_day = (0..partitions).filter(|i| values(batches, *i)[0] == *day).count();
            assert_eq!(of_day, batches * REGIONS);
        }
    }
}
