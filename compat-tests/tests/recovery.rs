//! The metastore is killed while engines work, and started again on the same data directory.

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::metastore::Metastore;
use propolis_compat_tests::trino::Trino;
use propolis_compat_tests::workload::Workload;
use propolis_compat_tests::{maven, python};

fn killed_metastore() -> Result<()> {
    let metastore = Metastore::start("metastore-recovery")?;
    let trino = Trino::start("trino-recovery", Some(&metastore.uri), None)?;
    Workload::new("recovery", "recovery.py", python::clients()?)
        .with("TRINO_PORT", trino.port.to_string())
        .with("ICEBERG_JAR", maven::iceberg_jar()?)
        .run(&metastore)
}

fn main() -> ExitCode {
    let killed = Trial::test("killed_metastore", || Ok(killed_metastore().map_err(|error| format!("{error:#}"))?));
    libtest_mimic::run(&Arguments::from_args(), vec![killed]).exit_code()
}
