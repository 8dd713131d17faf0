//! What the calls are about: databases, tables and partitions with names of this run's own, the same on every server.

use std::ops::Range;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::connection::Connection;

pub const TABLES: usize = 1000;
pub const PARTITIONED: &str = "partitioned";
pub const PARTITIONS: usize = 10_000;
const COLUMNS: usize = 30;
/// Amazon's limit.
pub const CREATED_AT_ONCE: usize = 100;
/// Amazon's limit.
pub const DELETED_AT_ONCE: usize = 25;

/// A part of the fixture that a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Tables,
    Partitions,
    /// A table without partitions for each client.
    Growing,
}

/// The names of a run.
#[derive(Debug, Clone)]
pub struct Fixture {
    /// The database of [`TABLES`] tables; every name of the run begins with it.
    pub main: String,
    /// The database of partitioned tables and of tables that come and go.
    pub parts: String,
    clients: usize,
}

pub fn table_name(i: usize) -> String {
    format!("table_{i:04}")
}

pub fn growing(client: usize) -> String {
    format!("growing_{client}")
}

impl Fixture {
    /// Makes the two databases that every case needs.
    pub fn begin(connection: &mut Connection, run: &str, clients: usize) -> Result<Fixture> {
        let fixture = Fixture { main: run.to_owned(), parts: format!("{run}_parts"), clients };
        for name in [&fixture.main, &fixture.parts] {
            let location = format!("s3://lake/{name}");
            let input = json!({"Name": name, "LocationUri": location, "Parameters": {"owner.team": "bench"}});
            connection.result("CreateDatabase", &json!({"DatabaseInput": input}))?;
        }
        Ok(fixture)
    }

    pub fn make(&self, connection: &mut Connection, need: Need) -> Result<()> {
        match need {
            Need::Tables => (0..TABLES).try_for_each(|i| create_table(connection, &self.main, &table_name(i))),
            Need::Partitions => {
                create_table(connection, &self.parts, PARTITIONED)?;
                for from in (0..PARTITIONS).step_by(CREATED_AT_ONCE) {
                    let input = self.batch_create(PARTITIONED, from..from + CREATED_AT_ONCE);
                    check_no_errors(&connection.result("BatchCreatePartition", &input)?)?;
                }
                Ok(())
            }
            Need::Growing => {
                (0..self.clients).try_for_each(|client| create_table(connection, &self.parts, &growing(client)))
            }
        }
    }

    pub fn batch_create(&self, table: &str, range: Range<usize>) -> Value {
        let partitions: Vec<Value> = range.map(|i| partition(&self.parts, table, i)).collect();
        json!({"DatabaseName": self.parts, "TableName": table, "PartitionInputList": partitions})
    }
}

/// Drops the databases whose names begin with the run's, with all that is in them.
pub fn drop(connection: &mut Connection, run: &str) -> Result<()> {
    let mut names = Vec::new();
    let mut input = json!({});
    loop {
        let page = connection.result("GetDatabases", &input)?;
        let databases = page["DatabaseList"].as_array().context("no databases came")?;
        names.extend(databases.iter().filter_map(|database| database["Name"].as_str()).map(str::to_owned));
        match page.get("NextToken") {
            Some(token) => input = json!({"NextToken": token}),
            None => break,
        }
    }
    names
        .iter()
        .filter(|name| name.starts_with(run))
        .try_for_each(|name| connection.result("DeleteDatabase", &json!({"Name": name})).map(std::mem::drop))
}

fn create_table(connection: &mut Connection, database: &str, name: &str) -> Result<()> {
    let input = json!({"DatabaseName": database, "TableInput": table(database, name)});
    connection.result("CreateTable", &input).map(std::mem::drop)
}

const TYPES: [&str; 7] = ["string", "bigint", "double", "int", "timestamp", "decimal(18,2)", "array<string>"];

fn storage(location: &str) -> Value {
    let column = |i: usize| {
        let (name, comment) = (format!("column_{i:02}"), format!("comment of column {i}"));
        json!({"Name": name, "Type": TYPES[i % TYPES.len()], "Comment": comment})
    };
    json!({
        "Columns": (0..COLUMNS).map(column).collect::<Vec<_>>(),
        "Location": location,
        "InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        "Compressed": false,
        "NumberOfBuckets": -1,
        "SerdeInfo": {
            "SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
            "Parameters": {"serialization.format": "1"},
        },
        "BucketColumns": [],
        "SortColumns": [],
        "Parameters": {},
        "StoredAsSubDirectories": false,
    })
}

pub fn table(database: &str, name: &str) -> Value {
    let keys = [("ds", "string"), ("batch", "int"), ("region", "string")];
    json!({
        "Name": name,
        "Owner": "bench",
        "Description": "a table of a benchmark",
        "Retention": 0,
        "TableType": "EXTERNAL_TABLE",
        "StorageDescriptor": storage(&format!("s3://lake/{database}/{name}")),
        "PartitionKeys": keys.map(|(name, kind)| json!({"Name": name, "Type": kind})),
        "Parameters": {
            "EXTERNAL": "TRUE",
            "classification": "parquet",
            "owner.team": "bench",
            "retention.days": "365",
            "spark.sql.create.version": "3.5.0",
        },
    })
}

/// How many partitions a day has.
pub const DAY: usize = 100;

/// The values of partition `i`, in order of days.
pub fn values(i: usize) -> [String; 3] {
    let day = i / DAY;
    // Months of 28 days need no calendar.
    let ds = format!("{}-{:02}-{:02}", 2020 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
    [ds, (i / 10 % 10).to_string(), format!("region_{}", i % 10)]
}

fn partition(database: &str, table: &str, i: usize) -> Value {
    let values = values(i);
    let [ds, batch, region] = &values;
    json!({
        "Values": values,
        "StorageDescriptor":
            storage(&format!("s3://lake/{database}/{table}/ds={ds}/batch={batch}/region={region}")),
        "Parameters": {
            "numFiles": "4",
            "totalSize": (1_000_000 + i).to_string(),
            "numRows": (10_000 + i).to_string(),
            "rawDataSize": (5_000_000 + i).to_string(),
            "transient_lastDdlTime": "1700000000",
        },
    })
}

/// Whether a server's partition is what was added.
pub fn check_partition(partition: &Value) -> Result<()> {
    let location = partition["StorageDescriptor"]["Location"].as_str().unwrap_or_default();
    let region = partition["Values"][2].as_str().context("a partition has no third value")?;
    ensure!(location.ends_with(&format!("/region={region}")), "a partition of {region} is at {location}");
    let columns = partition["StorageDescriptor"]["Columns"].as_array().map_or(0, Vec::len);
    ensure!(columns == COLUMNS, "a partition has {columns} columns, not {COLUMNS}");
    ensure!(partition["Parameters"]["numFiles"] == "4", "a partition has lost its parameters");
    Ok(())
}

pub fn check_table(table: &Value) -> Result<()> {
    let columns = table["StorageDescriptor"]["Columns"].as_array().map_or(0, Vec::len);
    let keys = table["PartitionKeys"].as_array().map_or(0, Vec::len);
    ensure!(columns == COLUMNS && keys == 3, "a table has {columns} columns and {keys} partition keys");
    ensure!(table["Parameters"]["owner.team"] == "bench", "a table has lost its parameters");
    Ok(())
}

pub fn check_no_errors(reply: &Value) -> Result<()> {
    let errors = reply["Errors"].as_array().map_or(0, Vec::len);
    ensure!(errors == 0, "{errors} errors came, the first is {}", reply["Errors"][0]);
    Ok(())
}
