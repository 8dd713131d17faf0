//! Real engines and clients against a running metastore.
//!
//! What an engine does is a Python file in `engines/`; this crate installs the engines, starts the servers and runs those
//! files. The tests are `tests/engines.rs` (every engine on one metastore), `tests/recovery.rs` (a metastore killed while
//! engines work), `tests/object_store.rs` (a warehouse on S3), `tests/logins.rs` (a metastore that asks for logins) and
//! `tests/hive_suites.rs` (Apache Hive's own tests of its client).
//!
//! [`bench`] is what the benchmarks in `src/bin/` have in common.
//!
//! Variables:
//! - `PROPOLIS_COMPAT_CACHE`: where the engines are installed, once; `compat-cache` in the target folder if unset.
//! - `PROPOLIS_COMPAT_METASTORE`: `thrift://HOST:PORT` of a running metastore to test in place of Propolis. It must see
//!   this machine's files.
//! - `PROPOLIS_COMPAT_GLUE`: `http://HOST:PORT` of a running server of the Glue API to test in place of Propolis, with the
//!   keys in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or any if they are unset.
//! - `PROPOLIS_COMPAT_SERVER`: the `propolis` binary to test; the one of this workspace, built if need be, if unset.
//! - `PROPOLIS_MATRIX=full`: every version of an engine and not just one of each.

pub mod bench;
pub mod cache;
pub mod debian;
pub mod glue;
pub mod hive_client;
pub mod hive_suite;
pub mod java;
pub mod logins;
pub mod maven;
pub mod metastore;
pub mod object_store;
pub mod python;
pub mod server;
pub mod trino;
pub mod workload;
