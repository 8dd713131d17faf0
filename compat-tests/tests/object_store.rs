//! The warehouse lies on S3, and the metastore makes and removes what is in it.

use std::process::ExitCode;

use anyhow::Result;
use libtest_mimic::{Arguments, Trial};
use propolis_compat_tests::metastore::{Metastore, other, other_glue};
use propolis_compat_tests::object_store::ObjectStore;
use propolis_compat_tests::python;
use propolis_compat_tests::trino::Trino;
use propolis_compat_tests::workload::Workload;

fn warehouse_on_s3() -> Result<()> {
    let s3 = ObjectStore::start("s3")?;
    let metastore = Metastore::start_on_s3("metastore-s3", &s3)?;
    let trino = Trino::start_on_s3("trino-s3", &metastore.uri, &s3)?;
    Workload::new("object_store", "object_store.py", python::clients()?)
        .with("TRINO_PORT", trino.port.to_string())
        .with("S3_ENDPOINT", &s3.endpoint)
        .run(&metastore)
}

fn main() -> ExitCode {
    let trial = Trial::test("warehouse_on_s3", || Ok(warehouse_on_s3().map_err(|error| format!("{error:#}"))?));
    // Another metastore does not know of the store that this test starts.
    let trial = trial.with_ignored_flag(other().is_some() || other_glue().is_some());
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}
