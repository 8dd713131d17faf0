//! The cases: which calls are measured.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use propolis_thrift::types::{
    GetPartitionsByNamesRequest, GetTableRequest, GetTablesRequest, LockComponent, LockLevel, LockRequest, LockType,
    Partition, Table, UnlockRequest,
};
use propolis_thrift::{FastStr, Method, args, methods};

use propolis_compat_tests::bench::compare::{Case, pick};
use propolis_compat_tests::bench::measure::{Call, Step, Then};

use crate::Thrift;
use crate::connection::{decode, encode};
use crate::fixture::{self, DATABASES, DAY, Fixture, Need, TABLES, check_partition, check_table, text};

/// Calls of one client that are made before measuring; it goes through them in a circle.
const POOL: usize = 64;
/// The table that most calls about partitions are about.
const MANY: usize = 10_000;

const NOTHING: &[Need] = &[];
const PARTITIONS: &[Need] = &[Need::Partitions(MANY)];

#[rustfmt::skip]
const CASES: &[Case<Thrift>] = &[
    Case { name: "get_database", needs: &[Need::Databases], steps: get_database },
    Case { name: "get_all_databases 1000", needs: &[Need::Databases], steps: get_all_databases },
    Case { name: "get_table", needs: &[Need::Tables], steps: get_table },
    Case { name: "get_table_req", needs: &[Need::Tables], steps: get_table_req },
    Case { name: "get_tables * of 1000", needs: &[Need::Tables], steps: get_tables },
    Case { name: "get_table_objects_by_name_req 100", needs: &[Need::Tables], steps: get_table_objects },
    Case { name: "get_partition", needs: PARTITIONS, steps: get_partition },
    Case { name: "get_partitions_by_names 100", needs: PARTITIONS, steps: get_partitions_by_names },
    Case { name: "get_partitions_by_names_req 100", needs: PARTITIONS, steps: get_partitions_by_names_req },
    Case { name: "get_partitions_by_filter 100 of 10k", needs: PARTITIONS, steps: get_partitions_by_filter },
    Case { name: "get_partition_names 10k", needs: PARTITIONS, steps: get_partition_names },
    Case { name: "get_partitions 1k", needs: &[Need::Partitions(1000)], steps: |f, n| get_partitions(f, n, 1000) },
    Case { name: "get_partitions 10k", needs: PARTITIONS, steps: |f, n| get_partitions(f, n, MANY) },
    Case { name: "get_current_notificationEventId", needs: NOTHING, steps: current_event },
    Case { name: "lock + unlock", needs: &[Need::Tables], steps: lock_and_unlock },
    Case { name: "create_table, drop_table", needs: NOTHING, steps: create_and_drop_table },
    Case { name: "alter_table", needs: &[Need::Tables], steps: alter_table },
    Case { name: "alter_partitions 100", needs: PARTITIONS, steps: alter_partitions },
    Case { name: "add_partitions 100, drop_partitions 100", needs: &[Need::Growing(100)], steps: |f, n| add_and_drop(f, n, 100, 8) },
    Case { name: "add_partitions 1000, drop_partitions 1000", needs: &[Need::Growing(1000)], steps: |f, n| add_and_drop(f, n, 1000, 1) },
    // Only if it is asked for.
    Case { name: "get_partitions 50k", needs: &[Need::Partitions(50_000)], steps: |f, n| get_partitions(f, n, 50_000) },
];

/// The cases, without or with the large one.
pub fn all(large: bool) -> &'static [Case<Thrift>] {
    if large { CASES } else { &CASES[..CASES.len() - 1] }
}

/// A step of one method. `args` are those of a client's call; `check` looks into the first reply.
fn step<M: Method + 'static>(
    name: &str,
    (clients, calls): (usize, usize),
    args: impl Fn(usize, usize) -> M::Args,
    check: impl Fn(M::Ok) -> Result<()> + 'static,
) -> Result<Step> {
    let encode = |client| (0..calls).map(|i| Ok(Call::single(encode::<M>(args(client, i))?))).collect();
    Ok(Step {
        name: name.to_owned(),
        calls: (0..clients).map(encode).collect::<Result<_>>()?,
        check: Box::new(move |reply| check(decode::<M>(reply)?)),
    })
}

fn anything<T>(_: T) -> Result<()> {
    Ok(())
}

fn count(what: &str, found: usize, expected: usize) -> Result<()> {
    ensure!(found == expected, "{found} {what} came, not {expected}");
    Ok(())
}

fn check_partitions(expected: usize) -> impl Fn(Vec<Partition>) -> Result<()> {
    move |partitions| {
        count("partitions", partitions.len(), expected)?;
        partitions.iter().try_for_each(check_partition)
    }
}

fn check_tables(tables: &[Table]) -> Result<()> {
    count("tables", tables.len(), 100)?;
    tables.iter().try_for_each(check_table)
}

fn hundred_names(client: usize, call: usize) -> Vec<FastStr> {
    let from = pick(client, call, MANY - 100);
    (from..from + 100).map(|i| FastStr::from(fixture::partition_name(&fixture::values(DAY, i)))).collect()
}

fn hundred_tables(client: usize, call: usize) -> Vec<FastStr> {
    let from = pick(client, call, TABLES / 100) * 100;
    (from..from + 100).map(|i| FastStr::from(fixture::table(i))).collect()
}

fn get_database(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let name = |client, i| fixture::database(&f.main, 2 + pick(client, i, DATABASES - 2));
    let args = |client, i| args::GetDatabase { name: text(name(client, i)) };
    Ok(vec![step::<methods::GetDatabase>("get_database", (clients, POOL), args, |database| {
        let team = database.parameters.as_ref().and_then(|parameters| parameters.get("owner.team"));
        ensure!(team.is_some_and(|team| team == "bench"), "the database has lost its parameters");
        Ok(())
    })?])
}

fn get_all_databases(_: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |_, _| args::GetAllDatabases {};
    Ok(vec![step::<methods::GetAllDatabases>("get_all_databases 1000", (clients, 1), args, |names| {
        ensure!(names.len() >= DATABASES, "{} databases came", names.len());
        Ok(())
    })?])
}

fn get_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args =
        |client, i| args::GetTable { dbname: text(&f.main), tbl_name: text(fixture::table(pick(client, i, TABLES))) };
    Ok(vec![step::<methods::GetTable>("get_table", (clients, POOL), args, |table| check_table(&table))?])
}

fn get_table_req(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetTableReq {
        req: Some(GetTableRequest {
            db_name: FastStr::new(&f.main),
            tbl_name: FastStr::from(fixture::table(pick(client, i, TABLES))),
            ..Default::default()
        }),
    };
    let check = |result: propolis_thrift::types::GetTableResult| check_table(&result.table);
    Ok(vec![step::<methods::GetTableReq>("get_table_req", (clients, POOL), args, check)?])
}

fn get_tables(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |_, _| args::GetTables { db_name: text(&f.main), pattern: text("*") };
    let check = |names: Vec<FastStr>| count("tables", names.len(), TABLES);
    Ok(vec![step::<methods::GetTables>("get_tables * of 1000", (clients, 1), args, check)?])
}

fn get_table_objects(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetTableObjectsByNameReq {
        req: Some(GetTablesRequest {
            db_name: FastStr::new(&f.main),
            tbl_names: Some(hundred_tables(client, i)),
            ..Default::default()
        }),
    };
    let name = "get_table_objects_by_name_req 100";
    let check = |result: propolis_thrift::types::GetTablesResult| check_tables(&result.tables);
    Ok(vec![step::<methods::GetTableObjectsByNameReq>(name, (clients, POOL), args, check)?])
}

fn get_partition(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetPartition {
        db_name: text(&f.parts),
        tbl_name: text(fixture::partitioned(MANY)),
        part_vals: Some(fixture::values(DAY, pick(client, i, MANY)).map(FastStr::from).to_vec()),
    };
    Ok(vec![step::<methods::GetPartition>("get_partition", (clients, POOL), args, |partition| {
        check_partition(&partition)
    })?])
}

fn get_partitions_by_names(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetPartitionsByNames {
        db_name: text(&f.parts),
        tbl_name: text(fixture::partitioned(MANY)),
        names: Some(hundred_names(client, i)),
    };
    let name = "get_partitions_by_names 100";
    Ok(vec![step::<methods::GetPartitionsByNames>(name, (clients, POOL), args, check_partitions(100))?])
}

fn get_partitions_by_names_req(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetPartitionsByNamesReq {
        req: Some(GetPartitionsByNamesRequest {
            db_name: FastStr::new(&f.parts),
            tbl_name: FastStr::from(fixture::partitioned(MANY)),
            names: Some(hundred_names(client, i)),
            ..Default::default()
        }),
    };
    let name = "get_partitions_by_names_req 100";
    let check = check_partitions(100);
    let check = move |result: propolis_thrift::types::GetPartitionsByNamesResult| check(result.partitions);
    Ok(vec![step::<methods::GetPartitionsByNamesReq>(name, (clients, POOL), args, check)?])
}

fn get_partitions_by_filter(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client, i| args::GetPartitionsByFilter {
        db_name: text(&f.parts),
        tbl_name: text(fixture::partitioned(MANY)),
        filter: text(format!("ds = \"{}\"", fixture::values(DAY, pick(client, i, MANY))[0])),
        max_parts: Some(-1),
    };
    let name = "get_partitions_by_filter 100 of 10k";
    Ok(vec![step::<methods::GetPartitionsByFilter>(name, (clients, POOL), args, check_partitions(100))?])
}

fn get_partition_names(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |_, _| args::GetPartitionNames {
        db_name: text(&f.parts),
        tbl_name: text(fixture::partitioned(MANY)),
        max_parts: Some(-1),
    };
    let check = |names: Vec<FastStr>| count("names", names.len(), MANY);
    Ok(vec![step::<methods::GetPartitionNames>("get_partition_names 10k", (clients, 1), args, check)?])
}

fn get_partitions(f: &Fixture, clients: usize, partitions: usize) -> Result<Vec<Step>> {
    let args = |_, _| args::GetPartitions {
        db_name: text(&f.parts),
        tbl_name: text(fixture::partitioned(partitions)),
        max_parts: Some(-1),
    };
    let name = format!("get_partitions {}k", partitions / 1000);
    Ok(vec![step::<methods::GetPartitions>(&name, (clients, 1), args, check_partitions(partitions))?])
}

fn current_event(_: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |_, _| args::GetCurrentNotificationEventId {};
    let name = "get_current_notificationEventId";
    Ok(vec![step::<methods::GetCurrentNotificationEventId>(name, (clients, 1), args, anything)?])
}

fn lock_and_unlock(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let component = |client, i| LockComponent {
        r#type: LockType::SHARED_READ,
        level: LockLevel::TABLE,
        dbname: FastStr::new(&f.main),
        tablename: text(fixture::table(pick(client, i, TABLES))),
        is_transactional: Some(false),
        ..Default::default()
    };
    let args = |client, i| args::Lock {
        rqst: Some(LockRequest {
            component: vec![component(client, i)],
            user: "bench".into(),
            hostname: "localhost".into(),
            agent_info: text("bench"),
            ..Default::default()
        }),
    };
    let mut step = step::<methods::Lock>("lock + unlock", (clients, POOL), args, anything)?;
    fn unlock(reply: Bytes) -> Result<Bytes> {
        let lockid = decode::<methods::Lock>(reply)?.lockid;
        encode::<methods::Unlock>(args::Unlock { rqst: Some(UnlockRequest { lockid }) })
    }
    step.calls.iter_mut().flatten().for_each(|call| call.then = Then::Once(unlock));
    Ok(vec![step])
}

fn create_and_drop_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let name = |client: usize, i: usize| format!("comes_and_goes_{client}_{i}");
    let create = |client, i| args::CreateTable { tbl: Some(f.partitioned(&name(client, i))) };
    let drop =
        |client, i| args::DropTable { dbname: text(&f.parts), name: text(name(client, i)), delete_data: Some(false) };
    Ok(vec![
        step::<methods::CreateTable>("create_table", (clients, 16), create, anything)?,
        step::<methods::DropTable>("drop_table", (clients, 16), drop, anything)?,
    ])
}

/// Each client has a table of its own and changes a parameter.
fn alter_table(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let args = |client: usize, i: usize| {
        let name = fixture::table(client);
        let mut table = f.table(&name);
        table.parameters.get_or_insert_default().insert("changed".into(), FastStr::from(i.to_string()));
        args::AlterTable { dbname: text(&f.main), tbl_name: text(&name), new_tbl: Some(table) }
    };
    Ok(vec![step::<methods::AlterTable>("alter_table", (clients, 8), args, anything)?])
}

/// Each client has a hundred partitions of its own and changes a parameter of each.
fn alter_partitions(f: &Fixture, clients: usize) -> Result<Vec<Step>> {
    let name = fixture::partitioned(MANY);
    let args = |client: usize, i: usize| {
        let mut partitions = f.partitions(&name, client * 100..client * 100 + 100);
        for partition in &mut partitions {
            partition.parameters.get_or_insert_default().insert("changed".into(), FastStr::from(i.to_string()));
        }
        args::AlterPartitions { db_name: text(&f.parts), tbl_name: text(&name), new_parts: Some(partitions) }
    };
    Ok(vec![step::<methods::AlterPartitions>("alter_partitions 100", (clients, 4), args, anything)?])
}

/// Each client has a table of its own: so many calls add partitions, and as many drop them.
fn add_and_drop(f: &Fixture, clients: usize, partitions: usize, calls: usize) -> Result<Vec<Step>> {
    let table = |client| fixture::growing(partitions, client);
    let range = |i: usize| i * partitions..(i + 1) * partitions;
    let add = |client, i| args::AddPartitions { new_parts: Some(f.partitions(&table(client), range(i))) };
    let drop = |client, i| f.drop_partitions(&table(client), range(i));
    let check = move |added: i32| count("partitions", usize::try_from(added).context("a negative count")?, partitions);
    Ok(vec![
        step::<methods::AddPartitions>(&format!("add_partitions {partitions}"), (clients, calls), add, check)?,
        step::<methods::DropPartitionsReq>(&format!("drop_partitions {partitions}"), (clients, calls), drop, anything)?,
    ])
}
