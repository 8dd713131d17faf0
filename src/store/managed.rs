//! Propolis' own Postgres: found or downloaded, kept under the data directory, reached by a private
//! socket only, supervised, and gone when its server is gone.
//!
//! It is a real one: `fsync` is on, and after a crash of either process the next start recovers.

mod binaries;
mod download;
mod owner;
mod postmaster;

use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use url::Url;

pub use binaries::OLDEST_MAJOR;
pub use owner::running_server;

/// Connections beyond the pool's: for migrations, readers of events and a person with `psql`.
const SPARE_CONNECTIONS: u32 = 15;
/// Names the socket's file; nothing listens on a port.
const PORT: u16 = 5432;
const SUPERUSER: &str = "propolis";

/// What the own Postgres is made from.
#[derive(Debug, Clone)]
pub struct ManagedConfig {
    /// Holds `owner.lock`, `postgres` (the data), `run` (the socket) and downloaded programs.
    pub data_dir: PathBuf,
    /// The directory of `initdb` and `postgres`; `None` searches.
    pub postgres_bin: Option<PathBuf>,
    /// Whom new data belongs to when started as root; `None` takes `postgres`, else `nobody`.
    pub postgres_user: Option<String>,
    /// Where to download from; `None` asks `mvn`.
    pub maven_repository: Option<Url>,
    /// The size of the pool that will connect.
    pub pool_size: u32,
}

impl ManagedConfig {
    pub fn new(data_dir: &Path) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            postgres_bin: None,
            postgres_user: None,
            maven_repository: None,
            pool_size: 10,
        }
    }

    /// Whether an earlier start left data here.
    pub fn has_data(&self) -> bool {
        postmaster::data_directory(&self.data_dir).exists()
    }
}

/// Why the own Postgres does not run. The messages name what to do.
#[derive(Debug, thiserror::Error)]
pub enum ManagedError {
    #[error("{path} {what}: {source}")]
    Io { what: &'static str, path: PathBuf, source: std::io::Error },
    #[error(
        "the data directory {data_dir} belongs to a running Propolis server (pid {pid}); stop that one, or give this one another data_dir"
    )]
    Owned { data_dir: PathBuf, pid: String },
    #[error("{0} holds no Postgres that runs: postgres_bin has to be the directory of `initdb` and `postgres`")]
    NotPostgres(PathBuf),
    #[error("{directory} holds Postgres {major}, but {OLDEST_MAJOR} or newer is needed")]
    TooOld { directory: PathBuf, major: u32 },
    #[error(
        "the data directory was made by Postgres {wanted}, which only that version reads, and found is {}; install Postgres {wanted} or name its directory in postgres_bin",
        list(.found)
    )]
    OtherVersion { wanted: u32, found: Vec<u32> },
    #[error(
        "no Postgres {OLDEST_MAJOR} or newer is installed and none could be downloaded: {0}; install Postgres, name its directory in postgres_bin, name a repository in maven_repository, or give the URL of a database in database_url"
    )]
    NoBinaries(String),
    #[error("Postgres refuses to run as root, and there is no user {0}; name an unprivileged one in postgres_user")]
    NoUser(String),
    #[error(
        "Postgres refuses to run as root and runs as {user}, who cannot pass {directory} on the way to the data directory; allow it (chmod a+x {directory}) or choose a data_dir elsewhere, such as /var/lib/propolis"
    )]
    Unreachable { user: String, directory: PathBuf },
    #[error("{directory} belongs to {owner}; start Propolis as that user or as root, or choose another data_dir")]
    Foreign { directory: PathBuf, owner: String },
    #[error("initdb failed: {0}")]
    Init(String),
    #[error("Postgres (pid {0}) of an earlier run is still shutting down; wait for it, or end it")]
    Leftover(i32),
    #[error("Postgres did not start: {0}")]
    Start(String),
}

impl ManagedError {
    fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}

fn list(versions: &[u32]) -> String {
    match versions {
        [] => "none".into(),
        _ => versions.iter().map(u32::to_string).collect::<Vec<_>>().join(", "),
    }
}

/// A running Postgres and the ownership of its data directory. Dropped, it is told to stop;
/// [`ManagedPostgres::stop`] waits until it has.
#[derive(Debug)]
pub struct ManagedPostgres {
    postmaster: postmaster::Supervisor,
    socket_directory: PathBuf,
    // Last, so that no other server starts before this Postgres was told to stop.
    _owner: owner::Owner,
}

impl ManagedPostgres {
    /// Takes the data directory, makes it where it is new, and returns once Postgres takes connections.
    ///
    /// It is started again whenever it ends by itself.
    pub async fn start(config: &ManagedConfig) -> Result<Self, ManagedError> {
        owner::make_directory(&config.data_dir)?;
        let data_dir = config.data_dir.canonicalize().map_err(ManagedError::io("cannot be read", &config.data_dir))?;
        let config = &ManagedConfig { data_dir, ..config.clone() };
        let owner = owner::Owner::acquire(&config.data_dir)?;
        let user = owner::run_as(config)?;
        let version = postmaster::data_version(&config.data_dir)?;
        let binaries = match binaries::find(config, version)? {
            Some(binaries) => binaries,
            None => binaries::download(config).await?,
        };
        let socket_directory = owner::socket_directory(&config.data_dir, PORT, user.as_ref())?;
        let layout = postmaster::Layout {
            binaries: binaries.directory,
            data: postmaster::data_directory(&config.data_dir),
            socket: socket_directory.clone(),
            max_connections: config.pool_size.saturating_add(SPARE_CONNECTIONS),
            user,
        };
        let postmaster = postmaster::Supervisor::start(layout).await?;
        Ok(Self { postmaster, socket_directory, _owner: owner })
    }

    pub fn connect_options(&self) -> PgConnectOptions {
        connect_options(&self.socket_directory)
    }

    /// Ends Postgres as at a shutdown of the machine: sessions are closed, everything is written.
    pub async fn stop(self) {
        self.postmaster.stop().await;
        // One under the temp directory would be nobody's.
        let _ = std::fs::remove_dir(&self.socket_directory);
    }
}

/// What the first start would do, without doing it; the error is the one that it would give.
pub fn preview(config: &ManagedConfig) -> Result<String, ManagedError> {
    owner::run_as(config)?;
    Ok(match binaries::find(config, None)? {
        Some(binaries) => format!("Postgres {} of {}", binaries.major, binaries.directory.display()),
        None => format!("Postgres {} from Maven", download::MAJOR),
    })
}

/// How to reach the Postgres of a server that runs on this data directory.
pub fn connect_options_of_running(data_dir: &Path) -> PgConnectOptions {
    let data_dir = data_dir.canonicalize().unwrap_or_else(|_| data_dir.to_owned());
    connect_options(&owner::socket_path(&data_dir, PORT))
}

fn connect_options(socket_directory: &Path) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket_directory)
        .port(PORT)
        .username(SUPERUSER)
        .database("postgres")
        .ssl_mode(PgSslMode::Disable)
}
