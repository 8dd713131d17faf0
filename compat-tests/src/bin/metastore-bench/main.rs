//! Compares metastores by the Hive Metastore protocol; [`propolis_compat_tests::bench`] says how.

mod cases;
mod connection;
mod fixture;
mod million;

use anyhow::{Result, ensure};
use clap::Parser;
use propolis_compat_tests::bench::compare::{self, Benchmark, Options};
use propolis_compat_tests::bench::measure::Server;
use propolis_compat_tests::bench::process;

use connection::Connection;
use fixture::{Fixture, Need};

/// Measures one metastore, or compares two.
#[derive(Debug, Parser)]
#[command(name = "metastore-bench")]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The case of a table of 50,000 partitions too.
    #[arg(long)]
    large: bool,
    /// A table of a million partitions in place of the cases, on the only server.
    #[arg(long)]
    million: bool,
    /// How many a million is.
    #[arg(long, default_value_t = 1_000_000, hide = true)]
    partitions: usize,
}

/// The protocol with the fixture that cases are about.
pub struct Thrift;

impl Benchmark for Thrift {
    type Connection = Connection;
    type Fixture = Fixture;
    type Need = Need;

    fn connect(&self, address: &str) -> Result<Connection> {
        Connection::open(address)
    }

    fn begin(&self, connection: &mut Connection, run: &str, clients: usize) -> Result<Fixture> {
        Fixture::begin(connection, run, clients)
    }

    fn make(&self, fixture: &Fixture, connection: &mut Connection, need: Need) -> Result<()> {
        fixture.make(connection, need)
    }

    fn drop(&self, connection: &mut Connection, run: &str) -> Result<()> {
        Fixture::drop(connection, run)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let options = &arguments.options;
    ensure!(!arguments.million || options.servers.len() == 1, "--million takes one server");
    compare::run(&Thrift, options, |run| match arguments.million {
        true => million(&options.servers[0], run, arguments.partitions),
        false => compare::compare(&Thrift, options, run, cases::all(arguments.large)),
    })
}

fn million(server: &Server, run: &str, partitions: usize) -> Result<()> {
    let mut connection = Connection::open(&server.address)?;
    let fixture = Fixture::begin(&mut connection, run, 0)?;
    println!("load average {}", process::load_average());
    million::run(server, &mut connection, &fixture, partitions)?;
    println!("load average {}", process::load_average());
    Ok(())
}
