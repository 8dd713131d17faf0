//! What processes used, out of `/proc`.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The unit of times in `/proc/*/stat`, the same on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// Processes that belong to a server under test. Without their numbers there is nothing to tell of them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Processes {
    pub server: Option<u32>,
    pub postmaster: Option<u32>,
}

/// CPU time that was used so far; what is not known is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    at: Instant,
    server: Option<Duration>,
    postgres: Option<Duration>,
    client: Duration,
    machine: Duration,
}

/// CPU time between two moments.
#[derive(Debug, Clone, Copy, Default)]
pub struct Spent {
    pub elapsed: Duration,
    pub server: Option<Duration>,
    pub postgres: Option<Duration>,
    pub client: Duration,
    /// Of everything else on the machine.
    pub others: Duration,
}

/// Bytes in memory. A Postgres' is the sum of its processes' proportional sizes: what they share counts once.
#[derive(Debug, Clone, Copy, Default, serde::Serialize)]
pub struct Memory {
    pub server: Option<u64>,
    /// The largest since the process began.
    pub server_peak: Option<u64>,
    pub postgres: Option<u64>,
}

impl Processes {
    /// An error where a process is not there.
    pub fn check(&self) -> Result<()> {
        for pid in [self.server, self.postmaster].into_iter().flatten() {
            Stat::read(pid).with_context(|| format!("there is no process {pid}"))?;
        }
        Ok(())
    }

    pub fn usage(&self) -> Usage {
        Usage {
            at: Instant::now(),
            server: self.server.and_then(Stat::read).map(|stat| stat.own),
            postgres: self.postmaster.and_then(postgres_cpu),
            client: Stat::read(std::process::id()).map_or(Duration::ZERO, |stat| stat.own),
            machine: machine_cpu(),
        }
    }

    pub fn memory(&self) -> Memory {
        Memory {
            server: self.server.and_then(|pid| bytes_of(&format!("/proc/{pid}/status"), "VmRSS:")),
            server_peak: self.server.and_then(|pid| bytes_of(&format!("/proc/{pid}/status"), "VmHWM:")),
            postgres: self.postmaster.and_then(|postmaster| {
                let tree = std::iter::once(postmaster).chain(children(postmaster).map(|(pid, _)| pid));
                let sizes = tree.filter_map(|pid| bytes_of(&format!("/proc/{pid}/smaps_rollup"), "Pss:"));
                sizes.reduce(|sum, size| sum + size)
            }),
        }
    }
}

impl Usage {
    pub fn until(self, later: Usage) -> Spent {
        let difference = |a: Option<Duration>, b: Option<Duration>| Some(b?.saturating_sub(a?));
        let (server, postgres) = (difference(self.server, later.server), difference(self.postgres, later.postgres));
        let client = later.client.saturating_sub(self.client);
        let ours = client + server.unwrap_or_default() + postgres.unwrap_or_default();
        let others = later.machine.saturating_sub(self.machine).saturating_sub(ours);
        Spent { elapsed: later.at - self.at, server, postgres, client, others }
    }
}

impl std::ops::AddAssign for Spent {
    fn add_assign(&mut self, more: Spent) {
        let sum = |a: Option<Duration>, b: Option<Duration>| match (a, b) {
            (None, b) => b,
            (a, b) => Some(a? + b.unwrap_or_default()),
        };
        self.elapsed += more.elapsed;
        self.server = sum(self.server, more.server);
        self.postgres = sum(self.postgres, more.postgres);
        self.client += more.client;
        self.others += more.others;
    }
}

struct Stat {
    parent: u32,
    own: Duration,
    /// Of children that have ended.
    ended: Duration,
}

impl Stat {
    fn read(pid: u32) -> Option<Stat> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name in parentheses may have spaces and parentheses of its own.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |i: usize| fields.get(i)?.parse::<u32>().ok();
        Some(Stat { parent: ticks(1)?, own: TICK * (ticks(11)? + ticks(12)?), ended: TICK * (ticks(13)? + ticks(14)?) })
    }
}

/// A postmaster's children, of which each has none.
fn children(parent: u32) -> impl Iterator<Item = (u32, Stat)> {
    let numbers =
        fs::read_dir("/proc").into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    numbers.filter_map(|pid: u32| Some((pid, Stat::read(pid)?))).filter(move |(_, stat)| stat.parent == parent)
}

fn postgres_cpu(postmaster: u32) -> Option<Duration> {
    let own = Stat::read(postmaster)?;
    Some(own.own + own.ended + children(postmaster).map(|(_, stat)| stat.own).sum::<Duration>())
}

/// All that is not idle, of all processors.
fn machine_cpu() -> Duration {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let ticks = text
        .lines()
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(1)
        .map(|field| field.parse::<u64>().unwrap_or(0));
    // user nice system idle iowait irq softirq steal; what follows is counted in user already
    let busy: u64 = ticks.take(8).enumerate().filter(|(i, _)| *i != 3 && *i != 4).map(|(_, ticks)| ticks).sum();
    Duration::from_millis(busy * TICK.as_millis() as u64)
}

fn bytes_of(file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The load average of the last minute, the last five and the last fifteen.
pub fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
