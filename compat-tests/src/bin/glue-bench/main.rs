//! Compares servers by the Glue API; [`propolis_compat_tests::bench`] says how.

mod cases;
mod connection;
mod fixture;

use anyhow::Result;
use clap::Parser;
use propolis_compat_tests::bench::compare::{self, Benchmark, Options};

use connection::{Connection, Key};
use fixture::{Fixture, Need};

/// Measures one server of the Glue API, or compares two.
#[derive(Debug, Parser)]
#[command(name = "glue-bench")]
struct Arguments {
    #[command(flatten)]
    options: Options,
    /// The key that calls are signed with; a server that checks none takes any.
    #[arg(long, env = "AWS_ACCESS_KEY_ID", default_value = "key")]
    access_key: String,
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", default_value = "secret", hide_env_values = true)]
    secret_key: String,
}

/// The protocol with the fixture that cases are about.
pub struct Glue {
    key: Key,
}

impl Benchmark for Glue {
    type Connection = Connection;
    type Fixture = Fixture;
    type Need = Need;

    fn connect(&self, address: &str) -> Result<Connection> {
        Ok(Connection::new(address, self.key.clone()))
    }

    fn begin(&self, connection: &mut Connection, run: &str, clients: usize) -> Result<Fixture> {
        Fixture::begin(connection, run, clients)
    }

    fn make(&self, fixture: &Fixture, connection: &mut Connection, need: Need) -> Result<()> {
        fixture.make(connection, need)
    }

    fn drop(&self, connection: &mut Connection, run: &str) -> Result<()> {
        fixture::drop(connection, run)
    }
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let glue = Glue { key: Key { id: arguments.access_key, secret: arguments.secret_key } };
    let options = &arguments.options;
    compare::run(&glue, options, |run| compare::compare(&glue, options, run, cases::CASES))
}
