//! The catalog by the protocol of AWS Glue, and the clients that are compiled or installed for it alone.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{cache, python};

pub const REGION: &str = "us-east-1";

/// Where the catalog is and with which key.
pub struct Glue {
    /// `http://HOST:PORT`
    pub endpoint: String,
    pub access_key: String,
    pub secret_key: String,
}

impl Glue {
    /// The variables that Amazon's clients read.
    pub fn variables(&self) -> [(&'static str, OsString); 6] {
        [
            ("AWS_ENDPOINT_URL_GLUE", (&self.endpoint).into()),
            ("AWS_ACCESS_KEY_ID", (&self.access_key).into()),
            ("AWS_SECRET_ACCESS_KEY", (&self.secret_key).into()),
            ("AWS_REGION", REGION.into()),
            ("AWS_DEFAULT_REGION", REGION.into()),
            // Nothing is asked of a network that tests may not have.
            ("AWS_EC2_METADATA_DISABLED", "true".into()),
        ]
    }
}

fn sources(client: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients").join(client)
}

/// The workload of `aws-sdk-glue`, built in the cache: its crates are not the workspace's.
pub fn rust_client() -> Result<PathBuf> {
    let target = cache::root()?.join("rust-glue");
    python::run(
        Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
            .args(["build", "--locked", "--quiet"])
            .env("CARGO_TARGET_DIR", &target)
            .current_dir(sources("rust-glue")),
    )?;
    Ok(target.join("debug/propolis-rust-glue"))
}

/// Node.js and the workload of `@aws-sdk/client-glue`, which lies in the cache beside its packages.
pub fn node_client() -> Result<(PathBuf, PathBuf)> {
    let node = python::node()?;
    let sources = sources("node-glue");
    let lock = fs::read_to_string(sources.join("package-lock.json"))?;
    let mut hasher = DefaultHasher::new();
    lock.hash(&mut hasher);
    let folder = cache::once("node-glue", &format!("packages {:016x}", hasher.finish()), |folder| {
        for file in ["package.json", "package-lock.json"] {
            fs::copy(sources.join(file), folder.join(file))?;
        }
        python::run(
            Command::new(node.join("bin/node"))
                .arg(node.join("lib/node_modules/npm/bin/npm-cli.js"))
                .args(["ci", "--no-audit", "--no-fund"])
                .current_dir(folder),
        )
    })?;
    let script = folder.join("main.mjs");
    fs::copy(sources.join("main.mjs"), &script)?;
    Ok((node.join("bin/node"), script))
}
