//! What was measured: as a table in Markdown for people, and as JSON.

use std::fmt::Write;
use std::time::Duration;

use serde::Serialize;

use super::measure::{Measured, Server};
use super::process::Memory;

#[derive(Debug, Serialize)]
pub struct Report {
    pub run: String,
    pub seconds: f64,
    pub processors: usize,
    /// Of the machine, before and after.
    pub load_average: [String; 2],
    pub servers: Vec<ServerReport>,
    pub rows: Vec<Row>,
}

#[derive(Debug, Serialize)]
pub struct ServerReport {
    pub name: String,
    pub address: String,
    pub memory_before: Memory,
    pub memory_after: Memory,
    /// The most that was seen after a case.
    pub postgres_peak: Option<u64>,
}

impl ServerReport {
    pub fn before(server: &Server) -> ServerReport {
        let memory = server.processes.memory();
        ServerReport {
            name: server.name.clone(),
            address: server.address.clone(),
            memory_before: memory,
            memory_after: memory,
            postgres_peak: memory.postgres,
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Row {
    pub call: String,
    pub clients: usize,
    /// In the order of the servers.
    pub results: Vec<Outcome>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outcome {
    Measured(Summary),
    Failed { error: String },
}

/// Times in milliseconds; CPU times are those of a call.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub calls: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub calls_per_second: f64,
    pub server_cpu_ms: Option<f64>,
    pub postgres_cpu_ms: Option<f64>,
    pub client_cpu_ms: f64,
    /// Processors that others kept busy meanwhile.
    pub others: f64,
    pub memory: Memory,
}

impl Summary {
    pub fn of(measured: &Measured) -> Summary {
        let calls = measured.latencies.len();
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let per_call = |cpu: Duration| ms(cpu) / calls.max(1) as f64;
        let quantile = |q: f64| measured.latencies.get((calls as f64 * q) as usize).copied().map_or(0.0, ms);
        let spent = &measured.spent;
        let seconds = spent.elapsed.as_secs_f64().max(f64::EPSILON);
        Summary {
            calls,
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            calls_per_second: calls as f64 / seconds,
            server_cpu_ms: spent.server.map(per_call),
            postgres_cpu_ms: spent.postgres.map(per_call),
            client_cpu_ms: per_call(spent.client),
            others: spent.others.as_secs_f64() / seconds,
            memory: measured.memory,
        }
    }

    fn cpu(&self) -> Option<f64> {
        Some(self.server_cpu_ms? + self.postgres_cpu_ms.unwrap_or_default())
    }

    /// One line, for who watches.
    pub fn line(&self) -> String {
        let cpu = |cpu: Option<f64>| cpu.map(number).unwrap_or_default();
        format!(
            "p50 {} ms, p99 {} ms, {}/s, CPU ms/call: server {}, Postgres {}, client {}; others {:.1} processors",
            number(self.p50_ms),
            number(self.p99_ms),
            number(self.calls_per_second),
            cpu(self.server_cpu_ms),
            cpu(self.postgres_cpu_ms),
            number(self.client_cpu_ms),
            self.others,
        )
    }
}

/// Three digits that count.
pub fn number(value: f64) -> String {
    match value {
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v >= 0.9995 => format!("{v:.2}"),
        v => format!("{v:.3}"),
    }
}

impl Report {
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> std::fmt::Result {
        let pair = self.servers.len() == 2;
        write!(text, "| call | clients |")?;
        for server in &self.servers {
            write!(text, " {0}: p50 / p99 ms | {0}: calls/s | {0}: CPU ms a call, server + Postgres |", server.name)?;
        }
        if let (true, [a, b]) = (pair, &*self.servers) {
            write!(text, " p50, {0} / {1} | calls/s, {1} / {0} | CPU, {0} / {1} |", a.name, b.name)?;
        }
        write!(text, "\n|---|--:|{}", "--:|".repeat(self.servers.len() * 3 + if pair { 3 } else { 0 }))?;
        for row in &self.rows {
            write!(text, "\n| {} | {} |", row.call, row.clients)?;
            row.results.iter().try_for_each(|outcome| write_outcome(text, outcome))?;
            match &*row.results {
                [Outcome::Measured(a), Outcome::Measured(b)] => {
                    write_ratio(text, Some(a.p50_ms), Some(b.p50_ms))?;
                    write_ratio(text, Some(b.calls_per_second), Some(a.calls_per_second))?;
                    write_ratio(text, a.cpu(), b.cpu())?;
                }
                _ if pair => write!(text, " | | |")?,
                _ => {}
            }
        }
        writeln!(text, "\n\n| memory, MB | server before | after | peak | Postgres before | after | most seen |")?;
        writeln!(text, "|---|--:|--:|--:|--:|--:|--:|")?;
        for server in &self.servers {
            let mb = |bytes: Option<u64>| bytes.map(|bytes| (bytes / 1_000_000).to_string()).unwrap_or_default();
            let (before, after) = (server.memory_before, server.memory_after);
            let sizes =
                [before.server, after.server, after.server_peak, before.postgres, after.postgres, server.postgres_peak];
            writeln!(text, "| {} | {} |", server.name, sizes.map(mb).join(" | "))?;
        }
        let [before, after] = &self.load_average;
        writeln!(text, "\n{} processors; load average before {before}, after {after}.", self.processors)
    }
}

fn write_outcome(text: &mut String, outcome: &Outcome) -> std::fmt::Result {
    match outcome {
        Outcome::Measured(summary) => {
            let cpu = match (summary.server_cpu_ms, summary.postgres_cpu_ms) {
                (Some(server), Some(postgres)) => format!("{} + {}", number(server), number(postgres)),
                (server, postgres) => server.or(postgres).map(number).unwrap_or_default(),
            };
            let (p50, p99) = (number(summary.p50_ms), number(summary.p99_ms));
            write!(text, " {p50} / {p99} | {} | {cpu} |", number(summary.calls_per_second))
        }
        Outcome::Failed { error } => {
            let error: String = error.replace(['|', '\n'], " ").chars().take(80).collect();
            write!(text, " {error} | | |")
        }
    }
}

fn write_ratio(text: &mut String, dividend: Option<f64>, divisor: Option<f64>) -> std::fmt::Result {
    match (dividend, divisor) {
        // CPU times come in hundredths of a second: a quotient by nothing says nothing.
        (Some(dividend), Some(divisor)) if divisor > 0.0 => write!(text, " {} |", number(dividend / divisor)),
        _ => write!(text, " |"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::process::Spent;

    fn server(name: &str) -> ServerReport {
        let memory = Memory { server: Some(5_000_000), ..Memory::default() };
        ServerReport {
            name: name.to_owned(),
            address: String::new(),
            memory_before: memory,
            memory_after: memory,
            postgres_peak: None,
        }
    }

    fn measured(latency: u64, cpu: Option<u64>) -> Outcome {
        let spent =
            Spent { elapsed: Duration::from_secs(1), server: cpu.map(Duration::from_millis), ..Spent::default() };
        let latencies = vec![Duration::from_millis(latency); 10];
        Outcome::Measured(Summary::of(&Measured { latencies, spent, memory: Memory::default() }))
    }

    #[test]
    fn two_servers_are_compared_and_what_is_not_known_is_empty() {
        let row = |call: &str, results| Row { call: call.to_owned(), clients: 1, results };
        let report = Report {
            run: String::new(),
            seconds: 1.0,
            processors: 2,
            load_average: [String::new(), String::new()],
            servers: vec![server("a"), server("b")],
            rows: vec![
                row("known", vec![measured(20, Some(100)), measured(2, Some(50))]),
                row("no pid", vec![measured(20, None), measured(2, None)]),
                row("fails", vec![Outcome::Failed { error: "no | such".to_owned() }, measured(2, None)]),
            ],
        };
        let text = report.markdown();
        let rows: Vec<&str> = text.lines().collect();
        assert_eq!(
            rows[2],
            "| known | 1 | 20.0 / 20.0 | 10.0 | 10.0 | 2.00 / 2.00 | 10.0 | 5.00 | 10.0 | 1.00 | 2.00 |"
        );
        assert_eq!(rows[3], "| no pid | 1 | 20.0 / 20.0 | 10.0 |  | 2.00 / 2.00 | 10.0 |  | 10.0 | 1.00 | |");
        assert_eq!(rows[4], "| fails | 1 | no   such | | | 2.00 / 2.00 | 10.0 |  | | | |");
        assert!(text.contains("| a | 5 | 5 |  |  |  |  |"), "{text}");
    }
}
