//! Compares metastores: sends the same calls of the Hive Metastore protocol to one server or two, case by case, first to
//! the one and then to the other, and tells how long they took and what they cost.
//!
//! Calls are encoded before they are timed, and replies are taken off the wire without objects made of them, so the
//! times are the server's and the network's. The first reply of each case is read whole and checked.

mod cases;
mod connection;
mod fixture;
mod measure;
mod million;
mod process;
mod report;

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Error, Result, anyhow, bail, ensure};
use clap::Parser;
use nix::sys::signal::{SigSet, Signal};

use cases::{CASES, Case};
use connection::Connection;
use fixture::{Fixture, Need};
use measure::{Pace, STOPPED, Server};
use process::Processes;
use report::{Outcome, Report, Row, ServerReport, Summary};

/// Measures one metastore, or compares two.
#[derive(Debug, Parser)]
#[command(name = "metastore-bench")]
struct Options {
    /// A server: `name=HOST:PORT[,pid=PID][,pgpid=PID]`, with the process of the server and the postmaster of its
    /// Postgres for CPU and memory. Given twice, the two are compared.
    #[arg(long = "server", required = true, value_parser = server)]
    servers: Vec<Server>,
    /// Numbers of concurrent clients.
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    clients: Vec<usize>,
    /// How long each case is measured for each number of clients.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only cases whose name contains this; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// The case of a table of 50,000 partitions too.
    #[arg(long)]
    large: bool,
    /// A pause after the fixture is made, for Postgres' own autovacuum, in seconds.
    #[arg(long, default_value_t = 0.0)]
    settle: f64,
    /// A table of a million partitions in place of the cases, on the only server.
    #[arg(long)]
    million: bool,
    /// How many a million is.
    #[arg(long, default_value_t = 1_000_000, hide = true)]
    partitions: usize,
    /// Where the results are written as JSON.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Drops what an earlier run left, by the prefix of its names, and ends.
    #[arg(long)]
    cleanup: Option<String>,
}

fn server(text: &str) -> Result<Server> {
    let mut parts = text.split(',');
    let (name, address) =
        parts.next().and_then(|part| part.split_once('=')).context("it must begin with name=HOST:PORT")?;
    let mut processes = Processes::default();
    for part in parts {
        match part.split_once('=') {
            Some(("pid", pid)) => processes.server = Some(pid.parse()?),
            Some(("pgpid", pid)) => processes.postmaster = Some(pid.parse()?),
            _ => bail!("{part} is neither pid=… nor pgpid=…"),
        }
    }
    processes.check()?;
    Ok(Server { name: name.to_owned(), address: address.to_owned(), processes })
}

fn main() -> Result<()> {
    let options = Options::parse();
    ensure!(options.servers.len() <= 2, "one server is measured or two are compared, not {}", options.servers.len());
    ensure!(!options.million || options.servers.len() == 1, "--million takes one server");
    ensure!(options.clients.iter().all(|clients| (1..=64).contains(clients)), "--clients takes numbers from 1 to 64");
    if let Some(prefix) = &options.cleanup {
        ensure!(prefix.starts_with("bench"), "the names of a run begin with bench");
        return options
            .servers
            .iter()
            .try_for_each(|server| Fixture::drop(&mut Connection::open(&server.address)?, prefix));
    }
    stop_on_signals()?;
    let run = format!("bench{:x}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let measured = if options.million { million(&options, &run) } else { compare(&options, &run) };
    let dropped = options.servers.iter().try_for_each(|server| {
        eprintln!("{}: dropping {run}*", server.name);
        Fixture::drop(&mut Connection::open(&server.address)?, &run)
    });
    measured?;
    dropped.with_context(|| format!("what the run made is left; --cleanup {run} drops it"))
}

/// The first SIGINT or SIGTERM ends the measuring, and what was made is dropped; the second ends the process.
fn stop_on_signals() -> Result<()> {
    let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM]);
    // Before any other thread begins, which inherits it.
    signals.thread_block()?;
    std::thread::spawn(move || {
        while signals.wait().is_ok() {
            if STOPPED.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            eprintln!("stopping; once more leaves behind what was made");
        }
    });
    Ok(())
}

fn million(options: &Options, run: &str) -> Result<()> {
    let server = &options.servers[0];
    let mut connection = Connection::open(&server.address)?;
    let fixture = Fixture::begin(&mut connection, run, 0)?;
    println!("load average {}", process::load_average());
    million::run(server, &mut connection, &fixture, options.partitions)?;
    println!("load average {}", process::load_average());
    Ok(())
}

/// A server with its fixture.
struct Bench<'a> {
    server: &'a Server,
    fixture: Fixture,
    connections: Vec<Connection>,
}

impl<'a> Bench<'a> {
    fn begin(server: &'a Server, run: &str, clients: usize, needs: &[Need]) -> Result<Self> {
        eprintln!("{}: making databases, tables and partitions, {run}*", server.name);
        let mut connection = Connection::open(&server.address)?;
        let fixture = Fixture::begin(&mut connection, run, clients)?;
        for need in needs {
            not_stopped()?;
            fixture.make(&mut connection, *need).with_context(|| format!("making {need:?}"))?;
        }
        Ok(Bench { server, fixture, connections: connect(server, clients)? })
    }

    fn measure(&mut self, case: &Case, clients: usize, pace: Pace) -> Result<Vec<(String, Outcome)>> {
        let steps = (case.steps)(&self.fixture, clients)?;
        let outcomes = match measure::run(self.server, &mut self.connections[..clients], &steps, pace) {
            Ok(measured) => measured.iter().map(|step| Outcome::Measured(Summary::of(step))).collect::<Vec<_>>(),
            Err(error) => {
                not_stopped()?;
                // A reply may be half read.
                self.connections = connect(self.server, self.connections.len())?;
                steps.iter().map(|_| Outcome::Failed { error: format!("{error:#}") }).collect()
            }
        };
        Ok(steps.into_iter().map(|step| step.name).zip(outcomes).collect())
    }
}

fn connect(server: &Server, clients: usize) -> Result<Vec<Connection>> {
    (0..clients).map(|_| Connection::open(&server.address)).collect()
}

fn not_stopped() -> Result<()> {
    if STOPPED.load(Ordering::Relaxed) { Err(anyhow!("stopped")) } else { Ok(()) }
}

fn compare(options: &Options, run: &str) -> Result<()> {
    let cases: Vec<&Case> = CASES
        .iter()
        .filter(|case| options.only.is_empty() || options.only.iter().any(|only| case.name.contains(only.as_str())))
        .filter(|case| options.large || !case.name.ends_with("50k"))
        .collect();
    ensure!(
        !cases.is_empty(),
        "no case has such a name; there are: {}",
        CASES.iter().map(|case| case.name).collect::<Vec<_>>().join("; ")
    );
    let mut needs: Vec<Need> = cases.iter().flat_map(|case| case.needs).copied().collect();
    needs.sort();
    needs.dedup();
    let most = options.clients.iter().copied().max().unwrap_or(1);
    let pace = Pace {
        seconds: Duration::from_secs_f64(options.seconds),
        warm_up: Duration::from_secs_f64(options.seconds / 3.0),
    };

    let mut report = Report {
        run: run.to_owned(),
        seconds: options.seconds,
        processors: std::thread::available_parallelism()?.get(),
        load_average: [process::load_average(), String::new()],
        servers: Vec::new(),
        rows: Vec::new(),
    };
    let mut benches = Vec::new();
    for server in &options.servers {
        report.servers.push(ServerReport::before(server));
        benches.push(Bench::begin(server, run, most, &needs).with_context(|| server.name.clone())?);
    }
    std::thread::sleep(Duration::from_secs_f64(options.settle));
    let measured = measure_all(options, &cases, &mut benches, pace, &mut report);
    report.load_average[1] = process::load_average();
    for (server, bench) in report.servers.iter_mut().zip(&benches) {
        server.memory_after = bench.server.processes.memory();
    }
    // What was measured until it was stopped counts too.
    println!("{}", report.markdown());
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    measured
}

fn measure_all(
    options: &Options,
    cases: &[&Case],
    benches: &mut [Bench],
    pace: Pace,
    report: &mut Report,
) -> Result<(), Error> {
    for case in cases {
        for &clients in &options.clients {
            let first = report.rows.len();
            for (bench, server) in benches.iter_mut().zip(&mut report.servers) {
                not_stopped()?;
                for (i, (call, outcome)) in bench.measure(case, clients, pace)?.into_iter().enumerate() {
                    match &outcome {
                        Outcome::Measured(summary) => {
                            server.postgres_peak = server.postgres_peak.max(summary.memory.postgres);
                            eprintln!("{call}, {clients} clients, {}: {}", server.name, summary.line());
                        }
                        Outcome::Failed { error } => eprintln!("{call}, {clients} clients, {}: {error}", server.name),
                    }
                    match report.rows.get_mut(first + i) {
                        Some(row) => row.results.push(outcome),
                        None => report.rows.push(Row { call, clients, results: vec![outcome] }),
                    }
                }
            }
        }
    }
    Ok(())
}
