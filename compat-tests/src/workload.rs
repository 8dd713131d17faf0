//! Running a file of `engines/`.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::glue::Glue;
use crate::metastore::Metastore;
use crate::{cache, java};

/// A workload that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(1800);

/// What a workload prints to have the metastore killed and started again; it waits for a line in answer.
const KILL: &str = "@kill-metastore";

pub struct Workload {
    name: String,
    program: PathBuf,
    /// What the program runs, if it runs scripts.
    script: Option<PathBuf>,
    variables: Vec<(&'static str, OsString)>,
}

impl Workload {
    /// `script` of `engines/` run by `interpreter`; its log is the cache's `logs/NAME.log`.
    pub fn new(name: &str, script: &str, interpreter: PathBuf) -> Workload {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines").join(script);
        Workload::of(name, interpreter, Some(script))
    }

    /// A program that prints what those of `engines/` print.
    pub fn of(name: &str, program: PathBuf, script: Option<PathBuf>) -> Workload {
        Workload { name: name.to_owned(), program, script, variables: Vec::new() }
    }

    /// Sets a variable; `engines/clients.py` says what they are.
    pub fn with(mut self, variable: &'static str, value: impl Into<OsString>) -> Workload {
        self.variables.push((variable, value.into()));
        self
    }

    /// Sets the variables by which Amazon's clients find the catalog.
    pub fn with_glue(mut self, glue: &Glue) -> Workload {
        self.variables.extend(glue.variables());
        self
    }

    /// Runs the workload to its end; an error that lists the steps that failed.
    pub fn run(self, metastore: &Metastore) -> Result<()> {
        let scratch = tempfile::Builder::new().prefix("compat-").tempdir()?;
        let log = cache::log_file(&self.name)?;
        let mut child = Command::new(&self.program)
            .args(&self.script)
            .current_dir(scratch.path())
            .env("METASTORE_URI", &metastore.uri)
            .env("SCRATCH", scratch.path())
            .env("IVY_DIR", cache::root()?.join("ivy"))
            .env("JAVA_HOME", java::home("Spark", 17..=21)?)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env_remove("SPARK_HOME")
            .env_remove("SPARK_CONF_DIR")
            .env_remove("HADOOP_CONF_DIR")
            .env_remove("HADOOP_USER_NAME")
            .env_remove("HADOOP_PROXY_USER")
            .env_remove("HADOOP_TOKEN_FILE_LOCATION")
            .env_remove("KRB5_CONFIG")
            .env_remove("KRB5CCNAME")
            .env_remove("HMS_JWT")
            .env_remove("PYTHONPATH")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_SESSION_TOKEN")
            .env("AWS_CONFIG_FILE", scratch.path().join("no-config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", scratch.path().join("no-credentials"))
            .envs(self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::options().append(true).open(&log)?)
            .spawn()
            .with_context(|| format!("cannot run {}", self.program.display()))?;
        let start = Instant::now();
        let outcome = follow(&mut child, &log, metastore);
        if outcome.is_err() {
            child.kill()?;
        }
        let status = child.wait()?;
        let report = outcome.with_context(|| format!("{} was stopped; its log is {}", self.name, log.display()))?;
        let Some(total) = report.last().filter(|line| line.contains(" passed, ")) else {
            bail!("it broke off after {} steps ({status}); the log is {}", report.len(), log.display());
        };
        if !status.success() {
            let failed: Vec<&str> = report.iter().filter(|line| line.starts_with("FAIL")).map(String::as_str).collect();
            bail!("{total}; the log is {}\n{}", log.display(), failed.join("\n"));
        }
        eprintln!("{}: {total} in {:.0?}", self.name, start.elapsed());
        Ok(())
    }
}

/// Reads what the workload prints until it ends, into the log too.
fn follow(child: &mut Child, log: &Path, metastore: &Metastore) -> Result<Vec<String>> {
    let output = BufReader::new(child.stdout.take().context("the workload has no output")?);
    let mut input = child.stdin.take().context("the workload has no input")?;
    let mut log = File::options().append(true).open(log)?;
    let (sender, lines) = channel();
    thread::spawn(move || output.lines().map_while(Result::ok).all(|line| sender.send(line).is_ok()));
    let deadline = Instant::now() + LIMIT;
    let mut report = Vec::new();
    loop {
        match lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) if line == KILL => {
                metastore.kill_and_restart()?;
                writeln!(input, "restarted")?;
            }
            Ok(line) => {
                writeln!(log, "{line}")?;
                report.push(line);
            }
            Err(RecvTimeoutError::Disconnected) => return Ok(report),
            Err(RecvTimeoutError::Timeout) => bail!("it has not ended after {LIMIT:?}"),
        }
    }
}
