//! The cases: which calls are measured.

use std::sync::Arc;

use anyhow::{Result, ensure};
use bytes::Bytes;
use propolis_compat_tests::bench::compare::{Case, pick};
use propolis_compat_tests::bench::measure::{Call, Step, Then};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Glue;
use crate::connection::encode;
use crate::fixture::{
    CREATED_AT_ONCE, DAY, DELETED_AT_ONCE, Fixture, Need, PARTITIONED, PARTITIONS, TABLES, check_no_errors,
    check_partition, check_table, growing, table, table_name, values,
};

/// Calls of one client that are made before measuring; it goes through them in a circle.
const POOL: usize = 64;

#[rustfmt::skip]
pub const CASES: &[Case<Glue>] = &[
    Case { name: "GetDatabase", needs: &[], steps: get_database },
    Case { name: "GetTable", needs: &[Need::Tables], steps: get_table },
    Case { name: "GetTables 1,000, all pages", needs: &[Need::Tables], steps: get_tables },
    Case { name: "GetPartition", needs: &[Need::Partitions], steps: get_partition },
    Case { name: "BatchGetPartition 100", needs: &[Need::Partitions], steps: batch_get_partition },
    Case { name: "GetPartitions 100 of 10,000 by Expression", needs: &[Need::Partitions], steps: get_partitions_by_expression },
    Case { name: "GetPartitions 10,000, all pages", needs: &[Need::Partitions], steps: get_partitions },
    Case { name: "BatchCreatePartition 100, BatchDeletePartition 25", needs: &[Need::Growing], steps: create_and_delete },
    Case { name: "UpdateTable", needs: &[Need::Tables], steps: update_table },
    Case { name: "CreateTable, DeleteTable", needs: &[], steps: create_and_delete_table },
];

/// A step of one operation. `input` is that of a client's call; `check` looks into the first reply.
fn step(
    operation: &str,
    (clients, calls): (usize, usize),
    input: impl Fn(usize, usize) -> Value,
    check: impl Fn(Value) -> Result<()> + 'static,
) -> Step {
    let encode = |client| (0..calls).map(|i| Call::single(encode(operation, &input(client, i)))).collect();
    Step {
        name: operation.to_owned(),
        calls: (0..clients).map(encode).collect(),
        check: Box::new(move |reply| check(serde_json::from_slice(&reply)?)),
    }
}

impl NextPage {
    /// What is done with a reply that may not be the last of `operation`'s.
    fn then(operation: &'static str, input: Value) -> Then {
        Then::Pages(Arc::new(move |reply| -> Result<Option<Bytes>> {
            let page: NextPage = serde_json::from_slice(reply)?;
            Ok(page.next_token.map(|token| {
                let mut input = input.clone();
                input["NextToken"] = token.into();
                encode(operation, &input)
            }))
        }))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NextPage {
    next_token: Option<String>,
}

/// A step of one operation whose reply has pages.
fn paged(
    name: &str,
    operation: &'static str,
    clients: usize,
    input: Value,
    check: impl Fn(Value) -> Result<()> + 'static,
) -> Step {
    let mut step = step(operation, (clients, 1), |_, _| input.clone(), check);
    name.clone_into(&mut step.name);
    step.calls.iter_mut().flatten().for_each(|call| call.then = NextPage::then(operation, input.clone()));
    step
}

fn anything(_: Value) -> Result<()> {
    Ok(())
}

/// The partitions of a first page, of which there is one at least and what was asked for at most.
fn check_partitions(most: usize) -> impl Fn(Value) -> Result<()> {
    move |reply| {
        let partitions = reply["Partitions"].as_array().map(Vec::as_slice).unwrap_or_default();
        ensure!((1..=most).contains(&partitions.len()), "{} partitions came", partitions.len());
        partitions.iter().try_for_each(check_partition)
    }
}

fn get_database(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    Ok(vec![step(
        "GetDatabase",
        (clients, 1),
        |_, _| json!({"Name": f.main}),
        |reply| {
            ensure!(reply["Database"]["Parameters"]["owner.team"] == "bench", "the database has lost its parameters");
            Ok(())
        },
    )])
}

fn get_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = |client, i| json!({"DatabaseName": f.main, "Name": table_name(pick(client, i, TABLES))});
    Ok(vec![step("GetTable", (clients, POOL), input, |reply| check_table(&reply["Table"]))])
}

fn get_tables(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = json!({"DatabaseName": f.main, "MaxResults": 100});
    Ok(vec![paged("GetTables 1,000, all pages", "GetTables", clients, input, |reply| {
        check_table(&reply["TableList"][0])
    })])
}

fn get_partition(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = |client, i| {
        let values = values(pick(client, i, PARTITIONS));
        json!({"DatabaseName": f.parts, "TableName": PARTITIONED, "PartitionValues": values})
    };
    Ok(vec![step("GetPartition", (clients, POOL), input, |reply| check_partition(&reply["Partition"]))])
}

fn batch_get_partition(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = |client, i| {
        let from = pick(client, i, PARTITIONS - 100);
        let wanted: Vec<Value> = (from..from + 100).map(|i| json!({"Values": values(i)})).collect();
        json!({"DatabaseName": f.parts, "TableName": PARTITIONED, "PartitionsToGet": wanted})
    };
    let mut step = step("BatchGetPartition", (clients, POOL), input, check_partitions(100));
    step.name = "BatchGetPartition 100".to_owned();
    Ok(vec![step])
}

fn get_partitions_by_expression(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = |client, i| {
        let [day, ..] = values(pick(client, i, PARTITIONS));
        json!({"DatabaseName": f.parts, "TableName": PARTITIONED, "Expression": format!("ds = '{day}'")})
    };
    let mut step = step("GetPartitions", (clients, POOL), input, check_partitions(DAY));
    step.name = "GetPartitions 100 of 10,000 by Expression".to_owned();
    Ok(vec![step])
}

fn get_partitions(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = json!({"DatabaseName": f.parts, "TableName": PARTITIONED, "MaxResults": 1000});
    let name = "GetPartitions 10,000, all pages";
    // moto answers all on one page.
    Ok(vec![paged(name, "GetPartitions", clients, input, check_partitions(PARTITIONS))])
}

/// Each client has a table of its own: some calls add partitions, and more calls delete them, as Amazon's limits say.
fn create_and_delete(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    const CALLS: usize = 8;
    let create = |client, i: usize| f.batch_create(&growing(client), i * CREATED_AT_ONCE..(i + 1) * CREATED_AT_ONCE);
    let delete = |client, i: usize| {
        let range = i * DELETED_AT_ONCE..(i + 1) * DELETED_AT_ONCE;
        let deleted: Vec<Value> = range.map(|i| json!({"Values": values(i)})).collect();
        json!({"DatabaseName": f.parts, "TableName": growing(client), "PartitionsToDelete": deleted})
    };
    let deletes = CALLS * CREATED_AT_ONCE / DELETED_AT_ONCE;
    let mut steps = vec![
        step("BatchCreatePartition", (clients, CALLS), create, |reply| check_no_errors(&reply)),
        step("BatchDeletePartition", (clients, deletes), delete, |reply| check_no_errors(&reply)),
    ];
    steps[0].name = "BatchCreatePartition 100".to_owned();
    steps[1].name = "BatchDeletePartition 25".to_owned();
    Ok(steps)
}

/// Each client has a table of its own and changes a parameter.
fn update_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let input = |client: usize, i: usize| {
        let mut table = table(&f.main, &table_name(client));
        table["Parameters"]["changed"] = i.to_string().into();
        json!({"DatabaseName": f.main, "TableInput": table, "SkipArchive": true})
    };
    Ok(vec![step("UpdateTable", (clients, 8), input, anything)])
}

fn create_and_delete_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let name = |client: usize, i: usize| format!("comes_and_goes_{client}_{i}");
    let create = |client, i| json!({"DatabaseName": f.parts, "TableInput": table(&f.parts, &name(client, i))});
    let delete = |client, i| json!({"DatabaseName": f.parts, "Name": name(client, i)});
    Ok(vec![step("CreateTable", (clients, 16), create, anything), step("DeleteTable", (clients, 16), delete, anything)])
}
