//! The metastore under test: Propolis, started as a user would, or what `PROPOLIS_COMPAT_METASTORE` and
//! `PROPOLIS_COMPAT_GLUE` name.

use std::env;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, bail, ensure};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

use crate::glue::Glue;
use crate::object_store::{ACCESS_KEY, BUCKET, ObjectStore, REGION, SECRET_KEY};
use crate::server::{Server, free_port, request};
use crate::{cache, python};

/// What the server's binary is built from.
const SOURCES: [&str; 6] = ["Cargo.toml", "Cargo.lock", "src", "migrations", "thrift/src", "thrift/idl"];

pub struct Metastore {
    /// `thrift://HOST:PORT`; empty where another server answers Glue's calls alone.
    pub uri: String,
    propolis: Option<Mutex<Propolis>>,
}

struct Propolis {
    /// None only while it is being restarted.
    server: Option<Server>,
    command: Command,
    log: PathBuf,
    http_port: u16,
    data: TempDir,
}

impl Metastore {
    /// Starts Propolis on an empty data directory of its own; its log is the cache's `logs/NAME.log`.
    pub fn start(name: &str) -> Result<Metastore> {
        if other().is_none() && other_glue().is_none() {
            return Metastore::start_with(name, |_| ());
        }
        Ok(Metastore { uri: other().unwrap_or_default(), propolis: None })
    }

    /// The same with its warehouses on S3, and always Propolis.
    pub fn start_on_s3(name: &str, s3: &ObjectStore) -> Result<Metastore> {
        Metastore::start_with(name, |command| {
            let (managed, external) = (format!("s3://{BUCKET}/managed"), format!("s3://{BUCKET}/external"));
            command.args(["--warehouse", &managed, "--external-warehouse", &external]).envs([
                ("AWS_ENDPOINT_URL", s3.endpoint.as_str()),
                ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
                ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
                ("AWS_REGION", REGION),
            ]);
        })
    }

    /// The same as its command is made by `configure`, and always Propolis.
    pub fn start_with(name: &str, configure: impl FnOnce(&mut Command)) -> Result<Metastore> {
        let (thrift_port, http_port) = (free_port()?, free_port()?);
        // Postgres may run as another user than the test, and must get to its folder.
        let data = tempfile::Builder::new().prefix("propolis-").permissions(Permissions::from_mode(0o755)).tempdir()?;
        let mut command = Command::new(binary()?);
        command.arg("serve").arg("--data-dir").arg(data.path().join("data")).args([
            "--thrift-addr",
            &format!("127.0.0.1:{thrift_port}"),
            "--http-addr",
            &format!("127.0.0.1:{http_port}"),
        ]);
        configure(&mut command);
        let mut propolis = Propolis { server: None, command, log: cache::log_file(name)?, http_port, data };
        propolis.start()?;
        Ok(Metastore { uri: format!("thrift://127.0.0.1:{thrift_port}"), propolis: Some(Mutex::new(propolis)) })
    }

    /// Where the Glue API is served, with a key made for the caller. Propolis checks signatures when this returns.
    pub fn glue(&self) -> Result<Glue> {
        let Some(propolis) = &self.propolis else {
            let key = |variable, otherwise: &str| env::var(variable).unwrap_or(otherwise.to_owned());
            return Ok(Glue {
                endpoint: other_glue().context("PROPOLIS_COMPAT_GLUE is not set")?,
                access_key: key("AWS_ACCESS_KEY_ID", ACCESS_KEY),
                secret_key: key("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            });
        };
        let propolis = propolis.lock().unwrap_or_else(PoisonError::into_inner);
        let output = propolis.like_server(["key", "create"]).output()?;
        let printed = String::from_utf8(output.stdout)?;
        let value = |name: &str| {
            let line = printed.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.map(str::to_owned).with_context(|| {
                format!("`propolis key create` prints no {name}: {}", String::from_utf8_lossy(&output.stderr))
            })
        };
        let (access_key, secret_key) = (value("AWS_ACCESS_KEY_ID")?, value("AWS_SECRET_ACCESS_KEY")?);
        // A server without keys looks for new ones every few seconds.
        for _ in 0..100 {
            if request(propolis.http_port, "POST", "/")?.contains("MissingAuthenticationToken") {
                let endpoint = format!("http://127.0.0.1:{}", propolis.http_port);
                return Ok(Glue { endpoint, access_key, secret_key });
            }
            sleep(Duration::from_millis(100));
        }
        bail!("there is a key, and Propolis answers without one");
    }

    /// Runs statements in the database of Propolis, behind its back.
    pub fn execute(&self, statements: &str) -> Result<()> {
        let propolis = self.propolis.as_ref().context("another metastore's database is not known")?;
        let propolis = propolis.lock().unwrap_or_else(PoisonError::into_inner);
        let options = PgConnectOptions::new_without_pgpass()
            .socket(propolis.data.path().join("data/run"))
            .username("propolis")
            .database("postgres");
        tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
            let mut connection = PgConnection::connect_with(&options).await?;
            connection.execute(AssertSqlSafe(statements)).await?;
            Ok(())
        })
    }

    /// `kill -9`, and the same command again. Does nothing to a metastore that the tests did not start.
    pub fn kill_and_restart(&self) -> Result<()> {
        let Some(propolis) = &self.propolis else { return Ok(()) };
        let mut propolis = propolis.lock().unwrap_or_else(PoisonError::into_inner);
        propolis.server.take().context("the metastore is not running")?.kill()?;
        propolis.start()
    }
}

/// By what a catalog is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Face {
    Thrift,
    Glue,
}

impl Face {
    /// Propolis has both; in place of it those are tested that are named.
    pub fn is_tested(self) -> bool {
        match (self, other(), other_glue()) {
            (_, None, None) => true,
            (Face::Thrift, other, _) => other.is_some(),
            (Face::Glue, _, other) => other.is_some(),
        }
    }
}

/// The running metastore to test in place of Propolis.
pub fn other() -> Option<String> {
    env::var("PROPOLIS_COMPAT_METASTORE").ok()
}

/// The running server of the Glue API to test in place of Propolis.
pub fn other_glue() -> Option<String> {
    env::var("PROPOLIS_COMPAT_GLUE").ok()
}

impl Propolis {
    fn start(&mut self) -> Result<()> {
        self.server = Some(Server::start(&mut self.command, self.log.clone(), self.http_port, "/readyz", "")?);
        Ok(())
    }

    /// Another command of Propolis with the server's settings.
    fn like_server<const N: usize>(&self, words: [&str; N]) -> Command {
        let mut command = Command::new(self.command.get_program());
        command.args(words).args(self.command.get_args().skip(1));
        command.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command
    }
}

/// The server's binary. `cargo test --workspace` has built it before any test runs; a test of this package alone has not.
fn binary() -> Result<PathBuf> {
    if let Some(binary) = env::var_os("PROPOLIS_COMPAT_SERVER") {
        return Ok(binary.into());
    }
    let profile = cache::profile_dir()?;
    let binary = profile.join("propolis");
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let built = fs::metadata(&binary).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    if SOURCES.iter().any(|source| newest(&workspace.join(source)) > built) {
        let name = profile.file_name().filter(|name| *name != "debug").unwrap_or("dev".as_ref());
        python::run(
            Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
                .args(["build", "--package", "propolis", "--bin", "propolis", "--profile"])
                .arg(name)
                .current_dir(&workspace),
        )?;
        ensure!(binary.exists(), "there is no {} after building it", binary.display());
    }
    Ok(binary)
}

/// When the newest file in `path` was changed.
fn newest(path: &Path) -> SystemTime {
    let own = fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let inside = fs::read_dir(path).into_iter().flatten().flatten().map(|entry| newest(&entry.path()));
    inside.fold(own, Ord::max)
}
