//! The course of a benchmark, whatever the protocol is.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail, ensure};
use clap::Args;
use nix::sys::signal::{SigSet, Signal};

use super::measure::{self, Connection, Pace, STOPPED, Server, Step};
use super::process::{self, Processes};
use super::report::{Outcome, Report, Row, ServerReport, Summary};

/// What every benchmark is told.
#[derive(Debug, Args)]
pub struct Options {
    /// A server: `name=HOST:PORT[,pid=PID][,pgpid=PID]`, with the process of the server and the postmaster of its
    /// Postgres for CPU and memory. Given twice, the two are compared.
    #[arg(long = "server", required = true, value_parser = server)]
    pub servers: Vec<Server>,
    /// Numbers of concurrent clients.
    #[arg(long, value_delimiter = ',', default_value = "1,16")]
    clients: Vec<usize>,
    /// How long each case is measured for each number of clients.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Only cases whose name contains this; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// A pause after the fixture is made, for Postgres' own autovacuum, in seconds.
    #[arg(long, default_value_t = 0.0)]
    settle: f64,
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

/// A protocol, and what calls of it are about: databases, tables and partitions with names of this run's own.
pub trait Benchmark {
    type Connection: Connection;
    /// The names of a run on one server.
    type Fixture;
    /// A part of the fixture that a case needs.
    type Need: Copy + Ord + Debug + 'static;

    fn connect(&self, address: &str) -> Result<Self::Connection>;

    /// Makes what every case needs.
    fn begin(&self, connection: &mut Self::Connection, run: &str, clients: usize) -> Result<Self::Fixture>;

    fn make(&self, fixture: &Self::Fixture, connection: &mut Self::Connection, need: Self::Need) -> Result<()>;

    /// Drops everything whose name begins with the run's.
    fn drop(&self, connection: &mut Self::Connection, run: &str) -> Result<()>;
}

/// Which calls are measured.
pub struct Case<B: Benchmark> {
    pub name: &'static str,
    pub needs: &'static [B::Need],
    pub steps: fn(&B::Fixture, usize) -> Result<Vec<Step>>,
}

/// Spreads calls over objects, the same way in every run.
pub fn pick(client: usize, call: usize, objects: usize) -> usize {
    let mixed = (client as u64 * 1_000_003 + call as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 33) as usize % objects
}

/// Does `measure` with a prefix of names for this run, and drops what was made under it.
pub fn run(benchmark: &impl Benchmark, options: &Options, measure: impl FnOnce(&str) -> Result<()>) -> Result<()> {
    ensure!(options.servers.len() <= 2, "one server is measured or two are compared, not {}", options.servers.len());
    ensure!(options.clients.iter().all(|clients| (1..=64).contains(clients)), "--clients takes numbers from 1 to 64");
    let drop = |run: &str| {
        options.servers.iter().try_for_each(|server| {
            eprintln!("{}: dropping {run}*", server.name);
            benchmark.drop(&mut benchmark.connect(&server.address)?, run)
        })
    };
    if let Some(prefix) = &options.cleanup {
        ensure!(prefix.starts_with("bench"), "the names of a run begin with bench");
        return drop(prefix);
    }
    stop_on_signals()?;
    let run = format!("bench{:x}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs());
    let measured = measure(&run);
    let dropped = drop(&run);
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

fn not_stopped() -> Result<()> {
    if STOPPED.load(Ordering::Relaxed) { Err(anyhow!("stopped")) } else { Ok(()) }
}

/// A server with its fixture.
struct Bench<'a, B: Benchmark> {
    benchmark: &'a B,
    server: &'a Server,
    fixture: B::Fixture,
    connections: Vec<B::Connection>,
}

impl<'a, B: Benchmark> Bench<'a, B> {
    fn begin(benchmark: &'a B, server: &'a Server, run: &str, clients: usize, needs: &[B::Need]) -> Result<Self> {
        eprintln!("{}: making databases, tables and partitions, {run}*", server.name);
        let mut connection = benchmark.connect(&server.address)?;
        let fixture = benchmark.begin(&mut connection, run, clients)?;
        for need in needs {
            not_stopped()?;
            benchmark.make(&fixture, &mut connection, *need).with_context(|| format!("making {need:?}"))?;
        }
        Ok(Bench { benchmark, server, fixture, connections: connect(benchmark, server, clients)? })
    }

    fn measure(&mut self, case: &Case<B>, clients: usize, pace: Pace) -> Result<Vec<(String, Outcome)>> {
        let steps = (case.steps)(&self.fixture, clients)?;
        let outcomes = match measure::run(self.server, &mut self.connections[..clients], &steps, pace) {
            Ok(measured) => measured.iter().map(|step| Outcome::Measured(Summary::of(step))).collect::<Vec<_>>(),
            Err(error) => {
                not_stopped()?;
                // A reply may be half read.
                self.connections = connect(self.benchmark, self.server, self.connections.len())?;
                steps.iter().map(|_| Outcome::Failed { error: format!("{error:#}") }).collect()
            }
        };
        Ok(steps.into_iter().map(|step| step.name).zip(outcomes).collect())
    }
}

fn connect<B: Benchmark>(benchmark: &B, server: &Server, clients: usize) -> Result<Vec<B::Connection>> {
    (0..clients).map(|_| benchmark.connect(&server.address)).collect()
}

/// Measures the cases that the options name, and prints a table in Markdown.
pub fn compare<B: Benchmark>(benchmark: &B, options: &Options, run: &str, cases: &[Case<B>]) -> Result<()> {
    let wanted = |name: &str| options.only.is_empty() || options.only.iter().any(|only| name.contains(only.as_str()));
    let chosen: Vec<&Case<B>> = cases.iter().filter(|case| wanted(case.name)).collect();
    ensure!(
        !chosen.is_empty(),
        "no case has such a name; there are: {}",
        cases.iter().map(|case| case.name).collect::<Vec<_>>().join("; ")
    );
    let mut needs: Vec<B::Need> = chosen.iter().flat_map(|case| case.needs).copied().collect();
    needs.sort();
    needs.dedup();
    let most = options.clients.iter().copied().max().unwrap_or(1);

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
        benches.push(Bench::begin(benchmark, server, run, most, &needs).with_context(|| server.name.clone())?);
    }
    std::thread::sleep(Duration::from_secs_f64(options.settle));
    let measured = measure_all(options, &chosen, &mut benches, &mut report);
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

fn measure_all<B: Benchmark>(
    options: &Options,
    cases: &[&Case<B>],
    benches: &mut [Bench<B>],
    report: &mut Report,
) -> Result<()> {
    let pace = Pace {
        seconds: Duration::from_secs_f64(options.seconds),
        warm_up: Duration::from_secs_f64(options.seconds / 3.0),
    };
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
