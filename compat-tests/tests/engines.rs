//! Every engine on one metastore. `cargo test -p propolis-compat-tests --test engines -- trino` runs those of a name.

use std::env;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::glue::{self, Glue};
use propolis_compat_tests::hive_client::RELEASES;
use propolis_compat_tests::metastore::{Face, Metastore};
use propolis_compat_tests::trino::Trino;
use propolis_compat_tests::workload::Workload;
use propolis_compat_tests::{maven, python};

/// The releases of Hive's own client that are tested without being asked for: those of most clients, and the newest line.
const DEFAULT_CLIENTS: [&str; 2] = ["2.3.10", "4.0.1"];

/// Servers that workloads share, each started by the first that needs it.
#[derive(Default)]
struct World {
    // In the order in which they are stopped.
    trino: OnceLock<Result<Trino, String>>,
    glue: OnceLock<Result<Glue, String>>,
    metastore: OnceLock<Result<Metastore, String>>,
}

impl World {
    fn metastore(&self) -> Result<&Metastore> {
        let metastore =
            self.metastore.get_or_init(|| Metastore::start("metastore").map_err(|error| format!("{error:#}")));
        metastore.as_ref().map_err(|error| anyhow!("{error}"))
    }

    fn glue(&self) -> Result<&Glue> {
        let metastore = self.metastore()?;
        let glue = self.glue.get_or_init(|| metastore.glue().map_err(|error| format!("{error:#}")));
        glue.as_ref().map_err(|error| anyhow!("{error}"))
    }

    /// With the catalogs over Thrift and those over Glue, or what of them is tested.
    fn trino(&self) -> Result<&Trino> {
        let uri = Face::Thrift.is_tested().then_some(self.metastore()?.uri.as_str());
        let glue = if Face::Glue.is_tested() { Some(self.glue()?) } else { None };
        let trino = self.trino.get_or_init(|| Trino::start("trino", uri, glue).map_err(|error| format!("{error:#}")));
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

fn on_trino(name: &str, script: &str, world: &World) -> Result<Workload> {
    Ok(Workload::new(name, script, python::clients()?).with("TRINO_PORT", world.trino()?.port.to_string()))
}

/// The same in the catalogs over Glue.
fn on_trino_over_glue(name: &str, script: &str, world: &World) -> Result<Workload> {
    Ok(on_trino(name, script, world)?.with("TRINO_CATALOGS", "glue_").with_glue(world.glue()?))
}

/// A file of `engines/` for Amazon's Python clients and those that use them.
fn on_glue(name: &str, script: &str, world: &World) -> Result<Workload> {
    Ok(Workload::new(name, script, python::clients()?).with_glue(world.glue()?))
}

/// The test `name`, which runs the workload that `prepare` makes, if all that it needs is under test.
fn trial(
    world: &Arc<World>,
    name: &str,
    faces: &[Face],
    prepare: impl FnOnce(&str, &World) -> Result<Workload> + Send + 'static,
) -> Trial {
    let world = Arc::clone(world);
    let owned = name.to_owned();
    let trial = Trial::test(name, move || {
        let run = || prepare(&owned, &world)?.run(world.metastore()?);
        Ok(run().map_err(|error| format!("{error:#}"))?)
    });
    trial.with_ignored_flag(!faces.iter().all(|face| face.is_tested()))
}

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Each takes a JVM of its own.
    arguments.test_threads.get_or_insert(2);

    let world = Arc::new(World::default());
    let (thrift, glue) = (&[Face::Thrift], &[Face::Glue]);
    let mut trials = vec![
        trial(&world, "spark_4_hive_4.1.0", thrift, |name, _| spark_4(name, Some("4.1.0"))),
        trial(&world, "trino_hive", thrift, |name, world| on_trino(name, "trino_hive.py", world)),
        trial(&world, "spark_3", thrift, |name, _| spark_3(name, None)),
        trial(&world, "trino_security", thrift, |name, world| on_trino(name, "trino_security.py", world)),
        trial(&world, "trino_iceberg", thrift, |name, world| on_trino(name, "trino_iceberg.py", world)),
        trial(&world, "trino_delta", thrift, |name, world| on_trino(name, "trino_delta.py", world)),
        trial(&world, "iceberg_spark", thrift, |name, _| {
            Ok(Workload::new(name, "iceberg_spark.py", python::clients()?).with("ICEBERG_JAR", maven::iceberg_jar()?))
        }),
        trial(&world, "pyiceberg", thrift, |name, _| {
            Ok(Workload::new(name, "pyiceberg_tables.py", python::clients()?))
        }),
        trial(&world, "across_engines", thrift, |name, world| {
            Ok(on_trino(name, "across_engines.py", world)?.with("ICEBERG_JAR", maven::iceberg_jar()?))
        }),
        trial(&world, "glue_trino_hive", glue, |name, world| on_trino_over_glue(name, "trino_hive.py", world)),
        trial(&world, "glue_trino_iceberg", glue, |name, world| on_trino_over_glue(name, "trino_iceberg.py", world)),
        trial(&world, "glue_trino_delta", glue, |name, world| on_trino_over_glue(name, "trino_delta.py", world)),
        trial(&world, "glue_pyiceberg", glue, |name, world| on_glue(name, "pyiceberg_tables.py", world)),
        trial(&world, "glue_boto3", glue, |name, world| on_glue(name, "glue_boto3.py", world)),
        trial(&world, "glue_awscli", glue, |name, world| on_glue(name, "glue_awscli.py", world)),
        trial(&world, "glue_awswrangler", glue, |name, world| on_glue(name, "glue_awswrangler.py", world)),
        trial(&world, "glue_refusals", glue, |name, world| on_glue(name, "glue_refusals.py", world)),
        trial(&world, "glue_rust", glue, |name, world| {
            Ok(Workload::of(name, glue::rust_client()?, None).with_glue(world.glue()?))
        }),
        trial(&world, "glue_node", glue, |name, world| {
            let (node, script) = glue::node_client()?;
            Ok(Workload::of(name, node, Some(script)).with_glue(world.glue()?))
        }),
        trial(&world, "glue_across_engines", &[Face::Thrift, Face::Glue], |name, world| {
            let workload = on_trino_over_glue(name, "glue_across_engines.py", world)?;
            Ok(workload.with("ICEBERG_JAR", maven::iceberg_jar()?))
        }),
    ];
    let full = env::var("PROPOLIS_MATRIX").is_ok_and(|matrix| matrix == "full");
    for release in RELEASES.iter().filter(|release| full || DEFAULT_CLIENTS.contains(&release.version)) {
        let name = format!("hive_client_{}", release.version);
        trials.push(trial(&world, &name, thrift, |name, _| release.workload(name)));
    }
    if full {
        trials.extend([
            trial(&world, "iceberg_locks", thrift, |name, _| {
                Ok(Workload::new(name, "iceberg_locks.py", python::clients()?)
                    .with("ICEBERG_JAR", maven::iceberg_jar()?))
            }),
            trial(&world, "spark_3_hive_2.3.10", thrift, |name, _| spark_3(name, Some("2.3.10"))),
            trial(&world, "spark_3_hive_3.1.3", thrift, |name, _| spark_3(name, Some("3.1.3"))),
            trial(&world, "spark_4", thrift, |name, _| spark_4(name, None)),
            trial(&world, "spark_4_hive_4.0.1", thrift, |name, _| spark_4(name, Some("4.0.1"))),
        ]);
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The servers stop here: the process ends without unwinding.
    drop(world);
    conclusion.exit_code()
}
