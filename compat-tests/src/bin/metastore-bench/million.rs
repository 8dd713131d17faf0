//! A table of a million partitions on one server: what it takes to fill, search and drop it.

use std::time::Instant;

use anyhow::{Result, ensure};
use propolis_compat_tests::bench::measure::{Connection as _, STOPPED, Server};
use propolis_compat_tests::bench::report::number;
use propolis_thrift::{FastStr, Method, args, methods};

use crate::connection::{Connection, decode, encode};
use crate::fixture::{self, Fixture, LONG_DAY, partition, partition_name, text, values};

const BATCH: usize = 10_000;
const TABLE: &str = "million";
/// A search is done so often; its times are all told.
const REPEATS: usize = 3;

struct Million<'a> {
    server: &'a Server,
    connection: &'a mut Connection,
}

/// Prints a list. The partitions are those of 1,000 days, 100 batches a day, 10 regions a batch.
pub fn run(server: &Server, connection: &mut Connection, fixture: &Fixture, partitions: usize) -> Result<()> {
    fixture::create_table(connection, fixture.partitioned(TABLE))?;
    let mut million = Million { server, connection };
    million.add(fixture, partitions)?;
    let (db, table) = (text(&fixture.parts), text(TABLE));
    let days = partitions / (LONG_DAY * 10);
    let day = values(LONG_DAY, partitions / 2)[0].clone();

    let names = args::GetPartitionNamesPs {
        db_name: db.clone(),
        tbl_name: table.clone(),
        part_vals: Some(vec![FastStr::new(&day)]),
        max_parts: Some(-1),
    };
    million.timed::<methods::GetPartitionNamesPs>("names by prefix: ds", names, Vec::len, LONG_DAY * 10)?;
    let names = (0..1000).map(|i| FastStr::from(partition_name(&values(LONG_DAY, i * (partitions / 1000)))));
    let by_names =
        args::GetPartitionsByNames { db_name: db.clone(), tbl_name: table.clone(), names: Some(names.collect()) };
    million.timed::<methods::GetPartitionsByNames>("get 1,000 by names, spread", by_names, Vec::len, 1000)?;

    let first = format!("ds = \"{day}\"");
    let range = format!("ds >= \"{day}\" and ds <= \"{day}\" and batch >= 90 and region != \"region_0\"");
    let filters = [
        (first.as_str(), LONG_DAY * 10),
        (range.as_str(), LONG_DAY / 10 * 9),
        ("batch = 42", days * 10),
        ("region = \"region_7\" and batch > 98", days),
        ("batch < 2", days * 20),
        ("batch < 20", days * 200),
    ];
    for (filter, expected) in filters {
        if expected <= 20_000 {
            let by_filter = args::GetPartitionsByFilter {
                db_name: db.clone(),
                tbl_name: table.clone(),
                filter: text(filter),
                max_parts: Some(-1),
            };
            let what = format!("filter: {filter}");
            million.timed::<methods::GetPartitionsByFilter>(&what, by_filter, Vec::len, expected)?;
        }
        let counted =
            args::GetNumPartitionsByFilter { db_name: db.clone(), tbl_name: table.clone(), filter: text(filter) };
        let what = format!("count: {filter}");
        million.timed::<methods::GetNumPartitionsByFilter>(&what, counted, |n| *n as usize, expected)?;
    }
    let all = args::GetNumPartitionsByFilter { db_name: db.clone(), tbl_name: table.clone(), filter: text("") };
    million.timed::<methods::GetNumPartitionsByFilter>("count: all", all, |n| *n as usize, partitions)?;
    let names = args::GetPartitionNames { db_name: db.clone(), tbl_name: table.clone(), max_parts: Some(-1) };
    million.timed::<methods::GetPartitionNames>("names: all", names, Vec::len, partitions)?;

    let begin = Instant::now();
    let drop = args::DropTable { dbname: db, name: table, delete_data: Some(false) };
    million.connection.result::<methods::DropTable>(drop)?;
    println!("- drop_table: {} s", number(begin.elapsed().as_secs_f64()));
    Ok(())
}

impl Million<'_> {
    fn add(&mut self, fixture: &Fixture, partitions: usize) -> Result<()> {
        let table = fixture.partitioned(TABLE);
        let before = self.server.processes.usage();
        let mut seconds = Vec::new();
        for from in (0..partitions).step_by(BATCH) {
            let to = partitions.min(from + BATCH);
            let batch = (from..to).map(|i| partition(&table, LONG_DAY, i)).collect();
            let request = encode::<methods::AddPartitions>(args::AddPartitions { new_parts: Some(batch) })?;
            let begin = Instant::now();
            self.connection.call(&request)?;
            seconds.push(begin.elapsed().as_secs_f64());
            ensure!(!STOPPED.load(std::sync::atomic::Ordering::Relaxed), "stopped");
        }
        let spent = before.until(self.server.processes.usage());
        let sum: f64 = seconds.iter().sum();
        println!("## {}: {partitions} partitions", self.server.name);
        println!("- add_partitions of {BATCH}: {} s, {} partitions/s", number(sum), number(partitions as f64 / sum));
        let tenth = |part: &[f64]| number(part.iter().sum::<f64>() / part.len().max(1) as f64);
        let of = seconds.len().div_ceil(10);
        println!(
            "  a call took {} s in the first tenth, {} s in the last, {} s at most",
            tenth(&seconds[..of]),
            tenth(&seconds[seconds.len() - of..]),
            number(seconds.iter().copied().fold(0.0, f64::max)),
        );
        let cpu = |cpu: Option<std::time::Duration>| cpu.map_or("?".to_owned(), |cpu| number(cpu.as_secs_f64()));
        println!("  CPU: server {} s, Postgres {} s", cpu(spent.server), cpu(spent.postgres));
        self.memory();
        Ok(())
    }

    /// The first reply is decoded and counted; the times are those of the others.
    fn timed<M: Method>(
        &mut self,
        what: &str,
        args: M::Args,
        count: fn(&M::Ok) -> usize,
        expected: usize,
    ) -> Result<()> {
        let request = encode::<M>(args)?;
        let begin = Instant::now();
        let reply = match self.connection.call_and_keep(&request) {
            Ok(reply) => reply,
            Err(error) => {
                println!("- {what}: {error:#}");
                return Ok(());
            }
        };
        let first = begin.elapsed();
        let bytes = reply.len();
        let found = count(&decode::<M>(reply)?);
        let mut times = Vec::new();
        for _ in 0..REPEATS {
            let begin = Instant::now();
            self.connection.call(&request)?;
            times.push(number(begin.elapsed().as_secs_f64() * 1000.0));
        }
        let wrong = if found == expected { String::new() } else { format!(" instead of {expected}") };
        println!(
            "- {what}: {found} found{wrong}, {} ms, then {} ms ({bytes} bytes)",
            number(first.as_secs_f64() * 1000.0),
            times.join(", "),
        );
        Ok(())
    }

    fn memory(&self) {
        let memory = self.server.processes.memory();
        let mb = |bytes: Option<u64>| bytes.map_or("?".to_owned(), |bytes| (bytes / 1_000_000).to_string());
        println!(
            "  memory: server {} MB, {} MB at most, Postgres {} MB",
            mb(memory.server),
            mb(memory.server_peak),
            mb(memory.postgres),
        );
    }
}
