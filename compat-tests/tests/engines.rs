//! Every engine on one metastore. `cargo test -p propolis-compat-tests --test engines -- trino` runs those of a name.

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::metastore::Metastore;
use propolis_compat_tests::trino::Trino;
use propolis_compat_tests::workload::Workload;
use propolis_compat_tests::{maven, python};

/// Servers that workloads share, each started by the first that needs it.
#[derive(Default)]
struct World {
    // In the order in which they are stopped.
    trino: OnceLock<Result<Trino, String>>,
    metastore: OnceLock<Result<Metastore, String>>,
}

impl World {
    fn metastore(&self) -> Result<&Metastore> {
        let metastore =
            self.metastore.get_or_init(|| Metastore::start("metastore").map_err(|error| format!("{error:#}")));
        metastore.as_ref().map_err(|error| anyhow!("{error}"))
    }

    fn trino(&self) -> Result<&Trino> {
        let uri = &self.metastore()?.uri;
        let trino = self.trino.get_or_init(|| Trino::start("trino", uri).map_err(|error| format!("{error:#}")));
        trino.as_ref().map_err(|error| anyhow!("{error}"))
    }
}

/// Spark 3.5 by the metastore client it comes with, or by the one of this version from Maven.
fn spark_3(name: &str, client: Option<&str>) -> Result<Workload> {
    Ok(with_client(Workload::new(name, "spark.py", python::clients()?), client))
}

/// The same for Spark 4.
fn spark_4(name: &str, client: Option<&str>) -> Result<Workload> {
    Ok(with_client(Workload::new(name, "spark.py", python::spark_4()?), client))
}

fn with_client(workload: Workload, client: Option<&str>) -> Workload {
    match client {
        Some(version) => workload.with("HIVE_CLIENT", version),
        None => workload,
    }
}

fn on_trino(name: &str, script: &'static str, world: &World) -> Result<Workload> {
    Ok(Workload::new(name, script, python::clients()?).with("TRINO_PORT", world.trino()?.port.to_string()))
}

/// The test `name`, which runs the workload that `prepare` makes.
fn trial(
    world: &Arc<World>,
    name: &'static str,
    prepare: impl FnOnce(&str, &World) -> Result<Workload> + Send + 'static,
) -> Trial {
    let world = Arc::clone(world);
    Trial::test(name, move || {
        let run = || prepare(name, &world)?.run(world.metastore()?);
        Ok(run().map_err(|error| format!("{error:#}"))?)
    })
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each takes a JVM of its own.
    arguments.test_threads.get_or_insert(2);

    let world = Arc::new(World::default());
    let mut trials = vec![
        trial(&world, "spark_4_hive_4.1.0", |name, _| spark_4(name, Some("4.1.0"))),
        trial(&world, "trino_hive", |name, world| on_trino(name, "trino_hive.py", world)),
        trial(&world, "spark_3", |name, _| spark_3(name, None)),
        trial(&world, "trino_security", |name, world| on_trino(name, "trino_security.py", world)),
        trial(&world, "trino_iceberg", |name, world| on_trino(name, "trino_iceberg.py", world)),
        trial(&world, "trino_delta", |name, world| on_trino(name, "trino_delta.py", world)),
        trial(&world, "iceberg_spark", |name, _| {
            Ok(Workload::new(name, "iceberg_spark.py", python::clients()?).with("ICEBERG_JAR", maven::iceberg_jar()?))
        }),
        trial(&world, "pyiceberg", |name, _| Ok(Workload::new(name, "pyiceberg_hive.py", python::clients()?))),
        trial(&world, "across_engines", |name, world| {
            Ok(on_trino(name, "across_engines.py", world)?.with("ICEBERG_JAR", maven::iceberg_jar()?))
        }),
    ];
    if env::var("PROPOLIS_MATRIX").is_ok_and(|matrix| matrix == "full") {
        trials.extend([
            trial(&world, "spark_3_hive_3.1.3", |name, _| spark_3(name, Some("3.1.3"))),
            trial(&world, "spark_4", |name, _| spark_4(name, None)),
            trial(&world, "spark_4_hive_4.0.1", |name, _| spark_4(name, Some("4.0.1"))),
        ]);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The servers stop here: the process ends without unwinding.
    drop(world);
    conclusion.exit_code()
}
